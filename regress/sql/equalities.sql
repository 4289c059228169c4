-- Links whose equality is not equality of what is seen: casts, several looks of one value, NULLs that
-- an expression turns into values, collations; and references that lead past the nearest query.
\set SHOW_CONTEXT never
CREATE SCHEMA equalities;
SET search_path = equalities, public;
CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE tb_a (pk_a int PRIMARY KEY, id uuid NOT NULL, t text, y int, c char(5), d text COLLATE ci);
CREATE TABLE tb_b (pk_b numeric PRIMARY KEY, id uuid NOT NULL, n numeric, x int, z int, t text);
CREATE TABLE tb_c (pk_c bigint PRIMARY KEY, id uuid NOT NULL, k int, fk int, t text);
INSERT INTO tb_a VALUES (1, oracle.uuid(1), '1.0', 0, 'q', 'x'), (2, oracle.uuid(2), '2', 7, NULL, NULL);
INSERT INTO tb_b VALUES (11, oracle.uuid(11), 1.0, NULL, 5, 'q  '), (12, oracle.uuid(12), 2, 7, 6, 'X');
INSERT INTO tb_c VALUES (21, oracle.uuid(21), 7, 1, 'q');

-- A link finer than the grouping that it would go through: the group's rows look different.
SELECT $$ SELECT a.pk_a AS pk_grouped, a.id, jsonb_build_object('n', g.c) AS data FROM tb_a a
          LEFT JOIN (SELECT n, count(*) AS c FROM tb_b GROUP BY n) g ON g.n::text = a.t $$ AS grouped,
-- An expression that has a value where its column has none.
       $$ SELECT a.pk_a AS pk_coalesced, a.id, jsonb_build_object('z', (SELECT sum(b.z)
          FROM tb_b b WHERE coalesce(b.x, 0) = a.y)) AS data FROM tb_a a $$ AS coalesced,
-- Arms of different types under one key.
       $$ SELECT pk_a AS pk_arms, id, jsonb_build_object('t', t) AS data FROM tb_a
          UNION ALL SELECT pk_b, id, jsonb_build_object('t', t) FROM tb_b $$ AS arms,
-- Casts to a type with another equality: blanks at the end of char(n) do not count.
       $$ SELECT a.pk_a AS pk_padded, a.id, jsonb_build_object('z', (SELECT sum(b.z)
          FROM tb_b b WHERE b.t::bpchar = a.c)) AS data FROM tb_a a $$ AS padded,
-- A collation that a set operation takes from one arm only.
       $$ SELECT a.pk_a AS pk_collated, a.id, jsonb_build_object('n', (SELECT count(*) FROM
          (SELECT t FROM tb_b UNION ALL SELECT t COLLATE ci FROM tb_c) s WHERE s.t = a.d)) AS data FROM tb_a a $$ AS collated,
-- A reference to the merged column of a join around the subquery.
       $$ SELECT c.pk_c AS pk_outer, c.id, jsonb_build_object('n', (SELECT count(*) FROM tb_a a JOIN (SELECT y, z FROM tb_b) b USING (y)
          WHERE NOT EXISTS (SELECT FROM tb_c i WHERE i.k = y AND i.fk = c.fk))) AS data FROM tb_c c $$ AS outer,
-- A WITH query read twice, with a subquery of its own.
       $$ WITH w AS (SELECT b.x, (SELECT count(*) FROM tb_c c WHERE c.k = b.x) AS n FROM tb_b b)
          SELECT a.pk_a AS pk_twice, a.id, jsonb_build_object('one', v.n, 'two', w.n) AS data
          FROM tb_a a LEFT JOIN w v ON v.x = a.y LEFT JOIN w ON w.x = a.pk_a $$ AS twice \gset
SELECT replace(:'outer', 'SELECT y, z FROM tb_b', 'SELECT x AS y, z FROM tb_b') AS outer \gset
CREATE TABLE tv_grouped AS :grouped;
CREATE TABLE tv_coalesced AS :coalesced;
CREATE TABLE tv_arms AS :arms;
CREATE TABLE tv_padded AS :padded;
CREATE TABLE tv_collated AS :collated;
CREATE TABLE tv_outer AS :outer;
CREATE TABLE tv_twice AS :twice;
SELECT oracle.routes('tv_grouped') AS grouped, oracle.routes('tv_coalesced') AS coalesced, oracle.routes('tv_arms') AS arms, oracle.routes('tv_padded') AS padded;
SELECT oracle.routes('tv_collated') AS collated, oracle.routes('tv_outer') AS outer, oracle.routes('tv_twice') AS twice;
PREPARE checks AS
SELECT oracle.check('tv_grouped', :'grouped') AS grouped, oracle.check('tv_coalesced', :'coalesced') AS coalesced,
       oracle.check('tv_arms', :'arms') AS arms, oracle.check('tv_padded', :'padded') AS padded,
       oracle.check('tv_collated', :'collated') AS collated, oracle.check('tv_outer', :'outer') AS outer, oracle.check('tv_twice', :'twice') AS twice;
EXECUTE checks;
INSERT INTO tb_b VALUES (13, oracle.uuid(13), 1.00, NULL, 8, 'x ');
EXECUTE checks;
UPDATE tb_b SET n = 1.00, x = 1 WHERE pk_b = 12;
EXECUTE checks;
UPDATE tb_b SET x = NULL, t = 'q ' WHERE pk_b IN (12, 13);
EXECUTE checks;
INSERT INTO tb_c VALUES (22, oracle.uuid(22), 1, 2, 'X');
EXECUTE checks;
UPDATE tb_a SET t = '1.00', y = 1, c = 'q  ', d = 'Q' WHERE pk_a = 2;
EXECUTE checks;
UPDATE tb_c SET k = 1, t = 'q' WHERE pk_c = 21;
EXECUTE checks;
DELETE FROM tb_b WHERE pk_b = 11;
DELETE FROM tb_c WHERE pk_c = 22;
EXECUTE checks;

-- Under REPEATABLE READ a query goes on seeing what it began with, though a flush came before it and
-- writes come while it runs; over more than one page.
CREATE TABLE tb_many (pk_many int PRIMARY KEY, id uuid NOT NULL, n int);
INSERT INTO tb_many SELECT i, oracle.uuid(i), 0 FROM generate_series(1, 1000) i;
CREATE TABLE tv_many AS SELECT pk_many, id, jsonb_build_object('n', n) AS data FROM tb_many;
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE tb_many SET n = 1 WHERE pk_many < 10;
DO $$
DECLARE
    rows int := 0;
    seen int := 0;
    r record;
BEGIN
    FOR r IN SELECT (data->>'n')::int AS n FROM tv_many LOOP
        rows := rows + 1;
        seen := seen + r.n;
        IF rows = 1 THEN
            UPDATE tb_many SET n = 2;
            PERFORM count(*) FROM tv_many WHERE (data->>'n')::int = 2;
        END IF;
    END LOOP;
    RAISE NOTICE '% rows, sum %', rows, seen;
END
$$;
SELECT count(*), sum((data->>'n')::int) FROM tv_many;
COMMIT;
SELECT oracle.check('tv_many', 'SELECT pk_many, id, jsonb_build_object(''n'', n) FROM tb_many'), oracle.routes('tv_many');

-- A row that others refer to is updated in place, also where a unique index beside the key changes.
CREATE TABLE tb_code (pk_code int PRIMARY KEY, id uuid NOT NULL, code text);
INSERT INTO tb_code VALUES (1, oracle.uuid(1), 'a'), (2, oracle.uuid(2), 'b');
CREATE TABLE tv_code AS SELECT pk_code, id, code, jsonb_build_object('name', code) AS data FROM tb_code;
CREATE UNIQUE INDEX ON tv_code (code);
CREATE TABLE note (fk_code int REFERENCES tv_code ON DELETE CASCADE);
INSERT INTO note VALUES (1);
UPDATE tb_code SET code = 'c' WHERE pk_code = 1;
SELECT count(*) AS notes FROM note;
SELECT oracle.check('tv_code', 'SELECT pk_code, id, code, jsonb_build_object(''name'', code) FROM tb_code'), oracle.routes('tv_code');

-- Plain EXPLAIN options that are wrong are PostgreSQL's to refuse.
EXPLAIN (ANALYZE nonsense) CREATE TABLE tv_never AS SELECT 1;
