-- $1: a TVIEW. Its backing view and the views inside, and every table through which its sources' rows are read and written.
WITH RECURSIVE views (relid) AS (
    SELECT c.backing_view::pg_catalog.oid
      FROM {schema}.pg_tviews_catalog c WHERE c.tview::pg_catalog.oid = $1
    UNION
    SELECT d.refobjid
      FROM views v
      JOIN pg_catalog.pg_rewrite r ON r.ev_class = v.relid AND r.ev_type = '1'
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
       AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
      JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND c.relkind = 'v'
)
SELECT relid FROM views
UNION
SELECT f.member::pg_catalog.oid
  FROM {schema}.pg_tviews_source s CROSS JOIN LATERAL pg_catalog.unnest(s.family) AS f(member)
 WHERE s.tview::pg_catalog.oid = $1
