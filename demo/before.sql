-- Opens a step of tour.sql: remembers the part of the document that the variable `part` selects for the product in `key`,
-- every row version of the TVIEW, and the time.
SELECT jsonb_pretty(:part) AS before FROM tv_product WHERE pk_product = :key \gset
TRUNCATE row_version;
INSERT INTO row_version SELECT xmin, ctid FROM tv_product;
SELECT clock_timestamp() AS began \gset
\set ECHO queries
