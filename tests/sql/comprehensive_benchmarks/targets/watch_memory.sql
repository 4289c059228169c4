-- Tells ten times a second how many kB are the own memory of the backend that targets/copy.sql runs in, until it is stopped. Buffers
-- that all backends share are not among them, those of VmHWM are.
SELECT substring(pg_read_file(format('/proc/%s/status', pid), 0, 10000, true), 'RssAnon:\s*(\d+)')
FROM pg_stat_activity WHERE application_name = 'pg_tviews_benchmark_load' \watch 0.1
