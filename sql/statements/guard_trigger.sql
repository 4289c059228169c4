-- On a TVIEW: refuses writes that are not a refresh, in every replication mode.
CREATE TRIGGER pg_tviews_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.pg_tviews_guard();
ALTER TABLE ONLY {table} ENABLE ALWAYS TRIGGER pg_tviews_guard
