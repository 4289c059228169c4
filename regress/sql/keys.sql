-- Keys of all kinds: which columns are the key, of what type, and how they change.
\set SHOW_CONTEXT never
CREATE SCHEMA keys;
SET search_path = keys, public;

-- bigint beyond the range of integer.
CREATE TABLE tb_big (pk_big bigint PRIMARY KEY, id uuid NOT NULL, name text);
CREATE INDEX ON tb_big (id);
CREATE INDEX ON tb_big (name);
INSERT INTO tb_big VALUES (5000000000, oracle.uuid(1), 'five'), (-6000000000, oracle.uuid(2), 'minus six');
SELECT $$ SELECT pk_big, id, jsonb_build_object('name', name) AS data FROM tb_big $$ AS big \gset
CREATE TABLE tv_big AS :big;
UPDATE tb_big SET name = 'FIVE' WHERE pk_big > 0;
INSERT INTO tb_big VALUES (9223372036854775807, oracle.uuid(3), 'last');
DELETE FROM tb_big WHERE pk_big < 0;
SELECT oracle.check('tv_big', :'big'), oracle.routes('tv_big');
-- smallint.
CREATE TABLE tb_small (pk_small smallint PRIMARY KEY, id uuid NOT NULL, name text);
SELECT $$ SELECT pk_small, id, jsonb_build_object('name', name) AS data FROM tb_small $$ AS small \gset
CREATE TABLE tv_small AS :small;
INSERT INTO tb_small VALUES (1, oracle.uuid(1), 'one'), (32767, oracle.uuid(2), 'last');
UPDATE tb_small SET name = upper(name);
SELECT oracle.check('tv_small', :'small'), oracle.routes('tv_small');
-- Only a uuid: there is no pk column.
CREATE TABLE tb_token (id uuid PRIMARY KEY, name text);
CREATE INDEX ON tb_token (name);
INSERT INTO tb_token VALUES (oracle.uuid(1), 'one'), (oracle.uuid(2), 'two');
SELECT $$ SELECT id, jsonb_build_object('name', name) AS data FROM tb_token $$ AS token \gset
CREATE TABLE tv_token AS :token;
UPDATE tb_token SET name = 'ONE' WHERE id = oracle.uuid(1);
UPDATE tb_token SET id = oracle.uuid(9) WHERE id = oracle.uuid(2);
SELECT oracle.check('tv_token', :'token'), oracle.routes('tv_token');
-- A key of text, whose collation matters, chosen by the user.
CREATE TABLE tb_word (word text PRIMARY KEY, id uuid NOT NULL, meaning text);
INSERT INTO tb_word VALUES ('a', oracle.uuid(1), 'first'), ('', oracle.uuid(2), 'empty'), ('it''s "quoted", \ and {braced}', oracle.uuid(3), 'odd');
SELECT $$ SELECT word, id, jsonb_build_object('name', word, 'meaning', meaning) AS data FROM tb_word $$ AS word \gset
BEGIN;
CREATE TABLE tv_word AS :word;
ALTER TABLE tv_word ADD PRIMARY KEY (word);
COMMIT;
UPDATE tb_word SET meaning = meaning || '!';
UPDATE tb_word SET word = 'NULL' WHERE word = '';
INSERT INTO tb_word VALUES ('A', oracle.uuid(4), 'capital');
SELECT oracle.check('tv_word', :'word'), oracle.routes('tv_word');
-- The text itself as pk_<entity>.
SELECT $$ SELECT word AS pk_term, id, jsonb_build_object('name', meaning) AS data FROM tb_word $$ AS term \gset
CREATE TABLE tv_term AS :term;
DELETE FROM tb_word WHERE word = 'A';
SELECT oracle.check('tv_term', :'term'), oracle.routes('tv_term');
-- numeric and date.
CREATE TABLE tb_price (at numeric, day date, id uuid NOT NULL, name text, PRIMARY KEY (at, day));
INSERT INTO tb_price VALUES (1.0, '2024-01-01', oracle.uuid(1), 'a'), (1.5, '2024-01-01', oracle.uuid(2), 'b'), (1.5, '2024-01-02', oracle.uuid(3), 'c');
SELECT $$ SELECT at, day, id, jsonb_build_object('name', name, 'at', at) AS data FROM tb_price $$ AS price \gset
BEGIN;
CREATE TABLE tv_price AS :price;
ALTER TABLE tv_price ADD PRIMARY KEY (at, day);
COMMIT;
UPDATE tb_price SET name = 'B' WHERE at = 1.5 AND day = '2024-01-01';
-- An equal key that looks different: the row shows the new look.
UPDATE tb_price SET at = 1.00 WHERE at = 1;
SELECT at, data FROM tv_price ORDER BY at, day;
SELECT oracle.check('tv_price', :'price'), oracle.routes('tv_price');

-- A composite key from two sources: each leads to its part of the key.
CREATE TABLE tb_student (pk_student int PRIMARY KEY, name text NOT NULL);
CREATE TABLE tb_course (pk_course int PRIMARY KEY, name text NOT NULL);
CREATE TABLE tb_attendance (fk_student int, fk_course int, grade int, PRIMARY KEY (fk_student, fk_course));
CREATE INDEX ON tb_attendance (fk_course);
INSERT INTO tb_student VALUES (1, 'Ada'), (2, 'Bob');
INSERT INTO tb_course VALUES (1, 'Logic'), (2, 'Paint'), (3, 'Chess');
INSERT INTO tb_attendance VALUES (1, 1, 10), (1, 2, 7), (2, 2, NULL);
SELECT $$
    SELECT s.pk_student, c.pk_course, oracle.uuid(s.pk_student * 100 + c.pk_course) AS id,
           jsonb_build_object('name', s.name || ' at ' || c.name, 'grade', a.grade) AS data
    FROM tb_attendance a JOIN tb_student s ON s.pk_student = a.fk_student JOIN tb_course c ON c.pk_course = a.fk_course
$$ AS attendance,
-- Every pair, whether there is a row for it or not.
$$
    SELECT s.pk_student, c.pk_course, oracle.uuid(s.pk_student * 100 + c.pk_course) AS id,
           jsonb_build_object('name', s.name || ' and ' || c.name, 'grade', a.grade) AS data
    FROM tb_student s CROSS JOIN tb_course c
    LEFT JOIN tb_attendance a ON a.fk_student = s.pk_student AND a.fk_course = c.pk_course
$$ AS pair \gset
BEGIN;
CREATE TABLE tv_attendance AS :attendance;
ALTER TABLE tv_attendance ADD PRIMARY KEY (pk_student, pk_course);
CREATE TABLE tv_pair AS :pair;
ALTER TABLE tv_pair ADD PRIMARY KEY (pk_course, pk_student);
COMMIT;
-- What the warnings say is true of the key that the TVIEW has in the end: tv_attendance is not compared
-- as a whole, and tv_named is, because of the primary key that its maker adds.
BEGIN;
CREATE TABLE tv_named AS
SELECT s.pk_student AS pk_named, oracle.uuid(s.pk_student) AS id, s.name || ' ' || t.name AS full_name, jsonb_build_object('name', s.name) AS data
FROM tb_student s JOIN tb_student t USING (pk_student);
ALTER TABLE tv_named ADD PRIMARY KEY (full_name);
COMMIT;
SELECT oracle.routes('tv_named');
SELECT entity, key_columns FROM pg_tviews_metadata WHERE schema_name = 'keys' ORDER BY entity COLLATE "C";
SELECT oracle.routes('tv_attendance') AS attendance, oracle.routes('tv_pair') AS pair;
PREPARE checks AS
SELECT oracle.check('tv_attendance', :'attendance') AS attendance, oracle.check('tv_pair', :'pair') AS pair;
SELECT oracle.mark('tv_attendance'), oracle.mark('tv_pair');
UPDATE tb_course SET name = 'Painting' WHERE pk_course = 2;
SELECT oracle.written('tv_attendance') AS attendance, oracle.written('tv_pair') AS pair;
UPDATE tb_attendance SET grade = 8 WHERE fk_student = 2;
INSERT INTO tb_attendance VALUES (2, 3, 1);
EXECUTE checks;
UPDATE tb_attendance SET fk_course = 1 WHERE fk_student = 2 AND fk_course = 3;
EXECUTE checks;
INSERT INTO tb_student VALUES (3, 'Cy');
DELETE FROM tb_course WHERE pk_course = 3;
EXECUTE checks;
-- Both sources of the key, and the row between them, go at once.
BEGIN;
DELETE FROM tb_attendance WHERE fk_student = 1;
DELETE FROM tb_student WHERE pk_student = 1;
DELETE FROM tb_course WHERE pk_course = 1;
COMMIT;
EXECUTE checks;
BEGIN;
UPDATE tb_student SET pk_student = 20 WHERE pk_student = 2;
UPDATE tb_attendance SET fk_student = 20 WHERE fk_student = 2;
COMMIT;
EXECUTE checks;
-- A key that is whichever of two sources there is.
SELECT $$
    SELECT coalesce(b.id, t.id) AS id, jsonb_build_object('name', coalesce(b.name, t.name)) AS data
    FROM tb_token t LEFT JOIN tb_big b ON b.name = t.name
$$ AS either \gset
CREATE TABLE tv_either AS :either;
UPDATE tb_big SET name = 'ONE' WHERE pk_big = 5000000000;
SELECT oracle.check('tv_either', :'either');
UPDATE tb_big SET id = oracle.uuid(77) WHERE pk_big = 5000000000;
DELETE FROM tb_token WHERE name = 'ONE';
SELECT oracle.check('tv_either', :'either'), oracle.routes('tv_either');

-- The key changes where others point to it, and the rows that pointed there lose it.
CREATE TABLE tb_note (pk_note int PRIMARY KEY, id uuid NOT NULL, word text, body text);
CREATE INDEX ON tb_note (word);
INSERT INTO tb_note VALUES (1, oracle.uuid(1), 'a', 'x'), (2, oracle.uuid(2), NULL, 'y');
SELECT $$
    SELECT n.pk_note, n.id, jsonb_build_object('name', n.body, 'word', w.meaning) AS data
    FROM tb_note n LEFT JOIN tb_word w ON w.word = n.word
$$ AS note \gset
CREATE TABLE tv_note AS :note;
UPDATE tb_word SET word = 'b' WHERE word = 'a';
SELECT oracle.check('tv_note', :'note');
UPDATE tb_note SET pk_note = pk_note + 1, word = 'b' WHERE pk_note = 2;
UPDATE tb_note SET pk_note = 4, word = 'b' WHERE body = 'x';
SELECT data FROM tv_note ORDER BY pk_note;
SELECT oracle.check('tv_note', :'note'), oracle.routes('tv_note');
