-- Changes of columns that documents only show are written into them: which columns these are, and that every row is as the query
-- has it.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE SCHEMA patch;
SET search_path = patch, public;

-- The columns of each source that are patched, one line a source.
CREATE FUNCTION patched(tview text) RETURNS TABLE (alias text, patched text, computed text)
LANGUAGE sql AS $$
    SELECT alias, array_to_string(columns_patched, ' '),
           array_to_string(ARRAY(SELECT c FROM unnest(columns_used) WITH ORDINALITY AS u (c, n) WHERE c <> ALL (columns_patched) ORDER BY n), ' ')
    FROM pg_tviews_explain(tview) ORDER BY alias COLLATE "C"
$$;

CREATE TABLE tb_user (pk_user int PRIMARY KEY, name text NOT NULL, email text, bio text, is_active boolean NOT NULL DEFAULT true);
CREATE TABLE tb_post (
    pk_post int PRIMARY KEY, id uuid NOT NULL, fk_author int NOT NULL, fk_editor int, kind int NOT NULL DEFAULT 1,
    title text NOT NULL, body text, price numeric, note text
);
CREATE TABLE tb_detail (pk_post int PRIMARY KEY, words int, lang text);
CREATE TABLE tb_comment (pk_comment int PRIMARY KEY, id uuid NOT NULL, fk_post int NOT NULL, fk_user int, body text NOT NULL, stars int);
CREATE INDEX ON tb_post (fk_author);
CREATE INDEX ON tb_post (fk_editor);
CREATE INDEX ON tb_comment (fk_post);
CREATE INDEX ON tb_comment (fk_user);
INSERT INTO tb_user SELECT n, 'user ' || n, 'u' || n || '@example.org', NULL FROM generate_series(1, 4) n;
INSERT INTO tb_post SELECT n, oracle.uuid(n), 1 + n % 4, CASE n % 3 WHEN 0 THEN NULL ELSE 1 + n % 2 END, n % 2, 'post ' || n, 'body ' || n, n, 'x'
FROM generate_series(1, 8) n;
INSERT INTO tb_detail SELECT n, n * 100, 'en' FROM generate_series(1, 4) n;
INSERT INTO tb_comment SELECT n, oracle.uuid(100 + n), 1 + n % 8, CASE n % 3 WHEN 0 THEN NULL ELSE 1 + n % 4 END, 'comment ' || n, n % 5
FROM generate_series(1, 16) n;

-- The root, a joined table, the same table a second time by LEFT JOIN, a table of one row a post, nested objects.
CREATE TABLE tv_post AS
SELECT p.pk_post, p.id, p.title AS heading,
       jsonb_build_object('title', p.title, 'price', p.price,
           'author', jsonb_build_object('name', a.name, 'mail', lower(a.email)),
           'editor', jsonb_build_object('name', e.name, 'mail', coalesce(e.email, 'none')),
           'detail', jsonb_build_object('words', d.words, 'lang', d.lang)) AS data
FROM tb_post p
JOIN tb_user a ON a.pk_user = p.fk_author
LEFT JOIN tb_user e ON e.pk_user = p.fk_editor
LEFT JOIN tb_detail d ON d.pk_post = p.pk_post;
SELECT * FROM patched('tv_post');
SELECT * FROM oracle.look();
UPDATE tb_post SET title = 'first', price = 1.0 WHERE pk_post = 1;
SELECT * FROM oracle.look();
SELECT heading, data FROM tv_post WHERE pk_post = 1;
-- Scale, NULL, a value again.
UPDATE tb_post SET price = 1.00 WHERE pk_post = 1;
SELECT data->'price' AS price FROM tv_post WHERE pk_post = 1;
UPDATE tb_post SET price = NULL WHERE pk_post = 1;
SELECT data->'price' AS price FROM tv_post WHERE pk_post = 1;
UPDATE tb_post SET price = 2 WHERE pk_post = 1;
SELECT * FROM oracle.look();
UPDATE tb_user SET name = upper(name), email = NULL WHERE pk_user = 2;
SELECT * FROM oracle.look();
-- A value that shows as before is not written; a user that nobody shows, a detail without a post.
UPDATE tb_user SET email = upper(email) WHERE pk_user = 1;
INSERT INTO tb_user VALUES (9, 'nobody');
UPDATE tb_user SET name = 'nobody else' WHERE pk_user = 9;
INSERT INTO tb_detail VALUES (99, 1, 'xx');
UPDATE tb_detail SET words = 2 WHERE pk_post = 99;
SELECT * FROM oracle.look();
UPDATE tb_detail SET words = words + 1, lang = 'fr' WHERE pk_post = 3;
SELECT * FROM oracle.look();
SELECT data->'detail' AS detail FROM tv_post WHERE pk_post IN (3, 7) ORDER BY pk_post;
-- Not shown at all: nothing; the link: computed.
UPDATE tb_post SET note = 'y';
UPDATE tb_post SET fk_author = 3 WHERE pk_post = 1;
SELECT * FROM oracle.look();
-- Many rows at once, more than are locked one by one.
INSERT INTO tb_post SELECT n, oracle.uuid(n), 1, NULL, 1, 'post ' || n, 'body', n, NULL FROM generate_series(101, 400) n;
UPDATE tb_post SET title = title || '!' WHERE pk_post > 100;
UPDATE tb_user SET name = 'Ada' WHERE pk_user = 1;
SELECT * FROM oracle.look();
DELETE FROM tb_post WHERE pk_post > 100;

-- Off for a session: computed, with the same images.
SET pg_tviews.patch = off;
UPDATE tb_post SET title = 'without' WHERE pk_post = 2;
UPDATE tb_user SET name = 'without' WHERE pk_user = 3;
SELECT * FROM oracle.look();
RESET pg_tviews.patch;
UPDATE tb_post SET title = 'with' WHERE pk_post = 2;
UPDATE tb_user SET name = 'with' WHERE pk_user = 3;
SELECT * FROM oracle.look();
SET pg_tviews.patch = off;
UPDATE tb_post SET title = title || '1', price = price + 0.50;
UPDATE tb_post SET title = rtrim(title, '1'), price = price - 0.50;
UPDATE tb_user SET name = name || '1';
UPDATE tb_user SET name = rtrim(name, '1');
RESET pg_tviews.patch;
CREATE TABLE computed AS SELECT pk_post, data FROM tv_post;
UPDATE tb_post SET title = title || '1', price = price + 0.50;
UPDATE tb_post SET title = rtrim(title, '1'), price = price - 0.50;
UPDATE tb_user SET name = name || '1';
UPDATE tb_user SET name = rtrim(name, '1');
SELECT count(*), bool_and(c.data *<> t.data) AS differ
FROM (SELECT pk_post, ROW (data) AS data FROM computed) c JOIN (SELECT pk_post, ROW (data) AS data FROM tv_post) t USING (pk_post);
SELECT * FROM oracle.look();

-- What an outer join's condition decides beside one equality, or what hangs on it, is computed.
CREATE TABLE tv_further AS
SELECT p.pk_post AS pk_further, p.id,
       jsonb_build_object('title', p.title, 'active', e.name, 'odd', o.name, 'words', d.words, 'reader', r.name) AS data
FROM tb_post p
LEFT JOIN tb_user e ON e.pk_user = p.fk_editor AND e.is_active
LEFT JOIN tb_user o ON o.pk_user = p.fk_editor AND p.kind = 1
LEFT JOIN (tb_detail d JOIN tb_user r ON r.pk_user = d.words / 100) ON d.pk_post = p.pk_post;
SELECT * FROM patched('tv_further');
CREATE TABLE tv_nested AS
SELECT c.pk_comment AS pk_nested, c.id, jsonb_build_object('body', c.body, 'title', p.title, 'by', a.name, 'words', d.words) AS data
FROM tb_comment c
LEFT JOIN tb_post p ON p.pk_post = c.fk_post
LEFT JOIN tb_user a ON a.pk_user = p.fk_author
LEFT JOIN tb_detail d ON d.pk_post = p.pk_post AND d.pk_post = c.fk_post;
SELECT * FROM patched('tv_nested');
UPDATE tb_user SET name = name || '.', is_active = NOT is_active;
UPDATE tb_post SET title = title || '.';
UPDATE tb_detail SET words = words + 1;
UPDATE tb_comment SET body = body || '.';
SELECT * FROM oracle.look();
-- RIGHT and FULL joins; a LEFT JOIN that WHERE makes an inner one; conditions of an inner join.
CREATE TABLE tv_sides AS
SELECT p.pk_post AS pk_sides, p.id, jsonb_build_object('title', p.title, 'lang', d.lang, 'name', a.name, 'words', w.words) AS data
FROM tb_detail d RIGHT JOIN tb_post p ON d.pk_post = p.pk_post
LEFT JOIN tb_user a ON a.pk_user = p.fk_author AND a.is_active
LEFT JOIN tb_detail w ON w.pk_post = p.pk_post
WHERE a.email <> '';
SELECT * FROM patched('tv_sides');
CREATE TABLE tv_full AS
SELECT coalesce(p.pk_post, d.pk_post) AS pk_full, oracle.uuid(coalesce(p.pk_post, d.pk_post)) AS id, jsonb_build_object('title', p.title, 'lang', d.lang) AS data
FROM tb_post p FULL JOIN tb_detail d ON d.pk_post = p.pk_post;
SELECT * FROM patched('tv_full');
UPDATE tb_user SET name = name || '.' WHERE pk_user < 3;
UPDATE tb_user SET email = 'a' || email, is_active = NOT is_active;
UPDATE tb_post SET title = title || '.' WHERE pk_post < 3;
UPDATE tb_detail SET lang = 'it' WHERE pk_post > 2;
SELECT * FROM oracle.look();
DROP TABLE tv_further, tv_nested, tv_sides, tv_full;

-- Columns that decide about more than a part of one source.
CREATE TABLE tv_decisive AS
SELECT p.pk_post AS pk_decisive, p.id, p.title,
       jsonb_build_object('where', p.kind, 'both', p.body || a.bio, 'name', a.name, 'sub', (SELECT count(*) FROM tb_comment c WHERE c.body > p.note),
           'comments', (SELECT jsonb_agg(c.body ORDER BY c.stars, c.pk_comment) FROM tb_comment c WHERE c.fk_post = p.pk_post), 'price', p.price) AS data
FROM tb_post p JOIN tb_user a ON a.pk_user = p.fk_author
WHERE p.kind < 5 AND a.email IS DISTINCT FROM 'nobody'
ORDER BY p.title;
SELECT * FROM patched('tv_decisive');
CREATE TABLE tv_group AS
SELECT u.pk_user AS pk_group, md5(u.pk_user::text)::uuid AS id, u.bio,
       jsonb_build_object('name', u.name, 'mail', u.email, 'posts', count(p.pk_post), 'titles', jsonb_agg(p.title ORDER BY p.kind, p.pk_post)) AS data
FROM tb_user u LEFT JOIN tb_post p ON p.fk_author = u.pk_user
GROUP BY u.pk_user, u.bio
HAVING count(u.email) >= 0;
SELECT * FROM patched('tv_group');
CREATE TABLE tv_distinct AS SELECT DISTINCT p.pk_post AS pk_distinct, p.id, jsonb_build_object('title', p.title) AS data FROM tb_post p;
SELECT * FROM patched('tv_distinct');
CREATE TABLE tv_window AS
SELECT p.pk_post AS pk_window, p.id, jsonb_build_object('title', p.title, 'n', row_number() OVER (PARTITION BY p.fk_author ORDER BY p.price, p.pk_post),
           'any', max(p.title) OVER ()) AS data
FROM tb_post p;
SELECT * FROM patched('tv_window');
CREATE TABLE tv_union AS
SELECT p.pk_post AS pk_union, p.id, jsonb_build_object('title', p.title) AS data FROM tb_post p WHERE kind = 0
UNION ALL SELECT p.pk_post, p.id, jsonb_build_object('title', p.body) FROM tb_post p WHERE kind <> 0;
SELECT * FROM patched('tv_union');
UPDATE tb_user SET name = name || '.', email = 'b' || email, bio = 'bio' WHERE pk_user < 3;
UPDATE tb_post SET title = title || '.', kind = 1 - kind, note = 'c', body = 'z' || body, price = price + 1 WHERE pk_post < 5;
UPDATE tb_comment SET body = body || '.', stars = -stars WHERE pk_comment < 5;
SELECT * FROM oracle.look();
UPDATE tb_post SET price = price + 1 WHERE pk_post < 5;
UPDATE tb_user SET name = name || '.' WHERE pk_user < 3;
SELECT * FROM oracle.look();
DROP TABLE tv_decisive, tv_group, tv_distinct, tv_window, tv_union;

-- Expressions; a key with quotes and one beyond ASCII; the same key twice; json; NULL documents.
CREATE TABLE tv_expr AS
SELECT p.pk_post AS pk_expr, p.id, left(p.title, 3) AS short, p.title || coalesce(p.body, '') AS long, CASE WHEN p.kind = 1 THEN p.title END AS sometimes,
       jsonb_build_object('it''s "a" key\', p.title, 'ключ', p.body, '', p.note, 'case', CASE p.kind WHEN 1 THEN p.title ELSE p.body END,
           'of two', jsonb_build_object('a', p.title) || jsonb_build_object('b', p.body), 'row', ROW (p.title, p.price),
           'array', ARRAY[p.title, p.body], 'nested', jsonb_build_object('deep', jsonb_build_object('down', upper(p.title), 'constant', 1))) AS data,
       json_build_object('title', p.title, 'price', p.price) AS plain,
       jsonb_build_object('twice', p.title, 'twice', p.body) AS twice
FROM tb_post p;
SELECT * FROM patched('tv_expr');
UPDATE tb_post SET title = 'Zürich "quoted" \ ' || title WHERE pk_post < 4;
UPDATE tb_post SET body = NULL, note = NULL WHERE pk_post = 2;
UPDATE tb_post SET kind = 1 - kind WHERE pk_post = 3;
SELECT * FROM oracle.look();
SELECT short, sometimes, data, plain::text, twice FROM tv_expr WHERE pk_expr IN (2, 3) ORDER BY pk_expr;
DROP TABLE tv_expr;

-- An expression that fails for rows that the query leaves out, in what is shown and on the way.
CREATE TABLE tb_value (pk_value int PRIMARY KEY, id uuid NOT NULL, kind text NOT NULL, value text, n int);
INSERT INTO tb_value VALUES (1, oracle.uuid(1), 'number', '1', 4), (2, oracle.uuid(2), 'text', 'one', 0);
CREATE TABLE tv_value AS
SELECT v.pk_value, v.id, jsonb_build_object('value', v.value::int, 'name', u.name) AS data
FROM tb_value v JOIN tb_user u ON u.pk_user = 8 / v.n WHERE v.kind = 'number' AND v.n <> 0;
SELECT * FROM patched('tv_value');
UPDATE tb_value SET value = 'two' WHERE kind = 'text';
UPDATE tb_value SET value = CASE kind WHEN 'number' THEN '2' ELSE 'three' END;
UPDATE tb_user SET name = 'computed' WHERE pk_user = 2;
SELECT * FROM oracle.look();
SELECT oracle.sqlstate($$ UPDATE patch.tb_value SET value = 'three' WHERE kind = 'number'; SELECT pg_tviews_flush() $$);
SET pg_tviews.patch = off;
SELECT oracle.sqlstate($$ UPDATE patch.tb_value SET value = 'three' WHERE kind = 'number'; SELECT pg_tviews_flush() $$);
RESET pg_tviews.patch;
DROP TABLE tv_value;

-- Views, also of views, subqueries, CTEs; a view on the nullable side.
CREATE VIEW author AS SELECT pk_user, upper(name) AS name, email FROM tb_user WHERE pk_user > 0;
CREATE VIEW byline AS SELECT pk_user, name, lower(email) AS mail FROM tb_user;
CREATE VIEW writer AS SELECT a.pk_user AS pk, a.name || ' (' || a.email || ')' AS label, 'constant' AS kind FROM author a;
CREATE TABLE tv_viewed AS
WITH article AS (SELECT * FROM tb_post WHERE kind IS NOT NULL)
SELECT p.pk_post AS pk_viewed, p.id, p.fk_editor, jsonb_build_object('title', p.title, 'by', w.label, 'kind', w.kind, 'editor', e.name, 'words', s.words,
           'name', b.name, 'mail', b.mail) AS data
FROM article p JOIN writer w ON w.pk = p.fk_author
LEFT JOIN author e ON e.pk_user = p.fk_editor
JOIN (SELECT * FROM byline) b ON b.pk_user = p.fk_author
JOIN (SELECT pk_post, kind + 0 AS words FROM tb_post) s ON s.pk_post = p.pk_post;
SELECT * FROM patched('tv_viewed');
UPDATE tb_user SET name = 'Viewed ' || pk_user WHERE pk_user < 4;
UPDATE tb_user SET email = NULL WHERE pk_user = 1;
UPDATE tb_post SET title = 'viewed' WHERE pk_post < 3;
SELECT * FROM oracle.look();
DROP TABLE tv_viewed;

-- A TVIEW over a TVIEW, of documents as wholes and of parts of them.
CREATE INDEX ON tv_post (pk_post);
CREATE TABLE tv_comment AS
SELECT c.pk_comment, c.id, c.fk_post, p.pk_post, jsonb_build_object('body', c.body, 'post', p.data, 'title', p.heading, 'lang', p.data #>> '{detail, lang}') AS data
FROM tb_comment c JOIN tv_post p ON p.pk_post = c.fk_post;
CREATE TABLE tv_thread AS
SELECT p.pk_post AS pk_thread, p.id, p.data || jsonb_build_object('comments', (SELECT jsonb_agg(c.data ORDER BY c.pk_comment) FROM tv_comment c WHERE c.fk_post = p.pk_post)) AS data
FROM tv_post p;
SELECT * FROM patched('tv_comment');
SELECT * FROM patched('tv_thread');
UPDATE tb_user SET name = 'three levels' WHERE pk_user = 3;
SELECT * FROM oracle.look();
UPDATE tb_post SET title = 'three levels' WHERE pk_post = 4;
UPDATE tb_detail SET lang = 'nl' WHERE pk_post = 2;
UPDATE tb_comment SET body = 'three levels' WHERE pk_comment = 5;
SELECT * FROM oracle.look();
DROP TABLE tv_thread;
DROP TABLE tv_comment;

-- One transaction: changed twice and back; with other changes; deleted later; the key changed later; savepoints.
BEGIN;
UPDATE tb_post SET title = 'one' WHERE pk_post = 1;
UPDATE tb_post SET title = 'two' WHERE pk_post = 1;
SELECT heading FROM tv_post WHERE pk_post = 1;
UPDATE tb_post SET price = 7 WHERE pk_post = 1;
UPDATE tb_post SET title = 'three' WHERE pk_post = 1;
COMMIT;
SELECT * FROM oracle.look();
BEGIN;
UPDATE tb_post SET title = 'away' WHERE pk_post < 4;
UPDATE tb_user SET name = name || 'x';
UPDATE tb_user SET name = rtrim(name, 'x');
UPDATE tb_post SET title = 'back' WHERE pk_post = 1;
UPDATE tb_post SET title = 'three' WHERE pk_post = 1;
COMMIT;
SELECT * FROM oracle.look();
BEGIN;
UPDATE tb_post SET title = 'gone' WHERE pk_post IN (7, 8);
DELETE FROM tb_post WHERE pk_post = 8;
COMMIT;
SELECT * FROM oracle.look();
BEGIN;
UPDATE tb_post SET title = 'moved' WHERE pk_post = 7;
SELECT heading FROM tv_post WHERE pk_post = 7;
UPDATE tb_post SET pk_post = 70 WHERE pk_post = 7;
UPDATE tb_post SET title = 'moved on' WHERE pk_post = 70;
UPDATE tb_user SET pk_user = 40, name = 'moved' WHERE pk_user = 4;
UPDATE tb_post SET fk_author = 40 WHERE fk_author = 4;
UPDATE tb_user SET name = 'moved on' WHERE pk_user = 40;
COMMIT;
SELECT pk_post, heading FROM tv_post WHERE heading LIKE 'moved%';
SELECT * FROM oracle.look();
BEGIN;
UPDATE tb_post SET title = 'kept' WHERE pk_post = 1;
SAVEPOINT s;
UPDATE tb_post SET title = 'taken back' WHERE pk_post = 1;
UPDATE tb_user SET name = 'taken back' WHERE pk_user = 2;
SELECT heading, data #>> '{author, name}' AS author FROM tv_post WHERE pk_post IN (1, 5) ORDER BY pk_post;
ROLLBACK TO s;
SELECT heading, data #>> '{author, name}' AS author FROM tv_post WHERE pk_post IN (1, 5) ORDER BY pk_post;
SAVEPOINT t;
UPDATE tb_user SET name = 'released' WHERE pk_user = 2;
RELEASE t;
COMMIT;
SELECT * FROM oracle.look();
BEGIN;
UPDATE tb_post SET title = 'rolled back';
SELECT count(*) FROM tv_post WHERE heading = 'rolled back';
ROLLBACK;
SELECT * FROM oracle.look();
-- A patch of one source of a document beside one of another, and a new row; a post and its author at once; both links to one user.
BEGIN;
UPDATE tb_user SET name = 'author' WHERE pk_user = 2;
UPDATE tb_detail SET words = 5 WHERE pk_post = 1;
UPDATE tb_post SET price = 5 WHERE pk_post = 1;
COMMIT;
SELECT * FROM oracle.look();
UPDATE tb_post SET fk_author = 2, fk_editor = 2 WHERE pk_post = 1;
SELECT * FROM oracle.look();
UPDATE tb_user SET name = 'author and editor' WHERE pk_user = 2;
SELECT data->'author' AS author, data->'editor' AS editor FROM tv_post WHERE pk_post = 1;
BEGIN;
UPDATE tb_user SET name = 'beside' WHERE pk_user = 2;
INSERT INTO tb_post VALUES (9, oracle.uuid(9), 2, 2, 1, 'new', 'new', 9, NULL);
UPDATE tb_post SET fk_editor = NULL WHERE pk_post = 1;
COMMIT;
SELECT * FROM oracle.look();
-- Upserts, MERGE, data-modifying CTEs.
INSERT INTO tb_post AS p VALUES (9, oracle.uuid(9), 2, 2, 1, 'again', 'new', 9, NULL) ON CONFLICT (pk_post) DO UPDATE SET title = excluded.title;
MERGE INTO tb_post p USING (VALUES (9)) v (pk) ON v.pk = p.pk_post WHEN MATCHED THEN UPDATE SET title = 'merged';
WITH u AS (UPDATE tb_user SET name = 'CTE' WHERE pk_user = 2 RETURNING pk_user)
UPDATE tb_post SET title = 'CTE' FROM u WHERE fk_author = u.pk_user;
SELECT * FROM oracle.look();
-- Under every isolation level; before a read they compute under REPEATABLE READ and SERIALIZABLE.
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE tb_post SET title = 'repeatable' WHERE pk_post = 1;
SELECT heading FROM tv_post WHERE pk_post = 1;
UPDATE tb_post SET title = 'read' WHERE pk_post = 1;
COMMIT;
SELECT * FROM oracle.look();
BEGIN ISOLATION LEVEL SERIALIZABLE;
UPDATE tb_user SET name = 'serial' WHERE pk_user = 2;
UPDATE tb_user SET name = 'serializable' WHERE pk_user = 2;
COMMIT;
SELECT * FROM oracle.look();
-- On a replica: patched by statements.
SET session_replication_role = replica;
UPDATE tb_post SET title = 'replica' WHERE pk_post = 1;
UPDATE tb_user SET name = 'replica' WHERE pk_user = 2;
RESET session_replication_role;
SELECT * FROM oracle.look();

-- Code of users on the TVIEW: a trigger, a CHECK, a generated column, an index over an expression. By statements, still patches.
CREATE TABLE written (n int GENERATED ALWAYS AS IDENTITY, old text, new text);
CREATE FUNCTION note_written() RETURNS trigger LANGUAGE plpgsql SET search_path = patch AS $$
BEGIN
    INSERT INTO written (old, new) VALUES (OLD.heading, NEW.heading);
    RETURN NULL;
END
$$;
CREATE TRIGGER note_written AFTER UPDATE ON tv_post FOR EACH ROW EXECUTE FUNCTION note_written();
UPDATE tb_post SET title = 'noted' WHERE pk_post = 1;
UPDATE tb_user SET name = 'noted' WHERE pk_user = 3;
SELECT old, new FROM written ORDER BY n;
SELECT * FROM oracle.look();
DROP TRIGGER note_written ON tv_post;
ALTER TABLE tv_post ADD CHECK (heading <> 'forbidden'), ADD words int GENERATED ALWAYS AS (length(heading)) STORED, ADD remark text DEFAULT 'mine';
CREATE INDEX ON tv_post (lower(heading));
CREATE INDEX ON tv_post USING gin (data);
UPDATE tb_post SET title = 'checked' WHERE pk_post = 1;
SELECT oracle.sqlstate($$ UPDATE patch.tb_post SET title = 'forbidden' WHERE pk_post = 1; SELECT pg_tviews_flush() $$);
SELECT heading, words, remark FROM tv_post WHERE pk_post = 1;
SELECT * FROM oracle.look();
ALTER TABLE tv_post DROP words, DROP CONSTRAINT tv_post_heading_check, ALTER heading SET NOT NULL;
SELECT * FROM patched('tv_post');
SELECT oracle.sqlstate($$ ALTER TABLE patch.tb_post ALTER title DROP NOT NULL; UPDATE patch.tb_post SET title = NULL WHERE pk_post = 1; SELECT pg_tviews_flush() $$);
UPDATE tb_post SET title = 'not null' WHERE pk_post = 1;
SELECT heading, remark, data->>'title' AS title FROM tv_post WHERE lower(heading) = 'not null';
-- Without any: a column of the user's, one that was dropped, NOT NULL, indexes of other kinds; a unique column, whose rows may swap.
CREATE TABLE tv_plain AS SELECT p.pk_post AS pk_plain, p.id, p.title, p.price, jsonb_build_object('body', p.body, 'price', p.price) AS data FROM tb_post p;
ALTER TABLE tv_plain ADD gone int, ADD remark text;
ALTER TABLE tv_plain DROP gone, ALTER price SET NOT NULL;
CREATE INDEX ON tv_plain USING gin (data);
CREATE INDEX ON tv_plain USING hash (title);
CREATE INDEX ON tv_plain USING brin (price);
UPDATE tb_post SET title = title || pk_post, body = 'plain';
SELECT * FROM oracle.look();
SET enable_seqscan = off;
SELECT count(*) AS by_title, (SELECT count(*) FROM tv_plain WHERE data @> '{"body": "plain"}') AS by_document,
       (SELECT count(*) FROM tv_plain WHERE data @> '{"body": "z"}') AS by_old
FROM tv_plain WHERE title = (SELECT title FROM tb_post WHERE pk_post = 2);
RESET enable_seqscan;
ALTER TABLE tv_plain DROP remark;
CREATE ROLE regress_patch_writer;
GRANT USAGE ON SCHEMA patch, oracle TO regress_patch_writer;
GRANT SELECT, UPDATE ON tb_post, tb_user TO regress_patch_writer;
SET ROLE regress_patch_writer;
SELECT oracle.sqlstate($$ UPDATE patch.tb_post SET price = NULL WHERE pk_post = 1; SELECT pg_tviews_flush() $$);
SET pg_tviews.patch = off;
SELECT oracle.sqlstate($$ UPDATE patch.tb_post SET price = NULL WHERE pk_post = 1; SELECT pg_tviews_flush() $$);
RESET pg_tviews.patch;
RESET ROLE;
CREATE UNIQUE INDEX unique_title ON tv_plain (title);
SELECT * FROM patched('tv_plain');
UPDATE tb_post p SET title = q.title FROM tb_post q WHERE p.pk_post IN (1, 2) AND q.pk_post = 3 - p.pk_post;
UPDATE tb_post SET price = 3 WHERE pk_post = 1;
SELECT * FROM oracle.look();
DROP TABLE tv_plain;
-- A reference from elsewhere.
CREATE TABLE pinned (pk_post int REFERENCES tv_post);
INSERT INTO pinned VALUES (1);
UPDATE tb_post SET title = 'referred to' WHERE pk_post = 1;
SELECT * FROM oracle.look();
DROP TABLE pinned;
-- A column cannot be of another type than the query's.
SELECT oracle.sqlstate('ALTER TABLE patch.tv_post ALTER heading TYPE varchar(40)');

-- Without the index that tells rows of a source apart there are no patches; the rows are right.
ALTER TABLE tb_user DROP CONSTRAINT tb_user_pkey;
SELECT * FROM patched('tv_post');
UPDATE tb_user SET name = 'no index' WHERE pk_user = 2;
SELECT * FROM oracle.look();
CREATE UNIQUE INDEX partial ON tb_user (pk_user) WHERE is_active;
CREATE UNIQUE INDEX computed_key ON tb_user ((pk_user + 0));
ALTER TABLE tb_user ADD CONSTRAINT deferred UNIQUE (pk_user) DEFERRABLE;
SELECT * FROM patched('tv_post') WHERE alias = 'a';
ALTER TABLE tb_user DROP CONSTRAINT deferred;
DROP INDEX computed_key;
INSERT INTO tb_user VALUES (99, 'one', NULL, NULL, true), (99, 'another', NULL, NULL, false);
SELECT oracle.sqlstate($$ UPDATE patch.tb_post SET fk_editor = 99 WHERE pk_post = 1; SELECT pg_tviews_flush() $$);
DELETE FROM tb_user WHERE pk_user = 99;
ALTER TABLE tb_user ADD CONSTRAINT tb_user_pkey PRIMARY KEY (pk_user);
SELECT * FROM patched('tv_post') WHERE alias = 'a';
-- With an index on the TVIEW for what links a source, and without.
CREATE TABLE tv_by AS
SELECT p.pk_post AS pk_by, p.id, p.fk_author, p.fk_editor, jsonb_build_object('by', a.name, 'editor', e.name) AS data
FROM tb_post p JOIN tb_user a ON a.pk_user = p.fk_author LEFT JOIN tb_user e ON e.pk_user = p.fk_editor;
CREATE INDEX by_author ON tv_by (fk_author);
UPDATE tb_user SET name = 'by index' WHERE pk_user = 2;
SELECT * FROM oracle.look();
CREATE INDEX ON tv_by (fk_editor, pk_by);
UPDATE tb_user SET name = 'by both' WHERE pk_user = 2;
DROP INDEX by_author;
UPDATE tb_user SET name = 'by one' WHERE pk_user = 2;
SELECT * FROM oracle.look();
DROP TABLE tv_by;

-- Triggers of users on the source: the same row again, a read of the TVIEW in the middle.
CREATE FUNCTION change_again() RETURNS trigger LANGUAGE plpgsql SET search_path = patch AS $$
DECLARE
    shown text;
BEGIN
    SELECT heading INTO shown FROM tv_post WHERE pk_post = NEW.pk_post;
    INSERT INTO written (old, new) VALUES (OLD.title, shown);
    IF NEW.title NOT LIKE '%!!' THEN
        UPDATE tb_post SET title = title || '!' WHERE pk_post = NEW.pk_post;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER a_change_again AFTER UPDATE ON tb_post FOR EACH ROW EXECUTE FUNCTION change_again();
TRUNCATE written;
UPDATE tb_post SET title = 'again' WHERE pk_post = 1;
SELECT old, new FROM written ORDER BY n;
SELECT heading FROM tv_post WHERE pk_post = 1;
SELECT * FROM oracle.look();
DROP TRIGGER a_change_again ON tb_post;
CREATE FUNCTION change_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.body := upper(NEW.title);
    NEW.title := NEW.title || ' before';
    RETURN NEW;
END
$$;
CREATE TRIGGER change_before BEFORE UPDATE ON tb_post FOR EACH ROW EXECUTE FUNCTION change_before();
UPDATE tb_post SET note = 'z' WHERE pk_post = 1;
DROP TRIGGER change_before ON tb_post;
SELECT * FROM oracle.look();
DROP TABLE tv_post;

-- Columns of many types, shown as they are and as text; under another time zone; large documents.
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100);
CREATE TYPE place AS (street text, number int);
CREATE TABLE tb_thing (
    pk_thing int PRIMARY KEY, id uuid NOT NULL, j json, b jsonb, n numeric, n2 numeric(10, 2), f float8, at timestamptz, day date, span interval, of mood,
    share percent, tags text[], numbers int[], bytes bytea, code char(5), bits bit(3), net inet, money money, flag boolean, ref uuid, sized varchar(10),
    p place, r int4range, big text, doubled int GENERATED ALWAYS AS (pk_thing * 2 + coalesce(share, 0)) STORED
);
INSERT INTO tb_thing (pk_thing, id, n, at) SELECT n, oracle.uuid(n), n, '2026-01-01 12:00+00' FROM generate_series(1, 3) n;
SET TimeZone = 'Asia/Tokyo';
SELECT string_agg(format('%1$L, t.%1$I', attname), ', ' ORDER BY attnum) AS pairs, string_agg(format('t.%1$I', attname), ', ' ORDER BY attnum) AS names
FROM pg_attribute WHERE attrelid = 'tb_thing'::regclass AND attnum > 2 \gset
CREATE TABLE tv_thing AS
SELECT t.pk_thing, t.id, :names, jsonb_build_object(:pairs) AS data, jsonb_build_object('at', t.at::text, 'to_char', to_char(t.at, 'HH24:MI TZ'), 'f', t.f::text) AS texts
FROM tb_thing t;
SELECT * FROM patched('tv_thing');
CREATE TABLE tv_types AS SELECT t.pk_thing AS pk_types, t.id, jsonb_build_object(:pairs) AS data FROM tb_thing t;
RESET TimeZone;
SET extra_float_digits = 0;
SET IntervalStyle = iso_8601;
UPDATE tb_thing SET n = 1.0, n2 = 1, f = 0.1::float8 + 0.2::float8, at = at + interval '1 hour', day = 'infinity', span = '1 day 2 hours' WHERE pk_thing = 1;
UPDATE tb_thing SET n = 1.00, f = '-0', at = 'infinity', flag = true, ref = id, code = 'a', sized = 'a ' WHERE pk_thing = 1;
UPDATE tb_thing SET j = ' {"b": 1,  "a": [1.0,null], "b": 2} ', b = '{"b": 1, "a": [1.0,null], "b": 2}', tags = '{a,NULL,"c d"}', numbers = '[0:1]={1,2}' WHERE pk_thing = 1;
UPDATE tb_thing SET bytes = '\x00ff', bits = B'101', net = '10.0.0.1/8', money = 12.5, r = '[1,5)' WHERE pk_thing = 1;
UPDATE tb_thing SET of = 'happy', share = 50, p = ('Main', 1) WHERE pk_thing = 1;
UPDATE tb_thing SET j = 'null', b = 'null', f = 'NaN', n = 'NaN' WHERE pk_thing = 2;
UPDATE tb_thing SET j = '1e2', b = '1e2', f = 1e300, n = 1e30 WHERE pk_thing = 2;
UPDATE tb_thing SET flag = false, sized = 'a' WHERE pk_thing = 1;
SELECT * FROM oracle.look();
SELECT data - 'big' AS data, texts FROM tv_thing WHERE pk_thing = 1;
UPDATE tb_thing SET big = (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 4000) n) WHERE pk_thing < 3;
UPDATE tb_thing SET sized = 'b' WHERE pk_thing < 3;
UPDATE tb_thing SET big = big || 'x', flag = NULL WHERE pk_thing = 1;
UPDATE tb_thing SET big = NULL, tags = NULL, j = NULL WHERE pk_thing = 2;
SELECT pk_thing, length(big), length(data->>'big') AS shown FROM tv_thing ORDER BY pk_thing;
SELECT * FROM oracle.look();
RESET extra_float_digits;
RESET IntervalStyle;
DROP TABLE tv_thing, tv_types;

-- Keys of several columns, of the source and of the TVIEW; a key under a collation that takes images for equal.
CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE tb_line (order_no int, line int, id uuid NOT NULL, code text COLLATE any_case, qty numeric, note text, PRIMARY KEY (order_no, line));
CREATE TABLE tb_code (code text COLLATE any_case PRIMARY KEY, label text, info text);
CREATE TABLE tb_lot (order_no int, line int, place text, color text, PRIMARY KEY (line, order_no));
INSERT INTO tb_code VALUES ('abc', 'first', 'i'), ('DEF', 'second', 'i');
INSERT INTO tb_line SELECT 1 + n / 4, n % 4, oracle.uuid(n), (ARRAY['ABC', 'abc', 'def', NULL])[1 + n % 4], n, 'x' FROM generate_series(0, 7) n;
INSERT INTO tb_lot SELECT order_no, line, 'p', 'red' FROM tb_line WHERE line < 2;
BEGIN;
CREATE TABLE tv_line AS
SELECT l.order_no, l.line, l.id, l.code, jsonb_build_object('qty', l.qty, 'label', c.label, 'place', o.place) AS data
FROM tb_line l LEFT JOIN tb_code c ON c.code = l.code LEFT JOIN tb_lot o ON o.order_no = l.order_no AND o.line = l.line;
ALTER TABLE tv_line ADD PRIMARY KEY (order_no, line);
COMMIT;
CREATE TABLE tv_code AS SELECT c.code AS pk_code, md5(lower(c.code))::uuid AS id, jsonb_build_object('label', c.label) AS data FROM tb_code c;
SELECT * FROM patched('tv_line');
SELECT * FROM patched('tv_code');
UPDATE tb_line SET qty = qty + 0.5 WHERE line = 2;
UPDATE tb_code SET label = 'changed' WHERE code = 'ABC';
UPDATE tb_lot SET place = 'q';
SELECT * FROM oracle.look();
CREATE INDEX ON tv_line (code);
UPDATE tb_code SET label = 'again' WHERE code = 'Abc';
SELECT * FROM oracle.look();
SELECT order_no, line, code, data FROM tv_line ORDER BY 1, 2;
-- The key's image changes, and so do those that equal it: that is no patch. A label along with it.
UPDATE tb_code SET code = 'ABC' WHERE code = 'abc';
UPDATE tb_code SET code = 'Def', label = 'both' WHERE code = 'def';
UPDATE tb_code SET label = 'after' WHERE code = 'DEF';
SELECT * FROM oracle.look();
SELECT pk_code, data FROM tv_code ORDER BY pk_code;
DROP TABLE tv_line, tv_code;
-- An index under another collation, or of another family, does not tell rows apart by this equality.
CREATE TABLE tb_word (pk_word int PRIMARY KEY, id uuid NOT NULL, word text COLLATE "C");
CREATE TABLE tb_gloss (word text COLLATE any_case, gloss text);
CREATE UNIQUE INDEX ON tb_gloss (word COLLATE "C");
INSERT INTO tb_word VALUES (1, oracle.uuid(1), 'b');
INSERT INTO tb_gloss VALUES ('b', 'one');
CREATE TABLE tv_word AS
SELECT w.pk_word, w.id, jsonb_build_object('gloss', g.gloss) AS data FROM tb_word w LEFT JOIN tb_gloss g ON g.word = w.word COLLATE any_case;
SELECT * FROM patched('tv_word');
UPDATE tb_gloss SET gloss = 'changed';
SELECT * FROM oracle.look();
DROP TABLE tv_word;

-- Partitions: of the source, moved between them; of the TVIEW. Inheritance: an index does not tell rows of children apart.
CREATE TABLE tb_event (pk_event int, region text NOT NULL, id uuid NOT NULL, fk_kind int, name text, PRIMARY KEY (pk_event, region)) PARTITION BY LIST (region);
CREATE TABLE tb_event_eu PARTITION OF tb_event FOR VALUES IN ('eu');
CREATE TABLE tb_event_us (name text, fk_kind int, id uuid NOT NULL, region text NOT NULL, pk_event int NOT NULL);
ALTER TABLE tb_event ATTACH PARTITION tb_event_us FOR VALUES IN ('us');
CREATE TABLE tb_kind (pk_kind int PRIMARY KEY, name text) PARTITION BY RANGE (pk_kind);
CREATE TABLE tb_kind_low PARTITION OF tb_kind FOR VALUES FROM (0) TO (10);
CREATE TABLE tb_kind_high PARTITION OF tb_kind FOR VALUES FROM (10) TO (20);
CREATE INDEX ON tb_event (fk_kind);
INSERT INTO tb_kind VALUES (1, 'low'), (11, 'high');
INSERT INTO tb_event SELECT n, CASE n % 2 WHEN 0 THEN 'eu' ELSE 'us' END, oracle.uuid(n), CASE n % 3 WHEN 0 THEN 1 ELSE 11 END, 'event ' || n FROM generate_series(1, 6) n;
BEGIN;
CREATE TABLE tv_event AS
SELECT e.pk_event, e.region, e.id, jsonb_build_object('name', e.name, 'kind', k.name) AS data
FROM tb_event e JOIN tb_kind k ON k.pk_kind = e.fk_kind;
ALTER TABLE tv_event ADD PRIMARY KEY (pk_event, region);
COMMIT;
CREATE TABLE tv_part AS SELECT u.pk_event AS pk_part, u.id, jsonb_build_object('name', u.name) AS data FROM tb_event_us u;
SELECT * FROM patched('tv_event');
SELECT * FROM patched('tv_part');
UPDATE tb_event SET name = name || '.';
UPDATE tb_event_us SET name = name || '.';
UPDATE tb_kind SET name = name || '.';
UPDATE tb_kind_high SET name = name || '.';
SELECT * FROM oracle.look();
UPDATE tb_event SET region = 'eu', name = 'moved' WHERE pk_event = 1;
UPDATE tb_event SET region = 'us' WHERE pk_event = 2;
SELECT * FROM oracle.look();
UPDATE tb_kind SET pk_kind = 2 WHERE pk_kind = 11;
UPDATE tb_kind SET name = 'new' WHERE pk_kind = 2;
SELECT * FROM oracle.look();
SET pg_tviews.auto_convert = off;
CREATE TABLE tv_spread (pk_spread int PRIMARY KEY, id uuid, name text, data jsonb) PARTITION BY RANGE (pk_spread);
CREATE TABLE tv_spread_1 PARTITION OF tv_spread FOR VALUES FROM (0) TO (3);
CREATE TABLE tv_spread_2 PARTITION OF tv_spread DEFAULT;
RESET pg_tviews.auto_convert;
SELECT pg_tviews_convert_existing_table('tv_spread', $$
    SELECT e.pk_event AS pk_spread, e.id, k.name, jsonb_build_object('name', e.name, 'kind', k.name) AS data
    FROM tb_event_eu e JOIN tb_kind k ON k.pk_kind = e.fk_kind $$);
SELECT * FROM patched('tv_spread');
UPDATE tb_event SET name = name || '!';
UPDATE tb_kind SET name = name || '!';
SELECT * FROM oracle.look();
DROP TABLE tv_event, tv_part, tv_spread;
CREATE TABLE tb_base (pk_base int PRIMARY KEY, id uuid NOT NULL, name text);
CREATE TABLE tb_derived () INHERITS (tb_base);
INSERT INTO tb_base VALUES (1, oracle.uuid(1), 'base');
INSERT INTO tb_derived VALUES (2, oracle.uuid(2), 'derived');
CREATE TABLE tv_base AS SELECT b.pk_base, b.id, jsonb_build_object('name', b.name) AS data FROM tb_base b;
CREATE TABLE tv_derived AS SELECT b.pk_base AS pk_derived, b.id, jsonb_build_object('name', b.name) AS data FROM tb_derived b;
SELECT * FROM patched('tv_base');
SELECT * FROM patched('tv_derived');
UPDATE tb_base SET name = name || '.';
SELECT * FROM oracle.look();
ALTER TABLE tb_derived ADD PRIMARY KEY (pk_base);
UPDATE tb_base SET name = name || '.';
UPDATE tb_derived SET name = name || '.';
SELECT * FROM oracle.look();
-- A table that gets its first child.
CREATE TABLE tb_late (pk_late int PRIMARY KEY, id uuid NOT NULL, name text);
INSERT INTO tb_late VALUES (1, oracle.uuid(1), 'parent');
CREATE TABLE tv_late AS SELECT b.pk_late, b.id, jsonb_build_object('name', b.name) AS data FROM tb_late b;
UPDATE tb_late SET name = 'alone';
SELECT * FROM oracle.look();
CREATE TABLE tb_later () INHERITS (tb_late);
INSERT INTO tb_later VALUES (2, oracle.uuid(2), 'child');
UPDATE tb_late SET name = name || '.';
SELECT * FROM patched('tv_late');
SELECT * FROM oracle.look();
DROP TABLE tv_base, tv_derived, tv_late;

-- Whose rights: the owner of the TVIEW needs those that computing needs. A view of another owner lends its own, and nothing is patched.
CREATE ROLE regress_patch_owner;
GRANT USAGE, CREATE ON SCHEMA patch TO regress_patch_owner;
GRANT SELECT, TRIGGER ON tb_post, tb_user, author TO regress_patch_owner;
GRANT USAGE ON SCHEMA oracle TO regress_patch_owner;
SET ROLE regress_patch_owner;
CREATE TABLE tv_lent AS
SELECT p.pk_post AS pk_lent, p.id, jsonb_build_object('title', p.title, 'by', a.name) AS data FROM tb_post p JOIN author a ON a.pk_user = p.fk_author;
CREATE TABLE tv_owned AS
SELECT p.pk_post AS pk_owned, p.id, p.fk_author, jsonb_build_object('title', p.title, 'by', a.name) AS data FROM tb_post p JOIN tb_user a ON a.pk_user = p.fk_author;
CREATE INDEX ON tv_owned (fk_author);
RESET ROLE;
SELECT * FROM patched('tv_lent');
SELECT * FROM patched('tv_owned');
SET ROLE regress_patch_writer;
UPDATE tb_user SET name = 'whose' WHERE pk_user = 2;
UPDATE tb_post SET title = 'whose' WHERE pk_post = 1;
RESET ROLE;
SELECT * FROM oracle.look();
REVOKE SELECT ON tb_user FROM regress_patch_owner;
SELECT oracle.sqlstate($$ UPDATE patch.tb_user SET name = 'revoked' WHERE pk_user = 2; SELECT pg_tviews_flush() $$);
-- A patch does not read the other tables.
SELECT oracle.sqlstate($$ UPDATE patch.tb_post SET title = 'patched' WHERE pk_post = 1; SELECT pg_tviews_flush() $$);
SET pg_tviews.patch = off;
SELECT oracle.sqlstate($$ UPDATE patch.tb_user SET name = 'revoked' WHERE pk_user = 2; SELECT pg_tviews_flush() $$);
SELECT oracle.sqlstate($$ UPDATE patch.tb_post SET title = 'revoked' WHERE pk_post = 1; SELECT pg_tviews_flush() $$);
RESET pg_tviews.patch;
-- Those of the columns are enough.
GRANT SELECT (pk_user, name) ON tb_user TO regress_patch_owner;
UPDATE tb_user SET name = 'some columns' WHERE pk_user = 2;
SELECT * FROM oracle.look();
REVOKE UPDATE ON tv_owned FROM regress_patch_owner;
SELECT oracle.sqlstate($$ UPDATE patch.tb_post SET title = 'no update' WHERE pk_post = 1; SELECT pg_tviews_flush() $$);
GRANT UPDATE (data) ON tv_owned TO regress_patch_owner;
UPDATE tb_post SET title = 'one column' WHERE pk_post = 1;
SELECT * FROM oracle.look();

SET client_min_messages = error;
DROP SCHEMA patch CASCADE;
DROP OWNED BY regress_patch_owner, regress_patch_writer;
DROP ROLE regress_patch_owner, regress_patch_writer;
