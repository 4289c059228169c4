-- Conditions that hold in one of several ways (OR, coalesce), and links that are found the long way round: self-joins,
-- views, WITH queries, correlated recursion, generated columns.
\set SHOW_CONTEXT never
CREATE SCHEMA choices;
SET search_path = choices, public;

CREATE TABLE tb_a (pk int PRIMARY KEY, id uuid NOT NULL, x int, y int, n int NOT NULL, up int);
CREATE INDEX ON tb_a (x);
CREATE INDEX ON tb_a (y);
CREATE INDEX ON tb_a (up);
CREATE INDEX ON tb_a (COALESCE(y, x));
CREATE INDEX ON tb_a (x, y);
CREATE INDEX ON tb_a (n);
CREATE TABLE tb_b (pk int PRIMARY KEY, x int, y int, v int, ref int GENERATED ALWAYS AS (x * 10 + y) STORED, nr int GENERATED ALWAYS AS IDENTITY);
CREATE INDEX ON tb_b (x);
CREATE INDEX ON tb_b (y);
CREATE INDEX ON tb_b (COALESCE(x, y));
CREATE INDEX ON tb_b (x, y);
CREATE INDEX ON tb_b (ref);
CREATE INDEX ON tb_b (nr);
CREATE TABLE tb_c (pk int PRIMARY KEY, x int, fk_b int, v int);
CREATE INDEX ON tb_c (x);
CREATE INDEX ON tb_c (fk_b);
CREATE INDEX ON tb_c ((pk + 100));
INSERT INTO tb_a VALUES (1, oracle.uuid(1), 1, 1, 11, NULL), (2, oracle.uuid(2), 2, NULL, 12, 1), (3, oracle.uuid(3), NULL, 3, 23, 1), (4, oracle.uuid(4), NULL, NULL, 0, 3), (5, oracle.uuid(5), 2, 3, 33, 4);
INSERT INTO tb_b (pk, x, y, v) VALUES (1, 1, 2, 1), (2, 1, 1, 2), (3, NULL, 3, 3), (4, 2, NULL, 4), (5, 2, 3, 5);
INSERT INTO tb_c VALUES (1, 1, 1, 1), (2, NULL, 2, 2), (3, 3, 3, 3), (4, NULL, NULL, 4);

-- OR: of two links to one table, to two tables, with AND inside, nested, of three; in a join, an outer join, a subquery.
SELECT $$
    SELECT a.pk AS pk_or, a.id, jsonb_build_object('b', jsonb_agg(b.v ORDER BY b.pk)) AS data
    FROM tb_a a JOIN tb_b b ON b.x = a.x OR b.y = a.y GROUP BY a.pk, a.id
$$ AS or_query,
$$
    SELECT a.pk AS pk_left, a.id, jsonb_build_object('b', jsonb_agg(b.v ORDER BY b.pk)) AS data
    FROM tb_a a LEFT JOIN tb_b b ON (b.x = a.x AND b.v > 1) OR (b.y = a.y AND b.x = a.pk) OR b.pk = a.up GROUP BY a.pk, a.id
$$ AS left_query,
$$
    SELECT a.pk AS pk_tables, a.id, jsonb_build_object('c', (
        SELECT jsonb_agg(c.v ORDER BY c.pk, b.pk) FROM tb_c c JOIN tb_b b ON b.pk = a.pk AND (c.x = a.x OR c.fk_b = b.x))) AS data
    FROM tb_a a
$$ AS tables,
$$
    SELECT a.pk AS pk_exists, a.id, '{}'::jsonb AS data
    FROM tb_a a WHERE EXISTS (SELECT FROM tb_b b WHERE b.x = a.x OR b.x = a.y) OR a.pk IN (SELECT fk_b FROM tb_c) OR NOT EXISTS (SELECT FROM tb_c c WHERE c.x = a.up OR c.fk_b = a.up)
$$ AS exists_query,
$$
    SELECT a.pk AS pk_nested, a.id, jsonb_build_object('b', (SELECT sum(b.v) FROM tb_b b WHERE b.x = a.x AND (b.y = a.y OR b.v = a.pk OR (b.y IS NULL AND (b.v = 4 OR a.y IS NULL))))) AS data
    FROM tb_a a
$$ AS nested \gset
CREATE TABLE tv_or AS :or_query;
CREATE TABLE tv_left AS :left_query;
CREATE TABLE tv_tables AS :tables;
CREATE TABLE tv_exists AS :exists_query;
CREATE TABLE tv_nested AS :nested;
-- coalesce: in the condition, on either side, over an outer join, as the key.
SELECT $$
    SELECT a.pk AS pk_coalesce, a.id, jsonb_build_object('b', (SELECT jsonb_agg(b.v ORDER BY b.pk) FROM tb_b b WHERE coalesce(b.x, b.y) = coalesce(a.y, a.x))) AS data
    FROM tb_a a
$$ AS coalesce_query,
$$
    SELECT a.pk AS pk_over, a.id, jsonb_build_object('c', jsonb_agg(c.v ORDER BY c.pk, b.pk)) AS data
    FROM tb_a a LEFT JOIN tb_b b ON b.pk = a.up LEFT JOIN tb_c c ON c.x = coalesce(b.x, a.x) GROUP BY a.pk, a.id
$$ AS over,
$$
    SELECT coalesce(b.pk, c.pk + 100) AS pk_key, oracle.uuid(coalesce(b.pk, c.pk + 100)) AS id, jsonb_build_object('a', sum((SELECT count(*) FROM tb_a a WHERE a.x = coalesce(b.x, c.x))), 'c', jsonb_agg(c.v ORDER BY c.pk)) AS data
    FROM tb_b b FULL JOIN tb_c c ON c.fk_b = b.pk GROUP BY coalesce(b.pk, c.pk + 100)
$$ AS key,
$$
    SELECT a.pk AS pk_same, a.id, jsonb_build_object('b', (SELECT jsonb_agg(b.v ORDER BY b.pk) FROM tb_b b WHERE b.x IS NOT DISTINCT FROM a.x AND NOT (b.y IS DISTINCT FROM a.y))) AS data
    FROM tb_a a
$$ AS same \gset
CREATE TABLE tv_coalesce AS :coalesce_query;
CREATE TABLE tv_over AS :over;
CREATE TABLE tv_key AS :key;
CREATE TABLE tv_same AS :same;
-- The long way round.
CREATE VIEW "Sums" AS SELECT x, count(*) AS "Count", sum(v) AS "Sum" FROM tb_b GROUP BY x HAVING count(*) < 3;
SELECT $$
    SELECT a.pk AS pk_self, a.id, jsonb_build_object('up', b.n, 'upper', c.n, 'top', d.n, 'below', (SELECT jsonb_agg(e.n ORDER BY e.pk) FROM tb_a e WHERE e.up = b.pk)) AS data
    FROM tb_a a LEFT JOIN tb_a b ON b.pk = a.up LEFT JOIN tb_a c ON c.pk = b.up LEFT JOIN tb_a d ON d.pk = c.up
$$ AS self,
$$
    SELECT a.pk AS pk_views, a.id, jsonb_build_object('Sum', s."Sum", 'up', t."Count") AS data
    FROM tb_a a LEFT JOIN "Sums" s ON s.x = a.x LEFT JOIN tb_a u ON u.pk = a.up LEFT JOIN "Sums" t ON t.x = u.y
$$ AS views,
$$
    WITH s AS MATERIALIZED (SELECT b.x, c.v FROM tb_b b JOIN tb_c c ON c.fk_b = b.pk), t AS (SELECT x, max(v) AS v FROM s GROUP BY x)
    SELECT a.pk AS pk_with, a.id, jsonb_build_object('x', s.v, 'y', t.v) AS data
    FROM tb_a a LEFT JOIN t s ON s.x = a.x LEFT JOIN t ON t.x = a.y
$$ AS with_query,
$$
    SELECT a.pk AS pk_generated, a.id, jsonb_build_object('b', (SELECT jsonb_agg(b.nr ORDER BY b.nr) FROM tb_b b WHERE b.ref = a.n), 'nr', (SELECT b.v FROM tb_b b WHERE b.nr = a.pk)) AS data
    FROM tb_a a
$$ AS generated,
$$
    SELECT a.pk AS pk_path, a.id, jsonb_build_object('path', (
        WITH RECURSIVE path AS (
            SELECT p.pk, p.up, p.n, 1 AS depth FROM tb_a p WHERE p.pk = a.up
            UNION ALL SELECT q.pk, q.up, q.n, depth + 1 FROM tb_a q JOIN path ON q.pk = path.up WHERE depth < 9)
        SELECT jsonb_agg(n ORDER BY depth) FROM path)) AS data
    FROM tb_a a
$$ AS path \gset
CREATE TABLE tv_self AS :self;
CREATE TABLE tv_views AS :views;
CREATE TABLE tv_with AS :with_query;
CREATE TABLE tv_generated AS :generated;
CREATE TABLE tv_path AS :path;
-- Full by right: an arm without an equality, and the whole tree from its top.
SELECT $$
    SELECT a.pk AS pk_arm, a.id, jsonb_build_object('b', (SELECT count(*) FROM tb_b b WHERE b.x = a.x OR b.v > a.n)) AS data FROM tb_a a
$$ AS arm,
$$
    WITH RECURSIVE tree AS (SELECT pk, id, 0 AS depth FROM tb_a WHERE up IS NULL UNION ALL SELECT t.pk, t.id, depth + 1 FROM tb_a t JOIN tree ON t.up = tree.pk WHERE depth < 9)
    SELECT pk AS pk_tree, id, jsonb_build_object('depth', min(depth)) AS data FROM tree GROUP BY pk, id
$$ AS tree \gset
CREATE TABLE tv_arm AS :arm;
CREATE TABLE tv_tree AS :tree;

SELECT oracle.routes('tv_or') AS or, oracle.routes('tv_left') AS left, oracle.routes('tv_tables') AS tables;
SELECT oracle.routes('tv_exists') AS exists, oracle.routes('tv_nested') AS nested, oracle.routes('tv_coalesce') AS coalesce;
SELECT oracle.routes('tv_over') AS over, oracle.routes('tv_key') AS key, oracle.routes('tv_same') AS same;
SELECT oracle.routes('tv_self') AS self, oracle.routes('tv_views') AS views;
SELECT oracle.routes('tv_with') AS with, oracle.routes('tv_generated') AS generated, oracle.routes('tv_path') AS path;
SELECT oracle.routes('tv_arm') AS arm, oracle.routes('tv_tree') AS tree;

PREPARE checks AS
SELECT oracle.check('tv_or', :'or_query') AS or, oracle.check('tv_left', :'left_query') AS left, oracle.check('tv_tables', :'tables') AS tables,
       oracle.check('tv_exists', :'exists_query') AS exists, oracle.check('tv_nested', :'nested') AS nested,
       oracle.check('tv_coalesce', :'coalesce_query') AS coalesce, oracle.check('tv_over', :'over') AS over, oracle.check('tv_key', :'key') AS key,
       oracle.check('tv_same', :'same') AS same, oracle.check('tv_self', :'self') AS self, oracle.check('tv_views', :'views') AS views,
       oracle.check('tv_with', :'with_query') AS with, oracle.check('tv_generated', :'generated') AS generated, oracle.check('tv_path', :'path') AS path,
       oracle.check('tv_arm', :'arm') AS arm, oracle.check('tv_tree', :'tree') AS tree;
EXECUTE checks;
-- What is shown, at every end.
UPDATE tb_b SET v = v + 10 WHERE pk IN (2, 3);
UPDATE tb_c SET v = v + 10;
UPDATE tb_a SET n = n + 1 WHERE pk < 4;
EXECUTE checks;
-- From one arm to the other, to both, to none.
UPDATE tb_b SET x = 3, y = 3 WHERE pk = 1;
EXECUTE checks;
UPDATE tb_b SET x = y, y = x WHERE pk > 2;
EXECUTE checks;
UPDATE tb_a SET x = y, y = x, n = 11;
EXECUTE checks;
UPDATE tb_c SET x = NULL, fk_b = pk + 1 WHERE pk < 3;
UPDATE tb_b SET x = NULL, y = NULL WHERE pk = 2;
EXECUTE checks;
-- The row that an arm was found by goes with the row that the other one was found by.
BEGIN;
DELETE FROM tb_c WHERE pk = 1;
DELETE FROM tb_b WHERE pk = 5;
UPDATE tb_a SET x = NULL, up = 2 WHERE pk = 5;
COMMIT;
EXECUTE checks;
BEGIN;
UPDATE tb_a SET up = 5 WHERE pk = 2;
INSERT INTO tb_a VALUES (6, oracle.uuid(6), 3, 2, 33, 2);
UPDATE tb_a SET up = 6 WHERE pk = 3;
UPDATE tb_a SET up = NULL WHERE pk = 5;
INSERT INTO tb_b (pk, x, y, v) VALUES (6, 3, 3, 0), (7, 3, 3, 0);
COMMIT;
EXECUTE checks;
-- The middle of a path goes, with the row that it led to; and one comes between.
BEGIN;
DELETE FROM tb_a WHERE pk = 6;
DELETE FROM tb_a WHERE pk = 2;
DELETE FROM tb_b WHERE pk = 6;
COMMIT;
EXECUTE checks;
BEGIN;
INSERT INTO tb_a VALUES (2, oracle.uuid(2), 1, 1, 12, 1), (6, oracle.uuid(6), 2, 2, 22, 2);
UPDATE tb_a SET up = 6 WHERE pk IN (3, 5);
UPDATE tb_a SET n = 99 WHERE pk = 1;
UPDATE tb_a SET up = 4, n = 33 WHERE pk = 1;
UPDATE tb_a SET up = NULL WHERE pk = 4;
COMMIT;
EXECUTE checks;
BEGIN;
SAVEPOINT undone;
UPDATE tb_b SET x = 1, y = 1;
UPDATE tb_a SET up = NULL;
ROLLBACK TO undone;
WITH first AS (UPDATE tb_a SET x = 7 WHERE pk = 1) UPDATE tb_a SET y = 7 WHERE pk = 2;
UPDATE tb_b SET x = 7 WHERE pk = 1;
COMMIT;
EXECUTE checks;
TRUNCATE tb_b;
EXECUTE checks;
INSERT INTO tb_b (pk, x, y, v) VALUES (1, NULL, NULL, 1), (2, 7, 2, 2), (3, 2, 7, 2);
DELETE FROM tb_c;
EXECUTE checks;
INSERT INTO tb_c VALUES (1, 2, 3, 1);
EXECUTE checks;
SELECT data FROM tv_path ORDER BY pk_path;
