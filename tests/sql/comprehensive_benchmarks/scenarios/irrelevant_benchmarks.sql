-- Columns change that no document shows: nothing is to be done.
SET search_path = benchmark;
\o /dev/null
\set documents 0
\set key 'pick(:products, :round, n)'
\set keys ''

PREPARE set_note (int, text) AS UPDATE tb_product SET warehouse_note = $2 WHERE pk_product = $1;
\set test 'note of one product'
\set change 'EXECUTE set_note (%1$s, ''aisle %2$s'')'
\ir ../change.sql

PREPARE set_votes (int, int) AS UPDATE tb_review SET helpful_votes = $2 WHERE pk_review = $1;
\set test 'votes of one review'
\set change 'EXECUTE set_votes (%1$s, %2$s)'
\ir ../change.sql

\set warm_ups 0
\set samples 1
\set key 1
\set test 'votes of 1,000 reviews'
\set change 'UPDATE tb_review SET helpful_votes = helpful_votes + 1 WHERE pk_review <= 1000'
\ir ../change.sql
