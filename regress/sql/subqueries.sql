-- Correlated subqueries: scalar, EXISTS, NOT EXISTS, IN, nested, LATERAL.
\set SHOW_CONTEXT never
CREATE SCHEMA subqueries;
SET search_path = subqueries, public;

CREATE TABLE tb_project (pk_project int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL);
CREATE INDEX ON tb_project (id);
CREATE TABLE tb_task (
    pk_task int PRIMARY KEY,
    id uuid NOT NULL,
    fk_project int,
    title text NOT NULL,
    done boolean NOT NULL DEFAULT false,
    rank int NOT NULL DEFAULT 0
);
CREATE INDEX ON tb_task (fk_project);
CREATE INDEX ON tb_task (id);
CREATE INDEX ON tb_task ((fk_project + 1));
CREATE TABLE tb_comment (pk_comment int PRIMARY KEY, fk_task int, body text NOT NULL);
CREATE INDEX ON tb_comment (fk_task);
INSERT INTO tb_project VALUES (1, oracle.uuid(1), 'Bridge'), (2, oracle.uuid(2), 'Tunnel'), (3, oracle.uuid(3), 'Empty');
INSERT INTO tb_task VALUES
    (1, oracle.uuid(11), 1, 'Plan', true, 3), (2, oracle.uuid(12), 1, 'Build', false, 2),
    (3, oracle.uuid(13), 2, 'Dig', false, 1), (4, oracle.uuid(14), NULL, 'Stray', false, 9), (5, oracle.uuid(15), 1, 'Test', false, 1);
INSERT INTO tb_comment VALUES (1, 1, 'good'), (2, 1, 'fine'), (3, 3, 'wet'), (4, NULL, 'lost');

-- A scalar subquery with an aggregate, and one without.
SELECT $$
    SELECT p.pk_project AS pk_scalar, p.id, jsonb_build_object('name', p.name,
               'open', (SELECT count(*) FROM tb_task t WHERE t.fk_project = p.pk_project AND NOT t.done),
               'tasks', (SELECT jsonb_agg(t.title ORDER BY t.rank, t.pk_task) FROM tb_task t WHERE t.fk_project = p.pk_project)) AS data
    FROM tb_project p
$$ AS scalar \gset
CREATE TABLE tv_scalar AS :scalar;
SELECT $$
    SELECT t.pk_task AS pk_lone, t.id,
           jsonb_build_object('name', t.title, 'project', (SELECT p.name FROM tb_project p WHERE p.pk_project = t.fk_project)) AS data
    FROM tb_task t
$$ AS lone \gset
CREATE TABLE tv_lone AS :lone;
-- An ARRAY subquery.
SELECT $$
    SELECT p.id, ARRAY(SELECT t.title FROM tb_task t WHERE t.fk_project = p.pk_project ORDER BY t.title) AS titles,
           jsonb_build_object('name', p.name) AS data
    FROM tb_project p
$$ AS array_query \gset
CREATE TABLE tv_array AS :array_query;
-- EXISTS and NOT EXISTS, in WHERE and in the select list.
SELECT $$
    SELECT p.pk_project AS pk_exists, p.id, jsonb_build_object('name', p.name) AS data
    FROM tb_project p WHERE EXISTS (SELECT FROM tb_task t WHERE t.fk_project = p.pk_project AND t.done)
$$ AS exists_query,
$$
    SELECT p.pk_project AS pk_not_exists, p.id, jsonb_build_object('name', p.name) AS data
    FROM tb_project p WHERE NOT EXISTS (SELECT FROM tb_task t WHERE t.fk_project = p.pk_project AND NOT t.done)
$$ AS not_exists,
$$
    SELECT p.pk_project AS pk_shown, p.id, jsonb_build_object('name', p.name,
               'busy', EXISTS (SELECT FROM tb_task t WHERE t.fk_project = p.pk_project AND NOT t.done)) AS data
    FROM tb_project p
$$ AS shown \gset
CREATE TABLE tv_exists AS :exists_query;
CREATE TABLE tv_not_exists AS :not_exists;
CREATE TABLE tv_shown AS :shown;
-- EXISTS under OR: the equality inside still ties the task to the project.
SELECT $$
    SELECT p.pk_project AS pk_either, p.id, jsonb_build_object('name', p.name) AS data
    FROM tb_project p WHERE p.name = 'Empty' OR EXISTS (SELECT FROM tb_task t WHERE t.fk_project = p.pk_project)
$$ AS either \gset
CREATE TABLE tv_either AS :either;
-- IN and = ANY.
SELECT $$
    SELECT t.pk_task AS pk_in, t.id, jsonb_build_object('name', t.title) AS data
    FROM tb_task t WHERE t.fk_project IN (SELECT p.pk_project FROM tb_project p WHERE p.name <> 'Tunnel')
$$ AS in_query,
$$
    SELECT t.pk_task AS pk_any, t.id, jsonb_build_object('name', t.title) AS data
    FROM tb_task t WHERE t.pk_task = ANY (SELECT c.fk_task FROM tb_comment c WHERE c.body <> t.title)
$$ AS any_query \gset
CREATE TABLE tv_in AS :in_query;
CREATE TABLE tv_any AS :any_query;
-- Correlation over two levels.
SELECT $$
    SELECT p.pk_project AS pk_nested, p.id, jsonb_build_object('name', p.name, 'tasks', (
               SELECT jsonb_agg(jsonb_build_object('title', t.title, 'comments', (
                          SELECT jsonb_agg(c.body ORDER BY c.pk_comment) FROM tb_comment c WHERE c.fk_task = t.pk_task))
                      ORDER BY t.pk_task)
               FROM tb_task t WHERE t.fk_project = p.pk_project)) AS data
    FROM tb_project p
$$ AS nested \gset
CREATE TABLE tv_nested AS :nested;
-- The innermost level refers to the outermost.
SELECT $$
    SELECT p.pk_project AS pk_through, p.id, jsonb_build_object('name', p.name, 'noisy', (
               SELECT count(*) FROM tb_task t WHERE EXISTS (
                   SELECT FROM tb_comment c WHERE c.fk_task = t.pk_task AND t.fk_project = p.pk_project))) AS data
    FROM tb_project p
$$ AS through \gset
CREATE TABLE tv_through AS :through;
-- LATERAL with ORDER BY and LIMIT: a row that leaves lets another in.
SELECT $$
    SELECT p.pk_project AS pk_lateral, p.id, jsonb_build_object('name', p.name, 'next', coalesce(n.titles, '[]')) AS data
    FROM tb_project p CROSS JOIN LATERAL (
        SELECT jsonb_agg(l.title ORDER BY l.rank, l.pk_task) AS titles
        FROM (SELECT t.title, t.rank, t.pk_task FROM tb_task t
              WHERE t.fk_project = p.pk_project AND NOT t.done ORDER BY t.rank, t.pk_task LIMIT 1) l) n
$$ AS lateral_query,
$$
    SELECT p.pk_project AS pk_lateral_left, p.id, jsonb_build_object('name', p.name, 'first', f.title) AS data
    FROM tb_project p LEFT JOIN LATERAL (
        SELECT t.title FROM tb_task t WHERE t.fk_project = p.pk_project ORDER BY t.rank, t.pk_task LIMIT 1) f ON true
$$ AS lateral_left \gset
CREATE TABLE tv_lateral AS :lateral_query;
CREATE TABLE tv_lateral_left AS :lateral_left;
-- LIMIT first, correlation after it: which rows are in depends on all of them.
SELECT $$
    SELECT p.pk_project AS pk_top, p.id, jsonb_build_object('name', p.name, 'top', (
               SELECT count(*) FROM (SELECT t.fk_project FROM tb_task t ORDER BY t.rank DESC, t.pk_task LIMIT 2) top
               WHERE top.fk_project = p.pk_project)) AS data
    FROM tb_project p
$$ AS top \gset
CREATE TABLE tv_top AS :top;
-- A set-returning function over a column, joined as LATERAL.
SELECT $$
    SELECT p.id, jsonb_build_object('name', p.name, 'letters', (
               SELECT jsonb_agg(l ORDER BY n) FROM regexp_split_to_table(p.name, '') WITH ORDINALITY AS s (l, n))) AS data
    FROM tb_project p
$$ AS letters \gset
CREATE TABLE tv_letters AS :letters;
-- A row compared with its neighbour of the same table.
SELECT $$
    SELECT t.id, jsonb_build_object('name', t.title, 'after', (
               SELECT min(o.rank) FROM tb_task o WHERE o.fk_project = t.fk_project AND o.rank > t.rank)) AS data
    FROM tb_task t
$$ AS neighbour \gset
CREATE TABLE tv_neighbour AS :neighbour;

SELECT oracle.routes('tv_scalar') AS scalar, oracle.routes('tv_lone') AS lone, oracle.routes('tv_array') AS "array";
SELECT oracle.routes('tv_exists') AS "exists", oracle.routes('tv_not_exists') AS not_exists, oracle.routes('tv_shown') AS shown;
SELECT oracle.routes('tv_either') AS either, oracle.routes('tv_in') AS "in", oracle.routes('tv_any') AS "any";
SELECT oracle.routes('tv_nested') AS nested, oracle.routes('tv_through') AS through;
SELECT oracle.routes('tv_lateral') AS "lateral", oracle.routes('tv_lateral_left') AS lateral_left;
SELECT oracle.routes('tv_top') AS top, oracle.routes('tv_letters') AS letters, oracle.routes('tv_neighbour') AS neighbour;

PREPARE checks AS
SELECT oracle.check('tv_scalar', :'scalar') AS scalar, oracle.check('tv_lone', :'lone') AS lone,
       oracle.check('tv_array', :'array_query') AS "array", oracle.check('tv_exists', :'exists_query') AS "exists",
       oracle.check('tv_not_exists', :'not_exists') AS not_exists, oracle.check('tv_shown', :'shown') AS shown,
       oracle.check('tv_either', :'either') AS either, oracle.check('tv_in', :'in_query') AS "in",
       oracle.check('tv_any', :'any_query') AS "any", oracle.check('tv_nested', :'nested') AS nested,
       oracle.check('tv_through', :'through') AS through, oracle.check('tv_lateral', :'lateral_query') AS "lateral",
       oracle.check('tv_lateral_left', :'lateral_left') AS lateral_left, oracle.check('tv_top', :'top') AS top,
       oracle.check('tv_letters', :'letters') AS letters, oracle.check('tv_neighbour', :'neighbour') AS neighbour;
-- One line each, since there are many.
\x on
EXECUTE checks;
-- A task is finished: the aggregate, both EXISTS and the LIMIT change.
SELECT oracle.mark('tv_nested'), oracle.mark('tv_lateral');
UPDATE tb_task SET done = true WHERE pk_task = 5;
SELECT oracle.written('tv_nested'), oracle.written('tv_lateral');
EXECUTE checks;
-- The last open one, then all undone again.
UPDATE tb_task SET done = true WHERE pk_task = 3;
EXECUTE checks;
UPDATE tb_task SET done = false;
EXECUTE checks;
-- A comment two levels down, added, moved to another project's task, removed.
SELECT oracle.mark('tv_nested');
INSERT INTO tb_comment VALUES (5, 2, 'slow');
SELECT oracle.written('tv_nested');
UPDATE tb_comment SET fk_task = 3 WHERE pk_comment = 1;
EXECUTE checks;
DELETE FROM tb_comment WHERE fk_task = 3;
EXECUTE checks;
-- The middle moves to another project, to none and back from none.
UPDATE tb_task SET fk_project = 2 WHERE pk_task = 2;
UPDATE tb_task SET fk_project = NULL WHERE pk_task = 1;
EXECUTE checks;
UPDATE tb_task SET fk_project = 3 WHERE pk_task = 4;
EXECUTE checks;
-- The middle and the end go in one transaction, either first.
BEGIN;
DELETE FROM tb_comment WHERE fk_task = 2;
DELETE FROM tb_task WHERE pk_task = 2;
COMMIT;
EXECUTE checks;
INSERT INTO tb_comment VALUES (6, 5, 'one'), (7, 4, 'two');
BEGIN;
DELETE FROM tb_task WHERE pk_task = 5;
DELETE FROM tb_comment WHERE fk_task = 5;
UPDATE tb_comment SET body = 'three' WHERE fk_task = 4;
COMMIT;
EXECUTE checks;
-- The order within a LIMIT changes without any row coming or going.
INSERT INTO tb_task VALUES (6, oracle.uuid(16), 2, 'Vent', false, 5), (7, oracle.uuid(17), 2, 'Light', false, 6);
UPDATE tb_task SET rank = CASE pk_task WHEN 6 THEN 6 WHEN 7 THEN 0 ELSE rank END;
EXECUTE checks;
-- The head of all of it.
UPDATE tb_project SET name = 'Tunnel' WHERE pk_project = 3;
INSERT INTO tb_project VALUES (4, oracle.uuid(4), 'Road');
DELETE FROM tb_project WHERE pk_project = 1;
UPDATE tb_project SET pk_project = 1 WHERE pk_project = 4;
EXECUTE checks;
\x off
SELECT data FROM tv_nested ORDER BY pk_nested;

-- A subquery linked by an expression over a grouping column.
SELECT $$
    SELECT t.fk_project AS pk_after, oracle.uuid(t.fk_project) AS id, jsonb_build_object('tasks', count(*), 'next', (
               SELECT p.name FROM tb_project p WHERE p.pk_project = t.fk_project + 1)) AS data
    FROM tb_task t WHERE t.fk_project IS NOT NULL GROUP BY t.fk_project
$$ AS after \gset
CREATE TABLE tv_after AS :after;
UPDATE tb_project SET name = 'Canal' WHERE pk_project = 3;
UPDATE tb_project SET pk_project = 5 WHERE pk_project = 2;
UPDATE tb_task SET fk_project = 4 WHERE pk_task = 7;
SELECT oracle.check('tv_after', :'after'), oracle.routes('tv_after');
