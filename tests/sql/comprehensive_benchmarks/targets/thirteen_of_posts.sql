-- Owns the worst case of the scenario connections: thirteen TVIEWs, all of which read the written table.
SET search_path = benchmark;
BEGIN;
SELECT format('CREATE VIEW v_post_%1$s AS
               SELECT p.pk_post AS pk_post_%1$s, p.id, jsonb_build_object(''shelf'', %1$s, ''title'', p.title, ''author'', u.username) AS data
               FROM tb_post p JOIN tb_user u ON u.pk_user = p.fk_user', n),
       format('CREATE TABLE tv_post_%1$s AS SELECT pk_post_%1$s, id, data FROM v_post_%1$s', n),
       format('ALTER TABLE tv_post_%1$s ADD PRIMARY KEY (pk_post_%1$s)', n), format('CREATE UNIQUE INDEX ON tv_post_%s (id)', n)
FROM generate_series(1, 13) AS n
\gexec
COMMIT;
