-- Every function a user calls; docs/functions.md is their reference.

CREATE FUNCTION pg_tviews_convert_existing_table(table_name text, query text DEFAULT NULL)
RETURNS regclass LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'pg_tviews_convert_existing_table_wrapper';
COMMENT ON FUNCTION pg_tviews_convert_existing_table(text, text) IS
    'makes an existing table tv_<entity> a TVIEW';

CREATE FUNCTION pg_tviews_create(name text, query text)
RETURNS regclass LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'pg_tviews_create_wrapper';
COMMENT ON FUNCTION pg_tviews_create(text, text) IS 'creates and fills a TVIEW';

CREATE FUNCTION pg_tviews_drop(name text, if_exists boolean DEFAULT false)
RETURNS boolean LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'pg_tviews_drop_wrapper';
COMMENT ON FUNCTION pg_tviews_drop(text, boolean) IS
    'drops a TVIEW with the view made for it; true if there was one';

CREATE FUNCTION pg_tviews_refresh(name text)
RETURNS bigint LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'pg_tviews_refresh_wrapper';
COMMENT ON FUNCTION pg_tviews_refresh(text) IS
    'compares a TVIEW with its query as a whole and gives the number of rows written';

CREATE FUNCTION pg_tviews_verify(name text DEFAULT NULL)
RETURNS TABLE (table_name regclass, missing bigint, extra bigint, different bigint)
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'pg_tviews_verify_wrapper';
COMMENT ON FUNCTION pg_tviews_verify(text) IS
    'counts the rows in which a TVIEW, or every TVIEW, differs from its query';

CREATE FUNCTION pg_tviews_explain(name text)
RETURNS TABLE (source text, alias text, route text, path text, columns_used text[],
               key_query text, reason text, remedy text, missing_indexes text[])
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'pg_tviews_explain_wrapper';
COMMENT ON FUNCTION pg_tviews_explain(text) IS
    'how a change of each source reaches the rows of a TVIEW';

CREATE FUNCTION pg_tviews_explain_json(name text)
RETURNS jsonb LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'pg_tviews_explain_json_wrapper';
COMMENT ON FUNCTION pg_tviews_explain_json(text) IS 'pg_tviews_explain as one document';

CREATE FUNCTION pg_tviews_check_query(query text, name text DEFAULT NULL)
RETURNS TABLE (severity text, source text, alias text, route text, path text, columns_used text[],
               reason text, remedy text, missing_indexes text[])
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'pg_tviews_check_query_wrapper';
COMMENT ON FUNCTION pg_tviews_check_query(text, text) IS
    'what creating a TVIEW with this query would say, without creating it';

CREATE FUNCTION pg_tviews_graph(name text DEFAULT NULL, format text DEFAULT 'mermaid')
RETURNS text LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'pg_tviews_graph_wrapper';
COMMENT ON FUNCTION pg_tviews_graph(text, text) IS
    'the tables and TVIEWs that depend on each other, as a Mermaid or DOT graph';

CREATE FUNCTION pg_tviews_flush()
RETURNS void LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'pg_tviews_flush_wrapper';
COMMENT ON FUNCTION pg_tviews_flush() IS
    'brings every TVIEW up to date with what this transaction has changed so far';

CREATE FUNCTION pg_tviews_version()
RETURNS text LANGUAGE c IMMUTABLE
AS 'MODULE_PATHNAME', 'pg_tviews_version_wrapper';
COMMENT ON FUNCTION pg_tviews_version() IS 'the version of the loaded library';

-- Trigger functions: attached by conversions, of no use by themselves.
CREATE FUNCTION pg_tviews_capture() RETURNS trigger LANGUAGE c AS 'MODULE_PATHNAME';
CREATE FUNCTION pg_tviews_guard() RETURNS trigger LANGUAGE c AS 'MODULE_PATHNAME';

CREATE FUNCTION pg_tviews_on_command() RETURNS event_trigger
LANGUAGE c AS 'MODULE_PATHNAME';
CREATE FUNCTION pg_tviews_on_drop() RETURNS event_trigger
LANGUAGE c AS 'MODULE_PATHNAME';

-- Tells how to convert a table where the library is not preloaded, so that no hook sees it; follows
-- partitions and children that join or leave a source, and views, types and functions of a definition that
-- are replaced or altered; refuses what would leave a TVIEW without its key, a column or its rows. Views are
-- listed because ALTER VIEW and its like also rename columns of tables.
CREATE EVENT TRIGGER pg_tviews_on_command ON ddl_command_end
    WHEN TAG IN ('CREATE TABLE AS', 'SELECT INTO', 'CREATE TABLE', 'ALTER TABLE', 'CREATE TRIGGER',
                 'CREATE SCHEMA', 'CREATE VIEW', 'ALTER VIEW', 'ALTER MATERIALIZED VIEW',
                 'ALTER FOREIGN TABLE', 'CREATE RULE', 'ALTER TYPE', 'CREATE FUNCTION', 'ALTER FUNCTION',
                 'ALTER ROUTINE', 'CREATE AGGREGATE')
    EXECUTE FUNCTION pg_tviews_on_command();
-- Forgets TVIEWs whose table or view is gone.
CREATE EVENT TRIGGER pg_tviews_on_drop ON sql_drop
    EXECUTE FUNCTION pg_tviews_on_drop();
-- Also where a replica applies DDL of its own.
ALTER EVENT TRIGGER pg_tviews_on_command ENABLE ALWAYS;
ALTER EVENT TRIGGER pg_tviews_on_drop ENABLE ALWAYS;
