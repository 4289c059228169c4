-- Times one COPY of the items; run by scenarios/loads_benchmarks.sh in the folder that has their file.
SET search_path = benchmark;
\timing on
\copy tb_item FROM items.copy
\timing off
SELECT 'VmHWM: ' || substring(pg_read_file('/proc/self/status', 0, 10000, true), 'VmHWM:\s*(\d+)');
