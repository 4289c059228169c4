-- The contender with a TVIEW.
CREATE EXTENSION pg_tviews;
CREATE TABLE tv_post AS SELECT pk_post, id, fk_user, data FROM v_post;
