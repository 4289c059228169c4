-- Owns the step from samples to results: medians per test and contender, and what they are to those of none and of triggers. Run by
-- run_benchmarks.sh at the end of a run.
SET search_path = benchmark;
DELETE FROM benchmark_results WHERE run = :'run';
INSERT INTO benchmark_results
WITH measured AS (
    SELECT run, scenario, test, scale, products, clients, commit_delay_ms, contender, unit, max(rows_affected) AS rows_affected,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY value) AS median,
           percentile_cont(0.95) WITHIN GROUP (ORDER BY value) AS p95,
           min(value) AS min, count(*) AS runs, min(sample) AS position,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY wal_bytes) AS wal_bytes, avg(hot_share) AS hot_share
    FROM benchmark_samples WHERE run = :'run'
    GROUP BY run, scenario, test, scale, products, clients, commit_delay_ms, contender, unit
)
SELECT m.run, m.scenario, m.test, m.scale, m.products, m.clients, m.commit_delay_ms, m.contender, m.unit, m.rows_affected,
       m.median, m.p95, m.min, m.runs, m.median / nullif(none.median, 0),
       CASE WHEN m.unit = 'ms' THEN (m.median - none.median) / nullif(trigger.median - none.median, 0) END, m.wal_bytes, m.hot_share,
       (SELECT string_agg(DISTINCT note, '; ') FROM benchmark_contenders c
        WHERE (c.run, c.scale, c.contender) = (m.run, m.scale, m.contender)),
       m.position
FROM measured m
LEFT JOIN measured none
       ON none.contender = 'none'
      AND (none.scenario, none.test, none.scale, none.products) = (m.scenario, m.test, m.scale, m.products)
      AND ROW (none.clients, none.commit_delay_ms) IS NOT DISTINCT FROM ROW (m.clients, m.commit_delay_ms)
LEFT JOIN measured trigger
       ON trigger.contender = 'trigger'
      AND (trigger.scenario, trigger.test, trigger.scale, trigger.products) = (m.scenario, m.test, m.scale, m.products)
      AND ROW (trigger.clients, trigger.commit_delay_ms) IS NOT DISTINCT FROM ROW (m.clients, m.commit_delay_ms);
