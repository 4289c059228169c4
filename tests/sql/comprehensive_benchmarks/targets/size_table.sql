-- Owns the summary of the scenario size: a line for each write and number of rows. Run by run_benchmarks.sh after results.sql.
\pset footer off
\pset null -
SET search_path = benchmark;
SELECT test AS write, to_char(products, 'FM99,999,999') AS rows, round(none::numeric, 3) AS "none, ms", round(tview::numeric, 3) AS "tview, ms",
       round((tview - none)::numeric, 3) AS "added, ms",
       round((none / first_value(none) OVER sizes)::numeric, 2) AS "none ÷ that of fewest",
       round((tview / first_value(tview) OVER sizes)::numeric, 2) AS "so tview",
       round(((tview - none) / first_value(tview - none) OVER sizes)::numeric, 2) AS "so added",
       '1.3' AS "at most"
FROM (SELECT scale, test, products, max(median) FILTER (WHERE contender = 'none') AS none, max(median) FILTER (WHERE contender = 'tview') AS tview,
             min(position) AS position
      FROM benchmark_results WHERE run = :'run' AND scenario = 'size' GROUP BY scale, test, products) AS s
WINDOW sizes AS (PARTITION BY scale, test ORDER BY products)
ORDER BY scale, min(position) OVER (PARTITION BY scale, test), products;
