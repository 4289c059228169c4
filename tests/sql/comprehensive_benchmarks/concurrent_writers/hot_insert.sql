-- pgbench: a new post of a random hot user; the oldest post that this client has inserted goes, so that a hot user always
-- has some twenty. :n counts this client's posts, and only it touches them.
\set n :n + 1
\set post (:client_id + 1) * 10000000 + :n
\set oldest :post - :kept
\set user random(1, 10)
BEGIN;
INSERT INTO tb_post (pk_post, fk_user, title) VALUES (:post, :user, 'a new post');
DELETE FROM tb_post WHERE pk_post = :oldest;
COMMIT;
