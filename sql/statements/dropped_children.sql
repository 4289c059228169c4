-- TVIEWs that may have read a table just dropped through a table above it. What that was is no
-- longer known, so all that read a table with children.
SELECT DISTINCT s.tview::pg_catalog.oid
  FROM {schema}.pg_tviews_source s
  JOIN pg_catalog.pg_class c ON c.oid = s.source::pg_catalog.oid AND (c.relkind = 'p' OR c.relhassubclass)
 WHERE EXISTS (
    SELECT FROM pg_catalog.pg_event_trigger_dropped_objects() AS dropped
      JOIN pg_catalog.pg_event_trigger_dropped_objects() AS on_it
        ON on_it.object_type = 'trigger'
       AND on_it.address_names[1:3] = ARRAY[dropped.schema_name, dropped.object_name, 'pg_tviews_capture_insert']
     WHERE dropped.object_type = 'table'
       AND NOT EXISTS (SELECT FROM {schema}.pg_tviews_source own WHERE own.source::pg_catalog.oid = dropped.objid))
