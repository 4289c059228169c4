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
           WHEN 62 THEN ROW(ours.function, t.tgname) IS DISTINCT FROM ROW('pg_tviews_guard', 'pg_tviews_guard')
           ELSE ours.function IS DISTINCT FROM 'pg_tviews_capture' OR
                CASE t.tgtype
                WHEN 4 THEN t.tgname <> 'pg_tviews_capture_insert' OR t.tgnewtable IS NULL
                WHEN 16 THEN t.tgname <> 'pg_tviews_capture_update' OR t.tgoldtable IS NULL OR t.tgnewtable IS NULL
                WHEN 8 THEN t.tgname <> 'pg_tviews_capture_delete' OR t.tgoldtable IS NULL
                WHEN 32 THEN t.tgname <> 'pg_tviews_capture_truncate'
                WHEN 29 THEN t.tgname NOT LIKE 'pg\_tviews\_capture\_row\_%'
                ELSE true END
           END)
 ORDER BY t.tgname LIMIT 1
