-- pg_tviews_alter: another query for the same table.
\set SHOW_CONTEXT never
CREATE SCHEMA alter_query;
SET search_path = alter_query, public;
CREATE ROLE regress_tviews_alter;
GRANT USAGE ON SCHEMA alter_query TO regress_tviews_alter;
CREATE TABLE tb_maker (pk_maker int PRIMARY KEY, name text NOT NULL, country text COLLATE "C" NOT NULL);
CREATE TABLE tb_car (pk_car int PRIMARY KEY, id uuid NOT NULL, fk_maker int NOT NULL, name text NOT NULL, price numeric(10, 2));
CREATE INDEX ON tb_car (fk_maker);
CREATE TABLE tb_seat (pk_seat int PRIMARY KEY, fk_car int NOT NULL, cover text);
CREATE INDEX ON tb_seat (fk_car);
INSERT INTO tb_maker VALUES (1, 'Fiat', 'IT'), (2, 'Seat', 'ES');
INSERT INTO tb_car SELECT n, oracle.uuid(n), n % 2 + 1, 'car ' || n, n * 100 FROM generate_series(1, 6) n;
INSERT INTO tb_seat SELECT n, n % 3 + 1, 'red' FROM generate_series(1, 8) n;
CREATE TABLE tv_car AS SELECT pk_car, id, jsonb_build_object('name', name) AS data FROM tb_car WHERE pk_car < 5;
-- What hangs on the table: all of it stays.
CREATE INDEX tv_car_data ON tv_car USING gin (data);
CREATE INDEX tv_car_name ON tv_car ((data ->> 'name'));
ALTER TABLE tv_car ADD COLUMN note text;
COMMENT ON TABLE tv_car IS 'cars';
COMMENT ON COLUMN tv_car.data IS 'documents';
GRANT SELECT ON tv_car TO regress_tviews_alter;
CREATE VIEW cars AS SELECT pk_car, data ->> 'name' AS name FROM tv_car;
CREATE VIEW cars_by_query AS SELECT pk_car FROM v_car;
CREATE TABLE tb_owner (fk_car int REFERENCES tv_car ON DELETE CASCADE DEFERRABLE);
INSERT INTO tb_owner VALUES (1);
CREATE TABLE written (n bigint);
CREATE FUNCTION note_writes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO alter_query.written SELECT count(*) FROM rows_written; RETURN NULL; END $$;
CREATE TRIGGER note_inserts AFTER INSERT ON tv_car REFERENCING NEW TABLE AS rows_written FOR EACH STATEMENT EXECUTE FUNCTION note_writes();
CREATE TRIGGER note_updates AFTER UPDATE ON tv_car REFERENCING NEW TABLE AS rows_written FOR EACH STATEMENT EXECUTE FUNCTION note_writes();
SELECT 'tv_car'::regclass::oid AS table_oid, 'v_car'::regclass::oid AS view_oid \gset
CREATE VIEW state AS
SELECT (SELECT array_agg(c.relname::text ORDER BY c.relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = t.oid) AS indexes,
       t.relacl::text LIKE '%regress_tviews_alter=r/%' AS is_granted,
       obj_description(t.oid) AS comment,
       (SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute a WHERE a.attrelid = t.oid AND attnum > 0 AND NOT attisdropped) AS columns,
       (SELECT array_agg(s.source::text ORDER BY s.source::text) FROM public.pg_tviews_source s WHERE s.tview = t.oid) AS sources
  FROM pg_class t WHERE t.oid = 'tv_car'::regclass;

-- The oracle compares whole tables; this one the columns of the query.
CREATE FUNCTION compare(columns text, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    differ bigint;
BEGIN
    EXECUTE format('WITH is_there AS (SELECT t::text FROM (SELECT %s FROM tv_car) t), should_be AS (SELECT q::text FROM (%s) q)
                    SELECT count(*) FROM ((TABLE is_there EXCEPT ALL TABLE should_be) UNION ALL (TABLE should_be EXCEPT ALL TABLE is_there)) d',
                   columns, query) INTO differ;
    RETURN CASE differ WHEN 0 THEN 'equal' ELSE format('%s rows differ', differ) END;
END
$$;

-- The same columns: one more row, and the others as they were.
SELECT pg_tviews_alter('tv_car', 'SELECT pk_car, id, jsonb_build_object(''name'', name) AS data FROM tb_car WHERE pk_car < 6');
TABLE written;
TRUNCATE written;
SELECT compare('pk_car, id, data', 'SELECT pk_car, id, jsonb_build_object(''name'', name) AS data FROM tb_car WHERE pk_car < 6');
TABLE state;
SELECT 'tv_car'::regclass::oid = :table_oid AS same_table, 'v_car'::regclass::oid = :view_oid AS same_view;

-- New sources and columns; the views that read the table and the backing view stay.
SELECT $$SELECT c.pk_car, c.id, jsonb_build_object('name', c.name, 'maker', m.name,
               'seats', (SELECT jsonb_agg(s.cover ORDER BY s.pk_seat) FROM tb_seat s WHERE s.fk_car = c.pk_car)) AS data,
               c.price, m.country, c.fk_maker
          FROM tb_car c JOIN tb_maker m ON m.pk_maker = c.fk_maker$$ AS wide \gset
SELECT pg_tviews_alter('tv_car', :'wide');
TABLE state;
SELECT attname, format_type(atttypid, atttypmod) AS type, attcollation::regcollation AS collation
  FROM pg_attribute WHERE attrelid = 'tv_car'::regclass AND attname IN ('price', 'country', 'fk_maker') ORDER BY attname;
SELECT 'v_car'::regclass::oid = :view_oid AS same_view;
UPDATE tb_maker SET name = 'FIAT', country = 'I' WHERE pk_maker = 1;
INSERT INTO tb_seat VALUES (9, 1, 'blue');
DELETE FROM tb_car WHERE pk_car = 6;
SELECT compare('pk_car, id, data, price, country, fk_maker', :'wide');
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid = 'tb_seat'::regclass AND tgname LIKE 'pg\_tviews\_%';

-- Columns go, and sources that no TVIEW reads any more are let go of.
CREATE INDEX tv_car_maker ON tv_car (fk_maker);
SELECT $$SELECT c.pk_car, c.id, jsonb_build_object('name', c.name) AS data, c.fk_maker::bigint FROM tb_car c$$ AS narrow \gset
-- The backing view cannot be replaced, and something reads it.
SELECT pg_tviews_alter('tv_car', :'narrow');
SELECT compare('pk_car, id, data, price, country, fk_maker', :'wide');
DROP VIEW cars_by_query;
-- Nor can a column go that a view reads.
CREATE VIEW countries AS SELECT country FROM tv_car;
SELECT pg_tviews_alter('tv_car', :'narrow');
DROP VIEW countries;
SELECT pg_tviews_alter('tv_car', :'narrow');
TABLE state;
SELECT compare('pk_car, id, data, fk_maker', :'narrow');
SELECT count(*) AS triggers FROM pg_trigger WHERE tgrelid IN ('tb_seat'::regclass, 'tb_maker'::regclass) AND tgname LIKE 'pg\_tviews\_%';
INSERT INTO tb_car VALUES (7, oracle.uuid(7), 1, 'car 7', 1);
SELECT compare('pk_car, id, data, fk_maker', :'narrow');
-- A type without a cast: its values are computed anew.
SELECT pg_tviews_alter('tv_car', $$SELECT c.pk_car, c.id, jsonb_build_object('name', c.name) AS data, oracle.uuid(c.fk_maker) AS fk_maker FROM tb_car c$$);
SELECT compare('pk_car, id, data, fk_maker', $$SELECT c.pk_car, c.id, jsonb_build_object('name', c.name) AS data, oracle.uuid(c.fk_maker) FROM tb_car c$$);
TABLE state;
TABLE tb_owner;

-- A column of the user's is taken over; a generated one is not.
SELECT pg_tviews_alter('tv_car', 'SELECT pk_car, id, jsonb_build_object(''name'', name) AS data, name AS note FROM tb_car');
SELECT pk_car, note FROM tv_car WHERE pk_car = 1;
ALTER TABLE tv_car ADD COLUMN size int GENERATED ALWAYS AS (length(note)) STORED;
SELECT pg_tviews_alter('tv_car', 'SELECT pk_car, id, jsonb_build_object(''name'', name) AS data, name AS note, 1 AS size FROM tb_car');

ALTER TABLE tv_car DROP COLUMN size;

-- NOT NULL stays, also where no value survives.
CREATE TABLE tv_swap (id uuid PRIMARY KEY, data jsonb, a int NOT NULL, b text NOT NULL, c numeric NOT NULL, d varchar(20) NOT NULL);
SELECT pg_tviews_convert_existing_table('tv_swap', 'SELECT id, to_jsonb(name) AS data, pk_car AS a, name AS b, 1e10::numeric AS c, repeat(''x'', 20)::varchar(20) AS d FROM tb_car');
SELECT pg_tviews_alter('tv_swap', 'SELECT id, to_jsonb(name) AS data, name AS a, pk_car AS b, pk_car AS c, ''y''::varchar(3) AS d FROM tb_car');
SELECT oracle.check('tv_swap', 'SELECT id, to_jsonb(name) AS data, name AS a, pk_car AS b, pk_car AS c, ''y''::varchar(3) AS d FROM tb_car');
SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull FROM pg_attribute WHERE attrelid = 'tv_swap'::regclass AND attnum > 2 AND NOT attisdropped ORDER BY attnum;
SELECT pg_tviews_alter('tv_swap', 'SELECT id, to_jsonb(name) AS data, name AS a, pk_car::bigint AS b, NULL::int AS c, NULL::text AS d FROM tb_car');
SELECT pg_tviews_alter('tv_swap', 'SELECT id, to_jsonb(name) AS data, name AS a, pk_car::bigint AS b, pk_car AS c, NULL::text AS d FROM tb_car');
DROP TABLE tv_swap;

-- Over a view of the user's, and back.
CREATE VIEW v_automobile AS SELECT pk_car AS pk_automobile, id, jsonb_build_object('car', name) AS data, price FROM tb_car;
CREATE TABLE tv_automobile AS SELECT pk_automobile, id, data FROM v_automobile;
SELECT pg_tviews_alter('tv_automobile', 'SELECT pk_automobile, id, data, price FROM v_automobile');
SELECT backing_view, owns_view FROM pg_tviews_metadata WHERE table_name = 'tv_automobile';
SELECT pg_tviews_alter('tv_automobile', 'SELECT pk_automobile, id, data || ''{"new": true}'' AS data FROM v_automobile');
SELECT backing_view, owns_view FROM pg_tviews_metadata WHERE table_name = 'tv_automobile';
UPDATE tb_car SET name = 'Auto 1' WHERE pk_car = 1;
SELECT * FROM tv_automobile WHERE pk_automobile = 1;
SELECT pg_tviews_alter('tv_automobile', 'SELECT pk_automobile, id, data FROM v_automobile');
SELECT backing_view, owns_view FROM pg_tviews_metadata WHERE table_name = 'tv_automobile';
SELECT to_regclass('v_automobile_1') AS gone;
SELECT oracle.check('tv_automobile', 'SELECT pk_automobile, id, data FROM v_automobile');

-- TVIEWs above follow, also through the row type.
CREATE TABLE tv_lot AS SELECT pk_car AS pk_lot, id, jsonb_build_object('car', to_jsonb(c)) AS data FROM tv_car c;
SELECT pg_tviews_alter('tv_car', 'SELECT pk_car, id, jsonb_build_object(''name'', name) AS data, name AS note, price AS asked FROM tb_car');
SELECT oracle.check('tv_lot', 'SELECT pk_car, id, jsonb_build_object(''car'', to_jsonb(c)) FROM tv_car c');
SELECT pg_tviews_alter('tv_car', 'SELECT c.pk_car, c.id, jsonb_build_object(''name'', c.name) AS data, c.name AS note, c.price AS asked FROM tb_car c JOIN tv_lot l ON l.pk_lot = c.pk_car');
DROP TABLE tv_lot;

-- What is owed is written first; a rollback takes all back.
BEGIN;
UPDATE tb_car SET name = 'before' WHERE pk_car = 2;
SELECT pg_tviews_alter('tv_car', 'SELECT pk_car, id, jsonb_build_object(''title'', name) AS data FROM tb_car');
UPDATE tb_car SET price = 1, name = 'after' WHERE pk_car = 3;
SELECT pk_car, data FROM tv_car WHERE pk_car IN (2, 3) ORDER BY 1;
ROLLBACK;
SELECT compare('pk_car, id, data, note, asked', 'SELECT pk_car, id, jsonb_build_object(''name'', name) AS data, name AS note, price AS asked FROM tb_car');
UPDATE tb_car SET name = 'later' WHERE pk_car = 3;
SELECT compare('pk_car, id, data, note, asked', 'SELECT pk_car, id, jsonb_build_object(''name'', name) AS data, name AS note, price AS asked FROM tb_car');

-- Settings are pinned anew.
SET TimeZone = 'Asia/Tokyo';
SELECT pg_tviews_alter('tv_automobile', 'SELECT pk_car AS pk_automobile, id, jsonb_build_object(''at'', timestamptz ''2026-01-01 00:00+00'' + pk_car * interval ''1 day'') AS data FROM tb_car');
SET TimeZone = 'UTC';
UPDATE tb_car SET pk_car = 8 WHERE pk_car = 7;
SELECT data FROM tv_automobile WHERE pk_automobile = 8;
RESET TimeZone;

-- Errors; nothing is changed by them.
SELECT pg_tviews_alter('nowhere', 'SELECT 1');
SELECT pg_tviews_alter('tb_car', 'SELECT 1');
SELECT pg_tviews_alter('tv_car', 'DELETE FROM tb_car');
SELECT pg_tviews_alter('tv_car', 'SELECT pk_car, name FROM tb_car');
SELECT pg_tviews_alter('tv_car', 'SELECT id, jsonb_build_object(''name'', name) AS data FROM tb_car');
SELECT pg_tviews_alter('tv_car', 'SELECT id AS pk_car, id, jsonb_build_object(''name'', name) AS data FROM tb_car');
SELECT pg_tviews_alter('tv_car', 'SELECT pk_car, id, jsonb_build_object(''name'', now()) AS data FROM tb_car');
SELECT pg_tviews_alter('tv_car', 'SELECT 1 AS pk_car, id, jsonb_build_object(''name'', name) AS data FROM tb_car');
SELECT pg_tviews_alter('tv_car', 'SELECT pk_car, id, data || ''{}'' AS data FROM v_car');
SELECT pg_tviews_alter('tv_car', NULL);
SET pg_tviews.full_refresh = error;
SELECT pg_tviews_alter('tv_car', 'SELECT pk_car, id, jsonb_build_object(''all'', (SELECT count(*) FROM tb_seat)) AS data FROM tb_car');
RESET pg_tviews.full_refresh;
SET ROLE regress_tviews_alter;
SELECT pg_tviews_alter('tv_car', 'SELECT pk_car, id, data FROM tv_car');
RESET ROLE;
SELECT compare('pk_car, id, data, note, asked', 'SELECT pk_car, id, jsonb_build_object(''name'', name) AS data, name AS note, price AS asked FROM tb_car');
-- The owner, who is not the caller, needs the rights.
GRANT CREATE ON SCHEMA alter_query TO regress_tviews_alter;
GRANT SELECT, TRIGGER ON tb_car TO regress_tviews_alter;
ALTER TABLE tv_automobile OWNER TO regress_tviews_alter;
SELECT pg_tviews_alter('tv_automobile', 'SELECT pk_maker AS pk_automobile, oracle.uuid(pk_maker) AS id, to_jsonb(name) AS data FROM tb_maker');
SELECT pg_tviews_alter('tv_automobile', 'SELECT pk_car AS pk_automobile, id, to_jsonb(name) AS data FROM tb_car');
SELECT relowner::regrole AS owner FROM pg_class WHERE oid = 'v_automobile_1'::regclass;
SELECT * FROM pg_tviews_verify('tv_automobile');

\set VERBOSITY terse
DROP SCHEMA alter_query CASCADE;
DROP ROLE regress_tviews_alter;
