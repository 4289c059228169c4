-- Many rows in one statement.
SET search_path = benchmark;
\o /dev/null
\set warm_ups 0
\set samples 1
\set key 1

SELECT least(1000, :products) AS documents \gset
\set test 'price of 1,000 products'
\set change 'UPDATE tb_product SET current_price = round(base_price * (0.5 + 0.01 * %3$s), 2) WHERE pk_product <= 1000'
\set keys 'ARRAY(SELECT pk_product FROM tb_product WHERE pk_product <= 1000)'
\ir ../change.sql

SELECT :products / 10 AS documents \gset
\set test 'price of 10 % of the products'
\set change 'UPDATE tb_product SET current_price = round(base_price * (0.6 + 0.01 * %3$s), 2) WHERE pk_product %% 10 = 0'
\set keys 'ARRAY(SELECT pk_product FROM tb_product WHERE pk_product %% 10 = 0)'
\ir ../change.sql

-- \copy replaces no variables and takes its rows from a file: run_benchmarks.sh runs this in a folder for it.
COPY (SELECT 1500000000 + n, md5('copied ' || n)::uuid, c.pk_category, 1, 'SKU-' || n, 'Copied ' || n, 'Came with a file.',
             10 + n % 90, 10 + n % 90, 'EUR'
      FROM generate_series(1, 10000) AS n, (SELECT max(pk_category) AS pk_category FROM tb_category) AS c)
TO STDOUT \g products.copy
SELECT CASE :'contender'
           WHEN 'manual' THEN 'SELECT refresh_products(ARRAY(SELECT pk_product FROM tb_product WHERE pk_product > 1500000000))'
           WHEN 'matview' THEN 'REFRESH MATERIALIZED VIEW CONCURRENTLY product_document'
           ELSE 'SELECT' END AS refresh \gset
-- The sum of the times of these statements counts.
\echo @ COPY 10,000 products|10000|sum
\timing on
BEGIN;
\copy tb_product (pk_product, id, fk_category, fk_supplier, sku, name, description, base_price, current_price, currency) FROM products.copy
:refresh;
COMMIT;
\timing off
\echo @

\set documents 10000
\set test 'delete 10,000 products'
\set change 'DELETE FROM tb_product WHERE pk_product > 1500000000'
\set keys 'ARRAY(SELECT 1500000000 + n FROM generate_series(1, 10000) AS n)'
\ir ../change.sql
