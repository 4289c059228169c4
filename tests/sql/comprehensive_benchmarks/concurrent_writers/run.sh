#!/usr/bin/env bash
# Owns the benchmark of concurrent writers: how many transactions per second a TVIEW leaves them, beside none at all, triggers
# written by hand, and one lock for all documents. Runs on a private server of its own, for the release that is installed.
#
#   run.sh [--seconds N] [--rounds N] [--clients N] [--commit-siblings N] [--output FOLDER] [own_documents|hot_users|bulk]…
#
# Prints a table and leaves FOLDER/runs.csv and FOLDER/summary.csv. Fails if a TVIEW, or the table under one lock, is wrong
# in the end. README.md beside it says what is measured and how to read it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../../.."
source scripts/terminal.sh
source scripts/postgres.sh

here=tests/sql/comprehensive_benchmarks/concurrent_writers
seconds=10 rounds=3 clients=32 output=${CARGO_TARGET_DIR:-target}/concurrent_writers
workloads=()
contenders=(none tview trigger one_lock)
# A commit waits this long (µs) for the log, as on a disk that is slow to confirm: what limits the writers is then who has to
# wait for whose commit, and not the processors. With 0 siblings it always does; with 1 not where all others wait for a lock.
commit_delay=10000 commit_siblings=1
users=1000 posts_each=20
# Seconds that do not count: at its first write a session reads definitions and plans.
warm_up=2

main() {
    read_options "$@"
    start_server
    mkdir -p "$output"
    printf 'workload,contender,round,tps,failed,waiting,wrong_rows\n' >"$output/runs.csv"
    section "Concurrent writers" "$clients clients, $rounds rounds of $seconds s each, commits of 10 ms with $commit_siblings siblings"
    is_quiet || note "other programs are running: what a TVIEW costs in processor time counts for more than it should"
    local round workload
    for ((round = 1; round <= rounds; round++)); do
        for workload in "${workloads[@]}"; do
            "measure_$workload" "$round"
        done
    done
    section "Medians" "$output/summary.csv; each run is in $output/runs.csv"
    "$here/summary.sh" "$output/runs.csv" >"$output/summary.csv"
    column -t -s , "$output/summary.csv"
    ! grep -qE '^[^,]*,(tview|one_lock|beside_bulk),.*,[1-9][0-9]*$' "$output/summary.csv" ||
        fail "rows that must be right are wrong" "See the column wrong_rows"
}

read_options() {
    while (($# > 0)); do
        case $1 in
        --seconds) seconds=$2 && shift 2 ;;
        --rounds) rounds=$2 && shift 2 ;;
        --clients) clients=$2 && shift 2 ;;
        --commit-siblings) commit_siblings=$2 && shift 2 ;;
        --output) output=$2 && shift 2 ;;
        own_documents | hot_users | bulk) workloads+=("$1") && shift ;;
        *) fail "unknown option $1" "The head of $here/run.sh has the options" ;;
        esac
    done
    ((${#workloads[@]} > 0)) || workloads=(own_documents hot_users bulk)
    # Two hundred posts of the ten hot users, shared out among the clients.
    kept=$((clients < 200 ? 200 / clients : 1))
}

is_quiet() { awk '{ exit $1 > 1 }' /proc/loadavg 2>/dev/null; }

# Checkpoints stay out of the runs. The number of locks is PostgreSQL's default.
start_server() {
    find_postgres
    server=$(scripts/server start --owner $$ --set fsync=on --set synchronous_commit=on \
        --set commit_delay=$commit_delay --set commit_siblings="$commit_siblings" \
        --set max_connections=$((clients + 20)) --set shared_buffers=512MB --set max_wal_size=8GB --set checkpoint_timeout=1h)
    trap 'scripts/server stop "$server"' EXIT
    psql=$(postgres_program psql)
    pgbench=$(postgres_program pgbench)
    export PGHOST=$server PGPORT=54415 PGUSER=postgres PGDATABASE=postgres PGOPTIONS='-c client_min_messages=warning'
}

run_sql() { "$psql" -XAtq -v ON_ERROR_STOP=1 "$@"; }

# load CONTENDER POSTS_EACH FILE…: a new database, with what every contender starts from.
load() {
    local contender=$1 each=$2 file files=()
    for file in sources "${@:3}"; do files+=(-f "$here/$file.sql"); done
    run_sql -c "DROP DATABASE IF EXISTS $contender" -c "CREATE DATABASE $contender"
    run_sql -d "$contender" -v users=$users -v posts_each="$each" -v clients="$clients" -v kept="$kept" \
        "${files[@]}" -c 'VACUUM ANALYZE' -c 'CHECKPOINT' >/dev/null
}

# bench DATABASE FILE[@WEIGHT]…: runs the writers and sets tps, the mean of each second's after the warm-up, and failed.
bench() {
    local database=$1 log=$output/pgbench.$1.log
    shift
    "$pgbench" -n -M prepared -c "$clients" -j 2 -T $((warm_up + seconds)) -P 1 --random-seed="$round" \
        -D posts=$((users * posts_each)) -D kept="$kept" -D n="$kept" "${@/#/--file=$here/}" "$database" &>"$log" || {
        grep -m 5 'error:' "$log" >&2
        fail "pgbench did not run to its end" "Its output is in $log"
    }
    tps=$(awk -v after=$warm_up '/^progress: / && $2 > after + 0.5 { sum += $4; n++ } END { print sum / n }' "$log")
    failed=$(sed -nE 's/^number of failed transactions: ([0-9]+) .*/\1/p' "$log")
}

# wrong_rows DATABASE TABLE QUERY
wrong_rows() { run_sql -d "$1" -v table="$2" -v query="$3" -f "$here/wrong_rows.sql"; }

# The percentage of the clients' time that went into waiting for locks of TVIEWs.
waiting() {
    run_sql -d "$1" -c \
        "SELECT round((sum(lock_wait_ms) / (10.0 * $clients * ($warm_up + $seconds)))::numeric, 1) FROM pg_tviews_stats"
}

# record WORKLOAD CONTENDER WAITING WRONG_ROWS
record() {
    printf '%s,%s,%s,%s,%s,%s,%s\n' "$1" "$2" "$round" "$tps" "$failed" "$3" "$4" >>"$output/runs.csv"
    note "$(printf 'round %d  %-14s %-12s %7.0f tps  wrong rows: %s' "$round" "$1" "$2" "$tps" "$4")"
}

measure_own_documents() { measure own_documents own_documents.sql; }
measure_hot_users() { measure hot_users hot_insert.sql@190 hot_rename.sql@5 hot_seen.sql@5; }

# measure WORKLOAD FILE[@WEIGHT]…: all contenders, one after the other.
measure() {
    local workload=$1 contender waited wrong
    shift
    for contender in "${contenders[@]}"; do
        load "$contender" $posts_each "$contender"
        bench "$contender" "$@"
        waited=- wrong=-
        [[ $contender != tview ]] || waited=$(waiting tview)
        [[ $contender == none ]] || wrong=$(wrong_rows "$contender" tv_post v_post)
        record "$workload" "$contender" "$waited" "$wrong"
    done
}

# Writers of one TVIEW, alone and beside a transaction that has updated and flushed 100,000 rows of another and stays open.
measure_bulk() {
    local wrong locks
    load bulk 100 tview unrelated
    bench bulk unrelated_writer.sql
    record bulk alone - "$(wrong_in_bulk)"
    open_bulk_update
    bench bulk unrelated_writer.sql
    printf 'COMMIT;\n\\q\n' >&"${bulk[1]}"
    wait "$bulk_PID" || fail "the bulk update did not commit" "Its error is above"
    record bulk beside_bulk - "$(wrong_in_bulk)"
    note "the bulk update held $locks advisory locks"
}

# Sets locks once the flush is over.
open_bulk_update() {
    local flushed
    coproc bulk { run_sql -d bulk; }
    printf '%s\n' "BEGIN; UPDATE tb_post SET title = title || '!' WHERE pk_post < 0;" "SELECT 'flushed' || pg_tviews_flush();" \
        "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory';" >&"${bulk[1]}"
    read -r flushed <&"${bulk[0]}" && [[ $flushed == flushed ]] && read -r locks <&"${bulk[0]}" ||
        fail "the bulk update failed" "Its error is above"
}

wrong_in_bulk() {
    local posts items
    posts=$(wrong_rows bulk tv_post v_post)
    items=$(wrong_rows bulk tv_item "(SELECT pk_item, id, jsonb_build_object('name', name) AS data FROM tb_item)")
    printf '%d\n' $((posts + items))
}

main "$@"
