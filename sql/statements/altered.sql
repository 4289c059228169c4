-- Each ALTER TABLE of the command behind a ddl_command_end trigger, with what PostgreSQL collected of it.
SELECT c.objid, c.command
  FROM pg_catalog.pg_event_trigger_ddl_commands() AS c
 WHERE c.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.command_tag = 'ALTER TABLE'
