-- Whether the command behind a sql_drop trigger dropped a backing view, a table with a trigger of ours, or a
-- constraint of a TVIEW.
SELECT EXISTS (SELECT FROM pg_catalog.pg_event_trigger_dropped_objects() AS d
                WHERE CASE d.object_type
                      WHEN 'view' THEN
                          EXISTS (SELECT FROM {schema}.pg_tviews_catalog t WHERE t.backing_view::pg_catalog.oid = d.objid)
                      WHEN 'trigger' THEN d.address_names[3] LIKE 'pg\_tviews\_%'
                      WHEN 'table constraint' THEN
                          EXISTS (SELECT FROM {schema}.pg_tviews_catalog t
                                   WHERE t.tview = pg_catalog.to_regclass(pg_catalog.format('%I.%I', d.address_names[1], d.address_names[2])))
                      END)
