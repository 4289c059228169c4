-- On a source table, once for all TVIEWs: what its statements change. Transition tables need one
-- trigger per event. In ORIGIN mode, so that they do not fire where the row trigger does.
CREATE TRIGGER pg_tviews_capture_insert AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS pg_tviews_new
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.pg_tviews_capture();
CREATE TRIGGER pg_tviews_capture_update AFTER UPDATE ON {table}
    REFERENCING OLD TABLE AS pg_tviews_old NEW TABLE AS pg_tviews_new
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.pg_tviews_capture();
CREATE TRIGGER pg_tviews_capture_delete AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS pg_tviews_old
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.pg_tviews_capture();
CREATE TRIGGER pg_tviews_capture_truncate AFTER TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.pg_tviews_capture();
ALTER TABLE ONLY {table} ENABLE ALWAYS TRIGGER pg_tviews_capture_truncate
