-- Window functions and DISTINCT ON: a row depends on those beside it in its partition, also where the key is
-- another column.
\set SHOW_CONTEXT never
CREATE SCHEMA windows;
SET search_path = windows, public;

CREATE TABLE tb_team (pk int PRIMARY KEY, id uuid NOT NULL, name varchar(20));
CREATE INDEX ON tb_team (name);
CREATE TABLE tb_player (pk int PRIMARY KEY, id uuid NOT NULL, fk_team int, city text, score int NOT NULL, level int NOT NULL);
CREATE INDEX ON tb_player (fk_team);
CREATE INDEX ON tb_player (lower(city));
CREATE INDEX ON tb_player (fk_team, level);
CREATE INDEX ON tb_player (level);
CREATE INDEX ON tb_player (city);
INSERT INTO tb_team VALUES (1, oracle.uuid(101), 'Ants'), (2, oracle.uuid(102), 'Bees'), (3, oracle.uuid(103), 'Cats');
INSERT INTO tb_player VALUES
    (1, oracle.uuid(1), 1, 'Rome', 10, 1), (2, oracle.uuid(2), 1, 'rome', 20, 2), (3, oracle.uuid(3), 2, 'Oslo', 30, 1),
    (4, oracle.uuid(4), 2, 'Rome', 40, 2), (5, oracle.uuid(5), NULL, NULL, 50, 1), (6, oracle.uuid(6), NULL, 'Oslo', 60, 2);

-- The partition is the key; a column shown, one that is not shown, an expression, several columns.
SELECT $$
    SELECT s.fk_team AS pk_own, t.id, jsonb_build_object('best', s.pk) AS data
    FROM (SELECT fk_team, pk, row_number() OVER (PARTITION BY fk_team ORDER BY score DESC, pk) AS n FROM tb_player) s
    JOIN tb_team t ON t.pk = s.fk_team WHERE s.n = 1
$$ AS own,
$$
    SELECT pk AS pk_rank, id, jsonb_build_object('team', fk_team, 'rank', rank() OVER (PARTITION BY fk_team ORDER BY score DESC)) AS data
    FROM tb_player
$$ AS rank,
$$
    SELECT p.pk AS pk_hidden, p.id, jsonb_build_object('share', round(100.0 * p.score / sum(p.score) OVER (PARTITION BY t.name))) AS data
    FROM tb_player p JOIN tb_team t ON t.pk = p.fk_team
$$ AS hidden,
$$
    SELECT pk AS pk_expr, id, jsonb_build_object('before', lag(pk) OVER (PARTITION BY lower(city) ORDER BY score, pk)) AS data
    FROM tb_player
$$ AS expr,
$$
    SELECT pk AS pk_several, id, jsonb_build_object('n', count(*) OVER both_columns, 'of', count(*) OVER (PARTITION BY fk_team)) AS data
    FROM tb_player WINDOW both_columns AS (PARTITION BY fk_team, level)
$$ AS several,
$$
    SELECT pk AS pk_apart, id, jsonb_build_object('team', sum(score) OVER (PARTITION BY fk_team), 'city', sum(score) OVER (PARTITION BY city)) AS data
    FROM tb_player
$$ AS apart \gset
CREATE TABLE tv_own AS :own;
CREATE TABLE tv_rank AS :rank;
CREATE TABLE tv_hidden AS :hidden;
CREATE TABLE tv_expr AS :expr;
CREATE TABLE tv_several AS :several;
CREATE TABLE tv_apart AS :apart;
-- Filtered by rank, over GROUP BY, in a subquery that another column joins, in a CTE, in a view.
CREATE VIEW ranked AS
SELECT pk, id, fk_team, level, score, rank() OVER (PARTITION BY fk_team ORDER BY score DESC, pk) AS place FROM tb_player;
SELECT $$
    SELECT pk AS pk_top, id, jsonb_build_object('n', n) AS data
    FROM (SELECT pk, id, row_number() OVER (PARTITION BY fk_team ORDER BY score DESC, pk) AS n FROM tb_player WHERE score >= 0) s WHERE n <= 2
$$ AS top,
$$
    SELECT fk_team, level, oracle.uuid(coalesce(fk_team, 0) * 10 + level) AS id,
           jsonb_build_object('sum', sum(score), 'place', rank() OVER (PARTITION BY level ORDER BY sum(score) DESC)) AS data
    FROM tb_player WHERE fk_team IS NOT NULL GROUP BY fk_team, level
$$ AS grouped,
$$
    SELECT t.pk AS pk_joined, t.id, jsonb_build_object('name', t.name, 'player', s.score, 'neighbours', s.n) AS data
    FROM tb_team t LEFT JOIN (SELECT pk, score, count(*) OVER (PARTITION BY level) AS n FROM tb_player) s ON s.pk = t.pk
$$ AS joined,
$$
    WITH r AS (SELECT pk, id, level, dense_rank() OVER (PARTITION BY level ORDER BY score) AS n FROM tb_player)
    SELECT r.pk AS pk_cte, r.id, jsonb_build_object('n', r.n, 'team', t.name) AS data FROM r LEFT JOIN tb_team t ON t.pk = r.level
$$ AS cte,
$$
    SELECT pk AS pk_view, id, jsonb_build_object('place', place) AS data FROM ranked WHERE level < 3
$$ AS view \gset
CREATE TABLE tv_top AS :top;
BEGIN;
CREATE TABLE tv_grouped AS :grouped;
ALTER TABLE tv_grouped ADD PRIMARY KEY (fk_team, level);
COMMIT;
CREATE TABLE tv_joined AS :joined;
CREATE TABLE tv_cte AS :cte;
CREATE TABLE tv_view AS :view;
-- DISTINCT ON: the key in it, and another column.
SELECT $$
    SELECT DISTINCT ON (fk_team) fk_team AS pk_first, oracle.uuid(fk_team) AS id, jsonb_build_object('player', pk) AS data
    FROM tb_player WHERE fk_team IS NOT NULL ORDER BY fk_team, score DESC, pk
$$ AS first,
$$
    SELECT DISTINCT ON (fk_team) pk AS pk_champion, id, jsonb_build_object('score', score) AS data
    FROM tb_player ORDER BY fk_team, score DESC, pk
$$ AS champion,
$$
    SELECT t.pk AS pk_star, t.id, jsonb_build_object('stars', jsonb_agg(s.pk ORDER BY s.pk)) AS data
    FROM tb_team t LEFT JOIN (SELECT DISTINCT ON (city) pk, city, level FROM tb_player ORDER BY city, score DESC, pk) s ON s.level = t.pk AND s.city > 'S' OR s.pk = t.pk GROUP BY t.pk, t.id
$$ AS star \gset
CREATE TABLE tv_first AS :first;
CREATE TABLE tv_champion AS :champion;
CREATE TABLE tv_star AS :star;
-- Full by right: a window over everything; and who comes first by a window of another partition depends on rows of
-- partitions that the first has no part in.
SELECT $$
    SELECT pk AS pk_whole, id, jsonb_build_object('place', rank() OVER (ORDER BY score DESC)) AS data FROM tb_player
$$ AS whole,
$$
    SELECT DISTINCT ON (fk_team) pk AS pk_by_city, id, jsonb_build_object('sum', sum(score) OVER (PARTITION BY city)) AS data
    FROM tb_player ORDER BY fk_team, sum(score) OVER (PARTITION BY city), pk
$$ AS by_city \gset
CREATE TABLE tv_whole AS :whole;
CREATE TABLE tv_by_city AS :by_city;

SELECT oracle.routes('tv_own') AS own, oracle.routes('tv_rank') AS rank, oracle.routes('tv_hidden') AS hidden;
SELECT oracle.routes('tv_expr') AS expr, oracle.routes('tv_several') AS several, oracle.routes('tv_apart') AS apart, oracle.routes('tv_top') AS top;
SELECT oracle.routes('tv_grouped') AS grouped, oracle.routes('tv_joined') AS joined;
SELECT oracle.routes('tv_cte') AS cte, oracle.routes('tv_view') AS view, oracle.routes('tv_whole') AS whole, oracle.routes('tv_by_city') AS by_city;
SELECT oracle.routes('tv_first') AS first, oracle.routes('tv_champion') AS champion, oracle.routes('tv_star') AS star;

PREPARE checks AS
SELECT oracle.check('tv_own', :'own') AS own, oracle.check('tv_rank', :'rank') AS rank, oracle.check('tv_hidden', :'hidden') AS hidden,
       oracle.check('tv_expr', :'expr') AS expr, oracle.check('tv_several', :'several') AS several, oracle.check('tv_apart', :'apart') AS apart,
       oracle.check('tv_top', :'top') AS top, oracle.check('tv_grouped', :'grouped') AS grouped,
       oracle.check('tv_joined', :'joined') AS joined, oracle.check('tv_cte', :'cte') AS cte,
       oracle.check('tv_view', :'view') AS view, oracle.check('tv_first', :'first') AS first,
       oracle.check('tv_champion', :'champion') AS champion, oracle.check('tv_star', :'star') AS star,
       oracle.check('tv_whole', :'whole') AS whole, oracle.check('tv_by_city', :'by_city') AS by_city;
EXECUTE checks;
-- One row of a partition is written, and only those beside it follow.
SELECT oracle.mark('tv_rank');
UPDATE tb_player SET score = 25 WHERE pk = 1;
SELECT count(*) AS written FROM tv_rank t JOIN oracle.marks m ON m.tview = 'tv_rank'::regclass AND m.id = t.id WHERE t.ctid <> m.place;
EXECUTE checks;
-- To another partition, to none and from none; two exchange theirs; the first of one goes.
UPDATE tb_player SET fk_team = 2, level = 2, city = 'oslo' WHERE pk = 1;
EXECUTE checks;
UPDATE tb_player SET fk_team = CASE WHEN pk = 5 THEN 3 END, city = CASE WHEN pk = 5 THEN 'ROME' END WHERE pk IN (4, 5);
EXECUTE checks;
UPDATE tb_player p SET fk_team = o.fk_team, city = o.city, level = o.level, score = o.score FROM tb_player o WHERE (p.pk, o.pk) IN ((2, 6), (6, 2));
EXECUTE checks;
-- A row and the neighbour that it ranked go in one transaction; others come in their place.
BEGIN;
DELETE FROM tb_player WHERE pk = 4;
DELETE FROM tb_player WHERE pk = 2;
COMMIT;
EXECUTE checks;
BEGIN;
INSERT INTO tb_player VALUES (7, oracle.uuid(7), 1, 'Rome', 5, 1), (8, oracle.uuid(8), 1, 'rome', 5, 2), (9, oracle.uuid(9), NULL, NULL, 5, 2);
UPDATE tb_player SET score = 1, level = 1 WHERE pk = 8;
COMMIT;
EXECUTE checks;
-- Partitions merge, and part; twice the same row; a key moves within its partition and out of it.
UPDATE tb_player SET fk_team = 2, city = 'Paris', level = 1;
EXECUTE checks;
UPDATE tb_player SET fk_team = 1 + pk % 2, city = CASE WHEN pk % 3 > 0 THEN 'Turin' END, level = 1 + pk % 2, score = pk % 4;
EXECUTE checks;
BEGIN;
UPDATE tb_player SET fk_team = NULL, city = NULL WHERE pk IN (1, 3);
UPDATE tb_player SET fk_team = 3, city = 'Rome', pk = 31, id = oracle.uuid(31) WHERE pk = 3;
UPDATE tb_player SET pk = 3, id = oracle.uuid(3), score = 9 WHERE pk = 5;
COMMIT;
EXECUTE checks;
BEGIN;
SAVEPOINT undone;
UPDATE tb_player SET score = -score, level = 7;
ROLLBACK TO undone;
WITH first AS (UPDATE tb_player SET score = 77 WHERE pk = 6) UPDATE tb_player SET level = 2, fk_team = 1 WHERE pk = 31;
INSERT INTO tb_player VALUES (90, oracle.uuid(90), 1, 'Rome', 99, 1);
DELETE FROM tb_player WHERE pk = 90;
COMMIT;
EXECUTE checks;
-- The partition's name is in another table, and two teams come to have the same one.
UPDATE tb_team SET name = 'Bees' WHERE pk = 1;
EXECUTE checks;
BEGIN;
UPDATE tb_team SET name = NULL;
DELETE FROM tb_player WHERE pk = 6;
COMMIT;
EXECUTE checks;
UPDATE tb_team SET name = 'Team ' || pk % 2, pk = pk + 1 WHERE pk = 3;
EXECUTE checks;
TRUNCATE tb_player;
EXECUTE checks;
INSERT INTO tb_player VALUES (1, oracle.uuid(1), 1, 'Rome', 10, 1);
EXECUTE checks;
INSERT INTO tb_player VALUES (2, oracle.uuid(2), 1, 'Rome', 20, 1);
EXECUTE checks;
SELECT data FROM tv_rank ORDER BY pk_rank;
