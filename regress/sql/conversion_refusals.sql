-- Tables that are named like a TVIEW and are not converted, each with its message.
-- The user's statement always succeeds as it would without the extension.
\set SHOW_CONTEXT never
CREATE SCHEMA conversion_refusals;
SET search_path = conversion_refusals, public;

CREATE TABLE tb_author (pk_author int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL);
CREATE INDEX ON tb_author (id);
INSERT INTO tb_author VALUES (1, oracle.uuid(1), 'Ada'), (2, oracle.uuid(2), 'Bob');
SELECT $$
    SELECT pk_author, id, jsonb_build_object('name', name) AS data FROM tb_author
$$ AS author \gset

-- A temporary table, in each of the ways to say so.
CREATE TEMPORARY TABLE tv_temp AS :author;
CREATE TABLE pg_temp.tv_temp_qualified AS :author;
SELECT id, jsonb_build_object('name', name) AS data INTO TEMP tv_temp_into FROM tb_author;
SET search_path = pg_temp, conversion_refusals, public;
CREATE TABLE tv_temp_path AS :author;
SET search_path = conversion_refusals, public;
-- An unlogged table: a crash would empty it.
CREATE UNLOGGED TABLE tv_unlogged AS :author;
SELECT id, jsonb_build_object('name', name) AS data INTO UNLOGGED tv_unlogged_into FROM tb_author;
SELECT * FROM oracle.kinds('pg_temp.tv_temp', 'pg_temp.tv_temp_qualified', 'pg_temp.tv_temp_into',
    'pg_temp.tv_temp_path', 'tv_unlogged', 'tv_unlogged_into');

-- IF NOT EXISTS of a table that exists does nothing to it: an ordinary one stays ordinary,
CREATE TABLE tv_existing (pk_existing int, id uuid, data jsonb);
CREATE TABLE IF NOT EXISTS tv_existing AS
SELECT pk_author AS pk_existing, id, jsonb_build_object('name', name) AS data FROM tb_author;
SELECT * FROM oracle.kinds('tv_existing');
SELECT count(*) FROM tv_existing;
-- a TVIEW keeps its definition.
CREATE TABLE tv_author AS :author;
CREATE TABLE IF NOT EXISTS tv_author AS
SELECT pk_author, id, jsonb_build_object('other', name) AS data FROM tb_author;
SELECT oracle.check('tv_author', :'author');
-- Nor is one forgotten that the same transaction has just created.
BEGIN;
CREATE TABLE tv_twice AS :author;
CREATE TABLE IF NOT EXISTS tv_twice AS
SELECT pk_author, id, jsonb_build_object('other', name) AS data FROM tb_author;
COMMIT;
SELECT * FROM oracle.kinds('tv_twice');
SELECT oracle.check('tv_twice', :'author');

-- EXPLAIN ANALYZE says the same.
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
CREATE TABLE IF NOT EXISTS tv_twice AS SELECT id, '{}'::jsonb AS data FROM tb_author \g /dev/null
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
CREATE TABLE tv_shapeless AS SELECT id FROM tb_author \g /dev/null
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
CREATE TEMPORARY TABLE tv_temp_explained AS :author \g /dev/null
SELECT * FROM oracle.kinds('tv_shapeless', 'pg_temp.tv_temp_explained');
-- EXECUTE of a prepared statement has no query to keep.
PREPARE authors AS :author;
CREATE TABLE tv_executed AS EXECUTE authors;
PREPARE authors_from (int) AS
SELECT pk_author, id, jsonb_build_object('name', name) AS data FROM tb_author WHERE pk_author >= $1;
CREATE TABLE tv_executed_with AS EXECUTE authors_from (2);
DEALLOCATE ALL;
-- Nor has a query with bound parameters: a PL/pgSQL variable,
DO $$
DECLARE
    first int := 2;
BEGIN
    CREATE TABLE tv_variable AS
    SELECT pk_author, id, jsonb_build_object('name', name) AS data FROM tb_author WHERE pk_author >= first;
END
$$;
-- in a subquery, where it is easily overlooked,
DO $$
DECLARE
    suffix text := '!';
BEGIN
    CREATE TABLE tv_variable_inside AS
    SELECT a.pk_author, a.id, (SELECT jsonb_build_object('name', b.name || suffix)
                               FROM tb_author b WHERE b.pk_author = a.pk_author) AS data
    FROM tb_author a;
END
$$;
-- an argument of an SQL function.
CREATE FUNCTION create_from(first int) RETURNS void LANGUAGE sql AS $$
    CREATE TABLE tv_argument AS
    SELECT pk_author, id, jsonb_build_object('name', name) AS data
    FROM conversion_refusals.tb_author WHERE pk_author >= first
$$;
SELECT create_from(2);
-- and a value given with EXECUTE ... USING.
DO $$
BEGIN
    EXECUTE 'CREATE TABLE tv_given_value AS SELECT pk_author, id, jsonb_build_object(''name'', name) AS data
             FROM tb_author WHERE pk_author >= $1' USING 2;
END
$$;
-- An IN subquery is not a bound parameter, though it is made of one.
CREATE TABLE tv_not_a_parameter AS
SELECT pk_author, id, jsonb_build_object('name', name) AS data FROM tb_author a
WHERE a.pk_author IN (SELECT b.pk_author FROM tb_author b WHERE b.name = a.name);
SELECT * FROM oracle.kinds('tv_executed', 'tv_executed_with', 'tv_variable', 'tv_variable_inside',
    'tv_argument', 'tv_given_value', 'tv_not_a_parameter');
SELECT count(*) FROM tv_executed_with;
-- Only where parameters have values do they count: this text has none left.
DO $$
BEGIN
    EXECUTE format('CREATE TABLE tv_formatted AS SELECT pk_author, id, jsonb_build_object(''name'', name) AS data
                    FROM tb_author WHERE pk_author >= %L', 2);
END
$$;
SELECT * FROM oracle.kinds('tv_formatted');

-- A table without the shape stays ordinary: what is missing is named.
CREATE TABLE tv_without_id AS SELECT pk_author, jsonb_build_object('name', name) AS data FROM tb_author;
CREATE TABLE tv_without_data AS SELECT pk_author, id, name FROM tb_author;
CREATE TABLE tv_without_both AS SELECT pk_author, name FROM tb_author;
-- So does one with a column of the name and another type.
CREATE TABLE tv_integer_id AS SELECT pk_author AS id, jsonb_build_object('name', name) AS data FROM tb_author;
CREATE TABLE tv_text_id AS SELECT id::text AS id, jsonb_build_object('name', name) AS data FROM tb_author;
CREATE TABLE tv_json_data AS SELECT id, json_build_object('name', name) AS data FROM tb_author;
CREATE DOMAIN document AS jsonb;
CREATE TABLE tv_domain_data AS SELECT id, jsonb_build_object('name', name)::document AS data FROM tb_author;
CREATE TABLE "tv_Upper Id" AS SELECT id AS "ID", jsonb_build_object('name', name) AS data FROM tb_author;
-- And one without any column, and one without a name of an entity.
CREATE TABLE tv_empty AS SELECT;
CREATE TABLE tv_ AS :author;
SELECT * FROM oracle.kinds('tv_without_id', 'tv_without_data', 'tv_without_both', 'tv_integer_id',
    'tv_text_id', 'tv_json_data', 'tv_domain_data', '"tv_Upper Id"', 'tv_empty', 'tv_');
-- With the setting off only the shape is checked.
SET pg_tviews.auto_convert = off;
CREATE TABLE tv_off_without_data AS SELECT pk_author, id, name FROM tb_author;
CREATE TABLE tv_off AS :author;
CREATE TABLE "tv_Off Quoted" AS :author;
RESET pg_tviews.auto_convert;
SELECT * FROM oracle.kinds('tv_off_without_data', 'tv_off', '"tv_Off Quoted"');

-- A database without the extension does not feel the preloaded library.
SELECT current_database() AS here \gset
CREATE DATABASE regress_tviews_without;
\c regress_tviews_without
CREATE TABLE tb_author (pk_author int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL);
CREATE TABLE tv_author AS SELECT pk_author, id, jsonb_build_object('name', name) AS data FROM tb_author;
CREATE TABLE tv_shapeless AS SELECT now() AS moment FROM tb_author;
INSERT INTO tb_author VALUES (1, '00000000-0000-0000-0000-000000000001', 'Ada');
INSERT INTO tv_author VALUES (7, NULL, NULL);
SELECT count(*) FROM tv_author;
\c :here
DROP DATABASE regress_tviews_without;
SET search_path = conversion_refusals, public;

-- What was converted follows its source, what was not does not.
INSERT INTO tb_author VALUES (3, oracle.uuid(3), 'Cy');
SELECT oracle.check('tv_author', :'author'), oracle.check('tv_twice', :'author'),
       oracle.check('tv_not_a_parameter', :'author'), oracle.routes('tv_author');
SELECT (SELECT count(*) FROM tv_unlogged) AS unlogged, (SELECT count(*) FROM tv_executed) AS executed,
       (SELECT count(*) FROM tv_off) AS off;
