-- Closes a step of tour.sql: the document before and after side by side, how many TVIEW rows have a new version or are gone,
-- and the time since before.sql as the client saw it, commit included.
\set ECHO none
SELECT round(extract(epoch FROM clock_timestamp() - :'began') * 1000, 1) AS milliseconds \gset
SELECT greatest(written, gone) AS rows
FROM (SELECT count(*) FILTER (WHERE was.ctid IS NULL) AS written, count(*) FILTER (WHERE now.ctid IS NULL) AS gone
      FROM (SELECT xmin, ctid FROM tv_product) AS now
      FULL JOIN (SELECT row_xmin AS xmin, row_ctid AS ctid FROM row_version) AS was USING (xmin, ctid)) AS compared \gset
SELECT jsonb_pretty(:part) AS after FROM tv_product WHERE pk_product = :key \gset
\echo
SELECT coalesce(b.line, '') AS before, coalesce(a.line, '') AS after
FROM string_to_table(:'before', E'\n') WITH ORDINALITY AS b (line, position)
FULL JOIN string_to_table(:'after', E'\n') WITH ORDINALITY AS a (line, position) USING (position)
ORDER BY position;
\echo '   TVIEW rows written:' :rows '   time:' :milliseconds 'ms'
