-- A trigger of ours that the command behind a sql_drop trigger dropped by itself, from a table that still needs it.
SELECT d.address_names[3], d.address_names[2], c.relname::pg_catalog.text
  FROM pg_catalog.pg_event_trigger_dropped_objects() AS d
  JOIN pg_catalog.pg_class r
    ON r.oid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', d.address_names[1], d.address_names[2]))::pg_catalog.oid
  JOIN (SELECT tview, family FROM {schema}.pg_tviews_source
        UNION ALL
        SELECT tview, family FROM {schema}.pg_tviews_catalog) AS n
    ON r.oid = ANY (n.family::pg_catalog.oid[])
  JOIN pg_catalog.pg_class c ON c.oid = n.tview::pg_catalog.oid
 WHERE d.original AND d.object_type = 'trigger' AND d.address_names[3] LIKE 'pg\_tviews\_%'
 ORDER BY c.relname LIMIT 1
