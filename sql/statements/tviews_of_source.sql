-- $1: a table that changed. The TVIEWs that read it, a table above it or one below it, and the
-- table they name, and whether it is one below.
WITH RECURSIVE up (relid) AS (
    SELECT $1::pg_catalog.oid
    UNION
    SELECT i.inhparent FROM up JOIN pg_catalog.pg_inherits i ON i.inhrelid = up.relid
), down (relid) AS (
    SELECT $1::pg_catalog.oid
    UNION
    SELECT i.inhrelid FROM down JOIN pg_catalog.pg_inherits i ON i.inhparent = down.relid
)
SELECT s.tview::pg_catalog.oid, s.source::pg_catalog.oid, family.is_below
  FROM (SELECT relid, false AS is_below FROM up
        UNION ALL
        SELECT relid, true FROM down WHERE relid <> $1) AS family
  JOIN {schema}.pg_tviews_source s ON s.source::pg_catalog.oid = family.relid
