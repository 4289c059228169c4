-- Owns the read models of the scenario write_path, the same tables for every contender that has some; where pg_tviews is installed
-- they become TVIEWs. A fifth of each page is left for new versions of its rows, so that indexes need not follow (HOT).
SET search_path = benchmark;
BEGIN;
CREATE TABLE tv_user WITH (fillfactor = 80) AS SELECT pk_user, id, data FROM v_user;
CREATE TABLE tv_post WITH (fillfactor = 80) AS SELECT pk_post, id, fk_user, data FROM v_post;
CREATE TABLE tv_comment WITH (fillfactor = 80) AS SELECT pk_comment, id, fk_post, fk_user, data FROM v_comment;
CREATE TABLE tv_thread WITH (fillfactor = 80) AS SELECT pk_thread, id, data FROM v_thread;
ALTER TABLE tv_user ADD PRIMARY KEY (pk_user);
ALTER TABLE tv_post ADD PRIMARY KEY (pk_post);
ALTER TABLE tv_comment ADD PRIMARY KEY (pk_comment);
ALTER TABLE tv_thread ADD PRIMARY KEY (pk_thread);
COMMIT;
CREATE UNIQUE INDEX ON tv_user (id);
CREATE UNIQUE INDEX ON tv_post (id);
CREATE INDEX ON tv_post (fk_user);
CREATE UNIQUE INDEX ON tv_comment (id);
CREATE INDEX ON tv_comment (fk_post);
CREATE INDEX ON tv_comment (fk_user);
CREATE UNIQUE INDEX ON tv_thread (id);
