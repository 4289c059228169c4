-- PREPARE TRANSACTION flushes and converts; the prepared transaction carries the result.
\set SHOW_CONTEXT never
CREATE SCHEMA two_phase;
SET search_path = two_phase, public;
-- A prepared transaction that should not be there must not make the suite hang.
SET lock_timeout = '20s';

CREATE TABLE tb_item (pk_item int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL);
CREATE INDEX ON tb_item (id);
INSERT INTO tb_item VALUES (1, oracle.uuid(1), 'Cup'), (2, oracle.uuid(2), 'Jug');
SELECT $$ SELECT i.pk_item, i.id, jsonb_build_object('name', i.name) AS data FROM tb_item i $$ AS item \gset
CREATE TABLE tv_item AS :item;
SELECT oracle.routes('tv_item');
-- A server that allows no prepared transactions has nothing more to show.
SELECT current_setting('max_prepared_transactions')::int = 0 AS none \gset
\if :none
\quit
\endif

-- Committed later.
BEGIN;
UPDATE tb_item SET name = 'Mug' WHERE pk_item = 1;
PREPARE TRANSACTION 'regress_tviews_1';
SELECT data FROM tv_item ORDER BY pk_item;
SELECT oracle.check('tv_item', :'item');
COMMIT PREPARED 'regress_tviews_1';
SELECT data FROM tv_item ORDER BY pk_item;
SELECT oracle.check('tv_item', :'item');
-- Rolled back later.
BEGIN;
DELETE FROM tb_item WHERE pk_item = 2;
INSERT INTO tb_item VALUES (3, oracle.uuid(3), 'Pot');
PREPARE TRANSACTION 'regress_tviews_2';
ROLLBACK PREPARED 'regress_tviews_2';
SELECT oracle.check('tv_item', :'item');
-- After a read, with a savepoint, and with another write of the same session between.
BEGIN;
UPDATE tb_item SET name = 'Bowl' WHERE pk_item = 1;
SELECT data->>'name' AS name FROM tv_item ORDER BY pk_item;
SAVEPOINT a;
UPDATE tb_item SET name = 'lost' WHERE pk_item = 1;
SELECT data->>'name' AS name FROM tv_item ORDER BY pk_item;
ROLLBACK TO a;
PREPARE TRANSACTION 'regress_tviews_3';
UPDATE tb_item SET name = 'Jar' WHERE pk_item = 2;
COMMIT PREPARED 'regress_tviews_3';
SELECT data->>'name' AS name FROM tv_item ORDER BY pk_item;
SELECT oracle.check('tv_item', :'item');
-- A conversion that is prepared; rolled back it leaves an ordinary nothing.
BEGIN;
CREATE TABLE tv_prepared AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_item;
PREPARE TRANSACTION 'regress_tviews_4';
COMMIT PREPARED 'regress_tviews_4';
SELECT * FROM oracle.kinds('tv_prepared');
UPDATE tb_item SET name = 'Vase' WHERE pk_item = 2;
SELECT oracle.check('tv_prepared', 'SELECT id, jsonb_build_object(''name'', name) FROM tb_item');
BEGIN;
CREATE TABLE tv_unprepared AS SELECT id, jsonb_build_object('name', name) AS data FROM tb_item;
PREPARE TRANSACTION 'regress_tviews_5';
ROLLBACK PREPARED 'regress_tviews_5';
SELECT * FROM oracle.kinds('tv_unprepared');
-- A flush that fails fails the PREPARE, and with it the transaction.
ALTER TABLE tv_item ADD CHECK (data->>'name' <> 'forbidden');
BEGIN;
UPDATE tb_item SET name = 'forbidden' WHERE pk_item = 1;
\set VERBOSITY sqlstate
PREPARE TRANSACTION 'regress_tviews_6';
\set VERBOSITY default
ROLLBACK;
SELECT count(*) FROM pg_prepared_xacts WHERE gid LIKE 'regress_tviews%';
-- A deferred trigger of the user's that writes when it is prepared.
CREATE FUNCTION add_lid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tb_item VALUES (NEW.pk_item + 100, oracle.uuid(NEW.pk_item + 100), 'lid of ' || NEW.name);
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER add_lid AFTER INSERT ON tb_item DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.pk_item < 100) EXECUTE FUNCTION add_lid();
BEGIN;
INSERT INTO tb_item VALUES (5, oracle.uuid(5), 'Pan');
PREPARE TRANSACTION 'regress_tviews_7';
COMMIT PREPARED 'regress_tviews_7';
SELECT data->>'name' AS name FROM tv_item ORDER BY pk_item;
SELECT oracle.check('tv_item', :'item');
-- A transaction that changed nothing can be prepared as well.
BEGIN;
SELECT count(*) FROM tv_item;
PREPARE TRANSACTION 'regress_tviews_8';
COMMIT PREPARED 'regress_tviews_8';
-- Dropped, so that the number of TVIEWs is the same where nothing could be prepared.
DROP TABLE tv_prepared;
SELECT oracle.check('tv_item', :'item'), oracle.routes('tv_item');
