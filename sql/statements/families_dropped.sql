-- The sources that lost a member of their family.
SELECT s.tview::pg_catalog.oid, s.source::pg_catalog.oid, s.family::pg_catalog.oid[]
  FROM {schema}.pg_tviews_source s
 WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = s.source::pg_catalog.oid)
   AND EXISTS (SELECT FROM pg_catalog.unnest(s.family::pg_catalog.oid[]) AS m
                WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = m))
