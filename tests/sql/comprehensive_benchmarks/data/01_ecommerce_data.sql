-- Owns the rows of the shop, the same in every run: sizes by -v data_scale=small|medium|large|huge, or tiny for the smallest
-- point of the scaling scenario. A few categories have most products, and a few products most reviews. Run by
-- run_benchmarks.sh after the schema. An unknown scale ends it with "no rows returned for \gset".
SET search_path = benchmark;

-- A psql variable is not replaced inside a dollar-quoted body, so sizes are chosen out here.
SELECT products, categories, reviews, greatest(10, products / 50) AS suppliers, greatest(50, products / 5) AS users
FROM (VALUES ('tiny', 100, 10, 500), ('small', 1000, 20, 5000), ('medium', 10000, 50, 50000),
             ('large', 100000, 100, 500000), ('huge', 1000000, 200, 5000000)) AS scales (scale, products, categories, reviews)
WHERE scale = :'data_scale' \gset

-- One department for every ten categories; the others lie below one.
INSERT INTO tb_category (pk_category, id, fk_parent, name, slug)
SELECT n, md5('category ' || n)::uuid, CASE WHEN n > :categories / 10 THEN 1 + n % (:categories / 10) END,
       'Category ' || n, 'category-' || n
FROM generate_series(1, :categories) AS n;

INSERT INTO tb_supplier (pk_supplier, id, name, country, contact)
SELECT n, md5('supplier ' || n)::uuid, 'Supplier ' || n,
       (ARRAY['Denmark', 'Norway', 'Sweden', 'Finland', 'Poland', 'Austria', 'Germany', 'France', 'Italy', 'Spain'])[1 + n % 10],
       'sales@supplier-' || n || '.example'
FROM generate_series(1, :suppliers) AS n;

INSERT INTO tb_product (pk_product, id, fk_category, fk_supplier, sku, name, description, base_price, current_price, currency)
SELECT n, md5('product ' || n)::uuid,
       :categories / 10 + 1 + floor((:categories - :categories / 10) * draw(n, 1) ^ 1.5)::int,
       CASE WHEN n % 50 > 0 THEN 1 + floor(:suppliers * draw(n, 2) ^ 1.5)::int END,
       'SKU-' || lpad(n::text, 8, '0'),
       (ARRAY['Alder', 'Brightwell', 'Corvid', 'Dunmore', 'Everly', 'Fenwick', 'Garrick', 'Holm'])[1 + n % 8] || ' '
           || (ARRAY['classic', 'compact', 'travel', 'sturdy', 'everyday'])[1 + n / 8 % 5] || ' '
           || (ARRAY['lamp', 'kettle', 'blanket', 'backpack', 'desk', 'planter', 'radio'])[1 + n / 40 % 7] || ' ' || n,
       repeat('A thing that people buy, look at, and write about. ', 1 + n % 6),
       price, round(price * (CASE WHEN n % 4 = 0 THEN 0.8 ELSE 1 END), 2), (ARRAY['EUR', 'EUR', 'EUR', 'DKK'])[1 + n % 4]
FROM generate_series(1, :products) AS n
CROSS JOIN LATERAL (SELECT round((5 + 495 * draw(n, 3) ^ 3)::numeric, 2)) AS prices (price);

INSERT INTO tb_inventory (pk_inventory, id, fk_product, quantity, reserved, warehouse)
SELECT n, md5('inventory ' || n)::uuid, n, 10 + floor(200 * draw(n, 4))::int, floor(10 * draw(n, 5))::int, 'Hall ' || 1 + n % 9
FROM generate_series(1, :products) AS n WHERE n % 40 > 0;

INSERT INTO tb_user (pk_user, id, name)
SELECT n, md5('user ' || n)::uuid, 'User ' || n FROM generate_series(1, :users) AS n;

-- Half of the reviews go to a quarter of the products.
INSERT INTO tb_review (pk_review, id, fk_product, fk_user, rating, comment, written_at)
SELECT n, md5('review ' || n)::uuid, 1 + floor(:products * draw(n, 10) ^ 2)::int, 1 + floor(:users * draw(n, 11))::int,
       1 + floor(5 * sqrt(draw(n, 12)))::int,
       (ARRAY['Broke within a week.', 'Flimsy, but it does the job.', 'It is fine.', 'Well made, would buy again.',
              'Wonderful, use it every day.'])[1 + n % 5],
       timestamp '2023-01-01' + n * interval '1 minute'
FROM generate_series(1, :reviews) AS n;

-- Later inserts leave the keys above alone.
SELECT setval(pg_get_serial_sequence('tb_review', 'pk_review'), 1000000000) \g /dev/null
SELECT setval(pg_get_serial_sequence('tb_product', 'pk_product'), 1000000000) \g /dev/null
VACUUM ANALYZE;
