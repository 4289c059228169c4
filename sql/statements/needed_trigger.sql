-- A trigger of ours that the command behind a sql_drop trigger dropped by itself, from a table that still needs it: those that
-- capture, a table that a TVIEW reads; guards, a TVIEW. A restore of parts may have left it the others.
SELECT d.address_names[3], d.address_names[2], c.relname::pg_catalog.text
  FROM pg_catalog.pg_event_trigger_dropped_objects() AS d
  JOIN pg_catalog.pg_class r
    ON r.oid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', d.address_names[1], d.address_names[2]))::pg_catalog.oid
  JOIN (SELECT 'pg\_tviews\_capture\_%', tview, family FROM {schema}.pg_tviews_source
        UNION ALL
        SELECT 'pg\_tviews\_guard%', tview, family FROM {schema}.pg_tviews_catalog) AS n (trigger, tview, family)
    ON r.oid = ANY (n.family::pg_catalog.oid[]) AND d.address_names[3] LIKE n.trigger
  JOIN pg_catalog.pg_class c ON c.oid = n.tview::pg_catalog.oid
 WHERE d.original AND d.object_type = 'trigger'
 ORDER BY c.relname LIMIT 1
