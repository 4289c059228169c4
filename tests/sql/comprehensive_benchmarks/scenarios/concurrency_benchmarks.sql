-- pgbench: clients change the prices of random products, one a transaction.
\set product random(1, :products)
\set cents random(1, 99)
BEGIN;
UPDATE benchmark.tb_product SET current_price = floor(base_price) + :cents / 100.0 WHERE pk_product = :product;
\if :is_manual
SELECT benchmark.refresh_products(ARRAY[:product::int]);
\endif
\if :is_matview
-- REFRESH waits for another one with the snapshot that it has, and so misses what that one's transaction committed: wait before.
SELECT pg_advisory_xact_lock(1);
REFRESH MATERIALIZED VIEW CONCURRENTLY benchmark.product_document;
\endif
COMMIT;
