-- A TVIEW that has nothing to do with tv_post, for the writer beside the bulk update.
CREATE TABLE tb_item (pk_item int PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid(), name text NOT NULL);
INSERT INTO tb_item (pk_item, name) SELECT n, 'item ' || n FROM generate_series(1, 20000) n;
CREATE TABLE tv_item AS SELECT pk_item, id, jsonb_build_object('name', name) AS data FROM tb_item;
