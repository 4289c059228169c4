-- Under session_replication_role = replica and logical replication, which know row triggers alone. PostgreSQL gives
-- partitions a copy by the same name, which must not meet one that a table has of its own.
CREATE TRIGGER pg_tviews_capture_row_{oid} AFTER INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION {schema}.pg_tviews_capture();
ALTER TABLE {table} ENABLE REPLICA TRIGGER pg_tviews_capture_row_{oid}
