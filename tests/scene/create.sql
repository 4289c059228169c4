-- TVIEWs of every kind, for what copies a database as a whole: dump and restore, templates, pg_upgrade, standbys.
-- writes.sql writes every source, description.sql tells what a copy must have.
CREATE ROLE shopkeeper;
CREATE SCHEMA shop AUTHORIZATION shopkeeper;
CREATE TYPE shop.state AS ENUM ('new', 'sold');
GRANT USAGE ON TYPE shop.state TO shopkeeper;
CREATE FUNCTION shop.label(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';

-- Of a role that is no superuser, with a type and a function of the database's own.
SET ROLE shopkeeper;
CREATE TABLE shop.tb_category (pk_category int PRIMARY KEY, name text NOT NULL);
CREATE TABLE shop.tb_product (
    pk_product int PRIMARY KEY,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    fk_category int NOT NULL REFERENCES shop.tb_category,
    state shop.state NOT NULL,
    price numeric NOT NULL
);
CREATE INDEX ON shop.tb_product (fk_category);
INSERT INTO shop.tb_category VALUES (1, 'Lamps'), (2, 'Chairs');
INSERT INTO shop.tb_product (pk_product, fk_category, state, price) SELECT n, 1 + n % 2, 'new', n / 4.0 FROM generate_series(1, 8) n;
CREATE TABLE shop.tv_product AS
SELECT p.pk_product, p.id, p.state,
       jsonb_build_object('price', p.price, 'category', shop.label(c.name)) AS data
FROM shop.tb_product p JOIN shop.tb_category c ON c.pk_category = p.fk_category;

-- A TVIEW over the TVIEW.
CREATE TABLE shop.tv_menu AS
SELECT c.pk_category AS pk_menu, md5(c.pk_category::text)::uuid AS id,
       jsonb_build_object('products', (SELECT jsonb_agg(t.data ORDER BY t.pk_product)
                                       FROM shop.tb_product p JOIN shop.tv_product t USING (pk_product)
                                       WHERE p.fk_category = c.pk_category)) AS data
FROM shop.tb_category c;

-- Grouped by a primary key: pg_dump makes the backing view last, after that constraint. And a row as a whole.
CREATE TABLE shop.tv_stock AS
SELECT c.pk_category AS pk_stock, md5(c.pk_category::text)::uuid AS id,
       jsonb_build_object('category', c.name, 'products', count(p), 'first', to_jsonb(c)) AS data
FROM shop.tb_category c LEFT JOIN shop.tb_product p ON p.fk_category = c.pk_category
GROUP BY c.pk_category;

-- What users add to a TVIEW: an index, a column, a comment, a right, a foreign key, a trigger.
CREATE INDEX tv_product_price ON shop.tv_product ((data -> 'price'));
ALTER TABLE shop.tv_product ADD COLUMN note text;
COMMENT ON TABLE shop.tv_product IS 'kept by its query';
GRANT SELECT ON shop.tv_product TO PUBLIC;
CREATE TABLE shop.tb_offer (pk_offer int PRIMARY KEY, fk_product int NOT NULL REFERENCES shop.tv_product);
INSERT INTO shop.tb_offer VALUES (1, 1), (2, 2);
CREATE TABLE shop.tb_log (pk_product int NOT NULL);
CREATE FUNCTION shop.log() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN INSERT INTO shop.tb_log VALUES (NEW.pk_product); RETURN NULL; END';
CREATE TRIGGER log AFTER INSERT OR UPDATE ON shop.tv_product FOR EACH ROW EXECUTE FUNCTION shop.log();
RESET ROLE;

-- A partitioned source, in two levels, whose partitions number their columns differently.
CREATE TABLE tb_reading (pk_reading int, id uuid NOT NULL DEFAULT gen_random_uuid(), value int NOT NULL, PRIMARY KEY (pk_reading))
    PARTITION BY RANGE (pk_reading);
CREATE TABLE tb_reading_low PARTITION OF tb_reading FOR VALUES FROM (0) TO (100);
CREATE TABLE tb_reading_high PARTITION OF tb_reading FOR VALUES FROM (100) TO (300) PARTITION BY RANGE (pk_reading);
CREATE TABLE tb_reading_highest (value int NOT NULL, obsolete int, id uuid NOT NULL DEFAULT gen_random_uuid(), pk_reading int NOT NULL);
ALTER TABLE tb_reading_highest DROP COLUMN obsolete;
ALTER TABLE tb_reading_high ATTACH PARTITION tb_reading_highest FOR VALUES FROM (100) TO (200);
INSERT INTO tb_reading (pk_reading, value) SELECT n, n * n FROM generate_series(1, 199, 11) n;
CREATE TABLE tv_reading AS SELECT pk_reading, id, jsonb_build_object('value', value) AS data FROM tb_reading;

-- A source with children, of which the query names one, too.
CREATE TABLE tb_vehicle (pk_vehicle int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text);
CREATE TABLE tb_truck (PRIMARY KEY (pk_vehicle), load int) INHERITS (tb_vehicle);
INSERT INTO tb_vehicle (pk_vehicle, name) VALUES (1, 'bicycle');
INSERT INTO tb_truck (pk_vehicle, name, load) VALUES (2, 'lorry', 9);
CREATE TABLE tv_vehicle AS SELECT pk_vehicle, id, jsonb_build_object('name', name) AS data FROM tb_vehicle;
CREATE TABLE tv_truck AS SELECT pk_vehicle AS pk_truck, id, jsonb_build_object('name', name, 'load', load) AS data FROM tb_truck;

-- A view of the user's own, through another view, a name in need of quotes, a key of two columns.
CREATE TABLE "tb_Page" ("Site" int, "Number" int, id uuid NOT NULL DEFAULT gen_random_uuid(), title text, PRIMARY KEY ("Site", "Number"));
INSERT INTO "tb_Page" ("Site", "Number", title) SELECT n % 3, n, 'page ' || n FROM generate_series(1, 9) n;
CREATE VIEW visible_page AS SELECT * FROM "tb_Page" WHERE title <> 'hidden';
CREATE VIEW "v_Page" AS SELECT "Site", "Number", id, jsonb_build_object('title', title) AS data FROM visible_page;
CREATE TABLE "tv_Page" ("Site" int, "Number" int, id uuid, data jsonb, PRIMARY KEY ("Site", "Number"));
SELECT pg_tviews_convert_existing_table('"tv_Page"');

-- A TVIEW that is partitioned itself.
CREATE TABLE tv_day (pk_day int PRIMARY KEY, id uuid, data jsonb) PARTITION BY RANGE (pk_day);
CREATE TABLE tv_day_early PARTITION OF tv_day FOR VALUES FROM (0) TO (100);
CREATE TABLE tv_day_late PARTITION OF tv_day FOR VALUES FROM (100) TO (1000);
SELECT pg_tviews_convert_existing_table('tv_day', 'SELECT pk_reading AS pk_day, id, jsonb_build_object(''value'', value) AS data FROM tb_reading');

-- A full route, and a query that is recorded and not yet converted.
SET client_min_messages = error;
CREATE TABLE tv_share AS
SELECT pk_vehicle AS pk_share, id, jsonb_build_object('of', (SELECT count(*) FROM tb_vehicle)) AS data FROM tb_vehicle;
RESET client_min_messages;
SET pg_tviews.auto_convert = off;
CREATE TABLE tv_note AS SELECT pk_vehicle AS pk_note, id, jsonb_build_object('note', name) AS data FROM tb_vehicle;
RESET pg_tviews.auto_convert;

-- How many rows differ between TVIEWs and their queries, with nothing of the extension's but the names; as text, since jsonb
-- takes 1.0 and 1.00 for equal.
CREATE FUNCTION differences() RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    compared record;
    found bigint;
    total bigint := 0;
BEGIN
    FOR compared IN
        SELECT format('%I.%I', schema_name, table_name) AS tview, backing_view,
               (SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
                 WHERE attrelid = backing_view AND attnum > 0 AND NOT attisdropped) AS columns
          FROM pg_tviews_metadata
    LOOP
        EXECUTE format('WITH present AS (SELECT ROW(%1$s)::text FROM %2$s), wanted AS (SELECT ROW(%1$s)::text FROM %3$s)
                        SELECT (SELECT count(*) FROM (TABLE present EXCEPT ALL TABLE wanted) extra)
                             + (SELECT count(*) FROM (TABLE wanted EXCEPT ALL TABLE present) missing)',
                       compared.columns, compared.tview, compared.backing_view) INTO found;
        total := total + found;
    END LOOP;
    RETURN total;
END $$;
