-- Writes with session_replication_role = replica, as restores and subscribers make
-- them, are followed like others, by exactly one of the triggers.
\set SHOW_CONTEXT never
CREATE SCHEMA replica_role;
SET search_path = replica_role, public;

CREATE TABLE tb_city (pk_city int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL);
CREATE TABLE tb_person (pk_person int PRIMARY KEY, id uuid NOT NULL, fk_city int REFERENCES tb_city, name text NOT NULL);
CREATE INDEX ON tb_person (fk_city);
INSERT INTO tb_city VALUES (1, oracle.uuid(1), 'Bonn'), (2, oracle.uuid(2), 'Lyon');
INSERT INTO tb_person VALUES (1, oracle.uuid(11), 1, 'Ada'), (2, oracle.uuid(12), 2, 'Bob');
SELECT $$
    SELECT p.pk_person, p.id, jsonb_build_object('name', p.name, 'city', c.name) AS data
    FROM tb_person p LEFT JOIN tb_city c ON c.pk_city = p.fk_city
$$ AS person \gset
CREATE TABLE tv_person AS :person;
SELECT oracle.routes('tv_person');
PREPARE "check" AS SELECT oracle.check('tv_person', :'person');

SET session_replication_role = replica;
-- Each kind of write; foreign keys are not checked in this mode.
INSERT INTO tb_person VALUES (3, oracle.uuid(13), 2, 'Cy'), (4, oracle.uuid(14), 9, 'Dee');
EXECUTE "check";
UPDATE tb_city SET name = 'Lyons' WHERE pk_city = 2;
UPDATE tb_person SET fk_city = 1 WHERE pk_person = 2;
UPDATE tb_person SET pk_person = 5 WHERE pk_person = 1;
EXECUTE "check";
DELETE FROM tb_city WHERE pk_city = 1;
EXECUTE "check";
INSERT INTO tb_city VALUES (1, oracle.uuid(1), 'Bonn') ON CONFLICT (pk_city) DO UPDATE SET name = 'twice';
INSERT INTO tb_city VALUES (1, oracle.uuid(1), 'Bonn') ON CONFLICT (pk_city) DO UPDATE SET name = 'Bonn am Rhein';
EXECUTE "check";
COPY tb_person FROM stdin;
6	00000000-0000-0000-0000-000000000016	1	Eve
\.
EXECUTE "check";
-- Savepoints and reads in between.
BEGIN;
UPDATE tb_city SET name = 'Bonn' WHERE pk_city = 1;
SAVEPOINT a;
UPDATE tb_city SET name = 'lost';
SELECT data->>'city' AS city FROM tv_person ORDER BY pk_person;
ROLLBACK TO a;
SELECT data->>'city' AS city FROM tv_person ORDER BY pk_person;
COMMIT;
EXECUTE "check";
-- An unused change is still none.
SELECT oracle.mark('tv_person');
UPDATE tb_city SET id = oracle.uuid(99) WHERE pk_city = 2;
SELECT oracle.written('tv_person');
TRUNCATE tb_person;
EXECUTE "check";
INSERT INTO tb_person VALUES (1, oracle.uuid(11), 1, 'Ada');
EXECUTE "check";
-- A TVIEW made in this mode is a TVIEW too.
CREATE TABLE tv_city AS SELECT pk_city, id, jsonb_build_object('name', name) AS data FROM tb_city;
UPDATE tb_city SET name = name || '!';
EXECUTE "check";
-- The mode changes within a transaction, before the flush.
BEGIN;
UPDATE tb_city SET name = 'in replica' WHERE pk_city = 1;
SET LOCAL session_replication_role = origin;
UPDATE tb_city SET name = 'in origin' WHERE pk_city = 2;
COMMIT;
SELECT oracle.check('tv_city', 'SELECT pk_city, id, jsonb_build_object(''name'', name) FROM tb_city'), oracle.routes('tv_city');
EXECUTE "check";
-- In local mode ordinary triggers fire.
SET session_replication_role = local;
UPDATE tb_city SET name = 'in local' WHERE pk_city = 1;
EXECUTE "check";
RESET session_replication_role;
UPDATE tb_city SET name = 'Bonn' WHERE pk_city = 1;
SELECT data FROM tv_person;
EXECUTE "check";
SELECT oracle.check('tv_city', 'SELECT pk_city, id, jsonb_build_object(''name'', name) FROM tb_city');
