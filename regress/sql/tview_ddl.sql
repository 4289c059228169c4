-- Each DDL on a TVIEW: it keeps what the user does to it, or refuses what it could not be maintained with.
\set SHOW_CONTEXT never
CREATE SCHEMA tview_ddl;
SET search_path = tview_ddl, public;

CREATE TABLE tb_band (pk_band int PRIMARY KEY, name text NOT NULL);
CREATE TABLE tb_song (pk_song int PRIMARY KEY, id uuid NOT NULL, fk_band int NOT NULL REFERENCES tb_band ON DELETE CASCADE, title text, plays int NOT NULL DEFAULT 0);
CREATE INDEX ON tb_song (fk_band);
INSERT INTO tb_band VALUES (1, 'Blue'), (2, 'Red');
INSERT INTO tb_song VALUES (1, oracle.uuid(1), 1, 'Dawn', 1), (2, oracle.uuid(2), 2, 'Dusk', 2);
SELECT 'SELECT s.pk_song, s.id, s.fk_band, s.plays, jsonb_build_object(''name'', s.title, ''band'', b.name) AS data
        FROM tb_song s JOIN tb_band b ON b.pk_band = s.fk_band' AS song \gset
CREATE TABLE tv_song AS :song;
PREPARE "check" AS SELECT oracle.check('tv_song', 'TABLE v_song');
SELECT oracle.routes('tv_song');

-- Storage, statistics and indexes of all kinds.
CREATE INDEX tv_song_name ON tv_song ((data->>'name'));
CREATE INDEX CONCURRENTLY tv_song_data ON tv_song USING gin (data jsonb_path_ops);
CREATE UNIQUE INDEX CONCURRENTLY tv_song_id ON tv_song (id);
CREATE INDEX tv_song_played ON tv_song (plays) WHERE plays > 0;
REINDEX TABLE CONCURRENTLY tv_song;
REINDEX INDEX CONCURRENTLY tv_song_pkey;
CLUSTER tv_song USING tv_song_name;
VACUUM (FULL, ANALYZE) tv_song;
ALTER TABLE tv_song SET WITHOUT CLUSTER, SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01), SET TABLESPACE pg_default;
ALTER TABLE tv_song ALTER data SET STATISTICS 500, ALTER data SET STORAGE EXTERNAL, ALTER data SET COMPRESSION pglz,
    ALTER plays SET DEFAULT 4, ALTER plays SET NOT NULL, ALTER plays DROP NOT NULL;
CREATE STATISTICS tv_song_statistics ON plays, pk_song FROM tv_song;
ANALYZE tv_song;
ALTER INDEX tv_song_pkey RENAME TO tv_song_key;
ALTER TABLE tv_song RENAME CONSTRAINT tv_song_key TO tv_song_pkey;
COMMENT ON TABLE tv_song IS 'songs';
COMMENT ON COLUMN tv_song.data IS 'the document';
UPDATE tb_band SET name = 'Azure' WHERE pk_band = 1;
INSERT INTO tb_song VALUES (3, oracle.uuid(3), 1, 'Noon');
EXECUTE "check";
DROP INDEX CONCURRENTLY tv_song_data;
DROP INDEX tv_song_pkey;
-- The key, replaced in one command: by the same columns, with an index made before, with columns that it includes, deferrable.
CREATE UNIQUE INDEX tv_song_new ON tv_song (pk_song);
ALTER TABLE tv_song DROP CONSTRAINT tv_song_pkey, ADD CONSTRAINT tv_song_new PRIMARY KEY USING INDEX tv_song_new;
ALTER TABLE tv_song DROP CONSTRAINT tv_song_new, ADD CONSTRAINT tv_song_pkey PRIMARY KEY (pk_song) INCLUDE (plays);
SELECT key_columns, pg_tviews_explain_json('tv_song')->'key_columns' FROM pg_tviews_metadata WHERE entity = 'song' AND schema_name = 'tview_ddl';
UPDATE tb_song SET plays = 7;
EXECUTE "check";
ALTER TABLE tv_song DROP CONSTRAINT tv_song_pkey, ADD PRIMARY KEY (pk_song) DEFERRABLE INITIALLY DEFERRED;
BEGIN;
UPDATE tb_song SET pk_song = 10 WHERE pk_song = 1;
UPDATE tb_song SET pk_song = 1 WHERE pk_song = 2;
COMMIT;
EXECUTE "check";
ALTER TABLE tv_song DROP CONSTRAINT tv_song_pkey, ADD PRIMARY KEY (pk_song);

-- Columns of the user's own: their defaults, and their values, which refreshes keep.
ALTER TABLE tv_song ADD COLUMN note text DEFAULT 'none', ADD COLUMN stars int NOT NULL DEFAULT 5,
    ADD COLUMN name text GENERATED ALWAYS AS (data->>'name') STORED, ADD COLUMN number int GENERATED ALWAYS AS IDENTITY;
ALTER TABLE tv_song DISABLE TRIGGER pg_tviews_guard;
UPDATE tv_song SET note = 'mine' WHERE pk_song = 1;
ALTER TABLE tv_song ENABLE TRIGGER pg_tviews_guard;
UPDATE tb_song SET title = 'Eve', id = oracle.uuid(22) WHERE pk_song = 1;
UPDATE tb_song SET pk_song = 2 WHERE pk_song = 10;
SELECT pk_song, note, stars, name FROM tv_song ORDER BY pk_song;
ALTER TABLE tv_song ALTER note DROP DEFAULT, ALTER note SET NOT NULL;
INSERT INTO tb_song VALUES (4, oracle.uuid(4), 1, 'Night');
ALTER TABLE tv_song ALTER note SET DEFAULT 'new';
INSERT INTO tb_song VALUES (4, oracle.uuid(4), 1, 'Night');
-- Domains have defaults of their own, and may refuse NULL.
CREATE DOMAIN rating AS int DEFAULT 3;
CREATE DOMAIN shelf AS text NOT NULL DEFAULT 'A';
CREATE DOMAIN label AS text CHECK (VALUE IS NOT NULL);
ALTER TABLE tv_song ADD COLUMN rating rating, ADD COLUMN shelf shelf;
INSERT INTO tb_song VALUES (5, oracle.uuid(5), 1, 'Rain');
INSERT INTO tb_song VALUES (6, oracle.uuid(6), 1, 'Snow'), (7, oracle.uuid(7), 1, 'Hail');
SELECT pk_song, rating, shelf FROM tv_song ORDER BY pk_song;
ALTER TABLE tv_song ADD COLUMN label label DEFAULT 'none';
ALTER TABLE tv_song ALTER label DROP DEFAULT;
INSERT INTO tb_song VALUES (8, oracle.uuid(8), 1, 'Wind');
UPDATE tb_song SET title = title || '!' WHERE pk_song > 4;
SELECT * FROM pg_tviews_verify('tv_song');
ALTER TABLE tv_song DROP COLUMN rating, DROP COLUMN shelf, DROP COLUMN label;
DELETE FROM tb_song WHERE pk_song > 4;
-- They are no part of a key.
ALTER TABLE tv_song DROP CONSTRAINT tv_song_pkey, ADD PRIMARY KEY (pk_song, stars);
BEGIN;
CREATE TABLE tv_keyed AS :song;
ALTER TABLE tv_keyed ADD COLUMN stars int DEFAULT 5, ADD PRIMARY KEY (pk_song, stars);
COMMIT;
ALTER TABLE tv_song ALTER stars TYPE bigint;
ALTER TABLE tv_song RENAME stars TO points;
ALTER TABLE tv_song DROP COLUMN note, DROP COLUMN points, DROP COLUMN name, DROP COLUMN number;
EXECUTE "check";

-- Columns of the query keep name and type. Other values that a type brings along are put right.
SELECT oracle.sqlstate('ALTER TABLE tv_song RENAME plays TO played');
SELECT oracle.sqlstate('ALTER TABLE tv_song DROP COLUMN plays');
SELECT oracle.sqlstate('ALTER TABLE tv_song ALTER plays TYPE bigint');
SELECT oracle.mark('tv_song');
ALTER TABLE tv_song ALTER plays TYPE int;
SELECT oracle.written('tv_song');
CREATE TABLE tv_loud AS SELECT pk_song AS pk_loud, id, data FROM tv_song;
ALTER TABLE tv_song ALTER plays TYPE int USING plays + 100;
SELECT plays FROM tv_song ORDER BY pk_song;
ALTER TABLE tv_loud ALTER data TYPE jsonb USING '{}';
EXECUTE "check";
BEGIN;
ALTER TABLE tv_song DROP COLUMN plays, ADD COLUMN plays int;
SELECT plays FROM tv_song ORDER BY pk_song;
ROLLBACK;
SELECT oracle.check('tv_loud', 'SELECT pk_song, id, data FROM tv_song'), oracle.routes('tv_loud');
BEGIN;
ALTER TABLE tv_loud ALTER data TYPE jsonb USING '{}';
SELECT count(*) FILTER (WHERE data = '{}') FROM tv_loud;
ROLLBACK;
DROP TABLE tv_loud;

-- Where the backing view is the user's own, a further column is one of the view, which gets it first.
CREATE VIEW v_own AS SELECT pk_song AS pk_own, id, to_jsonb(title) AS data FROM tb_song;
CREATE TABLE tv_own AS SELECT pk_own, id, data FROM v_own;
ALTER TABLE tv_own ADD COLUMN plays int;
CREATE OR REPLACE VIEW v_own AS SELECT pk_song AS pk_own, id, to_jsonb(title) AS data, plays FROM tb_song;
ALTER TABLE tv_own ADD COLUMN plays int;
SELECT oracle.check('tv_own', 'TABLE v_own'), oracle.routes('tv_own');
ALTER TABLE tv_own DROP COLUMN plays;
ALTER TABLE tv_own ADD COLUMN played int;
DROP TABLE tv_own;
DROP VIEW v_own;

-- Other names, also one that is not tv_...; other schemas.
CREATE SCHEMA tview_ddl_other;
ALTER TABLE tv_song RENAME TO tv_track;
UPDATE tb_song SET title = 'First' WHERE pk_song = 1;
SELECT oracle.check('tv_track', 'TABLE v_song');
ALTER TABLE tv_track RENAME TO track;
UPDATE tb_song SET title = 'Second' WHERE pk_song = 1;
SELECT oracle.check('track', 'TABLE v_song'), pg_tviews_refresh('track');
SELECT table_name, entity, backing_view FROM pg_tviews_metadata WHERE schema_name = 'tview_ddl';
ALTER TABLE track SET SCHEMA tview_ddl_other;
ALTER VIEW v_song SET SCHEMA tview_ddl_other;
ALTER SCHEMA tview_ddl_other RENAME TO tview_ddl_moved;
UPDATE tb_song SET title = 'Third' WHERE pk_song = 1;
SELECT oracle.check('tview_ddl_moved.track', 'TABLE tview_ddl_moved.v_song'), oracle.routes('tview_ddl_moved.track');
ALTER TABLE tview_ddl_moved.track SET SCHEMA tview_ddl;
ALTER VIEW tview_ddl_moved.v_song SET SCHEMA tview_ddl;
ALTER TABLE track RENAME TO tv_song;
-- A name swapped with another TVIEW's.
CREATE TABLE tv_other AS SELECT pk_song AS pk_other, id, to_jsonb(title) AS data FROM tb_song;
BEGIN;
ALTER TABLE tv_other RENAME TO tv_swap;
ALTER TABLE tv_song RENAME TO tv_other;
ALTER TABLE tv_swap RENAME TO tv_song;
UPDATE tb_song SET title = 'Fourth' WHERE pk_song = 1;
COMMIT;
SELECT oracle.check('tv_other', 'TABLE v_song'), oracle.check('tv_song', 'TABLE v_other');
BEGIN;
ALTER TABLE tv_song RENAME TO tv_swap;
ALTER TABLE tv_other RENAME TO tv_song;
ALTER TABLE tv_swap RENAME TO tv_other;
COMMIT;
DROP TABLE tv_other;

-- Owners: one without rights on the sources is refused, with the way out.
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_tview_ddl;
RESET client_min_messages;
CREATE ROLE regress_tview_ddl;
GRANT CREATE ON SCHEMA tview_ddl TO regress_tview_ddl;
ALTER TABLE tv_song OWNER TO regress_tview_ddl;
GRANT SELECT, TRIGGER ON tb_song, tb_band TO regress_tview_ddl;
\set VERBOSITY sqlstate
ALTER TABLE tv_song OWNER TO regress_tview_ddl;
\set VERBOSITY default
GRANT USAGE ON SCHEMA tview_ddl TO regress_tview_ddl;
ALTER TABLE tv_song OWNER TO regress_tview_ddl;
SELECT relname, pg_get_userbyid(relowner) FROM pg_class WHERE oid IN ('tv_song'::regclass, 'v_song'::regclass) ORDER BY relname;
UPDATE tb_song SET title = 'Owned' WHERE pk_song = 1;
EXECUTE "check";
GRANT SELECT ON tv_song TO PUBLIC;
REVOKE ALL ON tv_song FROM PUBLIC;
-- Row security is for readers.
ALTER TABLE tv_song ENABLE ROW LEVEL SECURITY;
CREATE POLICY played ON tv_song USING (plays > 0) WITH CHECK (plays > 5);
INSERT INTO tb_song VALUES (5, oracle.uuid(5), 2, 'Rain', 0);
UPDATE tb_song SET plays = 0 WHERE pk_song = 1;
EXECUTE "check";
DROP POLICY played ON tv_song;
ALTER TABLE tv_song DISABLE ROW LEVEL SECURITY;
ALTER TABLE tv_song OWNER TO CURRENT_USER;
DROP OWNED BY regress_tview_ddl;
DROP ROLE regress_tview_ddl;

-- Foreign keys to it: a document that is replaced stays the same row, one that goes takes along what refers to it.
CREATE TABLE fan (pk_song int REFERENCES tv_song ON DELETE CASCADE);
CREATE TABLE review (pk_song int REFERENCES tv_song ON DELETE SET NULL);
CREATE TABLE prize (pk_song int REFERENCES tv_song ON DELETE RESTRICT);
CREATE TABLE chart (pk_song int REFERENCES tv_song DEFERRABLE INITIALLY DEFERRED);
INSERT INTO fan VALUES (1), (5);
INSERT INTO review VALUES (1), (5);
INSERT INTO prize VALUES (3);
INSERT INTO chart VALUES (4);
UPDATE tb_song SET title = 'Replaced', id = oracle.uuid(100 + pk_song), plays = plays + 1;
SELECT pg_tviews_refresh('tv_song');
TABLE fan;
TABLE review;
DELETE FROM tb_song WHERE pk_song = 5;
TABLE fan;
TABLE review;
-- PostgreSQL 18 has another SQLSTATE and message for RESTRICT.
CREATE FUNCTION kept(command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE command;
    PERFORM pg_tviews_flush();
    RETURN 'gone';
EXCEPTION WHEN foreign_key_violation OR restrict_violation THEN
    RETURN 'kept';
END
$$;
SELECT kept('DELETE FROM tb_song WHERE pk_song = 3');
DELETE FROM tb_song WHERE pk_song = 4;
BEGIN;
DELETE FROM tb_song WHERE pk_song = 4;
DELETE FROM chart;
INSERT INTO tb_song VALUES (6, oracle.uuid(6), 1, 'Snow');
INSERT INTO chart VALUES (6);
COMMIT;
SELECT kept('TRUNCATE tb_song');
DELETE FROM prize;
DELETE FROM chart;
TRUNCATE tb_song;
SELECT count(*) FROM fan;
EXECUTE "check";
DROP TABLE fan, review, prize, chart;
INSERT INTO tb_song VALUES (1, oracle.uuid(1), 1, 'Dawn', 1), (2, oracle.uuid(2), 2, 'Dusk', 2), (3, oracle.uuid(3), 2, 'Noon', 3);
-- From it: it is checked before the TVIEW follows, unless it is deferred; its actions would write the TVIEW.
ALTER TABLE tv_song ADD CONSTRAINT of_band FOREIGN KEY (fk_band) REFERENCES tb_band;
INSERT INTO tb_band VALUES (3, 'Green');
UPDATE tb_song SET fk_band = 3 WHERE pk_song = 3;
DELETE FROM tb_band WHERE pk_band = 3;
ALTER TABLE tv_song ALTER CONSTRAINT of_band DEFERRABLE INITIALLY DEFERRED;
DELETE FROM tb_band WHERE pk_band = 3;
EXECUTE "check";
ALTER TABLE tv_song DROP CONSTRAINT of_band, ADD CONSTRAINT of_band FOREIGN KEY (fk_band) REFERENCES tb_band ON DELETE CASCADE;
DELETE FROM tb_band WHERE pk_band = 2;
ALTER TABLE tv_song DROP CONSTRAINT of_band;
-- CHECK and EXCLUDE hold for writers of the sources.
ALTER TABLE tv_song ADD CONSTRAINT few CHECK (plays < 10), ADD CONSTRAINT apart EXCLUDE USING btree (plays WITH =);
UPDATE tb_song SET plays = 10 WHERE pk_song = 1;
UPDATE tb_song SET plays = 1;
BEGIN;
UPDATE tb_song SET plays = 3 - plays;
COMMIT;
SELECT plays FROM tv_song ORDER BY pk_song;
ALTER TABLE tv_song ADD CONSTRAINT many CHECK (plays > 100);
ALTER TABLE tv_song DROP CONSTRAINT few, DROP CONSTRAINT apart;
EXECUTE "check";

-- Triggers of the user's: AFTER, and BEFORE a statement; those deferred run at COMMIT.
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE '% % % %', TG_NAME, TG_WHEN, TG_LEVEL, TG_OP;
    RETURN NULL;
END
$$;
CREATE TRIGGER each_row AFTER INSERT OR UPDATE OR DELETE ON tv_song FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER before_statement BEFORE UPDATE ON tv_song FOR EACH STATEMENT EXECUTE FUNCTION tell();
CREATE TRIGGER after_statement AFTER UPDATE ON tv_song REFERENCING OLD TABLE AS was NEW TABLE AS has_become FOR EACH STATEMENT EXECUTE FUNCTION tell();
CREATE CONSTRAINT TRIGGER deferred AFTER UPDATE ON tv_song INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER instead INSTEAD OF UPDATE ON tv_song FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TRIGGER before_row BEFORE UPDATE ON tv_song FOR EACH ROW EXECUTE FUNCTION tell();
UPDATE tb_song SET title = 'Told' WHERE pk_song = 1;
DELETE FROM tb_song WHERE pk_song = 1;
INSERT INTO tb_song VALUES (1, oracle.uuid(1), 1, 'Dawn', 1);
ALTER TABLE tv_song DISABLE TRIGGER USER;
UPDATE tb_song SET title = 'Untold' WHERE pk_song = 1;
ALTER TABLE tv_song ENABLE TRIGGER USER;
EXECUTE "check";
SELECT tgenabled FROM pg_trigger WHERE tgrelid = 'tv_song'::regclass AND tgname = 'pg_tviews_guard';
DROP FUNCTION tell() CASCADE;
-- What users write is refused, by every command, and nothing of it stays.
SELECT DISTINCT oracle.sqlstate(command) FROM unnest(ARRAY[
    'INSERT INTO tv_song VALUES (9, oracle.uuid(9), 1, 1, ''{}'')', 'INSERT INTO tv_song SELECT * FROM tv_song ON CONFLICT DO NOTHING',
    'UPDATE tv_song SET plays = 0', 'UPDATE tv_song SET plays = 0 WHERE false', 'DELETE FROM tv_song', 'TRUNCATE tv_song', 'TRUNCATE tb_song, tv_song',
    'MERGE INTO tv_song t USING tb_song s ON s.pk_song = t.pk_song WHEN MATCHED THEN DELETE',
    'WITH gone AS (DELETE FROM tv_song RETURNING *) SELECT count(*) FROM gone']) AS command;
COPY tv_song FROM stdin;
\.
EXECUTE "check";
-- A table like it is an ordinary one.
CREATE TABLE tv_copy (LIKE tv_song INCLUDING ALL);
INSERT INTO tv_copy SELECT * FROM tv_song;
SELECT * FROM oracle.kinds('tv_copy');
DROP TABLE tv_copy;
-- Inheritance, types and other kinds of storage.
ALTER TABLE tv_song SET UNLOGGED;
CREATE TABLE tb_child () INHERITS (tv_song);
CREATE TYPE song AS (pk_song int, id uuid, fk_band int, plays int, data jsonb);
ALTER TABLE tv_song OF song;
UPDATE tb_song SET title = 'Typed' WHERE pk_song = 1;
ALTER TABLE tv_song NOT OF;
EXECUTE "check";
-- Publications and replica identity.
ALTER TABLE tv_song REPLICA IDENTITY FULL;
ALTER TABLE tv_song REPLICA IDENTITY USING INDEX tv_song_pkey;
-- Whether wal_level lets it publish or not.
SET client_min_messages = error;
CREATE PUBLICATION regress_tview_ddl FOR TABLE tv_song;
RESET client_min_messages;
UPDATE tb_song SET title = 'Published' WHERE pk_song = 1;
EXECUTE "check";
DROP PUBLICATION regress_tview_ddl;

-- Partitioned: the guard stays on every partition, and a partition leaves as its rows find another.
CREATE TABLE tv_part (pk_part int PRIMARY KEY, id uuid, data jsonb) PARTITION BY RANGE (pk_part);
CREATE TABLE tv_part_1 PARTITION OF tv_part FOR VALUES FROM (0) TO (10);
SELECT pg_tviews_convert_existing_table('tv_part', 'SELECT pk_song AS pk_part, id, to_jsonb(title) AS data FROM tb_song');
DROP TRIGGER pg_tviews_guard ON tv_part_1;
TRUNCATE tv_part_1;
ALTER TABLE tv_part ALTER data TYPE jsonb USING '{}';
SELECT oracle.check('tv_part', 'SELECT pk_song, id, to_jsonb(title) FROM tb_song'), oracle.routes('tv_part');
-- In two transactions the second fails where the rows have no place; one transaction gives them one.
ALTER TABLE tv_part DETACH PARTITION tv_part_1 CONCURRENTLY;
BEGIN;
ALTER TABLE tv_part DETACH PARTITION tv_part_1 FINALIZE;
CREATE TABLE tv_part_2 PARTITION OF tv_part FOR VALUES FROM (0) TO (10);
COMMIT;
SELECT tableoid::regclass, count(*) FROM tv_part GROUP BY 1;
SELECT oracle.check('tv_part', 'SELECT pk_song, id, to_jsonb(title) FROM tb_song');
UPDATE tv_part_1 SET data = '{}';
