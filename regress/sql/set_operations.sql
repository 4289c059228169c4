-- UNION, INTERSECT and EXCEPT with the key in each arm, DISTINCT, grouping: duplicates come and go.
\set SHOW_CONTEXT never
CREATE SCHEMA set_operations;
SET search_path = set_operations, public;

CREATE TABLE tb_a (pk int PRIMARY KEY, id uuid NOT NULL, k int, v int);
CREATE INDEX ON tb_a (((pk)::bigint));
CREATE INDEX ON tb_a (id);
CREATE INDEX ON tb_a (v);
CREATE INDEX ON tb_a (k);
CREATE TABLE tb_b (pk bigint PRIMARY KEY, id uuid NOT NULL, k int, v int);
CREATE INDEX ON tb_b (((pk)::integer));
CREATE INDEX ON tb_b (id);
CREATE INDEX ON tb_b (k);
CREATE INDEX ON tb_b ((pk + 100));
CREATE TABLE tb_c (row_number serial, pk int, k int, v int);
CREATE INDEX ON tb_c (((pk)::bigint));
CREATE INDEX ON tb_c (pk);
CREATE INDEX ON tb_c (oracle.uuid(pk));
CREATE INDEX ON tb_c (k);
INSERT INTO tb_a SELECT n, oracle.uuid(n), n % 2, n FROM generate_series(1, 4) n;
INSERT INTO tb_b SELECT n, oracle.uuid(n), n % 2, n FROM generate_series(3, 6) n;
INSERT INTO tb_c (pk, k, v) VALUES (1, 1, 1), (1, 1, 1), (2, NULL, 1), (2, NULL, 1), (3, 1, 9), (7, 7, 7);

-- The sets, each joined to what shows its keys.
SELECT $$
    SELECT pk AS pk_union, oracle.uuid(pk::int) AS id, jsonb_build_object('v', jsonb_agg(v ORDER BY v)) AS data
    FROM (SELECT pk, v FROM tb_a UNION SELECT pk, v FROM tb_b) u GROUP BY pk
$$ AS union_query,
$$
    SELECT pk AS pk_all, oracle.uuid(pk::int) AS id, jsonb_build_object('n', count(*)) AS data
    FROM (SELECT pk FROM tb_a UNION ALL SELECT pk FROM tb_b UNION ALL SELECT pk FROM tb_c) u GROUP BY pk
$$ AS all_query,
$$
    SELECT pk AS pk_both, oracle.uuid(pk) AS id, jsonb_build_object('c', (SELECT count(*) FROM tb_c c WHERE c.pk = u.pk)) AS data
    FROM (SELECT pk, k FROM tb_a INTERSECT SELECT pk::int, k FROM tb_b) u
$$ AS both,
$$
    SELECT pk AS pk_every, oracle.uuid(pk) AS id, jsonb_build_object('n', count(*)) AS data
    FROM (SELECT pk, k FROM tb_c INTERSECT ALL SELECT pk, k FROM tb_c WHERE v < 5) u GROUP BY pk
$$ AS every_query,
$$
    SELECT pk AS pk_except, oracle.uuid(pk) AS id, jsonb_build_object('k', jsonb_agg(k ORDER BY k)) AS data
    FROM (SELECT pk, k FROM tb_c EXCEPT SELECT pk, k FROM tb_a) u GROUP BY pk
$$ AS except_query,
$$
    SELECT pk AS pk_rest, oracle.uuid(pk) AS id, jsonb_build_object('n', count(*)) AS data
    FROM (SELECT pk, k FROM tb_c EXCEPT ALL SELECT pk, k FROM tb_a) u GROUP BY pk
$$ AS rest,
$$
    SELECT pk AS pk_nested, oracle.uuid(pk::int) AS id, jsonb_build_object('v', max(v)) AS data
    FROM ((SELECT pk, v FROM tb_a UNION ALL (SELECT pk, v FROM tb_b EXCEPT SELECT pk, v FROM tb_c)) INTERSECT (SELECT pk, v FROM tb_b UNION SELECT pk, v FROM tb_a WHERE k = 1)) u GROUP BY pk
$$ AS nested \gset
CREATE TABLE tv_union AS :union_query;
CREATE TABLE tv_all AS :all_query;
CREATE TABLE tv_both AS :both;
CREATE TABLE tv_every AS :every_query;
CREATE TABLE tv_except AS :except_query;
CREATE TABLE tv_rest AS :rest;
CREATE TABLE tv_nested AS :nested;
-- As the query itself, by a key of which a part is a constant; beside a table; in a WITH query that is read twice; under an EXISTS.
SELECT $$
    SELECT id, 'a'::text AS arm, jsonb_build_object('in', 'a') AS data FROM tb_a WHERE k = 1
    UNION ALL SELECT id, 'b', jsonb_build_object('in', 'b') FROM tb_b WHERE k = 0
    EXCEPT SELECT oracle.uuid(pk), 'a', jsonb_build_object('in', 'a') FROM tb_c
$$ AS top,
$$
    SELECT a.pk AS pk_beside, a.id, jsonb_build_object('v', jsonb_agg(u.v ORDER BY u.v)) AS data
    FROM tb_a a LEFT JOIN (SELECT k, v FROM tb_b UNION SELECT k, v FROM tb_c) u ON u.k = a.v GROUP BY a.pk, a.id
$$ AS beside,
$$
    WITH x AS (SELECT pk, k FROM tb_a EXCEPT SELECT pk, k FROM tb_c)
    SELECT x.pk AS pk_twice, oracle.uuid(x.pk) AS id, jsonb_build_object('k', x.k) AS data FROM x
    UNION ALL
    SELECT b.pk + 100, oracle.uuid(b.pk::int + 100), jsonb_build_object('n', (SELECT count(*) FROM x WHERE x.k = b.k)) FROM tb_b b
$$ AS twice,
$$
    SELECT a.pk AS pk_exists, a.id, jsonb_build_object('in', EXISTS (SELECT k FROM tb_c c WHERE c.pk = a.pk EXCEPT SELECT k FROM tb_b b WHERE b.pk = a.pk)) AS data
    FROM tb_a a
$$ AS exists_query \gset
BEGIN;
CREATE TABLE tv_top AS :top;
ALTER TABLE tv_top ADD PRIMARY KEY (id, arm);
COMMIT;
CREATE TABLE tv_beside AS :beside;
CREATE TABLE tv_twice AS :twice;
CREATE TABLE tv_exists AS :exists_query;
-- One row of several that are equal: DISTINCT, and GROUP BY with HAVING, FILTER and ordered aggregates.
SELECT $$
    SELECT s.pk AS pk_distinct, oracle.uuid(s.pk) AS id, jsonb_build_object('k', jsonb_agg(s.k ORDER BY s.k)) AS data
    FROM (SELECT DISTINCT pk, k FROM tb_c) s GROUP BY s.pk
$$ AS distinct_query,
$$
    SELECT pk AS pk_group, oracle.uuid(pk) AS id,
           jsonb_build_object('sum', sum(v), 'odd', count(*) FILTER (WHERE k = 1), 'list', jsonb_agg(v ORDER BY row_number DESC), 'kinds', count(DISTINCT k)) AS data
    FROM tb_c GROUP BY pk HAVING count(*) > 1 OR bool_or(v > 6)
$$ AS group_query,
$$
    SELECT a.pk AS pk_inside, a.id, jsonb_build_object('k', s.k, 'n', s.n) AS data
    FROM tb_a a JOIN (SELECT k, count(*) AS n, min(v) AS v FROM tb_c GROUP BY k HAVING count(*) < 3) s ON s.k = a.k AND s.v < a.v
$$ AS inside \gset
CREATE TABLE tv_distinct AS :distinct_query;
CREATE TABLE tv_group AS :group_query;
CREATE TABLE tv_inside AS :inside;
-- Full by right: totals of all rows, and which rows a LIMIT leaves.
SELECT $$
    SELECT coalesce(k, -1) AS pk_rollup, oracle.uuid(coalesce(k, 99)) AS id, jsonb_build_object('sum', sum(v)) AS data
    FROM tb_a WHERE k IS NOT NULL GROUP BY ROLLUP (k)
$$ AS "rollup",
$$
    SELECT pk AS pk_limit, id, '{}'::jsonb AS data FROM tb_a ORDER BY v DESC, pk LIMIT 2
$$ AS "limit",
$$
    SELECT pk AS pk_capped, oracle.uuid(pk) AS id, '{}'::jsonb AS data
    FROM ((SELECT pk FROM tb_a ORDER BY v, pk LIMIT 2 OFFSET 1) EXCEPT SELECT pk FROM tb_c) u
$$ AS capped \gset
CREATE TABLE tv_rollup AS :rollup;
CREATE TABLE tv_limit AS :limit;
CREATE TABLE tv_capped AS :capped;

SELECT oracle.routes('tv_union') AS union, oracle.routes('tv_all') AS all, oracle.routes('tv_both') AS both;
SELECT oracle.routes('tv_every') AS every, oracle.routes('tv_except') AS except, oracle.routes('tv_rest') AS rest;
SELECT oracle.routes('tv_nested') AS nested, oracle.routes('tv_top') AS top;
SELECT oracle.routes('tv_beside') AS beside, oracle.routes('tv_twice') AS twice;
SELECT oracle.routes('tv_exists') AS exists, oracle.routes('tv_distinct') AS distinct;
SELECT oracle.routes('tv_group') AS group, oracle.routes('tv_inside') AS inside;
SELECT oracle.routes('tv_rollup') AS rollup, oracle.routes('tv_limit') AS limit, oracle.routes('tv_capped') AS capped;

PREPARE checks AS
SELECT oracle.check('tv_union', :'union_query') AS union, oracle.check('tv_all', :'all_query') AS all, oracle.check('tv_both', :'both') AS both,
       oracle.check('tv_every', :'every_query') AS every, oracle.check('tv_except', :'except_query') AS except,
       oracle.check('tv_rest', :'rest') AS rest, oracle.check('tv_nested', :'nested') AS nested, oracle.check('tv_top', :'top') AS top,
       oracle.check('tv_beside', :'beside') AS beside, oracle.check('tv_twice', :'twice') AS twice,
       oracle.check('tv_exists', :'exists_query') AS exists, oracle.check('tv_distinct', :'distinct_query') AS distinct,
       oracle.check('tv_group', :'group_query') AS group, oracle.check('tv_inside', :'inside') AS inside,
       oracle.check('tv_rollup', :'rollup') AS rollup, oracle.check('tv_limit', :'limit') AS limit, oracle.check('tv_capped', :'capped') AS capped;
EXECUTE checks;
-- A duplicate comes, one of the two goes, then the last.
INSERT INTO tb_c (pk, k, v) VALUES (7, 7, 7), (4, 0, 4), (4, 0, 4);
EXECUTE checks;
DELETE FROM tb_c WHERE row_number IN (1, 7);
EXECUTE checks;
DELETE FROM tb_c WHERE pk IN (1, 7);
EXECUTE checks;
-- A row leaves one arm for the other, in one transaction, and both go.
BEGIN;
DELETE FROM tb_a WHERE pk = 2;
INSERT INTO tb_b VALUES (2, oracle.uuid(2), 0, 2);
COMMIT;
EXECUTE checks;
BEGIN;
DELETE FROM tb_a WHERE pk = 4;
DELETE FROM tb_c WHERE pk = 4;
DELETE FROM tb_b WHERE pk = 4;
COMMIT;
EXECUTE checks;
-- NULL in what is compared, arriving on one side and on the other, and leaving.
UPDATE tb_a SET k = NULL WHERE pk = 3;
EXECUTE checks;
UPDATE tb_b SET k = NULL, v = NULL WHERE pk = 3;
UPDATE tb_c SET k = 1 WHERE k IS NULL AND row_number = 3;
EXECUTE checks;
UPDATE tb_a SET v = NULL, k = 5 WHERE pk = 3;
UPDATE tb_c SET v = 1, k = 1 WHERE pk = 2;
EXECUTE checks;
-- Keys move: into one that is taken by another arm, out again, swapped.
UPDATE tb_b SET pk = 1, id = oracle.uuid(1), v = 1 WHERE pk = 6;
EXECUTE checks;
BEGIN;
UPDATE tb_a SET pk = 30, id = oracle.uuid(30) WHERE pk = 3;
UPDATE tb_a SET pk = 3, id = oracle.uuid(3) WHERE pk = 1;
UPDATE tb_a SET pk = 1, id = oracle.uuid(1) WHERE pk = 30;
COMMIT;
EXECUTE checks;
BEGIN;
SAVEPOINT undone;
DELETE FROM tb_c;
UPDATE tb_a SET k = 0;
ROLLBACK TO undone;
INSERT INTO tb_c (pk, k, v) VALUES (5, 1, 5), (5, 1, 5), (5, 1, 9);
DELETE FROM tb_c WHERE v = 9;
UPDATE tb_c SET pk = 6 WHERE row_number = (SELECT max(row_number) FROM tb_c);
COMMIT;
EXECUTE checks;
-- One arm becomes empty, then the other, and rows come back to the first.
TRUNCATE tb_c;
EXECUTE checks;
DELETE FROM tb_a;
EXECUTE checks;
INSERT INTO tb_c (pk, k, v) SELECT n % 3, n % 2, n % 4 FROM generate_series(1, 9) n;
EXECUTE checks;
DELETE FROM tb_b;
INSERT INTO tb_a VALUES (1, oracle.uuid(1), 1, 1);
EXECUTE checks;
SELECT data FROM tv_group ORDER BY pk_group;
