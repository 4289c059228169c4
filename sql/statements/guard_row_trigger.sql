-- On a TVIEW: refuses what logical replication would write into it, which fires row triggers alone.
CREATE TRIGGER pg_tviews_guard_row AFTER INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {schema}.pg_tviews_guard();
ALTER TABLE {table} ENABLE REPLICA TRIGGER pg_tviews_guard_row
