-- $1: a table. It and all through which its rows can be written: partitions and inheritance
-- children below it, and the tables above it.
WITH RECURSIVE up (relid) AS (
    SELECT $1::pg_catalog.oid
    UNION
    SELECT i.inhparent FROM up JOIN pg_catalog.pg_inherits i ON i.inhrelid = up.relid
), down (relid) AS (
    SELECT $1::pg_catalog.oid
    UNION
    SELECT i.inhrelid FROM down JOIN pg_catalog.pg_inherits i ON i.inhparent = down.relid
)
SELECT relid FROM up UNION SELECT relid FROM down ORDER BY relid
