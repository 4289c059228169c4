-- COMMIT and ROLLBACK inside procedures and DO blocks flush like any other.
\set SHOW_CONTEXT never
CREATE SCHEMA procedures;
SET search_path = procedures, public;

CREATE TABLE tb_job (pk_job int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL, fk_queue int NOT NULL);
CREATE INDEX ON tb_job (fk_queue);
CREATE TABLE tb_queue (pk_queue int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL);
CREATE TABLE log (pk int GENERATED ALWAYS AS IDENTITY, line text);
INSERT INTO tb_queue VALUES (1, oracle.uuid(1), 'fast'), (2, oracle.uuid(2), 'slow');
SELECT $$
    SELECT q.pk_queue, q.id, jsonb_build_object('name', q.name, 'jobs', (
               SELECT jsonb_agg(j.name ORDER BY j.pk_job) FROM tb_job j WHERE j.fk_queue = q.pk_queue)) AS data
    FROM tb_queue q
$$ AS queue \gset
CREATE TABLE tv_queue AS :queue;
SELECT oracle.routes('tv_queue');

-- Commits every other row, rolls back every third.
CREATE PROCEDURE enqueue(first int, last int) LANGUAGE plpgsql AS $$
BEGIN
    FOR n IN first..last LOOP
        INSERT INTO tb_job VALUES (n, oracle.uuid(n), 'job ' || n, n % 2 + 1);
        IF n % 3 = 0 THEN
            ROLLBACK;
        ELSE
            COMMIT;
        END IF;
        INSERT INTO log (line) SELECT n || ': ' || coalesce(data->>'jobs', 'none') FROM tv_queue WHERE pk_queue = n % 2 + 1;
    END LOOP;
END
$$;
CALL enqueue(1, 6);
SELECT line FROM log ORDER BY pk;
SELECT oracle.check('tv_queue', :'queue');
-- Reads before its commit, in one that it then rolls back.
CREATE PROCEDURE read_and_roll_back() LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tb_queue SET name = 'undone' WHERE pk_queue = 1;
    RAISE NOTICE 'before: %', (SELECT data->>'name' FROM tv_queue WHERE pk_queue = 1);
    ROLLBACK;
    RAISE NOTICE 'after: %', (SELECT data->>'name' FROM tv_queue WHERE pk_queue = 1);
    UPDATE tb_queue SET name = 'kept' WHERE pk_queue = 1;
END
$$;
CALL read_and_roll_back();
SELECT data->>'name' AS name FROM tv_queue ORDER BY pk_queue;
SELECT oracle.check('tv_queue', :'queue');
-- A DO block that commits, inside a loop over the TVIEW itself.
DO $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT pk_queue, data->>'name' AS name FROM tv_queue ORDER BY pk_queue LOOP
        UPDATE tb_queue SET name = r.name || '+' WHERE pk_queue = r.pk_queue;
        COMMIT;
    END LOOP;
END
$$;
SELECT data->>'name' AS name FROM tv_queue ORDER BY pk_queue;
SELECT oracle.check('tv_queue', :'queue');
-- A procedure within a procedure; a new transaction starts with the same characteristics.
CREATE PROCEDURE outer_one() LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM tb_job WHERE pk_job = 1;
    CALL enqueue(7, 8);
    COMMIT AND CHAIN;
    DELETE FROM tb_job WHERE pk_job = 7;
END
$$;
CALL outer_one();
SELECT oracle.check('tv_queue', :'queue');
-- An error after a commit keeps what was committed.
CREATE PROCEDURE fail_after() LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tb_job VALUES (20, oracle.uuid(20), 'kept', 1);
    COMMIT;
    INSERT INTO tb_job VALUES (21, oracle.uuid(21), 'lost', 1);
    RAISE EXCEPTION 'enough';
END
$$;
CALL fail_after();
SELECT data->'jobs' AS jobs FROM tv_queue ORDER BY pk_queue;
SELECT oracle.check('tv_queue', :'queue');
-- A flush that fails at a commit inside a procedure reaches the caller.
ALTER TABLE tv_queue ADD CHECK (data->>'name' <> 'forbidden');
CREATE PROCEDURE forbidden() LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tb_queue SET name = 'forbidden' WHERE pk_queue = 1;
    COMMIT;
    RAISE NOTICE 'not reached';
END
$$;
\set VERBOSITY sqlstate
CALL forbidden();
\set VERBOSITY default
SELECT oracle.check('tv_queue', :'queue');
-- Several statements in one message form one transaction.
INSERT INTO tb_job VALUES (30, oracle.uuid(30), 'thirty', 2)\; UPDATE tb_queue SET name = 'slower' WHERE pk_queue = 2\; SELECT data FROM tv_queue WHERE pk_queue = 2;
SELECT oracle.check('tv_queue', :'queue'), oracle.routes('tv_queue');
