-- Keys of several columns and from several tables, by expressions, of arrays and rows; each table leads to the part
-- of the key that it has.
\set SHOW_CONTEXT never
-- Without statistics the oracle's queries look dear enough to be compiled.
SET jit = off;
CREATE SCHEMA composite_keys;
SET search_path = composite_keys, public;

CREATE TYPE spot AS (x int, y text);
CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE tb_a (pk int PRIMARY KEY, id uuid NOT NULL, fk int, n int, tag text);
CREATE INDEX ON tb_a (fk);
CREATE INDEX ON tb_a ((pk * 2), upper(tag));
CREATE INDEX ON tb_a ((n / 10));
CREATE INDEX ON tb_a (((pk)::numeric));
CREATE TABLE tb_b (pk int PRIMARY KEY, fk int, name text COLLATE folded, parts int[], spot spot, at timestamptz, num numeric);
CREATE INDEX ON tb_b (fk);
CREATE INDEX ON tb_b (num, at);
CREATE INDEX ON tb_b (name);
CREATE INDEX ON tb_b (parts);
CREATE INDEX ON tb_b (spot);
CREATE INDEX ON tb_b (((spot).y));
CREATE TABLE tb_c (pk int PRIMARY KEY, fk_b int, v int);
CREATE INDEX ON tb_c (fk_b);
CREATE INDEX ON tb_c (fk_b, v);
INSERT INTO tb_a VALUES (1, oracle.uuid(1), 1, 10, 'x'), (2, oracle.uuid(2), 1, 20, 'y'), (3, oracle.uuid(3), NULL, 30, 'z');
INSERT INTO tb_b VALUES
    (1, 1, 'One', '{1}', (1, 'a'), '2024-01-01 00:00+00', 1.0), (2, 2, 'two', '{1,2}', (1, 'b'), '2024-01-02 00:00+00', 2.50), (3, NULL, 'Three', '{}', (NULL, 'c'), '2024-01-03 00:00+00', 3);
INSERT INTO tb_c VALUES (1, 1, 5), (2, 2, 6), (3, NULL, 7);

-- A key from two tables, from three, and where one table has two parts of it.
SELECT $$
    SELECT a.pk AS ka, b.pk AS kb, oracle.uuid(a.pk * 100 + b.pk) AS id, jsonb_build_object('n', a.n, 'name', b.name) AS data
    FROM tb_a a CROSS JOIN tb_b b
$$ AS crossed,
$$
    SELECT a.pk AS ka, b.pk AS kb, c.pk AS kc, oracle.uuid(a.pk * 10000 + b.pk * 100 + c.pk) AS id, jsonb_build_object('v', c.v) AS data
    FROM tb_a a, tb_b b, tb_c c WHERE b.fk = a.fk OR c.v > a.n
$$ AS three,
$$
    SELECT a.pk AS ka, b.pk AS kb, oracle.uuid(a.pk * 100 + b.pk) AS id, jsonb_build_object('v', (SELECT sum(c.v) FROM tb_c c WHERE c.fk_b = b.pk)) AS data
    FROM tb_a a JOIN tb_b b ON b.fk = a.fk
$$ AS joined,
$$
    SELECT a.pk AS ka, a.tag AS kt, b.pk AS kb, oracle.uuid(a.pk * 100 + b.pk) AS id, jsonb_build_object('c', c.v) AS data
    FROM tb_a a JOIN tb_b b ON b.pk <> a.pk LEFT JOIN tb_c c ON c.pk = a.pk AND c.fk_b = b.pk WHERE a.tag > ''
$$ AS uneven,
$$
    SELECT x.pk AS kx, y.pk AS ky, oracle.uuid(x.pk * 100 + y.pk) AS id, jsonb_build_object('n', x.n + y.n) AS data
    FROM tb_a x JOIN tb_a y ON x.pk < y.pk
$$ AS pairs,
$$
    SELECT a.pk AS ka, coalesce(b.pk, -1) AS kb, oracle.uuid(a.pk * 100 + coalesce(b.pk, 99)) AS id, jsonb_build_object('name', b.name) AS data
    FROM tb_a a LEFT JOIN tb_b b ON b.fk = a.fk AND b.pk <> 3
$$ AS either,
-- A part that is a number of its own, or no column at all.
$$
    SELECT a.pk AS ka, row_number() OVER (PARTITION BY a.pk ORDER BY b.pk) AS kn, oracle.uuid(a.pk * 100 + b.pk) AS id, jsonb_build_object('b', b.pk) AS data
    FROM tb_a a JOIN tb_b b ON b.num > a.pk
$$ AS numbered \gset
BEGIN;
CREATE TABLE tv_crossed AS :crossed;
ALTER TABLE tv_crossed ADD PRIMARY KEY (ka, kb);
CREATE TABLE tv_three AS :three;
ALTER TABLE tv_three ADD PRIMARY KEY (kc, ka, kb);
CREATE TABLE tv_joined AS :joined;
ALTER TABLE tv_joined ADD PRIMARY KEY (kb, ka);
CREATE TABLE tv_uneven AS :uneven;
ALTER TABLE tv_uneven ADD PRIMARY KEY (ka, kb, kt);
CREATE TABLE tv_pairs AS :pairs;
ALTER TABLE tv_pairs ADD PRIMARY KEY (kx, ky);
CREATE TABLE tv_either AS :either;
ALTER TABLE tv_either ADD PRIMARY KEY (ka, kb);
CREATE TABLE tv_numbered AS :numbered;
ALTER TABLE tv_numbered ADD PRIMARY KEY (ka, kn);
COMMIT;
-- Expressions of one table, also of columns that only an expression makes a key; types of all kinds.
SELECT $$
    SELECT a.pk * 2 AS k1, upper(a.tag) AS k2, a.id, jsonb_build_object('b', (SELECT max(b.name COLLATE "C") FROM tb_b b WHERE b.fk = a.pk * 2 OR b.pk = a.n / 10)) AS data
    FROM tb_a a WHERE a.tag IS NOT NULL
$$ AS computed,
$$
    SELECT name AS pk_folded, oracle.uuid(pk) AS id, jsonb_build_object('c', (SELECT count(*) FROM tb_c c WHERE c.fk_b = b.pk)) AS data FROM tb_b b
$$ AS folded,
$$
    SELECT parts AS pk_array, md5(parts::text)::uuid AS id, jsonb_build_object('n', count(*)) AS data FROM tb_b GROUP BY parts
$$ AS array_query,
$$
    SELECT spot AS pk_spot, oracle.uuid(pk) AS id, jsonb_build_object('y', (spot).y) AS data FROM tb_b
$$ AS spot,
$$
    SELECT b.at, b.num, oracle.uuid(b.pk) AS id, jsonb_build_object('a', (SELECT count(*) FROM tb_a a WHERE a.pk = b.num)) AS data FROM tb_b b
$$ AS moment,
$$
    SELECT (b.spot).y AS pk_field, oracle.uuid(b.pk) AS id, jsonb_build_object('c', c.v) AS data FROM tb_b b LEFT JOIN tb_c c ON c.fk_b = b.pk AND c.v = (b.spot).x + 4
$$ AS field \gset
BEGIN;
CREATE TABLE tv_computed AS :computed;
ALTER TABLE tv_computed ADD PRIMARY KEY (k1, k2);
CREATE TABLE tv_moment AS :moment;
ALTER TABLE tv_moment ADD PRIMARY KEY (num, at);
COMMIT;
CREATE TABLE tv_folded AS :folded;
CREATE TABLE tv_array AS :array_query;
CREATE TABLE tv_spot AS :spot;
CREATE TABLE tv_field AS :field;

SELECT oracle.routes('tv_crossed') AS crossed, oracle.routes('tv_three') AS three, oracle.routes('tv_joined') AS joined;
SELECT oracle.routes('tv_uneven') AS uneven, oracle.routes('tv_pairs') AS pairs, oracle.routes('tv_either') AS either;
SELECT oracle.routes('tv_numbered') AS numbered, oracle.routes('tv_computed') AS computed, oracle.routes('tv_folded') AS folded;
SELECT oracle.routes('tv_array') AS "array", oracle.routes('tv_spot') AS spot;
SELECT oracle.routes('tv_moment') AS moment, oracle.routes('tv_field') AS field;

PREPARE checks AS
SELECT oracle.check('tv_crossed', :'crossed') AS crossed, oracle.check('tv_three', :'three') AS three, oracle.check('tv_joined', :'joined') AS joined,
       oracle.check('tv_uneven', :'uneven') AS uneven, oracle.check('tv_pairs', :'pairs') AS pairs, oracle.check('tv_either', :'either') AS either,
       oracle.check('tv_numbered', :'numbered') AS numbered, oracle.check('tv_computed', :'computed') AS computed,
       oracle.check('tv_folded', :'folded') AS folded, oracle.check('tv_array', :'array_query') AS "array",
       oracle.check('tv_spot', :'spot') AS spot, oracle.check('tv_moment', :'moment') AS moment, oracle.check('tv_field', :'field') AS field;
EXECUTE checks;
-- A part of the key comes, changes, goes.
INSERT INTO tb_a VALUES (4, oracle.uuid(4), 2, 5, 'w');
INSERT INTO tb_b VALUES (4, 1, 'four', '{1}', (4, 'd'), '2024-01-04 00:00+00', 4);
EXECUTE checks;
UPDATE tb_a SET pk = 40, id = oracle.uuid(40), tag = 'v' WHERE pk = 4;
UPDATE tb_b SET pk = 5, num = 0.5, at = '2024-02-01 00:00+00', name = 'Five', parts = '{5,NULL}' WHERE pk = 4;
EXECUTE checks;
-- Equal values that look different.
UPDATE tb_b SET name = 'ONE', num = 1.00, spot = (1, 'a') WHERE pk = 1;
SELECT pk_folded FROM tv_folded WHERE pk_folded = 'one' COLLATE folded;
EXECUTE checks;
-- Both tables of a key in one transaction, both rows gone, and others with their keys.
BEGIN;
DELETE FROM tb_a WHERE pk = 2;
DELETE FROM tb_b WHERE pk = 2;
DELETE FROM tb_c WHERE pk = 2;
COMMIT;
EXECUTE checks;
BEGIN;
INSERT INTO tb_b VALUES (2, 1, 'TWO', '{5,NULL}', (1, 'b'), '2024-01-02 00:00+00', 2.5);
INSERT INTO tb_a VALUES (2, oracle.uuid(2), 2, 20, 'q');
UPDATE tb_c SET fk_b = 2;
COMMIT;
EXECUTE checks;
-- Rows swap their keys; the other columns stay.
BEGIN;
UPDATE tb_a SET pk = -1 WHERE pk = 1;
UPDATE tb_a SET pk = 1 WHERE pk = 3;
UPDATE tb_a SET pk = 3 WHERE pk = -1;
COMMIT;
EXECUTE checks;
UPDATE tb_b b SET name = o.name, at = o.at, num = o.num, spot = o.spot, parts = o.parts FROM tb_b o WHERE (b.pk, o.pk) IN ((1, 2), (2, 1));
EXECUTE checks;
-- NULL where it is no key, arriving and leaving.
UPDATE tb_a SET fk = NULL, n = NULL WHERE fk = 1;
UPDATE tb_c SET fk_b = NULL, v = NULL WHERE pk = 1;
EXECUTE checks;
UPDATE tb_a SET fk = 1, n = 3, tag = CASE WHEN pk > 1 THEN 'T' || pk END;
EXECUTE checks;
BEGIN;
SAVEPOINT undone;
UPDATE tb_b SET pk = pk + 100, fk = 2;
ROLLBACK TO undone;
UPDATE tb_b SET fk = 2 WHERE pk < 3;
UPDATE tb_b SET pk = 50, fk = 1 WHERE pk = 2;
COMMIT;
EXECUTE checks;
-- NULL where it is the key is refused, whichever table has it.
SELECT oracle.sqlstate('UPDATE tb_b SET name = NULL WHERE pk = 1; SET CONSTRAINTS ALL IMMEDIATE; SELECT count(*) FROM tv_folded');
SELECT oracle.sqlstate('UPDATE tb_b SET spot = NULL WHERE pk = 3; SELECT count(*) FROM tv_spot');
EXECUTE checks;
TRUNCATE tb_a;
EXECUTE checks;
INSERT INTO tb_a VALUES (1, oracle.uuid(1), 1, 10, 'x');
EXECUTE checks;
DELETE FROM tb_b;
EXECUTE checks;
