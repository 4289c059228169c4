-- What goes with what: tables, views, schemas, roles, types and functions, and the extension. A TVIEW that loses its query
-- becomes an ordinary table with its rows; nothing of ours stays behind.
\set SHOW_CONTEXT never
CREATE SCHEMA dropping;
CREATE SCHEMA dropping_sources;
CREATE SCHEMA dropping_tviews;
SET search_path = dropping, dropping_sources, dropping_tviews, public;

CREATE FUNCTION left_behind(watched regclass) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM pg_trigger WHERE tgrelid = watched AND tgname LIKE 'pg_tviews_%'
$$;
CREATE TABLE dropping_sources.tb_pot (pk_pot int PRIMARY KEY, id uuid NOT NULL, name text);
INSERT INTO tb_pot VALUES (1, oracle.uuid(1), 'Jar');
SELECT 'SELECT pk_pot, id, jsonb_build_object(''name'', name) AS data FROM dropping_sources.tb_pot' AS pot,
       'SELECT pk_pot AS pk_lid, id, data FROM dropping_tviews.tv_pot' AS lid \gset
CREATE TABLE dropping_tviews.tv_pot AS :pot;
CREATE TABLE dropping.tv_lid AS :lid;
PREPARE state AS SELECT * FROM oracle.kinds('tv_pot', 'tv_lid'), to_regclass('v_pot') AS v_pot, to_regclass('v_lid') AS v_lid;

-- What reads a table is in the way. With CASCADE the view goes, and the table stays as it was, open to everybody.
DROP TABLE tb_pot;
DROP TABLE tv_pot;
BEGIN;
DROP TABLE tb_pot CASCADE;
EXECUTE state;
UPDATE tv_pot SET data = '{"name": "Urn"}';
SELECT data FROM tv_lid;
ROLLBACK;
BEGIN;
DROP TABLE tv_pot CASCADE;
EXECUTE state;
SELECT left_behind('tb_pot'), left_behind('tv_lid');
INSERT INTO tb_pot VALUES (2, oracle.uuid(2), 'Pan');
UPDATE tv_lid SET data = '{}';
ROLLBACK;
-- The backing view alone: the TVIEW below is left in peace, and what it was owed is not written.
BEGIN;
UPDATE tb_pot SET name = 'Vase';
DROP VIEW v_lid;
EXECUTE state;
SELECT data FROM tv_pot UNION ALL SELECT data FROM tv_lid;
SELECT left_behind('tv_pot');
ROLLBACK;
-- One of the user's own goes and stays apart from the table.
CREATE VIEW v_own AS SELECT pk_pot AS pk_own, id, to_jsonb(name) AS data FROM tb_pot;
CREATE TABLE tv_own AS SELECT pk_own, id, data FROM v_own;
BEGIN;
DROP VIEW v_own;
SELECT * FROM oracle.kinds('tv_own');
ROLLBACK;
DROP TABLE tv_own;
DROP VIEW v_own;
-- Taken back in a savepoint, it is a TVIEW again, which knows what was written before.
BEGIN;
UPDATE tb_pot SET name = 'Vase';
SAVEPOINT whole;
DROP TABLE tb_pot CASCADE;
ROLLBACK TO whole;
SAVEPOINT again;
DROP TABLE tv_pot CASCADE;
ROLLBACK TO again;
INSERT INTO tb_pot VALUES (3, oracle.uuid(3), 'Bowl');
COMMIT;
SELECT oracle.check('tv_pot', :'pot') AS pot, oracle.check('tv_lid', :'lid') AS lid, oracle.routes('tv_pot'), oracle.routes('tv_lid');

-- Schemas: of sources, of TVIEWs, of both.
BEGIN;
DROP SCHEMA dropping_sources CASCADE;
EXECUTE state;
SELECT left_behind('tv_pot'), left_behind('tv_lid');
INSERT INTO tv_pot VALUES (9, oracle.uuid(9), '{}');
SELECT oracle.check('tv_lid', :'lid');
ROLLBACK;
BEGIN;
DROP SCHEMA dropping_tviews CASCADE;
EXECUTE state;
SELECT left_behind('tb_pot'), left_behind('tv_lid');
INSERT INTO tb_pot VALUES (4, oracle.uuid(4), 'Mug');
UPDATE tv_lid SET data = '{}' WHERE pk_lid = 1;
ROLLBACK;
BEGIN;
SET LOCAL client_min_messages = warning;
DROP SCHEMA dropping_tviews, dropping_sources CASCADE;
EXECUTE state;
SELECT count(*) FROM pg_tviews_catalog c FULL JOIN pg_tviews_source s USING (tview)
WHERE NOT EXISTS (SELECT FROM pg_class WHERE oid = tview::oid);
ROLLBACK;
UPDATE tb_pot SET name = upper(name);
SELECT oracle.check('tv_pot', :'pot') AS pot, oracle.check('tv_lid', :'lid') AS lid;

-- Roles: the owner of the TVIEW, the owner of the source, one that was granted something.
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_dropping_maker, regress_dropping_keeper, regress_dropping_reader;
RESET client_min_messages;
CREATE ROLE regress_dropping_maker;
CREATE ROLE regress_dropping_keeper;
CREATE ROLE regress_dropping_reader;
GRANT USAGE, CREATE ON SCHEMA dropping, dropping_sources TO regress_dropping_maker, regress_dropping_keeper;
GRANT USAGE ON SCHEMA oracle TO regress_dropping_maker;
SET ROLE regress_dropping_keeper;
CREATE TABLE dropping_sources.tb_tin (pk_tin int PRIMARY KEY, id uuid NOT NULL, name text);
INSERT INTO tb_tin VALUES (1, md5('1')::uuid, 'Tea');
GRANT SELECT, TRIGGER ON tb_tin TO regress_dropping_maker;
GRANT ALL ON tb_tin TO regress_dropping_reader;
SET ROLE regress_dropping_maker;
SELECT 'SELECT pk_tin, id, jsonb_build_object(''name'', name) AS data FROM dropping_sources.tb_tin' AS tin \gset
CREATE TABLE dropping.tv_tin AS :tin;
GRANT SELECT ON tv_tin, v_tin TO regress_dropping_reader;
RESET ROLE;
BEGIN;
DROP OWNED BY regress_dropping_maker;
SELECT * FROM oracle.kinds('tv_tin'), to_regclass('v_tin'), left_behind('tb_tin');
UPDATE tb_tin SET name = 'Salt';
ROLLBACK;
DROP OWNED BY regress_dropping_keeper;
BEGIN;
DROP OWNED BY regress_dropping_keeper CASCADE;
SELECT * FROM oracle.kinds('tv_tin'), to_regclass('v_tin'), left_behind('tv_tin');
UPDATE tv_tin SET data = '{}';
ROLLBACK;
DROP OWNED BY regress_dropping_reader;
UPDATE tb_tin SET name = 'Salt';
SELECT oracle.check('tv_tin', :'tin'), oracle.routes('tv_tin');
-- The view goes with the table to whom they are reassigned.
REASSIGN OWNED BY regress_dropping_maker TO regress_dropping_keeper;
SELECT relname, pg_get_userbyid(relowner) FROM pg_class WHERE relname IN ('tv_tin', 'v_tin') ORDER BY relname;
UPDATE tb_tin SET name = 'Rice';
SELECT oracle.check('tv_tin', :'tin');
-- PostgreSQL tells nobody of REASSIGN OWNED. A new owner without the rights is found out by the next writer.
REASSIGN OWNED BY regress_dropping_keeper TO regress_dropping_reader;
ALTER TABLE tb_tin OWNER TO regress_dropping_keeper;
\set VERBOSITY sqlstate
UPDATE tb_tin SET name = 'Peas';
\set VERBOSITY default
GRANT USAGE ON SCHEMA dropping, dropping_sources TO regress_dropping_reader;
GRANT SELECT ON tb_tin TO regress_dropping_reader;
UPDATE tb_tin SET name = 'Peas';
SELECT oracle.check('tv_tin', :'tin');
REASSIGN OWNED BY regress_dropping_maker, regress_dropping_keeper, regress_dropping_reader TO CURRENT_USER;
DROP OWNED BY regress_dropping_maker, regress_dropping_keeper, regress_dropping_reader;
DROP ROLE regress_dropping_maker, regress_dropping_keeper, regress_dropping_reader;
UPDATE tb_tin SET name = 'Flour';
SELECT oracle.check('tv_tin', :'tin');

-- Functions, operators, types and domains of a query.
CREATE FUNCTION loud(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
CREATE OPERATOR !! (FUNCTION = loud, RIGHTARG = text);
CREATE TYPE size AS ENUM ('small', 'large');
CREATE DOMAIN label AS text;
CREATE COLLATION plain (PROVIDER = libc, LOCALE = 'C');
CREATE TABLE tb_box (pk_box int PRIMARY KEY, id uuid NOT NULL, name text, size size, label label);
CREATE INDEX ON tb_box (id);
INSERT INTO tb_box VALUES (1, oracle.uuid(1), 'crate', 'small', 'x');
CREATE TABLE tv_function AS SELECT id, to_jsonb(loud(name)) AS data FROM tb_box;
CREATE TABLE tv_operator AS SELECT id, to_jsonb(!! name) AS data FROM tb_box;
CREATE TABLE tv_type AS SELECT id, to_jsonb(size) AS data FROM tb_box;
CREATE TABLE tv_domain AS SELECT id, to_jsonb(name::label) AS data FROM tb_box;
CREATE TABLE tv_collation AS SELECT id, to_jsonb(max(name COLLATE plain)) AS data FROM tb_box GROUP BY id;
SELECT split_part(oracle.sqlstate(command), ':', 1) AS refused, command FROM unnest(ARRAY['DROP FUNCTION loud(text)', 'DROP OPERATOR !! (NONE, text)',
    'DROP TYPE size', 'DROP DOMAIN label', 'DROP COLLATION plain']) AS command;
DROP COLLATION plain CASCADE;
DROP OPERATOR !! (NONE, text) CASCADE;
DROP FUNCTION loud(text) CASCADE;
DROP TYPE size CASCADE;
BEGIN;
UPDATE tb_box SET name = 'chest';
DROP DOMAIN label CASCADE;
COMMIT;
SELECT * FROM oracle.kinds('tv_function', 'tv_operator', 'tv_type', 'tv_domain', 'tv_collation');
SELECT left_behind('tb_box');
INSERT INTO tb_box VALUES (2, oracle.uuid(2), 'case');
UPDATE tv_domain SET data = '{}';
-- The same tables become TVIEWs again.
SELECT pg_tviews_convert_existing_table('tv_domain', 'SELECT id, to_jsonb(name) AS data FROM tb_box');
SELECT oracle.check('tv_domain', 'SELECT id, to_jsonb(name) FROM tb_box'), oracle.routes('tv_domain');

-- The extension, in a database of its own.
CREATE DATABASE regress_pg_tviews_dropping TEMPLATE template0 ENCODING 'UTF8';
\set database :DBNAME
\c regress_pg_tviews_dropping
\set SHOW_CONTEXT never
CREATE SCHEMA extension;
CREATE EXTENSION pg_tviews SCHEMA extension;
SET search_path = public, extension;
CREATE TABLE tb_pot (pk_pot int PRIMARY KEY, id uuid NOT NULL, name text);
INSERT INTO tb_pot VALUES (1, md5('1')::uuid, 'Jar');
CREATE TABLE tv_pot AS SELECT pk_pot, id, jsonb_build_object('name', name) AS data FROM tb_pot;
CREATE TABLE tv_lid AS SELECT pk_pot AS pk_lid, id, data FROM tv_pot;
-- Its schema may have another name, and is the extension's for good.
ALTER SCHEMA extension RENAME TO renamed;
SET search_path = public, renamed;
UPDATE tb_pot SET name = 'Vase';
SELECT data FROM tv_lid;
ALTER EXTENSION pg_tviews SET SCHEMA public;
-- TVIEWs are in its way.
DO $$ BEGIN DROP EXTENSION pg_tviews; EXCEPTION WHEN dependent_objects_still_exist THEN RAISE NOTICE '%', SQLERRM; END $$;
DO $$ BEGIN DROP SCHEMA renamed; EXCEPTION WHEN dependent_objects_still_exist THEN RAISE NOTICE '%', SQLERRM; END $$;
-- What the transaction wrote before is not brought to them any more, unless it is read or flushed.
SET client_min_messages = warning;
BEGIN;
INSERT INTO tb_pot VALUES (2, md5('2')::uuid, 'Pan');
SELECT pg_tviews_flush();
INSERT INTO tb_pot VALUES (3, md5('3')::uuid, 'Lost');
CREATE TABLE tv_new AS SELECT pk_pot AS pk_new, id, '{}'::jsonb AS data FROM tb_pot;
DROP EXTENSION pg_tviews CASCADE;
COMMIT;
RESET client_min_messages;
-- They are tables, with their rows; their views stay as well, and no trigger.
SELECT data FROM tv_lid ORDER BY pk_lid;
SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v') ORDER BY relname;
SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal;
SELECT count(*) FROM pg_event_trigger;
INSERT INTO tb_pot VALUES (4, md5('4')::uuid, 'Cup');
UPDATE tv_pot SET data = data || '{"by": "hand"}' WHERE pk_pot = 1;
DELETE FROM tv_lid WHERE pk_lid = 1;
CREATE TABLE tv_plain AS SELECT pk_pot AS pk_plain, id, '{}'::jsonb AS data FROM tb_pot;
-- Created anew, it finds the queries in the views that stayed.
CREATE EXTENSION pg_tviews;
SELECT pg_tviews_convert_existing_table('tv_pot');
SELECT pg_tviews_convert_existing_table('tv_lid');
UPDATE tb_pot SET name = 'Dish' WHERE pk_pot = 2;
SELECT * FROM pg_tviews_verify();
SELECT data FROM tv_lid ORDER BY pk_lid;
-- With its schema it goes alike.
SET client_min_messages = warning;
DROP SCHEMA renamed CASCADE;
DROP EXTENSION pg_tviews CASCADE;
RESET client_min_messages;
UPDATE tb_pot SET name = 'Last';
UPDATE tv_pot SET data = '{}';
\c :database
DROP DATABASE regress_pg_tviews_dropping;
