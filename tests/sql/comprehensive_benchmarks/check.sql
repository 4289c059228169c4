-- The oracle: how many rows of :model differ from the query, both ways, with multiplicity, and as text, since jsonb takes 1.0
-- and 1.00 for equal; and a sum over what the query gives, which must be the same for every contender.
SET search_path = benchmark;
WITH present AS (SELECT id, pk_product, fk_category, data::text FROM :model),
     wanted AS (SELECT id, pk_product, fk_category, data::text FROM v_product)
SELECT (SELECT count(*) FROM (TABLE present EXCEPT ALL TABLE wanted) extra)
     + (SELECT count(*) FROM (TABLE wanted EXCEPT ALL TABLE present) missing),
       (SELECT md5(string_agg(md5(w::text), '' ORDER BY pk_product)) FROM wanted w);
