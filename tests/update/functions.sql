-- What callers of the extension's C functions rely on: their symbols, their arguments, and the columns that they return.
SELECT p.prosrc AS symbol,
       p.oid::regprocedure::text AS function,
       p.proisstrict AS is_strict,
       ARRAY(SELECT t::regtype FROM unnest(p.proargtypes) WITH ORDINALITY AS a(t, ord) ORDER BY ord)::text AS arguments,
       COALESCE((SELECT array_agg(a.type::regtype::text ORDER BY a.ord)
                   FROM unnest(p.proallargtypes, p.proargmodes) WITH ORDINALITY AS a(type, mode, ord)
                  WHERE a.mode IN ('o', 't')), ARRAY[p.prorettype::regtype::text]) AS results
  FROM pg_proc p
  JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
  JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
 WHERE e.extname = 'pg_tviews'
