-- The extension, and the helpers that every other test uses.
CREATE EXTENSION pg_tviews;
CREATE SCHEMA oracle;

-- Fixed identifiers, so that no output depends on chance.
CREATE FUNCTION oracle.uuid(n int) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid;

-- Compares a TVIEW with the query as the test wrote it, both ways and with
-- multiplicity. Rows are compared as text because jsonb equality takes 1.0 and
-- 1.00 for the same. One statement reads both sides, so both are of one moment.
CREATE FUNCTION oracle.check(tview regclass, query text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    missing text[];
    extra text[];
BEGIN
    EXECUTE format($sql$
        WITH is_there AS (SELECT oracle_row::text AS image FROM %s oracle_row),
             should_be AS (SELECT oracle_row::text AS image FROM (%s) oracle_row)
        SELECT (SELECT array_agg(image ORDER BY image)
                FROM (TABLE should_be EXCEPT ALL TABLE is_there) m),
               (SELECT array_agg(image ORDER BY image)
                FROM (TABLE is_there EXCEPT ALL TABLE should_be) e)
    $sql$, tview, query) INTO missing, extra;
    IF missing IS NULL AND extra IS NULL THEN
        RETURN 'equal';
    END IF;
    RETURN format('%s missing, first %s; %s extra, first %s',
                  coalesce(cardinality(missing), 0), coalesce(missing[1], 'none'),
                  coalesce(cardinality(extra), 0), coalesce(extra[1], 'none'));
END
$$;

-- The routes of a TVIEW as "table route" pairs, without schema and alias.
CREATE FUNCTION oracle.routes(tview text) RETURNS text
LANGUAGE sql AS $$
    SELECT string_agg(name || ' ' || route, ', ' ORDER BY name COLLATE "C", route COLLATE "C")
    FROM (SELECT part[cardinality(part)] AS name, route
          FROM (SELECT parse_ident(source, false) AS part, route
                FROM pg_tviews_explain(tview)) parsed) named
$$;

-- What refreshes have written to the TVIEWs of this schema since the last look: rows updated, and how many of them in part; and the
-- TVIEWs that are wrong.
CREATE TABLE oracle.looked AS SELECT tview, rows_updated, rows_patched FROM pg_tviews_stats WHERE false;
CREATE FUNCTION oracle.look() RETURNS TABLE (tview text, updated bigint, patched bigint)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
        SELECT s.tview::text, s.rows_updated - coalesce(l.rows_updated, 0), s.rows_patched - coalesce(l.rows_patched, 0)
        FROM pg_tviews_stats s JOIN pg_class c ON c.oid = s.tview LEFT JOIN oracle.looked l USING (tview)
        WHERE c.relnamespace = current_schema()::regnamespace AND s.rows_updated > coalesce(l.rows_updated, 0)
        ORDER BY s.tview::text COLLATE "C";
    DELETE FROM oracle.looked;
    INSERT INTO oracle.looked SELECT s.tview, s.rows_updated, s.rows_patched FROM pg_tviews_stats s;
    RETURN QUERY
        SELECT format('%s: %s missing, %s extra, %s different', v.table_name, v.missing, v.extra, v.different), NULL::bigint, NULL::bigint
        FROM pg_tviews_metadata m, pg_tviews_verify(format('%I.tv_%s', m.schema_name, m.entity)) v
        WHERE m.schema_name = current_schema() AND v.missing + v.extra + v.different > 0;
END
$$;

-- What a statement says when it fails: SQLSTATE, message, detail and hint.
CREATE FUNCTION oracle.sqlstate(sql text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    state text;
    message text;
    detail text;
    hint text;
BEGIN
    EXECUTE sql;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
                            detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN state || ': ' || message
           || coalesce(E'\nDETAIL:  ' || nullif(detail, ''), '')
           || coalesce(E'\nHINT:  ' || nullif(hint, ''), '');
END
$$;

-- The columns of a table in their order, with their types.
CREATE FUNCTION oracle.columns(tview regclass) RETURNS text
LANGUAGE sql AS $$
    SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum)
    FROM pg_attribute
    WHERE attrelid = tview AND attnum > 0 AND NOT attisdropped
$$;

-- What each of the named tables is, in the order of the names given.
CREATE FUNCTION oracle.kinds(VARIADIC names text[]) RETURNS TABLE (name text, kind text)
LANGUAGE sql AS $$
    SELECT n.name,
           CASE WHEN to_regclass(n.name) IS NULL THEN 'no table'
                WHEN count(m.entity) = 0 THEN 'ordinary table'
                WHEN count(m.entity) = 1 THEN 'tview'
                ELSE count(m.entity) || ' catalog rows' END
    FROM unnest(names) WITH ORDINALITY AS n (name, position)
    LEFT JOIN pg_tviews_metadata m
           ON to_regclass(format('%I.%I', m.schema_name, 'tv_' || m.entity)) = to_regclass(n.name)
    GROUP BY n.name, n.position
    ORDER BY n.position
$$;

-- Remembers the physical versions of a TVIEW's rows ...
CREATE TABLE oracle.marks (tview regclass, id uuid, place tid, writer text);
CREATE FUNCTION oracle.mark(tview regclass) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM oracle.marks m WHERE m.tview = mark.tview;
    EXECUTE format('INSERT INTO oracle.marks SELECT %L::regclass, id, ctid, xmin::text FROM %s',
                   tview, tview);
END
$$;
-- ... and tells which documents were written since, by their name. An unchanged
-- row must stay the same physical version.
CREATE FUNCTION oracle.written(tview regclass) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    names text;
BEGIN
    EXECUTE format($sql$
        SELECT string_agg(coalesce(t.data->>'name', 'gone'), ', '
                          ORDER BY t.data->>'name' COLLATE "C")
        FROM (SELECT * FROM oracle.marks WHERE tview = %1$L::regclass) m
        FULL JOIN (SELECT id, data, ctid AS place, xmin::text AS writer FROM %2$s) t USING (id)
        WHERE (m.place, m.writer) IS DISTINCT FROM (t.place, t.writer)
    $sql$, tview, tview) INTO names;
    RETURN coalesce(names, 'nothing');
END
$$;
