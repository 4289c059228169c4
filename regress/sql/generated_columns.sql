-- Generated columns of sources: shown, grouped by, linked by and as the key. From PostgreSQL 18 on
-- they may be virtual: no row and no trigger has their values, so the columns they are made of count.
\set SHOW_CONTEXT never
CREATE SCHEMA generated_columns;
SET search_path = generated_columns, public;
SELECT CASE WHEN current_setting('server_version_num')::int >= 180000 THEN 'VIRTUAL' ELSE 'STORED' END AS kind,
       current_setting('server_version_num')::int >= 180000 AS is_virtual \gset

CREATE TABLE tb_author (
    pk_author int PRIMARY KEY,
    id uuid NOT NULL,
    first text NOT NULL,
    last text NOT NULL,
    code int GENERATED ALWAYS AS (pk_author * 10) :kind,
    name text GENERATED ALWAYS AS (first || ' ' || last) :kind
);
CREATE TABLE tb_book (
    pk_book int PRIMARY KEY,
    id uuid NOT NULL,
    title text NOT NULL,
    reference int NOT NULL,
    fk_author int GENERATED ALWAYS AS (reference / 10) :kind,
    slug text GENERATED ALWAYS AS (lower(title)) :kind
);
CREATE INDEX ON tb_book (reference);
-- Virtual columns cannot be indexed: lookups go through their expressions.
\if :is_virtual
CREATE INDEX ON tb_author ((pk_author * 10));
CREATE INDEX ON tb_book ((reference / 10));
CREATE INDEX ON tb_book (lower(title));
\else
CREATE INDEX ON tb_author (code);
CREATE INDEX ON tb_book (fk_author);
CREATE INDEX ON tb_book (slug);
\endif
INSERT INTO tb_author VALUES
    (1, oracle.uuid(1), 'Ada', 'Ames'), (2, oracle.uuid(2), 'Bob', 'Bell'), (3, oracle.uuid(3), 'Cy', 'Cole');
INSERT INTO tb_book VALUES
    (1, oracle.uuid(11), 'Ink', 10), (2, oracle.uuid(12), 'Oak', 10), (3, oracle.uuid(13), 'Elm', 20), (4, oracle.uuid(14), 'Ash', 90);
CREATE VIEW shelf AS
SELECT fk_author, count(*) AS books, string_agg(slug, ' ' ORDER BY slug) AS slugs FROM tb_book GROUP BY fk_author;

SELECT $$
    SELECT b.pk_book, b.id, jsonb_build_object('name', b.slug, 'author', a.name) AS data
    FROM tb_book b LEFT JOIN tb_author a ON a.pk_author = b.fk_author
$$ AS book,
$$
    SELECT a.code AS pk_author, a.id, jsonb_build_object('name', a.name, 'books', (
               SELECT jsonb_agg(b.slug ORDER BY b.pk_book) FROM tb_book b WHERE b.reference = a.code)) AS data
    FROM tb_author a
$$ AS author,
$$
    SELECT a.pk_author AS pk_shelf, a.id, jsonb_build_object('name', a.name, 'books', s.books, 'slugs', s.slugs) AS data
    FROM tb_author a LEFT JOIN shelf s ON s.fk_author = a.pk_author
$$ AS shelf,
$$
    SELECT b.slug AS pk_slug, oracle.uuid(length(b.slug)) AS id, jsonb_build_object('name', b.slug, 'books', count(*)) AS data
    FROM tb_book b GROUP BY b.slug
$$ AS slug,
$$
    SELECT b.pk_book AS pk_whole, b.id, to_jsonb(b) AS data FROM tb_book b
$$ AS whole \gset
CREATE TABLE tv_book AS :book;
CREATE TABLE tv_author AS :author;
CREATE TABLE tv_shelf AS :shelf;
CREATE TABLE tv_slug AS :slug;
CREATE TABLE tv_whole AS :whole;
SELECT oracle.routes('tv_book') AS book, oracle.routes('tv_author') AS author, oracle.routes('tv_shelf') AS shelf;
SELECT oracle.routes('tv_slug') AS slug, oracle.routes('tv_whole') AS whole;

PREPARE checks AS
SELECT oracle.check('tv_book', :'book') AS book, oracle.check('tv_author', :'author') AS author,
       oracle.check('tv_shelf', :'shelf') AS shelf, oracle.check('tv_slug', :'slug') AS slug, oracle.check('tv_whole', :'whole') AS whole;
EXECUTE checks;
-- What is shown, what links, what is grouped by and what is the key change.
UPDATE tb_author SET first = 'Amy' WHERE pk_author = 1;
EXECUTE checks;
UPDATE tb_book SET reference = 30 WHERE pk_book IN (1, 4);
EXECUTE checks;
UPDATE tb_book SET title = 'OAK' WHERE pk_book IN (1, 2);
EXECUTE checks;
UPDATE tb_author SET pk_author = 9 WHERE pk_author = 3;
EXECUTE checks;
INSERT INTO tb_book VALUES (5, oracle.uuid(15), 'Fir', 90), (6, oracle.uuid(16), 'FIR', 20);
DELETE FROM tb_book WHERE pk_book = 3;
DELETE FROM tb_author WHERE pk_author = 2;
EXECUTE checks;
-- The same where a replica's row triggers capture.
SET session_replication_role = replica;
UPDATE tb_author SET last = 'Bond' WHERE pk_author = 1;
UPDATE tb_book SET reference = 10, title = 'Yew' WHERE pk_book = 6;
RESET session_replication_role;
EXECUTE checks;
SELECT data FROM tv_author ORDER BY pk_author;
