-- pgbench: a column of a hot user changes that no document shows.
\set user random(1, 10)
UPDATE tb_user SET seen_at = seen_at + 1 WHERE pk_user = :user;
