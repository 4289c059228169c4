-- TVIEWs as sources of TVIEWs: refreshed in the order of their dependencies.
\set SHOW_CONTEXT never
CREATE SCHEMA tview_over_tview;
SET search_path = tview_over_tview, public;

CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL, secret text);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int, title text NOT NULL);
CREATE INDEX ON tb_post (fk_user);
CREATE TABLE tb_comment (pk_comment int PRIMARY KEY, id uuid NOT NULL, fk_post int, fk_user int, body text NOT NULL);
CREATE INDEX ON tb_comment (fk_user);
INSERT INTO tb_user VALUES (1, oracle.uuid(1), 'Ada'), (2, oracle.uuid(2), 'Bob');
INSERT INTO tb_post VALUES (1, oracle.uuid(11), 1, 'Engines'), (2, oracle.uuid(12), 2, 'Paint');
INSERT INTO tb_comment VALUES (1, oracle.uuid(21), 1, 2, 'good'), (2, oracle.uuid(22), 1, 1, 'thanks'), (3, oracle.uuid(23), 2, 1, 'odd');

-- Users at the bottom, posts and comments over them, a feed over all three: the
-- feed reaches a user by several paths.
CREATE TABLE tv_user AS
SELECT u.pk_user, u.id, jsonb_build_object('name', u.name) AS data FROM tb_user u;
CREATE TABLE tv_comment AS
SELECT c.pk_comment, c.id, c.fk_post, jsonb_build_object('name', c.body, 'user', u.data) AS data
FROM tb_comment c LEFT JOIN tv_user u ON u.pk_user = c.fk_user;
CREATE INDEX ON tv_comment (fk_post);
CREATE TABLE tv_post AS
SELECT p.pk_post, p.id, jsonb_build_object('name', p.title, 'author', u.data, 'comments', (
           SELECT jsonb_agg(c.data ORDER BY c.pk_comment) FROM tv_comment c WHERE c.fk_post = p.pk_post)) AS data
FROM tb_post p LEFT JOIN tv_user u ON u.pk_user = p.fk_user;
CREATE TABLE tv_feed AS
SELECT u.pk_user AS pk_feed, u.id, jsonb_build_object('name', u.data->>'name', 'posts', (
           SELECT jsonb_agg(p.data ORDER BY p.pk_post) FROM tb_post t JOIN tv_post p USING (pk_post) WHERE t.fk_user = u.pk_user)) AS data
FROM tv_user u;
SELECT oracle.routes('tv_user') AS user, oracle.routes('tv_comment') AS comment, oracle.routes('tv_post') AS post;
SELECT oracle.routes('tv_feed') AS feed;

-- The same documents from the tables alone.
CREATE VIEW should_comment AS
SELECT c.pk_comment, c.id, c.fk_post, jsonb_build_object('name', c.body, 'user',
           (SELECT jsonb_build_object('name', u.name) FROM tb_user u WHERE u.pk_user = c.fk_user)) AS data
FROM tb_comment c;
CREATE VIEW should_post AS
SELECT p.pk_post, p.id, jsonb_build_object('name', p.title,
           'author', (SELECT jsonb_build_object('name', u.name) FROM tb_user u WHERE u.pk_user = p.fk_user),
           'comments', (SELECT jsonb_agg(c.data ORDER BY c.pk_comment) FROM should_comment c WHERE c.fk_post = p.pk_post)) AS data
FROM tb_post p;
CREATE VIEW should_feed AS
SELECT u.pk_user, u.id, jsonb_build_object('name', u.name, 'posts', (
           SELECT jsonb_agg(s.data ORDER BY s.pk_post) FROM tb_post t JOIN should_post s USING (pk_post) WHERE t.fk_user = u.pk_user)) AS data
FROM tb_user u;
PREPARE checks AS
SELECT oracle.check('tv_user', 'SELECT pk_user, id, jsonb_build_object(''name'', name) FROM tb_user') AS user,
       oracle.check('tv_comment', 'TABLE should_comment') AS comment,
       oracle.check('tv_post', 'TABLE should_post') AS post, oracle.check('tv_feed', 'TABLE should_feed') AS feed;
EXECUTE checks;

-- A change at the bottom reaches the top.
SELECT oracle.mark('tv_feed'), oracle.mark('tv_post'), oracle.mark('tv_comment'), oracle.mark('tv_user');
UPDATE tb_user SET name = 'Ada L.' WHERE pk_user = 1;
SELECT oracle.written('tv_user') AS user, oracle.written('tv_comment') AS comment, oracle.written('tv_post') AS post, oracle.written('tv_feed') AS feed;
EXECUTE checks;
-- A change in the middle goes up only.
SELECT oracle.mark('tv_feed'), oracle.mark('tv_post'), oracle.mark('tv_comment'), oracle.mark('tv_user');
UPDATE tb_comment SET body = 'strange' WHERE pk_comment = 3;
SELECT oracle.written('tv_user') AS user, oracle.written('tv_comment') AS comment, oracle.written('tv_post') AS post, oracle.written('tv_feed') AS feed;
EXECUTE checks;
-- A column that no TVIEW shows goes nowhere; a change back to the same document stops.
SELECT oracle.mark('tv_feed'), oracle.mark('tv_user');
UPDATE tb_user SET secret = 'x';
BEGIN;
UPDATE tb_user SET name = 'Robert' WHERE pk_user = 2;
UPDATE tb_user SET name = 'Bob' WHERE pk_user = 2;
COMMIT;
SELECT oracle.written('tv_user') AS user, oracle.written('tv_feed') AS feed;
-- All levels in one transaction, read in between from the top down and the bottom up.
BEGIN;
UPDATE tb_user SET name = 'Ada' WHERE pk_user = 1;
SELECT data->>'name' AS name FROM tv_feed ORDER BY pk_feed;
INSERT INTO tb_comment VALUES (4, oracle.uuid(24), 2, 2, 'fine');
UPDATE tb_post SET fk_user = 1 WHERE pk_post = 2;
EXECUTE checks;
DELETE FROM tb_user WHERE pk_user = 2;
SELECT count(*) FROM tv_user;
SELECT data FROM tv_post ORDER BY pk_post;
UPDATE tb_comment SET fk_post = 1 WHERE pk_comment = 4;
COMMIT;
EXECUTE checks;
-- A savepoint rolled back takes all levels with it.
BEGIN;
UPDATE tb_post SET title = 'Engines, revised' WHERE pk_post = 1;
SAVEPOINT a;
UPDATE tb_user SET name = 'lost' WHERE pk_user = 1;
SELECT data->>'name' AS name FROM tv_feed;
ROLLBACK TO a;
SELECT data->>'name' AS name FROM tv_feed;
COMMIT;
EXECUTE checks;
-- Everything goes, everything comes back.
TRUNCATE tb_user, tb_post, tb_comment;
EXECUTE checks;
BEGIN;
INSERT INTO tb_comment VALUES (1, oracle.uuid(21), 1, 1, 'back');
INSERT INTO tb_post VALUES (1, oracle.uuid(11), 1, 'Return');
INSERT INTO tb_user VALUES (1, oracle.uuid(1), 'Ada');
COMMIT;
EXECUTE checks;
SELECT data FROM tv_feed;
-- A TVIEW cannot go while another reads it.
SELECT oracle.sqlstate('DROP TABLE tv_comment');
SELECT oracle.sqlstate($$SELECT pg_tviews_drop('tv_comment')$$);
SELECT * FROM oracle.kinds('tv_user', 'tv_comment', 'tv_post', 'tv_feed');
UPDATE tb_comment SET body = 'still here';
EXECUTE checks;
