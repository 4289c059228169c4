-- $1: a table, $2: attribute numbers. A unique index over just these, fit for a primary key.
SELECT c.relname::pg_catalog.text
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
 WHERE i.indrelid = $1 AND i.indkey::pg_catalog.int2[]::pg_catalog.text = $2::pg_catalog.int2[]::pg_catalog.text
   AND i.indisunique AND i.indimmediate AND i.indisvalid
   AND i.indpred IS NULL AND i.indexprs IS NULL
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid)
   AND (SELECT pg_catalog.bool_and(o = 0) FROM pg_catalog.unnest(i.indoption::pg_catalog.int2[]) AS o)
 ORDER BY c.relname LIMIT 1
