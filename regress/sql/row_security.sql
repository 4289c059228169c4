-- Row security, and rights that are lost: a TVIEW never shows what its owner may not read, and says so.
\set SHOW_CONTEXT never
CREATE SCHEMA row_security;
SET search_path = row_security, public;
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_tviews_keeper, regress_tviews_viewer, regress_tviews_scribe;
RESET client_min_messages;
CREATE ROLE regress_tviews_keeper;
CREATE ROLE regress_tviews_viewer;
CREATE ROLE regress_tviews_scribe;
GRANT USAGE ON SCHEMA row_security, oracle TO PUBLIC;
GRANT CREATE ON SCHEMA row_security TO regress_tviews_keeper, regress_tviews_viewer;
SET ROLE regress_tviews_keeper;
CREATE TABLE tb_note (pk_note int PRIMARY KEY, id uuid NOT NULL, who text NOT NULL, body text NOT NULL);
INSERT INTO tb_note VALUES (1, oracle.uuid(1), 'regress_tviews_viewer', 'mine'), (2, oracle.uuid(2), 'regress_tviews_keeper', 'hidden');
GRANT SELECT, TRIGGER ON tb_note TO regress_tviews_viewer;
GRANT SELECT, INSERT, UPDATE, DELETE ON tb_note TO regress_tviews_scribe;
CREATE POLICY own ON tb_note USING (who = current_user) WITH CHECK (true);
CREATE POLICY scribes ON tb_note TO regress_tviews_scribe USING (true);
ALTER TABLE tb_note ENABLE ROW LEVEL SECURITY;
RESET ROLE;
SELECT $$ SELECT n.pk_note, n.id, jsonb_build_object('name', n.body) AS data FROM row_security.tb_note n $$ AS note \gset

-- Refused to whom the policies apply, by each way.
SET ROLE regress_tviews_viewer;
SELECT oracle.sqlstate('CREATE TABLE tv_note AS ' || :'note');
SELECT oracle.sqlstate(format('SELECT pg_tviews_create(%L, %L)', 'tv_note', :'note'));
CREATE TABLE tv_note (pk_note int, id uuid, data jsonb);
SELECT oracle.sqlstate(format('SELECT pg_tviews_convert_existing_table(%L, %L)', 'tv_note', :'note'));
DROP TABLE tv_note;
SELECT severity, reason, remedy FROM pg_tviews_check_query(:'note', 'tv_note');
-- Also through views: the table is read as the view's owner, or as whoever reads the view.
CREATE VIEW own_note AS SELECT * FROM tb_note;
SELECT oracle.sqlstate('CREATE TABLE tv_note AS SELECT pk_note, id, jsonb_build_object(''name'', body) AS data FROM own_note');
RESET ROLE;
CREATE VIEW invoked_note WITH (security_invoker = true) AS SELECT * FROM tb_note;
ALTER VIEW own_note OWNER TO regress_tviews_viewer;
GRANT SELECT ON invoked_note TO regress_tviews_viewer;
GRANT SELECT ON own_note TO regress_tviews_keeper;
SET ROLE regress_tviews_viewer;
CREATE TABLE tv_note AS SELECT pk_note, id, jsonb_build_object('name', body) AS data FROM invoked_note;
SET ROLE regress_tviews_keeper;
CREATE TABLE tv_note AS SELECT pk_note, id, jsonb_build_object('name', body) AS data FROM own_note;
SELECT to_regclass('tv_note') IS NULL AS is_none_made;

-- The table's owner may: policies do not bind them.
CREATE TABLE tv_note AS :note;
SET ROLE regress_tviews_scribe;
UPDATE tb_note SET body = body || '!';
INSERT INTO tb_note VALUES (3, oracle.uuid(3), 'somebody', 'sent');
RESET ROLE;
SELECT oracle.check('tv_note', :'note'), oracle.routes('tv_note');

-- What would bind them later is refused: forced, another owner of the table, or of the TVIEW.
SET ROLE regress_tviews_keeper;
SELECT oracle.sqlstate('ALTER TABLE tb_note FORCE ROW LEVEL SECURITY');
RESET ROLE;
SELECT oracle.sqlstate('ALTER TABLE tb_note OWNER TO regress_tviews_scribe');
SELECT oracle.sqlstate('ALTER TABLE tv_note OWNER TO regress_tviews_viewer');
SELECT relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'tb_note'::regclass;
-- And so is row security that comes after a TVIEW of another role.
ALTER TABLE tb_note DISABLE ROW LEVEL SECURITY;
SET ROLE regress_tviews_viewer;
CREATE TABLE tv_seen AS :note;
SET ROLE regress_tviews_keeper;
SELECT oracle.sqlstate('ALTER TABLE tb_note ENABLE ROW LEVEL SECURITY');
UPDATE tb_note SET body = 'open' WHERE pk_note = 3;
RESET ROLE;
SELECT oracle.check('tv_seen', :'note') AS seen, oracle.check('tv_note', :'note') AS note;

-- No event tells that a role lost BYPASSRLS: then refreshes fail, whoever writes, and nothing is shown.
ALTER ROLE regress_tviews_viewer BYPASSRLS;
ALTER TABLE tb_note ENABLE ROW LEVEL SECURITY;
UPDATE tb_note SET body = 'bypassed' WHERE pk_note = 3;
SELECT oracle.check('tv_seen', :'note');
ALTER ROLE regress_tviews_viewer NOBYPASSRLS;
-- Releases such as 15.18, 16.14 and 17.9 keep the plans that a session made while the role was exempt.
DISCARD PLANS;
SELECT oracle.sqlstate($$UPDATE tb_note SET body = 'not to be seen' WHERE pk_note = 3; SELECT pg_tviews_flush()$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_refresh('tv_seen')$$);
SELECT oracle.sqlstate($$SELECT * FROM pg_tviews_verify('tv_seen')$$);
DELETE FROM tb_note WHERE pk_note = 3;
DROP TABLE tv_seen;
DELETE FROM tb_note WHERE pk_note = 3;
SELECT oracle.check('tv_note', :'note');

-- Row security of the TVIEW itself binds its readers, never the refresh.
SET ROLE regress_tviews_keeper;
SELECT oracle.sqlstate('ALTER TABLE tv_note ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY');
ALTER TABLE tv_note ENABLE ROW LEVEL SECURITY;
CREATE POLICY named ON tv_note USING (data->>'name' LIKE 'mine%');
GRANT SELECT ON tv_note TO regress_tviews_viewer;
SET ROLE regress_tviews_scribe;
INSERT INTO tb_note VALUES (4, oracle.uuid(4), 'somebody', 'other');
SET ROLE regress_tviews_viewer;
SELECT data FROM tv_note;
RESET ROLE;
SELECT oracle.check('tv_note', :'note');
-- A trigger on the TVIEW reads what its owner may, as anywhere.
CREATE TABLE diary (line text, who text);
ALTER TABLE diary ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON diary USING (who = current_user) WITH CHECK (true);
GRANT SELECT, INSERT ON diary TO regress_tviews_keeper;
INSERT INTO diary VALUES ('of the superuser', 'postgres');
CREATE FUNCTION enter() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO row_security.diary SELECT 'lines seen: ' || count(*), current_user FROM row_security.diary;
    RETURN NULL;
END
$$;
CREATE TRIGGER enter AFTER INSERT ON tv_note FOR EACH STATEMENT EXECUTE FUNCTION enter();
INSERT INTO tb_note VALUES (5, oracle.uuid(5), 'somebody', 'fifth');
SELECT * FROM diary ORDER BY line;
-- A table under forced row security does not become a TVIEW.
CREATE TABLE tv_forced (pk_forced int, id uuid, data jsonb);
ALTER TABLE tv_forced OWNER TO regress_tviews_keeper;
ALTER TABLE tv_forced ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT oracle.sqlstate($$SELECT pg_tviews_convert_existing_table('tv_forced', 'SELECT pk_note AS pk_forced, id, ''{}''::jsonb AS data FROM row_security.tb_note')$$);
ALTER TABLE tb_note DISABLE ROW LEVEL SECURITY;

-- Rights that the owner loses. SELECT: each refresh fails, and says on which table.
CREATE TABLE tb_part (pk_part int PRIMARY KEY, fk_note int NOT NULL, text text NOT NULL);
CREATE INDEX ON tb_part (fk_note);
GRANT SELECT, TRIGGER ON tb_part TO regress_tviews_viewer;
GRANT SELECT, INSERT, UPDATE ON tb_part TO regress_tviews_scribe;
SELECT $$ SELECT n.pk_note AS pk_whole, n.id, jsonb_build_object('name', n.body, 'parts', (
              SELECT jsonb_agg(p.text ORDER BY p.pk_part) FROM row_security.tb_part p WHERE p.fk_note = n.pk_note)) AS data
          FROM row_security.tb_note n $$ AS whole \gset
SET ROLE regress_tviews_viewer;
CREATE TABLE tv_whole AS :whole;
RESET ROLE;
REVOKE SELECT ON tb_note FROM regress_tviews_viewer;
SET ROLE regress_tviews_scribe;
SELECT oracle.sqlstate($$INSERT INTO tb_part VALUES (1, 1, 'a'); SELECT pg_tviews_flush()$$);
RESET ROLE;
SELECT oracle.sqlstate($$SELECT * FROM pg_tviews_verify('tv_whole')$$);
GRANT SELECT ON tb_note TO regress_tviews_viewer;
-- TRIGGER: its triggers stay, as any trigger does; another TVIEW cannot be made.
REVOKE TRIGGER ON tb_note, tb_part FROM regress_tviews_viewer;
SET ROLE regress_tviews_scribe;
INSERT INTO tb_part VALUES (1, 1, 'a');
SET ROLE regress_tviews_viewer;
SELECT oracle.sqlstate('CREATE TABLE tv_again AS ' || :'whole');
RESET ROLE;
SELECT oracle.check('tv_whole', :'whole'), oracle.routes('tv_whole');
-- The schema.
REVOKE USAGE ON SCHEMA row_security FROM PUBLIC;
SELECT oracle.sqlstate($$UPDATE tb_part SET text = 'b'; SELECT pg_tviews_flush()$$);
GRANT USAGE ON SCHEMA row_security TO PUBLIC;
-- A role that owns a TVIEW stays until it is handed on, or dropped with it.
SELECT split_part(oracle.sqlstate('DROP ROLE regress_tviews_viewer'), E'\n', 1);
REASSIGN OWNED BY regress_tviews_viewer TO regress_tviews_keeper;
UPDATE tb_part SET text = 'c';
GRANT SELECT ON tb_part TO regress_tviews_keeper;
UPDATE tb_part SET text = 'd';
SELECT oracle.check('tv_whole', :'whole');
SELECT relname, pg_get_userbyid(relowner) FROM pg_class WHERE oid IN ('tv_whole'::regclass, 'v_whole'::regclass) ORDER BY relname;
DROP OWNED BY regress_tviews_viewer;
DROP ROLE regress_tviews_viewer;
SET client_min_messages = warning;
DROP OWNED BY regress_tviews_keeper CASCADE;
SELECT * FROM oracle.kinds('tv_whole', 'tv_note');
DROP OWNED BY regress_tviews_scribe;
DROP ROLE regress_tviews_keeper, regress_tviews_scribe;
DROP SCHEMA row_security CASCADE;
