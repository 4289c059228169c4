-- $1: functions, $2: types. They and what they rest on at any remove, as far as PostgreSQL records it: functions, types, and the
-- composite types and views behind row types, that did not come with it; what they are called, and whether they go with the
-- session. In the order in which they are locked. The way back is dependents.sql.
WITH RECURSIVE below (classid, objid) AS (
    SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid, f FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS f
    UNION
    SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, t FROM pg_catalog.unnest($2::pg_catalog.oid[]) AS t
    UNION
    SELECT next.classid, next.objid
      FROM below
     CROSS JOIN LATERAL (
           SELECT d.refclassid, d.refobjid
             FROM pg_catalog.pg_depend d
            WHERE d.classid = below.classid AND d.objid = below.objid
            UNION ALL
           -- Of a composite type PostgreSQL records it the other way round.
           SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, t.typrelid
             FROM pg_catalog.pg_type t
            WHERE below.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid = below.objid) AS next (classid, objid)
     WHERE next.objid >= 16384 -- FirstNormalObjectId (access/transam.h)
)
SELECT b.classid, b.objid, pg_catalog.pg_describe_object(b.classid, b.objid, 0), coalesce(n.nspname LIKE 'pg\_temp\_%', false)
  FROM below b
  LEFT JOIN pg_catalog.pg_class c ON b.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = b.objid
  LEFT JOIN pg_catalog.pg_type t ON b.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid = b.objid
  LEFT JOIN pg_catalog.pg_proc p ON b.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND p.oid = b.objid
  LEFT JOIN pg_catalog.pg_namespace n ON n.oid = coalesce(c.relnamespace, t.typnamespace, p.pronamespace)
 WHERE c.relkind IN ('c', 'v')
    OR b.classid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_type'::pg_catalog.regclass)
 ORDER BY b.classid, b.objid
