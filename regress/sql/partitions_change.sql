-- Partitions join and leave: of sources, with tables that are sources themselves, and of a TVIEW.
\set SHOW_CONTEXT never
CREATE SCHEMA partitions_change;
SET search_path = partitions_change, public;
CREATE FUNCTION modes(watched regclass) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(regexp_replace(tgname, '^pg_tviews_(capture_)?|_[0-9]+$', '', 'g') || ' ' || tgenabled::text
                      || CASE WHEN tgparentid <> 0 THEN ' copy' ELSE '' END, ', ' ORDER BY tgname)
    FROM pg_trigger WHERE tgrelid = watched AND tgname LIKE 'pg_tviews_%'
$$;

-- A table with a TVIEW of its own, and a partitioned one, join a table that has one, and leave.
CREATE TABLE tb_trip (pk_trip int, id uuid NOT NULL, year int, name text) PARTITION BY LIST (year);
CREATE INDEX ON tb_trip (pk_trip);
CREATE TABLE tb_early (pk_trip int, id uuid NOT NULL, year int, name text);
CREATE TABLE tb_late (pk_trip int, id uuid NOT NULL, year int, name text) PARTITION BY LIST (pk_trip);
CREATE INDEX ON tb_late (pk_trip);
CREATE TABLE tb_late_2 PARTITION OF tb_late FOR VALUES IN (2);
INSERT INTO tb_early VALUES (1, oracle.uuid(1), 2001, 'Oslo');
INSERT INTO tb_late VALUES (2, oracle.uuid(2), 2002, 'Rome');
SELECT 'SELECT pk_trip, id, jsonb_build_object(''name'', name) AS data FROM tb_trip' AS trip,
       'SELECT pk_trip AS pk_early, id, jsonb_build_object(''name'', name) AS data FROM tb_early' AS early,
       'SELECT pk_trip AS pk_late, id, jsonb_build_object(''name'', name) AS data FROM tb_late' AS late \gset
CREATE TABLE tv_trip AS :trip;
CREATE TABLE tv_early AS :early;
CREATE TABLE tv_late AS :late;
PREPARE checks AS SELECT oracle.check('tv_trip', :'trip') AS trip, oracle.check('tv_early', :'early') AS early, oracle.check('tv_late', :'late') AS late;
PREPARE placed AS SELECT t.name, modes(t.name::regclass) FROM unnest(ARRAY['tb_trip', 'tb_early', 'tb_late', 'tb_late_2']) AS t (name);
ALTER TABLE tb_trip ATTACH PARTITION tb_early FOR VALUES IN (2001);
ALTER TABLE tb_trip ATTACH PARTITION tb_late FOR VALUES IN (2002);
EXECUTE checks;
EXECUTE placed;
UPDATE tb_early SET name = 'Bergen';
UPDATE tb_late_2 SET name = 'Ostia';
EXECUTE checks;
SET session_replication_role = replica;
UPDATE tb_early SET name = 'Moss';
UPDATE tb_trip SET name = 'Pisa' WHERE pk_trip = 2;
RESET session_replication_role;
EXECUTE checks;
-- Off and on, from the top and below.
ALTER TABLE tb_trip DISABLE TRIGGER ALL;
EXECUTE placed;
UPDATE tb_trip SET name = name || '!';
ALTER TABLE tb_trip ENABLE TRIGGER ALL;
EXECUTE placed;
EXECUTE checks;
ALTER TABLE tb_early DISABLE TRIGGER USER;
UPDATE tb_early SET name = 'Ski';
ALTER TABLE tb_early ENABLE TRIGGER USER;
EXECUTE placed;
EXECUTE checks;
ALTER TABLE tb_trip DETACH PARTITION tb_early;
ALTER TABLE tb_trip DETACH PARTITION tb_late;
EXECUTE placed;
SET session_replication_role = replica;
UPDATE tb_early SET name = 'Narvik';
UPDATE tb_late_2 SET name = 'Bari';
RESET session_replication_role;
EXECUTE checks;
SELECT oracle.routes('tv_trip') AS trip, oracle.routes('tv_early') AS early, oracle.routes('tv_late') AS late;
-- They join one that nobody watches.
CREATE TABLE tb_journey (LIKE tb_trip) PARTITION BY LIST (year);
ALTER TABLE tb_journey ATTACH PARTITION tb_late FOR VALUES IN (2002);
ALTER TABLE tb_journey ATTACH PARTITION tb_early FOR VALUES IN (2001);
EXECUTE placed;
UPDATE tb_journey SET name = name || '?';
SET session_replication_role = replica;
UPDATE tb_journey SET name = upper(name);
RESET session_replication_role;
EXECUTE checks;
-- A table becomes a partition of the one that takes its name.
BEGIN;
ALTER TABLE tb_journey DETACH PARTITION tb_early;
ALTER TABLE tb_early RENAME TO tb_early_old;
CREATE TABLE tb_early (LIKE tb_trip) PARTITION BY LIST (year);
ALTER TABLE tb_early ATTACH PARTITION tb_early_old FOR VALUES IN (2001);
CREATE OR REPLACE VIEW v_early AS SELECT pk_trip AS pk_early, id, jsonb_build_object('name', name) AS data FROM tb_early;
COMMIT;
UPDATE tb_early_old SET name = 'Voss';
EXECUTE checks;
EXECUTE placed;

-- Partitions of a TVIEW: what they bring is compared, and nobody else may write them.
CREATE TABLE tb_stop (pk_stop int PRIMARY KEY, id uuid NOT NULL, name text);
CREATE INDEX ON tb_stop (id);
INSERT INTO tb_stop VALUES (1, oracle.uuid(1), 'Quay');
CREATE TABLE tv_stop (pk_stop int PRIMARY KEY, id uuid, data jsonb) PARTITION BY RANGE (pk_stop);
CREATE TABLE tv_stop_1 PARTITION OF tv_stop FOR VALUES FROM (0) TO (10);
SELECT 'SELECT pk_stop, id, jsonb_build_object(''name'', name) AS data FROM tb_stop' AS stop \gset
SELECT pg_tviews_convert_existing_table('tv_stop', :'stop');
CREATE TABLE tv_stop_2 (pk_stop int PRIMARY KEY, id uuid, data jsonb);
INSERT INTO tv_stop_2 VALUES (11, oracle.uuid(11), '{}');
ALTER TABLE tv_stop ATTACH PARTITION tv_stop_2 FOR VALUES FROM (10) TO (20);
CREATE TABLE tv_stop_3 PARTITION OF tv_stop FOR VALUES FROM (20) TO (30);
SELECT oracle.check('tv_stop', :'stop');
INSERT INTO tv_stop_2 VALUES (12, oracle.uuid(12), '{}');
INSERT INTO tv_stop_3 VALUES (21, oracle.uuid(21), '{}');
INSERT INTO tb_stop VALUES (12, oracle.uuid(12), 'Pier'), (21, oracle.uuid(21), 'Lock');
SELECT tableoid::regclass AS partition, data FROM tv_stop ORDER BY pk_stop;
-- To read a partition is to read the TVIEW.
BEGIN;
UPDATE tb_stop SET name = 'Dock' WHERE pk_stop = 1;
SELECT data FROM tv_stop_1;
UPDATE tb_stop SET name = 'Key' WHERE pk_stop = 1;
COPY tv_stop_1 (data) TO STDOUT;
COMMIT;
UPDATE tb_stop SET name = 'Quay' WHERE pk_stop = 1;
CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER spoil BEFORE INSERT OR UPDATE ON tv_stop_1 FOR EACH ROW EXECUTE FUNCTION spoil();
-- Rows that have no other place keep a partition.
ALTER TABLE tv_stop DETACH PARTITION tv_stop_3;
DROP TABLE tv_stop_3;
-- A crash would empty it.
CREATE UNLOGGED TABLE tv_stop_rest PARTITION OF tv_stop DEFAULT;
ALTER TABLE tv_stop_1 SET UNLOGGED;
-- Elsewhere they find one.
CREATE TABLE tv_stop_rest PARTITION OF tv_stop DEFAULT;
BEGIN;
ALTER TABLE tv_stop DETACH PARTITION tv_stop_3;
COMMIT;
SELECT modes('tv_stop_3');
UPDATE tv_stop_3 SET data = '{}';
SELECT tableoid::regclass AS partition, data FROM tv_stop ORDER BY pk_stop;
CREATE TABLE tv_port (LIKE tv_stop) PARTITION BY RANGE (pk_stop);
CREATE UNLOGGED TABLE tv_port_1 PARTITION OF tv_port DEFAULT;
SELECT pg_tviews_convert_existing_table('tv_port', :'stop');
DROP TABLE tv_port;
DROP TABLE tv_stop_2;
SELECT tableoid::regclass AS partition, data FROM tv_stop ORDER BY pk_stop;
SELECT oracle.check('tv_stop', :'stop'), oracle.routes('tv_stop');
-- A TVIEW is no part of a tree.
CREATE TABLE tv_quay AS :stop WHERE pk_stop > 100;
CREATE TABLE tb_places (LIKE tv_quay) PARTITION BY RANGE (pk_stop);
ALTER TABLE tb_places ATTACH PARTITION tv_quay FOR VALUES FROM (0) TO (200);
CREATE TABLE tv_pier PARTITION OF tb_places FOR VALUES FROM (200) TO (300);
SELECT pg_tviews_convert_existing_table('tv_pier', :'stop');
-- An ordinary table again, with partitions that can be written.
DROP VIEW v_stop;
UPDATE tv_stop_1 SET data = '{}';
