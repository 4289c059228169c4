-- Owns the summary of the scenario creation: a line for each number of rows. Run by run_benchmarks.sh after results.sql.
\pset footer off
\pset null -
SET search_path = benchmark;
SELECT scale, to_char(products, 'FM99,999,999') AS rows, round(none::numeric, 1) AS "none, ms", round(tview::numeric, 1) AS "tview, ms",
       round((tview / none)::numeric, 2) AS "tview ÷ none", '1.25' AS "at most"
FROM (SELECT scale, products, max(median) FILTER (WHERE contender = 'none') AS none, max(median) FILTER (WHERE contender = 'tview') AS tview,
             min(position) AS position
      FROM benchmark_results WHERE run = :'run' AND scenario = 'creation' GROUP BY scale, products) AS s
ORDER BY position;
