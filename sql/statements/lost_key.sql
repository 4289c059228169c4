-- A TVIEW that the command behind a sql_drop trigger left without a primary key.
SELECT c.relname::pg_catalog.text
  FROM pg_catalog.pg_event_trigger_dropped_objects() AS d
  JOIN pg_catalog.pg_class c
    ON c.oid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', d.address_names[1], d.address_names[2]))::pg_catalog.oid
  JOIN {schema}.pg_tviews_catalog t ON t.tview::pg_catalog.oid = c.oid
 WHERE d.object_type = 'table constraint'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
 LIMIT 1
