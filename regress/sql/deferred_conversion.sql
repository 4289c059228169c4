-- CREATE TABLE tv_<entity> AS in all its forms becomes a TVIEW when its
-- transaction commits, and respects what the transaction did in between.
\set SHOW_CONTEXT never
CREATE SCHEMA deferred_conversion;
SET search_path = deferred_conversion, public;

CREATE TABLE tb_category (
    pk_category int PRIMARY KEY,
    id uuid NOT NULL,
    name text NOT NULL
);
CREATE INDEX ON tb_category (id);
CREATE TABLE tb_product (
    pk_product int PRIMARY KEY,
    id uuid NOT NULL,
    fk_category int NOT NULL REFERENCES tb_category,
    name text NOT NULL,
    price numeric NOT NULL
);
CREATE INDEX ON tb_product (fk_category);
CREATE INDEX ON tb_product (id);
INSERT INTO tb_category VALUES (1, oracle.uuid(101), 'Tools'), (2, oracle.uuid(102), 'Toys');
INSERT INTO tb_product VALUES
    (1, oracle.uuid(1), 1, 'Hammer', 12.50),
    (2, oracle.uuid(2), 1, 'Saw', 20.00),
    (3, oracle.uuid(3), 2, 'Kite', 8.00);

-- The queries under test, used for the TVIEWs and for the oracle alike.
SELECT $$
    SELECT p.pk_product, p.id, p.fk_category,
           jsonb_build_object('name', p.name, 'price', p.price, 'category', c.name) AS data
    FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category
$$ AS product,
$$
    SELECT c.id, c.pk_category, jsonb_build_object('name', c.name) AS data FROM tb_category c
$$ AS category \gset

-- Inside its transaction the table is ordinary; from the commit on it is a TVIEW.
BEGIN;
CREATE TABLE tv_product AS :product;
SELECT * FROM oracle.kinds('tv_product');
COMMIT;
SELECT * FROM oracle.kinds('tv_product');
SELECT oracle.check('tv_product', :'product'), oracle.routes('tv_product');

-- Columns, order and types are those of the query; nothing is added.
SELECT oracle.columns('tv_product');
SELECT schema_name, entity, key_columns FROM pg_tviews_metadata WHERE schema_name = 'deferred_conversion';
-- (PostgreSQL 18 has NOT NULL constraints in pg_constraint, too.)
SELECT contype, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = 'tv_product'::regclass AND contype IN ('p', 'u') ORDER BY 1, 2;
SELECT to_regclass('v_product');
UPDATE tb_category SET name = 'Hand tools' WHERE pk_category = 1;
SELECT data FROM tv_product ORDER BY pk_product;
SELECT oracle.check('tv_product', :'product');

-- IF NOT EXISTS of a name that is free.
CREATE TABLE IF NOT EXISTS tv_if_not_exists AS :category;
-- A qualified name outside the search path.
SET search_path = public;
CREATE TABLE deferred_conversion.tv_qualified AS
SELECT id, name, jsonb_build_object('name', name) AS data FROM deferred_conversion.tb_category;
SET search_path = deferred_conversion, public;
-- Beside a temporary table of the same name, which is found first.
CREATE TEMP TABLE tv_beside_temporary (id int);
CREATE TABLE tv_beside_temporary AS :category;
DROP TABLE pg_temp.tv_beside_temporary;
-- A column list names the columns.
CREATE TABLE tv_column_list (pk_column_list, id, data) AS
SELECT pk_category, id, jsonb_build_object('name', name) FROM tb_category;
-- Storage parameters.
CREATE TABLE tv_fillfactor WITH (fillfactor = 70) AS :category;
SELECT reloptions FROM pg_class WHERE oid = 'tv_fillfactor'::regclass;
-- A tablespace.
CREATE TABLE tv_tablespace TABLESPACE pg_default AS :category;
-- An access method.
CREATE TABLE tv_access_method USING heap AS :category;
-- WITH NO DATA: a TVIEW always equals its query, so it is filled at commit.
CREATE TABLE tv_no_data AS :category WITH NO DATA;
-- SELECT INTO.
SELECT c.id, c.pk_category AS pk_select_into, jsonb_build_object('name', c.name) AS data
INTO tv_select_into FROM tb_category c;
SELECT c.id, jsonb_build_object('name', c.name) AS data
INTO TABLE deferred_conversion.tv_select_into_table FROM tb_category c;
-- TABLE v AS a query.
CREATE VIEW category_document AS :category;
CREATE TABLE tv_table_command AS TABLE category_document;
-- Parentheses and a leading WITH.
CREATE TABLE tv_with AS
(WITH c AS (SELECT * FROM tb_category) SELECT c.id, jsonb_build_object('name', c.name) AS data FROM c);
-- A query without any table.
CREATE TABLE tv_constant (id, data) AS
VALUES (oracle.uuid(1), '{"name": "constant"}'::jsonb);
SELECT * FROM oracle.kinds('tv_if_not_exists', 'tv_qualified', 'tv_column_list', 'tv_fillfactor',
    'tv_tablespace', 'tv_access_method', 'tv_no_data', 'tv_select_into', 'tv_select_into_table',
    'tv_table_command', 'tv_with', 'tv_constant');
SELECT oracle.columns('tv_column_list'), oracle.columns('tv_select_into');

-- Types keep their modifiers, columns their collation.
CREATE TABLE tv_typed AS
SELECT pk_product AS pk_typed, id, name::varchar(20) AS short, 'x'::char(3) AS padded, price::numeric(10,2) AS price,
       name COLLATE "C" AS sorted, ARRAY[pk_product] AS list, 'unknown' AS word, jsonb_build_object('name', name) AS data FROM tb_product;
SELECT oracle.columns('tv_typed');
SELECT attcollation::regcollation FROM pg_attribute WHERE attrelid = 'tv_typed'::regclass AND attname = 'sorted';
UPDATE tb_product SET price = 12.345 WHERE pk_product = 1;
SELECT price, data FROM tv_typed WHERE pk_typed = 1;
UPDATE tb_product SET price = 12.50 WHERE pk_product = 1;
SELECT oracle.routes('tv_typed'), missing, extra, different FROM pg_tviews_verify('tv_typed');
-- EXPLAIN alone creates nothing; EXPLAIN ANALYZE creates the TVIEW.
EXPLAIN (COSTS OFF) CREATE TABLE tv_explained AS :category \g /dev/null
SELECT * FROM oracle.kinds('tv_explained');
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) CREATE TABLE tv_explained AS :category \g /dev/null
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
SELECT c.id, jsonb_build_object('name', c.name) AS data INTO tv_explained_into FROM tb_category c \g /dev/null
SELECT * FROM oracle.kinds('tv_explained', 'tv_explained_into');

-- In a PL/pgSQL function, as a static and as a dynamic statement.
CREATE FUNCTION create_static() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    CREATE TABLE tv_static AS
    SELECT c.id, jsonb_build_object('name', c.name) AS data FROM tb_category c;
END
$$;
CREATE FUNCTION create_dynamic(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE %I AS SELECT c.id, jsonb_build_object(''name'', c.name) AS data FROM tb_category c', name);
END
$$;
SELECT create_static();
SELECT create_dynamic('tv_dynamic');
-- Twice through the same cached plan of the function.
DROP TABLE tv_static;
SELECT create_static();
-- In an SQL function.
CREATE FUNCTION create_sql() RETURNS void LANGUAGE sql AS $$
    CREATE TABLE tv_sql AS
    SELECT c.id, jsonb_build_object('name', c.name) AS data FROM deferred_conversion.tb_category c
$$;
SELECT create_sql();
-- In a procedure that commits after it.
CREATE PROCEDURE create_and_commit() LANGUAGE plpgsql AS $$
BEGIN
    CREATE TABLE tv_procedure AS
    SELECT c.id, jsonb_build_object('name', c.name) AS data FROM tb_category c;
    COMMIT;
    UPDATE tb_category SET name = name || '!' WHERE pk_category = 2;
END
$$;
CALL create_and_commit();
-- In a DO block.
DO $$
BEGIN
    CREATE TABLE tv_do AS
    SELECT c.id, jsonb_build_object('name', c.name) AS data FROM tb_category c;
END
$$;
-- The same name in another schema is another TVIEW.
CREATE SCHEMA deferred_conversion_part;
CREATE TABLE deferred_conversion_part.tv_product AS :product;
SELECT * FROM oracle.kinds('tv_static', 'tv_dynamic', 'tv_sql', 'tv_procedure', 'tv_do',
    'deferred_conversion_part.tv_product');

-- Quoted and mixed-case names of everything.
CREATE SCHEMA "Sales Dept";
CREATE TABLE "Sales Dept"."tb_Line Item" (
    "pk_Line Item" int PRIMARY KEY,
    id uuid NOT NULL,
    "Unit ""Price""" numeric NOT NULL
);
INSERT INTO "Sales Dept"."tb_Line Item" VALUES (1, oracle.uuid(1), 1.50), (2, oracle.uuid(2), 2);
SELECT $$
    SELECT "L"."pk_Line Item", "L".id, jsonb_build_object('price', "L"."Unit ""Price""") AS data
    FROM "Sales Dept"."tb_Line Item" "L"
$$ AS line_item \gset
CREATE TABLE "Sales Dept"."tv_Line Item" AS :line_item;
SELECT entity, key_columns FROM pg_tviews_metadata WHERE schema_name = 'Sales Dept';
UPDATE "Sales Dept"."tb_Line Item" SET "Unit ""Price""" = 3.00 WHERE "pk_Line Item" = 2;
SELECT oracle.check('"Sales Dept"."tv_Line Item"', :'line_item'),
       oracle.routes('"Sales Dept"."tv_Line Item"');
-- Unquoted capitals fold to lower case, so this is tv_folded.
CREATE TABLE TV_Folded AS :category;
-- Quoted capitals do not: this name does not start with tv_.
CREATE TABLE "TV_Upper" AS :category;
SELECT * FROM oracle.kinds('tv_folded', '"TV_Upper"');

-- A transaction with other statements before, between and after.
BEGIN;
CREATE TABLE tb_brand (pk_brand int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL);
INSERT INTO tb_brand VALUES (1, oracle.uuid(201), 'Acme');
CREATE TABLE tv_brand AS
SELECT b.pk_brand, b.id, jsonb_build_object('name', b.name) AS data FROM tb_brand b;
INSERT INTO tb_brand VALUES (2, oracle.uuid(202), 'Bolt');
CREATE TABLE unrelated (x int);
COMMIT;
SELECT data FROM tv_brand ORDER BY pk_brand;
SELECT oracle.check('tv_brand', 'SELECT pk_brand, id, jsonb_build_object(''name'', name) FROM tb_brand');

-- Several in one transaction, and a TVIEW over one created just before.
BEGIN;
CREATE TABLE tv_first AS :category;
CREATE TABLE tv_second AS :product;
CREATE TABLE tv_third AS
SELECT f.id, jsonb_build_object('name', f.data->>'name', 'products', (
           SELECT count(*) FROM tv_second s WHERE s.fk_category = f.pk_category)) AS data
FROM tv_first f;
COMMIT;
SELECT * FROM oracle.kinds('tv_first', 'tv_second', 'tv_third');
UPDATE tb_category SET name = 'Games' WHERE pk_category = 2;
INSERT INTO tb_product VALUES (4, oracle.uuid(4), 2, 'Ball', 3.00);
SELECT data FROM tv_third ORDER BY id;
SELECT oracle.check('tv_third', $$
    SELECT c.id, jsonb_build_object('name', c.name, 'products',
               (SELECT count(*) FROM tb_product p WHERE p.fk_category = c.pk_category))
    FROM tb_category c $$), oracle.routes('tv_third');

-- A primary key and indexes added in the same transaction are kept, and the
-- primary key is the TVIEW's key.
BEGIN;
CREATE TABLE tv_keyed AS :product;
ALTER TABLE tv_keyed ADD PRIMARY KEY (id);
CREATE INDEX tv_keyed_category ON tv_keyed (fk_category);
CREATE INDEX tv_keyed_data ON tv_keyed USING gin (data);
COMMIT;
SELECT key_columns FROM pg_tviews_metadata WHERE entity = 'keyed' AND schema_name = 'deferred_conversion';
SELECT indexrelid::regclass, indisprimary FROM pg_index WHERE indrelid = 'tv_keyed'::regclass
ORDER BY indexrelid::regclass::text;
-- A unique constraint on the key is not a primary key, but enough of one.
BEGIN;
CREATE TABLE tv_unique AS
SELECT pk_category AS pk_unique, id, jsonb_build_object('name', name) AS data FROM tb_category;
ALTER TABLE tv_unique ADD UNIQUE (pk_unique);
COMMIT;
SELECT key_columns FROM pg_tviews_metadata WHERE entity = 'unique' AND schema_name = 'deferred_conversion';

-- Sources written after the fill, in the same transaction.
BEGIN;
CREATE TABLE tv_written_after AS :product;
UPDATE tb_category SET name = 'Outdoor' WHERE pk_category = 2;
DELETE FROM tb_product WHERE pk_product = 2;
INSERT INTO tb_product VALUES (5, oracle.uuid(5), 1, 'File', 4.00);
COMMIT;
SELECT data FROM tv_written_after ORDER BY pk_product;
SELECT oracle.check('tv_written_after', :'product');
-- Sources written before the fill, in the same transaction.
BEGIN;
UPDATE tb_product SET price = price + 1 WHERE pk_product = 1;
CREATE TABLE tv_written_before AS :product;
COMMIT;
SELECT oracle.check('tv_written_before', :'product');
-- Written in a savepoint that is rolled back, and in one that is kept.
BEGIN;
CREATE TABLE tv_written_savepoint AS :product;
SAVEPOINT a;
UPDATE tb_product SET name = 'lost' WHERE pk_product = 1;
ROLLBACK TO a;
SAVEPOINT b;
UPDATE tb_product SET name = 'kept' WHERE pk_product = 3;
RELEASE b;
COMMIT;
SELECT oracle.check('tv_written_savepoint', :'product');
-- Under REPEATABLE READ and SERIALIZABLE.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) > 0 FROM tb_product;
CREATE TABLE tv_repeatable_read AS :product;
UPDATE tb_product SET name = 'Kite' WHERE pk_product = 3;
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
CREATE TABLE tv_serializable AS :product;
COMMIT;
SELECT oracle.check('tv_repeatable_read', :'product'), oracle.check('tv_serializable', :'product');

-- Dropped in the same transaction: nothing is left.
BEGIN;
CREATE TABLE tv_dropped AS :category;
DROP TABLE tv_dropped;
COMMIT;
SELECT * FROM oracle.kinds('tv_dropped');
SELECT to_regclass('v_dropped');
-- Dropped and created again with another query: the second counts.
BEGIN;
CREATE TABLE tv_again AS :category;
DROP TABLE tv_again;
CREATE TABLE tv_again AS :product;
COMMIT;
SELECT oracle.columns('tv_again'), oracle.check('tv_again', :'product');
-- Renamed: the entity is that of the name at commit.
BEGIN;
CREATE TABLE tv_old_name AS :category;
ALTER TABLE tv_old_name RENAME TO tv_new_name;
COMMIT;
SELECT * FROM oracle.kinds('tv_old_name', 'tv_new_name');
SELECT to_regclass('v_old_name'), to_regclass('v_new_name');
-- Renamed, and the old name used again.
BEGIN;
CREATE TABLE tv_swap AS :category;
ALTER TABLE tv_swap RENAME TO tv_swapped;
CREATE TABLE tv_swap AS :product;
COMMIT;
SELECT oracle.check('tv_swapped', :'category'), oracle.check('tv_swap', :'product');
-- Moved to another schema.
BEGIN;
CREATE TABLE tv_moved AS :category;
ALTER TABLE tv_moved SET SCHEMA deferred_conversion_part;
COMMIT;
SELECT * FROM oracle.kinds('tv_moved', 'deferred_conversion_part.tv_moved');
-- Sources renamed after the fill.
BEGIN;
CREATE TABLE tb_passing (id uuid, name text);
INSERT INTO tb_passing VALUES (oracle.uuid(1), 'one');
CREATE TABLE tv_passing AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_passing;
ALTER TABLE tb_passing RENAME COLUMN name TO title;
ALTER TABLE tb_passing RENAME TO tb_passed;
COMMIT;
UPDATE tb_passed SET title = 'two';
SELECT oracle.check('tv_passing', 'SELECT id, jsonb_build_object(''name'', title) FROM tb_passed');

-- Rolled back: nothing is left.
BEGIN;
CREATE TABLE tv_rolled_back AS :category;
ROLLBACK;
SELECT * FROM oracle.kinds('tv_rolled_back');
SELECT to_regclass('v_rolled_back');
-- Rolled back to a savepoint before it: nothing is left; created anew, it counts.
BEGIN;
SAVEPOINT a;
CREATE TABLE tv_savepoint AS :category;
ROLLBACK TO a;
COMMIT;
SELECT * FROM oracle.kinds('tv_savepoint');
BEGIN;
SAVEPOINT a;
CREATE TABLE tv_savepoint AS :category;
ROLLBACK TO a;
CREATE TABLE tv_savepoint AS :product;
SAVEPOINT b;
CREATE TABLE tv_savepoint_kept AS :category;
RELEASE b;
COMMIT;
SELECT oracle.check('tv_savepoint', :'product'), oracle.check('tv_savepoint_kept', :'category');
-- A drop that is rolled back leaves the conversion owed.
BEGIN;
CREATE TABLE tv_drop_undone AS :category;
SAVEPOINT a;
DROP TABLE tv_drop_undone;
ROLLBACK TO a;
COMMIT;
SELECT * FROM oracle.kinds('tv_drop_undone');
-- An exception caught after it.
DO $$
BEGIN
    BEGIN
        CREATE TABLE tv_caught AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_category;
        PERFORM 1 / 0;
    EXCEPTION WHEN division_by_zero THEN
        NULL;
    END;
    CREATE TABLE tv_after_caught AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_category;
END
$$;
SELECT * FROM oracle.kinds('tv_caught', 'tv_after_caught');

-- With the setting off the table stays ordinary until converted by hand; the
-- query is remembered.
SET pg_tviews.auto_convert = off;
CREATE TABLE tv_by_hand AS :category;
SELECT * FROM oracle.kinds('tv_by_hand');
RESET pg_tviews.auto_convert;
SELECT pg_tviews_convert_existing_table('tv_by_hand');
SELECT * FROM oracle.kinds('tv_by_hand');
-- The setting is any user's and local settings end with the transaction.
BEGIN;
SET LOCAL pg_tviews.auto_convert = off;
CREATE TABLE tv_local_off AS :category;
COMMIT;
CREATE TABLE tv_on_again AS :category;
SELECT * FROM oracle.kinds('tv_local_off', 'tv_on_again');

-- Other names, and other objects of such a name, pass through untouched.
CREATE TABLE product_copy AS :product;
CREATE TABLE xtv_product AS :product;
CREATE TABLE tvproduct AS :product;
CREATE TABLE tv_plain (pk_plain int, id uuid, data jsonb);
CREATE MATERIALIZED VIEW tv_matview AS :product;
CREATE VIEW tv_view AS :product;
SELECT * FROM oracle.kinds('product_copy', 'xtv_product', 'tvproduct', 'tv_plain', 'tv_matview', 'tv_view');
-- Errors of the statement are PostgreSQL's own.
CREATE TABLE tv_product AS :product;
CREATE TABLE tv_wrong AS SELECT nonsense FROM tb_product;
CREATE TABLE tv_wrong AS SELECT 1 / (pk_product - pk_product) AS id FROM tb_product;
CREATE TABLE tv_wrong (a, b) AS SELECT 1;
CREATE TABLE nowhere.tv_wrong AS SELECT 1;

-- All of them follow their sources.
UPDATE tb_category SET name = 'Games' WHERE pk_category = 2;
INSERT INTO tb_category VALUES (3, oracle.uuid(103), 'Garden');
UPDATE tb_product SET fk_category = 3 WHERE pk_product = 5;
SELECT entity, missing, extra, different
FROM pg_tviews_metadata m, pg_tviews_verify(format('%I.%I', m.schema_name, 'tv_' || m.entity)) v
WHERE schema_name IN ('deferred_conversion', 'deferred_conversion_part', 'Sales Dept')
ORDER BY schema_name COLLATE "C", entity COLLATE "C";
SELECT oracle.check('tv_no_data', :'category'), oracle.check('tv_fillfactor', :'category'),
       oracle.check('tv_explained', :'category'), oracle.check('tv_table_command', :'category'),
       oracle.check('tv_by_hand', :'category'), oracle.check('tv_drop_undone', :'category');
SELECT oracle.check('tv_product', :'product'), oracle.check('tv_keyed', :'product'),
       oracle.check('tv_swap', :'product'), oracle.check('deferred_conversion_part.tv_product', :'product');
SELECT oracle.routes('tv_keyed'), oracle.routes('tv_no_data'), oracle.routes('tv_column_list');
