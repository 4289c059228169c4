-- The contender with a TVIEW, converted by itself at the commit of CREATE TABLE AS; with -v by_hand=1 by a call.
SET search_path = benchmark;
CREATE EXTENSION pg_tviews WITH SCHEMA benchmark;

\if :by_hand
    SET pg_tviews.auto_convert = off;
    CREATE TABLE tv_product AS SELECT id, pk_product, fk_category, data FROM v_product;
    SELECT pg_tviews_convert_existing_table('benchmark.tv_product');
\else
    CREATE TABLE tv_product AS SELECT id, pk_product, fk_category, data FROM v_product;
\endif
CREATE UNIQUE INDEX ON tv_product (id);
CREATE INDEX ON tv_product (fk_category);
ANALYZE tv_product;
