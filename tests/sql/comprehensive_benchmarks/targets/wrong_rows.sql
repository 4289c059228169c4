-- The oracle for many rows: how many of tv_item differ from the query, both ways and as text, since jsonb takes 1.0 and 1.00 for
-- equal. Both have a unique pk_item, so that a join by it compares them as EXCEPT ALL would.
SET search_path = benchmark;
SET work_mem = '256MB';
SELECT count(*) FROM tv_item t FULL JOIN v_item v USING (pk_item) WHERE t::text IS DISTINCT FROM v::text;
