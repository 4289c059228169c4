-- Owns what the scenarios size, creation and loads start from: items, ten of each maker, scattered over the table, and the document
-- of an item in a view. Run by targets/items.sh after 00_setup.sql, with -v items=N; with -v is_empty=1 items are still to come.
--
-- Documents are small, so that what depends on the number of rows is not hidden by what depends on their size. There is no
-- foreign key, whose checks a COPY would have to wait for with a TVIEW or without.
SET search_path = benchmark;

CREATE TABLE tb_maker (
    pk_maker int PRIMARY KEY,
    name text NOT NULL
);
-- Room for new versions of rows, as the model of the scenario has it.
CREATE TABLE tb_item (
    pk_item int PRIMARY KEY,
    id uuid NOT NULL,
    fk_maker int NOT NULL,
    price int NOT NULL
) WITH (fillfactor = 80);

INSERT INTO tb_maker SELECT n, 'Maker ' || n FROM generate_series(1, :items / 10) AS n;
-- 7,919 is a prime.
CREATE FUNCTION items(count int) RETURNS SETOF tb_item LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT n, md5('item ' || n)::uuid, 1 + (n * bigint '7919' % (count / 10))::int, 100 + n % 900 FROM generate_series(1, count) AS n;
END;
\if :is_empty
\else
INSERT INTO tb_item SELECT * FROM items(:items);
\endif
CREATE INDEX ON tb_item (fk_maker);

CREATE VIEW v_item AS
SELECT i.pk_item, i.id, jsonb_build_object('price', i.price, 'maker', m.name) AS data
FROM tb_item i JOIN tb_maker m ON m.pk_maker = i.fk_maker;
