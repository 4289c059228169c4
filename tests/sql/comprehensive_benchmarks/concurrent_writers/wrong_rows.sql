-- The oracle: how many rows of the table :table differ from its query :query, both ways, with multiplicity, and as text,
-- since jsonb takes 1.0 and 1.00 for equal.
WITH present AS (SELECT t::text FROM :table t), wanted AS (SELECT q::text FROM :query q)
SELECT (SELECT count(*) FROM (TABLE present EXCEPT ALL TABLE wanted) extra)
     + (SELECT count(*) FROM (TABLE wanted EXCEPT ALL TABLE present) missing);
