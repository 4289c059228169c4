-- What a copy of create.sql's database must have as the original has it, a line each: TVIEWs with routes and rows, triggers,
-- what was recorded, and what users have added. Not what each version of PostgreSQL writes in its own way: queries, and rights
-- that an owner has anyway.
SELECT format('TVIEW %s: %s', m.table_name, to_jsonb(m) - '{created_at,definition}'::text[]) FROM pg_tviews_metadata m
UNION ALL
SELECT format('TVIEW %s: %s route of %s', m.table_name, e.route, e.source)
  FROM pg_tviews_metadata m CROSS JOIN LATERAL pg_tviews_explain(format('%I.%I', m.schema_name, m.table_name)) e
UNION ALL
SELECT format('TVIEW %s: verified %s, %s, %s', v.table_name, v.missing, v.extra, v.different) FROM pg_tviews_verify() v
UNION ALL
SELECT format('trigger %s on %s: %s', regexp_replace(tgname, '\d+$', ''), tgrelid::regclass, tgenabled)
  FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT format('recorded %s: %s', table_name, definition) FROM pg_tviews_recorded
UNION ALL
SELECT format('index %s', pg_get_indexdef(indexrelid)) FROM pg_index WHERE indrelid::regclass::text LIKE '%tv\_%'
UNION ALL
SELECT format('constraint on %s: %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
 WHERE connamespace IN ('public'::regnamespace, 'shop'::regnamespace) AND contype IN ('p', 'f')
UNION ALL
SELECT format('table %s: of %s, for %s, %s', oid::regclass, relowner::regrole,
              ARRAY(SELECT format('%s %s', grantee::regrole, privilege_type) FROM aclexplode(relacl) WHERE grantee <> relowner ORDER BY 1),
              obj_description(oid, 'pg_class'))
  FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'shop'::regnamespace) AND relname LIKE 'tv\_%' AND relkind IN ('r', 'p')
UNION ALL
SELECT 'a row of shop.tv_product: ' || t FROM shop.tv_product t
UNION ALL
SELECT format('differences: %s', differences())
 ORDER BY 1;
