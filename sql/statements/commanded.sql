-- What the command behind a ddl_command_end trigger made or altered, and what it is to us: 'c' a table by
-- CREATE TABLE AS, 't' another table, 'n' a column of one that has another name, 'r' a trigger or a rule on a table, 'd' what definitions may
-- rest on: the query, a column, the owner or an option of a view, a type, a function.
WITH commands AS MATERIALIZED (
    SELECT classid, objid, object_type, command_tag FROM pg_catalog.pg_event_trigger_ddl_commands()
)
SELECT DISTINCT c.classid, c.objid,
       CASE WHEN c.object_type NOT IN ('table', 'table column', 'foreign table') THEN 'd'
            WHEN c.object_type = 'table column' THEN 'n'
            WHEN c.command_tag IN ('CREATE TABLE AS', 'SELECT INTO') THEN 'c'
            ELSE 't' END
  FROM commands AS c
 WHERE c.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
   AND c.object_type IN ('table', 'table column', 'foreign table', 'view', 'view column', 'composite type', 'composite type column')
    OR c.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND c.command_tag = 'ALTER TYPE'
    OR c.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
UNION
SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, t.tgrelid, 'r'
  FROM commands AS c
  JOIN pg_catalog.pg_trigger t ON t.oid = c.objid
 WHERE c.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass
UNION
-- A view by its rule; a table by another one.
SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, r.ev_class, CASE WHEN r.ev_type = '1' THEN 'd' ELSE 'r' END
  FROM commands AS c
  JOIN pg_catalog.pg_rewrite r ON r.oid = c.objid
 WHERE c.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
UNION
-- The row type of a table, where something else is of that type.
SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, 'd'
  FROM commands AS c
  JOIN pg_catalog.pg_type t ON t.typrelid = c.objid
 WHERE c.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
   AND c.object_type IN ('table', 'table column')
   AND EXISTS (SELECT FROM pg_catalog.pg_depend d
                WHERE d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass
                  AND d.refobjid IN (t.oid, t.typarray) AND d.deptype = 'n')
