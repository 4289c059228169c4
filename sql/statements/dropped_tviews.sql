-- TVIEWs whose table or backing view is gone.
SELECT t.tview::pg_catalog.oid, t.backing_view::pg_catalog.oid, t.owns_view
  FROM {schema}.pg_tviews_catalog t
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.tview::pg_catalog.oid)
    OR NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.backing_view::pg_catalog.oid)
