-- pg_tviews_health_check, pg_tviews_repair, and pg_tviews_verify of a sample.
\set SHOW_CONTEXT never
CREATE SCHEMA health;
SET search_path = health, public;
CREATE ROLE regress_tviews_health;
GRANT USAGE, CREATE ON SCHEMA health TO regress_tviews_health;
CREATE TABLE tb_shelf (pk_shelf int PRIMARY KEY, room text NOT NULL);
CREATE TABLE tb_book (pk_book int PRIMARY KEY, id uuid NOT NULL, fk_shelf int NOT NULL, title text NOT NULL);
INSERT INTO tb_shelf SELECT n, 'room ' || n FROM generate_series(1, 3) n;
INSERT INTO tb_book SELECT n, oracle.uuid(n), n % 3 + 1, 'book ' || n FROM generate_series(1, 300) n;
CREATE INDEX ON tb_book (fk_shelf);
SELECT 'SELECT pk_book, id, jsonb_build_object(''title'', title, ''room'', room) AS data FROM tb_book JOIN tb_shelf ON pk_shelf = fk_shelf' AS query \gset
CREATE TABLE tv_book AS :query;
CREATE TABLE tv_shelf AS
SELECT pk_shelf, oracle.uuid(pk_shelf) AS id, jsonb_build_object('books', (SELECT count(*) FROM tb_book WHERE fk_shelf = pk_shelf)) AS data FROM tb_shelf;
PREPARE findings AS
SELECT severity, object, regexp_replace(message, '[1-9]\d* (are different)', 'some \1') AS message,
       regexp_replace(remedy, '_\d{4,}', '_OID') AS remedy FROM pg_tviews_health_check()
 WHERE object LIKE '% health.%' OR object LIKE '% tb\_%' OR object LIKE '% tv\_%' OR object NOT LIKE '% %.%' AND object NOT LIKE 'table %'
 ORDER BY severity, object COLLATE "C", message COLLATE "C";
-- Nothing to say.
EXECUTE findings;

-- Triggers off, and writes that pass by.
ALTER TABLE tb_book DISABLE TRIGGER pg_tviews_capture_update;
UPDATE tb_book SET title = 'unseen' WHERE pk_book <= 250;
EXECUTE findings;
SELECT missing, extra, different > 0 AS some_differ FROM pg_tviews_verify('tv_book', sample => 100);
SELECT * FROM pg_tviews_verify('tv_book', sample => 1000);
SELECT * FROM pg_tviews_verify('tv_book', sample => 0);
-- The others that read the table are compared too.
INSERT INTO tb_book VALUES (301, oracle.uuid(301), 1, 'seen');
SELECT pg_tviews_repair('tv_book');
EXECUTE findings;
SELECT oracle.check('tv_book', :'query');
UPDATE tb_book SET title = 'seen' WHERE pk_book = 1;
SELECT oracle.check('tv_book', :'query');
-- Remedies find our functions wherever they are.
ALTER TABLE tb_book DISABLE TRIGGER pg_tviews_capture_insert;
SET search_path = health;
SELECT DISTINCT remedy FROM public.pg_tviews_health_check() WHERE object = 'table health.tb_book' \gset
:remedy
SET pg_tviews.auto_convert = off;
CREATE TABLE tv_later AS SELECT pk_shelf AS pk_later, oracle.uuid(pk_shelf) AS id, to_jsonb(room) AS data FROM tb_shelf;
SELECT remedy FROM public.pg_tviews_health_check() WHERE object = 'table health.tv_later' \gset
:remedy
RESET pg_tviews.auto_convert;
DROP TABLE tv_later;
SET search_path = health, public;
EXECUTE findings;

-- What several TVIEWs need of a table is found once, and one call mends it for all.
ALTER TABLE tb_book DISABLE TRIGGER ALL;
UPDATE tb_book SET title = 'missed' WHERE pk_book <= 250;
DELETE FROM tb_book WHERE pk_book = 301;
SELECT severity, object, message, remedy FROM pg_tviews_health_check() WHERE object LIKE 'table health.%';
SELECT remedy FROM pg_tviews_health_check() WHERE object LIKE 'table health.%' \gexec
EXECUTE findings;
SELECT oracle.check('tv_book', :'query');
SELECT * FROM pg_tviews_verify('tv_shelf');
-- The call is not for a TVIEW that it would fail for, nor for one of another owner.
CREATE FUNCTION breaks(text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN to_jsonb($1); END $$;
SELECT pg_tviews_alter('tv_book', 'SELECT pk_book, id, health.breaks(title) AS data FROM tb_book');
ALTER EVENT TRIGGER pg_tviews_on_command DISABLE;
CREATE OR REPLACE FUNCTION breaks(text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE 'it breaks'; END $$;
ALTER EVENT TRIGGER pg_tviews_on_command ENABLE ALWAYS;
ALTER TABLE tb_book DISABLE TRIGGER ALL;
EXECUTE findings;
CREATE OR REPLACE FUNCTION breaks(text) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN to_jsonb($1); END $$;
GRANT SELECT, TRIGGER ON tb_shelf, tb_book, tv_book TO regress_tviews_health;
ALTER TABLE tv_shelf OWNER TO regress_tviews_health;
SET ROLE regress_tviews_health;
EXECUTE findings;
SELECT remedy FROM pg_tviews_health_check() WHERE object = 'table health.tb_book' \gexec
RESET ROLE;
ALTER TABLE tv_shelf OWNER TO CURRENT_USER;
REVOKE ALL ON tb_shelf, tb_book, tv_book FROM regress_tviews_health;
SELECT pg_tviews_alter('tv_book', :'query');
DROP FUNCTION breaks;
EXECUTE findings;

-- Triggers gone, behind the back of the event trigger.
ALTER EVENT TRIGGER pg_tviews_on_drop DISABLE;
DROP TRIGGER pg_tviews_capture_delete ON tb_book;
DROP TRIGGER pg_tviews_guard ON tv_book;
EXECUTE findings;
ALTER EVENT TRIGGER pg_tviews_on_drop ENABLE ALWAYS;
DELETE FROM tb_book WHERE pk_book > 200;
INSERT INTO tv_book VALUES (900, oracle.uuid(900), '{}');
DELETE FROM tv_book WHERE pk_book = 7;
SELECT missing, extra > 0 AS some_extra, different FROM pg_tviews_verify('tv_book', sample => 1000);
SELECT pg_tviews_repair('tv_book');
EXECUTE findings;
SELECT oracle.check('tv_book', :'query');
SELECT * FROM pg_tviews_verify('tv_shelf');
DELETE FROM tb_book WHERE pk_book = 200;
SELECT oracle.check('tv_book', :'query');
DELETE FROM tv_book;

-- A partition that came unseen.
CREATE TABLE tb_sale (pk_sale int, id uuid, year int, PRIMARY KEY (pk_sale, year)) PARTITION BY LIST (year);
CREATE TABLE tv_sale AS SELECT pk_sale, id, jsonb_build_object('year', year) AS data FROM tb_sale;
ALTER EVENT TRIGGER pg_tviews_on_command DISABLE;
CREATE TABLE tb_sale_1 PARTITION OF tb_sale FOR VALUES IN (1);
INSERT INTO tb_sale_1 VALUES (1, oracle.uuid(1), 1);
EXECUTE findings;
ALTER EVENT TRIGGER pg_tviews_on_command ENABLE ALWAYS;
SELECT pg_tviews_repair('tv_sale');
INSERT INTO tb_sale_1 VALUES (2, oracle.uuid(2), 1);
SELECT count(*) FROM tv_sale;
EXECUTE findings;

-- A table of a dropped TVIEW, and one that was one.
ALTER EVENT TRIGGER pg_tviews_on_drop DISABLE;
DROP TABLE tv_sale CASCADE;
SELECT severity, object LIKE 'TVIEW _____%' AS is_named, message, regexp_replace(remedy, '\d{4,}', 'OID', 'g') AS remedy FROM pg_tviews_health_check() WHERE message = 'its table is gone';
ALTER EVENT TRIGGER pg_tviews_on_drop ENABLE ALWAYS;
\set ECHO none
SELECT remedy FROM pg_tviews_health_check() WHERE message = 'its table is gone' \gexec
\set ECHO all
EXECUTE findings;
SELECT string_agg(remedy, ' ') AS remedy FROM pg_tviews_health_check() WHERE object LIKE 'table %tb_sale%' \gset
:remedy
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid IN ('tb_sale'::regclass, 'tb_sale_1'::regclass);
EXECUTE findings;
DROP TABLE tb_sale CASCADE;
CREATE TABLE tv_lone (id uuid PRIMARY KEY, data jsonb);
CREATE TRIGGER pg_tviews_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON tv_lone EXECUTE FUNCTION public.pg_tviews_guard();
EXECUTE findings;
DROP TABLE tv_lone;

-- Triggers that a restore of parts has left: on a TVIEW those of a source, on a source those of a TVIEW.
SET pg_tviews.auto_convert = off;
CREATE TABLE tv_part AS SELECT pk_shelf AS pk_part, oracle.uuid(pk_shelf) AS id, to_jsonb(room) AS data FROM tb_shelf;
CREATE TRIGGER pg_tviews_capture_truncate AFTER TRUNCATE ON tv_part EXECUTE FUNCTION public.pg_tviews_capture();
CREATE TRIGGER pg_tviews_capture_update AFTER UPDATE ON tv_part REFERENCING OLD TABLE AS pg_tviews_old NEW TABLE AS pg_tviews_new
    EXECUTE FUNCTION public.pg_tviews_capture();
RESET pg_tviews.auto_convert;
CREATE TABLE tb_part (pk_rest int PRIMARY KEY, id uuid NOT NULL);
CREATE TRIGGER pg_tviews_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON tb_part EXECUTE FUNCTION public.pg_tviews_guard();
SELECT pg_tviews_convert_existing_table('tv_part');
CREATE TABLE tv_rest AS SELECT pk_rest, id, '{}'::jsonb AS data FROM tb_part;
EXECUTE findings;
DROP TRIGGER pg_tviews_guard ON tv_part;
DROP TRIGGER pg_tviews_capture_update ON tb_part;
SELECT string_agg(remedy, ' ') AS remedy FROM pg_tviews_health_check() WHERE object LIKE 'table health.t__part' \gset
:remedy
EXECUTE findings;
INSERT INTO tb_part VALUES (1, oracle.uuid(1));
SELECT oracle.check('tv_rest', 'SELECT pk_rest, id, ''{}''::jsonb AS data FROM tb_part');
DROP TABLE tv_part, tv_rest, tb_part CASCADE;

-- Rights.
CREATE TABLE tb_note (pk_note int PRIMARY KEY, id uuid NOT NULL, body text);
INSERT INTO tb_note VALUES (1, oracle.uuid(1), 'a');
GRANT SELECT, TRIGGER ON tb_note TO regress_tviews_health;
SET ROLE regress_tviews_health;
CREATE TABLE tv_note AS SELECT pk_note, id, to_jsonb(body) AS data FROM tb_note;
RESET ROLE;
REVOKE SELECT ON tb_note FROM regress_tviews_health;
EXECUTE findings;
GRANT SELECT ON tb_note TO regress_tviews_health;
EXECUTE findings;
-- What a role may not read is not told of.
SET ROLE regress_tviews_health;
SELECT object FROM pg_tviews_health_check() WHERE object LIKE 'TVIEW health.%';
SELECT pg_tviews_repair('tv_book');
SELECT * FROM pg_tviews_verify('tv_book', 10);
SELECT pg_tviews_repair('tv_note');
RESET ROLE;
-- Schema rights are seen by running the query.
CREATE SCHEMA health_functions;
CREATE FUNCTION health_functions.shout(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
GRANT USAGE ON SCHEMA health_functions TO regress_tviews_health;
SET ROLE regress_tviews_health;
SELECT pg_tviews_alter('tv_note', 'SELECT pk_note, id, to_jsonb(health_functions.shout(body)) AS data FROM tb_note');
RESET ROLE;
REVOKE EXECUTE ON FUNCTION health_functions.shout FROM PUBLIC;
EXECUTE findings;
DROP TABLE tv_note;

-- Slow ones.
DROP INDEX tb_book_fk_shelf_idx;
CREATE TABLE tv_all AS SELECT pk_shelf AS pk_all, oracle.uuid(pk_shelf) AS id, to_jsonb((SELECT count(*) FROM tb_book)) AS data FROM tb_shelf;
EXECUTE findings;
DROP TABLE tv_all;
-- One statement for each index, though several TVIEWs need it; and no other in its place.
SELECT remedy FROM pg_tviews_health_check() WHERE object LIKE 'table health.%' AND message LIKE '%no index%' \gexec
EXECUTE findings;
DROP INDEX tb_book_fk_shelf_idx;
-- Not yet converted.
SET pg_tviews.auto_convert = off;
CREATE TABLE tv_later AS SELECT pk_shelf AS pk_later, oracle.uuid(pk_shelf) AS id, to_jsonb(room) AS data FROM tb_shelf;
RESET pg_tviews.auto_convert;
EXECUTE findings;
DROP TABLE tv_later;
-- Files of another version than the objects.
BEGIN;
UPDATE pg_extension SET extversion = '0.0.1' WHERE extname = 'pg_tviews';
SELECT severity, object, replace(message, pg_tviews_version(), 'VERSION') AS message, remedy FROM pg_tviews_health_check() WHERE object = 'extension pg_tviews';
ROLLBACK;
-- An unfinished one, and a query that has come to fail.
ALTER TABLE tv_shelf RENAME TO "tv_shelf (building)";
EXECUTE findings;
ALTER TABLE "tv_shelf (building)" RENAME TO tv_shelf;
CREATE FUNCTION fails(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1; END $$;
SELECT pg_tviews_alter('tv_shelf', 'SELECT pk_shelf, oracle.uuid(pk_shelf) AS id, to_jsonb(health.fails(pk_shelf)) AS data FROM tb_shelf');
ALTER EVENT TRIGGER pg_tviews_on_command DISABLE;
CREATE OR REPLACE FUNCTION fails(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE 'it fails' USING DETAIL = 'As it should'; END $$;
ALTER EVENT TRIGGER pg_tviews_on_command ENABLE ALWAYS;
EXECUTE findings;
-- What stops the check is no finding, also where the failure of an expression would be one.
CREATE FUNCTION slow(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_catalog.pg_sleep(0.05); RETURN $1; END $$;
CREATE TABLE tv_slow AS
SELECT pk_book + 0 AS pk_slow, id, to_jsonb(health.slow(100 / pk_book)) AS data FROM tb_book WHERE pk_book BETWEEN 1 AND 40;
SET statement_timeout = '1s';
SELECT count(*) FROM pg_tviews_health_check() WHERE object LIKE '%tv_slow';
RESET statement_timeout;
DROP TABLE tv_slow;
SELECT * FROM pg_tviews_verify('tv_book', -1);
SELECT pg_tviews_repair('tb_book');
SELECT pg_tviews_repair(NULL) IS NULL AS is_null;

\set VERBOSITY terse
DROP SCHEMA health, health_functions CASCADE;
DROP ROLE regress_tviews_health;
