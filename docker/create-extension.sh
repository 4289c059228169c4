#!/usr/bin/env bash
# Creates the extension in the database POSTGRES_DB of a new volume, and in template1, from which later databases are made.
# The image has it in /docker-entrypoint-initdb.d, where the entrypoint runs it once, before the scripts that sort after it.
set -euo pipefail

for database in template1 "$POSTGRES_DB"; do
    PGHOST='' PGHOSTADDR='' psql -X -q -v ON_ERROR_STOP=1 --no-password -U "$POSTGRES_USER" -d "$database" \
        -c 'CREATE EXTENSION IF NOT EXISTS pg_tviews'
done
