-- Values that are made of text, and text that is made of values: by the functions of all types that they are made of. Those that go by
-- the clock or by names of the catalogs are refused, wherever they hide.
\set SHOW_CONTEXT never
CREATE SCHEMA text_values;
SET search_path = text_values, public;

CREATE TYPE dated AS (n int, d date);
CREATE TYPE counted AS (n int, t text);
CREATE TYPE nested AS (c counted, ds dated[]);
CREATE DOMAIN day AS date;
CREATE DOMAIN pair AS dated;
CREATE TYPE span AS RANGE (SUBTYPE = time);
CREATE TABLE tb_note (
    pk_note int PRIMARY KEY, id uuid NOT NULL, txt text, d date, t time, tz timetz, ts timestamptz, js jsonb, x xml, r regclass, rs regtype[],
    counted counted
);
CREATE TABLE tb_plain (pk_plain int PRIMARY KEY, id uuid NOT NULL, txt text, ds date[], ts tstzmultirange, c dated, js jsonb);
CREATE TABLE cases (expected text, value text PRIMARY KEY);

-- The functions for which a definition that shows the value would be refused.
CREATE FUNCTION refused(value text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(substring(reason FROM 'function (.*) cannot be used'), ', ' ORDER BY reason COLLATE "C")
    FROM pg_tviews_check_query(format('SELECT pk_note, n.id, jsonb_build_object(''v'', %s) AS data FROM tb_note n', value)) WHERE severity = 'error'
$$;

-- What the clock tells, by way of every kind of type and of every way to read one,
INSERT INTO cases SELECT 'clock', unnest(ARRAY[
    'txt::date', 'txt::time', 'txt::timetz', 'txt::timestamp', 'txt::timestamptz', 'txt::day',
    'txt::date[]', 'txt::day[]', 'txt::daterange', 'txt::tsmultirange', 'txt::span', 'txt::dated', 'txt::pair', 'txt::pair[]', 'txt::nested',
    'string_to_array(txt, '','')::date[]', 'x::text::timestamp[]', 'xpath(''/a/text()'', x)::text[]::date[]', '(js->>''d'')::tstzrange',
    '(jsonb_populate_record(NULL::dated, js)).d', '(json_populate_record(NULL::nested, js::json)).c', 'jsonb_populate_record((SELECT c FROM tb_plain WHERE pk_plain = n.pk_note), js)',
    '(SELECT jsonb_agg(s) FROM jsonb_populate_recordset(NULL::dated, js) s)', '(SELECT max(s.n) FROM json_populate_recordset(NULL::pair, js::json) s)',
    '(SELECT d FROM jsonb_to_record(js) AS s (n int, d timestamptz))', '(SELECT max(n) FROM json_to_recordset(js::json) AS s (n int, d day[]))',
    '(SELECT s.n FROM ROWS FROM (generate_series(1, 2), jsonb_to_record(js) AS (d date)) s (i, n))',
    '(SELECT max(n) FROM jsonb_populate_recordset(NULL::record, js) AS s (n int, d date))', 'jsonb_populate_record(ROW(n.d, 1), js)',
    '(SELECT max(s.d) FROM XMLTABLE(''/a'' PASSING x COLUMNS n int, d date) s)',
    'array_in(txt::cstring, ''date''::regtype, -1)', 'record_in(txt::cstring, 1, -1)', 'range_in(txt::cstring, 1, -1)',
    'multirange_in(txt::cstring, 1, -1)', 'domain_in(txt::cstring, 1, -1)', 'date_in(txt::cstring)',
    'timezone(''Europe/Berlin'', tz)', 'tz AT TIME ZONE ''Europe/Berlin''', 't::timetz', 't < tz']);
-- but not other types, nor dates that come from elsewhere.
INSERT INTO cases SELECT 'none', unnest(ARRAY[
    'txt::int[]', 'txt::int4range', 'txt::nummultirange', 'txt::counted', 'txt::interval[]', 'txt::xml[]', 'txt::point', 'txt::int2vector',
    'string_to_array(txt, '','')::int[]', 'jsonb_populate_record(NULL::counted, js)', '(jsonb_populate_record(NULL::counted, js)).n',
    '(SELECT jsonb_agg(s) FROM jsonb_populate_recordset(NULL::counted, js) s)', '(SELECT n FROM jsonb_to_record(js) AS s (n int, t text[]))',
    'jsonb_populate_record(ROW(1, ''''::text), js)', '(SELECT max(n) FROM json_to_recordset(js::json) AS s (n int))',
    '(SELECT max(s.n) FROM XMLTABLE(''/a'' PASSING x COLUMNS n int, i FOR ORDINALITY) s)',
    'to_date(txt, ''YYYY-MM-DD'')', 'to_timestamp(txt, ''YYYY'')', 'ARRAY[d]::text', 'ROW(d, ts)::text', 'daterange(d, d)::text', 'd::text',
    '''2020-01-01''::date', '''{2020-01-01}''::date[]', '''(1,2020-01-01)''::dated', 'd::timestamptz', 'ts::timetz',
    'timezone(INTERVAL ''1 hour'', tz)', 'ts AT TIME ZONE ''Europe/Berlin''', 'array_to_string(ARRAY[d], '','')', 'concat(d, ts)',
    'r::oid', 'r = ''tb_note''::regclass', 'rs::oid[]', 'to_tsvector(''english'', txt)']);
-- Names of the catalog's: a rename changes the text.
INSERT INTO cases SELECT 'name', unnest(ARRAY[
    'r', 'r::text', 'rs', 'rs::text', 'n', 'to_jsonb(n)', 'row_to_json(n)', 'to_jsonb(r)', 'to_json(rs)', 'ROW(1, r)', 'ROW(1, ROW(r))', 'ARRAY[ROW(r)]',
    'ROW(r)::text', 'n::text', 'concat(txt, r)', 'concat_ws('','', txt, r)', 'format(''%s'', r)', 'txt || r', 'array_to_string(rs, '','')',
    'quote_literal(r)', 'array_to_json(rs)', 'json_build_array(r)', 'CASE WHEN d IS NULL THEN ROW(r) END',
    '''tb_note''::regclass', '''tb_note''::regclass::text', 'txt::regclass[]', '(SELECT jsonb_agg(r) FROM tb_note)',
    '(SELECT jsonb_agg(s) FROM (SELECT r FROM tb_note) s)', '(SELECT jsonb_agg(s) FROM (SELECT m FROM tb_note m) s)',
    '(SELECT json_object_agg(txt, r) FROM tb_note)', '(SELECT jsonb_object_agg(txt, r) FROM tb_note)', '(SELECT s FROM (SELECT n.r) s)',
    '(SELECT jsonb_agg(s.a) FROM (SELECT ROW(r) AS a FROM tb_note) s)', '(WITH s AS (SELECT r FROM tb_note) SELECT jsonb_agg(s) FROM s)',
    '(SELECT jsonb_agg(j) FROM (tb_note a JOIN tb_plain b ON b.pk_plain = a.pk_note) j)',
    '(SELECT jsonb_agg(v) FROM (VALUES (1, n.r)) v)', '(SELECT jsonb_agg(u) FROM unnest(n.rs) WITH ORDINALITY u)', '(SELECT jsonb_agg(u) FROM unnest(n.rs) u)',
    '(SELECT jsonb_agg(to_jsonb(s)) OVER () FROM (SELECT n.r) s)',
    '(SELECT jsonb_agg(s) FROM (SELECT 1 AS a, r FROM tb_note UNION ALL SELECT 2, NULL) s)']);
INSERT INTO cases SELECT 'none', unnest(ARRAY[
    '(SELECT jsonb_agg(pk_note ORDER BY r) FROM tb_note)', '(SELECT jsonb_agg(s) FROM (SELECT txt, counted, d FROM tb_note) s)',
    '(SELECT count(r) FROM tb_note)', 'ROW(1, ROW(d))', '(SELECT jsonb_agg(p) FROM tb_plain p)', 'coalesce(ROW(1), ROW(d))::text']);
SELECT expected, value, refused(value) FROM cases WHERE expected <> 'none' ORDER BY expected, value COLLATE "C";
SELECT value, refused(value) FROM cases WHERE expected = 'none' AND refused(value) IS NOT NULL ORDER BY 1;
-- What not every server has: XML, and what PostgreSQL 16 and 17 brought.
SELECT oracle.sqlstate('SELECT XMLELEMENT(NAME a)') = 'no error' AS has_xml,
       current_setting('server_version_num')::int >= 160000 AS is_16, current_setting('server_version_num')::int >= 170000 AS is_17 \gset
TRUNCATE cases;
\if :has_xml
INSERT INTO cases VALUES
    ('regclassout(regclass)', 'XMLELEMENT(NAME a, r)'), ('regtypeout(regtype)', 'XMLFOREST(txt AS a, rs AS b)'), (NULL, 'XMLFOREST(d AS a)');
\endif
\if :is_16
INSERT INTO cases VALUES
    (NULL, 'JSON_OBJECT(''d'': d)'), ('regclassout(regclass)', 'JSON_OBJECT(''r'': r)'), ('regtypeout(regtype)', 'JSON_ARRAY(txt, rs)'),
    ('regclassout(regclass)', '(SELECT JSON_ARRAYAGG(r) FROM tb_note)'),
    ('regclassout(regclass)', '(SELECT JSON_OBJECTAGG(txt: r RETURNING jsonb) FROM tb_note)'), (NULL, '(SELECT JSON_ARRAYAGG(d) FROM tb_note)');
\endif
\if :is_17
INSERT INTO cases VALUES
    ('date_in(cstring)', 'JSON_VALUE(js, ''$'' RETURNING date)'), ('date_in(cstring)', 'JSON_VALUE(to_jsonb(txt), ''$'' RETURNING day)'),
    ('date_in(cstring)', 'JSON_VALUE(js, ''$'' RETURNING day DEFAULT ''2020-01-01'' ON ERROR)'),
    ('date_in(cstring)', 'JSON_QUERY(js, ''$'' RETURNING date[])'), ('date_in(cstring)', 'JSON_QUERY(js, ''$'' RETURNING dated)'),
    ('timestamptz_in(cstring,oid,integer)', '(SELECT max(n) FROM JSON_TABLE(js, ''$[*]'' COLUMNS (n int, d timestamptz)) s)'),
    ('date_in(cstring)', '(SELECT max(n) FROM JSON_TABLE(js, ''$[*]'' COLUMNS (n int, NESTED ''$.e'' COLUMNS (ds date[]))) s)'),
    ('timezone(time with time zone)', 'tz AT LOCAL'), (NULL, 'ts AT LOCAL'), ('regclassout(regclass)', 'JSON_SCALAR(r)'), (NULL, 'JSON_SCALAR(ts)'),
    (NULL, 'JSON_VALUE(js, ''$'')'), (NULL, 'JSON_VALUE(js, ''$'' RETURNING int)'), (NULL, 'JSON_QUERY(js, ''$'' RETURNING int[])'),
    (NULL, 'JSON_QUERY(js, ''$'' RETURNING counted)'), (NULL, 'JSON_EXISTS(js, ''$.d'')'),
    (NULL, '(SELECT max(n) FROM JSON_TABLE(js, ''$[*]'' COLUMNS (n int, i FOR ORDINALITY, e boolean EXISTS PATH ''$.d'')) s)');
\endif
SELECT value, expected, refused(value) FROM cases WHERE expected IS DISTINCT FROM refused(value) ORDER BY 1;

-- What is accepted is followed.
INSERT INTO tb_note (pk_note, id, txt, js) VALUES (1, oracle.uuid(1), '{1,2}', '{"n": 3, "t": "three"}'), (2, oracle.uuid(2), '{4}', '{"n": 5}');
SELECT $$
    SELECT pk_note, id, jsonb_build_object('ns', txt::int[], 'counted', jsonb_populate_record(NULL::counted, js),
        't', (SELECT s.t FROM jsonb_to_record(js) AS s (n int, t text))) AS data FROM tb_note
$$ AS note \gset
CREATE TABLE tv_note AS :note;
UPDATE tb_note SET txt = '{6,7}', js = '{"n": 8, "t": "eight"}' WHERE pk_note = 2;
SELECT data FROM tv_note ORDER BY pk_note;
SELECT oracle.check('tv_note', :'note'), oracle.routes('tv_note');
-- A type that would come to read a date, or to show a name, stays as it was.
SELECT oracle.sqlstate('ALTER TYPE counted ADD ATTRIBUTE d date');
CREATE TABLE tv_plain AS SELECT pk_plain, id, to_jsonb(p) AS data FROM tb_plain p;
SELECT oracle.sqlstate('ALTER TABLE tb_plain ADD COLUMN r regclass');
SELECT oracle.sqlstate('ALTER TYPE dated ADD ATTRIBUTE r regrole');
SELECT oracle.sqlstate('ALTER TABLE tb_plain ADD COLUMN n int'), oracle.check('tv_plain', 'SELECT pk_plain, id, to_jsonb(p) FROM tb_plain p');
SELECT attname FROM pg_attribute WHERE attrelid IN ('counted'::regclass, 'dated'::regclass) AND attnum > 0 ORDER BY attrelid, attnum;
