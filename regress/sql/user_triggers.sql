-- Triggers of the user's around ours: on the sources, on the TVIEW, and deferred.
\set SHOW_CONTEXT never
CREATE SCHEMA user_triggers;
SET search_path = user_triggers, public;

CREATE TABLE tb_account (pk_account int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL, slug text, entries int NOT NULL DEFAULT 0);
CREATE TABLE tb_entry (pk_entry int PRIMARY KEY, id uuid NOT NULL, fk_account int NOT NULL, amount numeric NOT NULL);
CREATE INDEX ON tb_entry (fk_account);
CREATE TABLE tb_alarm (pk_alarm int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, fk_account int NOT NULL, reason text NOT NULL);
CREATE INDEX ON tb_alarm (fk_account);
CREATE TABLE log (pk int GENERATED ALWAYS AS IDENTITY, line text);
CREATE INDEX ON log (pk);
INSERT INTO tb_account VALUES (1, oracle.uuid(1), 'Cash'), (2, oracle.uuid(2), 'Bank');
SELECT $$
    SELECT a.pk_account, a.id, jsonb_build_object('name', a.name, 'slug', a.slug, 'entries', a.entries,
               'balance', (SELECT sum(e.amount) FROM tb_entry e WHERE e.fk_account = a.pk_account),
               'alarms', (SELECT jsonb_agg(m.reason ORDER BY m.pk_alarm) FROM tb_alarm m WHERE m.fk_account = a.pk_account)) AS data
    FROM tb_account a
$$ AS account \gset
CREATE TABLE tv_account AS :account;
SELECT oracle.routes('tv_account');
PREPARE "check" AS SELECT oracle.check('tv_account', :'account');

-- A BEFORE trigger that changes another column than the statement named.
CREATE FUNCTION set_slug() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.slug := lower(NEW.name);
    RETURN NEW;
END
$$;
CREATE TRIGGER set_slug BEFORE INSERT OR UPDATE ON tb_account FOR EACH ROW EXECUTE FUNCTION set_slug();
UPDATE tb_account SET name = 'CASH' WHERE pk_account = 1;
-- Only the trigger changes anything that shows.
UPDATE tb_account SET name = name WHERE pk_account = 2;
SELECT data FROM tv_account ORDER BY pk_account;
EXECUTE "check";
-- A BEFORE trigger that suppresses the row.
CREATE FUNCTION refuse_negative() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.amount = 0 THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER refuse_negative BEFORE INSERT OR UPDATE ON tb_entry FOR EACH ROW EXECUTE FUNCTION refuse_negative();
-- An AFTER trigger that writes another source; it sorts before our triggers and, as zz, after them.
CREATE FUNCTION count_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tb_account SET entries = entries + 1 WHERE pk_account = NEW.fk_account;
    RETURN NULL;
END
$$;
CREATE TRIGGER aa_count_entries AFTER INSERT ON tb_entry FOR EACH ROW EXECUTE FUNCTION count_entries();
CREATE TRIGGER zz_count_entries AFTER INSERT ON tb_entry FOR EACH ROW EXECUTE FUNCTION count_entries();
INSERT INTO tb_entry VALUES (1, oracle.uuid(11), 1, 10.0), (2, oracle.uuid(12), 1, 0), (3, oracle.uuid(13), 2, 5.00);
SELECT data FROM tv_account ORDER BY pk_account;
EXECUTE "check";
-- An AFTER statement trigger that changes the same rows again.
CREATE FUNCTION round_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tb_entry e SET amount = ceil(e.amount) FROM fresh f WHERE f.pk_entry = e.pk_entry AND e.amount <> ceil(e.amount);
    RETURN NULL;
END
$$;
CREATE TRIGGER round_up AFTER UPDATE ON tb_entry REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT
WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION round_up();
UPDATE tb_entry SET amount = amount / 4;
SELECT data->'balance' AS balance FROM tv_account ORDER BY pk_account;
EXECUTE "check";
-- A trigger that reads the TVIEW after each row, in the middle of the statement, and one after it.
CREATE FUNCTION read_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO log (line)
    SELECT format('%s %s: balance %s', TG_WHEN, TG_LEVEL, data->>'balance') FROM tv_account WHERE pk_account = 1;
    RETURN NULL;
END
$$;
CREATE TRIGGER aa_read_row AFTER DELETE ON tb_entry FOR EACH ROW EXECUTE FUNCTION read_balance();
CREATE TRIGGER zz_read_statement AFTER DELETE ON tb_entry FOR EACH STATEMENT EXECUTE FUNCTION read_balance();
INSERT INTO tb_entry VALUES (9, oracle.uuid(19), 1, 4);
-- A read sees completed statements: while rows go, the balance is that of before.
DELETE FROM tb_entry WHERE fk_account = 1;
SELECT line FROM log ORDER BY pk;
DROP TRIGGER aa_read_row ON tb_entry;
EXECUTE "check";

-- A deferred constraint trigger that writes a source, after the flush at commit began.
CREATE FUNCTION raise_alarm() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tb_alarm (fk_account, reason) VALUES (NEW.fk_account, 'large: ' || NEW.amount);
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER raise_alarm AFTER INSERT ON tb_entry DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.amount > 100) EXECUTE FUNCTION raise_alarm();
INSERT INTO tb_entry VALUES (4, oracle.uuid(14), 1, 150);
EXECUTE "check";
BEGIN;
INSERT INTO tb_entry VALUES (5, oracle.uuid(15), 2, 170);
SELECT data->'alarms' AS alarms FROM tv_account WHERE pk_account = 2;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT data->'alarms' AS alarms FROM tv_account WHERE pk_account = 2;
COMMIT;
EXECUTE "check";
-- One that reads the TVIEW, and refuses what it finds there.
CREATE FUNCTION refuse_debt() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    balance numeric;
BEGIN
    SELECT (data->>'balance')::numeric INTO balance FROM tv_account WHERE pk_account = NEW.fk_account;
    IF balance < 0 THEN
        RAISE EXCEPTION 'account % would be at %', NEW.fk_account, balance;
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER refuse_debt AFTER INSERT OR UPDATE ON tb_entry DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION refuse_debt();
BEGIN;
INSERT INTO tb_entry VALUES (6, oracle.uuid(16), 1, -1000);
INSERT INTO tb_entry VALUES (7, oracle.uuid(17), 1, 900);
COMMIT;
INSERT INTO tb_entry VALUES (8, oracle.uuid(18), 1, -2000);
SELECT data FROM tv_account ORDER BY pk_account;
EXECUTE "check";

-- A trigger on the TVIEW that logs: one row of the log for each document written.
CREATE FUNCTION log_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO user_triggers.log (line)
    VALUES (format('%s %s', TG_OP, CASE TG_OP WHEN 'DELETE' THEN OLD.data->>'name' ELSE NEW.data->>'name' END));
    RETURN NULL;
END
$$;
TRUNCATE log RESTART IDENTITY;
CREATE TRIGGER log_document AFTER INSERT OR UPDATE OR DELETE ON tv_account FOR EACH ROW EXECUTE FUNCTION log_document();
UPDATE tb_account SET name = 'Purse' WHERE pk_account = 1;
INSERT INTO tb_account VALUES (3, oracle.uuid(3), 'Safe');
DELETE FROM tb_account WHERE pk_account = 3;
UPDATE tb_account SET name = name;
SELECT line FROM log ORDER BY pk;
EXECUTE "check";
-- One that writes another source: the TVIEW of the log follows in the same transaction.
SELECT $$
    SELECT ('00000000-0000-0000-0000-' || lpad(l.pk::text, 12, '0'))::uuid AS id, l.pk AS pk_line,
           jsonb_build_object('name', l.line) AS data
    FROM log l
$$ AS line \gset
CREATE TABLE tv_line AS :line;
UPDATE tb_account SET name = 'Wallet' WHERE pk_account = 1;
SELECT data->>'name' AS name FROM tv_line ORDER BY pk_line DESC LIMIT 1;
SELECT oracle.check('tv_line', :'line'), oracle.routes('tv_line');
-- One that writes a source of the same TVIEW: refreshed until nothing is owed.
CREATE FUNCTION alarm_on_rename() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.data->>'name' <> OLD.data->>'name' THEN
        INSERT INTO user_triggers.tb_alarm (fk_account, reason) VALUES (NEW.pk_account, 'renamed');
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER alarm_on_rename AFTER UPDATE ON tv_account FOR EACH ROW EXECUTE FUNCTION alarm_on_rename();
UPDATE tb_account SET name = 'Till' WHERE pk_account = 1;
SELECT data->'alarms' AS alarms FROM tv_account WHERE pk_account = 1;
EXECUTE "check";
-- The same when a read flushes.
BEGIN;
UPDATE tb_account SET name = 'Drawer' WHERE pk_account = 1;
SELECT data->'alarms' AS alarms FROM tv_account WHERE pk_account = 1;
SELECT data->'alarms' AS alarms FROM tv_account WHERE pk_account = 1;
COMMIT;
EXECUTE "check";
SELECT oracle.check('tv_line', :'line');
-- A deferred trigger on the TVIEW, queued by the flush at commit.
CREATE FUNCTION log_deferred() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO user_triggers.log (line) VALUES ('deferred ' || (NEW.data->>'name'));
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER log_deferred AFTER UPDATE ON tv_account DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION log_deferred();
UPDATE tb_account SET name = 'Chest' WHERE pk_account = 1;
SELECT count(*) FROM log WHERE line = 'deferred Chest';
SELECT oracle.check('tv_line', :'line');
EXECUTE "check";
-- One that fails takes the write with it, and leaves nothing owed.
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'not this document';
END
$$;
CREATE TRIGGER fail AFTER UPDATE ON tv_account FOR EACH ROW WHEN (NEW.data->>'name' = 'bad') EXECUTE FUNCTION fail();
UPDATE tb_account SET name = 'bad' WHERE pk_account = 1;
UPDATE tb_account SET name = 'Good' WHERE pk_account = 2;
SELECT data->>'name' AS name FROM tv_account ORDER BY pk_account;
EXECUTE "check";
-- An AFTER trigger may look; it sees two writes because a rename raises an alarm.
CREATE FUNCTION look_at_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE 'sees %', NEW.data->>'name';
    RETURN NEW;
END
$$;
CREATE TRIGGER look_at_document AFTER UPDATE ON tv_account FOR EACH ROW EXECUTE FUNCTION look_at_document();
UPDATE tb_account SET name = 'Better' WHERE pk_account = 2;
DROP TRIGGER look_at_document ON tv_account;
EXECUTE "check";
-- A BEFORE trigger could alter the document, or keep it from being written: it is refused.
CREATE FUNCTION alter_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.data := NEW.data || '{"altered": true}';
    RETURN NEW;
END
$$;
CREATE FUNCTION keep_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RETURN NULL;
END
$$;
CREATE TRIGGER alter_document BEFORE UPDATE ON tv_account FOR EACH ROW EXECUTE FUNCTION alter_document();
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER keep_document BEFORE INSERT OR UPDATE OR DELETE ON tv_account FOR EACH ROW EXECUTE FUNCTION keep_document();
-- Also one that was disabled when it was made.
ALTER TABLE tv_account DISABLE TRIGGER USER;
CREATE TRIGGER keep_document BEFORE INSERT OR UPDATE OR DELETE ON tv_account FOR EACH ROW EXECUTE FUNCTION keep_document();
ALTER TABLE tv_account ENABLE TRIGGER USER;
UPDATE tb_account SET name = 'Kept' WHERE pk_account = 2;
INSERT INTO tb_account VALUES (4, oracle.uuid(4), 'Kept out');
EXECUTE "check";
-- A rule on a source redirects the write.
CREATE TABLE tb_mail (pk_mail int PRIMARY KEY, id uuid, name text);
CREATE VIEW mail_box AS SELECT * FROM tb_mail;
CREATE RULE mail_in AS ON INSERT TO mail_box DO INSTEAD INSERT INTO tb_mail VALUES (NEW.pk_mail, NEW.id, upper(NEW.name));
CREATE TABLE tv_mail AS SELECT pk_mail, id, jsonb_build_object('name', name) AS data FROM tb_mail;
INSERT INTO mail_box VALUES (1, oracle.uuid(1), 'hello');
SELECT data FROM tv_mail;
SELECT oracle.check('tv_mail', 'SELECT pk_mail, id, jsonb_build_object(''name'', name) FROM tb_mail'), oracle.routes('tv_mail');
-- NOTIFY from a trigger on the TVIEW is allowed during the flush.
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('regress_tviews', NEW.data->>'name');
    RETURN NULL;
END
$$;
CREATE TRIGGER tell AFTER UPDATE ON tv_mail FOR EACH ROW EXECUTE FUNCTION tell();
UPDATE tb_mail SET name = 'HELLO AGAIN';
SELECT oracle.check('tv_mail', 'SELECT pk_mail, id, jsonb_build_object(''name'', name) FROM tb_mail');
EXECUTE "check";
