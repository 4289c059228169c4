-- pgbench: the title of a random post changes. Each post has a document of its own.
\set post 0 - random(1, :posts)
\set title random(1, 1000000000)
UPDATE tb_post SET title = 'title ' || :title::text WHERE pk_post = :post;
