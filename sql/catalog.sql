-- The extension's own tables. Only what cannot be derived is stored: lineage, keys and routes come
-- from the backing view each time a backend first needs them, so renames, new columns and a
-- restored dump need no bookkeeping here. regclass columns are dumped by name.

DO $$
BEGIN
    -- The library reads names and definitions as UTF-8.
    IF pg_catalog.getdatabaseencoding() <> 'UTF8' THEN
        RAISE EXCEPTION 'extension "pg_tviews" needs a database with encoding UTF8'
            USING ERRCODE = 'feature_not_supported',
                  DETAIL = 'The encoding of this database is ' || pg_catalog.getdatabaseencoding() || '.',
                  HINT = 'Create a database with ENCODING ''UTF8''.';
    END IF;
END
$$;

CREATE TABLE pg_tviews_catalog (
    tview        regclass    PRIMARY KEY,
    backing_view regclass    NOT NULL,
    owns_view    boolean     NOT NULL,   -- made by the conversion, so dropped with the TVIEW
    settings     text[]      NOT NULL,   -- name=value, in force whenever rows are computed
    family       regclass[]  NOT NULL,   -- the table with its partitions
    created_at   timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

-- Which tables a TVIEW reads: where capture looks up whom a change concerns.
CREATE TABLE pg_tviews_source (
    tview  regclass   NOT NULL,
    source regclass   NOT NULL,
    family regclass[] NOT NULL,   -- all tables through which its rows are read and written
    PRIMARY KEY (tview, source)
);
CREATE INDEX pg_tviews_source_source ON pg_tviews_source (source);

-- Queries of tables that were created with pg_tviews.auto_convert off, for a later conversion.
CREATE TABLE pg_tviews_recorded (
    table_name regclass PRIMARY KEY,
    definition text     NOT NULL
);

SELECT pg_catalog.pg_extension_config_dump('pg_tviews_catalog', '');
SELECT pg_catalog.pg_extension_config_dump('pg_tviews_source', '');
SELECT pg_catalog.pg_extension_config_dump('pg_tviews_recorded', '');

-- Casts to oid: for regclass another = could be found, in a schema where others may create operators.
CREATE VIEW pg_tviews_metadata AS
SELECT c.relname                                     AS table_name,
       n.nspname                                     AS schema_name,
       pg_catalog.substring(c.relname::text, '^tv_(.+)') AS entity,
       (SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.ord)
          FROM pg_catalog.pg_index i
         CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, ord)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
         WHERE i.indrelid = c.oid AND i.indisprimary AND k.ord <= i.indnkeyatts) AS key_columns,
       t.backing_view,
       t.owns_view,
       pg_catalog.pg_get_viewdef(t.backing_view)     AS definition,
       (SELECT pg_catalog.array_agg(s.source ORDER BY s.source::text)
          FROM pg_tviews_source s WHERE s.tview::pg_catalog.oid = c.oid) AS sources,
       pg_catalog.pg_get_userbyid(c.relowner)        AS owner,
       t.settings,
       t.created_at
  FROM pg_tviews_catalog t
  JOIN pg_catalog.pg_class c ON c.oid = t.tview::pg_catalog.oid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace;

GRANT SELECT ON pg_tviews_metadata TO PUBLIC;
COMMENT ON VIEW pg_tviews_metadata IS 'the TVIEWs of this database, one row each';
