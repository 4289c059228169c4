-- $1: tables. A trigger on them that has a name of ours or calls a function of ours, and is not as we make it.
SELECT t.tgname::pg_catalog.text, c.relname::pg_catalog.text
  FROM pg_catalog.pg_trigger t
  JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
  JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
  LEFT JOIN pg_catalog.pg_extension e ON e.extnamespace = p.pronamespace AND e.extname = 'pg_tviews'
 CROSS JOIN LATERAL (
       SELECT CASE WHEN e.oid IS NOT NULL AND p.proname IN ('pg_tviews_capture', 'pg_tviews_guard') THEN p.proname END) AS ours (function)
 WHERE t.tgrelid = ANY ($1::pg_catalog.oid[]) AND NOT t.tgisinternal
   AND (ours.function IS NOT NULL OR t.tgname LIKE 'pg\_tviews\_%')
   AND (t.tgqual IS NOT NULL OR t.tgnargs <> 0 OR t.tgconstraint <> 0 OR pg_catalog.cardinality(t.tgattr::pg_catalog.int2[]) <> 0
        OR CASE t.tgtype
           WHEN 62 THEN ours.function = 'pg_tviews_guard' AND t.tgname = 'pg_tviews_guard'
           WHEN 4 THEN ours.function = 'pg_tviews_capture' AND t.tgname = 'pg_tviews_capture_insert' AND t.tgnewtable IS NOT NULL
           WHEN 16 THEN ours.function = 'pg_tviews_capture' AND t.tgname = 'pg_tviews_capture_update'
                        AND t.tgoldtable IS NOT NULL AND t.tgnewtable IS NOT NULL
           WHEN 8 THEN ours.function = 'pg_tviews_capture' AND t.tgname = 'pg_tviews_capture_delete' AND t.tgoldtable IS NOT NULL
           WHEN 32 THEN ours.function = 'pg_tviews_capture' AND t.tgname = 'pg_tviews_capture_truncate'
           WHEN 29 THEN ours.function = 'pg_tviews_capture' AND t.tgname LIKE 'pg\_tviews\_capture\_row\_%'
                        OR ours.function = 'pg_tviews_guard' AND t.tgname = 'pg_tviews_guard_row'
           END IS NOT TRUE)
 ORDER BY t.tgname LIMIT 1
