-- Tables that are watched though no TVIEW reads them or a table above or below: children of a source
-- that were detached.
WITH RECURSIVE watched (relid) AS (
    SELECT t.tgrelid
      FROM pg_catalog.pg_trigger t
      JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid AND p.proname = 'pg_tviews_capture'
      JOIN pg_catalog.pg_extension e ON e.extnamespace = p.pronamespace AND e.extname = 'pg_tviews'
     WHERE t.tgname = 'pg_tviews_capture_insert'
), up (relid, above) AS (
    SELECT relid, relid FROM watched
    UNION
    SELECT up.relid, i.inhparent FROM up JOIN pg_catalog.pg_inherits i ON i.inhrelid = up.above
), down (relid, below) AS (
    SELECT relid, relid FROM watched
    UNION
    SELECT down.relid, i.inhrelid FROM down JOIN pg_catalog.pg_inherits i ON i.inhparent = down.below
)
SELECT w.relid FROM watched w
 WHERE NOT EXISTS (SELECT FROM up JOIN {schema}.pg_tviews_source s ON s.source::pg_catalog.oid = up.above
                    WHERE up.relid = w.relid)
   AND NOT EXISTS (SELECT FROM down JOIN {schema}.pg_tviews_source s ON s.source::pg_catalog.oid = down.below
                    WHERE down.relid = w.relid)
