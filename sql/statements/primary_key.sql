-- $1: a table. The attribute numbers of its primary key, in the order of the index, without columns that it only includes.
SELECT k.attnum
  FROM pg_catalog.pg_index i
 CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k(attnum, ord)
 WHERE i.indrelid = $1 AND i.indisprimary AND k.ord <= i.indnkeyatts
 ORDER BY k.ord
