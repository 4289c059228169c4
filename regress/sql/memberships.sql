-- IN, NOT IN, ANY, ALL and EXISTS: also where their value is read rather than required, and where NULL on
-- either side makes it unknown for rows that no value links.
\set SHOW_CONTEXT never
-- Without statistics the oracle's queries look dear enough to be compiled.
SET jit = off;
CREATE SCHEMA memberships;
SET search_path = memberships, public;

CREATE TABLE tb_a (pk int PRIMARY KEY, id uuid NOT NULL, x int, y int, z int NOT NULL);
CREATE INDEX ON tb_a (x);
CREATE INDEX ON tb_a (x, y);
CREATE INDEX ON tb_a (z);
CREATE INDEX ON tb_a (y);
CREATE TABLE tb_b (pk int PRIMARY KEY, x int, y int, z int NOT NULL, n int NOT NULL);
CREATE INDEX ON tb_b (x);
CREATE INDEX ON tb_b (x, y);
CREATE INDEX ON tb_b (z);
CREATE INDEX ON tb_b (y);
CREATE TABLE tb_c (pk int PRIMARY KEY, x int, fk int);
CREATE INDEX ON tb_c (fk);
CREATE INDEX ON tb_c (x);
INSERT INTO tb_a SELECT n, oracle.uuid(n), nullif(n, 4), n % 3, n FROM generate_series(1, 5) n;
INSERT INTO tb_b VALUES (1, 1, 1, 1, 1), (2, 2, 1, 2, 2);
INSERT INTO tb_c VALUES (1, 1, 1), (2, 3, 2);

-- Required: a semi-join.
SELECT $$ SELECT pk AS pk_semi, id, '{}'::jsonb AS data FROM tb_a a WHERE x IN (SELECT x FROM tb_b WHERE n < 5) $$ AS semi,
$$ SELECT pk AS pk_pair, id, '{}'::jsonb AS data FROM tb_a a WHERE (x, y) IN (SELECT x, y FROM tb_b) $$ AS pair,
$$ SELECT pk AS pk_exists, id, '{}'::jsonb AS data FROM tb_a a
   WHERE EXISTS (SELECT FROM tb_b b WHERE b.x = a.x AND b.n <> a.pk AND EXISTS (SELECT FROM tb_c c WHERE c.fk = b.pk)) $$ AS exists_query,
$$ SELECT pk AS pk_two, id, '{}'::jsonb AS data FROM tb_a a
   WHERE x IN (SELECT x FROM tb_b UNION SELECT x FROM tb_c WHERE fk = a.pk) $$ AS two \gset
CREATE TABLE tv_semi AS :semi;
CREATE TABLE tv_pair AS :pair;
CREATE TABLE tv_exists AS :exists_query;
CREATE TABLE tv_two AS :two;
-- Excluded: by columns that may be NULL on both sides, on one, on none; by pairs; by what has no partner.
SELECT $$ SELECT pk AS pk_not_in, id, '{}'::jsonb AS data FROM tb_a a WHERE x NOT IN (SELECT x FROM tb_b WHERE n < 5) $$ AS not_in,
$$ SELECT pk AS pk_not_null, id, '{}'::jsonb AS data FROM tb_a a WHERE z NOT IN (SELECT z FROM tb_b) $$ AS not_null,
$$ SELECT pk AS pk_half, id, '{}'::jsonb AS data FROM tb_a a WHERE z NOT IN (SELECT x FROM tb_b) $$ AS half,
$$ SELECT pk AS pk_not_pair, id, '{}'::jsonb AS data FROM tb_a a WHERE (x, y) NOT IN (SELECT x, y FROM tb_b) $$ AS not_pair,
$$ SELECT pk AS pk_all, id, '{}'::jsonb AS data FROM tb_a a WHERE x <> ALL (SELECT x FROM tb_b) $$ AS all_query,
$$ SELECT pk AS pk_not_exists, id, '{}'::jsonb AS data FROM tb_a a
   WHERE NOT EXISTS (SELECT FROM tb_b b WHERE b.x = a.x AND b.n > 1) $$ AS not_exists,
$$ SELECT pk AS pk_inner, id, '{}'::jsonb AS data FROM tb_a a
   WHERE x NOT IN (SELECT b.x FROM tb_b b JOIN tb_c c ON c.fk = b.pk WHERE c.x <> a.z) $$ AS inner_query \gset
CREATE TABLE tv_not_in AS :not_in;
CREATE TABLE tv_not_null AS :not_null;
CREATE TABLE tv_half AS :half;
CREATE TABLE tv_not_pair AS :not_pair;
CREATE TABLE tv_all AS :all_query;
CREATE TABLE tv_not_exists AS :not_exists;
CREATE TABLE tv_inner AS :inner_query;
-- Read: shown, in a CASE, under OR, in an aggregate, twice.
SELECT $$ SELECT pk AS pk_shown, id, jsonb_build_object('in', x IN (SELECT x FROM tb_b), 'none', x NOT IN (SELECT x FROM tb_c)) AS data FROM tb_a $$ AS shown,
$$ SELECT pk AS pk_case, id, jsonb_build_object('in', CASE WHEN x IN (SELECT x FROM tb_b WHERE n > 1) THEN 'yes' WHEN pk > 2 THEN 'late' END) AS data FROM tb_a $$ AS case_query,
$$ SELECT pk AS pk_or, id, '{}'::jsonb AS data FROM tb_a a WHERE y = 0 OR x IN (SELECT x FROM tb_b) OR z = ANY (SELECT fk FROM tb_c) $$ AS or_query,
$$ SELECT y AS pk_aggregate, oracle.uuid(y) AS id, jsonb_build_object('in', count(*) FILTER (WHERE x IN (SELECT x FROM tb_b))) AS data
   FROM tb_a WHERE y IS NOT NULL GROUP BY y $$ AS aggregate \gset
CREATE TABLE tv_shown AS :shown;
CREATE TABLE tv_case AS :case_query;
CREATE TABLE tv_or AS :or_query;
CREATE TABLE tv_aggregate AS :aggregate;
-- Of a column that is never NULL but where grouping sets make it so.
SELECT $$ SELECT a.pk AS pk_sets, a.id, jsonb_build_object('none', jsonb_agg(s.z NOT IN (SELECT z FROM tb_b) ORDER BY s.z), 'same', jsonb_agg((SELECT sum(c.x) FROM tb_c c WHERE c.x IS NOT DISTINCT FROM s.z) ORDER BY s.z)) AS data
   FROM tb_a a CROSS JOIN LATERAL (SELECT b.z FROM tb_b b WHERE b.x = a.x GROUP BY ROLLUP (b.z)) s GROUP BY a.pk, a.id $$ AS sets \gset
CREATE TABLE tv_sets AS :sets;
-- In the condition of an outer join: of its nullable side, required; of the other one, excluded.
SELECT $$ SELECT a.pk AS pk_on, a.id, jsonb_build_object('c', c.pk) AS data
   FROM tb_a a LEFT JOIN tb_c c ON c.fk = a.pk AND c.x IN (SELECT x FROM tb_b) AND a.x NOT IN (SELECT y FROM tb_b WHERE n > 3) $$ AS on_query \gset
CREATE TABLE tv_on AS :on_query;
-- Full by right: no equality links the rows of an inequality, nor those of a subquery that counts all rows.
SELECT $$ SELECT pk AS pk_above, id, '{}'::jsonb AS data FROM tb_a a WHERE z > ALL (SELECT n FROM tb_b) $$ AS above,
$$ SELECT pk AS pk_counted, id, '{}'::jsonb AS data FROM tb_a a WHERE z > (SELECT count(*) FROM tb_b) $$ AS counted,
$$ SELECT pk AS pk_first, id, '{}'::jsonb AS data FROM tb_a a WHERE x IN (SELECT x FROM tb_b ORDER BY n, pk LIMIT 2) $$ AS first \gset
CREATE TABLE tv_above AS :above;
CREATE TABLE tv_counted AS :counted;
CREATE TABLE tv_first AS :first;

SELECT oracle.routes('tv_semi') AS semi, oracle.routes('tv_pair') AS pair, oracle.routes('tv_exists') AS "exists", oracle.routes('tv_two') AS two;
SELECT oracle.routes('tv_not_in') AS not_in, oracle.routes('tv_not_null') AS "not null", oracle.routes('tv_half') AS half, oracle.routes('tv_not_pair') AS not_pair;
SELECT oracle.routes('tv_all') AS "all", oracle.routes('tv_not_exists') AS not_exists, oracle.routes('tv_inner') AS "inner";
SELECT oracle.routes('tv_shown') AS shown, oracle.routes('tv_case') AS "case", oracle.routes('tv_or') AS "or";
SELECT oracle.routes('tv_aggregate') AS aggregate, oracle.routes('tv_on') AS "on", oracle.routes('tv_sets') AS sets;
SELECT oracle.routes('tv_above') AS above, oracle.routes('tv_counted') AS counted, oracle.routes('tv_first') AS first;

PREPARE checks AS
SELECT oracle.check('tv_semi', :'semi') AS semi, oracle.check('tv_pair', :'pair') AS pair,
       oracle.check('tv_exists', :'exists_query') AS "exists", oracle.check('tv_two', :'two') AS two,
       oracle.check('tv_not_in', :'not_in') AS not_in, oracle.check('tv_not_null', :'not_null') AS "not null",
       oracle.check('tv_half', :'half') AS half, oracle.check('tv_not_pair', :'not_pair') AS not_pair,
       oracle.check('tv_all', :'all_query') AS "all", oracle.check('tv_not_exists', :'not_exists') AS not_exists,
       oracle.check('tv_inner', :'inner_query') AS "inner", oracle.check('tv_shown', :'shown') AS shown,
       oracle.check('tv_case', :'case_query') AS "case", oracle.check('tv_or', :'or_query') AS "or",
       oracle.check('tv_aggregate', :'aggregate') AS aggregate, oracle.check('tv_on', :'on_query') AS "on", oracle.check('tv_sets', :'sets') AS sets,
       oracle.check('tv_above', :'above') AS above, oracle.check('tv_counted', :'counted') AS counted,
       oracle.check('tv_first', :'first') AS first;
EXECUTE checks;
-- A value comes, moves to another, is there twice, goes once, goes altogether.
INSERT INTO tb_b VALUES (3, 3, 0, 3, 3);
EXECUTE checks;
UPDATE tb_b SET x = 5, y = 2, z = 5 WHERE pk = 3;
EXECUTE checks;
INSERT INTO tb_b VALUES (4, 5, 2, 5, 1);
DELETE FROM tb_b WHERE pk = 3;
EXECUTE checks;
DELETE FROM tb_b WHERE pk = 4;
EXECUTE checks;
-- NULL comes among the values, which makes every other row unknown; a second one; both go.
INSERT INTO tb_b VALUES (5, NULL, 1, 9, 1);
EXECUTE checks;
UPDATE tb_b SET x = NULL WHERE pk = 2;
EXECUTE checks;
UPDATE tb_b SET x = coalesce(x, pk);
EXECUTE checks;
UPDATE tb_b SET y = NULL, n = 9 WHERE pk = 1;
INSERT INTO tb_c VALUES (3, NULL, 1), (4, 5, NULL);
UPDATE tb_c SET fk = 2 WHERE x IS NULL;
EXECUTE checks;
DELETE FROM tb_c WHERE pk > 2;
-- NULL on the other side, coming and going, while the list is empty and while it is not.
BEGIN;
UPDATE tb_a SET x = NULL WHERE pk IN (1, 2);
UPDATE tb_a SET y = NULL WHERE pk IN (2, 3);
UPDATE tb_b SET n = 2 WHERE pk = 1;
COMMIT;
EXECUTE checks;
DELETE FROM tb_b;
EXECUTE checks;
INSERT INTO tb_b VALUES (1, 7, 7, 7, 7);
EXECUTE checks;
BEGIN;
UPDATE tb_a SET x = 7, y = 1 WHERE x IS NULL AND pk < 4;
UPDATE tb_b SET x = NULL, y = 7;
INSERT INTO tb_b VALUES (2, 7, 1, 3, 1);
COMMIT;
EXECUTE checks;
-- The last NULL goes in the transaction that takes the row which it hid.
BEGIN;
DELETE FROM tb_b WHERE x IS NULL;
DELETE FROM tb_a WHERE pk = 3;
UPDATE tb_a SET pk = 3, id = oracle.uuid(3) WHERE pk = 5;
COMMIT;
EXECUTE checks;
-- The inner end and the middle go at once, either first.
INSERT INTO tb_b VALUES (3, 2, 2, 2, 1), (4, 3, 0, 6, 8);
INSERT INTO tb_c VALUES (5, 9, 3), (6, 9, 4);
EXECUTE checks;
BEGIN;
DELETE FROM tb_c WHERE fk = 3;
DELETE FROM tb_b WHERE pk = 3;
DELETE FROM tb_b WHERE pk = 4;
DELETE FROM tb_c WHERE fk = 4;
COMMIT;
EXECUTE checks;
-- Undone, then done; twice the same row; there and back.
BEGIN;
SAVEPOINT undone;
UPDATE tb_b SET x = NULL;
ROLLBACK TO undone;
UPDATE tb_c SET fk = 2, x = 2;
UPDATE tb_c SET fk = 1 WHERE pk = 1;
INSERT INTO tb_b VALUES (8, 1, 1, 1, 1);
DELETE FROM tb_b WHERE pk = 8;
COMMIT;
EXECUTE checks;
-- Two rows exchange their values, one of them NULL.
UPDATE tb_a SET x = CASE pk WHEN 1 THEN NULL ELSE 7 END WHERE pk IN (1, 4);
UPDATE tb_b SET x = 1 WHERE pk = 2;
EXECUTE checks;
TRUNCATE tb_b;
EXECUTE checks;
INSERT INTO tb_b SELECT n, nullif(n, 3), n % 2, n, n FROM generate_series(1, 4) n;
EXECUTE checks;
