-- $1: a table, $2: tables that it is to read as a TVIEW. A row if one of them reads it in turn.
WITH RECURSIVE below (relid) AS (
    SELECT s FROM pg_catalog.unnest($2::pg_catalog.oid[]) AS s
    UNION
    SELECT s.source::pg_catalog.oid
      FROM below b JOIN {schema}.pg_tviews_source s ON s.tview::pg_catalog.oid = b.relid
)
SELECT FROM below WHERE relid = $1::pg_catalog.oid
