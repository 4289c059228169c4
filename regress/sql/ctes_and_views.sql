-- CTEs and views inside the definition are looked through.
\set SHOW_CONTEXT never
CREATE SCHEMA ctes_and_views;
SET search_path = ctes_and_views, public;

CREATE TABLE tb_customer (pk_customer int PRIMARY KEY, id uuid NOT NULL, name text NOT NULL, note text);
CREATE TABLE tb_invoice (
    pk_invoice int PRIMARY KEY,
    id uuid NOT NULL,
    fk_customer int NOT NULL REFERENCES tb_customer,
    amount numeric NOT NULL,
    paid boolean NOT NULL DEFAULT false
);
CREATE INDEX ON tb_invoice (fk_customer);
INSERT INTO tb_customer VALUES (1, oracle.uuid(1), 'Acme'), (2, oracle.uuid(2), 'Bolt'), (3, oracle.uuid(3), 'Cog');
INSERT INTO tb_invoice VALUES
    (1, oracle.uuid(11), 1, 10.00), (2, oracle.uuid(12), 1, 20.00), (3, oracle.uuid(13), 2, 5), (4, oracle.uuid(14), 2, 6.5);

-- A CTE that is used once, one that is used twice, one on top of another.
SELECT $$
    WITH open AS (SELECT fk_customer, sum(amount) AS total FROM tb_invoice WHERE NOT paid GROUP BY fk_customer)
    SELECT c.pk_customer AS pk_cte, c.id, jsonb_build_object('name', c.name, 'open', o.total) AS data
    FROM tb_customer c LEFT JOIN open o ON o.fk_customer = c.pk_customer
$$ AS cte,
$$
    WITH bill AS (SELECT * FROM tb_invoice WHERE amount > 5),
         paid AS (SELECT * FROM bill WHERE paid)
    SELECT c.pk_customer AS pk_ctes, c.id, jsonb_build_object('name', c.name,
               'bills', (SELECT count(*) FROM bill b WHERE b.fk_customer = c.pk_customer),
               'paid', (SELECT sum(p.amount) FROM paid p WHERE p.fk_customer = c.pk_customer)) AS data
    FROM tb_customer c
$$ AS ctes,
-- MATERIALIZED computes all of it whatever is asked for; the rows are the same.
$$
    WITH open AS MATERIALIZED (SELECT fk_customer, amount FROM tb_invoice WHERE NOT paid)
    SELECT c.pk_customer AS pk_fenced, c.id, jsonb_build_object('name', c.name,
               'open', (SELECT count(*) FROM open o WHERE o.fk_customer = c.pk_customer)) AS data
    FROM tb_customer c
$$ AS fenced,
-- A CTE inside a subquery.
$$
    SELECT c.pk_customer AS pk_inner_cte, c.id, jsonb_build_object('name', c.name, 'largest', (
               WITH mine AS (SELECT amount FROM tb_invoice i WHERE i.fk_customer = c.pk_customer)
               SELECT max(amount) FROM mine)) AS data
    FROM tb_customer c
$$ AS inner_cte \gset
CREATE TABLE tv_cte AS :cte;
CREATE TABLE tv_ctes AS :ctes;
CREATE TABLE tv_fenced AS :fenced;
CREATE TABLE tv_inner_cte AS :inner_cte;

-- Views over views, with a filter and a grouping.
CREATE VIEW open_invoice AS SELECT * FROM tb_invoice WHERE NOT paid;
CREATE VIEW open_total AS SELECT fk_customer, count(*) AS n, sum(amount) AS total FROM open_invoice GROUP BY fk_customer;
CREATE VIEW customer_overview AS
SELECT c.pk_customer, c.id, c.name, o.n, o.total
FROM tb_customer c LEFT JOIN open_total o ON o.fk_customer = c.pk_customer;
SELECT $$
    SELECT v.pk_customer AS pk_overview, v.id, jsonb_build_object('name', v.name, 'open', v.n, 'total', v.total) AS data
    FROM customer_overview v
$$ AS overview \gset
CREATE TABLE tv_overview AS :overview;

-- The view v_<entity> written by the user is the backing view as it is.
CREATE VIEW v_customer AS
SELECT c.pk_customer, c.id, c.name, jsonb_build_object('name', c.name, 'invoices', (
           SELECT jsonb_agg(i.amount ORDER BY i.pk_invoice) FROM tb_invoice i WHERE i.fk_customer = c.pk_customer)) AS data
FROM tb_customer c;
CREATE TABLE tv_customer AS SELECT id, pk_customer, data FROM v_customer;
SELECT backing_view::text FROM pg_tviews_metadata WHERE schema_name = 'ctes_and_views' AND entity = 'customer';
SELECT $$
    SELECT c.id, c.pk_customer, jsonb_build_object('name', c.name, 'invoices', (
           SELECT jsonb_agg(i.amount ORDER BY i.pk_invoice) FROM tb_invoice i WHERE i.fk_customer = c.pk_customer)) AS data
    FROM tb_customer c
$$ AS customer \gset
-- A security barrier view, and one with a check option.
CREATE VIEW barrier WITH (security_barrier) AS SELECT * FROM tb_invoice WHERE amount < 100 WITH CHECK OPTION;
SELECT $$
    SELECT b.pk_invoice AS pk_barrier, b.id, jsonb_build_object('name', c.name, 'amount', b.amount) AS data
    FROM barrier b JOIN tb_customer c ON c.pk_customer = b.fk_customer
$$ AS barrier \gset
CREATE TABLE tv_barrier AS :barrier;

SELECT oracle.routes('tv_cte') AS cte, oracle.routes('tv_ctes') AS ctes, oracle.routes('tv_inner_cte') AS inner_cte;
SELECT oracle.routes('tv_fenced') AS fenced, oracle.routes('tv_overview') AS overview;
SELECT oracle.routes('tv_customer') AS customer, oracle.routes('tv_barrier') AS barrier;

PREPARE checks AS
SELECT oracle.check('tv_cte', :'cte') AS cte, oracle.check('tv_ctes', :'ctes') AS ctes,
       oracle.check('tv_fenced', :'fenced') AS fenced, oracle.check('tv_inner_cte', :'inner_cte') AS inner_cte,
       oracle.check('tv_overview', :'overview') AS overview, oracle.check('tv_customer', :'customer') AS customer,
       oracle.check('tv_barrier', :'barrier') AS barrier;
EXECUTE checks;
-- A row passes the view's filter, or no longer does.
SELECT oracle.mark('tv_overview');
UPDATE tb_invoice SET paid = true WHERE pk_invoice = 3;
SELECT oracle.written('tv_overview');
EXECUTE checks;
UPDATE tb_invoice SET amount = 200 WHERE pk_invoice = 4;
EXECUTE checks;
-- A row moves; a group empties; a row is written through a view.
UPDATE tb_invoice SET fk_customer = 3 WHERE pk_invoice IN (1, 2);
EXECUTE checks;
UPDATE barrier SET amount = 30, paid = true WHERE pk_invoice = 1;
INSERT INTO open_invoice VALUES (5, oracle.uuid(15), 1, 50.0, false);
DELETE FROM open_invoice WHERE pk_invoice = 2;
EXECUTE checks;
UPDATE tb_customer SET name = 'Acme Ltd' WHERE pk_customer = 1;
EXECUTE checks;
-- A column that no view shows changes nothing.
SELECT oracle.mark('tv_overview'), oracle.mark('tv_customer');
UPDATE tb_customer SET note = 'pays late';
SELECT oracle.written('tv_overview') AS overview, oracle.written('tv_customer') AS customer;
EXECUTE checks;
