-- $1: a TVIEW. A row-level BEFORE trigger on it: it could alter what is written.
SELECT t.tgname::pg_catalog.text
  FROM pg_catalog.pg_trigger t
 WHERE t.tgrelid = $1 AND NOT t.tgisinternal AND t.tgtype & 3 = 3 AND t.tgenabled <> 'D'
 ORDER BY t.tgname LIMIT 1
