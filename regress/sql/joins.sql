-- Joins with equality conditions: inner, left, right, several columns, other types,
-- the same table twice, chains.
\set SHOW_CONTEXT never
CREATE SCHEMA joins;
SET search_path = joins, public;

CREATE TABLE tb_country (code char(2) PRIMARY KEY, name text NOT NULL);
CREATE TABLE tb_user (
    pk_user int PRIMARY KEY,
    id uuid NOT NULL,
    country char(2) REFERENCES tb_country,
    name text NOT NULL
);
CREATE INDEX ON tb_user (country);
CREATE TABLE tb_post (
    pk_post int PRIMARY KEY,
    id uuid NOT NULL,
    fk_author int,
    fk_editor int,
    title text NOT NULL
);
CREATE INDEX ON tb_post (fk_author);
CREATE INDEX ON tb_post (id);
CREATE INDEX ON tb_post (fk_editor);
INSERT INTO tb_country VALUES ('de', 'Germany'), ('fr', 'France'), ('jp', 'Japan');
INSERT INTO tb_user VALUES
    (1, oracle.uuid(1), 'de', 'Ada'), (2, oracle.uuid(2), 'fr', 'Bob'), (3, oracle.uuid(3), NULL, 'Cy');
INSERT INTO tb_post VALUES
    (1, oracle.uuid(11), 1, 2, 'Engines'), (2, oracle.uuid(12), 2, 1, 'Paint'),
    (3, oracle.uuid(13), 1, NULL, 'Loops'), (4, oracle.uuid(14), NULL, NULL, 'Orphan'), (5, oracle.uuid(15), 9, 3, 'Ghost');

-- Inner join.
SELECT $$
    SELECT p.pk_post AS pk_inner, p.id, jsonb_build_object('name', p.title, 'author', u.name) AS data
    FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_author
$$ AS inner_join \gset
CREATE TABLE tv_inner AS :inner_join;
-- The join written in WHERE is the same.
SELECT $$
    SELECT p.pk_post AS pk_where, p.id, jsonb_build_object('name', p.title, 'author', u.name) AS data
    FROM tb_post p, tb_user u WHERE p.fk_author = u.pk_user AND p.title <> 'Loops'
$$ AS where_join \gset
CREATE TABLE tv_where AS :where_join;
-- USING and NATURAL.
SELECT $$
    SELECT id AS id, jsonb_build_object('name', x.title, 'user', y.name) AS data
    FROM (SELECT id, title, fk_author AS pk_user FROM tb_post) x
    JOIN (SELECT pk_user, name FROM tb_user) y USING (pk_user)
$$ AS using_join \gset
CREATE TABLE tv_using AS :using_join;
-- Left join.
SELECT $$
    SELECT p.pk_post AS pk_left, p.id, jsonb_build_object('name', p.title, 'author', u.name) AS data
    FROM tb_post p LEFT JOIN tb_user u ON u.pk_user = p.fk_author
$$ AS left_join \gset
CREATE TABLE tv_left AS :left_join;
-- Left join with a filter in ON, and with an anti join's filter in WHERE.
SELECT $$
    SELECT p.pk_post AS pk_left_filter, p.id, jsonb_build_object('name', p.title, 'author', u.name) AS data
    FROM tb_post p LEFT JOIN tb_user u ON u.pk_user = p.fk_author AND u.name <> 'Ada'
$$ AS left_filter,
$$
    SELECT p.pk_post AS pk_anti, p.id, jsonb_build_object('name', p.title) AS data
    FROM tb_post p LEFT JOIN tb_user u ON u.pk_user = p.fk_author WHERE u.pk_user IS NULL
$$ AS anti \gset
CREATE TABLE tv_left_filter AS :left_filter;
CREATE TABLE tv_anti AS :anti;
-- Right join.
SELECT $$
    SELECT p.pk_post AS pk_right, p.id, jsonb_build_object('name', p.title, 'author', u.name) AS data
    FROM tb_user u RIGHT JOIN tb_post p ON u.pk_user = p.fk_author
$$ AS right_join \gset
CREATE TABLE tv_right AS :right_join;
-- The same table twice.
SELECT $$
    SELECT p.pk_post AS pk_twice, p.id,
           jsonb_build_object('name', p.title, 'author', a.name, 'editor', e.name) AS data
    FROM tb_post p LEFT JOIN tb_user a ON a.pk_user = p.fk_author LEFT JOIN tb_user e ON e.pk_user = p.fk_editor
$$ AS twice \gset
CREATE TABLE tv_twice AS :twice;
-- A chain of three tables.
SELECT $$
    SELECT p.pk_post AS pk_chain, p.id,
           jsonb_build_object('name', p.title, 'author', u.name, 'country', c.name) AS data
    FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_author JOIN tb_country c ON c.code = u.country
$$ AS chain,
$$
    SELECT p.pk_post AS pk_left_chain, p.id,
           jsonb_build_object('name', p.title, 'author', u.name, 'country', c.name) AS data
    FROM tb_post p LEFT JOIN (tb_user u LEFT JOIN tb_country c ON c.code = u.country) ON u.pk_user = p.fk_author
$$ AS left_chain \gset
CREATE TABLE tv_chain AS :chain;
CREATE TABLE tv_left_chain AS :left_chain;
-- The key comes from the nullable side of an outer join: only matched rows have one.
SELECT $$
    SELECT u.pk_user AS pk_nullable, u.id, jsonb_build_object('name', u.name, 'country', c.name) AS data
    FROM tb_country c LEFT JOIN tb_user u ON u.country = c.code WHERE u.pk_user IS NOT NULL
$$ AS nullable \gset
CREATE TABLE tv_nullable AS :nullable;

SELECT oracle.routes('tv_inner') AS inner, oracle.routes('tv_left') AS left, oracle.routes('tv_right') AS right;
SELECT oracle.routes('tv_where') AS where, oracle.routes('tv_using') AS using, oracle.routes('tv_twice') AS twice;
SELECT oracle.routes('tv_left_filter') AS left_filter, oracle.routes('tv_anti') AS anti;
SELECT oracle.routes('tv_chain') AS chain, oracle.routes('tv_left_chain') AS left_chain, oracle.routes('tv_nullable') AS nullable;

-- All checks in one place, so that each write below is checked against each join.
PREPARE checks AS
SELECT oracle.check('tv_inner', :'inner_join') AS inner, oracle.check('tv_where', :'where_join') AS where,
       oracle.check('tv_using', :'using_join') AS using, oracle.check('tv_left', :'left_join') AS left,
       oracle.check('tv_left_filter', :'left_filter') AS left_filter, oracle.check('tv_anti', :'anti') AS anti,
       oracle.check('tv_right', :'right_join') AS right, oracle.check('tv_twice', :'twice') AS twice,
       oracle.check('tv_chain', :'chain') AS chain, oracle.check('tv_left_chain', :'left_chain') AS left_chain,
       oracle.check('tv_nullable', :'nullable') AS nullable;
EXECUTE checks;
-- The far end changes.
SELECT oracle.mark('tv_twice');
UPDATE tb_user SET name = 'Ada L.' WHERE pk_user = 1;
SELECT oracle.written('tv_twice');
EXECUTE checks;
UPDATE tb_country SET name = 'Deutschland' WHERE code = 'de';
EXECUTE checks;
-- The link moves, to another, to none, from none, to one that is missing.
UPDATE tb_post SET fk_author = 3 WHERE pk_post = 1;
UPDATE tb_post SET fk_author = NULL WHERE pk_post = 2;
EXECUTE checks;
UPDATE tb_post SET fk_author = 2 WHERE pk_post IN (2, 4);
UPDATE tb_post SET fk_author = 8 WHERE pk_post = 3;
EXECUTE checks;
UPDATE tb_user SET country = 'jp' WHERE pk_user IN (2, 3);
EXECUTE checks;
UPDATE tb_user SET country = NULL WHERE pk_user = 1;
EXECUTE checks;
-- The missing partner appears; a partner disappears.
INSERT INTO tb_user VALUES (9, oracle.uuid(9), 'fr', 'Nine'), (8, oracle.uuid(8), NULL, 'Eight');
EXECUTE checks;
DELETE FROM tb_user WHERE pk_user IN (2, 8);
EXECUTE checks;
-- The filter's outcome changes.
UPDATE tb_user SET name = 'Ada' WHERE pk_user = 3;
UPDATE tb_post SET title = 'Loops' WHERE pk_post = 1;
EXECUTE checks;
-- Both ends at once, link and partner together.
BEGIN;
UPDATE tb_post SET fk_author = 3, fk_editor = 3 WHERE fk_author = 9;
DELETE FROM tb_user WHERE pk_user = 9;
UPDATE tb_user SET name = 'Cy', country = 'de' WHERE pk_user = 3;
COMMIT;
EXECUTE checks;
-- Rows come and go.
INSERT INTO tb_post SELECT n, oracle.uuid(10 + n), n % 4, n % 3, 'Post ' || n FROM generate_series(6, 12) n;
DELETE FROM tb_post WHERE pk_post IN (1, 7);
EXECUTE checks;
SELECT data FROM tv_twice ORDER BY pk_twice;

-- A join over several columns, of several types, in which one alone is not enough.
CREATE TABLE tb_stock (
    warehouse text,
    sku text COLLATE "C",
    on_date date,
    quantity numeric NOT NULL,
    PRIMARY KEY (warehouse, sku, on_date)
);
CREATE TABLE tb_order (
    pk_order bigint PRIMARY KEY,
    id uuid NOT NULL,
    warehouse text,
    sku varchar(10),
    on_date date
);
CREATE INDEX ON tb_order (warehouse, sku COLLATE "C", on_date);
INSERT INTO tb_stock VALUES ('north', 'cup', '2024-01-01', 5), ('north', 'jug', '2024-01-01', 1.0), ('south', 'cup', '2024-01-01', 7);
INSERT INTO tb_order VALUES
    (1, oracle.uuid(21), 'north', 'cup', '2024-01-01'), (2, oracle.uuid(22), 'south', 'cup', '2024-01-01'),
    (3, oracle.uuid(23), 'south', 'cup', '2024-01-02'), (4, oracle.uuid(24), NULL, 'cup', '2024-01-01');
SELECT $$
    SELECT o.pk_order, o.id, jsonb_build_object('name', 'order ' || o.pk_order, 'quantity', s.quantity) AS data
    FROM tb_order o
    LEFT JOIN tb_stock s ON (s.warehouse, s.sku, s.on_date) = (o.warehouse, o.sku, o.on_date)
$$ AS several \gset
CREATE TABLE tv_order AS :several;
SELECT oracle.mark('tv_order');
UPDATE tb_stock SET quantity = 8 WHERE warehouse = 'south';
SELECT oracle.written('tv_order'), oracle.check('tv_order', :'several'), oracle.routes('tv_order');
-- A number's scale is part of the document, though the numbers are equal.
UPDATE tb_stock SET quantity = 8.00 WHERE warehouse = 'south';
UPDATE tb_stock SET on_date = '2024-01-02' WHERE warehouse = 'south';
UPDATE tb_order SET warehouse = 'north', sku = 'jug' WHERE pk_order = 4;
SELECT data FROM tv_order ORDER BY pk_order;
SELECT oracle.check('tv_order', :'several');

-- Columns of different types that are compared: int4 with int8, numeric with int,
-- a link of numeric whose equal values look different.
CREATE TABLE tb_rate (grade numeric PRIMARY KEY, label text NOT NULL);
CREATE TABLE tb_room (pk_room smallint PRIMARY KEY, id uuid NOT NULL, grade int, owner bigint);
CREATE INDEX ON tb_room (((grade)::numeric));
CREATE INDEX ON tb_room (owner);
INSERT INTO tb_rate VALUES (1.0, 'plain'), (2, 'fine'), (2.5, 'never');
INSERT INTO tb_room VALUES (1, oracle.uuid(31), 1, 1), (2, oracle.uuid(32), 2, 3), (3, oracle.uuid(33), 3, NULL);
SELECT $$
    SELECT r.pk_room, r.id, jsonb_build_object('name', 'room ' || r.pk_room, 'label', t.label, 'owner', u.name) AS data
    FROM tb_room r LEFT JOIN tb_rate t ON t.grade = r.grade LEFT JOIN tb_user u ON u.pk_user = r.owner
$$ AS room \gset
CREATE TABLE tv_room AS :room;
UPDATE tb_rate SET label = 'simple' WHERE grade = 1;
UPDATE tb_rate SET grade = 3.00 WHERE grade = 2;
UPDATE tb_rate SET grade = 2.00 WHERE grade = 2.5;
UPDATE tb_user SET name = 'Cyrus' WHERE pk_user = 3;
SELECT data FROM tv_room ORDER BY pk_room;
SELECT oracle.check('tv_room', :'room'), oracle.routes('tv_room');
-- float8 zero and minus zero are equal, and so are NaNs.
CREATE TABLE tb_level (height float8 PRIMARY KEY, label text NOT NULL);
CREATE TABLE tb_mark (pk_mark int PRIMARY KEY, id uuid NOT NULL, height float8);
CREATE INDEX ON tb_mark (height);
INSERT INTO tb_level VALUES (0, 'sea'), ('NaN', 'unknown');
INSERT INTO tb_mark VALUES (1, oracle.uuid(41), '-0'), (2, oracle.uuid(42), 'NaN'), (3, oracle.uuid(43), 0);
SELECT $$
    SELECT m.pk_mark, m.id, jsonb_build_object('name', 'mark ' || m.pk_mark, 'level', l.label, 'height', m.height::text) AS data
    FROM tb_mark m LEFT JOIN tb_level l ON l.height = m.height
$$ AS mark \gset
CREATE TABLE tv_mark AS :mark;
UPDATE tb_level SET label = label || '!';
UPDATE tb_mark SET height = 0 WHERE pk_mark = 1;
UPDATE tb_level SET height = '-0' WHERE height = 0;
SELECT data FROM tv_mark ORDER BY pk_mark;
SELECT oracle.check('tv_mark', :'mark'), oracle.routes('tv_mark');
-- A nondeterministic collation: unequal strings that match.
CREATE COLLATION ignoring_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE tb_tag (tag text COLLATE ignoring_case PRIMARY KEY, label text NOT NULL);
CREATE TABLE tb_note (pk_note int PRIMARY KEY, id uuid NOT NULL, tag text COLLATE ignoring_case);
CREATE INDEX ON tb_note (tag);
INSERT INTO tb_tag VALUES ('Red', 'colour'), ('Big', 'size');
INSERT INTO tb_note VALUES (1, oracle.uuid(51), 'RED'), (2, oracle.uuid(52), 'red'), (3, oracle.uuid(53), 'big');
SELECT $$
    SELECT n.pk_note, n.id, jsonb_build_object('name', n.tag, 'label', t.label) AS data
    FROM tb_note n LEFT JOIN tb_tag t ON t.tag = n.tag
$$ AS note \gset
CREATE TABLE tv_note AS :note;
UPDATE tb_tag SET label = 'paint' WHERE tag = 'red';
-- Equal by the collation, yet another document.
UPDATE tb_note SET tag = 'Red' WHERE pk_note = 2;
DELETE FROM tb_tag WHERE tag = 'BIG';
SELECT data FROM tv_note ORDER BY pk_note;
SELECT oracle.check('tv_note', :'note'), oracle.routes('tv_note');

-- One row of the TVIEW for each row of the far side: the key is there.
SELECT $$
    SELECT p.id, u.name AS author, jsonb_build_object('name', p.title, 'others', (
               SELECT count(*) FROM tb_post o WHERE o.fk_author = p.fk_author AND o.pk_post <> p.pk_post)) AS data
    FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_author
$$ AS self_join \gset
CREATE TABLE tv_self_join AS :self_join;
UPDATE tb_post SET fk_author = 1 WHERE pk_post IN (4, 6, 8);
DELETE FROM tb_post WHERE pk_post = 6;
SELECT oracle.check('tv_self_join', :'self_join'), oracle.routes('tv_self_join');
EXECUTE checks;
