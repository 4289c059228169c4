-- Expressions that fail for some rows: those that the query leaves out do not concern the writer.
\set SHOW_CONTEXT never
CREATE SCHEMA failing_expressions;
SET search_path = failing_expressions, public;

CREATE TABLE tb_part (pk int PRIMARY KEY, id uuid NOT NULL, fk_box int, size int, code text);
CREATE INDEX ON tb_part (id);
CREATE INDEX ON tb_part (fk_box);
CREATE TABLE tb_box (pk int PRIMARY KEY);
CREATE TABLE tb_code (pk int PRIMARY KEY, label text);
INSERT INTO tb_box VALUES (1);
INSERT INTO tb_part VALUES (1, oracle.uuid(1), 1, 5, '7');
-- Left out by a condition on the table itself, in the key and in a link.
SELECT $$
    SELECT 100 / p.size AS pk_share, p.id, '{}'::jsonb AS data FROM tb_part p WHERE p.size <> 0
$$ AS share,
$$
    SELECT c.pk AS pk_number, oracle.uuid(c.pk) AS id, jsonb_build_object('parts', (
        SELECT count(*) FROM tb_part p WHERE p.code ~ '^[0-9]+$' AND p.code::int = c.pk)) AS data
    FROM tb_code c
$$ AS number,
-- Left out by a join.
$$
    SELECT 100 / p.size AS pk_boxed, p.id, '{}'::jsonb AS data FROM tb_part p JOIN tb_box b ON b.pk = p.fk_box
$$ AS boxed,
$$
    SELECT p.id, jsonb_build_object('label', (SELECT c.label FROM tb_code c WHERE c.pk = p.code::int)) AS data
    FROM tb_part p JOIN tb_box b ON b.pk = p.fk_box
$$ AS labelled \gset
CREATE TABLE tv_share AS :share;
CREATE TABLE tv_number AS :number;
CREATE TABLE tv_boxed AS :boxed;
CREATE TABLE tv_labelled AS :labelled;
SELECT oracle.routes('tv_share') AS share, oracle.routes('tv_number') AS number;
SELECT oracle.routes('tv_boxed') AS boxed, oracle.routes('tv_labelled') AS labelled;
PREPARE checks AS
SELECT oracle.check('tv_share', :'share') AS share, oracle.check('tv_number', :'number') AS number,
       oracle.check('tv_boxed', :'boxed') AS boxed, oracle.check('tv_labelled', :'labelled') AS labelled;

INSERT INTO tb_part VALUES (2, oracle.uuid(2), NULL, 0, 'seven');
EXECUTE checks;
INSERT INTO tb_code VALUES (7, 'seven'), (8, 'eight');
EXECUTE checks;
BEGIN;
SAVEPOINT s;
INSERT INTO tb_part VALUES (3, oracle.uuid(3), NULL, 0, 'three');
SELECT count(*) FROM tv_boxed;
ROLLBACK TO s;
EXECUTE checks;
INSERT INTO tb_part VALUES (3, oracle.uuid(3), NULL, 0, 'three');
RELEASE s;
UPDATE tb_part SET code = '8' WHERE pk = 1;
COMMIT;
EXECUTE checks;
BEGIN;
UPDATE tb_part SET size = 4, fk_box = 1, code = '7' WHERE pk = 2;
PREPARE TRANSACTION 'failing_expressions';
COMMIT PREPARED 'failing_expressions';
EXECUTE checks;
-- What the query shows fails as the query does.
\set VERBOSITY sqlstate
INSERT INTO tb_part VALUES (4, oracle.uuid(4), 1, 0, '7');
\set VERBOSITY default
DO $$
BEGIN
    BEGIN
        INSERT INTO tb_part VALUES (4, oracle.uuid(4), 1, 0, '7');
        PERFORM FROM tv_boxed;
    EXCEPTION WHEN division_by_zero THEN
        RAISE NOTICE 'caught';
    END;
    INSERT INTO tb_part VALUES (4, oracle.uuid(4), 1, 3, '7');
END
$$;
EXECUTE checks;
-- Where such rows are there already, the creator is told what it costs.
CREATE TABLE tv_warned AS SELECT 100 / p.size AS pk_warned, p.id, '{}'::jsonb AS data FROM tb_part p JOIN tb_box b ON b.pk = p.fk_box;
UPDATE tb_part SET size = 50, code = '9' WHERE size = 0;
SELECT oracle.check('tv_warned', :'boxed') AS warned;
