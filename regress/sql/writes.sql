-- Every kind of write on the sources reaches the TVIEWs.
\set SHOW_CONTEXT never
CREATE SCHEMA writes;
SET search_path = writes, public;

CREATE TABLE tb_category (
    pk_category int PRIMARY KEY,
    id uuid NOT NULL,
    fk_parent int REFERENCES tb_category ON DELETE CASCADE ON UPDATE CASCADE,
    name text NOT NULL,
    remark text
);
CREATE INDEX ON tb_category (fk_parent);
CREATE TABLE tb_supplier (pk_supplier int PRIMARY KEY, name text NOT NULL);
CREATE TABLE tb_product (
    pk_product int PRIMARY KEY,
    id uuid NOT NULL,
    fk_category int REFERENCES tb_category ON DELETE CASCADE ON UPDATE CASCADE,
    fk_supplier int REFERENCES tb_supplier ON DELETE SET NULL ON UPDATE CASCADE,
    name text NOT NULL,
    price numeric,
    warehouse_note text
);
CREATE INDEX ON tb_product (fk_category);
CREATE INDEX ON tb_product (fk_supplier);
INSERT INTO tb_category VALUES
    (1, oracle.uuid(101), NULL, 'All'), (2, oracle.uuid(102), 1, 'Tools'), (3, oracle.uuid(103), 1, 'Toys'), (4, oracle.uuid(104), 3, 'Kites');
INSERT INTO tb_supplier VALUES (1, 'Acme'), (2, 'Bolt');
INSERT INTO tb_product VALUES
    (1, oracle.uuid(1), 2, 1, 'Hammer', 12.50), (2, oracle.uuid(2), 2, 2, 'Saw', 20), (3, oracle.uuid(3), 4, 1, 'Delta', 8);
SELECT $$
    SELECT p.pk_product, p.id, jsonb_build_object('name', p.name, 'price', p.price, 'category', c.name, 'supplier', s.name) AS data
    FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category
    LEFT JOIN tb_supplier s ON s.pk_supplier = p.fk_supplier
$$ AS product,
$$
    SELECT c.pk_category, c.id, jsonb_build_object('name', c.name, 'parent', u.name,
               'children', (SELECT count(*) FROM tb_category k WHERE k.fk_parent = c.pk_category),
               'products', (SELECT jsonb_agg(p.name ORDER BY p.name) FROM tb_product p WHERE p.fk_category = c.pk_category)) AS data
    FROM tb_category c LEFT JOIN tb_category u ON u.pk_category = c.fk_parent
$$ AS category \gset
CREATE TABLE tv_product AS :product;
CREATE TABLE tv_category AS :category;
SELECT oracle.routes('tv_product') AS product;
SELECT oracle.routes('tv_category') AS category;
PREPARE checks AS
SELECT oracle.check('tv_product', :'product') AS product, oracle.check('tv_category', :'category') AS category;

-- INSERT: one, several, none, from a query, with a default.
INSERT INTO tb_product VALUES (4, oracle.uuid(4), 3, NULL, 'Ball', 3.00);
INSERT INTO tb_product VALUES (5, oracle.uuid(5), 3, 2, 'Top', NULL), (6, oracle.uuid(6), NULL, 2, 'Homeless', 1);
INSERT INTO tb_product SELECT * FROM tb_product WHERE false;
INSERT INTO tb_product SELECT pk_product + 10, oracle.uuid(pk_product + 10), fk_category, fk_supplier, name || ' II', price FROM tb_product WHERE pk_product < 3;
EXECUTE checks;
-- UPDATE: one, several, all, none.
UPDATE tb_product SET price = 13 WHERE pk_product = 1;
UPDATE tb_product SET fk_supplier = 2 WHERE fk_supplier = 1 OR fk_supplier IS NULL;
UPDATE tb_product SET price = price * 2;
UPDATE tb_product SET price = 0 WHERE false;
EXECUTE checks;
-- UPDATE FROM, RETURNING.
WITH renamed AS (
    UPDATE tb_product p SET name = c.name || ' ' || p.name FROM tb_category c WHERE c.pk_category = p.fk_category AND p.pk_product > 10
    RETURNING p.pk_product, p.name)
SELECT name FROM renamed ORDER BY pk_product;
EXECUTE checks;
-- DELETE: one, several, USING.
DELETE FROM tb_product WHERE pk_product = 11;
DELETE FROM tb_product p USING tb_category c WHERE c.pk_category = p.fk_category AND p.pk_product > 10;
EXECUTE checks;
-- WHERE CURRENT OF a cursor.
BEGIN;
DECLARE current_product CURSOR FOR SELECT pk_product FROM tb_product WHERE pk_product < 3 ORDER BY pk_product FOR UPDATE;
FETCH current_product;
UPDATE tb_product SET price = 17 WHERE CURRENT OF current_product;
FETCH current_product;
DELETE FROM tb_product WHERE CURRENT OF current_product;
COMMIT;
EXECUTE checks;
INSERT INTO tb_product VALUES (2, oracle.uuid(2), 2, 2, 'Saw', 40);
-- COPY FROM.
COPY tb_product (pk_product, id, fk_category, fk_supplier, name, price) FROM stdin;
21	00000000-0000-0000-0000-000000000021	2	1	Drill	90.0
22	00000000-0000-0000-0000-000000000022	3	\N	Yo-yo	1.5
\.
EXECUTE checks;
-- ON CONFLICT: inserted, updated and left alone in one statement.
SELECT oracle.mark('tv_product');
INSERT INTO tb_product AS p VALUES (21, oracle.uuid(21), 2, 1, 'Drill', 95), (23, oracle.uuid(23), 2, 1, 'Vice', 40), (1, oracle.uuid(1), 2, 1, 'Hammer', -1)
ON CONFLICT (pk_product) DO UPDATE SET price = excluded.price WHERE excluded.price > 0;
SELECT oracle.written('tv_product');
INSERT INTO tb_product VALUES (1, oracle.uuid(1), 2, 1, 'Other', 1) ON CONFLICT DO NOTHING;
EXECUTE checks;
-- MERGE: all three actions in one statement.
MERGE INTO tb_product p
USING (VALUES (21, 'delete'), (22, 'rename'), (24, 'new')) AS w (pk, what) ON w.pk = p.pk_product
WHEN MATCHED AND w.what = 'delete' THEN DELETE
WHEN MATCHED THEN UPDATE SET name = 'Yoyo', fk_category = 2
WHEN NOT MATCHED THEN INSERT VALUES (w.pk, oracle.uuid(w.pk), 3, NULL, w.what, 2);
EXECUTE checks;
SELECT data->>'name' AS name, data->>'category' AS category FROM tv_product ORDER BY pk_product;

-- A data-modifying CTE that changes both sides of a join at once.
WITH renamed AS (UPDATE tb_category SET name = 'Hardware' WHERE pk_category = 2 RETURNING pk_category),
     added AS (INSERT INTO tb_product SELECT 30, oracle.uuid(30), pk_category, 1, 'Nail', 0.01 FROM renamed RETURNING pk_product)
DELETE FROM tb_product WHERE pk_product IN (SELECT 2 FROM added);
EXECUTE checks;
-- One that moves a product away from a category that it deletes.
WITH moved AS (UPDATE tb_product SET fk_category = 1 WHERE fk_category = 4 RETURNING pk_product),
     gone AS (DELETE FROM tb_category WHERE pk_category = 4 RETURNING pk_category)
SELECT (SELECT count(*) FROM moved) AS moved, (SELECT count(*) FROM gone) AS gone;
EXECUTE checks;
-- One that touches the same table twice.
WITH a AS (UPDATE tb_product SET price = 1 WHERE pk_product = 1 RETURNING 1),
     b AS (UPDATE tb_product SET price = 2 WHERE pk_product = 3 RETURNING 1)
INSERT INTO tb_product SELECT 31, oracle.uuid(31), 1, 1, 'Bolt', count(*) FROM a, b;
EXECUTE checks;

-- The join key changes while its partner is deleted, in either order.
BEGIN;
INSERT INTO tb_category VALUES (5, oracle.uuid(105), 1, 'Short'), (6, oracle.uuid(106), 1, 'Long');
UPDATE tb_product SET fk_category = 5 WHERE pk_product = 1;
COMMIT;
BEGIN;
UPDATE tb_product SET fk_category = 6 WHERE pk_product = 1;
DELETE FROM tb_category WHERE pk_category = 5;
COMMIT;
EXECUTE checks;
BEGIN;
UPDATE tb_category SET name = 'Longer' WHERE pk_category = 6;
UPDATE tb_product SET fk_category = 2 WHERE pk_product = 1;
DELETE FROM tb_category WHERE pk_category = 6;
COMMIT;
EXECUTE checks;
-- A row is made, changed, moved and deleted in one transaction; another is deleted and made again.
BEGIN;
INSERT INTO tb_product VALUES (40, oracle.uuid(40), 2, 1, 'Brief', 1);
UPDATE tb_product SET fk_category = 3 WHERE pk_product = 40;
DELETE FROM tb_product WHERE pk_product = 40;
DELETE FROM tb_product WHERE pk_product = 3;
INSERT INTO tb_product VALUES (3, oracle.uuid(3), 2, NULL, 'Delta', 8.8);
COMMIT;
EXECUTE checks;
-- Keys change: shifted along so that old and new ones overlap, and swapped.
CREATE TABLE tb_seat (
    pk_seat int, id uuid NOT NULL, name text NOT NULL,
    CONSTRAINT seat_key PRIMARY KEY (pk_seat) DEFERRABLE
);
INSERT INTO tb_seat SELECT n, oracle.uuid(n), 'seat ' || n FROM generate_series(1, 4) n;
SELECT $$ SELECT s.pk_seat, s.id, jsonb_build_object('name', s.name) AS data FROM tb_seat s $$ AS seat \gset
CREATE TABLE tv_seat AS :seat;
UPDATE tb_seat SET pk_seat = pk_seat + 1;
SELECT oracle.check('tv_seat', :'seat');
UPDATE tb_seat SET pk_seat = 7 - pk_seat;
SELECT oracle.check('tv_seat', :'seat'), oracle.routes('tv_seat');
-- The id moves from row to row.
UPDATE tb_seat SET id = oracle.uuid(7 - pk_seat);
SELECT data->>'name' AS name FROM tv_seat ORDER BY id;
SELECT oracle.check('tv_seat', :'seat');

-- Foreign keys: SET NULL, CASCADE over two levels and into itself, ON UPDATE CASCADE.
DELETE FROM tb_supplier WHERE pk_supplier = 1;
EXECUTE checks;
UPDATE tb_supplier SET pk_supplier = 9 WHERE pk_supplier = 2;
UPDATE tb_category SET pk_category = 33 WHERE pk_category = 3;
EXECUTE checks;
INSERT INTO tb_category VALUES (50, oracle.uuid(150), 33, 'a'), (51, oracle.uuid(151), 50, 'b'), (52, oracle.uuid(152), 52, 'itself');
INSERT INTO tb_product VALUES (50, oracle.uuid(50), 51, 9, 'Deep', 1), (52, oracle.uuid(52), 52, 9, 'Loop', 1);
EXECUTE checks;
DELETE FROM tb_category WHERE pk_category IN (33, 52);
EXECUTE checks;
SELECT data->>'name' AS name, data->'products' AS products FROM tv_category ORDER BY pk_category;
-- The parent is renamed and gets another parent.
INSERT INTO tb_category VALUES (7, oracle.uuid(107), 2, 'Saws');
UPDATE tb_category SET name = 'Everything' WHERE pk_category = 1;
UPDATE tb_category SET fk_parent = 1 WHERE pk_category = 7;
EXECUTE checks;

-- A column that no definition uses: no lock on the TVIEW, no query of ours.
SELECT oracle.mark('tv_product'), oracle.mark('tv_category');
BEGIN;
UPDATE tb_product SET warehouse_note = 'shelf 3';
UPDATE tb_category SET remark = 'x';
SELECT pg_tviews_flush();
SELECT count(*) AS locks FROM pg_locks
WHERE pid = pg_backend_pid() AND (locktype = 'advisory' OR relation IN ('tv_product'::regclass, 'tv_category'::regclass));
COMMIT;
SELECT oracle.written('tv_product') AS product, oracle.written('tv_category') AS category;
-- A used column set to what it is; one set and set back.
UPDATE tb_product SET price = price, name = name;
BEGIN;
UPDATE tb_product SET name = name || '!';
UPDATE tb_product SET name = rtrim(name, '!');
COMMIT;
SELECT oracle.written('tv_product') AS product, oracle.written('tv_category') AS category;
-- Of many rows changed only those are written whose documents differ.
UPDATE tb_product SET price = CASE pk_product WHEN 1 THEN 77 ELSE price END, warehouse_note = 'y';
SELECT oracle.written('tv_product') AS product, oracle.written('tv_category') AS category;
EXECUTE checks;
-- An equal number with another scale is another document.
UPDATE tb_product SET price = 77.00 WHERE pk_product = 1;
SELECT data->>'price' AS price FROM tv_product WHERE pk_product = 1;
EXECUTE checks;
-- NULL to a value and back.
UPDATE tb_product SET price = NULL WHERE pk_product = 1;
EXECUTE checks;

-- TRUNCATE: of the far side, of several, followed by an INSERT, with CASCADE.
BEGIN;
TRUNCATE tb_product;
INSERT INTO tb_product VALUES (1, oracle.uuid(1), 2, NULL, 'Again', 1);
COMMIT;
EXECUTE checks;
BEGIN;
INSERT INTO tb_product VALUES (2, oracle.uuid(2), 2, NULL, 'Briefly', 1);
TRUNCATE tb_product;
COMMIT;
EXECUTE checks;
INSERT INTO tb_product VALUES (1, oracle.uuid(1), 2, 9, 'Again', 1);
TRUNCATE tb_supplier CASCADE;
EXECUTE checks;
INSERT INTO tb_product VALUES (1, oracle.uuid(1), 2, NULL, 'Again', 1);
TRUNCATE tb_category, tb_product RESTART IDENTITY;
EXECUTE checks;
-- Many rows in one statement, more than would be looked up one by one.
INSERT INTO tb_category SELECT n, oracle.uuid(n), NULL, 'c' || n FROM generate_series(1, 20) n;
INSERT INTO tb_product SELECT n, oracle.uuid(n), n % 20 + 1, NULL, 'p' || n, n FROM generate_series(1, 2000) n;
EXECUTE checks;
UPDATE tb_category SET name = 'C' || pk_category;
EXECUTE checks;
DELETE FROM tb_product WHERE pk_product > 5;
DELETE FROM tb_category WHERE pk_category > 6;
EXECUTE checks;

-- What a refresh reads follows the change, not the tables: no row-by-row route scans a table
-- that has thousands of rows, neither its own sources nor the TVIEW.
CREATE TABLE tb_shop (pk_shop int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL);
CREATE TABLE tb_sale (pk_sale int PRIMARY KEY, id uuid NOT NULL, fk_shop int NOT NULL, amount numeric NOT NULL);
CREATE TABLE tb_line (pk_line int PRIMARY KEY, fk_sale int NOT NULL, item text NOT NULL);
CREATE INDEX ON tb_sale (fk_shop);
CREATE INDEX ON tb_line (fk_sale);
INSERT INTO tb_shop SELECT n, oracle.uuid(n), 'shop ' || n FROM generate_series(1, 2000) n;
INSERT INTO tb_sale SELECT n, oracle.uuid(n), n % 2000 + 1, n FROM generate_series(1, 8000) n;
INSERT INTO tb_line SELECT n, n % 8000 + 1, 'item ' || n FROM generate_series(1, 16000) n;
ANALYZE tb_shop, tb_sale, tb_line;
SELECT $$
    SELECT s.pk_sale, s.id, jsonb_build_object('name', h.name, 'lines', (
               SELECT jsonb_agg(l.item ORDER BY l.pk_line) FROM tb_line l WHERE l.fk_sale = s.pk_sale)) AS data
    FROM tb_sale s LEFT JOIN tb_shop h ON h.pk_shop = s.fk_shop
$$ AS sale,
$$
    SELECT h.pk_shop, h.id, jsonb_build_object('name', h.name, 'total', t.total) AS data
    FROM tb_shop h LEFT JOIN (SELECT fk_shop, sum(amount) AS total FROM tb_sale GROUP BY fk_shop) t ON t.fk_shop = h.pk_shop
$$ AS shop,
$$
    WITH best AS (
        SELECT s.fk_shop, s.amount, row_number() OVER (PARTITION BY s.fk_shop ORDER BY s.amount DESC, s.pk_sale) AS place FROM tb_sale s)
    SELECT h.pk_shop AS pk_best, h.id, jsonb_build_object('name', h.name, 'best', b.amount, 'last', f.item) AS data
    FROM tb_shop h LEFT JOIN best b ON b.fk_shop = h.pk_shop AND b.place = 1
    LEFT JOIN LATERAL (SELECT l.item FROM tb_sale s JOIN tb_line l ON l.fk_sale = s.pk_sale WHERE s.fk_shop = h.pk_shop
                       ORDER BY l.pk_line DESC LIMIT 1) f ON true
$$ AS best \gset
CREATE TABLE tv_sale AS :sale;
CREATE TABLE tv_shop AS :shop;
CREATE TABLE tv_best AS :best;
SELECT oracle.routes('tv_sale') AS sale, oracle.routes('tv_shop') AS shop, oracle.routes('tv_best') AS best;
ANALYZE tv_sale, tv_shop, tv_best;
-- Tables scanned in this transaction, once the counts of those before are handed over.
CREATE FUNCTION scanned() RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(relname, ', ' ORDER BY relname COLLATE "C"), 'none')
    FROM pg_stat_xact_user_tables WHERE schemaname = 'writes' AND seq_scan > 0
$$;
SELECT pg_stat_force_next_flush();
BEGIN;
UPDATE tb_shop SET name = name || '!' WHERE pk_shop = 7;
SELECT pg_tviews_flush(), scanned() AS one_far_row;
UPDATE tb_sale SET amount = amount + 1, fk_shop = fk_shop + 1 WHERE pk_sale = 77;
SELECT pg_tviews_flush(), scanned() AS one_near_row;
INSERT INTO tb_line VALUES (20000, 77, 'more');
DELETE FROM tb_line WHERE pk_line = 700;
SELECT pg_tviews_flush(), scanned() AS rows_of_a_subquery;
UPDATE tb_shop SET name = name || '?' WHERE pk_shop BETWEEN 100 AND 119;
SELECT pg_tviews_flush(), scanned() AS twenty_far_rows;
COMMIT;
-- Again with plans that were used often enough to become generic.
DO $$
BEGIN
    FOR n IN 1..8 LOOP
        UPDATE writes.tb_shop SET name = name || n WHERE pk_shop = n;
        UPDATE writes.tb_sale SET amount = amount + n WHERE pk_sale = n;
        COMMIT;
    END LOOP;
END
$$;
SELECT pg_stat_force_next_flush();
BEGIN;
UPDATE tb_shop SET name = name || '!' WHERE pk_shop = 8;
UPDATE tb_sale SET amount = amount + 1, fk_shop = fk_shop + 1 WHERE pk_sale = 78;
UPDATE tb_line SET item = item || '!' WHERE pk_line = 7;
SELECT pg_tviews_flush(), scanned() AS with_kept_plans;
COMMIT;
SELECT oracle.check('tv_sale', :'sale') AS sale, oracle.check('tv_shop', :'shop') AS shop, oracle.check('tv_best', :'best') AS best;
