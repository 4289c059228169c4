-- pg_tviews_convert_existing_table: where its query comes from, how it reconciles
-- and how names are given.
\set SHOW_CONTEXT never
CREATE SCHEMA manual_conversion;
SET search_path = manual_conversion, public;

CREATE TABLE tb_author (pk_author int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL);
CREATE INDEX ON tb_author (id);
CREATE TABLE tb_post (
    pk_post int PRIMARY KEY,
    id uuid NOT NULL,
    fk_author int NOT NULL REFERENCES tb_author,
    title text NOT NULL
);
CREATE INDEX ON tb_post (fk_author);
CREATE INDEX ON tb_post (id);
INSERT INTO tb_author VALUES (1, oracle.uuid(1), 'Ada'), (2, oracle.uuid(2), 'Bob');
INSERT INTO tb_post VALUES
    (1, oracle.uuid(11), 1, 'On engines'), (2, oracle.uuid(12), 1, 'On loops'), (3, oracle.uuid(13), 2, 'On paint');
SELECT $$
    SELECT p.pk_post, p.id, jsonb_build_object('name', p.title, 'author', a.name) AS data
    FROM tb_post p JOIN tb_author a ON a.pk_author = p.fk_author
$$ AS post \gset

-- The query given; one row is missing, one is extra and one differs.
CREATE TABLE tv_post (pk_post int, id uuid, data jsonb);
INSERT INTO tv_post VALUES
    (1, oracle.uuid(11), '{"name": "On engines", "author": "Ada"}'),
    (2, oracle.uuid(12), '{"name": "stale", "author": "Ada"}'),
    (9, oracle.uuid(99), '{"name": "extra"}');
SELECT pg_tviews_convert_existing_table('tv_post', :'post');
SELECT oracle.check('tv_post', :'post'), oracle.routes('tv_post');
UPDATE tb_author SET name = 'Ada L.' WHERE pk_author = 1;
SELECT data FROM tv_post ORDER BY pk_post;
SELECT oracle.check('tv_post', :'post');
-- A second call says so and changes nothing, whatever query it is given.
SELECT oracle.mark('tv_post');
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = ANY ('{tb_post, tv_post}'::regclass[]) \gset
SELECT pg_tviews_convert_existing_table('tv_post');
SELECT pg_tviews_convert_existing_table('tv_post', 'SELECT pk_post, id, jsonb_build_object() FROM tb_post');
SELECT oracle.written('tv_post'), oracle.check('tv_post', :'post');
SELECT count(*) FROM pg_tviews_metadata WHERE schema_name = 'manual_conversion';
SELECT count(*) = :triggers AS same_triggers FROM pg_trigger WHERE tgrelid = ANY ('{tb_post, tv_post}'::regclass[]);

-- The query recorded when the table was made; rows that are right are not counted.
SET pg_tviews.auto_convert = off;
CREATE TABLE tv_recorded AS
SELECT p.id, p.pk_post AS pk_recorded, jsonb_build_object('name', p.title) AS data FROM tb_post p;
RESET pg_tviews.auto_convert;
INSERT INTO tb_post VALUES (4, oracle.uuid(14), 2, 'On brushes');
UPDATE tb_post SET title = 'On canvas' WHERE pk_post = 3;
SELECT pg_tviews_convert_existing_table('tv_recorded');
SELECT oracle.check('tv_recorded', 'SELECT id, pk_post, jsonb_build_object(''name'', title) FROM tb_post'),
       oracle.routes('tv_recorded');
-- A query that is given wins over the recorded one.
SET pg_tviews.auto_convert = off;
CREATE TABLE tv_given AS
SELECT p.id, jsonb_build_object('name', p.title) AS data FROM tb_post p;
RESET pg_tviews.auto_convert;
SELECT pg_tviews_convert_existing_table('tv_given', 'SELECT id, jsonb_build_object(''name'', upper(title)) AS data FROM tb_post');
SELECT oracle.check('tv_given', 'SELECT id, jsonb_build_object(''name'', upper(title)) FROM tb_post');

-- The view beside the table, filling an empty table.
CREATE VIEW v_author AS
SELECT a.pk_author, a.id, jsonb_build_object('name', a.name, 'posts', (
           SELECT count(*) FROM tb_post p WHERE p.fk_author = a.pk_author)) AS data
FROM tb_author a;
CREATE TABLE tv_author (pk_author int PRIMARY KEY, id uuid NOT NULL, data jsonb NOT NULL);
SELECT pg_tviews_convert_existing_table('tv_author');
SELECT backing_view::text, key_columns FROM pg_tviews_metadata WHERE entity = 'author' AND schema_name = 'manual_conversion';
DELETE FROM tb_post WHERE pk_post = 4;
SELECT oracle.check('tv_author', 'SELECT pk_author, id, jsonb_build_object(''name'', name, ''posts'',
    (SELECT count(*) FROM tb_post WHERE fk_author = pk_author)) FROM tb_author'), oracle.routes('tv_author');
-- A column list of the view is the view, also in another order; it is not doubled.
CREATE VIEW v_listed AS SELECT pk_author AS pk_listed, id, jsonb_build_object('name', name) AS data FROM tb_author;
CREATE TABLE tv_listed AS SELECT id, pk_listed, data FROM v_listed;
SELECT backing_view::text FROM pg_tviews_metadata WHERE entity = 'listed' AND schema_name = 'manual_conversion';
SELECT count(*) FROM pg_class WHERE relnamespace = 'manual_conversion'::regnamespace AND relkind = 'v'
AND relname LIKE '%listed%';
-- The name taken by something else: another name, which the metadata show.
CREATE TABLE v_taken (x int);
CREATE TABLE tv_taken AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_author;
SELECT backing_view::text <> 'v_taken' AS another_name FROM pg_tviews_metadata
WHERE entity = 'taken' AND schema_name = 'manual_conversion';
-- Likewise a view with the name and another query.
CREATE VIEW v_other AS SELECT id, jsonb_build_object('other', name) AS data FROM tb_author;
CREATE TABLE tv_other AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_author;
SELECT backing_view::text <> 'v_other' AS another_name FROM pg_tviews_metadata
WHERE entity = 'other' AND schema_name = 'manual_conversion';
-- A view beside the table whose columns are in another order.
CREATE VIEW v_turned AS SELECT jsonb_build_object('name', name) AS data, id, pk_author AS pk_turned FROM tb_author;
CREATE TABLE tv_turned (pk_turned int, id uuid, data jsonb);
SELECT pg_tviews_convert_existing_table('tv_turned');
SELECT backing_view::text, oracle.columns('tv_turned') FROM pg_tviews_metadata
WHERE entity = 'turned' AND schema_name = 'manual_conversion';
-- A source that takes the full route is warned of here as well.
SELECT pg_tviews_create('tv_ranked', 'SELECT id, jsonb_build_object(''name'', name, ''of'', (SELECT count(*) FROM tb_post)) AS data FROM tb_author');
SELECT oracle.routes('tv_ranked');
-- A filtered column list of the view is not the view.
CREATE VIEW v_filtered AS SELECT pk_author, id, jsonb_build_object('name', name) AS data FROM tb_author;
CREATE TABLE tv_filtered AS SELECT id, data FROM v_filtered WHERE pk_author > 1;
INSERT INTO tb_author VALUES (3, oracle.uuid(3), 'Cy');
UPDATE tb_author SET name = 'Ada' WHERE pk_author = 1;
SELECT oracle.check('tv_turned', 'SELECT pk_author, id, jsonb_build_object(''name'', name) FROM tb_author') AS turned,
       oracle.check('tv_ranked', 'SELECT id, jsonb_build_object(''name'', name, ''of'', (SELECT count(*) FROM tb_post)) FROM tb_author') AS ranked;
SELECT oracle.check('tv_listed', 'SELECT id, pk_author, jsonb_build_object(''name'', name) FROM tb_author') AS listed,
       oracle.check('tv_taken', 'SELECT id, jsonb_build_object(''name'', name) FROM tb_author') AS taken,
       oracle.check('tv_other', 'SELECT id, jsonb_build_object(''name'', name) FROM tb_author') AS other,
       oracle.check('tv_filtered', 'SELECT id, jsonb_build_object(''name'', name) FROM tb_author WHERE pk_author > 1') AS filtered;

-- Names: qualified, quoted, by search path.
CREATE SCHEMA "Manual Part";
CREATE TABLE "Manual Part"."tv_Post" (id uuid, data jsonb);
SELECT pg_tviews_convert_existing_table('"Manual Part"."tv_Post"',
    'SELECT id, jsonb_build_object(''name'', title) AS data FROM tb_post');
CREATE TABLE "Manual Part".tv_post (pk_post int, id uuid, data jsonb);
SET search_path = "Manual Part", manual_conversion, public;
SELECT pg_tviews_convert_existing_table('tv_post', :'post');
SELECT pg_tviews_convert_existing_table('MANUAL_CONVERSION.TV_POST');
SET search_path = manual_conversion, public;
SELECT schema_name, entity FROM pg_tviews_metadata WHERE schema_name = 'Manual Part' ORDER BY entity COLLATE "C";
-- A query that depends on search_path is bound when it is converted.
SET search_path = public;
UPDATE manual_conversion.tb_post SET title = 'On oil' WHERE pk_post = 3;
SET search_path = manual_conversion, public;
SELECT oracle.check('"Manual Part".tv_post', :'post');

-- In a transaction that is rolled back nothing is left.
CREATE TABLE tv_undone (id uuid, data jsonb);
BEGIN;
SELECT pg_tviews_convert_existing_table('tv_undone', 'SELECT id, jsonb_build_object(''name'', title) AS data FROM tb_post');
SELECT count(*) FROM tv_undone;
ROLLBACK;
SELECT * FROM oracle.kinds('tv_undone');
SELECT count(*) FROM tv_undone;
-- It converts at once: what the transaction writes afterwards is followed.
BEGIN;
UPDATE tb_post SET title = 'On engines, revised' WHERE pk_post = 1;
SELECT pg_tviews_convert_existing_table('tv_undone', 'SELECT id, jsonb_build_object(''name'', title) AS data FROM tb_post');
UPDATE tb_post SET title = 'On loops, revised' WHERE pk_post = 2;
SELECT data FROM tv_undone ORDER BY id;
COMMIT;
SELECT oracle.check('tv_undone', 'SELECT id, jsonb_build_object(''name'', title) FROM tb_post');
-- Just created in the same transaction: converted now, and not again at commit.
BEGIN;
CREATE TABLE tv_at_once AS SELECT id, jsonb_build_object('name', title) AS data FROM tb_post;
SELECT pg_tviews_convert_existing_table('tv_at_once');
UPDATE tb_post SET title = 'On engines' WHERE pk_post = 1;
SELECT data->>'name' AS name FROM tv_at_once ORDER BY id LIMIT 1;
COMMIT;
SELECT * FROM oracle.kinds('tv_at_once');
SELECT oracle.check('tv_at_once', 'SELECT id, jsonb_build_object(''name'', title) FROM tb_post');
-- A key that the table has under a name of the user's, and defaults, are kept.
CREATE TABLE tv_shaped (
    id uuid CONSTRAINT shaped_by_user PRIMARY KEY,
    data jsonb DEFAULT '{}' NOT NULL,
    length int DEFAULT 0
);
SELECT pg_tviews_convert_existing_table('tv_shaped',
    'SELECT id, jsonb_build_object(''name'', title) AS data, length(title) AS length FROM tb_post');
SELECT conname, contype FROM pg_constraint WHERE conrelid = 'tv_shaped'::regclass AND contype IN ('p', 'u');
INSERT INTO tb_post VALUES (5, oracle.uuid(15), 3, 'On ink');
SELECT oracle.check('tv_shaped', 'SELECT id, jsonb_build_object(''name'', title), length(title) FROM tb_post');
SELECT oracle.check('tv_post', :'post'), oracle.routes('tv_post');
