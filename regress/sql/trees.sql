-- Recursive queries: paths up from one row, whole trees from their roots, and what a change in the middle of
-- them does to the rows beyond.
\set SHOW_CONTEXT never
CREATE SCHEMA trees;
SET search_path = trees, public;

CREATE TABLE tb_node (pk int PRIMARY KEY, id uuid NOT NULL, up int, alt int, kind text, n int, ok bool NOT NULL DEFAULT true, below int[]);
CREATE INDEX ON tb_node (up);
CREATE INDEX ON tb_node (kind);
CREATE TABLE tb_note (pk int PRIMARY KEY, fk int, v int);
CREATE INDEX ON tb_note (fk);
CREATE TABLE tb_leaf (id uuid PRIMARY KEY, fk int);
CREATE INDEX ON tb_leaf (fk);
INSERT INTO tb_node SELECT i, oracle.uuid(i), nullif(i / 2, 0), CASE WHEN i % 4 = 3 THEN 1 END, 'k' || i % 3, i, true, ARRAY[2 * i, 2 * i + 1] FROM generate_series(1, 12) i;
INSERT INTO tb_note SELECT i, i, i FROM generate_series(1, 12, 2) i;
INSERT INTO tb_leaf VALUES (oracle.uuid(101), 5), (oracle.uuid(102), 12), (oracle.uuid(103), NULL);

-- Paths: from a row to the root, with another table on the way, and from a row to all below it.
SELECT $$
    SELECT x.id, jsonb_build_object('path', (
        WITH RECURSIVE path AS (
            SELECT pk, up, n, 0 AS depth FROM tb_node WHERE pk = x.fk
            UNION ALL SELECT p.pk, p.up, p.n, depth + 1 FROM tb_node p JOIN path ON p.pk = path.up WHERE p.ok AND depth < 8)
        SELECT jsonb_agg(jsonb_build_array(path.n, t.v) ORDER BY depth) FROM path LEFT JOIN tb_note t ON t.fk = path.pk)) AS data
    FROM tb_leaf x
$$ AS path,
$$
    SELECT x.id, jsonb_build_object('below', (
        WITH RECURSIVE below AS (
            SELECT pk, kind FROM tb_node WHERE up = x.fk
            UNION SELECT p.pk, p.kind FROM below JOIN tb_node p ON p.up = below.pk AND p.kind <> below.kind)
        SELECT jsonb_agg(pk ORDER BY pk) FROM below)) AS data
    FROM tb_leaf x
$$ AS below \gset
CREATE TABLE tv_path AS :path;
CREATE TABLE tv_below AS :below;
-- Whole trees: their rows, what another table shows of them, totals from below, one node of them looked up.
SELECT $$
    WITH RECURSIVE tree AS (
        SELECT pk, id, n AS sum, 0 AS depth FROM tb_node WHERE up IS NULL
        UNION ALL SELECT p.pk, p.id, sum + p.n, depth + 1 FROM tb_node p JOIN tree ON p.up = tree.pk WHERE p.ok AND depth < 8)
    SELECT pk AS pk_tree, id, jsonb_build_object('sum', sum, 'depth', depth, 'notes', (SELECT sum(t.v) FROM tb_note t WHERE t.fk = tree.pk)) AS data FROM tree
$$ AS tree,
$$
    WITH RECURSIVE tree AS (
        SELECT pk, n AS sum, 0 AS depth FROM tb_node WHERE up IS NULL
        UNION SELECT p.pk, sum + coalesce(t.v, 0), depth + 1 FROM tree JOIN tb_node p ON p.up = tree.pk LEFT JOIN tb_note t ON t.fk = p.pk WHERE depth < 8)
    SELECT x.id, jsonb_build_object('sum', t.sum, 'depth', t.depth) AS data FROM tb_leaf x LEFT JOIN tree t ON t.pk = x.fk
$$ AS joined,
$$
    WITH RECURSIVE sub AS (
        SELECT pk, up, n, 0 AS depth FROM tb_node
        UNION ALL SELECT p.pk, p.up, sub.n, depth + 1 FROM tb_node p JOIN sub ON p.pk = sub.up WHERE depth < 8)
    SELECT pk AS pk_total, oracle.uuid(pk) AS id, jsonb_build_object('sum', sum(n), 'count', count(*)) AS data FROM sub GROUP BY pk
$$ AS total,
$$
    WITH RECURSIVE tree AS (
        SELECT pk, n AS sum, kind FROM tb_node WHERE up IS NULL
        UNION ALL SELECT p.pk, sum + p.n, p.kind FROM tb_node p JOIN tree ON p.up = tree.pk AND p.kind <> tree.kind)
    SELECT kind AS pk_kind, md5(kind)::uuid AS id, jsonb_build_object('sum', sum(sum)) AS data FROM tree GROUP BY kind
$$ AS kind \gset
CREATE TABLE tv_tree AS :tree;
CREATE TABLE tv_joined AS :joined;
CREATE TABLE tv_total AS :total;
CREATE TABLE tv_kind AS :kind;
-- Full by right: two ways to go on, none that must hold, one that an array names; a root carried down.
SELECT $$
    WITH RECURSIVE tree AS (
        SELECT pk, id, n AS sum, 0 AS depth FROM tb_node WHERE up IS NULL
        UNION ALL SELECT p.pk, p.id, sum + p.n, depth + 1 FROM tb_node p JOIN tree ON p.up = tree.pk OR p.alt = tree.pk WHERE depth < 5)
    SELECT pk AS pk_either, id, jsonb_build_object('sums', jsonb_agg(sum ORDER BY sum)) AS data FROM tree GROUP BY pk, id
$$ AS either,
$$
    WITH RECURSIVE tree AS (
        SELECT pk, id, n AS sum, 0 AS v, 0 AS depth FROM tb_node WHERE up IS NULL
        UNION ALL SELECT p.pk, p.id, sum + p.n, t.v, depth + 1 FROM tree CROSS JOIN tb_node p LEFT JOIN tb_note t ON t.fk = p.pk AND p.alt = tree.pk WHERE p.up - tree.pk = 0 AND depth < 8)
    SELECT pk AS pk_apart, id, jsonb_build_object('sum', sum, 'v', v) AS data FROM tree
$$ AS apart,
$$
    WITH RECURSIVE tree AS (
        SELECT pk, id, n AS sum, unnest(below) AS child, 0 AS depth FROM tb_node WHERE up IS NULL
        UNION ALL SELECT p.pk, p.id, sum + p.n, unnest(p.below), depth + 1 FROM tb_node p JOIN tree ON p.pk = tree.child WHERE depth < 5)
    SELECT pk AS pk_named, id, jsonb_build_object('sum', jsonb_agg(sum ORDER BY sum)) AS data FROM tree GROUP BY pk, id
$$ AS named,
$$
    WITH RECURSIVE tree AS (
        SELECT pk, pk AS root, n FROM tb_node WHERE up IS NULL
        UNION ALL SELECT p.pk, tree.root, p.n FROM tb_node p JOIN tree ON p.up = tree.pk)
    SELECT root AS pk_root, oracle.uuid(root) AS id, jsonb_build_object('sum', sum(n)) AS data FROM tree GROUP BY root
$$ AS root \gset
CREATE TABLE tv_either AS :either;
CREATE TABLE tv_apart AS :apart;
CREATE TABLE tv_named AS :named;
CREATE TABLE tv_root AS :root;

SELECT oracle.routes('tv_path') AS path, oracle.routes('tv_below') AS below;
SELECT oracle.routes('tv_tree') AS tree, oracle.routes('tv_joined') AS joined;
SELECT oracle.routes('tv_total') AS total, oracle.routes('tv_kind') AS kind;
SELECT oracle.routes('tv_either') AS either, oracle.routes('tv_apart') AS apart, oracle.routes('tv_named') AS named, oracle.routes('tv_root') AS root;

PREPARE checks AS
SELECT oracle.check('tv_path', :'path') AS path, oracle.check('tv_below', :'below') AS below, oracle.check('tv_tree', :'tree') AS tree,
       oracle.check('tv_joined', :'joined') AS joined, oracle.check('tv_total', :'total') AS total, oracle.check('tv_kind', :'kind') AS kind,
       oracle.check('tv_either', :'either') AS either, oracle.check('tv_apart', :'apart') AS apart, oracle.check('tv_named', :'named') AS named,
       oracle.check('tv_root', :'root') AS root;
EXECUTE checks;
-- A value in the middle, and one beside it.
UPDATE tb_node SET n = 50 WHERE pk = 2;
EXECUTE checks;
UPDATE tb_note SET v = 40 WHERE fk = 5;
EXECUTE checks;
-- A branch is cut off, comes back, moves below another; both ends of a branch go, either first.
UPDATE tb_node SET ok = false WHERE pk = 3;
EXECUTE checks;
UPDATE tb_node SET up = 7, ok = true WHERE pk = 2;
EXECUTE checks;
BEGIN;
DELETE FROM tb_node WHERE pk = 2;
DELETE FROM tb_node WHERE pk = 5;
COMMIT;
EXECUTE checks;
BEGIN;
INSERT INTO tb_node VALUES (5, oracle.uuid(5), 2, 3, 'k1', 5, true, NULL), (2, oracle.uuid(2), 3, NULL, 'k2', 2, true, '{5}');
UPDATE tb_node SET ok = true, alt = 2 WHERE pk = 3;
COMMIT;
EXECUTE checks;
-- A key moves with those that name it, a branch becomes a tree of its own, and the root goes under another.
BEGIN;
UPDATE tb_node SET pk = 20, id = oracle.uuid(20) WHERE pk = 5;
UPDATE tb_node SET up = 20 WHERE up = 5;
UPDATE tb_leaf SET fk = 20 WHERE fk IS NULL;
COMMIT;
EXECUTE checks;
UPDATE tb_node SET up = NULL WHERE pk = 20;
EXECUTE checks;
UPDATE tb_node SET up = 20, alt = NULL WHERE pk = 1;
EXECUTE checks;
-- Twice the same row, the row above and the row below; undone; then the root goes.
BEGIN;
UPDATE tb_node SET n = 7 WHERE pk = 20;
UPDATE tb_node SET up = 10, kind = 'k9' WHERE pk = 1;
UPDATE tb_node SET n = -1 WHERE pk IN (10, 1);
SAVEPOINT undone;
UPDATE tb_node SET up = NULL, kind = 'k0';
ROLLBACK TO undone;
COMMIT;
EXECUTE checks;
BEGIN;
DELETE FROM tb_node WHERE pk = 20;
UPDATE tb_node SET up = NULL WHERE pk = 10;
COMMIT;
EXECUTE checks;
UPDATE tb_note SET fk = fk + 1;
UPDATE tb_node SET below = ARRAY[pk + 1], alt = pk - 3 WHERE pk > 3;
EXECUTE checks;
TRUNCATE tb_node;
EXECUTE checks;
INSERT INTO tb_node VALUES (5, oracle.uuid(5), NULL, NULL, 'k1', 5), (6, oracle.uuid(6), 5, NULL, 'k2', 6);
EXECUTE checks;
