-- What pg_tviews_explain, its JSON form and pg_tviews_metadata tell.
\set SHOW_CONTEXT never
CREATE SCHEMA explain;
SET search_path = explain, public;

CREATE TABLE tb_country (code char(2) PRIMARY KEY, name text NOT NULL, flag text);
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, country char(2), name text NOT NULL, secret text);
CREATE INDEX ON tb_user (country);
CREATE INDEX ON tb_user (id);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_author int, fk_editor int, title text NOT NULL, draft text);
CREATE INDEX ON tb_post (fk_author);
CREATE INDEX ON tb_post (fk_editor);
CREATE TABLE tb_comment (pk_comment int PRIMARY KEY, fk_post int, fk_user int, body text NOT NULL);
CREATE INDEX ON tb_comment (fk_post);
CREATE TABLE tb_quota (top int);
CREATE TABLE tv_post AS
SELECT p.pk_post, p.id, jsonb_build_object('title', p.title, 'author', a.name, 'country', c.name, 'editor', e.name,
           'comments', (SELECT jsonb_agg(m.body ORDER BY m.pk_comment) FROM tb_comment m WHERE m.fk_post = p.pk_post)) AS data
FROM tb_post p
JOIN tb_user a ON a.pk_user = p.fk_author
LEFT JOIN tb_country c ON c.code = a.country
LEFT JOIN tb_user e ON e.pk_user = p.fk_editor;

-- One row a source, the same table once for each time it is read.
SELECT oracle.routes('tv_post');
SELECT source, alias, route, columns_used, reason FROM pg_tviews_explain('tv_post')
ORDER BY source COLLATE "C", alias COLLATE "C";
SELECT source, alias, path FROM pg_tviews_explain('tv_post') ORDER BY source COLLATE "C", alias COLLATE "C";
-- A source is qualified whatever the search path, and quoted where it must be.
CREATE TABLE "tb_Odd Name" (id uuid PRIMARY KEY, "Na""me" text);
CREATE TABLE "tv_Odd Name" AS SELECT o.id, jsonb_build_object('name', o."Na""me") AS data FROM "tb_Odd Name" o;
SET search_path = public;
SELECT source, columns_used FROM pg_tviews_explain('explain."tv_Odd Name"');
SET search_path = explain, public;
-- A key query exists where keys are looked up, and it is valid SQL.
SELECT DISTINCT route, key_query IS NOT NULL AS has_key_query FROM pg_tviews_explain('tv_post') ORDER BY route;
DO $$
DECLARE
    e record;
BEGIN
    FOR e IN SELECT * FROM pg_tviews_explain('tv_post') WHERE key_query IS NOT NULL ORDER BY alias LOOP
        -- Its parameter is an array of the values that the route starts from.
        EXECUTE 'PREPARE key_query (record[]) AS ' || e.key_query;
        DEALLOCATE key_query;
        RAISE NOTICE 'prepared for %', e.alias;
    END LOOP;
END
$$;
-- The full route gives its reason.
CREATE TABLE tv_quota AS
SELECT u.id, jsonb_build_object('name', u.name, 'quota', (SELECT max(q.top) FROM tb_quota q)) AS data FROM tb_user u;
SELECT source, alias, route, reason FROM pg_tviews_explain('tv_quota') ORDER BY source COLLATE "C";
-- It says what to write instead. A route says which indexes it lacks, in the text and in the document.
SELECT alias, remedy FROM pg_tviews_explain('tv_quota') ORDER BY alias COLLATE "C";
CREATE TABLE tb_reply (pk_reply int PRIMARY KEY, id uuid NOT NULL, fk_comment int, fk_user int, body text);
CREATE TABLE tv_reply AS
SELECT r.pk_reply, r.id, jsonb_build_object('body', r.body, 'to', c.body) AS data FROM tb_reply r JOIN tb_comment c ON c.pk_comment = r.fk_comment;
SELECT alias, route, missing_indexes FROM pg_tviews_explain('tv_reply') ORDER BY alias COLLATE "C";
SELECT source->'alias' AS alias, source->'remedy' AS remedy, source->'missing_indexes' AS missing_indexes
FROM unnest(ARRAY['tv_reply', 'tv_quota']) AS t, jsonb_array_elements(pg_tviews_explain_json(t)->'sources') AS source
ORDER BY t, source->>'alias' COLLATE "C";
CREATE INDEX ON tb_reply (fk_comment);
SELECT alias, route, missing_indexes FROM pg_tviews_explain('tv_reply') ORDER BY alias COLLATE "C";
-- Rows that are read for the sake of others have an entry of their own.
CREATE INDEX ON tb_reply (fk_user);
CREATE TABLE tv_rank AS
SELECT r.pk_reply AS pk_rank, r.id, jsonb_build_object('user', u.name, 'rank', rank() OVER (PARTITION BY r.fk_user ORDER BY r.body)) AS data
FROM tb_reply r JOIN tb_user u ON u.pk_user = r.fk_user;
SELECT alias, path FROM pg_tviews_explain('tv_rank') ORDER BY alias COLLATE "C";
DROP TABLE tv_rank, tv_reply;
-- Sources behind views and CTEs are those of the tables.
CREATE VIEW author AS SELECT pk_user, name FROM tb_user;
CREATE TABLE tv_byline AS
WITH recent AS (SELECT * FROM tb_post WHERE title <> '')
SELECT r.pk_post AS pk_byline, r.id, jsonb_build_object('by', a.name) AS data FROM recent r JOIN author a ON a.pk_user = r.fk_author;
SELECT source, alias, route, columns_used FROM pg_tviews_explain('tv_byline') ORDER BY source COLLATE "C";
-- A TVIEW as a source is named as such.
CREATE TABLE tv_digest AS
SELECT u.pk_user AS pk_digest, u.id, jsonb_build_object('name', u.name, 'posts', (
           SELECT count(*) FROM tb_post t JOIN tv_post v USING (pk_post) WHERE t.fk_author = u.pk_user)) AS data
FROM tb_user u;
SELECT oracle.routes('tv_digest');

-- The same as one document.
SELECT key FROM jsonb_object_keys(pg_tviews_explain_json('tv_post')) AS key ORDER BY key COLLATE "C";
SELECT key FROM jsonb_array_elements(pg_tviews_explain_json('tv_post')->'sources') AS source, jsonb_object_keys(source) AS key
GROUP BY key ORDER BY key COLLATE "C";
SELECT jsonb_array_length(pg_tviews_explain_json('tv_post')->'sources') = (SELECT count(*) FROM pg_tviews_explain('tv_post')) AS same_number;

-- Metadata: exactly one row a TVIEW.
SELECT table_name::text, schema_name, entity, key_columns, backing_view::text, created_at IS NOT NULL AS has_time
FROM pg_tviews_metadata WHERE schema_name = 'explain' ORDER BY entity COLLATE "C";
SELECT count(*) = count(DISTINCT (schema_name, entity)) AS one_row_each FROM pg_tviews_metadata;
SELECT entity, sources FROM pg_tviews_metadata WHERE schema_name = 'explain' ORDER BY entity COLLATE "C";
-- The definition is a query that gives the rows; its exact text is the server version's affair.
SELECT definition ~ 'tb_post' AND definition ~ 'author' AS names_what_it_reads, oracle.check('tv_byline', rtrim(definition, ';'))
FROM pg_tviews_metadata WHERE schema_name = 'explain' AND entity = 'byline';
-- The columns that others rely on are there.
SELECT attname FROM pg_attribute WHERE attrelid = 'pg_tviews_metadata'::regclass AND attnum > 0 AND NOT attisdropped
AND attname IN ('table_name', 'schema_name', 'entity', 'key_columns', 'backing_view', 'definition', 'sources', 'created_at')
ORDER BY attname;
-- Anyone may look.
SELECT has_table_privilege('public', 'pg_tviews_metadata', 'SELECT') AS readable;
-- Renamed, dropped and re-created tables are shown as they are now.
ALTER TABLE tb_quota RENAME TO tb_allowance;
ALTER TABLE tv_quota RENAME TO tv_allowance;
SELECT source, route FROM pg_tviews_explain('tv_allowance') ORDER BY source COLLATE "C";
SELECT table_name::text, entity, sources FROM pg_tviews_metadata WHERE schema_name = 'explain' AND entity IN ('quota', 'allowance');
SELECT oracle.check('tv_allowance', 'SELECT id, jsonb_build_object(''name'', name, ''quota'', (SELECT max(top) FROM tb_allowance)) FROM tb_user');
-- The version is that of the extension.
SELECT pg_tviews_version() = extversion AS same_version FROM pg_extension WHERE extname = 'pg_tviews';

-- What explain calls unused is: nothing is written.
INSERT INTO tb_country VALUES ('de', 'Germany');
INSERT INTO tb_user VALUES (1, oracle.uuid(1), 'de', 'Ada');
INSERT INTO tb_post VALUES (1, oracle.uuid(11), 1, NULL, 'Engines');
SELECT oracle.mark('tv_post');
UPDATE tb_country SET flag = 'x';
UPDATE tb_user SET secret = 'x', id = oracle.uuid(2);
UPDATE tb_post SET draft = 'x';
SELECT oracle.written('tv_post');
SELECT oracle.check('tv_post', $$
    SELECT p.pk_post, p.id, jsonb_build_object('title', p.title, 'author', a.name, 'country', c.name, 'editor', e.name, 'comments',
               (SELECT jsonb_agg(m.body ORDER BY m.pk_comment) FROM tb_comment m WHERE m.fk_post = p.pk_post))
    FROM tb_post p JOIN tb_user a ON a.pk_user = p.fk_author LEFT JOIN tb_country c ON c.code = a.country
    LEFT JOIN tb_user e ON e.pk_user = p.fk_editor $$);
