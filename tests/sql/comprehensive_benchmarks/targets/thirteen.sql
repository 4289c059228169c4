-- Owns the nine TVIEWs of the scenario connections beside the forum's four (write_path/models.sql).
SET search_path = benchmark;
BEGIN;
SELECT format('CREATE TABLE tv_%1$s AS SELECT pk_%1$s, id, data FROM v_%1$s', entity),
       format('ALTER TABLE tv_%1$s ADD PRIMARY KEY (pk_%1$s)', entity), format('CREATE UNIQUE INDEX ON tv_%s (id)', entity)
FROM unnest('{feed,country,supplier,article,stock,customer,order,shipment,sales}'::text[]) AS entity
\gexec
COMMIT;
