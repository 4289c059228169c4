-- Links through columns of all types, and through expressions: what the query takes for equal must be found as
-- equal, whatever it looks like.
\set SHOW_CONTEXT never
-- Without statistics the oracle's queries look dear enough to be compiled.
SET jit = off;
CREATE EXTENSION citext;
CREATE SCHEMA link_types;
SET search_path = link_types, public;

CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE DOMAIN code AS text CHECK (VALUE <> '');
CREATE TYPE mood AS ENUM ('calm', 'glad', 'sad');
CREATE TYPE place AS (x int, y numeric);
CREATE TABLE tb_a (
    pk int PRIMARY KEY, id uuid NOT NULL,
    "domain" code, "enum" mood, "citext" citext, "folded" text COLLATE folded, "ucs" text COLLATE "C", "uuid" uuid,
    "numeric" numeric, "timestamptz" timestamptz, "char" char(6), "varchar" varchar(8), "int" int, "place" place, "array" int[],
    "range" int4range, "tags" text[], "Od""d" text
);
CREATE INDEX ON tb_a ("array");
CREATE INDEX ON tb_a ("int");
CREATE INDEX ON tb_a (ucs);
CREATE INDEX ON tb_a ("char");
CREATE INDEX ON tb_a (citext);
CREATE INDEX ON tb_a (COALESCE("int", pk));
CREATE INDEX ON tb_a (((citext)::pg_catalog.text) COLLATE link_types.folded);
CREATE INDEX ON tb_a (("int" + "int"));
CREATE INDEX ON tb_a (domain);
CREATE INDEX ON tb_a (((ucs)::public.citext) COLLATE "C");
CREATE INDEX ON tb_a (enum);
CREATE INDEX ON tb_a (folded);
CREATE INDEX ON tb_a (lower(("varchar")::text));
CREATE INDEX ON tb_a ("numeric");
CREATE INDEX ON tb_a (((place).x));
CREATE INDEX ON tb_a (place);
CREATE INDEX ON tb_a (lower("Od""d"));
CREATE INDEX ON tb_a (range);
CREATE INDEX ON tb_a ("int", uuid);
CREATE INDEX ON tb_a ("int", (("int")::numeric), domain);
CREATE INDEX ON tb_a (timestamptz);
CREATE INDEX ON tb_a (uuid);
CREATE INDEX ON tb_a ("varchar");
CREATE INDEX ON tb_a ((("Od""d")::public.citext));
CREATE TABLE tb_b (
    pk int PRIMARY KEY, label text,
    "domain" code, "enum" mood, "citext" citext, "folded" text COLLATE folded, "ucs" text COLLATE "C", "uuid" uuid,
    "numeric" numeric, "timestamptz" timestamptz, "char" char(8), "varchar" varchar(10), "int" bigint, "place" place, "array" int[],
    "range" int4range, "tags" citext[], "Od""d" text
);
CREATE INDEX ON tb_b ("array");
CREATE INDEX ON tb_b (lower(range));
CREATE INDEX ON tb_b (((citext)::pg_catalog.text) COLLATE "C");
CREATE INDEX ON tb_b ("char");
CREATE INDEX ON tb_b (citext);
CREATE INDEX ON tb_b (COALESCE("int", (pk)::bigint));
CREATE INDEX ON tb_b (ucs COLLATE link_types.folded);
CREATE INDEX ON tb_b (("int" * 2));
CREATE INDEX ON tb_b (domain);
CREATE INDEX ON tb_b (enum);
CREATE INDEX ON tb_b (folded);
CREATE INDEX ON tb_b ("numeric");
CREATE INDEX ON tb_b (((place).x));
CREATE INDEX ON tb_b (place);
CREATE INDEX ON tb_b (lower("Od""d"));
CREATE INDEX ON tb_b (range);
CREATE INDEX ON tb_b ("int", uuid);
CREATE INDEX ON tb_b ("int", "numeric", "varchar");
CREATE INDEX ON tb_b (timestamptz);
CREATE INDEX ON tb_b (ucs);
CREATE INDEX ON tb_b (uuid);
CREATE INDEX ON tb_b ("varchar");
CREATE INDEX ON tb_b ("int");
-- Three pairs of rows that are equal in every column, though they look different where that is possible.
INSERT INTO tb_a VALUES
    (1, oracle.uuid(1), 'one', 'calm', 'One', 'One', 'one', oracle.uuid(1), 1.0, '2024-01-01 00:00+00', 'one', 'one', 1, (1, 1.0), '{1}', '[1,2)', '{One}', 'One'),
    (2, oracle.uuid(2), 'two', 'glad', 'TWO', 'TWO', 'two', oracle.uuid(2), 2, '2024-01-02 00:00+00', 'two', 'two', 2, (2, 2), '{2,2}', '[2,2]', '{TWO,two}', 'TWO'),
    (3, oracle.uuid(3), 'six', 'sad', 'six', 'six', 'six', oracle.uuid(6), 6.00, '2024-01-06 00:00+00', 'six', 'six', 6, (6, NULL), '{6,NULL}', 'empty', '{}', 'six');
INSERT INTO tb_a (pk, id) VALUES (4, oracle.uuid(4));
INSERT INTO tb_b VALUES
    (1, 'b1', 'one', 'calm', 'oNE', 'oNE', 'one', oracle.uuid(1), 1.00, '2024-01-01 02:00+02', 'one', 'one', 1, (1, 1.00), '{1}', '[1,1]', '{oNE}', 'one'),
    (2, 'b2', 'two', 'glad', 'two', 'two', 'two', oracle.uuid(2), 2.0, '2024-01-01 22:00-02', 'two', 'two', 2, (2, 2.0), '{2,2}', '(1,3)', '{two}', 'tWo'),
    (6, 'b6', 'six', 'sad', 'SIX', 'SIX', 'six', oracle.uuid(6), 6, '2024-01-06 00:00+00', 'six', 'six', 6, (6, NULL), '{6,NULL}', 'empty', '{six}', 'SIX');
INSERT INTO tb_b (pk, label) VALUES (7, 'none');

-- One TVIEW per way to be equal; the query is the same but for the condition.
CREATE TABLE conditions (name text PRIMARY KEY, condition text NOT NULL);
INSERT INTO conditions VALUES
    ('domain', 'b.domain = a.domain'), ('enum', 'b.enum = a.enum'), ('citext', 'b.citext = a.citext'),
    ('folded', 'b.folded = a.folded'), ('ucs', 'b.ucs = a.ucs'), ('uuid', 'b.uuid = a.uuid'), ('numeric', 'b.numeric = a.numeric'),
    ('timestamptz', 'b.timestamptz = a.timestamptz'), ('char', 'b.char = a.char'), ('varchar', 'b.varchar = a.varchar'),
    ('wide', 'b.int = a.int'), ('place', 'b.place = a.place'), ('array', 'b.array = a.array'), ('range', 'b.range = a.range'),
    ('quoted', 'lower(b."Od""d") = lower(a."Od""d")'),
    ('cast_citext', 'b.citext = a.ucs'), ('collated', 'b.ucs COLLATE folded = a.citext::text'), ('lower', 'lower(a.varchar) = b.domain'),
    ('computed', 'b.int * 2 = a.int + a.int'), ('several', 'b.int = a.int AND b.numeric = a.int AND b.varchar = a.domain'),
    ('prefix', 'left(b.label, 1) || a.int = b.label AND a.int = b.pk'), ('parts', '(a.place).x = (b.place).x'), ('row', '(a.int, a.uuid) = (b.int, b.uuid)'),
    ('element', 'a.ucs::citext = ANY (b.tags)'),
    ('same', 'b.numeric IS NOT DISTINCT FROM a.numeric'), ('coalesced', 'coalesce(b.int, b.pk) = coalesce(a.int, a.pk)'), ('bound', 'lower(b.range) = a.int');
CREATE FUNCTION query(name text) RETURNS text
LANGUAGE sql AS $$
    SELECT format('SELECT a.pk AS %I, a.id, jsonb_build_object(''b'', (SELECT jsonb_agg(b.label ORDER BY b.pk) FROM link_types.tb_b b WHERE %s)) AS data
                   FROM link_types.tb_a a', 'pk_' || c.name, c.condition)
    FROM link_types.conditions c WHERE c.name = query.name
$$;
DO $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT * FROM conditions ORDER BY name COLLATE "C" LOOP
        EXECUTE format('CREATE TABLE %I AS %s', 'tv_' || c.name, query(c.name));
    END LOOP;
END
$$;
SELECT name, oracle.routes(quote_ident('tv_' || name)) FROM conditions ORDER BY name COLLATE "C";

-- Those that differ from their queries: none.
PREPARE checks AS
SELECT name, oracle.check(quote_ident('tv_' || name)::regclass, query(name)) FROM conditions
WHERE oracle.check(quote_ident('tv_' || name)::regclass, query(name)) <> 'equal' ORDER BY name COLLATE "C";
EXECUTE checks;
SELECT data FROM tv_citext ORDER BY pk_citext;
-- What is shown changes, through every link.
UPDATE tb_b SET label = upper(label);
EXECUTE checks;
-- Another look of the same value, on one side, then on the other, then both ends gone at once.
UPDATE tb_b SET citext = upper(citext), folded = upper(folded), "numeric" = "numeric" + 0.000, "char" = trim("char"), "Od""d" = upper("Od""d"), label = 'x' || label;
EXECUTE checks;
UPDATE tb_a SET citext = lower(citext), folded = lower(folded), "numeric" = "numeric" + 0.0000, place = ((place).x, (place).y + 0.000), "Od""d" = upper("Od""d");
EXECUTE checks;
UPDATE tb_b SET label = 'y' || label;
EXECUTE checks;
-- Values go elsewhere: to what had no partner, to NULL, from NULL, around.
UPDATE tb_b b SET "domain" = o."domain", "enum" = o."enum", "citext" = o."citext", "folded" = o."folded", "ucs" = o."ucs", "uuid" = o."uuid", "numeric" = o."numeric",
    "timestamptz" = o."timestamptz", "char" = o."char", "varchar" = o."varchar", "int" = o."int", "place" = o."place", "array" = o."array", "range" = o."range", "tags" = o."tags", "Od""d" = o."Od""d"
FROM tb_b o WHERE o.pk = CASE b.pk WHEN 1 THEN 2 WHEN 2 THEN 7 WHEN 7 THEN 1 END;
EXECUTE checks;
UPDATE tb_a a SET "domain" = o."domain", "enum" = o."enum", "citext" = o."citext", "folded" = o."folded", "ucs" = o."ucs", "uuid" = o."uuid", "numeric" = o."numeric",
    "timestamptz" = o."timestamptz", "char" = o."char", "varchar" = o."varchar", "int" = o."int", "place" = o."place", "array" = o."array", "range" = o."range", "tags" = o."tags", "Od""d" = o."Od""d"
FROM tb_a o WHERE o.pk = CASE a.pk WHEN 4 THEN 1 WHEN 1 THEN 4 WHEN 3 THEN 2 END;
EXECUTE checks;
BEGIN;
UPDATE tb_b SET label = 'late' WHERE pk = 7;
DELETE FROM tb_b WHERE pk = 7;
UPDATE tb_a SET pk = 44, id = oracle.uuid(44) WHERE pk = 4;
SAVEPOINT undone;
DELETE FROM tb_a;
ROLLBACK TO undone;
INSERT INTO tb_b (pk, label, "int", "citext", "tags") VALUES (8, 'eight', 2, 'Two', '{tWO,NULL}');
COMMIT;
EXECUTE checks;
-- Two of equal values; one of them goes.
INSERT INTO tb_b SELECT pk + 100, label || '!', "domain", "enum", upper("citext")::citext, upper("folded"), "ucs", "uuid", "numeric" * 1.0, "timestamptz", "char", "varchar", "int", "place", "array", "range", "tags", "Od""d" FROM tb_b;
EXECUTE checks;
DELETE FROM tb_b WHERE pk < 100;
EXECUTE checks;
TRUNCATE tb_b;
EXECUTE checks;

-- Groups by values that look different: a group stays one, and is found by each look of its key.
SELECT $$
    SELECT a.pk AS pk_grouped, a.id, jsonb_build_object('c', (SELECT n FROM (SELECT citext, count(*) AS n FROM tb_b GROUP BY citext) g WHERE g.citext = a.citext),
           'n', (SELECT n FROM (SELECT "numeric", count(*) AS n FROM tb_b GROUP BY "numeric") g WHERE g."numeric" = a."numeric")) AS data FROM tb_a a
$$ AS grouped,
$$
    SELECT a.pk AS pk_named, a.id, jsonb_build_object('v', g.n) AS data
    FROM tb_a a LEFT JOIN (SELECT "varchar", count(*) AS n FROM tb_b GROUP BY "varchar") g ON g."varchar" = a."varchar"
$$ AS named,
$$
    SELECT a.pk AS pk_overlap, a.id, jsonb_build_object('b', (SELECT count(DISTINCT b.pk) FROM tb_b b, unnest(b.tags) x(tag), unnest(a.tags) y(tag) WHERE x.tag = y.tag::citext)) AS data FROM tb_a a
$$ AS overlap,
-- The key in another look than what is grouped below it.
$$
    SELECT s."Od""d"::citext AS pk_spelled, md5(lower(s."Od""d"::citext::text))::uuid AS id, jsonb_build_object('n', count(*), 'place', sum(w.place)) AS data
    FROM (SELECT pk, "Od""d" FROM tb_a) s LEFT JOIN (SELECT pk, rank() OVER (PARTITION BY "int" ORDER BY "numeric") AS place FROM tb_b) w ON w.pk = s.pk
    WHERE s."Od""d" IS NOT NULL GROUP BY s."Od""d"::citext
$$ AS spelled \gset
CREATE TABLE tv_grouped AS :grouped;
CREATE TABLE tv_named AS :named;
CREATE TABLE tv_overlap AS :overlap;
CREATE TABLE tv_spelled AS :spelled;
SELECT oracle.routes('tv_grouped') AS grouped, oracle.routes('tv_named') AS named;
SELECT oracle.routes('tv_overlap') AS overlap, oracle.routes('tv_spelled') AS spelled;
PREPARE group_checks AS
SELECT oracle.check('tv_grouped', :'grouped') AS grouped, oracle.check('tv_named', :'named') AS named,
       oracle.check('tv_overlap', :'overlap') AS overlap;
UPDATE tb_a SET "Od""d" = 'Pair' WHERE pk = 1;
UPDATE tb_a SET "Od""d" = 'pAIR', tags = '{oNe,SIX}' WHERE pk = 2;
INSERT INTO tb_b (pk, citext, "numeric", "varchar", tags) VALUES
    (1, 'ONE', 1.000, 'one', '{one}'), (2, 'one', 1, 'one', '{two,ONE}'), (3, 'Six', 6.0, 'six', NULL);
EXECUTE group_checks;
UPDATE tb_b SET citext = 'TWO', "numeric" = 2.00, "varchar" = 'two' WHERE pk = 1;
EXECUTE group_checks;
DELETE FROM tb_b WHERE pk = 2;
EXECUTE group_checks;
-- Which look the query gives to a group is its own choice.
SELECT lower(pk_spelled) AS spelled, data FROM tv_spelled ORDER BY 1;
SELECT lower(pk_spelled) AS spelled, data FROM (:spelled) q ORDER BY 1;
DROP TABLE tv_spelled;
