-- Owns the summary of the scenario loads: a line for each number of rows. Run by run_benchmarks.sh after results.sql.
\pset footer off
\pset null -
SET search_path = benchmark;
SELECT scale, to_char(products, 'FM99,999,999') AS "rows of a COPY", round(none::numeric, 1) AS "none, ms", round(later::numeric, 1) AS "later, ms",
       round(tview::numeric, 1) AS "tview, ms", round((tview / later)::numeric, 2) AS "tview ÷ later", '2.5' AS "at most",
       round((own_tview - own_none)::numeric) AS "own memory above none, MB", round((peak_tview - peak_none)::numeric) AS "VmHWM above none, MB"
FROM (SELECT scale, products, min(position) AS position,
             max(median) FILTER (WHERE unit = 'ms' AND contender = 'none') AS none,
             max(median) FILTER (WHERE unit = 'ms' AND contender = 'later') AS later,
             max(median) FILTER (WHERE unit = 'ms' AND contender = 'tview') AS tview,
             max(median) FILTER (WHERE test ~ 'own$' AND contender = 'none') AS own_none,
             max(median) FILTER (WHERE test ~ 'own$' AND contender = 'tview') AS own_tview,
             max(median) FILTER (WHERE test ~ 'backend$' AND contender = 'none') AS peak_none,
             max(median) FILTER (WHERE test ~ 'backend$' AND contender = 'tview') AS peak_tview
      FROM benchmark_results WHERE run = :'run' AND scenario IN ('loads', 'load_memory') GROUP BY scale, products) AS s
ORDER BY position;
