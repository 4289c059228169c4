-- What happens to TVIEWs when their sources, views and tables are altered: they follow, or the change
-- is refused. Nothing goes stale.
\set SHOW_CONTEXT never
CREATE SCHEMA definitions_change;
SET search_path = definitions_change, public;

-- Partitions and children come and go.
CREATE TABLE tb_sale (pk_sale int, id uuid NOT NULL, year int NOT NULL, amount numeric) PARTITION BY LIST (year);
CREATE INDEX ON tb_sale (pk_sale);
CREATE TABLE tb_sale_2023 PARTITION OF tb_sale FOR VALUES IN (2023);
CREATE INDEX ON tb_sale_2023 (id);
INSERT INTO tb_sale VALUES (1, oracle.uuid(1), 2023, 10);
CREATE TABLE tb_place (pk_place int, id uuid NOT NULL, name text);
CREATE INDEX ON tb_place (pk_place);
INSERT INTO tb_place VALUES (1, oracle.uuid(1), 'Rome');
SELECT 'SELECT pk_sale, id, jsonb_build_object(''name'', amount) AS data FROM tb_sale' AS sale,
       'SELECT pk_place, id, jsonb_build_object(''name'', name) AS data FROM tb_place' AS place \gset
CREATE TABLE tv_sale AS :sale;
CREATE TABLE tv_place AS :place;
PREPARE checks AS SELECT oracle.check('tv_sale', :'sale') AS sale, oracle.check('tv_place', :'place') AS place;
SELECT oracle.routes('tv_sale') AS sale, oracle.routes('tv_place') AS place;
-- A new partition, written by its own name.
CREATE TABLE tb_sale_2024 PARTITION OF tb_sale FOR VALUES IN (2024);
INSERT INTO tb_sale_2024 VALUES (2, oracle.uuid(2), 2024, 20);
EXECUTE checks;
-- A table with rows joins, and is then written by its own name.
CREATE TABLE tb_sale_2025 (id uuid NOT NULL, amount numeric, year int NOT NULL, pk_sale int);
INSERT INTO tb_sale_2025 VALUES (oracle.uuid(3), 30, 2025, 3);
ALTER TABLE tb_sale ATTACH PARTITION tb_sale_2025 FOR VALUES IN (2025);
EXECUTE checks;
UPDATE tb_sale_2025 SET amount = 31;
SET session_replication_role = replica;
INSERT INTO tb_sale_2025 VALUES (oracle.uuid(4), 40, 2025, 4);
RESET session_replication_role;
EXECUTE checks;
-- It leaves: its rows too; it is no longer watched.
ALTER TABLE tb_sale DETACH PARTITION tb_sale_2025;
EXECUTE checks;
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'tb_sale_2025'::regclass;
-- Rolled back, nothing has happened.
BEGIN;
ALTER TABLE tb_sale DETACH PARTITION tb_sale_2024;
SELECT count(*) FROM tv_sale;
ROLLBACK;
UPDATE tb_sale_2024 SET amount = 21;
EXECUTE checks;
DROP TABLE tb_sale_2024;
EXECUTE checks;
-- Inheritance.
CREATE TABLE tb_town (mayor text) INHERITS (tb_place);
INSERT INTO tb_town VALUES (2, oracle.uuid(2), 'Ostia', 'Ada');
EXECUTE checks;
CREATE TABLE tb_village (name text, pk_place int, id uuid NOT NULL);
INSERT INTO tb_village VALUES ('Nemi', 3, oracle.uuid(3));
ALTER TABLE tb_village INHERIT tb_place;
EXECUTE checks;
UPDATE tb_village SET name = 'Nemi on the lake';
EXECUTE checks;
ALTER TABLE tb_village NO INHERIT tb_place;
EXECUTE checks;
DROP TABLE tb_town;
EXECUTE checks;

-- A child that is a source itself joins and leaves, and is dropped.
CREATE TABLE tb_hamlet (pk_place int, id uuid NOT NULL, name text);
CREATE INDEX ON tb_hamlet (id);
INSERT INTO tb_hamlet VALUES (7, oracle.uuid(7), 'Civita');
CREATE TABLE tv_hamlet AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_hamlet;
ALTER TABLE tb_hamlet INHERIT tb_place;
EXECUTE checks;
ALTER TABLE tb_hamlet NO INHERIT tb_place;
EXECUTE checks;
CREATE TABLE tv_2023 AS SELECT id, jsonb_build_object('name', amount) AS data FROM tb_sale_2023;
ALTER TABLE tb_sale DETACH PARTITION tb_sale_2023;
EXECUTE checks;
SET session_replication_role = replica;
UPDATE tb_sale_2023 SET amount = 11;
RESET session_replication_role;
SELECT oracle.check('tv_2023', 'SELECT id, jsonb_build_object(''name'', amount) FROM tb_sale_2023') AS "2023",
       oracle.check('tv_hamlet', 'SELECT id, jsonb_build_object(''name'', name) FROM tb_hamlet') AS hamlet, oracle.routes('tv_2023');
ALTER TABLE tb_hamlet INHERIT tb_place;
DROP TABLE tb_hamlet CASCADE;
EXECUTE checks;

-- A source gets a column, and one is renamed, where rows are shown whole and where they are not.
CREATE TABLE tb_item (pk_item int PRIMARY KEY, id uuid NOT NULL, name text, price int, twice int GENERATED ALWAYS AS (price * 2) STORED);
INSERT INTO tb_item VALUES (1, oracle.uuid(1), 'Cup', 3);
SELECT 'SELECT pk_item AS pk_whole, id, to_jsonb(i) AS data FROM tb_item i' AS whole,
       'SELECT pk_item, id, jsonb_build_object(''name'', name, ''twice'', twice) AS data FROM tb_item' AS item \gset
CREATE TABLE tv_whole AS :whole;
CREATE TABLE tv_item AS :item;
ALTER TABLE tb_item ADD COLUMN weight int DEFAULT 5;
SELECT data FROM tv_whole;
ALTER TABLE tb_item RENAME COLUMN price TO cost;
SELECT data FROM tv_whole;
ALTER TABLE tb_item RENAME TO tb_thing;
ALTER TABLE tb_thing RENAME COLUMN name TO label;
UPDATE tb_thing SET label = 'Mug', cost = 4;
SELECT data FROM tv_item;
SELECT oracle.check('tv_whole', 'SELECT pk_item AS pk_whole, id, to_jsonb(i) AS data FROM tb_thing i') AS whole,
       oracle.check('tv_item', 'SELECT pk_item, id, jsonb_build_object(''name'', label, ''twice'', twice) AS data FROM tb_thing') AS item;
SELECT oracle.routes('tv_whole') AS whole, oracle.routes('tv_item') AS item;

-- A view inside a definition, and the view that is the definition, get another query and other sources.
CREATE TABLE tb_old (pk_old int PRIMARY KEY, id uuid NOT NULL, name text);
CREATE TABLE tb_new (pk_new int PRIMARY KEY, id uuid NOT NULL, name text);
INSERT INTO tb_old VALUES (1, oracle.uuid(1), 'old');
INSERT INTO tb_new VALUES (1, oracle.uuid(1), 'new');
CREATE VIEW inner_view AS SELECT pk_old AS pk, id, name FROM tb_old;
CREATE VIEW v_outer AS SELECT pk AS pk_outer, id, jsonb_build_object('name', name) AS data FROM inner_view;
CREATE TABLE tv_outer AS SELECT pk_outer, id, data FROM v_outer;
SELECT oracle.routes('tv_outer');
CREATE OR REPLACE VIEW inner_view AS SELECT pk_new AS pk, id, name FROM tb_new;
SELECT data FROM tv_outer;
UPDATE tb_new SET name = 'newer';
SELECT oracle.check('tv_outer', 'TABLE v_outer'), oracle.routes('tv_outer');
CREATE OR REPLACE VIEW v_outer AS SELECT pk AS pk_outer, id, jsonb_build_object('name', upper(name)) AS data FROM inner_view;
SELECT data FROM tv_outer;
-- With what cannot be maintained, the change is refused.
CREATE OR REPLACE VIEW inner_view AS SELECT pk_new AS pk, id, name || random() AS name FROM tb_new;
CREATE OR REPLACE VIEW inner_view AS SELECT pk_outer AS pk, id, data->>'name' AS name FROM tv_outer;
SELECT data FROM tv_outer;

-- What would leave a TVIEW without its key, a column or its rows is refused.
ALTER TABLE tv_item DROP CONSTRAINT tv_item_pkey;
ALTER TABLE tv_item RENAME COLUMN data TO document;
ALTER TABLE tv_item DROP COLUMN data;
ALTER TABLE tv_item ALTER COLUMN pk_item TYPE bigint;
ALTER TABLE tv_item SET UNLOGGED;
-- A computed column and a unique index of the user's own are welcome, also where rows swap its values.
INSERT INTO tb_thing VALUES (2, oracle.uuid(2), 'Jug', 5);
ALTER TABLE tv_item ADD COLUMN name text GENERATED ALWAYS AS (data->>'name') STORED;
CREATE UNIQUE INDEX ON tv_item (name);
BEGIN;
UPDATE tb_thing SET label = 'x' WHERE pk_item = 1;
UPDATE tb_thing SET label = 'Mug' WHERE pk_item = 2;
UPDATE tb_thing SET label = 'Jug' WHERE pk_item = 1;
COMMIT;
SELECT pk_item, name FROM tv_item ORDER BY pk_item;

-- Triggers that are switched off and on again keep their modes.
CREATE FUNCTION modes(watched regclass) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(regexp_replace(tgname, '^pg_tviews_|_[0-9]+$', '', 'g') || ' ' || tgenabled::text
                      || CASE WHEN tgparentid <> 0 THEN ' copy' ELSE '' END, ', ' ORDER BY tgname)
    FROM pg_trigger WHERE tgrelid = watched AND tgname LIKE 'pg_tviews_%'
$$;
ALTER TABLE tb_thing DISABLE TRIGGER ALL;
ALTER TABLE tb_thing ENABLE TRIGGER ALL;
SELECT modes('tb_thing');
SET session_replication_role = replica;
UPDATE tb_thing SET label = 'Replicated' WHERE pk_item = 1;
RESET session_replication_role;
SELECT oracle.check('tv_whole', 'SELECT pk_item AS pk_whole, id, to_jsonb(i) AS data FROM tb_thing i');

-- One is off by its name, then another one: the rows are compared when the last is back, not before.
CREATE TABLE tv_label AS SELECT pk_item AS pk_label, id, jsonb_build_object('name', label) AS data FROM tb_thing;
ALTER TABLE tb_thing DISABLE TRIGGER pg_tviews_capture_update;
UPDATE tb_thing SET label = 'Unseen' WHERE pk_item = 1;
ALTER TABLE tb_thing DISABLE TRIGGER pg_tviews_capture_insert;
SELECT modes('tb_thing');
ALTER TABLE tb_thing ENABLE TRIGGER pg_tviews_capture_update;
SELECT different FROM pg_tviews_verify('tv_label');
BEGIN;
ALTER TABLE tb_thing ENABLE TRIGGER pg_tviews_capture_insert;
SELECT different FROM pg_tviews_verify('tv_label');
ROLLBACK;
SELECT different FROM pg_tviews_verify('tv_label');
ALTER TABLE tb_thing ENABLE ALWAYS TRIGGER pg_tviews_capture_insert;
SELECT modes('tb_thing');
SELECT oracle.check('tv_label', 'SELECT pk_item, id, jsonb_build_object(''name'', label) FROM tb_thing'), oracle.routes('tv_label');
-- None of ours can be dropped, and no rule may rewrite what a refresh writes.
DROP TRIGGER pg_tviews_capture_update ON tb_thing;
DROP TRIGGER pg_tviews_guard ON tv_item;
CREATE RULE nothing AS ON UPDATE TO tv_item DO INSTEAD NOTHING;

-- A computed key that turns NULL is an error, not a row that is missing.
CREATE TABLE tv_code AS SELECT md5(nullif(label, 'none'))::uuid AS id, '{}'::jsonb AS data FROM tb_thing;
UPDATE tb_thing SET label = 'none' WHERE pk_item = 2;
SELECT oracle.check('tv_code', 'SELECT md5(nullif(label, ''none''))::uuid, ''{}''::jsonb FROM tb_thing'), oracle.routes('tv_code');

-- A renamed column of a view: where a definition shows its rows whole, and not of the backing view.
CREATE TABLE tb_tree (pk_tree int PRIMARY KEY, id uuid NOT NULL, kind text);
INSERT INTO tb_tree VALUES (1, oracle.uuid(1), 'oak');
CREATE VIEW wood AS SELECT pk_tree, id, kind FROM tb_tree;
CREATE TABLE tv_tree AS SELECT pk_tree, id, to_jsonb(wood) AS data FROM wood;
CREATE TABLE tv_leaf AS SELECT pk_tree AS pk_leaf, id, data->'kind' AS data FROM tv_tree;
ALTER VIEW wood RENAME COLUMN kind TO species;
SELECT oracle.check('tv_tree', 'SELECT pk_tree, id, to_jsonb(wood) FROM wood'), data FROM tv_tree;
BEGIN;
UPDATE tb_tree SET kind = 'elm';
ALTER TABLE wood RENAME COLUMN species TO name;
SAVEPOINT named;
ALTER VIEW wood RENAME COLUMN name TO kind;
SELECT data FROM tv_leaf;
ROLLBACK TO named;
SELECT data FROM tv_tree;
COMMIT;
SELECT oracle.check('tv_tree', 'SELECT pk_tree, id, to_jsonb(wood) FROM wood') AS tree,
       oracle.check('tv_leaf', 'SELECT pk_tree, id, data->''kind'' FROM tv_tree') AS leaf, oracle.routes('tv_tree');
ALTER VIEW v_tree RENAME COLUMN data TO document;
ALTER TABLE v_tree RENAME COLUMN data TO document;
-- PostgreSQL takes these for renamed columns of the table.
ALTER VIEW tv_tree RENAME COLUMN data TO document;
ALTER TYPE tv_tree RENAME ATTRIBUTE data TO document;
UPDATE tb_tree SET kind = 'ash';
SELECT oracle.check('tv_tree', 'SELECT pk_tree, id, to_jsonb(wood) FROM wood');
-- A column more: first in the table, then in the view.
CREATE OR REPLACE VIEW v_tree AS SELECT pk_tree, id, to_jsonb(wood) AS data, name FROM wood;
ALTER TABLE tv_tree ADD COLUMN name text;
CREATE OR REPLACE VIEW v_tree AS SELECT pk_tree, id, to_jsonb(wood) AS data, name FROM wood;
SELECT oracle.check('tv_tree', 'SELECT pk_tree, id, to_jsonb(wood), name FROM wood'), oracle.routes('tv_tree');

-- A view is replaced through its rule, inside a definition and as the definition. Sources that are no longer
-- read are let go, where no other TVIEW reads them.
CREATE TABLE tb_bush (pk_bush int PRIMARY KEY, id uuid NOT NULL, kind text);
INSERT INTO tb_bush VALUES (1, oracle.uuid(1), 'yew');
CREATE FUNCTION sources() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(table_name || ' ' || sources::text, ', ' ORDER BY table_name) FROM pg_tviews_metadata
    WHERE schema_name = 'definitions_change' AND table_name IN ('tv_tree', 'tv_leaf', 'tv_shrub')
$$;
CREATE OR REPLACE RULE "_RETURN" AS ON SELECT TO wood DO INSTEAD SELECT pk_bush AS pk_tree, id, kind AS name FROM tb_bush;
SELECT oracle.check('tv_tree', 'SELECT pk_tree, id, to_jsonb(wood), name FROM wood'), oracle.routes('tv_tree'), sources();
SELECT modes('tb_tree') AS tree, modes('tb_bush') AS bush;
CREATE TABLE tv_shrub AS SELECT pk_bush AS pk_shrub, id, to_jsonb(kind) AS data FROM tb_bush;
BEGIN;
UPDATE tb_bush SET kind = 'box';
CREATE OR REPLACE VIEW wood AS SELECT pk_tree, id, kind AS name FROM tb_tree;
UPDATE tb_tree SET kind = 'fir';
SAVEPOINT fir;
CREATE OR REPLACE RULE "_RETURN" AS ON SELECT TO v_tree DO INSTEAD SELECT pk_bush AS pk_tree, id, to_jsonb(kind) AS data, kind AS name FROM tb_bush;
UPDATE tb_bush SET kind = 'holly';
SELECT data FROM tv_tree;
ROLLBACK TO fir;
UPDATE tb_tree SET kind = 'pine';
COMMIT;
SELECT oracle.check('tv_tree', 'SELECT pk_tree, id, to_jsonb(wood), name FROM wood') AS tree,
       oracle.check('tv_shrub', 'SELECT pk_bush, id, to_jsonb(kind) FROM tb_bush') AS shrub,
       oracle.routes('tv_tree'), oracle.routes('tv_shrub'), sources();
CREATE OR REPLACE VIEW v_leaf AS SELECT pk_bush AS pk_leaf, id, to_jsonb(kind) AS data FROM tb_bush;
DROP TABLE tv_shrub;
SELECT oracle.check('tv_leaf', 'SELECT pk_bush, id, to_jsonb(kind) FROM tb_bush'), sources(), modes('tv_tree') AS tree, modes('tb_bush') AS bush;
