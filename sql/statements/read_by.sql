-- $1: a TVIEW. Its backing view, and every table through which its sources' rows are read and written.
SELECT c.backing_view::pg_catalog.oid
  FROM {schema}.pg_tviews_catalog c WHERE c.tview::pg_catalog.oid = $1
UNION
SELECT f.member::pg_catalog.oid
  FROM {schema}.pg_tviews_source s CROSS JOIN LATERAL pg_catalog.unnest(s.family) AS f(member)
 WHERE s.tview::pg_catalog.oid = $1
