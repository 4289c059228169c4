-- Owns what report/render.sh is given: one JSON object with the results of a run and what they were measured with.
SET search_path = benchmark;
SELECT json_build_object(
    'created', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'),
    'command', :'command',
    'scale', :'scale',
    'mode', :'mode',
    'machine', json_build_object('processor', :'processor', 'cores', :'cores', 'memory', :'memory', 'system', :'system'),
    'versions', json_build_object(
        'PostgreSQL', current_setting('server_version'),
        'pg_tviews', (SELECT coalesce(installed_version, default_version) FROM pg_available_extensions WHERE name = 'pg_tviews')),
    'settings', (SELECT json_object_agg(name, current_setting(name) ORDER BY name) FROM pg_settings
                 WHERE name IN ('shared_buffers', 'fsync', 'work_mem', 'jit', 'autovacuum', 'max_wal_size', 'random_page_cost')),
    'contenders', (
        SELECT json_agg(json_build_object('name', t.contender, 'title', t.title, 'description', t.description,
                                          'status', c.status, 'wrong_rows', c.wrong_rows, 'note', c.note) ORDER BY t.position)
        FROM (VALUES
            (1, 'none', 'no read model', 'Nothing is kept: a write costs what it costs, a read joins the tables.'),
            (2, 'tview', 'TVIEW', 'pg_tviews keeps the documents, from CREATE TABLE AS on.'),
            (3, 'trigger', 'hand-written triggers', 'Statement triggers that patch the changed paths; stale where transactions meet.'),
            (4, 'manual', 'application refreshes', 'The application calls a function with the keys of the documents concerned.'),
            (5, 'matview', 'materialized view', 'REFRESH MATERIALIZED VIEW CONCURRENTLY in the transaction of each change.'),
            (6, 'pg_ivm', 'pg_ivm', 'An incrementally maintained view of the extension pg_ivm.'),
            (7, 'floor', 'floor', 'Functions that write and patch the documents concerned: nothing can do less in the same transaction.'),
            (8, 'later', 'TVIEW made later', 'The rows are loaded without a TVIEW, which is created over them afterwards.')
        ) AS t (position, contender, title, description)
        JOIN (SELECT contender, CASE WHEN bool_or(status = 'wrong') THEN 'wrong' ELSE min(status) END AS status,
                     max(wrong_rows) AS wrong_rows, max(note) AS note
              FROM benchmark_contenders WHERE run = :'run' GROUP BY contender) AS c USING (contender)),
    'results', (
        SELECT json_agg(json_build_object(
            'scenario', scenario, 'test', test, 'scale', scale, 'products', products, 'clients', clients,
            'commit_delay_ms', commit_delay_ms, 'contender', contender, 'unit', unit, 'rows_affected', rows_affected,
            'median', round(median::numeric, 4), 'p95', round(p95::numeric, 4), 'min', round(min::numeric, 4), 'runs', runs,
            'ratio_to_none', round(ratio_to_none::numeric, 3), 'added_to_trigger', round(added_to_trigger::numeric, 3),
            'wal_bytes', wal_bytes, 'hot_share', round(hot_share::numeric, 3), 'notes', notes)
            ORDER BY position)
        FROM benchmark_results WHERE run = :'run'));
