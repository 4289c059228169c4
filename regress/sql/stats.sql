-- pg_tviews_stats: what is counted of a known sequence of writes, to the row; who may read errors; what a writer sees
-- of the triggers.
\set SHOW_CONTEXT never
CREATE SCHEMA stats;
SET search_path = stats, public;

CREATE TABLE tb_author (pk_author int PRIMARY KEY, name text NOT NULL, note text);
CREATE TABLE tb_book (pk_book int PRIMARY KEY, id uuid NOT NULL, fk_author int NOT NULL, title text NOT NULL);
CREATE INDEX ON tb_book (fk_author);
INSERT INTO tb_author VALUES (1, 'Ada'), (2, 'Bob'), (3, 'Eve');
INSERT INTO tb_book SELECT n, oracle.uuid(n), 1 + n / 4, 'book ' || n FROM generate_series(1, 5) n;
SELECT $$
    SELECT b.pk_book, b.id, jsonb_build_object('name', b.title, 'author', lower(a.name)) AS data
    FROM tb_book b JOIN tb_author a ON a.pk_author = b.fk_author
$$ AS book \gset
CREATE TABLE tv_book AS :book;
-- What has been counted since the last look.
CREATE TABLE looked AS SELECT * FROM pg_tviews_stats;
CREATE FUNCTION look() RETURNS TABLE (tview regclass, flushes bigint, keys bigint, inserted bigint, updated bigint, deleted bigint,
                                      unchanged bigint, whole bigint, waits bigint, errors bigint)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
        SELECT s.tview, s.flushes - l.flushes, s.keys_resolved - l.keys_resolved, s.rows_inserted - l.rows_inserted,
               s.rows_updated - l.rows_updated, s.rows_deleted - l.rows_deleted, s.rows_unchanged - l.rows_unchanged,
               s.full_comparisons - l.full_comparisons, s.lock_waits - l.lock_waits, s.errors - l.errors
        FROM pg_tviews_stats s JOIN looked l USING (tview)
        WHERE s IS DISTINCT FROM l ORDER BY s.tview::text COLLATE "C";
    DELETE FROM looked;
    INSERT INTO looked SELECT * FROM pg_tviews_stats;
END
$$;
-- What CREATE TABLE AS fills was not refreshed.
SELECT * FROM pg_tviews_stats WHERE tview = 'tv_book'::regclass;

UPDATE tb_book SET title = 'first' WHERE pk_book = 1;
SELECT * FROM look();
UPDATE tb_author SET name = 'Ada L.' WHERE pk_author = 1;
SELECT * FROM look();
-- Compared and found equal; a column that is not shown; nothing at all.
UPDATE tb_author SET name = upper(name) WHERE pk_author = 1;
SELECT * FROM look();
UPDATE tb_author SET note = 'x';
UPDATE tb_book SET title = 'none' WHERE false;
SELECT * FROM look();
INSERT INTO tb_book VALUES (6, oracle.uuid(6), 3, 'sixth'), (7, oracle.uuid(7), 9, 'without an author');
SELECT * FROM look();
DELETE FROM tb_book WHERE pk_book IN (5, 6);
SELECT * FROM look();
-- Many writes of a transaction are one flush; one before a read is another.
BEGIN;
UPDATE tb_book SET title = 'second' WHERE pk_book = 2;
UPDATE tb_book SET title = 'third' WHERE pk_book = 3;
COMMIT;
SELECT * FROM look();
BEGIN;
UPDATE tb_book SET title = 'two' WHERE pk_book = 2;
SELECT data->>'name' AS name FROM tv_book WHERE pk_book = 2;
UPDATE tb_book SET title = 'three' WHERE pk_book = 3;
COMMIT;
SELECT * FROM look();
-- More values than are locked one by one: the rows that are patched count as keys.
SET pg_tviews.lock_limit = 1;
UPDATE tb_author SET name = name || '.';
SELECT * FROM look();
RESET pg_tviews.lock_limit;
-- Work that is rolled back was work, what no flush came to was none.
BEGIN;
UPDATE tb_book SET title = 'undone' WHERE pk_book = 1;
ROLLBACK;
SELECT * FROM look();
BEGIN;
UPDATE tb_book SET title = 'undone' WHERE pk_book = 1;
SELECT pg_tviews_flush();
ROLLBACK;
SELECT * FROM look();
BEGIN;
SAVEPOINT a;
DELETE FROM tb_book WHERE pk_book = 1;
SELECT pg_tviews_flush();
ROLLBACK TO a;
COMMIT;
SELECT * FROM look();
-- Comparisons as a whole: one that was asked for and no flush, one of a flush, one of a conversion.
SELECT pg_tviews_refresh('tv_book');
SELECT * FROM look();
BEGIN;
TRUNCATE tb_book;
INSERT INTO tb_book SELECT n, oracle.uuid(n), 1, 'book ' || n FROM generate_series(1, 3) n;
COMMIT;
SELECT * FROM look();
SELECT pg_tviews_create('tv_author', 'SELECT pk_author, oracle.uuid(pk_author) AS id, jsonb_build_object(''name'', name) AS data FROM tb_author');
SELECT tview, flushes, full_comparisons, rows_inserted FROM pg_tviews_stats WHERE tview = 'tv_author'::regclass;
SELECT pg_tviews_drop('tv_author');
SELECT * FROM look();
-- A TVIEW above another one has counters of its own.
CREATE TABLE tv_shelf AS SELECT fk_author AS pk_shelf, oracle.uuid(fk_author) AS id, jsonb_build_object('books', count(*)) AS data
FROM tv_book JOIN tb_book USING (pk_book, id) GROUP BY fk_author;
SELECT * FROM look();
UPDATE tb_book SET title = 'book' WHERE pk_book = 1;
SELECT * FROM look();
DELETE FROM tb_book WHERE pk_book = 3;
SELECT * FROM look();
-- More than a thousand keys are compared as a whole where they are more than half, unless their rows are gone.
CREATE TABLE tb_page AS SELECT n AS pk_page, oracle.uuid(n) AS id, 1 AS leaves FROM generate_series(1, 3000) AS n;
ALTER TABLE tb_page ADD PRIMARY KEY (pk_page);
CREATE TABLE tv_page AS SELECT pk_page, id, jsonb_build_object('leaves', leaves) AS data FROM tb_page WHERE leaves > 0;
VACUUM ANALYZE tv_page;
SELECT * FROM look();
UPDATE tb_page SET leaves = 2 WHERE pk_page <= 1400;
SELECT * FROM look();
VACUUM ANALYZE tv_page;
UPDATE tb_page SET leaves = 3 WHERE pk_page <= 1600;
SELECT * FROM look();
DELETE FROM tb_page WHERE pk_page > 500;
SELECT * FROM look();
SELECT * FROM pg_tviews_verify('tv_page');
DROP TABLE tv_page;
DROP TABLE tb_page;
-- Each step takes its time; nobody has waited.
SELECT tview, resolve_ms > 0 AS resolve, compare_ms > 0 AS compare, write_ms > 0 AS write, lock_wait_ms FROM pg_tviews_stats
WHERE tview IN ('tv_book'::regclass, 'tv_shelf'::regclass) ORDER BY 1;
DROP TABLE tv_shelf;

-- A creation compares nothing where its transaction has only put indexes and constraints on the table, and all where it may have
-- written since, however that came about.
CREATE VIEW compared AS SELECT c.relname, s.full_comparisons FROM pg_tviews_stats s JOIN pg_class c ON c.oid = s.tview WHERE c.relname LIKE 'tv\_made%' ORDER BY 1;
BEGIN;
CREATE TABLE tv_made AS SELECT pk_author AS pk_made, oracle.uuid(pk_author) AS id, to_jsonb(name) AS data FROM tb_author;
ALTER TABLE tv_made ADD PRIMARY KEY (pk_made), ADD CHECK (data IS NOT NULL), ALTER id SET NOT NULL;
ALTER TABLE tv_made SET (fillfactor = 80);
CREATE UNIQUE INDEX ON tv_made (id);
COMMENT ON TABLE tv_made IS 'made';
GRANT SELECT ON tv_made TO PUBLIC;
COMMIT;
BEGIN;
CREATE TABLE tv_made_1 AS SELECT pk_author AS pk_made_1, oracle.uuid(pk_author) AS id, to_jsonb(name) AS data FROM tb_author;
CREATE INDEX ON tv_made_1 (id);
UPDATE tb_author SET name = name || '.';
CREATE INDEX ON tv_made_1 (data);
COMMIT;
BEGIN;
CREATE TABLE tv_made_2 AS SELECT pk_author AS pk_made_2, oracle.uuid(pk_author) AS id, to_jsonb(name) AS data FROM tb_author;
CREATE FUNCTION write_on() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE stats.tb_author SET name = name || '!'; END $$;
CREATE EVENT TRIGGER write_on ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION write_on();
CREATE TABLE tv_made_3 AS SELECT pk_author AS pk_made_3, oracle.uuid(pk_author) AS id, to_jsonb(name) AS data FROM tb_author;
CREATE INDEX ON tv_made_3 (id);
DROP EVENT TRIGGER write_on;
COMMIT;
BEGIN;
CREATE TABLE tv_made_4 AS SELECT pk_author AS pk_made_4, oracle.uuid(pk_author) AS id, to_jsonb(name) AS data FROM tb_author;
ALTER TABLE tv_made_4 ALTER data TYPE jsonb USING '{}', ADD PRIMARY KEY (pk_made_4);
COMMIT;
TABLE compared;
SELECT table_name, missing + extra + different AS wrong FROM pg_tviews_verify() WHERE table_name::text LIKE 'tv\_made%';
DROP TABLE tv_made, tv_made_1, tv_made_2, tv_made_3, tv_made_4;

-- Errors pass on as they are, PostgreSQL's, those of a trigger and ours; and what was done before them counts.
SELECT last_error_sqlstate, last_error, last_error_at FROM pg_tviews_stats WHERE tview = 'tv_book'::regclass;
SELECT * FROM look();
ALTER TABLE tv_book ADD CONSTRAINT is_good CHECK (data->>'name' <> 'bad');
BEGIN;
DELETE FROM tb_book WHERE pk_book = 1;
UPDATE tb_book SET title = 'bad' WHERE pk_book = 2;
COMMIT;
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM look();
CREATE VIEW last_error AS SELECT last_error_sqlstate, last_error, last_error_at BETWEEN statement_timestamp() - interval '1 minute' AND clock_timestamp() AS is_new
FROM pg_tviews_stats WHERE tview = 'tv_book'::regclass;
TABLE last_error;
ALTER TABLE tv_book DROP CONSTRAINT is_good;
CREATE FUNCTION complain() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = 'x' || repeat('é', 200), ERRCODE = 'TV001', DETAIL = 'what it is about', HINT = 'what to do';
END
$$;
CREATE TRIGGER complain AFTER UPDATE ON tv_book FOR EACH ROW WHEN (NEW.data->>'name' = 'long') EXECUTE FUNCTION complain();
\set VERBOSITY terse
UPDATE tb_book SET title = 'long' WHERE pk_book = 2;
\set VERBOSITY default
-- Cut between two characters.
SELECT last_error_sqlstate, octet_length(last_error) AS bytes, length(last_error) AS characters, is_new FROM last_error;
DROP TRIGGER complain ON tv_book;
CREATE TABLE tb_word (pk_word int, id uuid NOT NULL, word text NOT NULL);
CREATE TABLE tv_word AS SELECT pk_word, id, jsonb_build_object('name', word) AS data FROM tb_word;
INSERT INTO tb_word VALUES (1, oracle.uuid(1), 'one'), (1, oracle.uuid(1), 'another');
\echo :LAST_ERROR_SQLSTATE
SELECT tview, errors, last_error_sqlstate, last_error FROM pg_tviews_stats WHERE tview = 'tv_word'::regclass;
-- One that the transaction outlives is counted too.
DO $$
BEGIN
    INSERT INTO tb_word VALUES (NULL, oracle.uuid(1), 'none');
    PERFORM pg_tviews_flush();
EXCEPTION WHEN not_null_violation THEN
    NULL;
END
$$;
SELECT tview, flushes, errors, last_error_sqlstate, last_error FROM pg_tviews_stats WHERE tview = 'tv_word'::regclass;
SELECT oracle.check('tv_book', :'book'), oracle.routes('tv_book');

-- Everybody sees numbers. The message, which may hold values of any source, is for those with the rights of the TVIEW's owner
-- and of pg_read_all_stats: a reader of the TVIEW does not see all that its query reads.
CREATE ROLE regress_tviews_owner;
CREATE ROLE regress_tviews_member IN ROLE regress_tviews_owner;
CREATE ROLE regress_tviews_reader;
CREATE ROLE regress_tviews_monitor IN ROLE pg_monitor;
GRANT USAGE ON SCHEMA stats TO PUBLIC;
GRANT SELECT ON tv_word TO regress_tviews_reader;
GRANT SELECT, TRIGGER ON tb_word TO regress_tviews_owner;
ALTER TABLE tv_word OWNER TO regress_tviews_owner;
SET ROLE regress_tviews_reader;
SELECT errors, last_error_sqlstate, last_error, last_error_at IS NOT NULL AS has_time FROM pg_tviews_stats WHERE tview = 'tv_word'::regclass;
SELECT last_error FROM pg_tviews_stats_kept() WHERE tview = 'tv_word'::regclass;
SELECT pg_tviews_stats_reset();
SET pg_tviews.log_min_duration = 0;
SET ROLE regress_tviews_owner;
SELECT tview, last_error FROM pg_tviews_stats WHERE errors > 0 AND tview IN ('tv_word'::regclass, 'tv_book'::regclass) ORDER BY 1;
SELECT pg_tviews_stats_reset();
SET ROLE regress_tviews_member;
SELECT last_error FROM pg_tviews_stats WHERE tview = 'tv_word'::regclass;
SET ROLE regress_tviews_monitor;
SELECT tview, left(last_error, 10) AS last_error FROM pg_tviews_stats WHERE errors > 0 AND tview IN ('tv_word'::regclass, 'tv_book'::regclass) ORDER BY 1;
RESET ROLE;
REASSIGN OWNED BY regress_tviews_owner TO CURRENT_USER;
DROP OWNED BY regress_tviews_owner, regress_tviews_member, regress_tviews_reader, regress_tviews_monitor;
DROP ROLE regress_tviews_owner, regress_tviews_member, regress_tviews_reader, regress_tviews_monitor;

-- Places of TVIEWs that are gone are kept until one is counted for the first time, and no longer.
CREATE VIEW left_over AS SELECT count(*) FROM pg_tviews_stats_kept() WHERE tview NOT IN (SELECT oid FROM pg_class);
CREATE TABLE tv_tome AS SELECT pk_book AS pk_tome, id, jsonb_build_object('name', title) AS data FROM tb_book;
UPDATE tb_book SET title = 'a tome' WHERE pk_book = 2;
SELECT 'tv_tome'::regclass::oid AS tome \gset
SELECT count(*) FROM pg_tviews_stats_kept() WHERE tview = :tome;
DROP TABLE tv_tome;
SELECT count(*) FROM pg_tviews_stats_kept() WHERE tview = :tome;
CREATE TABLE tv_opus AS SELECT pk_book AS pk_opus, id, jsonb_build_object('name', title) AS data FROM tb_book;
UPDATE tb_book SET title = 'an opus' WHERE pk_book = 2;
TABLE left_over;
SELECT flushes, rows_updated FROM pg_tviews_stats WHERE tview = 'tv_opus'::regclass;
DROP TABLE tv_opus;

-- A reset starts over, for this database.
SELECT pg_tviews_stats_reset();
TABLE left_over;
SELECT count(*) AS counted FROM pg_tviews_stats
WHERE 0 <> flushes + keys_resolved + rows_inserted + rows_updated + rows_deleted + rows_unchanged + full_comparisons + lock_waits + errors
   OR 0 <> resolve_ms + compare_ms + write_ms + lock_wait_ms OR last_error IS NOT NULL;
SELECT stats_reset BETWEEN now() - interval '1 minute' AND clock_timestamp() AS is_new FROM pg_tviews_stats WHERE tview = 'tv_book'::regclass;
UPDATE tb_book SET title = 'after the reset' WHERE pk_book = 2;
SELECT flushes, keys_resolved, rows_updated, errors, last_error FROM pg_tviews_stats WHERE tview = 'tv_book'::regclass;

-- EXPLAIN ANALYZE shows what capturing costs, by the name of the trigger.
CREATE FUNCTION triggers_in(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE) ' || statement LOOP
        IF line LIKE 'Trigger %' THEN
            RETURN NEXT regexp_replace(line, 'time=[0-9.]+', 'time=N');
        END IF;
    END LOOP;
END
$$;
SELECT triggers_in($$INSERT INTO tb_book VALUES (8, oracle.uuid(8), 1, 'eighth')$$);
SELECT triggers_in($$UPDATE tb_book SET title = 'book'$$);
SELECT triggers_in($$DELETE FROM tb_book WHERE pk_book = 8$$);
SELECT oracle.check('tv_book', :'book'), oracle.routes('tv_book');
