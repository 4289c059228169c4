-- Bad input: each case with SQLSTATE, message, detail and hint, and nothing half done.
\set SHOW_CONTEXT never
\pset format unaligned
CREATE SCHEMA errors;
SET search_path = errors, public;

CREATE TABLE tb_item (pk_item int PRIMARY KEY, id uuid, name text, price numeric, sold_on date);
CREATE INDEX ON tb_item (id);
INSERT INTO tb_item VALUES (1, oracle.uuid(1), 'Cup', 2.50, '2024-01-31'), (2, oracle.uuid(2), 'Jug', 9, NULL);
CREATE VIEW plain_view AS SELECT * FROM tb_item;
CREATE SEQUENCE tv_sequence;
CREATE TABLE tv_item (id uuid, data jsonb);
CREATE INDEX tv_item_index ON tv_item (id);
CREATE VIEW tv_some_view AS SELECT id, '{}'::jsonb AS data FROM tb_item;
CREATE MATERIALIZED VIEW tv_some_matview AS SELECT id, '{}'::jsonb AS data FROM tb_item;
SELECT $$SELECT id, jsonb_build_object('name', name) AS data FROM tb_item$$ AS item \gset

-- Unknown names.
SELECT oracle.sqlstate($$SELECT pg_tviews_convert_existing_table('tv_missing')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_convert_existing_table('nowhere.tv_missing')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_convert_existing_table('')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_convert_existing_table('a.b.c.tv_item')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_convert_existing_table(NULL)$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_convert_existing_table('tv_item; DROP TABLE tb_item')$$);
-- No query given, none recorded and no view v_item.
SELECT oracle.sqlstate($$SELECT pg_tviews_convert_existing_table('tv_item')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_drop('tv_missing')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_drop('tv_missing', true)$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_refresh('tv_missing')$$);
SELECT oracle.sqlstate($$SELECT * FROM pg_tviews_verify('tv_missing')$$);
SELECT oracle.sqlstate($$SELECT * FROM pg_tviews_explain('tv_missing')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_explain_json('tv_missing')$$);
-- A table that is not a TVIEW.
SELECT oracle.sqlstate($$SELECT pg_tviews_drop('tv_item')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_drop('tb_item')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_refresh('tv_item')$$);
SELECT oracle.sqlstate($$SELECT * FROM pg_tviews_verify('tv_item')$$);
SELECT oracle.sqlstate($$SELECT * FROM pg_tviews_explain('tv_item')$$);
SELECT * FROM oracle.kinds('tb_item', 'tv_item');

-- Not a table.
SELECT oracle.sqlstate(format($$SELECT pg_tviews_convert_existing_table('tv_some_view', %L)$$, :'item'));
SELECT oracle.sqlstate(format($$SELECT pg_tviews_convert_existing_table('tv_some_matview', %L)$$, :'item'));
SELECT oracle.sqlstate(format($$SELECT pg_tviews_convert_existing_table('tv_sequence', %L)$$, :'item'));
SELECT oracle.sqlstate(format($$SELECT pg_tviews_convert_existing_table('tv_item_index', %L)$$, :'item'));
-- A table that could not take the rows: without a partition for them, with columns that compute themselves.
CREATE TABLE tv_parted (id uuid, data jsonb) PARTITION BY HASH (id);
SELECT oracle.sqlstate(format($$SELECT pg_tviews_convert_existing_table('tv_parted', %L)$$, :'item'));
CREATE TABLE tv_generated (id uuid, data jsonb, name text GENERATED ALWAYS AS (data->>'name') STORED);
SELECT oracle.sqlstate($$SELECT pg_tviews_convert_existing_table('tv_generated', 'SELECT id, jsonb_build_object() AS data, name FROM tb_item')$$);
CREATE TABLE tv_identity (pk_identity int GENERATED ALWAYS AS IDENTITY, id uuid, data jsonb);
SELECT oracle.sqlstate($$SELECT pg_tviews_convert_existing_table('tv_identity', 'SELECT pk_item AS pk_identity, id, jsonb_build_object() AS data FROM tb_item')$$);
-- One whose children would show rows of their own in it.
CREATE TABLE tv_parent (id uuid, data jsonb);
CREATE TABLE tv_parent_child () INHERITS (tv_parent);
SELECT oracle.sqlstate(format($$SELECT pg_tviews_convert_existing_table('tv_parent', %L)$$, :'item'));
DROP TABLE tv_parent CASCADE;
-- One that does not survive a crash, or the session.
CREATE UNLOGGED TABLE tv_unlogged (id uuid, data jsonb);
SELECT oracle.sqlstate(format($$SELECT pg_tviews_convert_existing_table('tv_unlogged', %L)$$, :'item'));
CREATE TEMP TABLE tv_temporary (id uuid, data jsonb);
SELECT oracle.sqlstate(format($$SELECT pg_tviews_convert_existing_table('tv_temporary', %L)$$, :'item'));
SELECT oracle.sqlstate(format($$SELECT pg_tviews_convert_existing_table('pg_catalog.pg_class', %L)$$, :'item'));
-- Functions and types that go with the session, and would take the query along.
CREATE FUNCTION pg_temp.shout(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
CREATE DOMAIN pg_temp.short AS text;
SELECT regexp_replace(oracle.sqlstate($$SELECT pg_tviews_create('tv_shout',
    'SELECT id, jsonb_build_object(''name'', pg_temp.shout(name)) AS data FROM tb_item')$$), 'pg_temp_\d+', 'pg_temp');
SELECT regexp_replace(oracle.sqlstate($$SELECT pg_tviews_create('tv_short',
    'SELECT id, jsonb_build_object(''name'', name::pg_temp.short) AS data FROM tb_item')$$), 'pg_temp_\d+', 'pg_temp');
-- A name without an entity.
CREATE TABLE item_documents (id uuid, data jsonb);
SELECT oracle.sqlstate(format($$SELECT pg_tviews_convert_existing_table('item_documents', %L)$$, :'item'));
CREATE TABLE tv_ (id uuid, data jsonb);
SELECT oracle.sqlstate(format($$SELECT pg_tviews_convert_existing_table('tv_', %L)$$, :'item'));
SELECT oracle.sqlstate(format($$SELECT pg_tviews_create('item_documents_2', %L)$$, :'item'));
SELECT oracle.sqlstate(format($$SELECT pg_tviews_create('tv_item', %L)$$, :'item'));
SELECT oracle.sqlstate(format($$SELECT pg_tviews_create('nowhere.tv_item', %L)$$, :'item'));

-- id and data missing or of another type.
SELECT oracle.sqlstate($$SELECT pg_tviews_create('tv_no_id', 'SELECT pk_item, jsonb_build_object() AS data FROM tb_item')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_create('tv_no_data', 'SELECT pk_item, id FROM tb_item')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_create('tv_int_id', 'SELECT pk_item AS id, jsonb_build_object() AS data FROM tb_item')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_create('tv_json_data', 'SELECT id, json_build_object() AS data FROM tb_item')$$);
CREATE TABLE tv_text_data (id uuid, data text);
SELECT oracle.sqlstate($$SELECT pg_tviews_convert_existing_table('tv_text_data', 'SELECT id, name AS data FROM tb_item')$$);
SELECT * FROM oracle.kinds('tv_no_id', 'tv_no_data', 'tv_int_id', 'tv_json_data', 'tv_text_data');

-- A query that is no query, or several.
SELECT oracle.sqlstate($$SELECT pg_tviews_create('tv_bad', '')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_create('tv_bad', 'SELECT')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_create('tv_bad', 'SELEC 1')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_create('tv_bad', 'SELECT id, data FROM nowhere')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_create('tv_bad', 'DELETE FROM tb_item RETURNING id, ''{}''::jsonb AS data')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_create('tv_bad', 'WITH d AS (DELETE FROM tb_item RETURNING id) SELECT id, ''{}''::jsonb AS data FROM d')$$);
SELECT oracle.sqlstate(format($$SELECT pg_tviews_create('tv_bad', %L)$$, :'item' || '; DROP TABLE tb_item'));
SELECT oracle.sqlstate(format($$SELECT pg_tviews_create('tv_bad', %L)$$, :'item' || ') TO PUBLIC; --'));
SELECT oracle.sqlstate($$SELECT pg_tviews_create('tv_bad', 'SELECT id, jsonb_build_object(''n'', $1) AS data FROM tb_item')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_create('tv_bad', NULL)$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_create('tv_bad', 'SELECT id, ''{}''::jsonb AS data FROM tb_item FOR UPDATE')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_create('tv_bad', 'SELECT id, jsonb_build_object(''at'', ctid::text) AS data FROM tb_item')$$);
-- A trailing semicolon and comment are harmless.
SELECT oracle.sqlstate(format($$SELECT pg_tviews_create('tv_semicolon', %L)$$, :'item' || '; -- the items'));
SELECT count(*) FROM tb_item;
SELECT * FROM oracle.kinds('tv_bad', 'tv_semicolon');

-- A query whose columns are not those of the table: number, name, order, type.
CREATE TABLE tv_columns (id uuid, name varchar(20), data jsonb);
SELECT oracle.sqlstate($$SELECT pg_tviews_convert_existing_table('tv_columns', 'SELECT id, jsonb_build_object() AS data FROM tb_item')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_convert_existing_table('tv_columns', 'SELECT id, name::varchar(20) AS title, jsonb_build_object() AS data FROM tb_item')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_convert_existing_table('tv_columns', 'SELECT id, pk_item AS name, jsonb_build_object() AS data FROM tb_item')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_convert_existing_table('tv_columns', 'SELECT id, name, jsonb_build_object() AS data FROM tb_item')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_convert_existing_table('tv_columns', 'SELECT id, name::varchar(20), jsonb_build_object() AS data, price FROM tb_item')$$);
-- A length or precision of the table's own would cut what the query gives.
SELECT oracle.sqlstate($$SELECT pg_tviews_convert_existing_table('tv_columns', 'SELECT id, name::varchar(30) AS name, jsonb_build_object() AS data FROM tb_item')$$);
CREATE TABLE tv_precise (id uuid, price numeric(10,2), data jsonb);
SELECT oracle.sqlstate($$SELECT pg_tviews_convert_existing_table('tv_precise', 'SELECT id, price, jsonb_build_object() AS data FROM tb_item')$$);
SELECT * FROM oracle.kinds('tv_columns', 'tv_precise');

-- A key that repeats or is missing: the first one is named.
CREATE TABLE tb_loose (pk_loose int, id uuid, name text);
CREATE INDEX ON tb_loose (pk_loose);
INSERT INTO tb_loose VALUES (3, oracle.uuid(3), 'c'), (2, oracle.uuid(2), 'b'), (2, oracle.uuid(4), 'again');
SELECT oracle.sqlstate($$SELECT pg_tviews_create('tv_loose', 'SELECT pk_loose, id, jsonb_build_object(''name'', name) AS data FROM tb_loose')$$);
CREATE TABLE tv_loose AS SELECT pk_loose, id, jsonb_build_object('name', name) AS data FROM tb_loose;
\echo :LAST_ERROR_SQLSTATE
INSERT INTO tb_loose VALUES (NULL, oracle.uuid(5), 'none');
DELETE FROM tb_loose WHERE name = 'again';
SELECT oracle.sqlstate($$SELECT pg_tviews_create('tv_loose', 'SELECT pk_loose, id, jsonb_build_object(''name'', name) AS data FROM tb_loose')$$);
-- The same through the transparent path, and in a table that has rows already.
CREATE TABLE tv_loose AS SELECT pk_loose, id, jsonb_build_object('name', name) AS data FROM tb_loose;
SELECT * FROM oracle.kinds('tv_loose');
CREATE TABLE tv_repeats (id uuid, data jsonb);
INSERT INTO tv_repeats VALUES (oracle.uuid(1), '{}'), (oracle.uuid(1), '{}'), (NULL, '{}');
SELECT oracle.sqlstate(format($$SELECT pg_tviews_convert_existing_table('tv_repeats', %L)$$, :'item'));
-- A key that repeats only later: the write fails and is named, the TVIEW stays right.
DELETE FROM tb_loose WHERE pk_loose IS NULL;
CREATE TABLE tv_loose AS SELECT pk_loose, id, jsonb_build_object('name', name) AS data FROM tb_loose;
INSERT INTO tb_loose VALUES (2, oracle.uuid(6), 'twice');
INSERT INTO tb_loose VALUES (NULL, oracle.uuid(7), 'none');
SELECT oracle.check('tv_loose', 'SELECT pk_loose, id, jsonb_build_object(''name'', name) FROM tb_loose'),
       oracle.routes('tv_loose');

-- Functions whose result may change though no row does. Volatile ones,
SELECT oracle.sqlstate($$CREATE TABLE tv_volatile AS SELECT id, jsonb_build_object('r', random()) AS data FROM tb_item$$);
SELECT oracle.sqlstate($$CREATE TABLE tv_volatile AS SELECT gen_random_uuid() AS id, jsonb_build_object('name', name) AS data FROM tb_item$$);
SELECT oracle.sqlstate($$CREATE TABLE tv_volatile AS SELECT id, jsonb_build_object('n', nextval('tv_sequence')) AS data FROM tb_item$$);
-- ones of the user's, also when they hide in a view, an operator, a cast or an aggregate,
CREATE FUNCTION shifting(text) RETURNS text LANGUAGE sql VOLATILE RETURN $1;
CREATE FUNCTION reading(int) RETURNS text LANGUAGE sql STABLE RETURN (SELECT name FROM tb_item WHERE pk_item = $1);
CREATE FUNCTION fixed(text) RETURNS text LANGUAGE sql IMMUTABLE RETURN $1;
SELECT oracle.sqlstate($$CREATE TABLE tv_volatile AS SELECT id, jsonb_build_object('name', shifting(name)) AS data FROM tb_item$$);
SELECT oracle.sqlstate($$CREATE TABLE tv_volatile AS SELECT id, jsonb_build_object('name', reading(pk_item)) AS data FROM tb_item$$);
CREATE VIEW shifting_view AS SELECT id, shifting(name) AS name FROM tb_item;
SELECT oracle.sqlstate($$CREATE TABLE tv_volatile AS SELECT id, jsonb_build_object('name', name) AS data FROM shifting_view$$);
SELECT oracle.sqlstate($$CREATE TABLE tv_volatile AS SELECT id, jsonb_build_object() AS data FROM tb_item ORDER BY shifting(name)$$);
CREATE FUNCTION shifting_equal(text, text) RETURNS boolean LANGUAGE sql VOLATILE RETURN $1 = $2;
CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = shifting_equal);
SELECT oracle.sqlstate($$CREATE TABLE tv_volatile AS SELECT id, jsonb_build_object('is', name === 'Cup') AS data FROM tb_item$$);
CREATE TYPE wrapped AS (name text);
CREATE FUNCTION wrap(text) RETURNS wrapped LANGUAGE sql VOLATILE RETURN ROW($1)::wrapped;
CREATE CAST (text AS wrapped) WITH FUNCTION wrap(text);
SELECT oracle.sqlstate($$CREATE TABLE tv_volatile AS SELECT id, to_jsonb(name::wrapped) AS data FROM tb_item$$);
CREATE FUNCTION shifting_step(text, text) RETURNS text LANGUAGE sql VOLATILE RETURN $1 || $2;
CREATE AGGREGATE shifting_agg(text) (SFUNC = shifting_step, STYPE = text, INITCOND = '');
SELECT oracle.sqlstate($$CREATE TABLE tv_volatile AS SELECT id, jsonb_build_object('n', shifting_agg(name)) AS data FROM tb_item GROUP BY id$$);
SELECT oracle.sqlstate($$CREATE TABLE tv_volatile AS SELECT i.id, jsonb_build_object('n', n) AS data FROM tb_item i, shifting(i.name) n$$);
-- PostgreSQL's stable ones that depend on time, session or catalogs,
SELECT oracle.sqlstate($$CREATE TABLE tv_volatile AS SELECT id, jsonb_build_object('at', now()) AS data FROM tb_item$$);
SELECT oracle.sqlstate($$CREATE TABLE tv_volatile AS SELECT id, jsonb_build_object('on', CURRENT_DATE) AS data FROM tb_item$$);
SELECT oracle.sqlstate($$CREATE TABLE tv_volatile AS SELECT id, jsonb_build_object('by', CURRENT_USER) AS data FROM tb_item$$);
SELECT oracle.sqlstate($$CREATE TABLE tv_volatile AS SELECT id, jsonb_build_object('age', age(sold_on)) AS data FROM tb_item$$);
SELECT oracle.sqlstate($$CREATE TABLE tv_volatile AS SELECT id, jsonb_build_object('s', current_setting('work_mem')) AS data FROM tb_item$$);
SELECT oracle.sqlstate($$CREATE TABLE tv_volatile AS SELECT id, jsonb_build_object('on', 'today'::text::date) AS data FROM tb_item$$);
-- and a sample.
SELECT oracle.sqlstate($$CREATE TABLE tv_volatile AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_item TABLESAMPLE bernoulli (50)$$);
SELECT * FROM oracle.kinds('tv_volatile');
-- Immutable ones are welcome, and so are stable ones whose settings are pinned.
CREATE TABLE tv_immutable AS
SELECT id, jsonb_build_object('name', fixed(name), 'on', sold_on, 'text', to_char(price, 'FM990.00')) AS data FROM tb_item;
SELECT * FROM oracle.kinds('tv_immutable');

-- Sources that cannot be followed: temporary and unlogged tables, materialized
-- views, system catalogs, also when a view stands between.
CREATE TEMP TABLE tb_temp (id uuid, name text);
CREATE UNLOGGED TABLE tb_unlogged (id uuid, name text);
CREATE MATERIALIZED VIEW mv_item AS SELECT id, name FROM tb_item;
CREATE VIEW over_unlogged AS SELECT * FROM tb_unlogged;
SELECT oracle.sqlstate($$CREATE TABLE tv_source AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_temp$$);
SELECT oracle.sqlstate($$CREATE TABLE tv_source AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_unlogged$$);
SELECT oracle.sqlstate($$CREATE TABLE tv_source AS SELECT id, jsonb_build_object('name', name) AS data FROM over_unlogged$$);
SELECT oracle.sqlstate($$CREATE TABLE tv_source AS SELECT id, jsonb_build_object('name', name) AS data FROM mv_item$$);
SELECT oracle.sqlstate($$CREATE TABLE tv_source AS SELECT md5(relname)::uuid AS id, jsonb_build_object('name', relname) AS data FROM pg_class$$);
SELECT oracle.sqlstate($$CREATE TABLE tv_source AS SELECT md5(table_name)::uuid AS id, jsonb_build_object() AS data FROM information_schema.tables$$);
-- A subquery's source counts like any other.
SELECT oracle.sqlstate($$CREATE TABLE tv_source AS SELECT i.id, jsonb_build_object('n', (SELECT count(*) FROM tb_unlogged u WHERE u.id = i.id)) AS data FROM tb_item i$$);
-- A foreign table: no connection is ever opened to find out.
CREATE FOREIGN DATA WRAPPER regress_tviews_wrapper;
CREATE SERVER regress_tviews_server FOREIGN DATA WRAPPER regress_tviews_wrapper;
CREATE FOREIGN TABLE tb_foreign (id uuid, name text) SERVER regress_tviews_server;
CREATE TABLE tv_source (id uuid, data jsonb);
SELECT oracle.sqlstate($$SELECT pg_tviews_convert_existing_table('tv_source', 'SELECT id, jsonb_build_object(''name'', name) AS data FROM tb_foreign')$$);
DROP TABLE tv_source;
SELECT oracle.sqlstate($$CREATE TABLE tv_source AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_foreign WITH NO DATA$$);
-- A partitioned source with a foreign partition is no better.
CREATE TABLE tb_parted (id uuid, name text) PARTITION BY LIST (name);
CREATE FOREIGN TABLE tb_parted_foreign PARTITION OF tb_parted FOR VALUES IN ('x') SERVER regress_tviews_server;
SELECT oracle.sqlstate($$CREATE TABLE tv_source AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_parted WITH NO DATA$$);
-- The TVIEW itself cannot be its own source.
CREATE TABLE tv_self (id uuid, data jsonb);
SELECT oracle.sqlstate($$SELECT pg_tviews_convert_existing_table('tv_self', 'SELECT id, data FROM tv_self')$$);
SELECT * FROM oracle.kinds('tv_source', 'tv_self');

-- Rights: not the owner, no right to read or to put triggers on a source.
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_tviews_guest;
RESET client_min_messages;
CREATE ROLE regress_tviews_guest;
GRANT USAGE ON SCHEMA errors, oracle TO regress_tviews_guest;
GRANT CREATE ON SCHEMA errors TO regress_tviews_guest;
GRANT SELECT ON tb_item, tv_item TO regress_tviews_guest;
CREATE TABLE tv_owned AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_item;
SET ROLE regress_tviews_guest;
SELECT oracle.sqlstate(format($$SELECT pg_tviews_convert_existing_table('tv_item', %L)$$, :'item'));
SELECT oracle.sqlstate($$SELECT pg_tviews_drop('tv_owned')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_refresh('tv_owned')$$);
SELECT oracle.sqlstate(format($$CREATE TABLE tv_guest AS %s$$, :'item'));
SELECT oracle.sqlstate(format($$SELECT pg_tviews_create('tv_guest', %L)$$, :'item'));
RESET ROLE;
REVOKE SELECT ON tb_item FROM regress_tviews_guest;
GRANT TRIGGER ON tb_item TO regress_tviews_guest;
SET ROLE regress_tviews_guest;
SELECT oracle.sqlstate(format($$CREATE TABLE tv_guest AS %s$$, :'item'));
SELECT oracle.sqlstate(format($$CREATE TABLE tv_guest AS %s WITH NO DATA$$, :'item'));
-- A view of someone else's does not lend its rights for triggers.
RESET ROLE;
GRANT SELECT ON plain_view TO regress_tviews_guest;
REVOKE TRIGGER ON tb_item FROM regress_tviews_guest;
SET ROLE regress_tviews_guest;
SELECT oracle.sqlstate($$CREATE TABLE tv_guest AS SELECT id, jsonb_build_object('name', name) AS data FROM plain_view$$);
RESET ROLE;
SELECT * FROM oracle.kinds('tv_guest');

-- A TVIEW is maintained by its definition: nobody writes it by hand.
SELECT oracle.sqlstate($$INSERT INTO tv_owned VALUES (oracle.uuid(9), '{}')$$);
SELECT oracle.sqlstate($$INSERT INTO tv_owned SELECT * FROM tv_owned WHERE false$$);
SELECT oracle.sqlstate($$INSERT INTO tv_owned VALUES (oracle.uuid(1), '{}') ON CONFLICT DO NOTHING$$);
SELECT oracle.sqlstate($$UPDATE tv_owned SET data = '{}'$$);
SELECT oracle.sqlstate($$UPDATE tv_owned SET data = '{}' WHERE false$$);
SELECT oracle.sqlstate($$DELETE FROM tv_owned$$);
SELECT oracle.sqlstate($$TRUNCATE tv_owned$$);
SELECT oracle.sqlstate($$TRUNCATE tb_loose, tv_owned$$);
SELECT oracle.sqlstate($$MERGE INTO tv_owned t USING tb_item i ON i.id = t.id WHEN MATCHED THEN DELETE$$);
SELECT oracle.sqlstate($$WITH d AS (DELETE FROM tv_owned RETURNING id) SELECT count(*) FROM d$$);
COPY tv_owned FROM stdin;
\.
SELECT oracle.sqlstate($$UPDATE tv_loose SET data = '{}'$$);
-- Not through a view either.
CREATE VIEW owned_documents AS SELECT id, data FROM tv_owned;
SELECT oracle.sqlstate($$UPDATE owned_documents SET data = '{}'$$);
SELECT oracle.sqlstate($$DELETE FROM owned_documents$$);
-- Not in replica mode either, and not in a trigger that a refresh fires.
SET session_replication_role = replica;
SELECT oracle.sqlstate($$UPDATE tv_owned SET data = '{}'$$);
RESET session_replication_role;
CREATE FUNCTION write_a_tview() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE errors.tv_loose SET data = '{}';
    RETURN NULL;
END
$$;
CREATE TRIGGER write_a_tview AFTER UPDATE ON tv_owned FOR EACH ROW EXECUTE FUNCTION write_a_tview();
UPDATE tb_item SET name = 'Mug' WHERE pk_item = 1;
DROP TRIGGER write_a_tview ON tv_owned;
SELECT name FROM tb_item WHERE pk_item = 1;
-- After all these the TVIEWs are right and maintained.
UPDATE tb_item SET name = 'Mug' WHERE pk_item = 1;
SELECT oracle.check('tv_owned', :'item'), oracle.routes('tv_owned');

-- A conversion that fails at commit takes the whole transaction with it and names
-- the table, the cause and the way out.
BEGIN;
INSERT INTO tb_item VALUES (3, oracle.uuid(3), 'Pot', 5, NULL);
CREATE TABLE tv_at_commit AS SELECT pk_item AS pk_at_commit, id, jsonb_build_object('name', name) AS data FROM tb_item;
ALTER TABLE tv_at_commit DROP COLUMN pk_at_commit;
COMMIT;
\echo :LAST_ERROR_SQLSTATE
BEGIN;
CREATE TABLE tv_at_commit AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_item;
ALTER TABLE tv_at_commit ALTER COLUMN data TYPE text;
COMMIT;
\echo :LAST_ERROR_SQLSTATE
-- A column that the transaction adds is the user's own: it stays, and stays empty.
BEGIN;
CREATE TABLE tv_added AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_item;
ALTER TABLE tv_added ADD COLUMN note text;
COMMIT;
UPDATE tb_item SET name = 'Pitcher' WHERE pk_item = 2;
SELECT data->>'name' AS name, note FROM tv_added ORDER BY id;
UPDATE tb_item SET name = 'Jug' WHERE pk_item = 2;
SELECT oracle.routes('tv_added');
DROP TABLE tv_added;
-- As many columns of the same types as before, yet others.
BEGIN;
CREATE TABLE tv_at_commit AS
SELECT id, jsonb_build_object('name', name) AS data, pk_item AS one, pk_item * 10 AS ten FROM tb_item;
ALTER TABLE tv_at_commit DROP COLUMN one;
ALTER TABLE tv_at_commit ADD COLUMN hundred int;
COMMIT;
\echo :LAST_ERROR_SQLSTATE
BEGIN;
CREATE TABLE tv_at_commit AS SELECT id, jsonb_build_object('name', name) AS data, pk_item AS n FROM tb_item;
ALTER TABLE tv_at_commit ALTER COLUMN n TYPE bigint;
COMMIT;
\echo :LAST_ERROR_SQLSTATE
-- A source that is gone by then.
BEGIN;
CREATE TABLE tb_gone (id uuid, name text);
CREATE TABLE tv_at_commit AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_gone;
DROP TABLE tb_gone;
COMMIT;
\echo :LAST_ERROR_SQLSTATE
-- A key that a later write of the transaction doubled.
BEGIN;
CREATE TABLE tv_at_commit AS SELECT pk_loose AS pk_at_commit, id, jsonb_build_object('name', name) AS data FROM tb_loose;
DROP TABLE tv_loose;
INSERT INTO tb_loose VALUES (2, oracle.uuid(8), 'double');
COMMIT;
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM oracle.kinds('tv_at_commit', 'tv_loose', 'tb_gone');
SELECT count(*) FROM tb_item WHERE pk_item = 3;
-- The next transaction is not disturbed.
CREATE TABLE tv_at_commit AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_item;
UPDATE tb_item SET name = 'Vase' WHERE pk_item = 2;
SELECT oracle.check('tv_at_commit', :'item'), oracle.routes('tv_at_commit');

-- A refresh that fails takes the write with it.
CREATE TABLE tv_ratio AS SELECT id, jsonb_build_object('ratio', 10 / price) AS data FROM tb_item;
UPDATE tb_item SET price = 0 WHERE pk_item = 1;
\echo :LAST_ERROR_SQLSTATE
SELECT price FROM tb_item WHERE pk_item = 1;
SELECT oracle.check('tv_ratio', 'SELECT id, jsonb_build_object(''ratio'', 10 / price) FROM tb_item');
-- What the TVIEW's own constraints forbid likewise.
ALTER TABLE tv_owned ADD CHECK (data->>'name' <> 'Cup');
UPDATE tb_item SET name = 'Cup' WHERE pk_item = 1;
\echo :LAST_ERROR_SQLSTATE
SELECT oracle.check('tv_owned', :'item');

DROP OWNED BY regress_tviews_guest;
DROP ROLE regress_tviews_guest;
