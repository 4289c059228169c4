-- $1: tables. What their indexes have in which place, of those that find rows by a value (btree and
-- hash) or by an element of an array (GIN); with the btree families whose equality they answer.
SELECT i.indrelid,
       k.place::pg_catalog.int4,
       k.attribute,
       pg_catalog.pg_get_indexdef(i.indexrelid, k.place::pg_catalog.int4, false),
       m.amname = 'gin',
       CASE WHEN m.amname = 'hash'
            THEN ARRAY(SELECT b.amopfamily
                         FROM pg_catalog.pg_amop h
                         JOIN pg_catalog.pg_amop b ON b.amopopr = h.amopopr AND b.amopstrategy = 3
                         JOIN pg_catalog.pg_am bm ON bm.oid = b.amopmethod AND bm.amname = 'btree'
                        WHERE h.amopfamily = o.opcfamily)
            ELSE ARRAY[o.opcfamily] END,
       (i.indcollation::pg_catalog.oid[])[k.place - 1]
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_am m ON m.oid = c.relam
 CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k (attribute, place)
  JOIN pg_catalog.pg_opclass o ON o.oid = (i.indclass::pg_catalog.oid[])[k.place - 1]
 WHERE i.indrelid = ANY ($1)
   AND i.indisvalid AND i.indpred IS NULL
   AND k.place <= i.indnkeyatts
   AND (m.amname IN ('btree', 'hash')
        OR m.amname = 'gin'
           AND EXISTS (SELECT FROM pg_catalog.pg_amop a
                        WHERE a.amopfamily = o.opcfamily
                          AND a.amopopr = 'pg_catalog.@>(anyarray, anyarray)'::pg_catalog.regoperator))
 ORDER BY i.indexrelid, k.place
