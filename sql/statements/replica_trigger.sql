-- Under session_replication_role = replica and logical replication, which know row triggers alone.
CREATE TRIGGER pg_tviews_capture_row AFTER INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {schema}.pg_tviews_capture();
ALTER TABLE {table} ENABLE REPLICA TRIGGER pg_tviews_capture_row
