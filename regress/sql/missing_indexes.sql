-- Which indexes a TVIEW's routes lack: said at creation, and by pg_tviews_explain.
\set SHOW_CONTEXT never
CREATE SCHEMA missing_indexes;
SET search_path = missing_indexes, public;
CREATE TABLE tb_user (pk_user int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL, code varchar(20), nick text COLLATE "C");
CREATE TABLE tb_tag (tag text PRIMARY KEY, label text NOT NULL);
CREATE TABLE tb_post (pk_post int PRIMARY KEY, id uuid NOT NULL, fk_user int NOT NULL, "Ed Itor" int, tags text[] NOT NULL DEFAULT '{}',
                      user_code text, user_nick text);
CREATE TABLE tb_comment (pk_comment int PRIMARY KEY, id uuid NOT NULL, fk_post int NOT NULL, body text NOT NULL);

-- Every statement that explain names, once.
CREATE FUNCTION statements(tview text) RETURNS TABLE (statement text) LANGUAGE sql AS $$
    SELECT DISTINCT s COLLATE "C" FROM pg_tviews_explain(tview), unnest(missing_indexes) AS s ORDER BY 1
$$;
-- Tables that a lookup, or the query for a key, reads without a condition on an index, though the planner
-- was to use one wherever it could.
CREATE FUNCTION whole_scans(statement text) RETURNS TABLE (scanned text) LANGUAGE plpgsql AS $$
DECLARE
    plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON, COSTS OFF) ' || statement INTO plan;
    RETURN QUERY SELECT DISTINCT node->>'Relation Name' FROM jsonb_path_query(plan,
        'strict $.** ? (exists (@."Relation Name") && !exists (@."Index Cond") && !exists (@."Recheck Cond"))') AS node;
END
$$;
CREATE FUNCTION read_whole(tview text) RETURNS TABLE (step text, scanned text) LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    e record;
    key text;
    view regclass;
BEGIN
    FOR e IN SELECT * FROM pg_tviews_explain(tview) x WHERE x.key_query IS NOT NULL ORDER BY x.alias COLLATE "C" LOOP
        EXECUTE 'PREPARE step (record[]) AS ' || e.key_query;
        RETURN QUERY SELECT 'lookup from ' || e.alias, s.scanned FROM whole_scans('EXECUTE step (NULL)') s ORDER BY 2;
        DEALLOCATE step;
    END LOOP;
    SELECT m.key_columns[1], m.backing_view INTO key, view FROM pg_tviews_metadata m WHERE m.schema_name = 'missing_indexes' AND m.table_name = tview;
    EXECUTE format('PREPARE step AS SELECT * FROM %s WHERE %I = $1', view, key);
    RETURN QUERY SELECT 'query for a key', s.scanned FROM whole_scans('EXECUTE step (NULL)') s ORDER BY 2;
    DEALLOCATE step;
END
$$;

-- Lookups by foreign keys, by an element of an array, and the query's own by a foreign key.
SELECT $$
    SELECT p.pk_post, p.id, jsonb_build_object('user', u.name, 'editor', e.name,
               'comments', (SELECT count(*) FROM tb_comment c WHERE c.fk_post = p.pk_post),
               'tags', (SELECT jsonb_agg(t.label ORDER BY t.label) FROM tb_tag t WHERE t.tag = ANY (p.tags))) AS data
    FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user LEFT JOIN tb_user e ON e.pk_user = p."Ed Itor"
$$ AS post \gset
CREATE TABLE tv_post AS :post;
SELECT alias, route, missing_indexes FROM pg_tviews_explain('tv_post') ORDER BY alias COLLATE "C";
SELECT * FROM read_whole('tv_post');
-- Made as they are written, they serve, and nothing is missing any more.
SELECT statement FROM statements('tv_post') \gexec
SELECT * FROM statements('tv_post');
SELECT * FROM read_whole('tv_post');
-- Dropped, they are missing again: nothing is remembered.
DROP INDEX tb_post_fk_user_idx;
SELECT * FROM statements('tv_post');
CREATE INDEX ON tb_post (fk_user);
-- A TVIEW for which all is there is made without a word.
CREATE TABLE tv_silent AS SELECT p.pk_post AS pk_silent, p.id, jsonb_build_object('user', u.name) AS data
FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user;
-- The key column of the source is looked up, too.
CREATE TABLE tv_by_id AS SELECT c.id, jsonb_build_object('body', c.body, 'user', u.name) AS data
FROM tb_comment c JOIN tb_post p ON p.pk_post = c.fk_post JOIN tb_user u ON u.pk_user = p.fk_user;
SELECT * FROM read_whole('tv_by_id');
SELECT statement FROM statements('tv_by_id') \gexec
SELECT * FROM read_whole('tv_by_id');

-- Expressions, columns in a type that is theirs as it is, collations other than the column's.
CREATE TABLE tv_expression AS SELECT p.pk_post AS pk_expression, p.id, jsonb_build_object('user', u.name) AS data
FROM tb_post p LEFT JOIN tb_user u ON lower(u.code) = lower(p.user_code) AND u.code || '-' = p.user_code || '-';
CREATE TABLE tv_code AS SELECT p.pk_post AS pk_code, p.id, jsonb_build_object('user', u.name) AS data
FROM tb_post p LEFT JOIN tb_user u ON u.code = p.user_code;
CREATE TABLE tv_nick AS SELECT p.pk_post AS pk_nick, p.id, jsonb_build_object('user', u.name) AS data
FROM tb_post p LEFT JOIN tb_user u ON u.nick = p.user_nick;
SELECT statement FROM statements('tv_expression') \gexec
SELECT statement FROM statements('tv_code') \gexec
-- An index of another collation does not serve.
CREATE INDEX ON tb_post (user_nick);
SELECT statement FROM statements('tv_nick') \gexec
SELECT s.* FROM unnest(ARRAY['tv_expression', 'tv_code', 'tv_nick']) AS t, statements(t) AS s;
SELECT r.* FROM unnest(ARRAY['tv_expression', 'tv_code', 'tv_nick']) AS t, read_whole(t) AS r;

-- Several columns: one index over all, any of which serves as the first.
CREATE TABLE tb_stock (warehouse int, item int, amount int, PRIMARY KEY (warehouse, item));
CREATE TABLE tb_shelf (pk_shelf int PRIMARY KEY, id uuid NOT NULL, warehouse int NOT NULL, item int NOT NULL);
CREATE TABLE tv_shelf AS SELECT s.pk_shelf, s.id, jsonb_build_object('amount', k.amount) AS data
FROM tb_shelf s LEFT JOIN tb_stock k ON k.warehouse = s.warehouse AND k.item = s.item;
-- What does not serve: a partial index, one in whose second place the column is, one that finds nothing by equality.
CREATE INDEX part ON tb_shelf (item) WHERE item > 5;
CREATE INDEX second ON tb_shelf (id, item);
CREATE INDEX brin ON tb_shelf USING brin (item);
SELECT * FROM statements('tv_shelf');
-- What does: a hash index, a unique one, one with more columns behind.
CREATE INDEX hash ON tb_shelf USING hash (item);
SELECT * FROM statements('tv_shelf');
DROP INDEX hash;
CREATE UNIQUE INDEX more ON tb_shelf (item, pk_shelf) INCLUDE (id);
SELECT * FROM statements('tv_shelf');

-- A key of two tables: each leads to a part of it, by which the TVIEW itself is looked up.
CREATE TABLE tv_pair (pk_user int, pk_tag text, id uuid, data jsonb, PRIMARY KEY (pk_user, pk_tag));
SELECT pg_tviews_convert_existing_table('tv_pair', $$
    SELECT u.pk_user, t.tag AS pk_tag, u.id, jsonb_build_object('user', u.name, 'tag', t.label) AS data FROM tb_user u CROSS JOIN tb_tag t $$);
SELECT alias, path, missing_indexes FROM pg_tviews_explain('tv_pair') ORDER BY alias COLLATE "C";
SELECT statement FROM statements('tv_pair') \gexec
SELECT * FROM statements('tv_pair');

-- Partitioned tables have their indexes on top; up a tree it is the tree's own column.
CREATE TABLE tb_sale (pk_sale int, fk_place int, amount int) PARTITION BY LIST (pk_sale);
CREATE TABLE tb_sale_1 PARTITION OF tb_sale FOR VALUES IN (1);
CREATE TABLE tb_place (pk_place int PRIMARY KEY, id uuid NOT NULL, fk_parent int, name text);
CREATE TABLE tv_place AS SELECT p.pk_place, p.id, jsonb_build_object('name', p.name,
    'sold', (SELECT sum(s.amount) FROM tb_sale s WHERE s.fk_place = p.pk_place),
    'below', (WITH RECURSIVE below AS (
                  SELECT b.pk_place, b.name FROM tb_place b WHERE b.fk_parent = p.pk_place
                  UNION ALL SELECT b.pk_place, b.name FROM tb_place b JOIN below ON b.fk_parent = below.pk_place)
              SELECT jsonb_agg(name ORDER BY name) FROM below)) AS data
FROM tb_place p;
CREATE INDEX ON tb_sale_1 (fk_place);
SELECT * FROM statements('tv_place');
CREATE INDEX ON tb_sale (fk_place);
SELECT statement FROM statements('tv_place') \gexec
SELECT * FROM statements('tv_place');

-- Odd names are quoted where they have to be, and only there.
CREATE SCHEMA "Odd Schema";
CREATE TABLE "Odd Schema"."tb_O""dd" (pk_odd int PRIMARY KEY, "select" int, "Mixed" text);
CREATE TABLE tv_odd AS SELECT u.pk_user AS pk_odd, u.id, jsonb_build_object('odd', o."Mixed", 'too', x."Mixed") AS data
FROM tb_user u LEFT JOIN "Odd Schema"."tb_O""dd" o ON o."select" = u.pk_user LEFT JOIN "Odd Schema"."tb_O""dd" x ON upper(x."Mixed") = upper(u.name);
SELECT statement FROM statements('tv_odd') \gexec
SELECT * FROM statements('tv_odd');

-- Nothing of this touches the rows.
INSERT INTO tb_user VALUES (1, oracle.uuid(1), 'Ada', 'a', 'ada'), (2, oracle.uuid(2), 'Bob', 'b', 'bob');
INSERT INTO tb_tag VALUES ('x', 'Ex'), ('y', 'Why');
INSERT INTO tb_post VALUES (1, oracle.uuid(11), 1, 2, '{x,y}', 'A', 'bob');
INSERT INTO tb_comment VALUES (1, oracle.uuid(21), 1, 'yes');
UPDATE tb_tag SET label = 'Yes' WHERE tag = 'x';
UPDATE tb_user SET name = 'Eve' WHERE pk_user = 2;
SELECT oracle.check('tv_post', :'post'), oracle.routes('tv_post');
SELECT table_name, missing, extra, different FROM unnest(ARRAY['tv_expression', 'tv_nick', 'tv_pair', 'tv_odd']) AS t, pg_tviews_verify(t);
