-- Who may do what: a writer needs no right on anything but the source, and the refresh
-- runs as the owner.
\set SHOW_CONTEXT never
CREATE SCHEMA permissions;
SET search_path = permissions, public;
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_tviews_owner, regress_tviews_writer, regress_tviews_reader;
RESET client_min_messages;
CREATE ROLE regress_tviews_owner;
CREATE ROLE regress_tviews_writer;
CREATE ROLE regress_tviews_reader;
GRANT USAGE ON SCHEMA permissions, oracle TO PUBLIC;
GRANT CREATE ON SCHEMA permissions TO regress_tviews_owner;

CREATE TABLE tb_patient (pk_patient int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL);
CREATE TABLE tb_visit (pk_visit int PRIMARY KEY, id uuid NOT NULL, fk_patient int NOT NULL, reason text NOT NULL);
CREATE INDEX ON tb_visit (fk_patient);
CREATE INDEX ON tb_visit (id);
INSERT INTO tb_patient VALUES (1, oracle.uuid(1), 'Ada'), (2, oracle.uuid(2), 'Bob');
INSERT INTO tb_visit VALUES (1, oracle.uuid(11), 1, 'cough');
SELECT $$
    SELECT p.pk_patient, p.id, jsonb_build_object('name', p.name, 'visits', (
               SELECT jsonb_agg(v.reason ORDER BY v.pk_visit) FROM tb_visit v WHERE v.fk_patient = p.pk_patient)) AS data
    FROM tb_patient p
$$ AS patient \gset

-- Reading is not enough to make a TVIEW: its triggers go on the sources.
GRANT SELECT ON tb_patient, tb_visit TO regress_tviews_owner;
GRANT TRIGGER ON tb_patient TO regress_tviews_owner;
SET ROLE regress_tviews_owner;
SELECT oracle.sqlstate('CREATE TABLE tv_patient AS ' || :'patient');
RESET ROLE;
GRANT TRIGGER ON tb_visit TO regress_tviews_owner;
SET ROLE regress_tviews_owner;
CREATE TABLE tv_patient AS :patient;
SELECT oracle.check('tv_patient', :'patient'), oracle.routes('tv_patient');
-- The owner of the TVIEW owns its view.
SELECT c.relkind, pg_get_userbyid(c.relowner) FROM pg_class c
WHERE c.oid IN ('tv_patient'::regclass, 'v_patient'::regclass) ORDER BY 1;
RESET ROLE;

-- Made by a function that runs as its owner: the TVIEW is the function owner's, though someone else
-- calls it and commits.
CREATE FUNCTION make_tview() RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = permissions, pg_temp
AS 'CREATE TABLE tv_visit AS SELECT pk_visit, id, jsonb_build_object(''name'', reason) AS data FROM tb_visit';
ALTER FUNCTION make_tview() OWNER TO regress_tviews_owner;
SET ROLE regress_tviews_reader;
SELECT make_tview();
RESET ROLE;
-- And so is one whose maker becomes someone else before the commit.
BEGIN;
SET LOCAL ROLE regress_tviews_owner;
CREATE TABLE tv_role AS SELECT id, jsonb_build_object('name', reason) AS data FROM tb_visit;
SET LOCAL ROLE regress_tviews_reader;
COMMIT;
SELECT * FROM oracle.kinds('tv_visit', 'tv_role');
SELECT relname, pg_get_userbyid(relowner) FROM pg_class
WHERE relnamespace = 'permissions'::regnamespace AND relname IN ('tv_visit', 'v_visit', 'tv_role', 'v_role') ORDER BY relname COLLATE "C";
INSERT INTO tb_visit VALUES (9, oracle.uuid(19), 1, 'made');
SELECT oracle.check('tv_visit', 'SELECT pk_visit, id, jsonb_build_object(''name'', reason) FROM tb_visit') AS visit,
       oracle.check('tv_role', 'SELECT id, jsonb_build_object(''name'', reason) FROM tb_visit') AS role;
DELETE FROM tb_visit WHERE pk_visit = 9;
DROP TABLE tv_visit, tv_role;
-- A writer of one source, who may read neither the TVIEW nor its view nor the other source.
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON tb_visit TO regress_tviews_writer;
SET ROLE regress_tviews_writer;
INSERT INTO tb_visit VALUES (2, oracle.uuid(12), 2, 'knee'), (3, oracle.uuid(13), 1, 'check');
UPDATE tb_visit SET reason = 'flu' WHERE pk_visit = 1;
DELETE FROM tb_visit WHERE pk_visit = 3;
BEGIN;
UPDATE tb_visit SET fk_patient = 2 WHERE pk_visit = 1;
SELECT pg_tviews_flush();
COMMIT;
SELECT current_user;
SELECT oracle.sqlstate('SELECT * FROM tv_patient');
SELECT oracle.sqlstate('SELECT * FROM v_patient');
SELECT oracle.sqlstate('SELECT * FROM tb_patient');
SELECT oracle.sqlstate('UPDATE tv_patient SET data = NULL');
RESET ROLE;
SELECT oracle.check('tv_patient', :'patient');
SET ROLE regress_tviews_writer;
TRUNCATE tb_visit;
INSERT INTO tb_visit VALUES (4, oracle.uuid(14), 1, 'again');
RESET ROLE;
SELECT data FROM tv_patient ORDER BY pk_patient;
SELECT oracle.check('tv_patient', :'patient');
-- The writer cannot do more through the functions.
SET ROLE regress_tviews_writer;
SELECT oracle.sqlstate($$SELECT pg_tviews_refresh('tv_patient')$$);
SELECT oracle.sqlstate($$SELECT pg_tviews_drop('tv_patient')$$);
SELECT oracle.sqlstate($$SELECT * FROM pg_tviews_verify('tv_patient')$$);
SELECT oracle.sqlstate($$DROP TABLE tv_patient$$);
SELECT oracle.sqlstate($$ALTER TABLE tb_visit DISABLE TRIGGER ALL$$);
-- Nor write the extension's own tables.
RESET ROLE;
SELECT count(*) AS writable FROM pg_class c JOIN pg_depend d ON d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e'
WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_tviews') AND c.relkind IN ('r', 'p', 'v')
AND has_table_privilege('regress_tviews_writer', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER');
-- No function that runs with its owner's rights is open to a search_path of the caller's.
SELECT count(*) AS exposed FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
WHERE d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_tviews') AND p.prosecdef
AND NOT EXISTS (SELECT FROM unnest(p.proconfig) AS setting WHERE setting LIKE 'search\_path=%');

-- A reader of the TVIEW only, who reads what the owner lets it show.
GRANT SELECT ON tv_patient TO regress_tviews_reader;
SET ROLE regress_tviews_reader;
SELECT data->>'name' AS name FROM tv_patient ORDER BY pk_patient;
SELECT oracle.sqlstate('SELECT * FROM tb_visit');
RESET ROLE;
-- A function that writes as its definer; the caller has no right at all.
CREATE FUNCTION admit(n int, reason text) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = permissions, pg_temp
AS 'INSERT INTO tb_visit VALUES (n, oracle.uuid(n), 2, reason)';
SET ROLE regress_tviews_reader;
SELECT admit(5, 'sleep');
BEGIN;
SELECT admit(6, 'dream');
SELECT data->'visits' AS visits FROM tv_patient WHERE pk_patient = 2;
COMMIT;
RESET ROLE;
SELECT oracle.check('tv_patient', :'patient');
-- The role changes between the write and the commit.
BEGIN;
SET LOCAL ROLE regress_tviews_writer;
UPDATE tb_visit SET reason = 'nap' WHERE pk_visit = 6;
SET LOCAL ROLE regress_tviews_reader;
COMMIT;
SELECT oracle.check('tv_patient', :'patient');
-- A trigger on the TVIEW runs as the TVIEW's owner, not as the writer.
CREATE TABLE log (who text);
GRANT INSERT ON log TO PUBLIC;
CREATE FUNCTION log_who() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO permissions.log VALUES (current_user);
    RETURN NULL;
END
$$;
CREATE TRIGGER log_who AFTER UPDATE ON tv_patient FOR EACH STATEMENT EXECUTE FUNCTION log_who();
SET ROLE regress_tviews_writer;
UPDATE tb_visit SET reason = 'rest' WHERE pk_visit = 6;
RESET ROLE;
SELECT DISTINCT who FROM log;
DROP TRIGGER log_who ON tv_patient;

-- The owner loses the right to read a source: the write fails and says whose right is missing.
REVOKE SELECT ON tb_patient FROM regress_tviews_owner;
SET ROLE regress_tviews_writer;
UPDATE tb_visit SET reason = 'refused' WHERE pk_visit = 6;
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
GRANT SELECT ON tb_patient TO regress_tviews_owner;
SET ROLE regress_tviews_writer;
UPDATE tb_visit SET reason = 'granted' WHERE pk_visit = 6;
RESET ROLE;
SELECT oracle.check('tv_patient', :'patient');

-- Row security on a source hides rows from a writer, not from the TVIEW of the table's owner.
CREATE TABLE tb_letter (pk_letter int PRIMARY KEY, id uuid NOT NULL, writer text NOT NULL, body text NOT NULL);
ALTER TABLE tb_letter ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_letters ON tb_letter USING (writer = current_user) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON tb_letter TO regress_tviews_writer;
INSERT INTO tb_letter VALUES (1, oracle.uuid(1), 'someone', 'hidden'), (2, oracle.uuid(2), 'regress_tviews_writer', 'mine');
SELECT $$ SELECT l.pk_letter, l.id, jsonb_build_object('name', l.body) AS data FROM tb_letter l $$ AS letter \gset
CREATE TABLE tv_letter AS :letter;
SET ROLE regress_tviews_writer;
UPDATE tb_letter SET body = 'ours';
INSERT INTO tb_letter VALUES (3, oracle.uuid(3), 'another', 'sent');
RESET ROLE;
SELECT data FROM tv_letter ORDER BY pk_letter;
SELECT oracle.check('tv_letter', :'letter'), oracle.routes('tv_letter');

-- A view of another owner shows rows that row security hides from the TVIEW's owner, and is not spelt out.
CREATE TABLE tb_ward (pk_ward int PRIMARY KEY, id uuid NOT NULL UNIQUE, floor int NOT NULL, beds int NOT NULL);
CREATE INDEX ON tb_ward (floor);
ALTER TABLE tb_ward ENABLE ROW LEVEL SECURITY;
GRANT SELECT, TRIGGER ON tb_ward TO regress_tviews_owner;
INSERT INTO tb_ward SELECT n, oracle.uuid(n), n / 3, 10 - n FROM generate_series(1, 8) n;
CREATE VIEW ward_place AS SELECT pk_ward, id, rank() OVER (PARTITION BY floor ORDER BY beds, pk_ward) AS place FROM tb_ward;
GRANT SELECT ON ward_place TO regress_tviews_owner;
SELECT $$ SELECT w.pk_ward, w.id, jsonb_build_object('place', w.place) AS data FROM ward_place w $$ AS ward \gset
SET ROLE regress_tviews_owner;
CREATE TABLE tv_ward AS :ward;
RESET ROLE;
UPDATE tb_ward SET beds = 20 WHERE pk_ward = 5;
SELECT oracle.check('tv_ward', :'ward'), oracle.routes('tv_ward');
ALTER TABLE tb_ward DISABLE ROW LEVEL SECURITY;
UPDATE tb_ward SET beds = 0 WHERE pk_ward = 4;
UPDATE tb_ward SET floor = 1 WHERE pk_ward = 8;
SELECT oracle.check('tv_ward', :'ward'), oracle.routes('tv_ward');

-- A new owner takes over, and the roles can go.
ALTER TABLE tv_patient OWNER TO CURRENT_USER;
ALTER VIEW v_patient OWNER TO CURRENT_USER;
SET ROLE regress_tviews_writer;
UPDATE tb_visit SET reason = 'handed over' WHERE pk_visit = 6;
RESET ROLE;
SELECT oracle.check('tv_patient', :'patient');
REASSIGN OWNED BY regress_tviews_owner TO CURRENT_USER;
DROP OWNED BY regress_tviews_owner, regress_tviews_writer, regress_tviews_reader;
DROP ROLE regress_tviews_owner, regress_tviews_writer, regress_tviews_reader;
UPDATE tb_visit SET reason = 'alone' WHERE pk_visit = 6;
SELECT oracle.check('tv_patient', :'patient');
