-- What one changed row costs, at one size of the tables; run_benchmarks.sh repeats it at every size.
SET search_path = benchmark;
\o /dev/null
\set documents 1
\set keys 'ARRAY[%1$s]'

PREPARE set_price (int, numeric) AS UPDATE tb_product SET current_price = round(base_price * $2, 2) WHERE pk_product = $1;
\set test 'price of one product'
\set key 'pick(:products, :round, n)'
\set change 'EXECUTE set_price (%1$s, 0.7 + 0.001 * (%2$s + 10))'
\ir ../change.sql

PREPARE add_review (int, int) AS
    INSERT INTO tb_review (pk_review, id, fk_product, fk_user, rating, comment, written_at)
    VALUES ($2, md5('new ' || $2)::uuid, $1, 1, 1 + $2 % 5, 'Arrived the next day.', timestamp '2026-03-01' + $2 * interval '1 s');
\set test 'insert one review'
\set change 'EXECUTE add_review (%1$s, 1300000000 + %3$s * 10000 + 100 + %2$s)'
\ir ../change.sql
