-- $1: a table, $2: its family. The sources whose family it was or is in.
SELECT s.tview::pg_catalog.oid, s.source::pg_catalog.oid, s.family::pg_catalog.oid[]
  FROM {schema}.pg_tviews_source s
 WHERE s.source::pg_catalog.oid = ANY ($2::pg_catalog.oid[])
    OR $1::pg_catalog.oid = ANY (s.family::pg_catalog.oid[])
