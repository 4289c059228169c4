-- pgbench: the name of a random item changes.
\set item random(1, 20000)
\set name random(1, 1000000000)
UPDATE tb_item SET name = 'item ' || :name::text WHERE pk_item = :item;
