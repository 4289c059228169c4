-- Set operations: each arm has its routes.
\set SHOW_CONTEXT never
CREATE SCHEMA union_all;
SET search_path = union_all, public;

CREATE TABLE tb_book (pk_book int PRIMARY KEY, id uuid NOT NULL, title text NOT NULL, fk_shelf int);
CREATE INDEX ON tb_book (id);
CREATE INDEX ON tb_book (fk_shelf);
CREATE TABLE tb_film (pk_film int PRIMARY KEY, id uuid NOT NULL, title text NOT NULL, fk_shelf int);
CREATE INDEX ON tb_film (id);
CREATE INDEX ON tb_film (fk_shelf);
CREATE TABLE tb_shelf (pk_shelf int PRIMARY KEY, label text NOT NULL);
INSERT INTO tb_shelf VALUES (1, 'top'), (2, 'low');
INSERT INTO tb_book VALUES (1, oracle.uuid(1), 'Dune', 1), (2, oracle.uuid(2), 'Emma', 2);
INSERT INTO tb_film VALUES (1, oracle.uuid(11), 'Alien', 1), (2, oracle.uuid(12), 'Brazil', NULL);

-- UNION ALL of two tables, keyed by what both have, with a join in one arm.
SELECT $$
    SELECT b.id, 'book' AS kind, jsonb_build_object('name', b.title, 'shelf', s.label) AS data
    FROM tb_book b LEFT JOIN tb_shelf s ON s.pk_shelf = b.fk_shelf
    UNION ALL
    SELECT f.id, 'film', jsonb_build_object('name', f.title) FROM tb_film f
$$ AS medium,
-- UNION in a subquery, aggregated by what it is joined on.
$$
    SELECT s.pk_shelf, oracle.uuid(s.pk_shelf) AS id, jsonb_build_object('name', s.label, 'things', (
               SELECT jsonb_agg(m.title ORDER BY m.title) FROM (
                   SELECT fk_shelf, title FROM tb_book UNION SELECT fk_shelf, title FROM tb_film) m
               WHERE m.fk_shelf = s.pk_shelf)) AS data
    FROM tb_shelf s
$$ AS shelf,
-- EXCEPT and INTERSECT: a row of either arm matters to the rows equal to it.
$$
    SELECT x.id, jsonb_build_object('name', x.title) AS data
    FROM (SELECT id, title FROM tb_book EXCEPT SELECT id, title FROM tb_film) x
$$ AS only_book,
$$
    SELECT x.id, jsonb_build_object('name', x.title) AS data
    FROM (SELECT id, title FROM tb_book INTERSECT SELECT id, title FROM tb_film) x
$$ AS both_kinds,
-- The same table in both arms.
$$
    SELECT id, jsonb_build_object('name', title, 'half', 1) AS data FROM tb_book WHERE fk_shelf = 1
    UNION ALL
    SELECT id, jsonb_build_object('name', title, 'half', 2) FROM tb_book WHERE fk_shelf IS DISTINCT FROM 1
$$ AS halves \gset
CREATE TABLE tv_medium AS :medium;
CREATE TABLE tv_shelf AS :shelf;
CREATE TABLE tv_only_book AS :only_book;
CREATE TABLE tv_both_kinds AS :both_kinds;
CREATE TABLE tv_halves AS :halves;
SELECT oracle.columns('tv_medium');
SELECT oracle.routes('tv_medium') AS medium, oracle.routes('tv_shelf') AS shelf;
SELECT oracle.routes('tv_only_book') AS only_book, oracle.routes('tv_both_kinds') AS both_kinds, oracle.routes('tv_halves') AS halves;

PREPARE checks AS
SELECT oracle.check('tv_medium', :'medium') AS medium, oracle.check('tv_shelf', :'shelf') AS shelf,
       oracle.check('tv_only_book', :'only_book') AS only_book, oracle.check('tv_both_kinds', :'both_kinds') AS both_kinds,
       oracle.check('tv_halves', :'halves') AS halves;
EXECUTE checks;
-- Each arm alone.
SELECT oracle.mark('tv_medium');
UPDATE tb_film SET title = 'Aliens' WHERE pk_film = 1;
UPDATE tb_shelf SET label = 'bottom' WHERE pk_shelf = 2;
SELECT oracle.written('tv_medium');
EXECUTE checks;
-- A row moves from one arm to the other under the same key.
BEGIN;
DELETE FROM tb_film WHERE pk_film = 2;
INSERT INTO tb_book VALUES (3, oracle.uuid(12), 'Brazil', 2);
COMMIT;
EXECUTE checks;
UPDATE tb_book SET fk_shelf = CASE fk_shelf WHEN 1 THEN 2 ELSE 1 END;
EXECUTE checks;
-- Both arms come to hold an equal row for the set operations, under UNION ALL a doubled key.
INSERT INTO tb_film SELECT 9, id, title, fk_shelf FROM tb_book WHERE pk_book = 1;
EXECUTE checks;
DROP TABLE tv_medium;
INSERT INTO tb_film SELECT 9, id, title, fk_shelf FROM tb_book WHERE pk_book = 1;
SELECT oracle.check('tv_shelf', :'shelf') AS shelf, oracle.check('tv_only_book', :'only_book') AS only_book,
       oracle.check('tv_both_kinds', :'both_kinds') AS both_kinds;
UPDATE tb_film SET title = 'other' WHERE pk_film = 9;
DELETE FROM tb_book WHERE pk_book = 2;
SELECT oracle.check('tv_shelf', :'shelf') AS shelf, oracle.check('tv_only_book', :'only_book') AS only_book,
       oracle.check('tv_both_kinds', :'both_kinds') AS both_kinds, oracle.check('tv_halves', :'halves') AS halves;
