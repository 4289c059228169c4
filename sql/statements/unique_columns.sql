-- $1: a table. Attribute numbers in its unique and exclusion indexes beside the primary key; 0 for
-- an expression or a condition. None where other tables refer to its rows.
SELECT DISTINCT k
  FROM pg_catalog.pg_index i
 CROSS JOIN LATERAL pg_catalog.unnest(
       i.indkey::pg_catalog.int2[]
       || CASE WHEN i.indpred IS NOT NULL THEN 0::pg_catalog.int2 END) AS k
 WHERE i.indrelid = $1 AND (i.indisunique OR i.indisexclusion) AND NOT i.indisprimary
   AND k IS NOT NULL
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint c WHERE c.confrelid = $1 AND c.contype = 'f')
