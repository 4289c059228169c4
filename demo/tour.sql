-- Changes the shop's tables and shows what the TVIEW makes of it. Run by scripts/demo after tview.sql.

\pset footer off
\pset linestyle unicode
CREATE TEMP TABLE row_version (row_xmin xid, row_ctid tid);

\echo
\echo '== A row of the TVIEW'
\echo '   the document that a client reads, ready made'
\pset tuples_only on
\pset format unaligned
SELECT jsonb_pretty(data) FROM tv_product WHERE pk_product = 42;
\pset format aligned
\pset tuples_only off
\set key 42

\echo
\echo '== A price changes'
\echo '   one row of tb_product, one row of the TVIEW'
\set part 'jsonb_build_object(\'name\', data -> \'name\', \'price\', data -> \'price\')'
\ir before.sql
UPDATE tb_product SET price = 24.90 WHERE pk_product = 42;
\ir after.sql

\echo
\echo '== A column that no document shows changes'
\echo '   nothing to do'
\ir before.sql
UPDATE tb_product SET warehouse_note = 'aisle 7, shelf 3' WHERE pk_product = 42;
\ir after.sql

\echo
\echo '== A category is renamed'
\echo '   one row of tb_category, every product of that category'
\set part 'data -> \'category\''
\ir before.sql
UPDATE tb_category SET name = name || ' and more'
WHERE pk_category = (SELECT fk_category FROM tb_product WHERE pk_product = 42);
\ir after.sql

\echo
\echo '== Reviews are added'
\echo '   three rows in one statement: count, average and the latest three follow'
\set part 'jsonb_build_object(\'rating\', data -> \'rating\', \'latest\', jsonb_path_query_array(data, \'$.latest_reviews[*].comment\'))'
\ir before.sql
INSERT INTO tb_review (fk_product, fk_user, rating, comment, written_on) VALUES
    (42, 7, 5, 'Bought a second one.', '2026-01-10'),
    (42, 8, 4, 'Arrived the next day.', '2026-01-11'),
    (42, 9, 1, 'Wrong colour.', '2026-01-12');
\ir after.sql

\echo
\echo '== A review is deleted'
\echo '   the next older one takes its place'
\ir before.sql
DELETE FROM tb_review WHERE fk_product = 42 AND comment = 'Wrong colour.';
\ir after.sql

\echo
\echo '== A product moves to another category'
\echo '   its old relatives and its new ones stay as they are'
\set part 'data -> \'category\''
\ir before.sql
UPDATE tb_product SET fk_category = (SELECT pk_category FROM tb_category WHERE name = 'Fire bowls') WHERE pk_product = 42;
\ir after.sql

\echo
\echo '== A change is rolled back to a savepoint'
\echo '   the transaction reads its own change; what is taken back leaves no trace, what stays is committed'
\set part 'jsonb_build_object(\'price\', data -> \'price\', \'stock\', data -> \'stock\')'
\ir before.sql
BEGIN;
UPDATE tb_product SET price = 19.90 WHERE pk_product = 42;
SAVEPOINT sold_out;
UPDATE tb_inventory SET quantity = 0, reserved = 0 WHERE fk_product = 42;
SELECT data -> 'price' AS price, data -> 'stock' AS stock FROM tv_product WHERE pk_product = 42;
ROLLBACK TO SAVEPOINT sold_out;
COMMIT;
\ir after.sql

\echo
\echo '== pg_tviews_verify'
\echo '   compares the whole table with its defining query: all zeros when every row is right'
SELECT * FROM pg_tviews_verify();

\echo
\echo '== pg_tviews_explain'
\echo '   how a changed row of each source finds the documents that show it'
SELECT source, alias, route, path FROM pg_tviews_explain('tv_product');
