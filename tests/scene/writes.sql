-- Writes every source of create.sql once in each way; can be run again.
INSERT INTO shop.tb_category SELECT max(pk_category) + 1, 'More' FROM shop.tb_category;
INSERT INTO shop.tb_product (pk_product, fk_category, state, price)
SELECT max(pk_product) + n, (SELECT max(pk_category) FROM shop.tb_category), 'new', 1.50 FROM shop.tb_product, generate_series(1, 2) n GROUP BY n;
UPDATE shop.tb_category SET name = name || '!' WHERE pk_category = 1;
UPDATE shop.tb_product SET price = price + 1, state = 'sold' WHERE pk_product = 2;
DELETE FROM shop.tb_product WHERE pk_product = (SELECT max(pk_product) FROM shop.tb_product);
INSERT INTO tb_reading (pk_reading, value) SELECT max(pk_reading) + 1, 7 FROM tb_reading WHERE pk_reading < 100;
UPDATE tb_reading SET value = value + 1;
UPDATE tb_reading_highest SET value = value + 1 WHERE pk_reading = 100;
UPDATE tb_reading SET pk_reading = CASE pk_reading WHEN 1 THEN 150 ELSE 1 END WHERE pk_reading IN (1, 150);
DELETE FROM tb_reading WHERE pk_reading = (SELECT max(pk_reading) FROM tb_reading WHERE pk_reading > 150);
UPDATE tb_vehicle SET name = name || '.';
INSERT INTO tb_truck (pk_vehicle, name, load) SELECT max(pk_vehicle) + 1, 'van', 1 FROM tb_vehicle;
UPDATE ONLY tb_truck SET load = load + 1;
UPDATE "tb_Page" SET title = CASE title WHEN 'hidden' THEN 'shown' ELSE 'hidden' END WHERE "Number" = 1;
INSERT INTO "tb_Page" ("Site", "Number", title) SELECT 1, max("Number") + 1, 'new' FROM "tb_Page";
