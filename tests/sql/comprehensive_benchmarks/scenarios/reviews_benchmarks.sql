-- Reviews come, change and go: each changes a count, an average and perhaps the latest five.
SET search_path = benchmark;
\o /dev/null
\set documents 1
-- Those of this round have keys that no other round's have.
\set key 'pick(:products, :round, n)'
\set keys 'ARRAY[%1$s]'

PREPARE add_review (int, int) AS
    INSERT INTO tb_review (pk_review, id, fk_product, fk_user, rating, comment, written_at)
    VALUES ($2, md5('new ' || $2)::uuid, $1, 1, 1 + $2 % 5, 'Arrived the next day.', timestamp '2026-01-01' + $2 * interval '1 s');
\set test 'insert one review'
\set change 'EXECUTE add_review (%1$s, 1100000000 + %3$s * 10000 + 100 + %2$s)'
\ir ../change.sql

PREPARE edit_review (int) AS UPDATE tb_review SET rating = rating % 5 + 1, comment = 'On second thoughts.' WHERE pk_review = $1;
\set test 'edit one review'
\set change 'EXECUTE edit_review (1100000000 + %3$s * 10000 + 100 + %2$s)'
\ir ../change.sql

PREPARE drop_review (int) AS DELETE FROM tb_review WHERE pk_review = $1;
\set test 'delete one review'
\set change 'EXECUTE drop_review (1100000000 + %3$s * 10000 + 100 + %2$s)'
\ir ../change.sql

\set warm_ups 0
\set samples 1
SELECT least(1000, :products) AS documents \gset
\set key 1
\set test 'insert 1,000 reviews'
\set change 'INSERT INTO tb_review (pk_review, id, fk_product, fk_user, rating, comment, written_at) SELECT 1200000000 + n, md5(''bulk '' || n)::uuid, 1 + n %% %4$s, 1, 1 + n %% 5, ''Good value.'', timestamp ''2026-02-01'' + n * interval ''1 s'' FROM generate_series(1, 1000) AS n'
\set keys 'ARRAY(SELECT DISTINCT 1 + n %% %4$s FROM generate_series(1, 1000) AS n)'
\ir ../change.sql
\set test 'delete 1,000 reviews'
\set change 'DELETE FROM tb_review WHERE pk_review BETWEEN 1200000001 AND 1200001000'
\ir ../change.sql
