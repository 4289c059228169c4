-- The contender with an incrementally maintained view of the extension pg_ivm. run_benchmarks.sh reports why it is skipped where
-- the extension is not installed or refuses the query.
SET search_path = benchmark;
CREATE EXTENSION pg_ivm;
SELECT pgivm.create_immv('benchmark.product_document',
                         'SELECT id, pk_product, fk_category, data FROM benchmark.v_product');
CREATE UNIQUE INDEX ON product_document (pk_product);
CREATE UNIQUE INDEX ON product_document (id);
CREATE INDEX ON product_document (fk_category);
ANALYZE product_document;
