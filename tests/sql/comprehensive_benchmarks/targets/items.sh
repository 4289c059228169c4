# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # run_benchmarks.sh assigns and reads the rest
# Owns what the scenarios size, creation and loads do alike: items in databases of their own, the model of them, its check. Sourced
# by run_benchmarks.sh, with whose functions it works. Each runs at every number of rows up to that of the scale.

# Numbers of items.
sizes() {
    local name rows=10000
    for name in small medium large huge; do
        echo "$rows"
        [[ $name != "$scale" ]] || break
        rows=$((rows * 10))
    done
}

# load_items ROWS [IS_EMPTY]: the items in the database of none, and a copy of it with the extension in that of tview.
load_items() {
    local none
    none=$(database_of none)
    step="loading $1 items"
    run_sql -c "CREATE DATABASE $none TEMPLATE template0"
    run_sql -d "$none" -v items="$1" -v is_empty="${2:-0}" -f "$here/00_setup.sql" -f "$here/targets/items.sql" -c 'VACUUM ANALYZE'
    run_sql -c "CREATE DATABASE $database TEMPLATE $none"
    run_sql -d "$database" -c 'CREATE EXTENSION pg_tviews WITH SCHEMA benchmark'
}

drop_items() {
    run_sql -c "DROP DATABASE $database" -c "DROP DATABASE $(database_of none)"
}

# make_item_model DATABASE TABLE: prints how long its transaction takes, in ms.
make_item_model() {
    run_sql -d "$1" -v table="$2" -f "$here/targets/item_model.sql" | awk '/^Time: / { sum += $2 } END { print sum }'
}

# check_items DATABASE: counts the wrong rows of its tv_item in $wrong.
check_items() {
    local step="checking the TVIEW of $1" found
    [[ $(run_sql -d "$1" -c "SELECT count(*) FROM benchmark.pg_tviews_metadata WHERE table_name = 'tv_item'") == 1 ]] ||
        abort "tv_item is not a TVIEW" "See docs/benchmark-troubleshooting.md"
    found=$(run_sql -d "$1" -f "$here/targets/wrong_rows.sql")
    wrong=$((wrong + found))
}

# note_checks WRONG_ROWS SCENARIO CONTENDER…: what the checks of a scenario have found.
note_checks() {
    local contender
    note_contender none right 0 ''
    for contender in "${@:3}"; do
        (($1 == 0)) || log_error "$contender: $1 rows are wrong"
        note_contender "$contender" "$( (($1 == 0)) && echo right || echo wrong)" "$1" ''
    done
    log_success "scale $scale: $2 is checked"
}

# sample SCENARIO TEST ROWS CONTENDER DOCUMENTS VALUE [UNIT]
sample() {
    printf '%s,%s,"%s",%s,%s,,,%s,%s,%s,%s,,\n' "$run" "$1" "$2" "$scale" "$3" "$4" "$5" "${7:-ms}" "$6" >>"$work/samples.csv"
}
