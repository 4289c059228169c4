# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # run_benchmarks.sh assigns and reads the rest
# Owns the scenario loads: COPY into an empty table that a TVIEW reads, against the same COPY without a TVIEW (none), and with its
# creation afterwards (later). Sourced by run_benchmarks.sh. A sample is the time of one COPY with all that commits with it; that of
# memory the most that its backend had.

run_loads() {
    local all=$database database wrong=0 round rows contender present=(none tview)
    for rows in $(sizes); do
        database=${all}_loads
        load_items "$rows" 1
        run_sql -d "$database" -c "COPY (SELECT * FROM benchmark.items($rows)) TO STDOUT" >"$work/items.copy"
        run_sql -d "$(database_of none)" -c 'CREATE EXTENSION pg_tviews WITH SCHEMA benchmark'
        for ((round = 1; round <= runs; round++)); do
            for contender in $(in_turn); do
                load_once "$contender"
            done
            log_info "scale $scale: loads of $rows rows, round $round of $runs is done"
        done
        drop_items
    done
    note_checks "$wrong" loads tview later
}

# load_once CONTENDER: none, and after it later, or tview.
load_once() {
    local target time created
    target=$(database_of "$1")
    step="running the scenario loads for $1, $rows rows"
    run_sql -d "$target" -c 'TRUNCATE benchmark.tb_item'
    [[ $1 == none ]] || make_item_model "$target" tv_item >/dev/null
    run_sql -c CHECKPOINT
    copy_items "$target"
    time=$(sed -nE 's/^Time: ([0-9.]+) .*/\1/p' "$work/copy.txt")
    sample loads COPY "$rows" "$1" "$rows" "$time"
    sample_memory "$1"
    if [[ $1 == none ]]; then
        created=$(make_item_model "$target" tv_item)
        sample loads COPY "$rows" later "$rows" "$(awk "BEGIN { print $time + $created }")"
    fi
    check_items "$target"
    # A TVIEW that is emptied row by row would keep the room that the rows had.
    run_sql -d "$target" -c 'DROP TABLE benchmark.tv_item'
}

# copy_items DATABASE: leaves its time, and its backend's peak of memory, in copy.txt; what of it is the backend's own, as another
# session sees it meanwhile, in own.txt.
copy_items() (
    cd "$work" || exit
    "$psql" -XAtq -f "$here/targets/watch_memory.sql" >own.txt 2>/dev/null &
    # shellcheck disable=SC2064 # of this program, whatever runs later
    trap "kill $!" EXIT
    PGAPPNAME=pg_tviews_benchmark_load run_sql -d "$1" -f "$here/targets/copy.sql" >copy.txt
)

# In MB; nothing where the server's system has no /proc.
sample_memory() {
    local peak own
    peak=$(sed -nE 's/^VmHWM: ([0-9]+)$/\1/p' "$work/copy.txt")
    own=$(grep -xE '[0-9]+' "$work/own.txt" | sort -n | tail -n 1) || true
    [[ -z $peak ]] || sample load_memory "most of the backend" "$rows" "$1" "$rows" "$((peak / 1024))" MB
    [[ -z $own ]] || sample load_memory "most of the backend's own" "$rows" "$1" "$rows" "$((own / 1024))" MB
}
