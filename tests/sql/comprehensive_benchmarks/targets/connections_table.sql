-- Owns the summary of the scenario connections: a line for each write. Run by run_benchmarks.sh after results.sql.
\pset footer off
\pset null -
SET search_path = benchmark;
SELECT scale, test AS "first statement of a connection", round(none::numeric, 3) AS "none, ms", round(tview::numeric, 3) AS "tview, ms",
       round((tview - none)::numeric, 3) AS "added, ms", '5' AS "at most"
FROM (SELECT scale, test, max(median) FILTER (WHERE contender = 'none') AS none, max(median) FILTER (WHERE contender = 'tview') AS tview,
             min(position) AS position
      FROM benchmark_results WHERE run = :'run' AND scenario = 'connections' GROUP BY scale, test) AS s
ORDER BY position;
