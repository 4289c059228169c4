-- What the command behind a ddl_command_end trigger made or altered: tables, also through a column or
-- a trigger, and views. With each, 'c' for CREATE TABLE AS, 'v' for a view, 't' for another table.
SELECT DISTINCT c.objid,
       CASE WHEN c.object_type = 'view' THEN 'v'
            WHEN c.command_tag IN ('CREATE TABLE AS', 'SELECT INTO') THEN 'c'
            ELSE 't' END
  FROM pg_catalog.pg_event_trigger_ddl_commands() AS c
 WHERE c.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
   AND c.object_type IN ('table', 'table column', 'view')
UNION
SELECT t.tgrelid, 't'
  FROM pg_catalog.pg_event_trigger_ddl_commands() AS c
  JOIN pg_catalog.pg_trigger t ON t.oid = c.objid
 WHERE c.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass
