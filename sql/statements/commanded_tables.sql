-- The tables that the command behind a ddl_command_end trigger made or altered.
SELECT DISTINCT c.objid, c.command_tag IN ('CREATE TABLE AS', 'SELECT INTO')
  FROM pg_catalog.pg_event_trigger_ddl_commands() AS c
 WHERE c.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.object_type = 'table'
