-- Outer joins of all kinds: either side can be the one that has the key, and a row that comes or goes on one
-- side lets the other side's row appear with NULLs or vanish.
\set SHOW_CONTEXT never
CREATE SCHEMA outer_joins;
SET search_path = outer_joins, public;

CREATE TABLE tb_a (pk int PRIMARY KEY, id uuid, k int, n int);
CREATE INDEX ON tb_a (id);
CREATE INDEX ON tb_a (k);
CREATE TABLE tb_b (pk int PRIMARY KEY, id uuid, k int, n int);
CREATE INDEX ON tb_b (id);
CREATE INDEX ON tb_b (k);
CREATE INDEX ON tb_b ((pk + 100));
CREATE TABLE tb_c (pk bigint PRIMARY KEY, k int, name text);
CREATE INDEX ON tb_c (k);
CREATE INDEX ON tb_c (((pk)::integer));
INSERT INTO tb_a VALUES (1, oracle.uuid(1), 1, 10), (2, oracle.uuid(2), 2, 20), (3, oracle.uuid(3), NULL, 30);
INSERT INTO tb_b VALUES (2, oracle.uuid(2), 2, 5), (3, oracle.uuid(3), NULL, 50), (4, oracle.uuid(4), 4, 1);
INSERT INTO tb_c VALUES (1, 1, 'one'), (2, 2, 'two'), (4, 4, 'four'), (5, NULL, 'none');

-- The key is whichever there is: spelled out, by USING, by NATURAL, and through a third table.
SELECT $$
    SELECT coalesce(a.pk, b.pk) AS pk_full, coalesce(a.id, b.id) AS id, jsonb_build_object('a', a.n, 'b', b.n) AS data
    FROM tb_a a FULL JOIN tb_b b ON b.pk = a.pk
$$ AS full_join,
$$
    SELECT pk AS pk_using, coalesce(a.id, b.id) AS id, jsonb_build_object('a', a.n, 'b', b.n) AS data
    FROM tb_a a FULL JOIN tb_b b USING (pk)
$$ AS using_join,
$$
    SELECT id, jsonb_build_object('a', x.a, 'b', y.b) AS data
    FROM (SELECT id, n AS a FROM tb_a) x NATURAL FULL JOIN (SELECT id, n AS b FROM tb_b) y
$$ AS natural_join,
$$
    SELECT pk AS pk_wide, oracle.uuid(pk::int) AS id, jsonb_build_object('a', a.n, 'c', c.name) AS data
    FROM tb_a a FULL JOIN tb_c c USING (pk)
$$ AS wide,
$$
    SELECT coalesce(a.pk, b.pk) AS pk_third, coalesce(a.id, b.id) AS id, jsonb_build_object('a', a.n, 'b', b.n, 'c', c.name) AS data
    FROM tb_a a FULL JOIN tb_b b ON b.pk = a.pk LEFT JOIN tb_c c ON c.k = coalesce(a.k, b.k)
$$ AS third,
$$
    SELECT pk AS pk_three, oracle.uuid(pk::int) AS id, jsonb_build_object('a', a.n, 'b', b.n, 'c', c.name) AS data
    FROM tb_a a FULL JOIN tb_b b USING (pk) FULL JOIN (SELECT pk::int, name FROM tb_c) c USING (pk)
$$ AS three \gset
CREATE TABLE tv_full AS :full_join;
CREATE TABLE tv_using AS :using_join;
CREATE TABLE tv_natural AS :natural_join;
CREATE TABLE tv_wide AS :wide;
CREATE TABLE tv_third AS :third;
CREATE TABLE tv_three AS :three;
-- Conditions beside the equality, of one side and of both.
SELECT $$
    SELECT coalesce(a.pk, b.pk) AS pk_more, coalesce(a.id, b.id) AS id, jsonb_build_object('a', a.n, 'b', b.n) AS data
    FROM tb_a a FULL JOIN (SELECT pk + 100 AS pk, id, k, n FROM tb_b) b ON b.k = a.k AND b.n < a.n
$$ AS more,
$$
    SELECT b.pk AS pk_right, b.id, jsonb_build_object('a', a.n, 'b', b.n) AS data
    FROM tb_a a RIGHT JOIN tb_b b ON b.k = a.k AND a.n > 5 AND b.n < a.n
$$ AS right_join,
$$
    SELECT a.pk AS pk_left, a.id, jsonb_build_object('a', a.n, 'b', b.n, 'c', c.name) AS data
    FROM tb_a a LEFT JOIN (tb_b b RIGHT JOIN tb_c c ON c.k = b.k AND b.n > 2) ON c.k = a.k AND a.n < 25
$$ AS left_join \gset
CREATE TABLE tv_more AS :more;
CREATE TABLE tv_right AS :right_join;
CREATE TABLE tv_left AS :left_join;
-- A strict condition above an outer join makes it an inner or a one-sided one.
SELECT $$
    SELECT b.pk AS pk_strict, b.id, jsonb_build_object('a', a.n, 'b', b.n) AS data
    FROM tb_a a LEFT JOIN tb_b b ON b.k = a.k WHERE b.n > 0
$$ AS strict,
$$
    SELECT a.pk AS pk_half, a.id, jsonb_build_object('a', a.n, 'b', b.n) AS data
    FROM tb_a a FULL JOIN tb_b b ON b.k = a.k WHERE a.n > 0
$$ AS half,
$$
    SELECT c.pk AS pk_above, oracle.uuid(c.pk::int) AS id, jsonb_build_object('a', a.n, 'b', b.n, 'c', c.name) AS data
    FROM (tb_a a FULL JOIN tb_b b ON b.k = a.k) JOIN tb_c c ON c.k = coalesce(a.k, b.k)
$$ AS above \gset
CREATE TABLE tv_strict AS :strict;
CREATE TABLE tv_half AS :half;
CREATE TABLE tv_above AS :above;
-- Rows without a partner, and partners that may be NULL.
SELECT $$
    SELECT a.pk AS pk_anti, a.id, jsonb_build_object('a', a.n) AS data
    FROM tb_a a LEFT JOIN tb_b b ON b.k = a.k WHERE b.pk IS NULL
$$ AS anti,
$$
    SELECT coalesce(a.pk, b.pk) AS pk_apart, coalesce(a.id, b.id) AS id, jsonb_build_object('a', a.n, 'b', b.n) AS data
    FROM tb_a a FULL JOIN tb_b b ON b.pk = a.pk WHERE a.pk IS NULL OR b.pk IS NULL
$$ AS apart,
$$
    SELECT a.pk AS pk_same, a.id, jsonb_build_object('a', a.n, 'b', jsonb_agg(b.n ORDER BY b.pk)) AS data
    FROM tb_a a LEFT JOIN tb_b b ON b.k IS NOT DISTINCT FROM a.k GROUP BY a.pk, a.id, a.n
$$ AS same \gset
CREATE TABLE tv_anti AS :anti;
CREATE TABLE tv_apart AS :apart;
CREATE TABLE tv_same AS :same;

SELECT oracle.routes('tv_full') AS full, oracle.routes('tv_using') AS using, oracle.routes('tv_natural') AS natural;
SELECT oracle.routes('tv_wide') AS wide, oracle.routes('tv_third') AS third, oracle.routes('tv_three') AS three;
SELECT oracle.routes('tv_more') AS more, oracle.routes('tv_right') AS right, oracle.routes('tv_left') AS left;
SELECT oracle.routes('tv_strict') AS strict, oracle.routes('tv_half') AS half, oracle.routes('tv_above') AS above;
SELECT oracle.routes('tv_anti') AS anti, oracle.routes('tv_apart') AS apart, oracle.routes('tv_same') AS same;

PREPARE checks AS
SELECT oracle.check('tv_full', :'full_join') AS full, oracle.check('tv_using', :'using_join') AS using,
       oracle.check('tv_natural', :'natural_join') AS natural, oracle.check('tv_wide', :'wide') AS wide,
       oracle.check('tv_third', :'third') AS third, oracle.check('tv_three', :'three') AS three,
       oracle.check('tv_more', :'more') AS more, oracle.check('tv_right', :'right_join') AS right,
       oracle.check('tv_left', :'left_join') AS left, oracle.check('tv_strict', :'strict') AS strict,
       oracle.check('tv_half', :'half') AS half, oracle.check('tv_above', :'above') AS above,
       oracle.check('tv_anti', :'anti') AS anti, oracle.check('tv_apart', :'apart') AS apart,
       oracle.check('tv_same', :'same') AS same;
EXECUTE checks;
-- A partner comes, and the row with NULLs vanishes; it goes, and the row is back.
INSERT INTO tb_b VALUES (1, oracle.uuid(1), 1, 7);
EXECUTE checks;
DELETE FROM tb_b WHERE pk = 1;
EXECUTE checks;
-- Both rows of a pair go, either first; then both come.
BEGIN;
DELETE FROM tb_a WHERE pk = 2;
DELETE FROM tb_b WHERE pk = 2;
COMMIT;
EXECUTE checks;
BEGIN;
INSERT INTO tb_b VALUES (2, oracle.uuid(2), 2, 5);
INSERT INTO tb_a VALUES (2, oracle.uuid(2), 2, 20);
COMMIT;
EXECUTE checks;
-- The keys change sides: what was a pair is two, and another pair is made.
BEGIN;
UPDATE tb_a SET pk = 4, id = oracle.uuid(4), k = 4 WHERE pk = 2;
UPDATE tb_b SET k = 1 WHERE pk = 2;
COMMIT;
EXECUTE checks;
-- The condition beside the equality, on and off.
UPDATE tb_b SET n = n + 100 WHERE pk IN (2, 4);
EXECUTE checks;
UPDATE tb_a SET n = n + 200 WHERE k = 4;
EXECUTE checks;
-- NULL arrives in the link, and leaves it; all of the pair in one transaction.
BEGIN;
UPDATE tb_a SET k = NULL WHERE pk = 1;
UPDATE tb_b SET k = NULL WHERE pk = 2;
UPDATE tb_c SET k = NULL WHERE pk = 1;
COMMIT;
EXECUTE checks;
BEGIN;
UPDATE tb_a SET k = 5 WHERE k IS NULL AND pk = 3;
UPDATE tb_b SET k = 5 WHERE k IS NULL AND pk = 3;
UPDATE tb_c SET k = 5 WHERE pk = 5;
COMMIT;
EXECUTE checks;
-- Two rows swap their links, and the third table its rows.
UPDATE tb_a SET k = CASE pk WHEN 3 THEN 4 ELSE 5 END WHERE pk IN (3, 4);
UPDATE tb_c SET k = CASE pk WHEN 4 THEN 5 ELSE 4 END WHERE pk IN (4, 5);
EXECUTE checks;
-- What is undone leaves no trace; what is done twice counts once.
BEGIN;
SAVEPOINT undone;
DELETE FROM tb_a;
ROLLBACK TO undone;
UPDATE tb_a SET pk = pk + 10, id = oracle.uuid(pk + 10);
UPDATE tb_a SET pk = pk - 10, id = oracle.uuid(pk - 10), n = 0 WHERE pk > 11;
COMMIT;
EXECUTE checks;
WITH first AS (UPDATE tb_b SET n = 9 WHERE pk = 2) UPDATE tb_b SET pk = 40, id = oracle.uuid(40), k = 1 WHERE pk = 4;
EXECUTE checks;
-- One side becomes empty, then the other.
TRUNCATE tb_b;
EXECUTE checks;
BEGIN;
INSERT INTO tb_b SELECT pk, oracle.uuid(pk::int), k, 1 FROM tb_c;
DELETE FROM tb_a;
DELETE FROM tb_b WHERE pk < 4;
COMMIT;
EXECUTE checks;
DELETE FROM tb_b;
EXECUTE checks;
INSERT INTO tb_a VALUES (1, oracle.uuid(1), 1, 10);
EXECUTE checks;
SELECT pk_full, data FROM tv_full ORDER BY pk_full;
