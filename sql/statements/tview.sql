-- $1: a TVIEW. Its row, how many TVIEWs lie below it in a chain, those above, and all of these.
WITH RECURSIVE below (tview, depth) AS (
    SELECT $1::pg_catalog.oid, 0
    UNION
    SELECT s.source::pg_catalog.oid, b.depth + 1
      FROM below b
      JOIN {schema}.pg_tviews_source s ON s.tview::pg_catalog.oid = b.tview
      JOIN {schema}.pg_tviews_catalog c ON c.tview = s.source
), above (tview) AS (
    SELECT $1::pg_catalog.oid
    UNION
    SELECT s.tview::pg_catalog.oid
      FROM above a JOIN {schema}.pg_tviews_source s ON s.source::pg_catalog.oid = a.tview
)
SELECT c.backing_view::pg_catalog.oid,
       c.owns_view,
       c.settings,
       (SELECT pg_catalog.max(depth) FROM below),
       (SELECT pg_catalog.array_agg(tview) FROM above),
       (SELECT pg_catalog.array_agg(tview)
          FROM (SELECT tview FROM above UNION SELECT tview FROM below) AS related)
  FROM {schema}.pg_tviews_catalog c
 WHERE c.tview::pg_catalog.oid = $1
