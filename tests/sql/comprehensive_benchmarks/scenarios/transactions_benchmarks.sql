-- One transaction changes the same product twenty times: price, name and stock in turn.
SET search_path = benchmark;
\o /dev/null
\set documents 1
\set key 'pick(:products, :round, n) / 40 * 40 + 1'
\set keys 'ARRAY[%1$s]'
PREPARE set_price (int, int) AS UPDATE tb_product SET current_price = base_price + $2 WHERE pk_product = $1;
PREPARE set_name (int, text) AS UPDATE tb_product SET name = $2 WHERE pk_product = $1;
PREPARE set_stock (int, int) AS UPDATE tb_inventory SET quantity = $2 WHERE fk_product = $1;
\set test '20 changes of one product'
SELECT string_agg(CASE i % 3 WHEN 0 THEN format('EXECUTE set_price (%%1$s, %s + %%2$s)', i)
                             WHEN 1 THEN format('EXECUTE set_name (%%1$s, ''Name %s of %%2$s in %%3$s'')', i)
                             ELSE format('EXECUTE set_stock (%%1$s, 1000 * %s + %%2$s)', i) END, '; ' ORDER BY i) AS change
FROM generate_series(1, 20) AS i \gset
\ir ../change.sql
