-- Inside the transaction that wrote, every way of reading a TVIEW sees the change,
-- and no statement sees two states.
\set SHOW_CONTEXT never
CREATE SCHEMA read_your_writes;
SET search_path = read_your_writes, public;

CREATE TABLE tb_team (pk_team int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL);
CREATE TABLE tb_player (pk_player int PRIMARY KEY, id uuid NOT NULL, fk_team int, name text NOT NULL);
CREATE INDEX ON tb_player (fk_team);
INSERT INTO tb_team VALUES (1, oracle.uuid(1), 'Reds'), (2, oracle.uuid(2), 'Blues');
INSERT INTO tb_player VALUES (1, oracle.uuid(11), 1, 'Ada'), (2, oracle.uuid(12), 1, 'Bob'), (3, oracle.uuid(13), 2, 'Cy');
SELECT $$
    SELECT p.pk_player, p.id, p.fk_team, jsonb_build_object('name', p.name, 'team', t.name) AS data
    FROM tb_player p JOIN tb_team t ON t.pk_team = p.fk_team
$$ AS player \gset
CREATE TABLE tv_player AS :player;
SELECT oracle.routes('tv_player');

-- SELECT, after each kind of write, repeatedly.
BEGIN;
UPDATE tb_team SET name = 'Reds 1' WHERE pk_team = 1;
SELECT data FROM tv_player ORDER BY pk_player;
INSERT INTO tb_player VALUES (4, oracle.uuid(14), 2, 'Dee');
DELETE FROM tb_player WHERE pk_player = 2;
SELECT data FROM tv_player ORDER BY pk_player;
SELECT oracle.check('tv_player', :'player');
SELECT count(*) FROM tv_player;
COMMIT;
SELECT oracle.check('tv_player', :'player');
-- Through a view, a subquery, a CTE, a join with the source.
CREATE VIEW player_names AS SELECT pk_player, data->>'name' AS name, data->>'team' AS team FROM tv_player;
BEGIN;
UPDATE tb_team SET name = 'Reds 2' WHERE pk_team = 1;
SELECT team FROM player_names WHERE pk_player = 1;
UPDATE tb_team SET name = 'Reds 3' WHERE pk_team = 1;
SELECT (SELECT data->>'team' FROM tv_player v WHERE v.pk_player = p.pk_player) AS team FROM tb_player p WHERE p.pk_player = 1;
UPDATE tb_team SET name = 'Reds 4' WHERE pk_team = 1;
WITH c AS MATERIALIZED (SELECT * FROM tv_player) SELECT data->>'team' AS team FROM c WHERE pk_player = 1;
UPDATE tb_team SET name = 'Reds 5' WHERE pk_team = 1;
SELECT v.data->>'team' AS shown, t.name AS stored FROM tv_player v JOIN tb_team t ON t.pk_team = v.fk_team ORDER BY v.pk_player;
COMMIT;
-- A statement that writes while it reads sees neither part of its own changes.
WITH w AS (UPDATE tb_team SET name = name || '!' RETURNING pk_team)
SELECT count(*) AS changed, (SELECT data->>'team' FROM tv_player WHERE pk_player = 1) AS team FROM w;
SELECT data->>'team' AS team FROM tv_player WHERE pk_player = 1;
-- INSERT ... SELECT from the TVIEW, UPDATE ... FROM it, and a new table from it.
CREATE TABLE log (line text);
BEGIN;
UPDATE tb_team SET name = 'Reds 6' WHERE pk_team = 1;
INSERT INTO log SELECT data->>'team' FROM tv_player WHERE pk_player = 1;
UPDATE tb_team SET name = 'Reds 7' WHERE pk_team = 1;
UPDATE tb_player p SET name = v.data->>'team' FROM tv_player v WHERE v.pk_player = p.pk_player AND p.pk_player = 1;
CREATE TABLE copy_of_it AS SELECT data FROM tv_player;
DELETE FROM tb_player p USING tv_player v WHERE v.id = p.id AND v.data->>'name' = 'Reds 7';
COMMIT;
TABLE log;
SELECT data FROM copy_of_it ORDER BY data->>'name';
SELECT oracle.check('tv_player', :'player');
INSERT INTO tb_player VALUES (1, oracle.uuid(11), 1, 'Ada');

-- Functions: SQL, PL/pgSQL volatile and stable, the last with an EXCEPTION block.
CREATE FUNCTION team_sql(int) RETURNS text LANGUAGE sql VOLATILE AS 'SELECT data->>''team'' FROM tv_player WHERE pk_player = $1';
CREATE FUNCTION team_inlined(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT data->>''team'' FROM tv_player WHERE pk_player = $1';
CREATE FUNCTION team_volatile(pk int) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN (SELECT data->>'team' FROM tv_player WHERE pk_player = pk);
END
$$;
CREATE FUNCTION team_stable(pk int) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT data->>'team' FROM tv_player WHERE pk_player = pk);
END
$$;
CREATE FUNCTION team_exception(pk int) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    team text;
BEGIN
    BEGIN
        SELECT data->>'team' INTO STRICT team FROM tv_player WHERE pk_player = pk;
        PERFORM 1 / 0;
    EXCEPTION WHEN division_by_zero THEN
        team := team || ' (caught)';
    END;
    RETURN team;
END
$$;
BEGIN;
UPDATE tb_team SET name = 'Reds 8' WHERE pk_team = 1;
SELECT team_sql(1);
UPDATE tb_team SET name = 'Reds 9' WHERE pk_team = 1;
SELECT team_inlined(1);
UPDATE tb_team SET name = 'Reds 10' WHERE pk_team = 1;
SELECT team_volatile(1);
UPDATE tb_team SET name = 'Reds 11' WHERE pk_team = 1;
SELECT team_stable(1);
UPDATE tb_team SET name = 'Reds 12' WHERE pk_team = 1;
SELECT team_exception(1);
-- Called for every row of a query over other tables.
UPDATE tb_team SET name = 'Reds 13' WHERE pk_team = 1;
SELECT p.name, team_exception(p.pk_player), team_stable(p.pk_player) FROM tb_player p ORDER BY p.pk_player;
COMMIT;
SELECT oracle.check('tv_player', :'player');
-- A function that writes and reads in turn.
CREATE FUNCTION rename_and_read(new_name text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tb_team SET name = new_name WHERE pk_team = 1;
    RETURN (SELECT data->>'team' FROM tv_player WHERE pk_player = 1);
END
$$;
SELECT rename_and_read('Reds 14'), rename_and_read('Reds 15');
SELECT n, rename_and_read('Reds ' || n) FROM generate_series(16, 18) n;
-- The outer query, which reads the TVIEW too, keeps to the state it started with.
SELECT v.pk_player, v.data->>'team' AS team, rename_and_read('Reds 19.' || v.pk_player) AS inside
FROM (SELECT * FROM tv_player ORDER BY pk_player) v;
SELECT oracle.check('tv_player', :'player');
-- A DO block and a loop over the TVIEW that writes meanwhile.
DO $$
DECLARE
    r record;
BEGIN
    UPDATE tb_team SET name = 'Reds 20' WHERE pk_team = 1;
    FOR r IN SELECT pk_player, data->>'team' AS team FROM tv_player ORDER BY pk_player LOOP
        UPDATE tb_team SET name = name || '+' WHERE pk_team = 1;
        RAISE NOTICE '% before, % now', r.team, (SELECT data->>'team' FROM tv_player WHERE pk_player = 1);
    END LOOP;
END
$$;
SELECT oracle.check('tv_player', :'player');

-- COPY TO, of the table, of a query, of a view.
-- The order of COPY's rows is nobody's promise, so the table copied has one row.
CREATE TABLE tv_captain AS
SELECT p.pk_player AS pk_captain, p.id, jsonb_build_object('name', p.name, 'team', t.name) AS data
FROM tb_player p JOIN tb_team t ON t.pk_team = p.fk_team WHERE p.pk_player = 1;
BEGIN;
UPDATE tb_team SET name = 'Reds 21' WHERE pk_team = 1;
COPY tv_captain (pk_captain, data) TO stdout;
UPDATE tb_team SET name = 'Reds 22' WHERE pk_team = 1;
COPY (SELECT data FROM tv_player WHERE pk_player = 1) TO stdout;
COMMIT;
DROP TABLE tv_captain;
-- A materialized view made and refreshed from it; rows locked in it.
BEGIN;
UPDATE tb_team SET name = 'Reds 21m' WHERE pk_team = 1;
CREATE MATERIALIZED VIEW kept AS SELECT data->>'team' AS team FROM tv_player WHERE pk_player = 1;
TABLE kept;
UPDATE tb_team SET name = 'Reds 22' WHERE pk_team = 1;
REFRESH MATERIALIZED VIEW kept;
TABLE kept;
SELECT data->>'team' AS team FROM tv_player WHERE pk_player = 1 FOR UPDATE;
COMMIT;
DROP MATERIALIZED VIEW kept;
-- Cursors: opened before the write they keep their state, opened after it they see it.
BEGIN;
DECLARE before CURSOR FOR SELECT data->>'team' AS team FROM tv_player ORDER BY pk_player;
FETCH 1 FROM before;
UPDATE tb_team SET name = 'Reds 23';
DECLARE after CURSOR FOR SELECT data->>'team' AS team FROM tv_player ORDER BY pk_player;
FETCH ALL FROM after;
FETCH ALL FROM before;
CLOSE before;
CLOSE after;
COMMIT;
-- Not yet fetched from when the write and a flush happen; held beyond the commit; scrollable.
BEGIN;
DECLARE unfetched CURSOR FOR SELECT data->>'team' AS team FROM tv_player ORDER BY pk_player;
UPDATE tb_team SET name = 'Reds 24';
SELECT DISTINCT data->>'team' AS team FROM tv_player;
FETCH ALL FROM unfetched;
DECLARE held SCROLL CURSOR WITH HOLD FOR SELECT data->>'team' AS team FROM tv_player ORDER BY pk_player;
UPDATE tb_team SET name = 'Reds 25';
COMMIT;
FETCH LAST FROM held;
FETCH FIRST FROM held;
CLOSE held;
SELECT oracle.check('tv_player', :'player');
-- A cursor in a savepoint that is rolled back.
BEGIN;
UPDATE tb_team SET name = 'Reds 26' WHERE pk_team = 1;
SAVEPOINT a;
DECLARE inside CURSOR FOR SELECT data->>'team' AS team FROM tv_player ORDER BY pk_player;
FETCH 1 FROM inside;
ROLLBACK TO a;
SELECT data->>'team' AS team FROM tv_player WHERE pk_player = 1;
COMMIT;
-- EXPLAIN does not flush, EXPLAIN ANALYZE does.
BEGIN;
UPDATE tb_team SET name = 'Reds 27' WHERE pk_team = 1;
EXPLAIN SELECT * FROM tv_player \g /dev/null
SELECT count(*) AS locks FROM pg_locks
WHERE pid = pg_backend_pid() AND relation = 'tv_player'::regclass AND mode = 'RowExclusiveLock';
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM tv_player \g /dev/null
SELECT count(*) AS locks FROM pg_locks
WHERE pid = pg_backend_pid() AND relation = 'tv_player'::regclass AND mode = 'RowExclusiveLock';
COMMIT;
-- Prepared statements, with a custom and with a generic plan that is cached.
PREPARE team (int) AS SELECT data->>'team' AS team FROM tv_player WHERE pk_player = $1;
EXECUTE team (1);
SET plan_cache_mode = force_generic_plan;
EXECUTE team (1);
BEGIN;
UPDATE tb_team SET name = 'Reds 28' WHERE pk_team = 1;
EXECUTE team (1);
UPDATE tb_team SET name = 'Reds 29' WHERE pk_team = 1;
EXECUTE team (1);
COMMIT;
SET plan_cache_mode = force_custom_plan;
BEGIN;
UPDATE tb_team SET name = 'Reds 30' WHERE pk_team = 1;
EXECUTE team (1);
COMMIT;
RESET plan_cache_mode;
DEALLOCATE team;

-- Parallel plans; the setting has two names, of which a version knows one.
SELECT set_config(name, CASE setting WHEN 'off' THEN 'on' ELSE setting END, false) AS parallel
FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
BEGIN;
UPDATE tb_team SET name = 'Reds 31' WHERE pk_team = 1;
SELECT data->>'team' AS team FROM tv_player WHERE pk_player = 1;
UPDATE tb_team SET name = 'Reds 32' WHERE pk_team = 1;
-- A worker runs a function that reads: what is owed is settled before the workers start.
ALTER FUNCTION team_stable PARALLEL SAFE;
SELECT team_stable(1);
-- (It would show nothing if the plan were not parallel.)
DO $$
DECLARE
    line text;
    plan text := '';
BEGIN
    FOR line IN EXPLAIN SELECT team_stable(1) LOOP
        plan := plan || line;
    END LOOP;
    RAISE NOTICE 'parallel: %', plan ~ 'Gather';
END
$$;
UPDATE tb_team SET name = 'Reds 33' WHERE pk_team = 1;
SELECT p.pk_player, team_stable(p.pk_player) FROM tb_player p ORDER BY p.pk_player;
-- A parallel plan that names no TVIEW.
UPDATE tb_team SET name = 'Reds 34' WHERE pk_team = 1;
SELECT count(*) FROM tb_player;
SELECT oracle.check('tv_player', :'player');
COMMIT;
SELECT set_config(name, 'off', false) AS parallel
FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- At the other isolation levels.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT data->>'team' AS team FROM tv_player WHERE pk_player = 1;
UPDATE tb_team SET name = 'Reds 35' WHERE pk_team = 1;
SELECT data->>'team' AS team FROM tv_player WHERE pk_player = 1;
SELECT count(*) FROM tv_player;
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
UPDATE tb_team SET name = 'Reds 36' WHERE pk_team = 1;
SELECT data->>'team' AS team FROM tv_player WHERE pk_player = 1;
COMMIT;
SELECT oracle.check('tv_player', :'player');
-- A transaction that turns read only before it ends.
BEGIN;
UPDATE tb_team SET name = 'Reds 37' WHERE pk_team = 1;
SET TRANSACTION READ ONLY;
SELECT data->>'team' AS team FROM tv_player WHERE pk_player = 1;
COMMIT;
BEGIN;
UPDATE tb_team SET name = 'Reds 38' WHERE pk_team = 1;
SET TRANSACTION READ ONLY;
COMMIT;
SELECT data->>'team' AS team FROM tv_player WHERE pk_player = 1;
-- Constraint triggers and policies that read the TVIEW: a check function in a source.
CREATE FUNCTION team_is_free(text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN NOT EXISTS (SELECT FROM tv_player WHERE data->>'team' = $1);
END
$$;
ALTER TABLE tb_team ADD CHECK (team_is_free(name)) NOT VALID;
BEGIN;
UPDATE tb_team SET name = 'Greens' WHERE pk_team = 1;
SELECT oracle.sqlstate($$INSERT INTO tb_team VALUES (3, oracle.uuid(3), 'Greens')$$) LIKE '23514%' AS refused;
COMMIT;
SELECT oracle.check('tv_player', :'player'), oracle.routes('tv_player');
