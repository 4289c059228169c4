-- $1: a table that changed. The TVIEWs that read it or a table above it, and the table they name.
WITH RECURSIVE up (relid) AS (
    SELECT $1::pg_catalog.oid
    UNION
    SELECT i.inhparent FROM up JOIN pg_catalog.pg_inherits i ON i.inhrelid = up.relid
)
SELECT s.tview::pg_catalog.oid, s.source::pg_catalog.oid
  FROM up JOIN {schema}.pg_tviews_source s ON s.source::pg_catalog.oid = up.relid
