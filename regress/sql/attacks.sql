-- Who owns a TVIEW can run code of theirs in transactions of others: in the query, and in what hangs on the TVIEW. It runs
-- as them, whoever writes. Names are names, whatever stands in them.
\set SHOW_CONTEXT never
CREATE SCHEMA attacks;
SET search_path = attacks, public;
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_tv_evil, regress_tv_wright;
RESET client_min_messages;
CREATE ROLE regress_tv_evil;
CREATE ROLE regress_tv_wright;
GRANT USAGE ON SCHEMA attacks, oracle TO PUBLIC;
CREATE SCHEMA evil AUTHORIZATION regress_tv_evil;
CREATE SCHEMA wright AUTHORIZATION regress_tv_wright;
CREATE TABLE tb_city (pk_city int PRIMARY KEY, id uuid NOT NULL UNIQUE, code text NOT NULL);
CREATE TABLE tb_shop (pk_shop int PRIMARY KEY, id uuid NOT NULL UNIQUE, code text NOT NULL, name text NOT NULL);
CREATE INDEX ON tb_shop (code);
INSERT INTO tb_city VALUES (1, oracle.uuid(1), 'p'), (2, oracle.uuid(2), 'r');
INSERT INTO tb_shop VALUES (1, oracle.uuid(11), 'p', 'lamps'), (2, oracle.uuid(12), 'p', 'books'), (3, oracle.uuid(13), 'r', 'wine');
GRANT SELECT, TRIGGER ON tb_city, tb_shop TO regress_tv_evil;
GRANT SELECT, INSERT, UPDATE, DELETE ON tb_city, tb_shop TO regress_tv_wright;

-- What the attacker tries, wherever code of theirs is run, and what came of it.
SET ROLE regress_tv_evil;
SET search_path = evil, attacks, public;
CREATE TABLE log (place text, who name, what text, outcome text, UNIQUE (place, who, what, outcome));
CREATE FUNCTION attempt(what text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE what;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;
CREATE FUNCTION attack(place text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE SET search_path = evil, pg_temp AS $$
BEGIN
    PERFORM note(place);
    RETURN true;
END
$$;
CREATE FUNCTION note(place text) RETURNS void LANGUAGE plpgsql SET search_path = evil, pg_temp AS $$
DECLARE
    what text;
BEGIN
    IF current_setting('attacks.are_on', true) IS DISTINCT FROM 'yes' THEN
        RETURN;
    END IF;
    FOR what IN SELECT w FROM unnest(ARRAY[
        'SET ROLE pg_monitor', 'RESET ROLE', 'SET SESSION AUTHORIZATION regress_tv_wright', 'RESET SESSION AUTHORIZATION',
        'ALTER ROLE regress_tv_evil SUPERUSER', 'COPY evil.log TO PROGRAM ''true''', 'LISTEN attacks', 'DISCARD ALL',
        'DECLARE c CURSOR WITH HOLD FOR SELECT 1', 'UPDATE attacks.tb_city SET code = ''x''', 'UPDATE evil.tv_shop SET data = NULL',
        'DELETE FROM public.pg_tviews_catalog', 'CREATE TEMP TABLE shadow (x int)']) AS w
        -- A default is computed before the guard is asked, and would take the refresh's place.
        WHERE place <> 'default' OR w NOT LIKE 'UPDATE evil.%'
    LOOP
        INSERT INTO log VALUES (place, current_user, what, attempt(what)) ON CONFLICT DO NOTHING;
    END LOOP;
    -- These are allowed, and to be forgotten.
    PERFORM set_config('work_mem', '77MB', false), set_config('search_path', 'evil', false), set_config('attacks.mark', 'left', false);
END
$$;
-- Code in the query: functions, operators, aggregates, casts, domains, and the other side of a link.
CREATE FUNCTION shown(text) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = evil, pg_temp
AS $$ BEGIN PERFORM note('function'); RETURN $1; END $$;
CREATE FUNCTION joined(text, text) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = evil, pg_temp
AS $$ BEGIN PERFORM note('operator'); RETURN $1 || $2; END $$;
CREATE OPERATOR +&+ (LEFTARG = text, RIGHTARG = text, FUNCTION = joined);
CREATE FUNCTION counted(int, text) RETURNS int LANGUAGE plpgsql IMMUTABLE SET search_path = evil, pg_temp
AS $$ BEGIN PERFORM note('aggregate'); RETURN $1 + 1; END $$;
CREATE AGGREGATE tally(text) (SFUNC = counted, STYPE = int, INITCOND = '0');
CREATE TYPE label AS (value text);
CREATE FUNCTION labelled(text) RETURNS label LANGUAGE plpgsql IMMUTABLE SET search_path = evil, pg_temp
AS $$ BEGIN PERFORM note('cast'); RETURN ROW($1)::label; END $$;
CREATE CAST (text AS label) WITH FUNCTION labelled(text);
-- A call of constants would be run as the domain is looked up, which PostgreSQL 18 does not expect of code with EXCEPTION.
CREATE DOMAIN checked AS text CHECK (attack('domain' || left(VALUE, 0)) AND VALUE <> 'never');
CREATE FUNCTION linked(text) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = evil, pg_temp
AS $$ BEGIN PERFORM note('link'); RETURN $1; END $$;
RESET ROLE;
SELECT $$
    SELECT s.pk_shop, s.id, jsonb_build_object('name', evil.shown(s.name) OPERATOR(evil.+&+) '!', 'city', c.pk_city, 'label', (s.name::evil.label).value,
               'checked', s.name::evil.checked, 'shops', (SELECT evil.tally(o.name) FROM attacks.tb_shop o WHERE o.code = s.code)) AS data
    FROM attacks.tb_shop s LEFT JOIN attacks.tb_city c ON evil.linked(c.code) = s.code
$$ AS shop \gset
SET ROLE regress_tv_evil;
CREATE TABLE tv_shop AS :shop;
-- Code that hangs on the TVIEW: triggers, constraints, defaults, generated columns, indexes.
CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql SET search_path = evil, pg_temp AS $$ BEGIN PERFORM note(TG_ARGV[0]); RETURN NULL; END $$;
CREATE TRIGGER statement_before BEFORE INSERT OR UPDATE OR DELETE ON tv_shop FOR EACH STATEMENT EXECUTE FUNCTION fire('statement trigger');
CREATE TRIGGER row_after AFTER INSERT OR UPDATE OR DELETE ON tv_shop FOR EACH ROW EXECUTE FUNCTION fire('row trigger');
ALTER TABLE tv_shop ADD CHECK (attack('constraint') OR data IS NULL);
ALTER TABLE tv_shop ADD COLUMN extra boolean DEFAULT attack('default'), ADD COLUMN made boolean GENERATED ALWAYS AS (attack('generated' || left(id::text, 0))) STORED;
CREATE INDEX ON tv_shop ((attack('index' || left(id::text, 0)))) WHERE attack('predicate' || left(id::text, 0));
TRUNCATE log;
RESET ROLE;
RESET search_path;

-- The superuser writes, and does everything else that comes by the TVIEW.
SET search_path = attacks, public;
SET attacks.are_on = 'yes';
UPDATE tb_shop SET name = 'lights' WHERE pk_shop = 1;
UPDATE tb_city SET code = 'q' WHERE pk_city = 1;
INSERT INTO tb_shop VALUES (4, oracle.uuid(14), 'q', 'bread');
DELETE FROM tb_shop WHERE pk_shop = 2;
BEGIN;
UPDATE tb_shop SET name = 'flour' WHERE pk_shop = 4;
SELECT count(*) FROM evil.tv_shop;
SET CONSTRAINTS ALL IMMEDIATE;
COMMIT;
SELECT pg_tviews_refresh('evil.tv_shop');
SELECT * FROM pg_tviews_verify('evil.tv_shop');
SELECT count(*) FROM pg_tviews_explain('evil.tv_shop');
SELECT severity, alias, route FROM pg_tviews_check_query(:'shop', 'evil.tv_shop');
SELECT pg_tviews_graph('evil.tv_shop') ~ 'tv_shop' AS is_drawn;
VACUUM ANALYZE evil.tv_shop;
REINDEX TABLE evil.tv_shop;
ALTER TABLE tb_shop ADD COLUMN remark text;
CREATE OR REPLACE FUNCTION evil.shown(text) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = evil, pg_temp
AS $$ BEGIN PERFORM note('function'); RETURN upper($1); END $$;
TRUNCATE tb_city;
INSERT INTO tb_city VALUES (1, oracle.uuid(1), 'q');
SELECT data->>'name' AS name, data->>'city' AS city, data->>'shops' AS shops FROM evil.tv_shop ORDER BY pk_shop;
-- It is still a superuser's session, with the settings that it had.
SELECT current_user = session_user AS is_self, current_setting('search_path') AS path, current_setting('work_mem') AS memory,
       current_setting('attacks.mark', true) AS mark;
-- The code was run everywhere, always as the attacker. What it has from the query is restricted; what hangs on the TVIEW can leave
-- in the session what triggers fired by foreign keys can.
SELECT place, string_agg(DISTINCT who, ', ') AS who, string_agg(DISTINCT what, ', ') FILTER (WHERE outcome = 'done') AS done
FROM evil.log GROUP BY place ORDER BY place COLLATE "C";
SELECT what, string_agg(DISTINCT outcome, ', ' ORDER BY outcome) AS outcomes FROM evil.log GROUP BY what ORDER BY what COLLATE "C";
-- The same for a writer who has no right but on the sources, and may not even see the TVIEW's schema.
TRUNCATE evil.log;
SET ROLE regress_tv_wright;
UPDATE tb_shop SET name = 'cheese' WHERE pk_shop = 3;
SELECT current_user, current_setting('work_mem') AS memory;
SELECT oracle.sqlstate('SELECT * FROM evil.tv_shop'), oracle.sqlstate('SELECT * FROM evil.log');
RESET ROLE;
SELECT string_agg(DISTINCT who, ', ') AS who, string_agg(DISTINCT what, ', ') FILTER (WHERE outcome = 'done') AS done FROM evil.log;
-- And in replica role.
TRUNCATE evil.log;
SET session_replication_role = replica;
UPDATE tb_shop SET name = 'milk' WHERE pk_shop = 3;
RESET session_replication_role;
SELECT string_agg(DISTINCT who, ', ') AS who, string_agg(DISTINCT what, ', ') FILTER (WHERE outcome = 'done') AS done FROM evil.log;
SELECT data->>'name' AS name FROM evil.tv_shop WHERE pk_shop = 3;
-- A trigger that comes before the guard and writes what the refresh is about to write: the refresh fails.
SET ROLE regress_tv_evil;
CREATE FUNCTION evil.write_first() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE evil.tv_shop SET data = NULL; RETURN NULL; END $$;
CREATE TRIGGER a_first BEFORE UPDATE ON evil.tv_shop FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION evil.write_first();
SET ROLE regress_tv_wright;
SELECT oracle.sqlstate($$UPDATE attacks.tb_shop SET name = 'eggs' WHERE pk_shop = 3; SELECT pg_tviews_flush()$$);
RESET ROLE;
SELECT data->>'name' AS name FROM evil.tv_shop WHERE pk_shop = 3;
-- One that drops the TVIEW while it is refreshed: so does it, and nothing is dropped.
DROP TRIGGER a_first ON evil.tv_shop;
CREATE OR REPLACE FUNCTION evil.write_first() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DROP TABLE evil.tv_shop; RETURN NULL; END $$;
CREATE TRIGGER a_first BEFORE UPDATE ON evil.tv_shop FOR EACH STATEMENT EXECUTE FUNCTION evil.write_first();
SELECT oracle.sqlstate($$UPDATE attacks.tb_shop SET name = 'eggs' WHERE pk_shop = 3; SELECT pg_tviews_flush()$$);
SELECT * FROM oracle.kinds('evil.tv_shop');
RESET attacks.are_on;
CLOSE ALL;
UNLISTEN *;
DISCARD TEMP;
DROP TABLE evil.tv_shop;

-- A query that changes what it reads is refused by the rights of its owner; where the owner has them, it comes to an end.
GRANT UPDATE ON tb_city TO regress_tv_evil;
SET ROLE regress_tv_evil;
SET search_path = evil, attacks, public;
CREATE FUNCTION bump(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION really_bump() RETURNS void LANGUAGE sql AS $$ UPDATE attacks.tb_city SET code = code || '+' $$;
CREATE TABLE tv_bump AS SELECT pk_city, id, jsonb_build_object('n', evil.bump(length(code)), 'code', code) AS data FROM tb_city;
CREATE OR REPLACE FUNCTION bump(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM evil.really_bump(); RETURN $1; END $$;
RESET ROLE;
SET search_path = attacks, public;
SELECT oracle.sqlstate($$UPDATE tb_city SET code = 'z'; SELECT pg_tviews_flush()$$);
SELECT code FROM tb_city;
DROP FUNCTION evil.bump CASCADE;
DROP TABLE evil.tv_bump;
REVOKE UPDATE ON tb_city FROM regress_tv_evil;

-- What a view of somebody else's calls runs as the owner of the TVIEW, as it would for any reader of the view: not to be relied on.
CREATE TABLE log (who name);
GRANT INSERT ON log TO regress_tv_wright;
GRANT CREATE ON SCHEMA attacks TO regress_tv_wright;
GRANT TRIGGER ON tb_city TO regress_tv_wright;
GRANT USAGE ON SCHEMA evil TO regress_tv_wright;
CREATE FUNCTION log_who() RETURNS void LANGUAGE sql AS 'INSERT INTO attacks.log VALUES (current_user)';
SET ROLE regress_tv_evil;
CREATE FUNCTION evil.looked_at(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE VIEW evil.city AS SELECT pk_city, id, evil.looked_at(code) AS code FROM attacks.tb_city;
GRANT SELECT ON evil.city TO regress_tv_wright;
SET ROLE regress_tv_wright;
CREATE TABLE tv_trusting AS SELECT c.pk_city, c.id, jsonb_build_object('code', c.code) AS data FROM evil.city c;
SET ROLE regress_tv_evil;
CREATE OR REPLACE FUNCTION evil.looked_at(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM attacks.log_who(); RETURN $1; END $$;
RESET ROLE;
UPDATE tb_city SET code = 'u';
SELECT DISTINCT who FROM log;
DROP TABLE tv_trusting;
REVOKE CREATE ON SCHEMA attacks FROM regress_tv_wright;
REVOKE TRIGGER ON tb_city FROM regress_tv_wright;
REVOKE USAGE ON SCHEMA evil FROM regress_tv_wright;

-- Operators, functions and types in a schema before pg_catalog, and in pg_temp, by a writer.
CREATE TABLE tv_city AS SELECT c.pk_city, c.id, jsonb_build_object('code', c.code, 'shops', (SELECT count(*) FROM tb_shop s WHERE s.code = c.code)) AS data FROM tb_city c;
SELECT $$ SELECT c.pk_city, c.id, jsonb_build_object('code', c.code, 'shops', (SELECT count(*) FROM attacks.tb_shop s WHERE s.code = c.code)) AS data FROM attacks.tb_city c $$ AS city \gset
CREATE SCHEMA hijack AUTHORIZATION regress_tv_wright;
SET ROLE regress_tv_wright;
SET search_path = hijack;
CREATE FUNCTION same(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked = of text by %', current_user; END $$;
CREATE FUNCTION same(oid, oid) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked = of oid by %', current_user; END $$;
CREATE FUNCTION same(name, name) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked = of name by %', current_user; END $$;
CREATE FUNCTION same(regclass, regclass) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked = of regclass by %', current_user; END $$;
CREATE FUNCTION alike(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked ~~ by %', current_user; END $$;
CREATE OPERATOR = (LEFTARG = text, RIGHTARG = text, FUNCTION = same);
CREATE OPERATOR = (LEFTARG = oid, RIGHTARG = oid, FUNCTION = same);
CREATE OPERATOR = (LEFTARG = name, RIGHTARG = name, FUNCTION = same);
CREATE OPERATOR = (LEFTARG = regclass, RIGHTARG = regclass, FUNCTION = same);
CREATE OPERATOR ~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = alike);
CREATE FUNCTION hijack.jsonb_build_object(text, text, text, bigint) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE EXCEPTION 'hijacked document'; END $$;
CREATE FUNCTION hijack.count() RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE EXCEPTION 'hijacked count'; END $$;
-- Shadows of sources, of the TVIEW and its view, of the extension's tables and of PostgreSQL's.
CREATE TEMP TABLE tb_city (LIKE attacks.tb_city);
CREATE TEMP TABLE tb_shop (LIKE attacks.tb_shop);
CREATE TEMP TABLE tv_city (pk_city int, id uuid, data jsonb);
CREATE TEMP VIEW v_city AS SELECT 1 AS pk_city, NULL::uuid AS id, '{"hijacked": true}'::jsonb AS data;
CREATE TEMP TABLE pg_tviews_catalog (tview regclass, backing_view regclass, owns_view boolean, settings text[], family regclass[]);
CREATE TEMP TABLE pg_tviews_source (tview regclass, source regclass, family regclass[]);
CREATE TEMP TABLE pg_class (oid oid, relname name);
CREATE TYPE pg_temp.uuid AS ENUM ('hijacked');
SET search_path = pg_temp, hijack, pg_catalog, attacks, public;
INSERT INTO attacks.tb_shop (pk_shop, id, code, name) VALUES (5, '00000000-0000-0000-0000-000000000015', 'q', 'nuts');
UPDATE attacks.tb_city SET code = 'q' WHERE pk_city OPERATOR(pg_catalog.=) 1;
DELETE FROM attacks.tb_shop WHERE pk_shop OPERATOR(pg_catalog.=) 3;
RESET ROLE;
-- DDL of the superuser under the same path: the event triggers are run.
ALTER TABLE attacks.tb_shop ADD COLUMN stars int;
ALTER TABLE attacks.tb_shop ENABLE ALWAYS TRIGGER pg_tviews_capture_insert, ENABLE ALWAYS TRIGGER pg_tviews_capture_update;
CREATE TABLE attacks.tb_shop_2 () INHERITS (attacks.tb_shop);
DROP TABLE attacks.tb_shop_2;
SELECT missing, extra, different FROM public.pg_tviews_verify('attacks.tv_city');
SELECT public.pg_tviews_refresh('attacks.tv_city');
SELECT route FROM public.pg_tviews_explain('attacks.tv_city');
SET search_path = attacks, public;
DISCARD TEMP;
SELECT oracle.check('tv_city', :'city'), oracle.routes('tv_city');
SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'tb_shop'::regclass AND tgname LIKE 'pg\_tviews\_capture\_%t' ORDER BY tgname;
SET client_min_messages = warning;
DROP SCHEMA hijack CASCADE;
RESET client_min_messages;
-- The extension's views call nothing but PostgreSQL's own, even where others may create operators in its schema.
SELECT count(*) AS strangers FROM pg_depend d
JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
JOIN pg_depend e ON e.classid = 'pg_class'::regclass AND e.objid = r.ev_class AND e.deptype = 'e'
WHERE e.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_tviews')
AND d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass)
AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = d.refclassid AND x.objid = d.refobjid AND x.deptype = 'e');

-- Names that look like places in our own scripts: these once made their owner a superuser.
GRANT CREATE ON SCHEMA evil TO regress_tv_evil;
CREATE SCHEMA " ENABLE TRIGGER ALL; ALTER ROLE regress_tv_evil SUPERUSER; --" AUTHORIZATION regress_tv_evil;
SET ROLE regress_tv_evil;
SET search_path = " ENABLE TRIGGER ALL; ALTER ROLE regress_tv_evil SUPERUSER; --", public;
CREATE TABLE tb_ (x int);
CREATE TABLE "tb_{table}" (pk_brace int PRIMARY KEY, id uuid, data jsonb);
CREATE TABLE "tv_{table}{schema}{oid}" AS SELECT pk_brace, id, data FROM "tb_{table}";
ALTER TABLE "tb_{table}" ENABLE ALWAYS TRIGGER pg_tviews_capture_insert;
INSERT INTO "tb_{table}" VALUES (1, oracle.uuid(1), '{}');
SELECT pk_brace, data FROM "tv_{table}{schema}{oid}";
DROP TABLE "tv_{table}{schema}{oid}";
RESET ROLE;
SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_tv_evil';
SET search_path = attacks, public;
DROP SCHEMA " ENABLE TRIGGER ALL; ALTER ROLE regress_tv_evil SUPERUSER; --" CASCADE;

-- Who may create triggers on a source, or on the TVIEW, cannot put one in the place of ours, before or after.
CREATE TABLE tb_town (pk_town int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL);
GRANT SELECT, TRIGGER ON tb_town, tv_city TO regress_tv_evil;
SET ROLE regress_tv_evil;
CREATE FUNCTION evil.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER pg_tviews_capture_insert AFTER INSERT ON tb_town REFERENCING NEW TABLE AS new FOR EACH STATEMENT EXECUTE FUNCTION pg_tviews_capture();
SELECT oracle.sqlstate($$CREATE TRIGGER pg_tviews_capture_update AFTER UPDATE ON tb_town FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION pg_tviews_capture()$$);
SELECT oracle.sqlstate($$CREATE OR REPLACE TRIGGER pg_tviews_capture_insert AFTER INSERT ON tb_shop FOR EACH STATEMENT EXECUTE FUNCTION evil.nothing()$$);
SELECT oracle.sqlstate($$CREATE OR REPLACE TRIGGER pg_tviews_capture_insert AFTER INSERT ON tb_shop REFERENCING NEW TABLE AS new FOR EACH STATEMENT WHEN (false) EXECUTE FUNCTION pg_tviews_capture()$$);
SELECT oracle.sqlstate($$CREATE OR REPLACE TRIGGER pg_tviews_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON tv_city FOR EACH STATEMENT EXECUTE FUNCTION evil.nothing()$$);
SELECT oracle.sqlstate($$CREATE TRIGGER another AFTER INSERT ON tb_shop FOR EACH STATEMENT EXECUTE FUNCTION pg_tviews_capture()$$);
SELECT oracle.sqlstate($$CREATE TRIGGER another BEFORE INSERT ON tb_shop FOR EACH ROW EXECUTE FUNCTION pg_tviews_guard()$$);
RESET ROLE;
SELECT oracle.sqlstate('ALTER TRIGGER pg_tviews_capture_insert ON tb_shop RENAME TO mine');
SELECT oracle.sqlstate('ALTER TRIGGER pg_tviews_guard ON tv_city RENAME TO mine');
CREATE TABLE tv_town AS SELECT pk_town, id, jsonb_build_object('name', name) AS data FROM tb_town;
INSERT INTO tb_town VALUES (1, oracle.uuid(1), 'Ulm');
UPDATE tb_town SET name = 'Bonn';
INSERT INTO tb_shop (pk_shop, id, code, name) VALUES (6, oracle.uuid(16), 'q', 'rice');
SELECT oracle.check('tv_town', 'SELECT pk_town, id, jsonb_build_object(''name'', name) AS data FROM attacks.tb_town') AS town, oracle.check('tv_city', :'city') AS city;
-- A trigger from before the extension, which has such a name, is in nobody's way.
CREATE TABLE tb_old (pk_old int PRIMARY KEY, id uuid NOT NULL);
ALTER EVENT TRIGGER pg_tviews_on_command DISABLE;
CREATE TRIGGER pg_tviews_of_ours AFTER INSERT ON tb_old FOR EACH STATEMENT EXECUTE FUNCTION evil.nothing();
ALTER EVENT TRIGGER pg_tviews_on_command ENABLE ALWAYS;
CREATE TABLE tv_old AS SELECT pk_old, id, '{}'::jsonb AS data FROM tb_old;
ALTER TABLE tb_old ADD COLUMN more text;
INSERT INTO tb_old VALUES (1, oracle.uuid(1));
SELECT oracle.check('tv_old', 'SELECT pk_old, id, ''{}''::jsonb FROM attacks.tb_old');
ALTER TRIGGER pg_tviews_of_ours ON tb_old RENAME TO of_ours;
-- Nor are the trigger functions of use by themselves.
SELECT oracle.sqlstate('SELECT pg_tviews_capture()'), oracle.sqlstate('SELECT pg_tviews_guard()');
SELECT oracle.sqlstate('SELECT pg_tviews_on_command()');
SELECT oracle.sqlstate('SELECT pg_tviews_on_drop()');
-- But a source's owner, who has no other right, may add partitions, whose row triggers call one of them.
CREATE TABLE tb_part (pk_part int PRIMARY KEY, id uuid NOT NULL) PARTITION BY RANGE (pk_part);
CREATE TABLE tv_part AS SELECT pk_part, id, '{}'::jsonb AS data FROM tb_part;
ALTER TABLE tb_part OWNER TO regress_tv_wright;
GRANT CREATE ON SCHEMA attacks TO regress_tv_wright;
SET ROLE regress_tv_wright;
CREATE TABLE tb_part_1 PARTITION OF tb_part FOR VALUES FROM (0) TO (10);
INSERT INTO tb_part VALUES (1, oracle.uuid(1));
RESET ROLE;
SELECT oracle.check('tv_part', 'SELECT pk_part, id, ''{}''::jsonb FROM attacks.tb_part'), oracle.routes('tv_part');
DROP TABLE tv_part;
DROP TABLE tb_part;

-- Between CREATE TABLE AS and COMMIT the role and the owner change: the query is run as who owns the table then.
-- The first is a transaction without BEGIN, since an assertion of PostgreSQL's forbids what fails in COMMIT to be caught.
GRANT CREATE ON SCHEMA attacks TO regress_tv_evil;
SET LOCAL ROLE regress_tv_evil\;
CREATE TABLE tv_mine AS SELECT pk_city, id, jsonb_build_object('as', evil.shown(code)) AS data FROM tb_city\;
RESET ROLE\;
TRUNCATE evil.log\;
SET LOCAL attacks.are_on = 'yes';
SELECT DISTINCT who FROM evil.log;
BEGIN;
SET LOCAL ROLE regress_tv_evil;
CREATE TABLE tv_given AS SELECT pk_city, id, jsonb_build_object('code', code) AS data FROM tb_city;
RESET ROLE;
ALTER TABLE tv_given OWNER TO regress_tv_wright;
COMMIT;
-- The new owner has no TRIGGER on the source.
SELECT * FROM oracle.kinds('tv_mine', 'tv_given');
DROP TABLE tv_mine;

-- The extension's tables are closed to others, and cannot be hung on to.
SET ROLE regress_tv_evil;
SELECT what, oracle.sqlstate(what) FROM unnest(ARRAY[
    'SELECT * FROM pg_tviews_catalog', 'DELETE FROM pg_tviews_catalog', 'INSERT INTO pg_tviews_source VALUES (1, 1, NULL)', 'SELECT * FROM pg_tviews_recorded',
    'UPDATE pg_tviews_metadata SET settings = NULL', 'DELETE FROM pg_tviews_locks', 'DELETE FROM pg_tviews_stats',
    'CREATE TABLE evil.child () INHERITS (pg_tviews_catalog)', 'ALTER TABLE evil.log INHERIT pg_tviews_source',
    'CREATE TABLE evil.child (t regclass REFERENCES pg_tviews_catalog)', 'CREATE RULE r AS ON INSERT TO pg_tviews_source DO INSTEAD NOTHING',
    'CREATE TRIGGER t AFTER INSERT ON pg_tviews_source FOR EACH STATEMENT EXECUTE FUNCTION evil.nothing()', 'LOCK TABLE pg_tviews_catalog IN ACCESS SHARE MODE',
    'TRUNCATE pg_tviews_catalog', 'CREATE INDEX ON pg_tviews_catalog (owns_view)', 'ALTER EVENT TRIGGER pg_tviews_on_drop DISABLE',
    'SELECT pg_tviews_stats_reset()', 'ALTER TABLE pg_tviews_catalog ENABLE ROW LEVEL SECURITY', 'DROP EXTENSION pg_tviews',
    'CREATE OR REPLACE VIEW public.pg_tviews_locks AS SELECT 1', 'COMMENT ON TABLE pg_tviews_catalog IS ''x''']) AS what;
RESET ROLE;
-- Settings that are anybody's change nothing that a TVIEW holds.
SELECT name, context FROM pg_settings WHERE name LIKE 'pg\_tviews.%' AND name <> 'pg_tviews.sabotage' ORDER BY name;

-- No function of PostgreSQL's for advisory locks reaches those of refreshes, or is reached by them.
BEGIN;
UPDATE tb_city SET code = 'r' WHERE pk_city = 1;
SELECT pg_tviews_flush();
SELECT pg_advisory_xact_lock(1), pg_advisory_xact_lock(1, 2), pg_advisory_xact_lock_shared(3), pg_advisory_xact_lock_shared(3, 4),
       pg_try_advisory_lock(-1), pg_try_advisory_lock('tv_city'::regclass::oid::int, 1);
SELECT DISTINCT objsubid >= 16 AS is_of_a_refresh, classid = 'tv_city'::regclass AS is_of_tview FROM pg_locks
WHERE locktype = 'advisory' AND pid = pg_backend_pid() ORDER BY 1, 2;
-- The same numbers as those locks, in each form, are still free.
SELECT DISTINCT pg_try_advisory_xact_lock(classid::bigint << 32 | objid::bigint) AS as_bigint, pg_try_advisory_xact_lock(classid::int, objid::bigint::bit(32)::int) AS as_two
FROM pg_locks WHERE locktype = 'advisory' AND objsubid >= 16 AND pid = pg_backend_pid();
SELECT pg_advisory_unlock_all();
SELECT count(*) > 0 AS are_kept FROM pg_locks WHERE objsubid >= 16 AND locktype = 'advisory' AND pid = pg_backend_pid();
ROLLBACK;

-- What a failed refresh tells a writer who may not read the TVIEW, and one who may.
ALTER TABLE tv_city ADD CONSTRAINT short CHECK (length(data->>'code') < 5);
SET ROLE regress_tv_wright;
SELECT oracle.sqlstate($$UPDATE tb_city SET code = 'secret'; SELECT pg_tviews_flush()$$);
RESET ROLE;
GRANT SELECT ON tv_city TO regress_tv_wright;
SET ROLE regress_tv_wright;
SELECT oracle.sqlstate($$UPDATE tb_city SET code = 'secret'; SELECT pg_tviews_flush()$$);
RESET ROLE;
-- Nor one whose rows a policy chooses.
ALTER TABLE tv_city ENABLE ROW LEVEL SECURITY;
SET ROLE regress_tv_wright;
SELECT oracle.sqlstate($$UPDATE tb_city SET code = 'secret'; SELECT pg_tviews_flush()$$);
UPDATE tb_city SET code = 's';
SELECT count(*) FROM tv_city;
RESET ROLE;
SELECT oracle.check('tv_city', :'city');
ALTER TABLE tv_city DISABLE ROW LEVEL SECURITY;
-- The same for keys that come twice.
CREATE TABLE tb_twin (pk_twin int PRIMARY KEY, n int NOT NULL);
INSERT INTO tb_twin VALUES (1, 1), (2, 2);
GRANT UPDATE, SELECT ON tb_twin TO regress_tv_wright;
CREATE TABLE tv_twin AS SELECT n AS pk_twin, md5(n::text)::uuid AS id, '{}'::jsonb AS data FROM tb_twin;
SET ROLE regress_tv_wright;
SELECT oracle.sqlstate('UPDATE tb_twin SET n = 7; SELECT pg_tviews_flush()');
RESET ROLE;
SELECT oracle.sqlstate('UPDATE tb_twin SET n = 7; SELECT pg_tviews_flush()');

-- What hangs on a type of an index of the TVIEW runs as the owner, and finds what the owner meant, whatever the writer has set.
SET ROLE regress_tv_wright;
CREATE TABLE wright.loot (who name);
CREATE FUNCTION wright.minus(int, int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO wright.loot VALUES (current_user);
    RETURN 1;
END
$$;
CREATE OPERATOR wright.- (leftarg = int, rightarg = int, function = wright.minus);
GRANT USAGE ON SCHEMA wright TO PUBLIC;
GRANT INSERT ON wright.loot TO PUBLIC;
SET ROLE regress_tv_evil;
CREATE FUNCTION evil.distance(a int, b int) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF current_user <> 'regress_tv_evil' THEN
        RAISE 'distance is computed as %', current_user;
    END IF;
    RETURN a - b;
END
$$;
CREATE TYPE evil.span AS RANGE (subtype = int, subtype_diff = evil.distance);
CREATE TABLE evil.tb_stay (pk_stay int PRIMARY KEY, id uuid NOT NULL, since int NOT NULL, fk_city int NOT NULL);
CREATE INDEX ON evil.tb_stay (fk_city);
INSERT INTO evil.tb_stay SELECT n, oracle.uuid(n), n * 7919 % 1000, 1 FROM generate_series(1, 1000) AS n;
GRANT SELECT, INSERT ON evil.tb_stay TO regress_tv_wright;
GRANT USAGE ON SCHEMA evil TO regress_tv_wright;
CREATE TABLE evil.tv_stay AS
SELECT s.pk_stay, s.id, s.fk_city, evil.span(s.since, s.since + 10) AS span, c.code, jsonb_build_object('code', c.code) AS data
FROM evil.tb_stay s JOIN attacks.tb_city c ON c.pk_city = s.fk_city;
CREATE INDEX ON evil.tv_stay (fk_city);
CREATE INDEX ON evil.tv_stay USING gist (span);
CREATE INDEX ON evil.tv_stay (code);
SET ROLE regress_tv_wright;
SET search_path = wright, pg_catalog;
UPDATE attacks.tb_city SET code = 'p1' WHERE pk_city = 1;
UPDATE attacks.tb_city SET code = 'p2' WHERE pk_city = 1;
INSERT INTO evil.tb_stay VALUES (1001, pg_catalog.gen_random_uuid(), 500, 1);
RESET ROLE;
SET search_path = attacks, public;
SELECT count(*) FROM wright.loot;
SELECT * FROM pg_tviews_verify('evil.tv_stay');

-- Statements in hints can be run as they are.
CREATE TABLE "tv_it's; DROP" (id uuid, data jsonb);
SELECT oracle.sqlstate($$SELECT pg_tviews_convert_existing_table('"tv_it''s; DROP"')$$);

-- A name that leaves no room for a number.
CREATE VIEW v_234567890123456789012345678901234567890123456789012345678901 AS SELECT 1 AS x;
CREATE TABLE tv_234567890123456789012345678901234567890123456789012345678901 AS SELECT pk_town, id, '{}'::jsonb AS data FROM tb_town;
SELECT backing_view FROM pg_tviews_metadata WHERE table_name = 'tv_234567890123456789012345678901234567890123456789012345678901';

SET client_min_messages = warning;
DROP SCHEMA evil, attacks, wright CASCADE;
DROP ROLE regress_tv_evil, regress_tv_wright;
