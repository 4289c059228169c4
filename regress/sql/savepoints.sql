-- Savepoints and aborts: what is owed belongs to the (sub)transaction that made it.
\set SHOW_CONTEXT never
CREATE SCHEMA savepoints;
SET search_path = savepoints, public;

CREATE TABLE tb_author (pk_author int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_author int, title text NOT NULL);
CREATE INDEX ON tb_post (fk_author);
INSERT INTO tb_author VALUES (1, oracle.uuid(1), 'Ada'), (2, oracle.uuid(2), 'Bob');
INSERT INTO tb_post VALUES (1, oracle.uuid(11), 1, 'Engines'), (2, oracle.uuid(12), 2, 'Paint');
SELECT $$
    SELECT p.pk_post, p.id, jsonb_build_object('name', p.title, 'author', a.name) AS data
    FROM tb_post p LEFT JOIN tb_author a ON a.pk_author = p.fk_author
$$ AS post \gset
CREATE TABLE tv_post AS :post;
SELECT oracle.routes('tv_post');
PREPARE "check" AS SELECT oracle.check('tv_post', :'post');
-- Reads the documents, and so flushes.
PREPARE show AS SELECT data FROM tv_post ORDER BY pk_post;

-- ROLLBACK TO forgets what came after the savepoint and keeps what came before.
BEGIN;
UPDATE tb_author SET name = 'Ada 1' WHERE pk_author = 1;
SAVEPOINT a;
UPDATE tb_author SET name = 'Bob 1' WHERE pk_author = 2;
ROLLBACK TO a;
COMMIT;
EXECUTE show;
EXECUTE "check";
-- RELEASE hands on what came after.
BEGIN;
SAVEPOINT a;
UPDATE tb_author SET name = 'Ada 2' WHERE pk_author = 1;
RELEASE a;
COMMIT;
EXECUTE show;
EXECUTE "check";
-- Nested: the inner is released into the middle, which is rolled back.
BEGIN;
UPDATE tb_post SET title = 'Engines 3' WHERE pk_post = 1;
SAVEPOINT a;
SAVEPOINT b;
UPDATE tb_post SET title = 'lost' WHERE pk_post = 2;
RELEASE b;
ROLLBACK TO a;
COMMIT;
EXECUTE show;
EXECUTE "check";
-- Nested: the inner is rolled back, the middle released.
BEGIN;
SAVEPOINT a;
UPDATE tb_post SET title = 'Paint 4' WHERE pk_post = 2;
SAVEPOINT b;
UPDATE tb_post SET title = 'lost' WHERE pk_post = 1;
ROLLBACK TO b;
UPDATE tb_post SET fk_author = 2 WHERE pk_post = 1;
RELEASE a;
COMMIT;
EXECUTE show;
EXECUTE "check";
-- The same row inside and outside of what is rolled back.
BEGIN;
UPDATE tb_post SET fk_author = 1 WHERE pk_post = 1;
SAVEPOINT a;
UPDATE tb_post SET fk_author = NULL WHERE pk_post = 1;
ROLLBACK TO a;
UPDATE tb_author SET name = 'Ada 5' WHERE pk_author = 1;
COMMIT;
EXECUTE show;
EXECUTE "check";
-- The same savepoint rolled back several times.
BEGIN;
SAVEPOINT a;
UPDATE tb_post SET title = 'lost' WHERE pk_post = 1;
ROLLBACK TO a;
UPDATE tb_post SET title = 'lost' WHERE pk_post = 2;
ROLLBACK TO a;
UPDATE tb_post SET title = 'Engines 6' WHERE pk_post = 1;
COMMIT;
EXECUTE show;
EXECUTE "check";
-- A savepoint of the same name hides the earlier.
BEGIN;
SAVEPOINT a;
UPDATE tb_post SET title = 'lost' WHERE pk_post = 1;
SAVEPOINT a;
UPDATE tb_post SET title = 'lost' WHERE pk_post = 2;
RELEASE a;
ROLLBACK TO a;
COMMIT;
EXECUTE show;
EXECUTE "check";

-- A read inside a savepoint flushes what the outer level owes; rolled back, it is owed again.
BEGIN;
UPDATE tb_author SET name = 'Ada 7' WHERE pk_author = 1;
SAVEPOINT a;
EXECUTE show;
ROLLBACK TO a;
COMMIT;
EXECUTE show;
EXECUTE "check";
-- Likewise over two levels, the inner released first.
BEGIN;
UPDATE tb_author SET name = 'Ada 8' WHERE pk_author = 1;
SAVEPOINT a;
UPDATE tb_author SET name = 'Bob 8' WHERE pk_author = 2;
SAVEPOINT b;
EXECUTE show;
RELEASE b;
ROLLBACK TO a;
EXECUTE show;
COMMIT;
EXECUTE "check";
-- Flushed outside, changed and flushed inside, rolled back: the outer state is back.
BEGIN;
UPDATE tb_post SET title = 'Engines 9' WHERE pk_post = 1;
EXECUTE show;
SAVEPOINT a;
UPDATE tb_post SET title = 'lost' WHERE pk_post = 1;
EXECUTE show;
ROLLBACK TO a;
EXECUTE show;
COMMIT;
EXECUTE show;
EXECUTE "check";
-- Changed outside, undone inside and read, rolled back.
BEGIN;
DELETE FROM tb_post WHERE pk_post = 2;
SAVEPOINT a;
INSERT INTO tb_post VALUES (2, oracle.uuid(12), 1, 'replaced');
EXECUTE show;
ROLLBACK TO a;
SAVEPOINT b;
EXECUTE show;
ROLLBACK TO b;
EXECUTE "check";
INSERT INTO tb_post VALUES (2, oracle.uuid(12), 2, 'Paint 10');
COMMIT;
EXECUTE "check";
-- The same by an explicit flush.
BEGIN;
UPDATE tb_author SET name = 'Bob 11' WHERE pk_author = 2;
SAVEPOINT a;
SELECT pg_tviews_flush();
ROLLBACK TO a;
COMMIT;
EXECUTE show;
EXECUTE "check";

-- PL/pgSQL blocks with EXCEPTION are savepoints: one that fails and one that does not.
DO $$
BEGIN
    UPDATE tb_author SET name = 'Ada 12' WHERE pk_author = 1;
    BEGIN
        UPDATE tb_author SET name = 'lost' WHERE pk_author = 2;
        PERFORM 1 / 0;
    EXCEPTION WHEN division_by_zero THEN
        NULL;
    END;
    BEGIN
        UPDATE tb_post SET title = 'Paint 12' WHERE pk_post = 2;
    EXCEPTION WHEN division_by_zero THEN
        NULL;
    END;
END
$$;
EXECUTE show;
EXECUTE "check";
-- One that reads and then fails, after a write outside of it.
DO $$
DECLARE
    name text;
BEGIN
    UPDATE tb_author SET name = 'Ada 13' WHERE pk_author = 1;
    BEGIN
        SELECT data->>'author' INTO name FROM tv_post WHERE pk_post = 1;
        RAISE NOTICE 'inside: %', name;
        PERFORM 1 / 0;
    EXCEPTION WHEN division_by_zero THEN
        NULL;
    END;
    SELECT data->>'author' INTO name FROM tv_post WHERE pk_post = 1;
    RAISE NOTICE 'outside: %', name;
END
$$;
EXECUTE "check";
-- In a loop, some failing, as in a batch that skips bad rows.
DO $$
BEGIN
    FOR n IN 3..8 LOOP
        BEGIN
            INSERT INTO tb_post VALUES (n, oracle.uuid(10 + n), n % 2 + 1, 'Post ' || n);
            PERFORM 1 / (n % 3);
        EXCEPTION WHEN division_by_zero THEN
            NULL;
        END;
    END LOOP;
END
$$;
EXECUTE show;
EXECUTE "check";
-- A statement that fails in the middle, in a function that goes on.
DO $$
BEGIN
    BEGIN
        UPDATE tb_post SET pk_post = pk_post % 4;
    EXCEPTION WHEN unique_violation THEN
        NULL;
    END;
    UPDATE tb_post SET title = 'Engines 14' WHERE pk_post = 1;
END
$$;
EXECUTE "check";

-- The whole transaction is aborted: by the user, by an error, by an error after a flush.
BEGIN;
UPDATE tb_post SET title = 'lost';
ROLLBACK;
EXECUTE "check";
BEGIN;
UPDATE tb_post SET title = 'lost';
SELECT 1 / 0;
COMMIT;
EXECUTE "check";
BEGIN;
UPDATE tb_post SET title = 'lost';
SELECT DISTINCT data->>'name' AS name FROM tv_post;
SELECT 1 / 0;
ROLLBACK;
EXECUTE "check";
-- An error, then ROLLBACK TO and on.
BEGIN;
UPDATE tb_author SET name = 'Ada 15' WHERE pk_author = 1;
SAVEPOINT a;
UPDATE tb_author SET name = 'lost';
SELECT 1 / 0;
ROLLBACK TO a;
UPDATE tb_author SET name = 'Bob 15' WHERE pk_author = 2;
COMMIT;
EXECUTE show;
EXECUTE "check";
-- Nothing of it is left for the next transaction, nor after DISCARD ALL.
UPDATE tb_author SET name = 'Ada' WHERE pk_author = 1;
EXECUTE "check";
DISCARD ALL;
SET search_path = savepoints, public;
UPDATE tb_author SET name = 'Bob' WHERE pk_author = 2;
SELECT oracle.check('tv_post', :'post'), oracle.routes('tv_post');
-- COMMIT AND CHAIN, ROLLBACK AND CHAIN.
BEGIN;
UPDATE tb_post SET title = 'Engines' WHERE pk_post = 1;
COMMIT AND CHAIN;
UPDATE tb_post SET title = 'lost' WHERE pk_post = 2;
ROLLBACK AND CHAIN;
UPDATE tb_post SET title = 'Paint' WHERE pk_post = 2;
COMMIT;
SELECT data FROM tv_post WHERE pk_post < 3 ORDER BY pk_post;
SELECT oracle.check('tv_post', :'post');
