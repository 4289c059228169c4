-- A model is made anew of all rows, with its primary key: a TVIEW, a materialized view, or a plain table, which is none's.
SET search_path = benchmark;
\o /dev/null
\set warm_ups 0
\set samples 1
\set key 1
\set documents :products
\set test 'create the read model'
SELECT :'contender' = 'none' AS is_none, :'contender' = 'tview' AS is_tview, :'contender' = 'matview' AS is_matview \gset
\if :is_none
    \set statement 'CREATE TABLE plain AS SELECT id, pk_product, fk_category, data FROM v_product; ALTER TABLE plain ADD PRIMARY KEY (pk_product)'
    \ir ../measure.sql
    DROP TABLE plain;
\elif :is_tview
    DROP TABLE tv_product;
    SELECT CASE WHEN :by_hand = 1 THEN
        'SET LOCAL pg_tviews.auto_convert = off; CREATE TABLE tv_product AS SELECT id, pk_product, fk_category, data FROM v_product; SELECT pg_tviews_convert_existing_table(''benchmark.tv_product'')'
        ELSE 'CREATE TABLE tv_product AS SELECT id, pk_product, fk_category, data FROM v_product' END AS statement \gset
    \ir ../measure.sql
    CREATE UNIQUE INDEX ON tv_product (id);
    CREATE INDEX ON tv_product (fk_category);
    ANALYZE tv_product;
\elif :is_matview
    DROP MATERIALIZED VIEW product_document;
    \set statement 'CREATE MATERIALIZED VIEW product_document AS SELECT id, pk_product, fk_category, data FROM v_product; CREATE UNIQUE INDEX ON product_document (pk_product)'
    \ir ../measure.sql
    CREATE UNIQUE INDEX ON product_document (id);
    CREATE INDEX ON product_document (fk_category);
    ANALYZE product_document;
\endif
