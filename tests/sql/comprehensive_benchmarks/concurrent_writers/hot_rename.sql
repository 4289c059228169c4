-- pgbench: a hot user's name changes, which all the documents of their posts show.
\set user random(1, 10)
\set name random(1, 1000000000)
UPDATE tb_user SET name = 'user ' || :name::text WHERE pk_user = :user;
