-- The same row gives the same document whoever writes it: settings that shape text
-- are those of the creation.
\set SHOW_CONTEXT never
CREATE SCHEMA settings;
SET search_path = settings, public;
-- Pinned, so that the expected text depends on nothing around the test.
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'postgres';
SET default_text_search_config = 'pg_catalog.english';
SET lc_monetary = 'C';

CREATE TABLE tb_event (
    pk_event int PRIMARY KEY,
    id uuid NOT NULL,
    at timestamptz,
    day date,
    lasts interval,
    ratio float8,
    bytes bytea,
    amount money
);
CREATE INDEX ON tb_event (id);
INSERT INTO tb_event VALUES (1, oracle.uuid(1), '2024-03-01 12:00:00+00', '2024-02-01', '1 day 02:00', 0.1, '\x0102', 5);
SELECT $$
    SELECT e.pk_event, e.id, jsonb_build_object('at', e.at, 'at_text', e.at::text, 'day', e.day::text, 'local_day', e.at::date,
               'lasts', e.lasts::text, 'ratio', e.ratio::text, 'third', (1 / e.ratio / 3)::text, 'bytes', e.bytes::text,
               'words', to_tsvector('the cats')::text, 'amount', e.amount::text) AS data
    FROM tb_event e
$$ AS event \gset
CREATE TABLE tv_event AS :event;
SELECT data FROM tv_event;
SELECT oracle.check('tv_event', :'event'), oracle.routes('tv_event');

-- Settings are those under which the table was filled, whatever they are when its transaction commits.
BEGIN;
CREATE TABLE tv_moment AS SELECT pk_event AS pk_moment, id, to_jsonb(at::text) AS data FROM tb_event;
SET LOCAL TimeZone = 'Asia/Tokyo';
COMMIT;
SELECT data FROM tv_moment;
UPDATE tb_event SET at = at + interval '1 hour';
SELECT oracle.check('tv_moment', 'SELECT pk_event, id, to_jsonb(at::text) FROM tb_event');
UPDATE tb_event SET at = at - interval '1 hour';
BEGIN;
CREATE TABLE tv_instant AS SELECT pk_event AS pk_instant, id, to_jsonb(at::text) AS data FROM tb_event;
SET LOCAL TimeZone = 'Asia/Tokyo';
UPDATE tb_event SET ratio = 0.1;
COMMIT;
SELECT oracle.check('tv_instant', 'SELECT pk_event, id, to_jsonb(at::text) FROM tb_event');
DROP TABLE tv_moment, tv_instant;

-- A writer with other settings, writing at commit, by a read, and by a full comparison.
SET TimeZone = 'Asia/Tokyo';
SET DateStyle = 'German';
SET IntervalStyle = 'iso_8601';
SET extra_float_digits = -10;
SET bytea_output = 'escape';
SET default_text_search_config = 'pg_catalog.simple';
INSERT INTO tb_event VALUES (2, oracle.uuid(2), '2024-03-01 23:00:00+00', '2024-02-02', 'P1DT3H', 0.3, '\x0304', 6);
BEGIN;
INSERT INTO tb_event VALUES (3, oracle.uuid(3), '2024-03-01 23:30:00+00', '2024-02-03', 'P1DT4H', 0.7, '\x05', 7);
SELECT count(*) FROM tv_event;
-- The flush leaves the session's own settings alone.
SHOW TimeZone;
SHOW DateStyle;
SHOW search_path;
COMMIT;
SHOW bytea_output;
SELECT pg_tviews_refresh('tv_event');
SELECT missing, extra, different FROM pg_tviews_verify('tv_event');
RESET extra_float_digits;
RESET bytea_output;
SET default_text_search_config = 'pg_catalog.english';
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'postgres';
SELECT data FROM tv_event ORDER BY pk_event;
SELECT oracle.check('tv_event', :'event');

-- Created under other settings, a TVIEW keeps those.
SET TimeZone = 'Asia/Tokyo';
CREATE TABLE tv_tokyo AS
SELECT e.id, jsonb_build_object('at', e.at, 'day', e.at::date) AS data FROM tb_event e;
SET TimeZone = 'UTC';
UPDATE tb_event SET at = at + interval '1 hour';
SET TimeZone = 'Asia/Tokyo';
SELECT data FROM tv_tokyo ORDER BY id;
SELECT oracle.check('tv_tokyo', 'SELECT id, jsonb_build_object(''at'', at, ''day'', at::date) FROM tb_event'), oracle.routes('tv_tokyo');
SET TimeZone = 'UTC';
SELECT oracle.check('tv_event', :'event');

-- A search_path and an operator of the writer's own change nothing either.
CREATE SCHEMA settings_hijack;
CREATE FUNCTION settings_hijack.equal(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN false;
CREATE OPERATOR settings_hijack.= (LEFTARG = int, RIGHTARG = int, FUNCTION = settings_hijack.equal);
CREATE FUNCTION settings_hijack.jsonb_build_object(VARIADIC "any") RETURNS jsonb LANGUAGE internal AS 'jsonb_build_object_noargs';
CREATE TABLE settings_hijack.tb_event (LIKE tb_event);
SET search_path = settings_hijack, pg_catalog, settings;
UPDATE settings.tb_event SET day = '2025-01-01' WHERE pk_event OPERATOR(pg_catalog.=) 2;
SET search_path = settings, public;
SELECT oracle.check('tv_event', :'event');
-- Planner settings and row limits of the session are harmless.
SET enable_indexscan = off;
SET enable_hashjoin = off;
SET lock_timeout = '10s';
SET statement_timeout = '60s';
SET default_transaction_isolation = 'serializable';
SET plan_cache_mode = force_generic_plan;
UPDATE tb_event SET ratio = 0.9 WHERE pk_event = 1;
RESET ALL;
SET search_path = settings, public;
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'postgres';
SET default_text_search_config = 'pg_catalog.english';
SET lc_monetary = 'C';
SELECT oracle.check('tv_event', :'event');
SET default_transaction_read_only = on;
SELECT count(*) FROM tv_event;
RESET default_transaction_read_only;
-- Locale-dependent text. Only the locale C is everywhere, so that no other one can be tried here.
CREATE TABLE tb_fee (id uuid NOT NULL, fee numeric, day date);
CREATE INDEX ON tb_fee (id);
INSERT INTO tb_fee VALUES (oracle.uuid(1), 1234.5, '2024-03-01');
SET lc_numeric = 'C';
SET lc_time = 'C';
CREATE TABLE tv_fee AS
SELECT id, jsonb_build_object('fee', to_char(fee, '9G999D0'), 'day', to_char(day, 'TMMon')) AS data FROM tb_fee;
UPDATE tb_fee SET fee = 2345.6;
SELECT data FROM tv_fee;
SELECT oracle.check('tv_fee', 'SELECT id, jsonb_build_object(''fee'', to_char(fee, ''9G999D0''), ''day'', to_char(day, ''TMMon'')) FROM tb_fee'),
       oracle.routes('tv_fee');
