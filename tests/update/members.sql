-- The extension's objects with everything that its scripts decide about them: two installations in one database are alike if
-- these rows are. Catalog rows as they are, less what is an object's own (OIDs, files, statistics); expressions as text, since
-- their trees tell where in a script they stood.
WITH extension AS (
    SELECT * FROM pg_extension WHERE extname = 'pg_tviews'
), member AS (
    SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS object
      FROM pg_depend d JOIN extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
     WHERE d.deptype = 'e'
), relation AS (
    SELECT m.object, c.* FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
), property (object, property, value) AS (
    SELECT 'extension', 'itself', to_jsonb(e) - 'oid' || jsonb_build_object('extconfig', e.extconfig::regclass[]::text)
      FROM extension e
    UNION ALL
    SELECT object, 'comment', to_jsonb(obj_description(objid, classid::regclass::name)) FROM member
    UNION ALL
    SELECT m.object, 'privileges at creation, column ' || i.objsubid, jsonb_build_array(i.privtype, i.initprivs::text)
      FROM member m JOIN pg_init_privs i ON i.classoid = m.classid AND i.objoid = m.objid
    UNION ALL
    SELECT m.object, 'itself', to_jsonb(p) - '{oid,proargdefaults}'::text[]
           || jsonb_build_object('definition', pg_get_functiondef(p.oid))
      FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
    UNION ALL
    SELECT m.object, 'itself', to_jsonb(t) - '{oid,evtfoid}'::text[]
           || jsonb_build_object('function', t.evtfoid::regprocedure::text)
      FROM member m JOIN pg_event_trigger t ON m.classid = 'pg_event_trigger'::regclass AND t.oid = m.objid
    UNION ALL
    SELECT r.object, 'itself', to_jsonb(r) - '{oid,object,reltype,relfilenode,reltoastrelid,relpages,reltuples,relallvisible,
           relallfrozen,relfrozenxid,relminmxid,relnatts}'::text[]
      FROM relation r
    UNION ALL
    SELECT r.object, 'rule ' || u.rulename, to_jsonb(pg_get_ruledef(u.oid))
      FROM relation r JOIN pg_rewrite u ON u.ev_class = r.oid
    UNION ALL
    SELECT r.object, 'column ' || a.attname, to_jsonb(a) - '{attrelid,attnum,atthasmissing,attmissingval,attcacheoff,attoptions}'::text[]
           || jsonb_build_object('position', row_number() OVER (PARTITION BY r.oid ORDER BY a.attnum),
                                 'default', pg_get_expr(d.adbin, d.adrelid), 'comment', col_description(r.oid, a.attnum))
      FROM relation r
      JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    UNION ALL
    SELECT r.object, 'constraint ' || c.conname, to_jsonb(pg_get_constraintdef(c.oid))
      FROM relation r JOIN pg_constraint c ON c.conrelid = r.oid
    UNION ALL
    SELECT r.object, 'index ' || i.indexrelid::regclass, to_jsonb(pg_get_indexdef(i.indexrelid))
      FROM relation r JOIN pg_index i ON i.indrelid = r.oid
    UNION ALL
    SELECT r.object, 'trigger ' || t.tgname, to_jsonb(pg_get_triggerdef(t.oid))
      FROM relation r JOIN pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal
)
SELECT p.object, p.property || COALESCE(', ' || e.key, '') AS property, COALESCE(e.value, p.value #>> '{}') AS value
  FROM property p
  LEFT JOIN LATERAL jsonb_each_text(CASE WHEN jsonb_typeof(p.value) = 'object' THEN p.value END) AS e ON true
