-- One row of a product changes, as it does all day.
SET search_path = benchmark;
\o /dev/null
\set documents 1
\set key 'pick(:products, :round, n)'
\set keys 'ARRAY[%1$s]'

PREPARE set_price (int, numeric) AS UPDATE tb_product SET current_price = round(base_price * $2, 2) WHERE pk_product = $1;
\set test 'price of one product'
\set change 'EXECUTE set_price (%1$s, 0.5 + 0.001 * (%2$s + 10))'
\ir ../change.sql

PREPARE set_name (int, text) AS UPDATE tb_product SET name = $2 WHERE pk_product = $1;
\set test 'name of one product'
\set change 'EXECUTE set_name (%1$s, ''Renamed %3$s '' || %2$s)'
\ir ../change.sql

PREPARE take_from_stock (int, int) AS UPDATE tb_inventory SET quantity = $2 WHERE fk_product = $1;
\set test 'stock of one product'
\set key 'pick(:products, :round, n) / 40 * 40 + 1'
\set change 'EXECUTE take_from_stock (%1$s, 1000 * %3$s + %2$s)'
\ir ../change.sql
