-- Owns the model of the items, :table, in one transaction: a TVIEW where pg_tviews is installed and its name is tv_item. Run by
-- targets/items.sh.
SET search_path = benchmark;
\timing on
BEGIN;
CREATE TABLE :table WITH (fillfactor = 80) AS SELECT pk_item, id, data FROM v_item;
ALTER TABLE :table ADD PRIMARY KEY (pk_item);
CREATE UNIQUE INDEX ON :table (id);
COMMIT;
\timing off
