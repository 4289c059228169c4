-- $1: a TVIEW. Whether it has its key and its guard; while a dump is restored they come last.
SELECT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = $1 AND i.indisprimary)
   AND EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = $1 AND t.tgname = 'pg_tviews_guard')
