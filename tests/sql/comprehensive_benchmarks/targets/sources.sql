-- Owns what the scenario connections has beside the forum (write_path/sources.sql): a trade in nine documents, which are in views. Posts
-- are read by the forum's posts, comments and threads, and by v_feed.
SET search_path = benchmark;

CREATE TABLE tb_country (pk_country int PRIMARY KEY, id uuid NOT NULL UNIQUE, name text NOT NULL);
CREATE TABLE tb_supplier (
    pk_supplier int PRIMARY KEY, id uuid NOT NULL UNIQUE, fk_country int NOT NULL REFERENCES tb_country, name text NOT NULL
);
CREATE TABLE tb_article (
    pk_article int PRIMARY KEY, id uuid NOT NULL UNIQUE, fk_supplier int NOT NULL REFERENCES tb_supplier, name text NOT NULL, price int NOT NULL
);
CREATE TABLE tb_stock (fk_article int REFERENCES tb_article, place text, amount int NOT NULL, PRIMARY KEY (fk_article, place));
CREATE TABLE tb_customer (
    pk_customer int PRIMARY KEY, id uuid NOT NULL UNIQUE, fk_user int NOT NULL REFERENCES tb_user, fk_country int NOT NULL REFERENCES tb_country
);
CREATE TABLE tb_order (
    pk_order int PRIMARY KEY, id uuid NOT NULL UNIQUE, fk_customer int NOT NULL REFERENCES tb_customer, ordered_at date NOT NULL
);
CREATE TABLE tb_order_line (
    fk_order int REFERENCES tb_order, line int, fk_article int NOT NULL REFERENCES tb_article, amount int NOT NULL, PRIMARY KEY (fk_order, line)
);
CREATE TABLE tb_shipment (pk_shipment int PRIMARY KEY, id uuid NOT NULL UNIQUE, fk_order int NOT NULL REFERENCES tb_order, state text NOT NULL);
CREATE INDEX ON tb_supplier (fk_country);
CREATE INDEX ON tb_article (fk_supplier);
CREATE INDEX ON tb_customer (fk_user);
CREATE INDEX ON tb_customer (fk_country);
CREATE INDEX ON tb_order (fk_customer);
CREATE INDEX ON tb_order_line (fk_article);
CREATE INDEX ON tb_shipment (fk_order);

INSERT INTO tb_country SELECT n, md5('country ' || n)::uuid, 'Country ' || n FROM generate_series(1, 20) AS n;
INSERT INTO tb_supplier SELECT n, md5('supplier ' || n)::uuid, 1 + n % 20, 'Supplier ' || n FROM generate_series(1, 50) AS n;
INSERT INTO tb_article SELECT n, md5('article ' || n)::uuid, 1 + n % 50, 'Article ' || n, n FROM generate_series(1, 500) AS n;
INSERT INTO tb_stock SELECT n, place, n % 7 FROM generate_series(1, 500) AS n, unnest('{north,south}'::text[]) AS place;
INSERT INTO tb_customer SELECT n, md5('customer ' || n)::uuid, n, 1 + n % 20 FROM generate_series(1, 100) AS n;
INSERT INTO tb_order SELECT n, md5('order ' || n)::uuid, 1 + n % 100, date '2026-01-01' + n % 300 FROM generate_series(1, 1000) AS n;
INSERT INTO tb_order_line SELECT n, line, 1 + (n * line) % 500, line FROM generate_series(1, 1000) AS n, generate_series(1, 3) AS line;
INSERT INTO tb_shipment SELECT n, md5('shipment ' || n)::uuid, n, 'sent' FROM generate_series(1, 1000) AS n;

CREATE VIEW v_feed AS
SELECT u.pk_user AS pk_feed, u.id,
       jsonb_build_object('user', u.username, 'latest', (
           SELECT jsonb_agg(jsonb_build_object('id', p.id, 'title', p.title) ORDER BY p.pk_post DESC) FROM tb_post p WHERE p.fk_user = u.pk_user)) AS data
FROM tb_user u;
CREATE VIEW v_country AS
SELECT c.pk_country, c.id, jsonb_build_object('name', c.name, 'suppliers', count(s.pk_supplier)) AS data
FROM tb_country c LEFT JOIN tb_supplier s ON s.fk_country = c.pk_country GROUP BY c.pk_country;
CREATE VIEW v_supplier AS
SELECT s.pk_supplier, s.id, jsonb_build_object('name', s.name, 'country', c.name) AS data
FROM tb_supplier s JOIN tb_country c ON c.pk_country = s.fk_country;
CREATE VIEW v_article AS
SELECT a.pk_article, a.id, jsonb_build_object('name', a.name, 'price', a.price, 'supplier', s.name, 'country', c.name) AS data
FROM tb_article a JOIN tb_supplier s ON s.pk_supplier = a.fk_supplier JOIN tb_country c ON c.pk_country = s.fk_country;
CREATE VIEW v_stock AS
SELECT a.pk_article AS pk_stock, a.id, jsonb_build_object('name', a.name, 'places', jsonb_object_agg(s.place, s.amount)) AS data
FROM tb_article a JOIN tb_stock s ON s.fk_article = a.pk_article GROUP BY a.pk_article;
CREATE VIEW v_customer AS
SELECT c.pk_customer, c.id, jsonb_build_object('name', u.username, 'country', l.name) AS data
FROM tb_customer c JOIN tb_user u ON u.pk_user = c.fk_user JOIN tb_country l ON l.pk_country = c.fk_country;
CREATE VIEW v_order AS
SELECT o.pk_order, o.id, jsonb_build_object('at', o.ordered_at, 'by', u.username, 'lines', (
           SELECT jsonb_agg(jsonb_build_object('article', a.name, 'amount', l.amount) ORDER BY l.line)
           FROM tb_order_line l JOIN tb_article a ON a.pk_article = l.fk_article WHERE l.fk_order = o.pk_order)) AS data
FROM tb_order o JOIN tb_customer c ON c.pk_customer = o.fk_customer JOIN tb_user u ON u.pk_user = c.fk_user;
CREATE VIEW v_shipment AS
SELECT s.pk_shipment, s.id, jsonb_build_object('state', s.state, 'ordered', o.ordered_at, 'customer', c.id) AS data
FROM tb_shipment s JOIN tb_order o ON o.pk_order = s.fk_order JOIN tb_customer c ON c.pk_customer = o.fk_customer;
CREATE VIEW v_sales AS
SELECT a.pk_article AS pk_sales, a.id, jsonb_build_object('name', a.name, 'sold', sum(l.amount), 'worth', sum(l.amount * a.price)) AS data
FROM tb_article a JOIN tb_order_line l ON l.fk_article = a.pk_article GROUP BY a.pk_article;
