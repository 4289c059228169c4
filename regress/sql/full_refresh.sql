-- pg_tviews.full_refresh: whether a source without a selective route is accepted.
\set SHOW_CONTEXT never
CREATE SCHEMA full_refresh;
SET search_path = full_refresh, public;
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL UNIQUE, title text NOT NULL);
CREATE TABLE tb_level (low int, label text);
INSERT INTO tb_post VALUES (1, oracle.uuid(1), 'one');
SELECT $$ SELECT p.pk_post, p.id, jsonb_build_object('title', p.title) AS data FROM tb_post p $$ AS direct,
       $$ SELECT p.pk_post, p.id, jsonb_build_object('title', p.title, 'level', (SELECT max(label) FROM tb_level)) AS data FROM tb_post p $$ AS full \gset
-- Accepted by default, with a warning.
SHOW pg_tviews.full_refresh;
CREATE TABLE tv_post AS :full;
SELECT oracle.routes('tv_post'), oracle.check('tv_post', :'full');
DROP TABLE tv_post;
-- Refused: by every way of making a TVIEW; nothing stays behind.
SET pg_tviews.full_refresh = error;
CREATE TABLE tv_post AS :full;
SELECT oracle.sqlstate(format('SELECT pg_tviews_create(%L, %L)', 'tv_post', :'full'));
SET pg_tviews.auto_convert = off;
CREATE TABLE tv_post AS :full;
RESET pg_tviews.auto_convert;
SELECT oracle.sqlstate($$ SELECT pg_tviews_convert_existing_table('tv_post') $$);
SELECT * FROM oracle.kinds('tv_post');
DROP TABLE tv_post;
-- In a transaction the key may yet be chosen, so it fails at COMMIT, as the conversion itself would.
BEGIN;
CREATE TABLE tv_post AS :full;
SELECT count(*) FROM tv_post;
COMMIT;
SELECT to_regclass('tv_post');
-- Each reason has its remedy, and pg_tviews_check_query foretells the refusal.
SELECT severity, source, reason FROM pg_tviews_check_query(:'full', 'tv_post');
SELECT oracle.sqlstate($$ SELECT pg_tviews_create('tv_key', 'SELECT gen.id, ''{}''::jsonb AS data FROM tb_post p CROSS JOIN (VALUES (md5(''1'')::uuid)) AS gen (id)') $$);
SELECT oracle.sqlstate($$ SELECT pg_tviews_create('tv_null', 'SELECT p.id, ''{}''::jsonb AS data FROM tb_level l LEFT JOIN tb_post p ON p.pk_post = l.low') $$);
SELECT oracle.sqlstate($$ SELECT pg_tviews_create('tv_rank', 'SELECT p.id, jsonb_build_object(''n'', row_number() OVER (ORDER BY p.title)) AS data FROM tb_post p') $$);
SELECT oracle.sqlstate($$ SELECT pg_tviews_create('tv_tree', 'WITH RECURSIVE t AS (SELECT pk_post, id FROM tb_post UNION ALL SELECT p.pk_post, p.id FROM tb_post p JOIN t ON t.pk_post = p.pk_post + 1) SELECT id, ''{}''::jsonb AS data FROM t') $$);
-- What has routes is made, what was made before is kept and follows.
CREATE TABLE tv_post AS :direct;
RESET pg_tviews.full_refresh;
SELECT $$ SELECT p.pk_post AS pk_both, p.id, jsonb_build_object('title', p.title, 'level', (SELECT max(label) FROM tb_level)) AS data FROM tb_post p $$ AS both \gset
CREATE TABLE tv_both AS :both;
SET pg_tviews.full_refresh = error;
INSERT INTO tb_level VALUES (1, 'low');
SELECT oracle.check('tv_both', :'both'), oracle.check('tv_post', :'direct');
-- A definition that is replaced is judged anew.
SELECT oracle.sqlstate('CREATE OR REPLACE VIEW v_post AS ' || :'full');
SELECT oracle.routes('tv_post'), oracle.check('tv_post', :'direct');
RESET pg_tviews.full_refresh;
CREATE OR REPLACE VIEW v_post AS :full;
SELECT oracle.routes('tv_post'), oracle.check('tv_post', :'full');
SET pg_tviews.full_refresh = error;
CREATE OR REPLACE VIEW v_post AS :direct;
SELECT oracle.routes('tv_post'), oracle.check('tv_post', :'direct');
-- Other values are none.
SELECT oracle.sqlstate('SET pg_tviews.full_refresh = never');
RESET pg_tviews.full_refresh;
