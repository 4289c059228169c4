-- The sources that every contender starts with, and the document of a post. Loaded by run.sh into a new database for each run.
--
-- :users users with :posts_each posts each, whose keys are negative. The first ten users are the hot ones; each client of
-- pgbench owns :kept further posts of theirs, whose keys are positive, and keeps that number as it inserts and deletes.
CREATE TABLE tb_user (
    pk_user int PRIMARY KEY,
    name text NOT NULL,
    seen_at int NOT NULL DEFAULT 0 -- no document shows it
);
CREATE TABLE tb_post (
    pk_post bigint PRIMARY KEY,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    fk_user int NOT NULL REFERENCES tb_user,
    title text NOT NULL
);
CREATE INDEX ON tb_post (fk_user);

INSERT INTO tb_user SELECT n, 'user ' || n FROM generate_series(1, :users) n;
INSERT INTO tb_post (pk_post, fk_user, title)
SELECT -n, 11 + n % (:users - 10), 'post ' || n FROM generate_series(1, :users * :posts_each) n;
INSERT INTO tb_post (pk_post, fk_user, title)
SELECT client * 10000000 + n, 1 + (client * :kept + n) % 10, 'a post to begin with'
FROM generate_series(1, :clients) client, generate_series(1, :kept) n;

CREATE VIEW v_post AS
SELECT p.pk_post, p.id, p.fk_user,
       jsonb_build_object('id', p.id, 'title', p.title, 'author', jsonb_build_object('pk', u.pk_user, 'name', u.name)) AS data
FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user;
