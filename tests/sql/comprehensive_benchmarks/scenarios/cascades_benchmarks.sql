-- One row changes that many documents show.
SET search_path = benchmark;
\o /dev/null
\set warm_ups 1
SELECT least(:samples, 5) AS samples \gset

-- The category whose share of the products is nearest to 5 %, and the supplier with the most products.
SELECT fk_category AS key, count(*) AS documents FROM tb_product
GROUP BY fk_category ORDER BY abs(count(*) - 0.05 * :products), fk_category LIMIT 1 \gset
\set test 'rename a category of 1 to 10 % of the products'
\set change 'UPDATE tb_category SET name = ''Renamed %3$s '' || %2$s WHERE pk_category = %1$s'
\set keys 'ARRAY(SELECT pk_product FROM tb_product WHERE fk_category = %1$s)'
\ir ../change.sql

SELECT fk_supplier AS key, count(*) AS documents FROM tb_product
WHERE fk_supplier IS NOT NULL GROUP BY fk_supplier ORDER BY count(*) DESC, fk_supplier LIMIT 1 \gset
\set test 'rename the largest supplier'
\set change 'UPDATE tb_supplier SET name = ''Renamed %3$s '' || %2$s WHERE pk_supplier = %1$s'
\set keys 'ARRAY(SELECT pk_product FROM tb_product WHERE fk_supplier = %1$s)'
\ir ../change.sql

SELECT fk_user AS key, count(DISTINCT fk_product) AS documents FROM tb_review
WHERE pk_review < 1000000000 GROUP BY fk_user ORDER BY abs(count(*) - 25), fk_user LIMIT 1 \gset
\set test 'rename a user with some 25 reviews'
\set change 'UPDATE tb_user SET name = ''Renamed %3$s '' || %2$s WHERE pk_user = %1$s'
\set keys 'ARRAY(SELECT DISTINCT fk_product FROM tb_review WHERE fk_user = %1$s)'
\ir ../change.sql
