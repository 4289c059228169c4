-- Owns the summary of the scenario write_path: a line for each write. Run by run_benchmarks.sh after results.sql.
\pset footer off
\pset null -
SET search_path = benchmark;
SELECT scale, test AS write, n.rows_affected AS documents,
       round(n.median::numeric, 3) || ' ' || unit AS none, round(t.ratio_to_none::numeric, 2) AS "trigger ÷ none",
       round(v.ratio_to_none::numeric, 2) AS "tview ÷ none", round(f.ratio_to_none::numeric, 2) AS "floor ÷ none",
       round(v.added_to_trigger::numeric, 2) AS "added, tview ÷ trigger", round(f.added_to_trigger::numeric, 2) AS "added, floor ÷ trigger",
       concat_ws(' / ', n.wal_bytes, t.wal_bytes, v.wal_bytes, f.wal_bytes) AS "WAL bytes: none / trigger / tview / floor",
       concat_ws(' / ', round(100 * t.hot_share), round(100 * v.hot_share), round(100 * f.hot_share)) AS "HOT %: trigger / tview / floor"
FROM (SELECT * FROM benchmark_results WHERE contender = 'none') AS n
LEFT JOIN (SELECT * FROM benchmark_results WHERE contender = 'trigger') AS t USING (run, scenario, test, scale, unit)
LEFT JOIN (SELECT * FROM benchmark_results WHERE contender = 'tview') AS v USING (run, scenario, test, scale, unit)
LEFT JOIN (SELECT * FROM benchmark_results WHERE contender = 'floor') AS f USING (run, scenario, test, scale, unit)
WHERE run = :'run' AND scenario = 'write_path'
ORDER BY n.position;
