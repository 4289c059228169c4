-- A TVIEW from its creation by function to its end, and what repairs it.
\set SHOW_CONTEXT never
CREATE SCHEMA lifecycle;
SET search_path = lifecycle, public;

CREATE TABLE tb_room (pk_room int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL);
CREATE INDEX ON tb_room (id);
CREATE TABLE tb_booking (pk_booking int PRIMARY KEY, fk_room int NOT NULL, guest text NOT NULL);
CREATE INDEX ON tb_booking (fk_room);
INSERT INTO tb_room VALUES (1, oracle.uuid(1), 'Oak'), (2, oracle.uuid(2), 'Elm'), (3, oracle.uuid(3), 'Ash');
INSERT INTO tb_booking VALUES (1, 1, 'Ada'), (2, 1, 'Bob'), (3, 2, 'Cy');
SELECT $$
    SELECT r.pk_room, r.id, jsonb_build_object('name', r.name, 'guests', (
               SELECT jsonb_agg(b.guest ORDER BY b.guest) FROM tb_booking b WHERE b.fk_room = r.pk_room)) AS data
    FROM tb_room r
$$ AS room \gset

-- pg_tviews_create makes the table and converts it at once.
BEGIN;
SELECT pg_tviews_create('tv_room', :'room');
SELECT * FROM oracle.kinds('tv_room');
UPDATE tb_booking SET guest = 'Bea' WHERE pk_booking = 2;
SELECT data FROM tv_room WHERE pk_room = 1;
COMMIT;
SELECT oracle.check('tv_room', :'room'), oracle.routes('tv_room');
SELECT pg_tviews_create('lifecycle."tv_Big Room"', 'SELECT id, jsonb_build_object(''name'', name) AS data FROM tb_room WHERE pk_room = 1');
SELECT * FROM oracle.kinds('"tv_Big Room"');
-- Also with the automatic conversion off.
SET pg_tviews.auto_convert = off;
SELECT pg_tviews_create('tv_created_off', 'SELECT id, jsonb_build_object(''name'', name) AS data FROM tb_room');
RESET pg_tviews.auto_convert;
SELECT * FROM oracle.kinds('tv_created_off');

-- Nothing differs, so nothing is changed or counted.
SELECT missing, extra, different FROM pg_tviews_verify('tv_room');
SELECT oracle.mark('tv_room');
SELECT pg_tviews_refresh('tv_room');
SELECT oracle.written('tv_room');
-- Tampering, by someone who may switch triggers off: one row changed, one gone, one invented.
ALTER TABLE tv_room DISABLE TRIGGER ALL;
UPDATE tv_room SET data = data || '{"forged": true}' WHERE pk_room = 1;
DELETE FROM tv_room WHERE pk_room = 2;
INSERT INTO tv_room VALUES (9, oracle.uuid(9), '{"name": "Attic"}');
ALTER TABLE tv_room ENABLE TRIGGER ALL;
SELECT missing, extra, different FROM pg_tviews_verify('tv_room');
SELECT count(*) FROM pg_tviews_verify() WHERE missing + extra + different > 0;
SELECT pg_tviews_refresh('tv_room');
SELECT missing, extra, different FROM pg_tviews_verify('tv_room');
SELECT oracle.check('tv_room', :'room');
-- A number's scale alone is found and repaired too.
CREATE TABLE tv_scale AS SELECT id, jsonb_build_object('name', name, 'n', 1.00) AS data FROM tb_room;
ALTER TABLE tv_scale DISABLE TRIGGER ALL;
UPDATE tv_scale SET data = jsonb_set(data, '{n}', '1.0') WHERE id = oracle.uuid(3);
ALTER TABLE tv_scale ENABLE TRIGGER ALL;
SELECT missing, extra, different FROM pg_tviews_verify('tv_scale');
SELECT pg_tviews_refresh('tv_scale');
SELECT oracle.check('tv_scale', 'SELECT id, jsonb_build_object(''name'', name, ''n'', 1.00) FROM tb_room');
-- A source written while all its triggers were off: its TVIEWs are compared when they come back.
ALTER TABLE tb_room DISABLE TRIGGER ALL;
UPDATE tb_room SET name = 'Yew' WHERE pk_room = 3;
ALTER TABLE tb_room ENABLE TRIGGER ALL;
SELECT missing, extra, different FROM pg_tviews_verify('tv_room');
-- The same where one was off by its name.
ALTER TABLE tb_room DISABLE TRIGGER pg_tviews_capture_update;
UPDATE tb_room SET name = 'Elm' WHERE pk_room = 3;
ALTER TABLE tb_room ENABLE TRIGGER pg_tviews_capture_update;
SELECT missing, extra, different FROM pg_tviews_verify('tv_room');
-- A TVIEW written while its guard was off is not looked at: verify finds it.
ALTER TABLE tv_room DISABLE TRIGGER ALL;
UPDATE tv_room SET data = '{}' WHERE data->>'name' = 'Elm';
ALTER TABLE tv_room ENABLE TRIGGER ALL;
SELECT missing, extra, different FROM pg_tviews_verify('tv_room');
-- A refresh in a transaction that is rolled back changes nothing.
BEGIN;
SELECT pg_tviews_refresh('tv_room');
ROLLBACK;
SELECT missing, extra, different FROM pg_tviews_verify('tv_room');
SELECT pg_tviews_refresh('tv_room'), pg_tviews_refresh('tv_scale');
SELECT pg_tviews_refresh('tv_created_off'), pg_tviews_refresh('"tv_Big Room"');
SELECT oracle.check('tv_room', :'room');
-- Verify sees what the transaction wrote, without needing a commit.
BEGIN;
INSERT INTO tb_booking VALUES (4, 3, 'Dee');
SELECT missing, extra, different FROM pg_tviews_verify('tv_room');
COMMIT;
-- Flush on demand; a second one finds nothing to do.
BEGIN;
DELETE FROM tb_booking WHERE pk_booking = 1;
SELECT pg_tviews_flush();
SELECT pg_tviews_flush();
COMMIT;
SELECT pg_tviews_flush();
SELECT oracle.check('tv_room', :'room');

-- The table keeps what the user does to it: indexes, VACUUM, CLUSTER, statistics, a comment.
CREATE INDEX tv_room_data ON tv_room USING gin (data);
VACUUM (FULL, ANALYZE) tv_room;
CLUSTER tv_room USING tv_room_pkey;
REINDEX TABLE tv_room;
COMMENT ON TABLE tv_room IS 'rooms and their guests';
UPDATE tb_room SET name = 'Oakwood' WHERE pk_room = 1;
SELECT oracle.check('tv_room', :'room');

-- pg_tviews_drop removes table and view, and the triggers that nothing else needs.
CREATE TABLE tv_short AS SELECT b.pk_booking AS pk_short, oracle.uuid(b.pk_booking) AS id, jsonb_build_object('name', b.guest) AS data FROM tb_booking b;
SELECT to_regclass('v_short') IS NOT NULL AS has_view;
SELECT pg_tviews_drop('tv_short');
SELECT to_regclass('tv_short'), to_regclass('v_short');
SELECT pg_tviews_drop('tv_short', if_exists => true);
INSERT INTO tb_booking VALUES (5, 2, 'Eve');
SELECT oracle.check('tv_room', :'room');
-- DROP TABLE does the same, in a transaction that wrote before it, and rolled back not.
CREATE TABLE tv_short AS SELECT b.pk_booking AS pk_short, oracle.uuid(b.pk_booking) AS id, jsonb_build_object('name', b.guest) AS data FROM tb_booking b;
BEGIN;
INSERT INTO tb_booking VALUES (6, 2, 'Fay');
DROP TABLE tv_short;
ROLLBACK;
INSERT INTO tb_booking VALUES (6, 2, 'Fay');
SELECT count(*) FROM tv_short;
BEGIN;
INSERT INTO tb_booking VALUES (7, 2, 'Gus');
DROP TABLE tv_short;
COMMIT;
SELECT * FROM oracle.kinds('tv_short', 'tv_room');
SELECT to_regclass('v_short');
SELECT count(*) FROM pg_tviews_metadata WHERE schema_name = 'lifecycle' AND entity = 'short';
SELECT oracle.check('tv_room', :'room');
-- Made again under the same name, with another definition; cached plans notice.
CREATE TABLE tv_short AS SELECT r.id, jsonb_build_object('name', upper(r.name)) AS data FROM tb_room r;
PREPARE short AS SELECT data FROM tv_short ORDER BY id LIMIT 1;
EXECUTE short;
DROP TABLE tv_short;
CREATE TABLE tv_short AS SELECT r.id, jsonb_build_object('name', lower(r.name)) AS data FROM tb_room r;
UPDATE tb_room SET name = 'OAK' WHERE pk_room = 1;
EXECUTE short;
SELECT oracle.check('tv_short', 'SELECT id, jsonb_build_object(''name'', lower(name)) FROM tb_room'), oracle.routes('tv_short');
-- No trigger of ours is left on a table that no TVIEW reads any more.
CREATE TABLE tb_lonely (id uuid, name text);
CREATE INDEX ON tb_lonely (id);
CREATE TABLE tv_lonely AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_lonely;
SELECT count(*) > 0 AS triggers FROM pg_trigger WHERE tgrelid = 'tb_lonely'::regclass;
DROP TABLE tv_lonely;
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'tb_lonely'::regclass;
INSERT INTO tb_lonely VALUES (oracle.uuid(1), 'free');
-- A source cannot go while a TVIEW reads it; CASCADE takes the view and with it the upkeep.
SELECT split_part(oracle.sqlstate('DROP TABLE tb_booking'), ':', 1) AS refused;
SELECT split_part(oracle.sqlstate('ALTER TABLE tb_booking DROP COLUMN guest'), ':', 1) AS refused;
CREATE TABLE tb_doomed (id uuid, name text);
CREATE INDEX ON tb_doomed (id);
CREATE TABLE tv_doomed AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_doomed;
DROP TABLE tb_doomed CASCADE;
SELECT * FROM oracle.kinds('tv_doomed');
-- The user's own view stays when the TVIEW that used it is dropped.
CREATE VIEW v_kept AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_room;
CREATE TABLE tv_kept AS SELECT id, data FROM v_kept;
SELECT pg_tviews_drop('tv_kept');
SELECT to_regclass('tv_kept'), to_regclass('v_kept');
-- A whole schema goes.
CREATE SCHEMA lifecycle_part;
CREATE TABLE lifecycle_part.tb_x (id uuid, name text);
CREATE INDEX ON lifecycle_part.tb_x (id);
CREATE TABLE lifecycle_part.tv_x AS SELECT id, jsonb_build_object('name', name) AS data FROM lifecycle_part.tb_x;
CREATE TABLE lifecycle_part.tv_room AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_room;
SET client_min_messages = warning;
DROP SCHEMA lifecycle_part CASCADE;
RESET client_min_messages;
SELECT count(*) FROM pg_tviews_metadata WHERE schema_name = 'lifecycle_part';
UPDATE tb_room SET name = 'Oak' WHERE pk_room = 1;
SELECT oracle.check('tv_room', :'room'), oracle.routes('tv_room');
