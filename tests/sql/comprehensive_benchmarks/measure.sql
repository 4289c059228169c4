-- Owns the timing of one test: executes :statement once per sample, and prints the line "@ test|documents|each" followed by
-- psql's line of time per execution, which run_benchmarks.sh reads. Included by the scenarios.
--
-- :statement is a pattern of format() over the key, the number of the sample, that of the round, and that of all products; :key
-- gives the key by n, the sample's number. The first executions of a session read definitions and make plans: numbers below 1 are not timed.
SELECT format(:'statement', :key, n, :round, :products) FROM generate_series(1 - :warm_ups, 0) AS n \gexec
\echo @ :test|:documents|each
\timing on
SELECT format(:'statement', :key, n, :round, :products) FROM generate_series(1, :samples) AS n \gexec
\timing off
\echo @
