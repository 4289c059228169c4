-- The contender whose application calls a function after each change, in the same transaction, with the keys of the products
-- that it knows to be concerned. The function computes these documents anew.
SET search_path = benchmark;
CREATE TABLE product_document AS SELECT id, pk_product, fk_category, data FROM v_product;
ALTER TABLE product_document ADD PRIMARY KEY (pk_product);
CREATE UNIQUE INDEX ON product_document (id);
CREATE INDEX ON product_document (fk_category);
ANALYZE product_document;

CREATE FUNCTION refresh_products(keys int[]) RETURNS void LANGUAGE plpgsql
SET search_path = benchmark SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    INSERT INTO product_document SELECT id, pk_product, fk_category, data FROM v_product WHERE pk_product = ANY (keys)
    ON CONFLICT (pk_product) DO UPDATE SET id = excluded.id, fk_category = excluded.fk_category, data = excluded.data;
    DELETE FROM product_document d
    WHERE d.pk_product = ANY (keys) AND NOT EXISTS (SELECT FROM tb_product p WHERE p.pk_product = d.pk_product);
END $$;
