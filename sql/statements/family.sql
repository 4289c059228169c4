-- $1: a table. It and all through which its rows can be written, partitions and inheritance children below it and the tables
-- above it, each after how many lie above that one.
WITH RECURSIVE up (relid) AS (
    SELECT $1::pg_catalog.oid
    UNION
    SELECT i.inhparent FROM up JOIN pg_catalog.pg_inherits i ON i.inhrelid = up.relid
), down (relid) AS (
    SELECT $1::pg_catalog.oid
    UNION
    SELECT i.inhrelid FROM down JOIN pg_catalog.pg_inherits i ON i.inhparent = down.relid
), above (relid, ancestor, level) AS (
    SELECT relid, relid, 0 FROM (SELECT relid FROM up UNION SELECT relid FROM down) AS members
    UNION
    SELECT a.relid, i.inhparent, a.level + 1 FROM above a JOIN pg_catalog.pg_inherits i ON i.inhrelid = a.ancestor
)
SELECT pg_catalog.max(level), relid FROM above GROUP BY relid ORDER BY 1, 2
