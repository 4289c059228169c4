-- Foreign tables: nothing that runs at commit may touch one, because a foreign
-- server's own end of the transaction may already be decided.
\set SHOW_CONTEXT never
CREATE SCHEMA foreign_tables;
SET search_path = foreign_tables, public;
CREATE TABLE tb_item (pk_item int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL);
INSERT INTO tb_item VALUES (1, oracle.uuid(1), 'Cup');
SELECT $$ SELECT i.pk_item, i.id, jsonb_build_object('name', i.name) AS data FROM tb_item i $$ AS item \gset
CREATE TABLE tv_item AS :item;
SELECT oracle.routes('tv_item');
-- Where the wrapper is not installed there is nothing more to show.
SELECT count(*) = 0 AS none FROM pg_available_extensions WHERE name = 'postgres_fdw' \gset
\if :none
\quit
\endif
CREATE EXTENSION postgres_fdw;
-- No connection is ever made: the refusal comes before.
CREATE SERVER regress_tviews_nowhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid');
CREATE USER MAPPING FOR CURRENT_USER SERVER regress_tviews_nowhere;
CREATE FOREIGN TABLE tb_remote (id uuid, name text) SERVER regress_tviews_nowhere;
-- As a source.
SELECT oracle.sqlstate($$CREATE TABLE tv_remote AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_remote$$);
SELECT oracle.sqlstate($$CREATE TABLE tv_remote AS SELECT i.id, jsonb_build_object('name', (SELECT r.name FROM tb_remote r WHERE r.id = i.id)) AS data FROM tb_item i$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_create('tv_remote', 'SELECT id, jsonb_build_object(''name'', name) AS data FROM tb_remote')$$);
SELECT * FROM oracle.kinds('tv_remote');
-- A trigger on the TVIEW that writes one, or reads one, during the flush at commit.
CREATE FUNCTION write_remote() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO foreign_tables.tb_remote VALUES (NEW.id, NEW.data->>'name');
    RETURN NULL;
END
$$;
CREATE TRIGGER write_remote AFTER UPDATE ON tv_item FOR EACH ROW EXECUTE FUNCTION write_remote();
UPDATE tb_item SET name = 'Mug';
\echo :LAST_ERROR_SQLSTATE
SELECT oracle.check('tv_item', :'item');
CREATE OR REPLACE FUNCTION write_remote() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM foreign_tables.tb_remote;
    RETURN NULL;
END
$$;
UPDATE tb_item SET name = 'Mug';
\echo :LAST_ERROR_SQLSTATE
-- The same from a deferred trigger that the flush queues.
DROP TRIGGER write_remote ON tv_item;
CREATE CONSTRAINT TRIGGER write_remote AFTER UPDATE ON tv_item DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION write_remote();
UPDATE tb_item SET name = 'Mug';
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER write_remote ON tv_item;
-- The session and the server are well.
UPDATE tb_item SET name = 'Bowl';
SELECT oracle.check('tv_item', :'item');
