-- $1: functions, $2: types. They and what they rest on at any remove, as far as PostgreSQL records it: functions and types
-- that did not come with it and what they are called, in the order in which they are locked. The way back is dependents.sql.
WITH RECURSIVE below (classid, objid) AS (
    SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid, f FROM pg_catalog.unnest($1::pg_catalog.oid[]) AS f
    UNION
    SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, t FROM pg_catalog.unnest($2::pg_catalog.oid[]) AS t
    UNION
    SELECT d.refclassid, d.refobjid
      FROM below
      JOIN pg_catalog.pg_depend d ON d.classid = below.classid AND d.objid = below.objid
     WHERE d.refobjid >= 16384 -- FirstNormalObjectId (access/transam.h)
)
SELECT classid, objid, pg_catalog.pg_describe_object(classid, objid, 0)
  FROM below
 WHERE classid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_type'::pg_catalog.regclass)
 ORDER BY classid, objid
