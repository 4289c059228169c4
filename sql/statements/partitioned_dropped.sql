-- The TVIEWs that lost a partition, with those that each one had.
SELECT t.tview::pg_catalog.oid, t.family::pg_catalog.oid[]
  FROM {schema}.pg_tviews_catalog t
 WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.tview::pg_catalog.oid)
   AND EXISTS (SELECT FROM pg_catalog.unnest(t.family::pg_catalog.oid[]) AS m
                WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = m))
