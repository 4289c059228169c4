-- The dependency graph of TVIEWs, for Mermaid and Graphviz.
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
CREATE SCHEMA graph;
SET search_path = graph, public;
SET client_min_messages = error;
CREATE TABLE tb_country (code text PRIMARY KEY, name text);
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, fk_boss int, country text, name text);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_author int, fk_editor int, title text);
CREATE TABLE tb_level (low int, high int, label text);
CREATE TABLE tb_other (pk_other int PRIMARY KEY, id uuid NOT NULL);
CREATE TABLE tv_user AS SELECT u.pk_user, u.id, jsonb_build_object('name', u.name, 'country', c.name) AS data
FROM tb_user u LEFT JOIN tb_country c ON c.code = u.country;
-- A table that is read twice alike is one edge; otherwise one each.
CREATE TABLE tv_post AS SELECT p.pk_post, p.id, jsonb_build_object('title', p.title, 'author', a.data, 'editor', e.data,
    'level', (SELECT max(l.label) FROM tb_level l WHERE p.pk_post BETWEEN l.low AND l.high),
    'first', (SELECT min(o.pk_post) FROM tb_post o)) AS data
FROM tb_post p JOIN tv_user a ON a.pk_user = p.fk_author LEFT JOIN tv_user e ON e.pk_user = p.fk_editor;
CREATE TABLE tv_board AS SELECT u.pk_user AS pk_board, u.id, jsonb_build_object('posts',
    (SELECT count(*) FROM tb_post t JOIN tv_post v ON v.pk_post = t.pk_post WHERE t.fk_author = u.pk_user OR t.fk_editor = u.pk_user)) AS data
FROM tb_user u;
CREATE TABLE tv_other AS SELECT pk_other, id, '{}'::jsonb AS data FROM tb_other;
-- One with all below and above it.
SELECT pg_tviews_graph('tv_post');
SELECT pg_tviews_graph('graph.tv_other');
SELECT pg_tviews_graph('tv_user', 'dot');
-- Above and below are seen from anywhere.
SELECT pg_tviews_graph('tv_user') = pg_tviews_graph('tv_board') AS same, pg_tviews_graph('tv_user') ~ 'tv_other' AS has_other;
-- All of them: what the caller may read.
CREATE ROLE regress_tviews_graph;
GRANT USAGE ON SCHEMA graph TO regress_tviews_graph;
GRANT SELECT ON tv_other TO regress_tviews_graph;
SET ROLE regress_tviews_graph;
SELECT pg_tviews_graph();
SELECT pg_tviews_graph(NULL, 'dot');
RESET ROLE;
REVOKE ALL ON tv_other FROM regress_tviews_graph;
SET ROLE regress_tviews_graph;
SELECT pg_tviews_graph();
RESET ROLE;
SELECT pg_tviews_graph() = pg_tviews_graph(NULL, NULL) AS mermaid_by_default;
-- Names of any kind.
CREATE SCHEMA "Gr""aph];<b>";
CREATE TABLE "Gr""aph];<b>"."tb_é\n&amp;#35; ""{x}""" (id uuid PRIMARY KEY);
CREATE TABLE "Gr""aph];<b>"."tv_end
style n0 fill:#f00;" AS SELECT id, '{}'::jsonb AS data FROM "Gr""aph];<b>"."tb_é\n&amp;#35; ""{x}""";
SELECT pg_tviews_graph('"Gr""aph];<b>"."tv_end
style n0 fill:#f00;"');
SELECT pg_tviews_graph('"Gr""aph];<b>"."tv_end
style n0 fill:#f00;"', 'dot');
-- Anything else is refused.
SELECT oracle.sqlstate($$ SELECT pg_tviews_graph('tv_user', 'svg') $$);
SELECT oracle.sqlstate($$ SELECT pg_tviews_graph(format => 'Dot') $$);
SELECT oracle.sqlstate($$ SELECT pg_tviews_graph('tb_user') $$);
SELECT oracle.sqlstate($$ SELECT pg_tviews_graph('tv_nowhere') $$);
DROP SCHEMA "Gr""aph];<b>" CASCADE;
DROP OWNED BY regress_tviews_graph;
DROP ROLE regress_tviews_graph;
