-- What a subquery gives to a document is computed by itself when its tables change: where that is so, and that every row is as the
-- query has it.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA leaf;
SET search_path = leaf, public;

-- Per source, whether its part alone is computed.
CREATE FUNCTION in_part(tview text) RETURNS TABLE (source regclass, alias text, "in part" boolean)
LANGUAGE sql AS $$
    SELECT source, alias, columns_used <@ columns_patched FROM pg_tviews_explain(tview) ORDER BY source::text COLLATE "C", alias COLLATE "C", 3
$$;
-- All that can happen to comments, a transaction each.
CREATE TABLE steps (n int GENERATED ALWAYS AS IDENTITY, step text, tview text, updated bigint, patched bigint);
CREATE PROCEDURE change_comments() LANGUAGE plpgsql AS $$
DECLARE
    change record;
BEGIN
    PERFORM oracle.look();
    TRUNCATE steps;
    FOR change IN SELECT * FROM (VALUES
        ('insert', $c$ INSERT INTO tb_comment VALUES (100, 1, 2, 'new', 5) $c$),
        ('update', $c$ UPDATE tb_comment SET body = 'changed', stars = NULL WHERE pk_comment = 100 $c$),
        ('move', $c$ UPDATE tb_comment SET fk_post = 2 WHERE pk_comment = 100 $c$),
        ('update all', $c$ UPDATE tb_comment SET stars = stars + 1 $c$),
        ('user', $c$ UPDATE tb_user SET name = upper(name) WHERE pk_user = 2 $c$),
        ('delete', $c$ DELETE FROM tb_comment WHERE pk_comment = 100 $c$),
        ('back', $c$ UPDATE tb_user SET name = lower(name) WHERE pk_user = 2; UPDATE tb_comment SET stars = stars - 1 $c$)) AS changes (step, sql)
    LOOP
        EXECUTE change.sql;
        COMMIT;
        INSERT INTO steps (step, tview, updated, patched) SELECT change.step, * FROM oracle.look();
    END LOOP;
END
$$;
-- Of the rows that each wrote, those in part, per TVIEW.
CREATE VIEW written AS
SELECT tview, string_agg(format('%s %s/%s', step, patched, updated), ', ' ORDER BY n) AS "in part/all"
FROM steps GROUP BY tview ORDER BY tview COLLATE "C";

CREATE TABLE tb_user (pk_user int PRIMARY KEY, name text NOT NULL);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int NOT NULL, title text NOT NULL);
CREATE TABLE tb_comment (pk_comment int PRIMARY KEY, fk_post int NOT NULL, fk_user int, body text NOT NULL, stars int);
CREATE TABLE tb_tag (pk_tag int PRIMARY KEY, fk_post int NOT NULL, tag text NOT NULL);
CREATE INDEX ON tb_post (fk_user);
CREATE INDEX ON tb_comment (fk_post);
CREATE INDEX ON tb_comment (fk_user);
CREATE INDEX ON tb_tag (fk_post);
INSERT INTO tb_user SELECT n, 'user ' || n FROM generate_series(1, 4) n;
INSERT INTO tb_post SELECT n, oracle.uuid(n), 1 + n % 4, 'post ' || n FROM generate_series(1, 6) n;
INSERT INTO tb_comment SELECT n, 1 + n % 5, CASE n % 3 WHEN 0 THEN NULL ELSE 1 + n % 4 END, 'comment ' || n, n % 5 FROM generate_series(1, 12) n;
INSERT INTO tb_tag SELECT n, 1 + n % 6, 'tag ' || n FROM generate_series(1, 9) n;

-- Subqueries at several paths, and one row that a lateral subquery always gives.
CREATE TABLE tv_post AS
SELECT p.pk_post, p.id, c.n AS comment_count,
       jsonb_build_object('title', p.title, 'author', a.name,
           'comments', (SELECT coalesce(jsonb_agg(jsonb_build_object('body', c.body, 'stars', c.stars, 'user', u.name) ORDER BY c.pk_comment), '[]')
                        FROM tb_comment c LEFT JOIN tb_user u ON u.pk_user = c.fk_user WHERE c.fk_post = p.pk_post),
           'about', jsonb_build_object('n', c.n, 'stars', c.stars,
               'tags', ARRAY(SELECT t.tag FROM tb_tag t WHERE t.fk_post = p.pk_post ORDER BY t.pk_tag))) AS data
FROM tb_post p JOIN tb_user a ON a.pk_user = p.fk_user
CROSS JOIN LATERAL (SELECT count(*) AS n, avg(c.stars) AS stars FROM tb_comment c WHERE c.fk_post = p.pk_post) c;
SELECT * FROM in_part('tv_post');
CALL change_comments();
SELECT * FROM written;
SELECT comment_count, jsonb_pretty(data) AS data FROM tv_post WHERE pk_post = 1;
-- What was in the document before and has not changed is not computed again.
ALTER TABLE tv_post DISABLE TRIGGER USER;
UPDATE tv_post SET data = jsonb_set(data, '{title}', '"tampered"') WHERE pk_post = 1;
ALTER TABLE tv_post ENABLE TRIGGER USER;
INSERT INTO tb_tag VALUES (100, 1, 'new');
SELECT data->>'title' AS title, data->'about'->'tags' AS tags FROM tv_post WHERE pk_post = 1;
-- With columns changed too that are only shown, these of their tables are, but no other subquery; with a link, all is.
BEGIN;
DELETE FROM tb_tag WHERE pk_tag = 100;
UPDATE tb_post SET id = oracle.uuid(99) WHERE pk_post = 1;
UPDATE tb_user SET name = 'user two' WHERE pk_user = 2;
COMMIT;
SELECT id, data->>'title' AS title, data->>'author' AS author, data->'about'->'tags' AS tags FROM tv_post WHERE pk_post = 1;
BEGIN;
DELETE FROM tb_tag WHERE pk_tag = 9;
UPDATE tb_post SET fk_user = 3 WHERE pk_post = 1;
COMMIT;
SELECT data->>'title' AS title, data->>'author' AS author, data->'about'->'tags' AS tags FROM tv_post WHERE pk_post = 1;
SELECT * FROM oracle.look();
-- As without patches.
SET pg_tviews.patch = off;
CALL change_comments();
SELECT * FROM written;
RESET pg_tviews.patch;

-- Rows that come and go with the subquery, or that it sorts or filters; more than one column of a key; a unique column.
CREATE TABLE tv_busy AS
SELECT p.pk_post AS pk_busy, p.id, jsonb_build_object('title', p.title, 'n', c.n) AS data
FROM tb_post p CROSS JOIN LATERAL (SELECT count(*) AS n FROM tb_comment c WHERE c.fk_post = p.pk_post) c WHERE c.n > 2;
CREATE TABLE tv_rated AS
SELECT p.pk_post AS pk_rated, p.id, jsonb_build_object('title', p.title, 'n', c.n, 'first', f.body) AS data
FROM tb_post p JOIN LATERAL (SELECT count(*) AS n FROM tb_comment c WHERE c.fk_post = p.pk_post HAVING count(c.stars) > 1) c ON true
LEFT JOIN LATERAL (SELECT c.body FROM tb_comment c WHERE c.fk_post = p.pk_post ORDER BY c.pk_comment LIMIT 1) f ON true;
CREATE TABLE tv_rank AS
SELECT p.pk_post AS pk_rank, p.id, (SELECT count(*) FROM tb_comment c WHERE c.fk_post = p.pk_post) * 100 + p.pk_post AS rank,
       jsonb_build_object('title', p.title, 'best', (SELECT max(c.stars) FROM tb_comment c WHERE c.fk_post = p.pk_post)) AS data
FROM tb_post p ORDER BY 2;
CREATE TABLE tv_tag AS
SELECT t.fk_post, t.pk_tag, oracle.uuid(t.pk_tag) AS id, jsonb_build_object('tag', t.tag, 'n', (SELECT count(*) FROM tb_comment c WHERE c.fk_post = t.fk_post)) AS data
FROM tb_tag t;
SELECT * FROM in_part('tv_busy');
SELECT * FROM in_part('tv_rated');
SELECT * FROM in_part('tv_rank');
SELECT * FROM in_part('tv_tag');
CREATE UNIQUE INDEX ON tv_rank (rank);
CALL change_comments();
SELECT * FROM written;
DROP TABLE tv_busy, tv_rated, tv_rank, tv_tag;

-- Groups; views in views; renamed columns; a name and a key to quote.
CREATE TABLE tv_user AS
SELECT u.pk_user, oracle.uuid(u.pk_user) AS id, jsonb_build_object('name', u.name,
           'posts', jsonb_agg(jsonb_build_object('title', p.title, 'n', (SELECT count(*) FROM tb_comment c WHERE c.fk_post = p.pk_post)) ORDER BY p.pk_post),
           'said', (SELECT jsonb_agg(c.body ORDER BY c.pk_comment) FROM tb_comment c WHERE c.fk_user = u.pk_user)) AS data
FROM tb_user u JOIN tb_post p ON p.fk_user = u.pk_user GROUP BY u.pk_user;
CREATE VIEW v_said AS
SELECT u.pk_user AS pk, jsonb_build_object('name', u.name, 'said', (SELECT jsonb_agg(c.body ORDER BY c.pk_comment) FROM tb_comment c WHERE c.fk_user = u.pk_user)) AS doc
FROM tb_user u;
ALTER VIEW v_said RENAME COLUMN doc TO "it's it";
CREATE TABLE tv_page AS
SELECT p.pk_post AS pk_page, p.id, s."it's it" AS author, jsonb_build_object('title', p.title, 'it''s "so"', jsonb_build_object('author', s."it's it",
           'tags', (SELECT count(*) FROM tb_tag t WHERE t.fk_post = p.pk_post))) AS data
FROM tb_post p JOIN v_said s ON s.pk = p.fk_user;
CREATE VIEW v_named AS SELECT p.pk_post AS pk_named, p.id, jsonb_build_object('n', (SELECT count(*) FROM tb_comment c WHERE c.fk_post = p.pk_post), 'title', p.title) AS doc FROM tb_post p;
ALTER VIEW v_named RENAME COLUMN doc TO data;
ALTER VIEW v_named RENAME COLUMN pk_named TO pk_renamed;
CREATE TABLE tv_renamed AS SELECT pk_renamed, id, data FROM v_named;
SELECT * FROM in_part('tv_user');
SELECT * FROM in_part('tv_page');
CALL change_comments();
SELECT * FROM written;
SELECT * FROM in_part('tv_renamed');
-- A TVIEW that reads one that is written in part.
CREATE TABLE tv_above AS SELECT pk_renamed AS pk_above, id, data -> 'n' AS n, data - 'title' AS data FROM tv_renamed;
CALL change_comments();
SELECT * FROM written;

-- A subquery that shows twice, and reads a row that nothing else does.
CREATE TABLE tv_twice AS
SELECT w.pk AS pk_twice, w.id, w.above AS n, jsonb_build_object('above', w.above, 'title', w.title) AS data
FROM (SELECT p.pk_post AS pk, p.id, p.title, (SELECT count(*) FROM tb_tag t WHERE t.fk_post = p.pk_post AND t.pk_tag > c.n) AS above
    FROM tb_post p CROSS JOIN LATERAL (SELECT count(*) AS n FROM tb_comment c WHERE c.fk_post = p.pk_post) c) w;
SELECT * FROM in_part('tv_twice');
INSERT INTO tb_comment SELECT n, 1, 1, 'many', 1 FROM generate_series(300, 310) n;
SELECT n, data FROM tv_twice WHERE pk_twice = 1;
DELETE FROM tb_comment WHERE pk_comment >= 300;
SELECT n, data FROM tv_twice WHERE pk_twice = 1;
UPDATE tb_tag SET fk_post = 1;
SELECT * FROM oracle.look();
DROP TABLE tv_twice;

-- Columns that are called as what our statements have in them.
CREATE TABLE tv_named (p1 int, k0 int, t text, n bigint, id uuid, data jsonb, PRIMARY KEY (p1, k0));
SELECT pg_tviews_convert_existing_table('tv_named', $$
    SELECT p.pk_post AS p1, p.fk_user AS k0, p.title AS t, (SELECT count(*) FROM tb_comment c WHERE c.fk_post = p.pk_post) AS n, p.id,
           jsonb_build_object('title', p.title, 'tags', (SELECT count(*) FROM tb_tag t WHERE t.fk_post = p.pk_post)) AS data
    FROM tb_post p$$);
BEGIN;
UPDATE tb_tag SET fk_post = 2 WHERE pk_tag < 3;
UPDATE tb_post SET title = 'mixed' WHERE pk_post = 2;
UPDATE tb_comment SET fk_post = 2 WHERE pk_comment = 1;
COMMIT;
DELETE FROM tb_comment WHERE pk_comment = 1;
SELECT * FROM oracle.look();
DELETE FROM tb_post WHERE pk_post = 2;
SELECT * FROM oracle.look();
DROP TABLE tv_named;

-- In the transaction that reads it, and rolled back.
BEGIN;
INSERT INTO tb_comment VALUES (200, 3, 1, 'seen at once', 1);
SELECT data -> 'n' AS n FROM tv_renamed WHERE pk_renamed = 3;
SAVEPOINT s;
DELETE FROM tb_comment WHERE fk_post = 3;
SELECT data -> 'n' AS n FROM tv_renamed WHERE pk_renamed = 3;
ROLLBACK TO s;
SELECT data -> 'n' AS n FROM tv_renamed WHERE pk_renamed = 3;
COMMIT;
BEGIN ISOLATION LEVEL REPEATABLE READ;
INSERT INTO tb_comment VALUES (201, 3, 1, 'kept snapshot', 1);
SELECT data -> 'n' AS n FROM tv_renamed WHERE pk_renamed = 3;
COMMIT;
SELECT * FROM oracle.look();
DROP SCHEMA leaf CASCADE;
