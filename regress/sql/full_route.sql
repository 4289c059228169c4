-- What cannot be maintained row by row is compared as a whole: said at creation,
-- shown by explain, and right all the same.
\set SHOW_CONTEXT never
CREATE SCHEMA full_route;
SET search_path = full_route, public;

CREATE TABLE tb_part (pk_part int PRIMARY KEY, id uuid NOT NULL, fk_parent int, name text NOT NULL, weight int, spare text);
CREATE INDEX ON tb_part (weight);
CREATE INDEX ON tb_part (((md5(name))::uuid));
CREATE INDEX ON tb_part (fk_parent);
CREATE TABLE tb_limit (low int, high int, label text NOT NULL, remark text);
CREATE INDEX ON tb_limit (low);
INSERT INTO tb_part VALUES
    (1, oracle.uuid(1), NULL, 'Bicycle', 1), (2, oracle.uuid(2), 1, 'Wheel', 2), (3, oracle.uuid(3), 2, 'Spoke', 3),
    (4, oracle.uuid(4), 1, 'Frame', NULL);
INSERT INTO tb_limit VALUES (0, 1, 'light'), (2, 9, 'heavy');

-- An uncorrelated subquery.
SELECT $$
    SELECT p.pk_part AS pk_share, p.id, jsonb_build_object('name', p.name, 'of', (SELECT sum(weight) FROM tb_part)) AS data
    FROM tb_part p
$$ AS share \gset
CREATE TABLE tv_share AS :share;
-- A recursive CTE.
SELECT $$
    WITH RECURSIVE tree AS (
        SELECT pk_part, id, name, name AS path FROM tb_part WHERE fk_parent IS NULL
        UNION ALL
        SELECT p.pk_part, p.id, p.name, t.path || '/' || p.name FROM tb_part p JOIN tree t ON t.pk_part = p.fk_parent)
    SELECT t.pk_part AS pk_tree, t.id, jsonb_build_object('name', t.name, 'path', t.path) AS data FROM tree t
$$ AS tree \gset
CREATE TABLE tv_tree AS :tree;
-- A full join: a row without a partner may appear on either side.
SELECT $$
    SELECT coalesce(p.id, oracle.uuid(100 + coalesce(l.low, -1))) AS id, jsonb_build_object('name', coalesce(p.name, 'none'), 'label', l.label) AS data
    FROM tb_part p FULL JOIN tb_limit l ON l.low = p.pk_part
$$ AS full_join \gset
CREATE TABLE tv_full_join AS :full_join;
-- NOT IN, where one NULL empties the result.
SELECT $$
    SELECT p.pk_part AS pk_not_in, p.id, jsonb_build_object('name', p.name) AS data
    FROM tb_part p WHERE p.pk_part NOT IN (SELECT l.low FROM tb_limit l)
$$ AS not_in \gset
CREATE TABLE tv_not_in AS :not_in;
-- A join without an equality.
SELECT $$
    SELECT p.pk_part AS pk_between, p.id, jsonb_build_object('name', p.name, 'label', l.label) AS data
    FROM tb_part p JOIN tb_limit l ON p.weight BETWEEN l.low AND l.high
$$ AS between_join \gset
CREATE TABLE tv_between AS :between_join;
-- An equality under OR is none.
SELECT $$
    SELECT p.pk_part AS pk_or, p.id, jsonb_build_object('name', p.name, 'labels', (
               SELECT jsonb_agg(l.label ORDER BY l.low) FROM tb_limit l WHERE l.low = p.pk_part OR l.high = 9)) AS data
    FROM tb_part p
$$ AS or_query \gset
CREATE TABLE tv_or AS :or_query;
-- LIMIT at the top: a row that leaves lets in another.
SELECT $$
    SELECT p.pk_part AS pk_first, p.id, jsonb_build_object('name', p.name) AS data
    FROM tb_part p ORDER BY p.weight NULLS LAST, p.pk_part LIMIT 2
$$ AS first \gset
CREATE TABLE tv_first AS :first;
-- An IN in the select list: unknown and false differ.
SELECT $$
    SELECT p.pk_part AS pk_in_list, p.id, jsonb_build_object('name', p.name, 'limit', p.weight IN (SELECT l.low FROM tb_limit l)) AS data
    FROM tb_part p
$$ AS in_list \gset
CREATE TABLE tv_in_list AS :in_list;
-- A key that is computed.
SELECT $$
    SELECT md5(p.name)::uuid AS id, jsonb_build_object('name', p.name) AS data FROM tb_part p
$$ AS computed \gset
CREATE TABLE tv_computed AS :computed;

SELECT oracle.routes('tv_share') AS share, oracle.routes('tv_tree') AS tree, oracle.routes('tv_full_join') AS full_join;
SELECT oracle.routes('tv_not_in') AS not_in, oracle.routes('tv_between') AS "between", oracle.routes('tv_or') AS "or";
SELECT oracle.routes('tv_first') AS first, oracle.routes('tv_in_list') AS in_list, oracle.routes('tv_computed') AS computed;
-- Explain gives the reason for each full route, and for no other.
SELECT e.reason IS NOT NULL AS has_reason, e.route, count(*)
FROM unnest(ARRAY['share', 'tree', 'full_join', 'not_in', 'between', 'or', 'first', 'in_list', 'computed']) AS entity,
     pg_tviews_explain('tv_' || entity) e
GROUP BY 1, 2 ORDER BY 1, 2;

PREPARE checks AS
SELECT oracle.check('tv_share', :'share') AS share, oracle.check('tv_tree', :'tree') AS tree,
       oracle.check('tv_full_join', :'full_join') AS full_join, oracle.check('tv_not_in', :'not_in') AS not_in,
       oracle.check('tv_between', :'between_join') AS "between", oracle.check('tv_or', :'or_query') AS "or",
       oracle.check('tv_first', :'first') AS first, oracle.check('tv_in_list', :'in_list') AS in_list,
       oracle.check('tv_computed', :'computed') AS computed;
EXECUTE checks;
-- Each kind of change; rows whose document stays are not written even so.
SELECT oracle.mark('tv_tree');
UPDATE tb_part SET name = 'Rim' WHERE pk_part = 3;
SELECT oracle.written('tv_tree');
EXECUTE checks;
UPDATE tb_part SET fk_parent = 4 WHERE pk_part = 3;
UPDATE tb_part SET name = 'Bike' WHERE pk_part = 1;
EXECUTE checks;
UPDATE tb_part SET weight = 5 WHERE pk_part = 4;
EXECUTE checks;
INSERT INTO tb_limit VALUES (7, 20, 'huge'), (11, 11, 'exact');
EXECUTE checks;
INSERT INTO tb_limit VALUES (NULL, 2, 'unknown');
EXECUTE checks;
DELETE FROM tb_limit WHERE low IS NULL OR low = 2;
EXECUTE checks;
DELETE FROM tb_part WHERE pk_part = 1;
INSERT INTO tb_part VALUES (8, oracle.uuid(8), NULL, 'Tricycle', 0);
UPDATE tb_part SET fk_parent = 8 WHERE pk_part IN (2, 4);
EXECUTE checks;
UPDATE tb_part SET name = CASE name WHEN 'Wheel' THEN 'Rim' WHEN 'Rim' THEN 'Wheel' ELSE name END;
EXECUTE checks;
TRUNCATE tb_limit;
EXECUTE checks;
-- A column that the query does not use costs no comparison.
SELECT oracle.mark('tv_tree'), oracle.mark('tv_share');
UPDATE tb_part SET spare = 'x';
SELECT oracle.written('tv_tree') AS tree, oracle.written('tv_share') AS share;
-- Read in the transaction that wrote, and rolled back.
BEGIN;
INSERT INTO tb_part VALUES (9, oracle.uuid(9), 8, 'Bell', 1);
SELECT data FROM tv_tree ORDER BY pk_tree;
ROLLBACK;
EXECUTE checks;
