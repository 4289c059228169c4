-- What pg_tviews_check_query says of a definition without making it.
\set SHOW_CONTEXT never
CREATE SCHEMA check_query;
SET search_path = check_query, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int NOT NULL, title text NOT NULL);
CREATE TABLE tb_level (low int, high int, label text);
-- One row a source, as explain would have them.
SELECT * FROM pg_tviews_check_query($$
    SELECT p.pk_post, p.id, jsonb_build_object('title', p.title, 'user', u.name, 'level', l.label) AS data
    FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user LEFT JOIN tb_level l ON p.pk_post BETWEEN l.low AND l.high $$) \gx
-- Nothing was made, and what it says comes true.
SELECT count(*) FROM pg_class WHERE relnamespace = 'check_query'::regnamespace AND relkind IN ('r', 'v') AND relname !~ '^tb_';
SELECT $$
    SELECT p.pk_post, p.id, jsonb_build_object('title', p.title, 'user', u.name, 'rank', rank() OVER (PARTITION BY p.fk_user ORDER BY p.title),
               'level', (SELECT max(l.label) FROM tb_level l WHERE l.low = p.pk_post OR l.high = p.fk_user)) AS data
    FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user
$$ AS post \gset
CREATE TEMP TABLE foretold AS SELECT source, alias, route, path, columns_used, reason, remedy, missing_indexes FROM pg_tviews_check_query(:'post', 'tv_post');
CREATE TABLE tv_post AS :post;
SELECT count(*), bool_and((f.*) IS NOT DISTINCT FROM (e.source, e.alias, e.route, e.path, e.columns_used, e.reason, e.remedy, e.missing_indexes)) AS same
FROM foretold f FULL JOIN pg_tviews_explain('tv_post') e ON e.source = f.source AND e.alias = f.alias;
-- The key is chosen as at creation: by name, any pk_ column without one, id.
SELECT 'SELECT u.id, u.pk_user, p.pk_post, p.id AS other, ''{}''::jsonb AS data FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user' AS keys \gset
SELECT severity, alias, path FROM pg_tviews_check_query(:'keys');
SELECT severity, alias, path FROM pg_tviews_check_query(:'keys', 'tv_post');
SELECT severity, alias, path FROM pg_tviews_check_query(:'keys', 'check_query."tv_else"');
-- All that stands in the way, each thing once, and the routes all the same.
SELECT severity, source, route, reason, remedy FROM pg_tviews_check_query($$
    SELECT p.pk_post, p.id, jsonb_build_object('now', now(), 'then', now(), 'r', random(), 'day', CURRENT_DATE, 'ctid', p.ctid, 'user', u.name,
        'classes', (SELECT count(*) FROM pg_class)) AS data
    FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user FOR UPDATE OF u $$, 'tv_post') \gx
SELECT severity, source, route, reason, remedy FROM pg_tviews_check_query(
    'SELECT pk_post, id::text, title FROM tb_post TABLESAMPLE SYSTEM (10)', 'post') \gx
SELECT severity, source, route, reason FROM pg_tviews_check_query(
    'WITH gone AS (DELETE FROM tb_post RETURNING id) SELECT id, ''{}''::jsonb AS data FROM gone');
SELECT severity, source, route, reason FROM pg_tviews_check_query('SELECT id, data FROM tv_post', 'tv_post');
SELECT severity, source, route, reason FROM pg_tviews_check_query('SELECT title, ''{}''::jsonb AS data FROM tb_post');
SELECT severity, source, route, reason FROM pg_tviews_check_query('SELECT md5(title)::uuid AS id, ''{}''::jsonb AS data FROM tb_post');
-- Not a query at all.
SELECT severity, reason, remedy FROM pg_tviews_check_query('CREATE TABLE tv_x AS SELECT 1');
SELECT severity, reason, remedy FROM pg_tviews_check_query('SELECT 1; SELECT 2', 'tv_x');
SELECT severity, reason, remedy FROM pg_tviews_check_query('');
SELECT count(*) FROM pg_tviews_check_query(NULL);
-- A query that PostgreSQL itself refuses fails as it does everywhere.
SELECT oracle.sqlstate($$ SELECT * FROM pg_tviews_check_query('SELECT nothing FROM tb_post') $$);
SELECT oracle.sqlstate($$ SELECT * FROM pg_tviews_check_query('SELECT FROM FROM') $$);
SELECT oracle.sqlstate($$ SELECT * FROM pg_tviews_check_query('SELECT id FROM tb_nowhere') $$);
SELECT oracle.sqlstate($$ SELECT * FROM pg_tviews_check_query('SELECT id FROM tb_post', 'a.b.c.d') $$);
-- It shows where, in the query that it was given.
SELECT * FROM pg_tviews_check_query('SELECT id,
    nothing FROM tb_post');
DO $$ BEGIN PERFORM pg_tviews_check_query('SELECT id,, FROM tb_post'); END $$;
-- Nobody is locked out, nothing is run.
CREATE FUNCTION bang() RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE 'it was run'; END $$;
BEGIN;
SELECT severity, route FROM pg_tviews_check_query('SELECT p.pk_post, p.id, bang() AS data FROM tb_post p');
SELECT DISTINCT mode FROM pg_locks WHERE relation = 'tb_post'::regclass;
COMMIT;
BEGIN READ ONLY;
SELECT severity, route FROM pg_tviews_check_query('SELECT p.pk_post, p.id, ''{}''::jsonb AS data FROM tb_post p');
COMMIT;
-- It runs as the caller, with the caller's search_path; lacking rights are what creation would refuse.
CREATE ROLE regress_tviews_checker;
GRANT USAGE ON SCHEMA check_query TO regress_tviews_checker;
GRANT SELECT ON tb_post TO regress_tviews_checker;
SET ROLE regress_tviews_checker;
SELECT severity, source, route, reason, remedy FROM pg_tviews_check_query('SELECT p.pk_post, p.id, ''{}''::jsonb AS data FROM tb_post p');
SET search_path = public;
SELECT oracle.sqlstate($$ SELECT * FROM pg_tviews_check_query('SELECT p.pk_post, p.id, ''{}''::jsonb AS data FROM tb_post p') $$);
RESET ROLE;
SET search_path = check_query, public;
DROP OWNED BY regress_tviews_checker;
DROP ROLE regress_tviews_checker;
