-- Reads of documents, from the model of each contender; that of none is the view, which joins.
SET search_path = benchmark;
\o /dev/null
\set documents 1
PREPARE by_id (uuid) AS SELECT data FROM :model WHERE id = $1;
\set test 'one product by its id'
\set key 'md5(''product '' || pick(:products, :round, n))'
\set statement 'EXECUTE by_id (''%1$s'')'
\ir ../measure.sql

PREPARE by_key (int) AS SELECT data FROM :model WHERE pk_product = $1;
\set test 'one product by its key'
\set key 'pick(:products, :round, n)'
\set statement 'EXECUTE by_key (%1$s)'
\ir ../measure.sql

PREPARE page (int) AS SELECT data FROM :model WHERE fk_category = $1 ORDER BY pk_product LIMIT 20;
\set documents 20
\set test 'a page of 20 of a category'
SELECT max(pk_category) AS categories, max(fk_parent) AS departments FROM tb_category \gset
\set key ':departments + pick(:categories - :departments, :round, n)'
\set statement 'EXECUTE page (%1$s)'
\ir ../measure.sql

-- No index helps: all documents are looked into.
SELECT least(:samples, 3) AS samples, 1 AS warm_ups, count(*) AS documents
FROM tb_product p JOIN tb_supplier s ON s.pk_supplier = p.fk_supplier WHERE s.country = 'Finland' \gset
\set test 'filter on a field of the documents'
\set key 1
SELECT concat('SELECT count(*) FROM ', :'model', ' WHERE data -> ''supplier'' ->> ''country'' = ''Finland''') AS statement \gset
\ir ../measure.sql
