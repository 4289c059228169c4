-- $1: a table. Attribute numbers in its unique and exclusion indexes beside the primary key; 0 for
-- an expression.
SELECT DISTINCT k
  FROM pg_catalog.pg_index i
 CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::pg_catalog.int2[]) AS k
 WHERE i.indrelid = $1 AND (i.indisunique OR i.indisexclusion) AND NOT i.indisprimary
