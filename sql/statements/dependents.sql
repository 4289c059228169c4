-- $1: a catalog, $2: an object in it. The TVIEWs whose definition depends on the object, at any remove: through
-- views, columns, domains, arrays, rows, operators and functions, as far as PostgreSQL records it.
WITH RECURSIVE touched (classid, objid) AS (
    SELECT $1::pg_catalog.oid, $2::pg_catalog.oid
    UNION
    SELECT next.classid, next.objid
      FROM touched
     CROSS JOIN LATERAL (
           SELECT d.classid, d.objid
             FROM pg_catalog.pg_depend d
            WHERE d.refclassid = touched.classid AND d.refobjid = touched.objid
            UNION ALL
           SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, r.ev_class
             FROM pg_catalog.pg_rewrite r
            WHERE touched.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
              AND r.oid = touched.objid AND r.ev_type = '1'
            UNION ALL
           SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, r.reltype
             FROM pg_catalog.pg_class r
            WHERE touched.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
              AND r.oid = touched.objid AND r.reltype <> 0) AS next
)
SELECT c.tview::pg_catalog.oid
  FROM touched
  JOIN {schema}.pg_tviews_catalog c ON c.backing_view::pg_catalog.oid = touched.objid
 WHERE touched.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
 ORDER BY c.tview::pg_catalog.oid
