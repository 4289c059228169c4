-- Whether the command behind a sql_drop trigger dropped a view, a table with a trigger of ours, or a constraint.
SELECT EXISTS (SELECT FROM pg_catalog.pg_event_trigger_dropped_objects() AS d
                WHERE d.object_type IN ('view', 'table constraint')
                   OR d.object_type = 'trigger' AND d.address_names[3] LIKE 'pg\_tviews\_%')
