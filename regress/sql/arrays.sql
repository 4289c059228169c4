-- Links through the elements of arrays and the rows that functions make of a column.
\set SHOW_CONTEXT never
-- Without statistics the oracle's queries look dear enough to be compiled.
SET jit = off;
CREATE SCHEMA arrays;
SET search_path = arrays, public;

CREATE DOMAIN word AS text CHECK (VALUE <> '');
CREATE TABLE tb_post (pk int PRIMARY KEY, id uuid NOT NULL, tags int[], words text[], csv text, more jsonb, recs jsonb, marks word[], low int, high int, one int);
CREATE INDEX ON tb_post USING gin (tags);
CREATE INDEX ON tb_post (one);
CREATE INDEX ON tb_post USING gin (words);
CREATE INDEX ON tb_post USING gin (marks);
CREATE TABLE tb_tag (pk int PRIMARY KEY, id uuid NOT NULL, name text, posts int[]);
CREATE INDEX ON tb_tag (name);
INSERT INTO tb_post VALUES
    (1, oracle.uuid(1), '{1,2}', '{red,blue}', 'red,blue', '["red"]', '[{"name": "red"}]', '{red}', 1, 2, 1),
    (2, oracle.uuid(2), '{2,2,NULL}', '{green,NULL}', '', '[]', '[]', '{green,red}', 3, 3, 2),
    (3, oracle.uuid(3), '{}', NULL, NULL, NULL, NULL, NULL, NULL, 2, NULL),
    (4, oracle.uuid(4), NULL, '{}', 'green', '["green", "blue", "green"]', NULL, '{}', 2, 1, 3);
INSERT INTO tb_tag VALUES
    (1, oracle.uuid(11), 'red', '{1,2}'), (2, oracle.uuid(12), 'blue', '{}'), (3, oracle.uuid(13), 'green', '{4,NULL,4}');

-- = ANY, both ways round, as a join, in a subquery, and of several columns made an array.
SELECT $$ SELECT p.pk AS pk_any, p.id, jsonb_build_object('tags', (
              SELECT jsonb_agg(t.name ORDER BY t.pk) FROM tb_tag t WHERE t.pk = ANY (p.tags))) AS data FROM tb_post p $$ AS any_query,
$$ SELECT p.pk AS pk_within, p.id, jsonb_build_object('tags', jsonb_agg(t.name ORDER BY t.pk)) AS data
   FROM tb_post p LEFT JOIN tb_tag t ON p.pk = ANY (t.posts) GROUP BY p.pk, p.id $$ AS within,
$$ SELECT p.pk AS pk_either, p.id, jsonb_build_object('tags', (
       SELECT count(*) FROM tb_tag t WHERE t.pk = ANY (ARRAY[p.low, p.high]))) AS data FROM tb_post p $$ AS either,
$$ SELECT p.pk AS pk_column, p.id, '{}'::jsonb AS data FROM tb_post p WHERE p.one = ANY (SELECT unnest(t.posts) FROM tb_tag t) $$ AS column_query \gset
CREATE TABLE tv_any AS :any_query;
CREATE TABLE tv_within AS :within;
CREATE TABLE tv_either AS :either;
CREATE TABLE tv_column AS :column_query;
-- unnest in FROM, by LATERAL, with numbers, in the select list.
SELECT $$ SELECT p.pk AS pk_from, p.id, jsonb_build_object('tags', jsonb_agg(t.name ORDER BY t.pk)) AS data
          FROM tb_post p, unnest(p.tags) AS tag, tb_tag t WHERE t.pk = tag GROUP BY p.pk, p.id $$ AS from_query,
$$ SELECT p.pk AS pk_lateral, p.id, jsonb_build_object('words', w.names) AS data
   FROM tb_post p LEFT JOIN LATERAL (SELECT jsonb_agg(t.pk ORDER BY t.pk) AS names FROM unnest(p.words) u(word) JOIN tb_tag t ON t.name = u.word) w ON true $$ AS lateral_query,
$$ SELECT p.pk AS pk_number, p.id, jsonb_build_object('tags', (
       SELECT jsonb_agg(jsonb_build_array(u.n, t.name) ORDER BY u.n)
       FROM unnest(p.tags) WITH ORDINALITY AS u (tag, n) LEFT JOIN tb_tag t ON t.pk = u.tag)) AS data FROM tb_post p $$ AS number,
$$ SELECT s.pk AS pk_list, s.id, jsonb_build_object('tags', jsonb_agg(t.name ORDER BY t.pk)) AS data
   FROM (SELECT pk, id, unnest(tags) AS tag FROM tb_post) s LEFT JOIN tb_tag t ON t.pk = s.tag GROUP BY s.pk, s.id $$ AS list \gset
CREATE TABLE tv_from AS :from_query;
CREATE TABLE tv_lateral AS :lateral_query;
CREATE TABLE tv_number AS :number;
CREATE TABLE tv_list AS :list;
-- An element is the key, with and without a table of its own.
SELECT $$ SELECT unnest(string_to_array(csv, ',')) AS pk_element, md5(unnest(string_to_array(csv, ',')))::uuid AS id,
                 jsonb_build_object('posts', jsonb_agg(DISTINCT pk)) AS data FROM tb_post GROUP BY 1 $$ AS element,
$$ SELECT s.tag AS pk_tag, oracle.uuid(s.tag) AS id, jsonb_build_object('posts', count(*)) AS data
   FROM (SELECT unnest(tags) AS tag FROM tb_post) s WHERE s.tag IS NOT NULL GROUP BY s.tag $$ AS tag,
$$ SELECT u.word AS pk_word, oracle.uuid(length(u.word)) AS id, jsonb_build_object('posts', jsonb_agg(p.pk ORDER BY p.pk), 'tag', max(t.pk)) AS data
   FROM tb_post p CROSS JOIN LATERAL unnest(p.words) u(word) LEFT JOIN tb_tag t ON t.name = u.word
   WHERE u.word IS NOT NULL GROUP BY u.word $$ AS word \gset
CREATE TABLE tv_element AS :element;
CREATE TABLE tv_tag AS :tag;
CREATE TABLE tv_word AS :word;
-- Other functions that give rows.
SELECT $$ SELECT p.pk AS pk_json, p.id, jsonb_build_object('tags', (
              SELECT jsonb_agg(t.pk ORDER BY t.pk) FROM jsonb_array_elements_text(p.more) e(name) JOIN tb_tag t ON t.name = e.name)) AS data FROM tb_post p $$ AS json,
$$ SELECT p.pk AS pk_split, p.id, jsonb_build_object('tags', (
       SELECT jsonb_agg(t.pk ORDER BY t.pk) FROM string_to_table(p.csv, ',') AS word JOIN tb_tag t ON t.name = word)) AS data FROM tb_post p $$ AS split,
$$ SELECT p.pk AS pk_series, p.id, jsonb_build_object('tags', (
       SELECT jsonb_agg(t.name ORDER BY t.pk) FROM generate_series(p.low, p.high) AS g JOIN tb_tag t ON t.pk = g)) AS data FROM tb_post p $$ AS series \gset
CREATE TABLE tv_json AS :json;
CREATE TABLE tv_split AS :split;
CREATE TABLE tv_series AS :series;
-- A function that gives records leads nowhere.
SELECT $$ SELECT p.pk AS pk_records, p.id, jsonb_build_object('tags', (
              SELECT jsonb_agg(t.pk ORDER BY t.pk) FROM jsonb_to_recordset(p.recs) AS r (name text) JOIN tb_tag t ON t.name = r.name)) AS data FROM tb_post p $$ AS records \gset
CREATE TABLE tv_records AS :records;
-- Two arrays that overlap: elements on both sides.
SELECT $$ SELECT p.pk AS pk_both, p.id, jsonb_build_object('tags', (
              SELECT jsonb_agg(DISTINCT t.pk) FROM tb_tag t, unnest(t.posts) x(v), unnest(p.tags) y(v) WHERE x.v = y.v)) AS data FROM tb_post p $$ AS both \gset
CREATE TABLE tv_both AS :both;
-- Elements of a domain, compared with values that it does not allow.
SELECT $$ SELECT p.pk AS pk_marks, p.id, jsonb_build_object('tags', (
              SELECT jsonb_agg(t.pk ORDER BY t.pk) FROM unnest(p.marks) AS m JOIN tb_tag t ON t.name = m)) AS data FROM tb_post p $$ AS marks \gset
CREATE TABLE tv_marks AS :marks;

SELECT oracle.routes('tv_any') AS "any", oracle.routes('tv_within') AS within, oracle.routes('tv_either') AS either, oracle.routes('tv_column') AS "column";
SELECT oracle.routes('tv_from') AS "from", oracle.routes('tv_lateral') AS "lateral", oracle.routes('tv_number') AS number, oracle.routes('tv_list') AS list;
SELECT oracle.routes('tv_element') AS element, oracle.routes('tv_tag') AS tag, oracle.routes('tv_word') AS word, oracle.routes('tv_both') AS both, oracle.routes('tv_marks') AS marks;
SELECT oracle.routes('tv_json') AS json, oracle.routes('tv_split') AS split, oracle.routes('tv_series') AS series, oracle.routes('tv_records') AS records;

PREPARE checks AS
SELECT oracle.check('tv_any', :'any_query') AS "any", oracle.check('tv_within', :'within') AS within,
       oracle.check('tv_either', :'either') AS either, oracle.check('tv_column', :'column_query') AS "column",
       oracle.check('tv_from', :'from_query') AS "from", oracle.check('tv_lateral', :'lateral_query') AS "lateral",
       oracle.check('tv_number', :'number') AS number, oracle.check('tv_list', :'list') AS list,
       oracle.check('tv_element', :'element') AS element, oracle.check('tv_tag', :'tag') AS tag, oracle.check('tv_word', :'word') AS word,
       oracle.check('tv_json', :'json') AS json, oracle.check('tv_split', :'split') AS split,
       oracle.check('tv_series', :'series') AS series, oracle.check('tv_records', :'records') AS records,
       oracle.check('tv_both', :'both') AS both, oracle.check('tv_marks', :'marks') AS marks;
EXECUTE checks;
-- What the elements point to: renamed, renumbered, gone and back.
UPDATE tb_tag SET name = upper(name) WHERE pk IN (1, 3);
EXECUTE checks;
UPDATE tb_tag SET name = lower(name), pk = pk + 1 WHERE pk = 3;
EXECUTE checks;
DELETE FROM tb_tag WHERE pk = 2;
EXECUTE checks;
INSERT INTO tb_tag VALUES (2, oracle.uuid(12), 'blue', '{2,3}'), (3, oracle.uuid(15), NULL, NULL);
EXECUTE checks;
-- The arrays: an element more, one of two equal ones less, another order, NULL as an element and as the whole, empty.
UPDATE tb_post SET tags = tags || 4, words = words || 'green'::text, csv = csv || ',green', more = more || '["green"]', high = high + 1;
EXECUTE checks;
UPDATE tb_post SET tags = '{4,2}', words = '{NULL,green}', more = '["green", "blue"]' WHERE pk IN (2, 4);
EXECUTE checks;
UPDATE tb_tag SET posts = CASE pk WHEN 1 THEN '{}' WHEN 2 THEN '{2,NULL,2}' ELSE '{1,2,3}' END::int[];
EXECUTE checks;
UPDATE tb_post SET tags = NULL, words = NULL, csv = NULL, more = NULL, low = NULL WHERE pk = 1;
UPDATE tb_post SET tags = '{}', words = '{}', csv = '', more = '[]', low = 9 WHERE pk = 2;
EXECUTE checks;
UPDATE tb_post SET tags = '{{1,2},{2,4}}', words = '{blue}', csv = 'blue,blue', more = '[null, "blue"]', recs = '[{"name": "blue"}, {"name": "green"}]', low = 1, high = 4, one = 3 WHERE pk < 3;
EXECUTE checks;
UPDATE tb_tag SET name = 'violet' WHERE name = 'blue';
UPDATE tb_tag SET name = '' WHERE pk = 1;
UPDATE tb_tag SET name = 'red' WHERE name = '';
EXECUTE checks;
-- Both ends at once: the array gives up an element whose table row goes, and takes one that comes.
BEGIN;
DELETE FROM tb_tag WHERE pk = 2;
UPDATE tb_post SET tags = '{5}', words = '{black}', csv = 'black', more = '["black"]', recs = '[{"name": "black"}]', low = 5, high = 5 WHERE pk = 1;
INSERT INTO tb_tag VALUES (5, oracle.uuid(16), 'black', '{1,5}');
COMMIT;
EXECUTE checks;
BEGIN;
DELETE FROM tb_post WHERE pk = 1;
DELETE FROM tb_tag WHERE pk = 5;
COMMIT;
EXECUTE checks;
-- Undone; and two rows that exchange their arrays.
BEGIN;
SAVEPOINT undone;
UPDATE tb_tag SET posts = '{}', name = 'none';
ROLLBACK TO undone;
UPDATE tb_post p SET tags = o.tags, words = o.words, more = o.more FROM tb_post o WHERE (p.pk, o.pk) IN ((2, 4), (4, 2));
COMMIT;
EXECUTE checks;
TRUNCATE tb_tag;
EXECUTE checks;
INSERT INTO tb_tag VALUES (4, oracle.uuid(14), 'green', '{1,2,3,4}');
EXECUTE checks;
DELETE FROM tb_post;
INSERT INTO tb_post VALUES (4, oracle.uuid(4), '{4}', '{green}', 'green', '["green"]', '[]', '{green}', 3, 4, 4);
EXECUTE checks;
SELECT data FROM tv_word ORDER BY pk_word;
