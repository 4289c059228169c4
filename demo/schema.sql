-- The tables of a small shop. Loaded by scripts/demo, before data.sql.

CREATE TABLE tb_category (
    pk_category int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    fk_parent int REFERENCES tb_category,
    name text NOT NULL
);
CREATE INDEX ON tb_category (fk_parent);

CREATE TABLE tb_supplier (
    pk_supplier int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    name text NOT NULL,
    country text NOT NULL
);

CREATE TABLE tb_product (
    pk_product int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    fk_category int NOT NULL REFERENCES tb_category,
    fk_supplier int REFERENCES tb_supplier,
    name text NOT NULL,
    price numeric(10, 2) NOT NULL,
    -- Not part of the product's document: changing it must cost nothing.
    warehouse_note text
);
CREATE INDEX ON tb_product (fk_category);
CREATE INDEX ON tb_product (fk_supplier);

CREATE TABLE tb_inventory (
    pk_inventory int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    fk_product int NOT NULL UNIQUE REFERENCES tb_product ON DELETE CASCADE,
    quantity int NOT NULL,
    reserved int NOT NULL
);

CREATE TABLE tb_user (
    pk_user int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    name text NOT NULL
);

CREATE TABLE tb_review (
    pk_review int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    fk_product int NOT NULL REFERENCES tb_product ON DELETE CASCADE,
    fk_user int NOT NULL REFERENCES tb_user,
    rating int NOT NULL CHECK (rating BETWEEN 1 AND 5),
    comment text NOT NULL,
    written_on date NOT NULL
);
CREATE INDEX ON tb_review (fk_product);
CREATE INDEX ON tb_review (fk_user);
