-- Functions and operators that fit a call better than the one that the query means come later: statements that are parsed
-- again then mean them, but the TVIEW goes on equalling its query, whose view holds on to its own.
\set SHOW_CONTEXT never
CREATE SCHEMA overloads;
SET search_path = overloads, public;
CREATE TABLE tb_owner (pk_owner int PRIMARY KEY, name text NOT NULL);
CREATE TABLE tb_line (pk_line int PRIMARY KEY, id uuid NOT NULL, fk_owner int NOT NULL, quantity int NOT NULL);
CREATE INDEX ON tb_line (fk_owner);
INSERT INTO tb_owner VALUES (1, 'Ada'), (2, 'Bea');
INSERT INTO tb_line SELECT n, oracle.uuid(n), 1 + n % 2, n FROM generate_series(1, 4) n;
CREATE FUNCTION label(v anyelement) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 'any ' || v; END $$;
CREATE FUNCTION owner_of(v anyelement) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT v::int';
CREATE FUNCTION twice(v anyelement, n int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN repeat(v::text, n); END $$;
CREATE OPERATOR #*# (LEFTARG = anyelement, RIGHTARG = int, FUNCTION = twice);
CREATE INDEX ON tb_line ((owner_of(fk_owner)));

-- A query with windows, and a link by an expression.
CREATE TABLE tv_line AS
SELECT pk_line, id, jsonb_build_object('label', label(quantity), 'twice', quantity #*# 2,
    'rank', row_number() OVER (PARTITION BY fk_owner ORDER BY quantity)) AS data
FROM tb_line;
CREATE TABLE tv_owned AS
SELECT l.pk_line AS pk_owned, l.id, jsonb_build_object('owner', o.name) AS data
FROM tb_line l JOIN tb_owner o ON o.pk_owner = owner_of(l.fk_owner);
SELECT source, route FROM pg_tviews_explain('tv_line') UNION ALL SELECT source, route FROM pg_tviews_explain('tv_owned');

CREATE FUNCTION label(v int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 'int ' || v; END $$;
CREATE FUNCTION owner_of(v int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT v + 1000';
CREATE FUNCTION thrice(v int, n int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN repeat(v::text, 3); END $$;
CREATE OPERATOR #*# (LEFTARG = int, RIGHTARG = int, FUNCTION = thrice);
-- In the session that made them, which refreshes for the first time; and after its plans were invalidated.
UPDATE tb_line SET quantity = quantity + 10 WHERE pk_line = 1;
UPDATE tb_owner SET name = name || '!';
SELECT * FROM pg_tviews_verify('tv_line') UNION ALL SELECT * FROM pg_tviews_verify('tv_owned');
ANALYZE tb_line, tb_owner;
UPDATE tb_line SET quantity = quantity + 10 WHERE pk_line = 1;
UPDATE tb_owner SET name = name || '!';
SELECT * FROM pg_tviews_verify('tv_line') UNION ALL SELECT * FROM pg_tviews_verify('tv_owned');
-- A new session has none.
\c -
\set SHOW_CONTEXT never
SET search_path = overloads, public;
UPDATE tb_line SET quantity = quantity + 10 WHERE pk_line = 1;
UPDATE tb_owner SET name = name || '!';
SELECT * FROM pg_tviews_verify('tv_line') UNION ALL SELECT * FROM pg_tviews_verify('tv_owned');
SELECT data FROM tv_line ORDER BY pk_line;
SELECT data FROM tv_owned ORDER BY pk_owned;
-- Renamed, they stand in nobody's way.
ALTER FUNCTION label(int) RENAME TO label_int;
ALTER FUNCTION owner_of(int) RENAME TO owner_of_int;
DROP OPERATOR #*# (int, int);
UPDATE tb_line SET quantity = quantity + 10 WHERE pk_line = 1;
UPDATE tb_owner SET name = name || '!';
SELECT * FROM pg_tviews_verify('tv_line') UNION ALL SELECT * FROM pg_tviews_verify('tv_owned');
-- A call that has become ambiguous is an error, which names the TVIEW.
CREATE FUNCTION owner_of(v int, w int DEFAULT 0) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT v + 1000';
CREATE FUNCTION owner_of(v int, w text DEFAULT '') RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT v + 2000';
\c -
\set SHOW_CONTEXT never
SET search_path = overloads, public;
\set SHOW_CONTEXT errors
UPDATE tb_owner SET name = name || '!';
SELECT * FROM pg_tviews_verify('tv_owned');
DROP FUNCTION owner_of(int, int), owner_of(int, text);
