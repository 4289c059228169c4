-- $1: a TVIEW. Whether it has all that makes it one: its key, its guard, and triggers on all that it reads. While a dump is
-- restored these come last, in any order, after the rows of their tables and of the extension's.
SELECT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = $1 AND i.indisprimary)
   AND EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = $1 AND t.tgname = 'pg_tviews_guard')
   AND EXISTS (SELECT FROM {schema}.pg_tviews_source)
   AND NOT EXISTS (SELECT FROM {schema}.pg_tviews_source s
                    CROSS JOIN LATERAL pg_catalog.unnest(s.family::pg_catalog.oid[]) AS m
                     JOIN pg_catalog.pg_class c ON c.oid = m
                    WHERE s.tview::pg_catalog.oid = $1
                      AND 5 > (SELECT pg_catalog.count(*) FROM pg_catalog.pg_trigger t
                                WHERE t.tgrelid = m AND t.tgname LIKE 'pg\_tviews\_capture\_%'))
