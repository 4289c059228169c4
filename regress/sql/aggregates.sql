-- Grouping, HAVING, DISTINCT and window functions.
\set SHOW_CONTEXT never
CREATE SCHEMA aggregates;
SET search_path = aggregates, public;

CREATE TABLE tb_department (pk_department int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL);
CREATE TABLE tb_employee (
    pk_employee int PRIMARY KEY,
    id uuid NOT NULL,
    fk_department int,
    name text NOT NULL,
    salary numeric NOT NULL,
    score float8 NOT NULL DEFAULT 0
);
CREATE INDEX ON tb_employee (fk_department);
INSERT INTO tb_department VALUES (1, oracle.uuid(1), 'Sales'), (2, oracle.uuid(2), 'Lab'), (3, oracle.uuid(3), 'Empty');
INSERT INTO tb_employee VALUES
    (1, oracle.uuid(11), 1, 'Ada', 100, 0.1), (2, oracle.uuid(12), 1, 'Bob', 200.0, 0.2),
    (3, oracle.uuid(13), 2, 'Cy', 300, 0.3), (4, oracle.uuid(14), NULL, 'Dee', 50, 0.4), (5, oracle.uuid(15), 1, 'Eve', 100, 0.7);

-- Grouped at the top; the key is a grouping column, of the table joined,
SELECT $$
    SELECT d.pk_department AS pk_grouped, d.id,
           jsonb_build_object('name', d.name, 'staff', count(e.pk_employee), 'salary', sum(e.salary)) AS data
    FROM tb_department d LEFT JOIN tb_employee e ON e.fk_department = d.pk_department
    GROUP BY d.pk_department, d.id, d.name
$$ AS grouped,
-- or grouped by the primary key alone, on which the rest depends,
$$
    SELECT d.pk_department AS pk_dependent, d.id, jsonb_build_object('name', d.name, 'top', max(e.salary)) AS data
    FROM tb_department d JOIN tb_employee e ON e.fk_department = d.pk_department
    GROUP BY d.pk_department
$$ AS dependent,
-- or of the grouped table itself, where NULL would be a group of its own.
$$
    SELECT e.fk_department AS pk_own, ('00000000-0000-0000-0000-' || lpad(e.fk_department::text, 12, '0'))::uuid AS id,
           jsonb_build_object('name', 'group ' || e.fk_department, 'names', jsonb_agg(e.name ORDER BY e.name)) AS data
    FROM tb_employee e WHERE e.fk_department IS NOT NULL
    GROUP BY e.fk_department
$$ AS own \gset
CREATE TABLE tv_grouped AS :grouped;
CREATE TABLE tv_dependent AS :dependent;
CREATE TABLE tv_own AS :own;
-- HAVING: a group comes and goes.
SELECT $$
    SELECT d.pk_department AS pk_having, d.id, jsonb_build_object('name', d.name, 'staff', count(*)) AS data
    FROM tb_department d JOIN tb_employee e ON e.fk_department = d.pk_department
    GROUP BY d.pk_department, d.id, d.name HAVING count(*) > 1
$$ AS having_query \gset
CREATE TABLE tv_having AS :having_query;
-- A grouped subquery that is joined.
SELECT $$
    SELECT d.pk_department AS pk_joined, d.id, jsonb_build_object('name', d.name, 'staff', coalesce(s.n, 0), 'mean', s.mean) AS data
    FROM tb_department d LEFT JOIN (
        SELECT fk_department, count(*) AS n, avg(salary) AS mean FROM tb_employee GROUP BY fk_department
    ) s ON s.fk_department = d.pk_department
$$ AS joined \gset
CREATE TABLE tv_joined AS :joined;
-- A grouped subquery, joined on something that is not a grouping column.
SELECT $$
    SELECT d.pk_department AS pk_by_count, d.id, jsonb_build_object('name', d.name, 'groups', (
               SELECT count(*) FROM (SELECT count(*) AS n FROM tb_employee GROUP BY fk_department) g
               WHERE g.n = d.pk_department)) AS data
    FROM tb_department d
$$ AS by_count \gset
CREATE TABLE tv_by_count AS :by_count;
-- DISTINCT and DISTINCT ON.
SELECT $$
    SELECT DISTINCT d.pk_department AS pk_distinct, d.id, jsonb_build_object('name', d.name, 'staffed', e.fk_department IS NOT NULL) AS data
    FROM tb_department d JOIN tb_employee e ON e.fk_department = d.pk_department
$$ AS distinct_query,
$$
    SELECT DISTINCT ON (d.pk_department) d.pk_department AS pk_distinct_on, d.id,
           jsonb_build_object('name', d.name, 'best', e.name) AS data
    FROM tb_department d JOIN tb_employee e ON e.fk_department = d.pk_department
    ORDER BY d.pk_department, e.salary DESC, e.pk_employee
$$ AS distinct_on \gset
CREATE TABLE tv_distinct AS :distinct_query;
CREATE TABLE tv_distinct_on AS :distinct_on;
-- DISTINCT ON something that is not the key: who is first depends on rows of other keys. So does the
-- key itself where an aggregate gives it.
SELECT $$
    SELECT DISTINCT ON (e.fk_department) e.pk_employee AS pk_first, e.id, jsonb_build_object('name', e.name) AS data
    FROM tb_employee e ORDER BY e.fk_department, e.salary, e.pk_employee
$$ AS first_of,
$$
    SELECT max(e.pk_employee) AS pk_latest, oracle.uuid(max(e.pk_employee)) AS id,
           jsonb_build_object('name', e.fk_department, 'staff', count(*)) AS data
    FROM tb_employee e GROUP BY e.fk_department
$$ AS latest \gset
CREATE TABLE tv_first AS :first_of;
CREATE TABLE tv_latest AS :latest;
-- A window partitioned by the key, at the top and in a subquery that is joined.
SELECT $$
    SELECT e.pk_employee AS pk_window, e.id, jsonb_build_object('name', e.name, 'rank', w.place) AS data
    FROM tb_employee e JOIN (
        SELECT pk_employee, fk_department, rank() OVER (PARTITION BY fk_department ORDER BY salary DESC, pk_employee) AS place
        FROM tb_employee
    ) w ON w.pk_employee = e.pk_employee AND w.fk_department = e.fk_department
$$ AS window_join,
$$
    SELECT x.pk_best, x.id, x.data FROM (
        SELECT d.pk_department AS pk_best, d.id, jsonb_build_object('name', d.name, 'best', e.name) AS data,
               row_number() OVER (PARTITION BY d.pk_department ORDER BY e.salary DESC, e.pk_employee) AS place
        FROM tb_department d JOIN tb_employee e ON e.fk_department = d.pk_department) x
    WHERE x.place = 1
$$ AS best,
-- A window partitioned by another column than the key: a row moves its neighbours.
$$
    SELECT e.pk_employee AS pk_place, e.id, jsonb_build_object('name', e.name,
               'place', rank() OVER (PARTITION BY e.fk_department ORDER BY e.salary DESC, e.pk_employee)) AS data
    FROM tb_employee e
$$ AS place,
-- A window over everything depends on everything.
$$
    SELECT e.id, jsonb_build_object('name', e.name, 'place', rank() OVER (ORDER BY e.salary DESC, e.pk_employee)) AS data
    FROM tb_employee e
$$ AS whole_window \gset
CREATE TABLE tv_window AS :window_join;
CREATE TABLE tv_best AS :best;
CREATE TABLE tv_place AS :place;
CREATE TABLE tv_whole_window AS :whole_window;
-- Grouping sets: the key is NULL in the total, so it is left out.
SELECT $$
    SELECT ('00000000-0000-0000-0000-' || lpad(coalesce(e.fk_department, 0)::text, 12, '0'))::uuid AS id,
           jsonb_build_object('name', coalesce(e.fk_department::text, 'all'), 'salary', sum(e.salary)) AS data
    FROM tb_employee e WHERE e.fk_department IS NOT NULL GROUP BY ROLLUP (e.fk_department)
$$ AS rollup_query \gset
CREATE TABLE tv_rollup AS :rollup_query;
-- An aggregate with FILTER, one over ordered input and one that sums floats.
SELECT $$
    SELECT d.pk_department AS pk_special, d.id, jsonb_build_object('name', d.name,
               'rich', count(*) FILTER (WHERE e.salary > 150), 'names', string_agg(e.name, ', ' ORDER BY e.name),
               'median', percentile_cont(0.5) WITHIN GROUP (ORDER BY e.score), 'score', sum(e.score ORDER BY e.pk_employee)) AS data
    FROM tb_department d JOIN tb_employee e ON e.fk_department = d.pk_department GROUP BY d.pk_department
$$ AS special \gset
CREATE TABLE tv_special AS :special;

SELECT oracle.routes('tv_grouped') AS grouped, oracle.routes('tv_dependent') AS dependent, oracle.routes('tv_own') AS own;
SELECT oracle.routes('tv_having') AS "having", oracle.routes('tv_joined') AS joined, oracle.routes('tv_by_count') AS by_count;
SELECT oracle.routes('tv_distinct') AS "distinct", oracle.routes('tv_distinct_on') AS distinct_on;
SELECT oracle.routes('tv_window') AS "window", oracle.routes('tv_best') AS best, oracle.routes('tv_whole_window') AS whole_window;
SELECT oracle.routes('tv_first') AS first, oracle.routes('tv_latest') AS latest, oracle.routes('tv_place') AS place;
SELECT oracle.routes('tv_rollup') AS "rollup", oracle.routes('tv_special') AS special;

PREPARE checks AS
SELECT oracle.check('tv_grouped', :'grouped') AS grouped, oracle.check('tv_dependent', :'dependent') AS dependent,
       oracle.check('tv_own', :'own') AS own, oracle.check('tv_having', :'having_query') AS "having",
       oracle.check('tv_joined', :'joined') AS joined, oracle.check('tv_by_count', :'by_count') AS by_count,
       oracle.check('tv_distinct', :'distinct_query') AS "distinct", oracle.check('tv_distinct_on', :'distinct_on') AS distinct_on,
       oracle.check('tv_window', :'window_join') AS "window", oracle.check('tv_best', :'best') AS best,
       oracle.check('tv_whole_window', :'whole_window') AS whole_window, oracle.check('tv_rollup', :'rollup_query') AS "rollup",
       oracle.check('tv_special', :'special') AS special, oracle.check('tv_first', :'first_of') AS first,
       oracle.check('tv_latest', :'latest') AS latest, oracle.check('tv_place', :'place') AS place;
\x on
EXECUTE checks;
-- Only the groups that a row leaves and enters are written.
SELECT oracle.mark('tv_grouped'), oracle.mark('tv_joined'), oracle.mark('tv_own');
UPDATE tb_employee SET fk_department = 3 WHERE pk_employee = 3;
SELECT oracle.written('tv_grouped') AS grouped, oracle.written('tv_joined') AS joined, oracle.written('tv_own') AS own;
EXECUTE checks;
-- The winner of a group leaves: an unchanged row takes its place.
DELETE FROM tb_employee WHERE pk_employee = 2;
EXECUTE checks;
-- The last of a group leaves, the first arrives, one goes to the group of NULL and one comes.
DELETE FROM tb_employee WHERE pk_employee = 3;
INSERT INTO tb_employee VALUES (6, oracle.uuid(16), 2, 'Fay', 70);
UPDATE tb_employee SET fk_department = NULL WHERE pk_employee = 1;
UPDATE tb_employee SET fk_department = 2 WHERE pk_employee = 4;
EXECUTE checks;
-- A sum that stays equal but changes its scale is another document.
SELECT oracle.mark('tv_grouped');
UPDATE tb_employee SET salary = 100.00 WHERE pk_employee = 5;
SELECT oracle.written('tv_grouped') AS grouped;
EXECUTE checks;
-- A change that cancels itself out is no change of the document.
SELECT oracle.mark('tv_grouped');
BEGIN;
UPDATE tb_employee SET salary = salary + 5 WHERE pk_employee = 6;
UPDATE tb_employee SET salary = salary - 5 WHERE pk_employee = 4;
COMMIT;
SELECT oracle.written('tv_grouped') AS grouped;
EXECUTE checks;
-- Many groups at once, then a group key changes, then none are left.
INSERT INTO tb_employee SELECT n, oracle.uuid(10 + n), n % 3 + 1, 'E' || n, n * 10, n / 10.0 FROM generate_series(7, 15) n;
EXECUTE checks;
UPDATE tb_department SET pk_department = pk_department + 1 WHERE pk_department = 3;
EXECUTE checks;
TRUNCATE tb_employee;
EXECUTE checks;
INSERT INTO tb_employee VALUES (1, oracle.uuid(11), 1, 'Ada', 100.0, 0.1), (2, oracle.uuid(12), 2, 'Bob', 200, 0.2);
EXECUTE checks;
\x off
