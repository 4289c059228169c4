-- $1: tables. The TVIEWs among them, with the partitions that each one had.
SELECT t.tview::pg_catalog.oid, t.family::pg_catalog.oid[]
  FROM {schema}.pg_tviews_catalog t
 WHERE t.tview::pg_catalog.oid = ANY ($1::pg_catalog.oid[])
