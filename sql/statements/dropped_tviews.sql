-- TVIEWs whose table or backing view is gone; how the view went: by itself, or with something else.
WITH dropped AS MATERIALIZED (
    SELECT objid, original, object_type, object_identity FROM pg_catalog.pg_event_trigger_dropped_objects()
), named AS (
    SELECT pg_catalog.min(object_type || ' ' || object_identity) AS name
      FROM dropped WHERE original HAVING pg_catalog.count(*) = 1
)
SELECT t.tview::pg_catalog.oid, t.backing_view::pg_catalog.oid, t.owns_view,
       v.object_identity || ' was dropped' || CASE WHEN NOT v.original THEN COALESCE(' with ' || n.name, '') ELSE '' END
  FROM {schema}.pg_tviews_catalog t
  LEFT JOIN dropped v ON v.objid = t.backing_view::pg_catalog.oid AND v.object_type = 'view'
  LEFT JOIN named n ON true
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.tview::pg_catalog.oid)
    OR NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.backing_view::pg_catalog.oid)
