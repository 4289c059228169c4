-- Partitioned sources and inheritance: statements that name the parent or a child.
\set SHOW_CONTEXT never
CREATE SCHEMA partitions;
SET search_path = partitions, public;

CREATE TABLE tb_device (pk_device int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL);
CREATE TABLE tb_reading (
    pk_reading int NOT NULL,
    id uuid NOT NULL,
    fk_device int NOT NULL,
    month int NOT NULL,
    value numeric NOT NULL,
    raw text,
    PRIMARY KEY (month, pk_reading)
) PARTITION BY RANGE (month);
CREATE INDEX ON tb_reading (pk_reading);
CREATE INDEX ON tb_reading (fk_device);
CREATE TABLE tb_reading_1 PARTITION OF tb_reading FOR VALUES FROM (1) TO (2);
CREATE INDEX ON tb_reading_1 (pk_reading);
-- A partition whose columns are in another order, below another level.
CREATE TABLE tb_reading_2 PARTITION OF tb_reading FOR VALUES FROM (2) TO (10) PARTITION BY LIST (month);
CREATE TABLE tb_reading_2a (raw text, dropped int, value numeric NOT NULL, month int NOT NULL, fk_device int NOT NULL, id uuid NOT NULL, pk_reading int NOT NULL);
ALTER TABLE tb_reading_2a DROP COLUMN dropped;
ALTER TABLE tb_reading_2 ATTACH PARTITION tb_reading_2a FOR VALUES IN (2);
CREATE TABLE tb_reading_other PARTITION OF tb_reading DEFAULT;
INSERT INTO tb_device VALUES (1, oracle.uuid(1), 'Boiler'), (2, oracle.uuid(2), 'Pump');
INSERT INTO tb_reading VALUES (1, oracle.uuid(11), 1, 1, 20.5), (2, oracle.uuid(12), 1, 2, 21), (3, oracle.uuid(13), 2, 2, 4), (4, oracle.uuid(14), 2, 12, 5);
SELECT $$
    SELECT r.pk_reading, r.id, jsonb_build_object('name', d.name || ' ' || r.month, 'value', r.value) AS data
    FROM tb_reading r JOIN tb_device d ON d.pk_device = r.fk_device
$$ AS reading,
$$
    SELECT d.pk_device, d.id, jsonb_build_object('name', d.name, 'total', (
               SELECT sum(r.value) FROM tb_reading r WHERE r.fk_device = d.pk_device)) AS data
    FROM tb_device d
$$ AS device,
-- A definition that names a partition sees only that.
$$
    SELECT r.pk_reading AS pk_january, r.id, jsonb_build_object('name', 'January', 'value', r.value) AS data FROM tb_reading_1 r
$$ AS january \gset
CREATE TABLE tv_reading AS :reading;
CREATE TABLE tv_device AS :device;
CREATE TABLE tv_january AS :january;
SELECT oracle.routes('tv_reading') AS reading, oracle.routes('tv_device') AS device, oracle.routes('tv_january') AS january;
PREPARE checks AS
SELECT oracle.check('tv_reading', :'reading') AS reading, oracle.check('tv_device', :'device') AS device,
       oracle.check('tv_january', :'january') AS january;

-- The parent is named.
INSERT INTO tb_reading VALUES (5, oracle.uuid(15), 1, 1, 19), (6, oracle.uuid(16), 1, 2, 18), (7, oracle.uuid(17), 2, 11, 17);
EXECUTE checks;
UPDATE tb_reading SET value = value + 0.5 WHERE fk_device = 1;
DELETE FROM tb_reading WHERE pk_reading = 5;
EXECUTE checks;
-- A partition is named, at the first level, at the second, in the middle.
INSERT INTO tb_reading_1 VALUES (8, oracle.uuid(18), 2, 1, 3);
INSERT INTO tb_reading_2a (pk_reading, id, fk_device, month, value) VALUES (9, oracle.uuid(19), 2, 2, 2);
EXECUTE checks;
UPDATE tb_reading_2a SET value = 100 WHERE pk_reading = 2;
UPDATE tb_reading_2 SET value = 200 WHERE pk_reading = 3;
EXECUTE checks;
DELETE FROM tb_reading_1 WHERE pk_reading = 8;
DELETE FROM tb_reading_2 WHERE pk_reading = 9;
EXECUTE checks;
-- A row moves between partitions; only those whose documents change are written.
SELECT oracle.mark('tv_reading');
UPDATE tb_reading SET month = 2 WHERE pk_reading = 1;
SELECT oracle.written('tv_reading');
UPDATE tb_reading_2 SET month = 12 WHERE false;
UPDATE tb_reading SET month = CASE month WHEN 2 THEN 1 ELSE month END;
EXECUTE checks;
-- It moves and changes its device.
UPDATE tb_reading SET month = 12, fk_device = 2 WHERE pk_reading = 1;
EXECUTE checks;
-- COPY, MERGE and ON CONFLICT into the parent.
COPY tb_reading (pk_reading, id, fk_device, month, value) FROM stdin;
20	00000000-0000-0000-0000-000000000020	1	1	1.0
21	00000000-0000-0000-0000-000000000021	1	2	2.00
\.
INSERT INTO tb_reading VALUES (20, oracle.uuid(20), 2, 1, 9) ON CONFLICT (month, pk_reading) DO UPDATE SET value = 9, fk_device = 2;
MERGE INTO tb_reading r USING (VALUES (21, 2), (22, 1)) AS w (pk, month) ON w.pk = r.pk_reading AND w.month = r.month
WHEN MATCHED THEN UPDATE SET value = 7
WHEN NOT MATCHED THEN INSERT (pk_reading, id, fk_device, month, value) VALUES (w.pk, oracle.uuid(w.pk), 1, w.month, 6);
EXECUTE checks;
-- An unused column.
SELECT oracle.mark('tv_reading'), oracle.mark('tv_device');
UPDATE tb_reading SET raw = 'x';
UPDATE tb_reading_2a SET raw = 'y';
SELECT oracle.written('tv_reading') AS reading, oracle.written('tv_device') AS device;
-- TRUNCATE of a partition, of a middle level and of the parent.
TRUNCATE tb_reading_1;
EXECUTE checks;
INSERT INTO tb_reading VALUES (30, oracle.uuid(30), 1, 1, 1), (31, oracle.uuid(31), 1, 2, 2);
TRUNCATE tb_reading_2;
EXECUTE checks;
TRUNCATE tb_reading;
EXECUTE checks;
INSERT INTO tb_reading VALUES (1, oracle.uuid(11), 1, 1, 20.5), (2, oracle.uuid(12), 1, 2, 21), (3, oracle.uuid(13), 2, 12, 4);
EXECUTE checks;
-- In a savepoint and in replica mode.
BEGIN;
UPDATE tb_reading_1 SET value = 1;
SAVEPOINT a;
UPDATE tb_reading_2a SET value = 2;
SELECT data->'total' AS total FROM tv_device ORDER BY pk_device;
ROLLBACK TO a;
COMMIT;
EXECUTE checks;
SET session_replication_role = replica;
UPDATE tb_reading SET value = 3 WHERE pk_reading = 1;
UPDATE tb_reading_2a SET value = 4;
UPDATE tb_reading SET month = 2 WHERE pk_reading = 1;
EXECUTE checks;
RESET session_replication_role;

-- Inheritance: the parent shows the children's rows, ONLY does not.
CREATE TABLE tb_animal (pk_animal int, id uuid NOT NULL, name text NOT NULL);
CREATE INDEX ON tb_animal (pk_animal);
CREATE TABLE tb_dog (breed text) INHERITS (tb_animal);
CREATE TABLE tb_puppy (weeks int) INHERITS (tb_dog);
INSERT INTO tb_animal VALUES (1, oracle.uuid(1), 'Ox');
INSERT INTO tb_dog VALUES (2, oracle.uuid(2), 'Rex', 'Boxer');
SELECT $$ SELECT a.pk_animal, a.id, jsonb_build_object('name', a.name) AS data FROM tb_animal a $$ AS animal,
       $$ SELECT a.pk_animal AS pk_only, a.id, jsonb_build_object('name', a.name) AS data FROM ONLY tb_animal a $$ AS only_animal \gset
CREATE TABLE tv_animal AS :animal;
CREATE TABLE tv_only AS :only_animal;
INSERT INTO tb_puppy VALUES (3, oracle.uuid(3), 'Bo', 'Beagle', 6);
INSERT INTO tb_animal VALUES (4, oracle.uuid(4), 'Cow');
UPDATE tb_dog SET name = name || '!';
SELECT oracle.check('tv_animal', :'animal'), oracle.check('tv_only', :'only_animal');
UPDATE tb_animal SET name = upper(name) WHERE pk_animal > 2;
DELETE FROM ONLY tb_animal WHERE pk_animal = 1;
DELETE FROM tb_animal WHERE pk_animal = 2;
SELECT data FROM tv_animal ORDER BY pk_animal;
SELECT oracle.check('tv_animal', :'animal'), oracle.check('tv_only', :'only_animal');
TRUNCATE tb_dog;
SELECT oracle.check('tv_animal', :'animal'), oracle.check('tv_only', :'only_animal'),
       oracle.routes('tv_animal') AS animal, oracle.routes('tv_only') AS only;
