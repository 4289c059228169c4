-- 100 categories in a tree, 200 suppliers, 10,000 products with stock, 2,000 users and 50,000 reviews; the same on every
-- run. Loaded by scripts/demo, after schema.sql.

SELECT setseed(0.42) \g /dev/null

-- Ten departments of nine categories, each with the word that its products' names end in.
CREATE TEMP TABLE range AS
SELECT department, (department - 1) * 9 + leaf AS position, title, split_part(pair, ':', 1) AS category,
       split_part(pair, ':', 2) AS thing
FROM (VALUES
    (1, 'Kitchen', 'Frying pans:frying pan,Saucepans:saucepan,Knives:chef''s knife,Chopping boards:chopping board,Coffee makers:coffee maker,Kettles:kettle,Mixing bowls:mixing bowl,Storage jars:storage jar,Baking tins:baking tin'),
    (2, 'Furniture', 'Desks:desk,Dining tables:dining table,Chairs:chair,Bookcases:bookcase,Sideboards:sideboard,Bed frames:bed frame,Stools:stool,Coat racks:coat rack,Benches:bench'),
    (3, 'Lighting', 'Table lamps:table lamp,Floor lamps:floor lamp,Pendants:pendant light,Wall lights:wall light,Desk lamps:desk lamp,Lanterns:lantern,Spotlights:spotlight,Night lights:night light,Lampshades:lampshade'),
    (4, 'Garden', 'Planters:planter,Watering cans:watering can,Spades:spade,Secateurs:pair of secateurs,Bird feeders:bird feeder,Wheelbarrows:wheelbarrow,Garden chairs:garden chair,Fire bowls:fire bowl,Trellises:trellis'),
    (5, 'Outdoor', 'Tents:tent,Sleeping bags:sleeping bag,Backpacks:backpack,Camping stoves:camping stove,Head torches:head torch,Water bottles:water bottle,Hammocks:hammock,Walking poles:walking pole,Cool boxes:cool box'),
    (6, 'Cycling', 'Saddles:saddle,Helmets:helmet,Panniers:pannier,Bike lights:bike light,Locks:bike lock,Pumps:floor pump,Handlebars:handlebar,Bells:bell,Mudguards:mudguard'),
    (7, 'Office', 'Notebooks:notebook,Fountain pens:fountain pen,Desk organisers:desk organiser,Monitor stands:monitor stand,Filing boxes:filing box,Wall clocks:wall clock,Whiteboards:whiteboard,Desk mats:desk mat,Staplers:stapler'),
    (8, 'Audio', 'Headphones:pair of headphones,Loudspeakers:loudspeaker,Turntables:turntable,Radios:radio,Microphones:microphone,Amplifiers:amplifier,Earphones:pair of earphones,Soundbars:soundbar,Record crates:record crate'),
    (9, 'Textiles', 'Blankets:blanket,Cushions:cushion,Curtains:curtain,Rugs:rug,Towels:towel,Bed linen:duvet cover,Tablecloths:tablecloth,Aprons:apron,Oven gloves:oven glove'),
    (10, 'Toys', 'Puzzles:puzzle,Building blocks:set of building blocks,Kites:kite,Board games:board game,Dolls:doll,Train sets:train set,Spinning tops:spinning top,Marble runs:marble run,Puppets:puppet')
) AS departments (department, title, pairs),
string_to_table(pairs, ',') WITH ORDINALITY AS leaves (pair, leaf);

INSERT INTO tb_category (id, name)
SELECT md5('category ' || title)::uuid, title FROM range GROUP BY department, title ORDER BY department;
INSERT INTO tb_category (id, fk_parent, name)
SELECT md5('category ' || category)::uuid, department, category FROM range ORDER BY position;

INSERT INTO tb_supplier (id, name, country)
SELECT md5('supplier ' || town || kind)::uuid, town || ' ' || kind, country
FROM (VALUES
    ('Aarhus', 'Denmark'), ('Bergen', 'Norway'), ('Uppsala', 'Sweden'), ('Turku', 'Finland'), ('Tartu', 'Estonia'),
    ('Gdynia', 'Poland'), ('Brno', 'Czechia'), ('Graz', 'Austria'), ('Solingen', 'Germany'), ('Kassel', 'Germany'),
    ('Delft', 'Netherlands'), ('Ghent', 'Belgium'), ('Lyon', 'France'), ('Limoges', 'France'), ('Basel', 'Switzerland'),
    ('Como', 'Italy'), ('Murano', 'Italy'), ('Bilbao', 'Spain'), ('Porto', 'Portugal'), ('Sheffield', 'United Kingdom')
) AS towns (town, country),
unnest(ARRAY['Trading', 'Workshops', 'Manufaktur', 'Mills', 'Foundry', 'Supply', 'Imports', 'Collective', 'Brothers', 'Works'])
    AS kinds (kind)
ORDER BY town, kind;

INSERT INTO tb_product (id, fk_category, fk_supplier, name, price)
SELECT md5('product ' || n)::uuid, pk_category, CASE WHEN n % 50 > 0 THEN 1 + floor(random() * 200)::int END,
       maker || ' ' || style || ' ' || thing, round((4 + 296 * random() ^ 3)::numeric, 1) - 0.05
FROM generate_series(0, 9999) AS n
JOIN range ON position = 1 + n % 90
JOIN tb_category ON tb_category.name = category
CROSS JOIN LATERAL (SELECT
    (ARRAY['Alder', 'Brightwell', 'Corvid', 'Dunmore', 'Everly', 'Fenwick', 'Garrick', 'Holm', 'Isla', 'Juniper', 'Kestrel',
           'Linden', 'Marlow', 'Norrland', 'Oakley', 'Pellworm'])[1 + n / 90 % 16] AS maker,
    (ARRAY['classic', 'compact', 'travel', 'sturdy', 'everyday', 'heritage', 'light'])[1 + n / 1440] AS style) AS words
ORDER BY n;

INSERT INTO tb_inventory (id, fk_product, quantity, reserved)
SELECT md5('inventory ' || pk_product)::uuid, pk_product, floor(random() * 200)::int, floor(random() * 5)::int
FROM tb_product WHERE pk_product % 40 > 0 ORDER BY pk_product;

INSERT INTO tb_user (id, name)
SELECT md5('user ' || first || last)::uuid, first || ' ' || last
FROM unnest(ARRAY['Ada', 'Amir', 'Anika', 'Bea', 'Boris', 'Chloe', 'Daan', 'Dilara', 'Elif', 'Emil', 'Esra', 'Farid', 'Freya',
    'Goran', 'Greta', 'Hana', 'Hugo', 'Ines', 'Ivan', 'Jana', 'Jonas', 'Kaya', 'Kofi', 'Lars', 'Leila', 'Lena', 'Luca', 'Maja',
    'Malik', 'Mira', 'Nadia', 'Nils', 'Noor', 'Olga', 'Omar', 'Paula', 'Pavel', 'Priya', 'Rosa', 'Ruben', 'Sami', 'Sofia',
    'Tariq', 'Tilda', 'Uma', 'Viktor', 'Wanda', 'Yara', 'Yusuf', 'Zoe']) AS first,
unnest(ARRAY['Adler', 'Bakker', 'Costa', 'Dahl', 'Eriksen', 'Fischer', 'Garcia', 'Horvat', 'Ibsen', 'Jansen', 'Kowalska',
    'Laurent', 'Moreau', 'Novak', 'Okafor', 'Petrov', 'Quist', 'Rossi', 'Silva', 'Tanaka', 'Ueda', 'Varga', 'Weber', 'Xu',
    'Yilmaz', 'Zeman', 'Berg', 'Conti', 'Duarte', 'Engel', 'Faber', 'Gruber', 'Hansen', 'Ivanova', 'Jovanovic', 'Klein',
    'Lindqvist', 'Meyer', 'Nowak', 'Olsen']) AS last
ORDER BY first, last;

-- Half of the reviews go to the first tenth of the products, as they do in shops.
INSERT INTO tb_review (id, fk_product, fk_user, rating, comment, written_on)
SELECT md5('review ' || n)::uuid, 1 + floor(random() * CASE WHEN n % 2 = 0 THEN 1000 ELSE 10000 END)::int,
       1 + floor(random() * 2000)::int, rating,
       (ARRAY[
           ARRAY['Broke within a week.', 'Nothing like the picture.', 'Sent it back.'],
           ARRAY['Flimsy, but it does the job.', 'Expected more for the price.', 'The finish is poor.'],
           ARRAY['It is fine.', 'Does what it says.', 'Good enough, slow delivery.'],
           ARRAY['Well made.', 'Good value, would buy again.', 'Very pleased so far.'],
           ARRAY['Wonderful, use it every day.', 'The best one I have owned.', 'A gift that was loved at once.']
       ])[rating][1 + n % 3],
       date '2023-01-01' + floor(random() * 1000)::int
FROM (SELECT n, 1 + floor(5 * sqrt(random()))::int AS rating FROM generate_series(1, 50000) AS n) AS stars
ORDER BY n;

DROP TABLE range;
ANALYZE;
