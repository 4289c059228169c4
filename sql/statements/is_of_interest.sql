-- $1: a table. Whether it is watched, a TVIEW, or has tables above or below it.
SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger t
                 JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
                WHERE t.tgrelid = $1 AND (t.tgname LIKE 'pg\_tviews\_%' OR p.proname LIKE 'pg\_tviews\_%'))
    OR EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhrelid = $1)
    OR EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = $1)
