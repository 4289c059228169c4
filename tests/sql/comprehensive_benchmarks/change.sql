-- Owns how a contender carries out a change, as one transaction: :change alone, or followed by what the application does to keep
-- the model right. Then times it. Included by the scenarios; :keys, likewise a pattern, is an array of the products concerned, and
-- empty where an application knows that there are none.
SELECT concat_ws('; ', 'BEGIN', :'change',
                 CASE WHEN :'keys' = '' THEN NULL
                      WHEN :'contender' = 'manual' THEN format('SELECT refresh_products(%s)', :'keys')
                      WHEN :'contender' = 'matview' THEN 'REFRESH MATERIALIZED VIEW CONCURRENTLY product_document' END,
                 'COMMIT') AS statement \gset
\ir measure.sql
