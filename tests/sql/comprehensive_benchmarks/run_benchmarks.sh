#!/usr/bin/env bash
# Owns a run of the benchmarks: loads a shop, gives each contender a copy of it, lets all of them do the same work in turn, checks
# what they made of it, and leaves results.csv, samples.csv and report.html. README.md beside it tells how to read them.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
    cat <<'USAGE'
usage: run_benchmarks.sh [OPTION]…

  --scale SCALE        small (1,000 products), medium (10,000), large (100,000), huge (1,000,000), or all of the first
                       three; default small. size, creation and loads have ten times as many rows
  --scenario NAME      one of scenarios/NAME_benchmarks.*, or several with commas between; default all
  --compare LIST       contenders with commas between, beside none: tview, trigger, manual, matview, pg_ivm; default all
  --manual             convert by pg_tviews_convert_existing_table() rather than at the commit of CREATE TABLE AS
  --runs N             rounds, in each of which every contender has its turn; default 5
  --samples N          executions of one change in one round; default 20
  --seconds N          how long pgbench runs for one figure of the scenario concurrency; default 1, after one to warm up
  --private-server     start a server for the run, with the release installed for PG_CONFIG; without it the usual variables
                       PGHOST, PGPORT, PGUSER, PGPASSWORD name one
  --output FOLDER      default ./benchmark-output
  --keep               keep the databases pg_tviews_benchmark… (and the private server) afterwards
  --help
USAGE
}

database=pg_tviews_benchmark
scales=(small) scenarios=() contenders=(none tview trigger manual matview pg_ivm)
runs=5 samples=20 seconds=1 by_hand=0 is_private='' output=benchmark-output keep='' server='' step='reading the options' is_told=''
# Scenarios with databases of their own, rather than those of the shop.
apart=(write_path size connections creation loads)
# A materialized view that takes longer than this (ms) to refresh is measured in the first round only.
slow_refresh=2000
arguments="$*"
# shellcheck source=/dev/null
source "$here/targets/items.sh"
for file in "$here"/scenarios/*.sh; do
    # shellcheck source=/dev/null
    source "$file"
done

log_info() { printf '%s INFO     %s\n' "$(date +%T)" "$*" >&2; }
log_success() { printf '%s SUCCESS  %s\n' "$(date +%T)" "$*" >&2; }
log_error() { printf '%s ERROR    %s\n' "$(date +%T)" "$*" >&2; }

# abort WHAT [WAY_OUT]
abort() {
    log_error "$step: $1"
    [[ -z ${2:-} ]] || log_error "$2"
    is_told=1
    exit 1
}

main() {
    trap finish EXIT
    read_options "$@"
    mkdir -p "$output"
    output=$(cd "$output" && pwd)
    work=$(mktemp -d)
    connect
    local scale
    run=$(date -u +%Y%m%dT%H%M%SZ)
    for scale in "${scales[@]}"; do
        run_scale "$scale"
    done
    report
}

read_options() {
    while (($# > 0)); do
        case $1 in
        --scale) take_scale "${2:-}" && shift 2 ;;
        --scenario) take_scenarios "${2:-}" && shift 2 ;;
        --compare) take_contenders "${2:-}" && shift 2 ;;
        --manual) by_hand=1 && shift ;;
        --runs | --samples | --seconds)
            [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || abort "$1 takes a number above 0, not \"${2:-}\""
            printf -v "${1#--}" %s "$2" && shift 2
            ;;
        --private-server) is_private=1 && shift ;;
        --output) output=${2:?} && shift 2 ;;
        --keep) keep=1 && shift ;;
        --help | -h) usage && exit 0 ;;
        *) abort "unknown option $1" "See: run_benchmarks.sh --help" ;;
        esac
    done
    ((${#scenarios[@]} > 0)) || take_scenarios all
}

take_scale() {
    case $1 in
    all) scales=(small medium large) ;;
    small | medium | large | huge) scales=("$1") ;;
    *) abort "unknown scale \"$1\"" "It is small, medium, large, huge or all" ;;
    esac
}

take_scenarios() {
    local name file
    [[ $1 != all ]] || set -- "build,product_updates,reviews,cascades,bulk,transactions,irrelevant,product_queries,scaling,concurrency,write_path,size,connections,creation,loads"
    IFS=, read -ra scenarios <<<"$1"
    for name in "${scenarios[@]}"; do
        [[ -n $(compgen -G "$here/scenarios/${name}_benchmarks.*") ]] ||
            abort "there is no scenario \"$name\"" "There are: $(for file in "$here"/scenarios/*; do file=${file##*/} && printf '%s ' "${file%_benchmarks.*}"; done)"
    done
}

take_contenders() {
    local name chosen=(none)
    for name in ${1//,/ }; do
        [[ -e $here/contenders/$name.sql ]] || abort "there is no contender \"$name\"" "There are: none tview trigger manual matview pg_ivm"
        [[ $name == none ]] || chosen+=("$name")
    done
    contenders=("${chosen[@]}")
}

# ---- Server and databases -----------------------------------------------------------------------

connect() {
    step="connecting to the server"
    [[ -z $is_private ]] || start_server
    psql=${psql:-$(command -v psql)} || abort "there is no psql" "Install PostgreSQL's client, or use --private-server"
    pgbench=${pgbench:-$(command -v pgbench || true)}
    export PGDATABASE=postgres
    # Commits need not wait for a disk, whose noise would hide what a model costs; the scenario concurrency waits all the same.
    export PGOPTIONS="-c client_min_messages=warning -c synchronous_commit=off ${PGOPTIONS:-}"
    [[ $(run_sql -c "SELECT 1") == 1 ]] ||
        abort "no connection" "Set PGHOST, PGPORT, PGUSER and PGPASSWORD, or use --private-server"
    [[ $(run_sql -c "SELECT current_setting('shared_preload_libraries') ~ '\mpg_tviews\M'") == t ]] ||
        abort "the server has not loaded pg_tviews" "Set shared_preload_libraries = 'pg_tviews' in its postgresql.conf and restart it"
    [[ $(run_sql -c "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == t ]] ||
        abort "user $(run_sql -c 'SELECT current_user') may not create extensions and databases" "Connect as a superuser"
    [[ $(run_sql -c "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_tviews'") == 1 ]] ||
        abort "the extension pg_tviews is not installed on the server" "Run: make install PG_CONFIG=/path/to/its/pg_config"
    log_info "PostgreSQL $(run_sql -c 'SHOW server_version') at ${PGHOST:-the default socket}"
}

start_server() {
    cd "$here/../../.."
    source scripts/terminal.sh
    source scripts/postgres.sh
    find_postgres
    local owner=(--owner $$) fsync=off buffers=1GB
    [[ -z $keep ]] || owner=()
    # Checkpoints and autovacuum stay out of the runs. Only the scenario concurrency waits for the disk.
    ! is_asked concurrency || fsync=on
    # A quarter of the memory, as PostgreSQL's documentation has it, where tables are that large.
    [[ ${scales[*]} != *huge* ]] || buffers=$(awk '/^MemTotal/ { printf "%dMB", $2 / 4096 }' /proc/meminfo)
    server=$(scripts/server start "${owner[@]}" --set fsync=$fsync --set shared_buffers="$buffers" --set max_wal_size=8GB \
        --set checkpoint_timeout=1h --set autovacuum=off)
    psql=$(postgres_program psql)
    pgbench=$(postgres_program pgbench)
    export PGHOST=$server PGPORT=54415 PGUSER=postgres
}

run_sql() { "$psql" -XAtq -v ON_ERROR_STOP=1 "$@"; }

finish() {
    local status=$?
    ((status == 0)) || [[ -n $is_told ]] || log_error "the run ended while $step"
    if [[ -n ${psql:-} && -z $keep && -z $server ]]; then
        drop_databases || true
    fi
    if [[ -n $server && -z $keep ]]; then
        (cd "$here/../../.." && scripts/server stop "$server")
    elif [[ -n $server ]]; then
        log_info "the server goes on running: psql -h $server -p $PGPORT -U postgres -d $database"
        log_info "stop it with: scripts/server stop $server"
    fi
    [[ -z ${work:-} ]] || rm -rf "$work"
    exit "$status"
}

drop_databases() {
    local name
    for name in $(run_sql -d postgres -c "SELECT datname FROM pg_database WHERE datname ~ '^$database(_|$)'"); do
        run_sql -d postgres -c "DROP DATABASE \"$name\" WITH (FORCE)"
    done
}

# The TVIEW lives in the database that also keeps the results; each other contender has a copy of it.
database_of() {
    case $1 in
    tview) printf '%s\n' "$database" ;;
    *) printf '%s_%s\n' "$database" "$1" ;;
    esac
}

model_of() {
    case $1 in
    none) echo v_product ;;
    tview) echo tv_product ;;
    *) echo product_document ;;
    esac
}

# Results outlive the databases of their scale.
make_database() {
    drop_databases
    run_sql -c "CREATE DATABASE $database TEMPLATE template0"
    run_sql -d "$database" -f "$here/00_setup.sql"
}

# load SCALE: the shop in $database.
load() {
    step="loading the data of scale $1"
    log_info "$step"
    make_database
    run_sql -d "$database" -v data_scale="$1" -f "$here/schemas/01_ecommerce_schema.sql" -f "$here/data/01_ecommerce_data.sql"
    products=$(run_sql -d "$database" -c 'SELECT count(*) FROM benchmark.tb_product')
    ((products > 0)) || abort "there are no products" "Was data/01_ecommerce_data.sql changed?"
    log_success "$products products, $(run_sql -d "$database" -c 'SELECT count(*) FROM benchmark.tb_review') reviews"
}

# install_contenders: a copy of the database and the read model for each; leaves out those that cannot be.
install_contenders() {
    local contender reason database_name
    present=()
    # Copies first, while the database has no TVIEW.
    for contender in "${contenders[@]}"; do
        database_name=$(database_of "$contender")
        [[ $database_name == "$database" ]] || run_sql -c "CREATE DATABASE $database_name TEMPLATE $database"
    done
    for contender in "${contenders[@]}"; do
        step="installing the contender $contender"
        database_name=$(database_of "$contender")
        if [[ $contender == pg_ivm ]] && ! reason=$(why_not_pg_ivm "$database_name"); then
            log_info "pg_ivm is left out: $reason"
            note_contender pg_ivm skipped 0 "$reason"
            continue
        fi
        [[ $contender == pg_ivm ]] ||
            run_sql -d "$database_name" -v by_hand="$by_hand" -f "$here/contenders/$contender.sql" >/dev/null
        present+=("$contender")
    done
    [[ " ${present[*]} " != *" tview "* ]] || check_tview
    refresh_time=0
    [[ " ${present[*]} " != *" matview "* ]] || time_refresh
    log_success "contenders: ${present[*]}"
}

# Tries to install it; prints why that does not go.
why_not_pg_ivm() {
    local errors
    [[ $(run_sql -d "$1" -c "SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_ivm'") == 1 ]] ||
        { echo "the extension is not installed on this server" && return 1; }
    errors=$(run_sql -d "$1" -f "$here/contenders/pg_ivm.sql" 2>&1 >/dev/null) && return
    printf 'it refuses the query: %s\n' "$(sed -n 's/.*ERROR:  *//p' <<<"$errors" | head -n 1)"
    return 1
}

check_tview() {
    local registered
    registered=$(run_sql -d "$database" -c \
        "SELECT count(*) FROM benchmark.pg_tviews_metadata WHERE table_name = 'tv_product'")
    [[ $registered == 1 ]] || abort "tv_product is not a TVIEW" "See docs/benchmark-troubleshooting.md"
    check_verify
}

check_verify() {
    local wrong
    wrong=$(run_sql -d "$database" -c "SELECT sum(missing + extra + different) FROM benchmark.pg_tviews_verify()")
    [[ $wrong == 0 ]] || abort "pg_tviews_verify() counts $wrong wrong rows" "This is a defect of pg_tviews: please report it"
}

# note_contender NAME STATUS WRONG_ROWS NOTE
note_contender() {
    printf '"%s","%s","%s","%s",%s,"%s"\n' "$run" "$scale" "$1" "$2" "$3" "${4//\"/\"\"}" >>"$work/contenders.csv"
}

time_refresh() {
    refresh_time=$(run_sql -d "${database}_matview" -c '\timing on' \
        -c 'REFRESH MATERIALIZED VIEW CONCURRENTLY benchmark.product_document' | sed -nE 's/^Time: ([0-9]+)\..*/\1/p')
}

# ---- Measuring ----------------------------------------------------------------------------------

is_asked() { [[ " ${scenarios[*]} " == *" $1 "* ]]; }
is_apart() { [[ " ${apart[*]} " == *" $1 "* ]]; }

run_scale() {
    local scenario is_shop_asked=''
    scale=$1
    for scenario in "${scenarios[@]}"; do
        is_apart "$scenario" || is_shop_asked=1
    done
    if [[ -n $is_shop_asked ]]; then run_shop; else make_database; fi
    for scenario in "${apart[@]}"; do
        ! is_asked "$scenario" || "run_$scenario"
    done
}

run_shop() {
    local scenario round
    load "$scale"
    install_contenders
    for ((round = 1; round <= runs; round++)); do
        for scenario in "${scenarios[@]}"; do
            is_apart "$scenario" || [[ $scenario =~ ^(concurrency|scaling)$ ]] || run_scenario "$scenario"
        done
        log_info "scale $scale: round $round of $runs is done"
    done
    ! is_asked concurrency || run_concurrency
    check_contenders
    ! is_asked scaling || run_scaling
}

# The same turn in every round would favour who comes after a slow one.
in_turn() {
    local i
    for ((i = 0; i < ${#present[@]}; i++)); do
        printf '%s\n' "${present[(i + round) % ${#present[@]}]}"
    done
}

# run_scenario NAME: one round of it, for every contender.
run_scenario() {
    local contender count warm_ups
    for contender in $(in_turn); do
        step="running the scenario $1 for $contender, round $round"
        count=$samples warm_ups=3
        if [[ $contender == matview && $1 != product_queries ]]; then
            ((round == 1 || refresh_time < slow_refresh)) || continue
            count=1 warm_ups=0
        fi
        (
            cd "$work"
            run_sql -d "$(database_of "$contender")" -v contender="$contender" -v model="$(model_of "$contender")" \
                -v round="$round" -v products="$products" -v samples="$count" -v warm_ups="$warm_ups" -v by_hand="$by_hand" \
                -f "$here/scenarios/$1_benchmarks.sql" >times.txt
        )
        collect_times "$1" "$contender" <"$work/times.txt" >>"$work/samples.csv"
        # Dead rows of one scenario must not slow down the next.
        [[ ! $1 =~ ^(bulk|cascades|reviews)$ ]] || run_sql -d "$(database_of "$contender")" -c 'VACUUM ANALYZE'
    done
}

# From the lines of measure.sql to those of samples.csv.
collect_times() {
    awk -v run="$run" -v scenario="$1" -v scale="$scale" -v products="$products" -v contender="$2" '
        function sample(ms) {
            printf "%s,%s,\"%s\",%s,%s,,,%s,%s,ms,%s,,\n", run, scenario, test, scale, products, contender, documents, ms
        }
        # The query that gave the statements has a time too, the last one.
        function finish_test() {
            if (mode == "sum") { sum = 0; for (i = 1; i <= n; i++) sum += times[i]; sample(sum) }
            if (mode == "each") for (i = 1; i < n; i++) sample(times[i])
            mode = ""; n = 0
        }
        /^@ ./ { finish_test(); split(substr($0, 3), field, "|"); test = field[1]; documents = field[2]; mode = field[3]; next }
        /^@$/ { finish_test() }
        /^Time: / { times[++n] = $2 }'
}

# What one row costs at every size up to this one. Smaller ones get databases of their own.
run_scaling() {
    local size round at_scale=$scale at_products=$products at_database=$database
    for size in tiny small medium large huge; do
        if [[ $size != "$at_scale" ]]; then
            database=${at_database}_$size
            scale=$size && load "$size" && install_contenders && scale=$at_scale
        fi
        for ((round = 1; round <= runs; round++)); do
            run_scenario scaling
        done
        check_contenders
        [[ $size == "$at_scale" ]] || drop_databases
        database=$at_database products=$at_products
        [[ $size != "$at_scale" ]] || break
    done
    log_success "scaling: up to $at_products products"
}

run_concurrency() {
    local round clients delay contender tps
    step="running the scenario concurrency"
    [[ -n $pgbench ]] || abort "there is no pgbench" "Install PostgreSQL's contributed programs, or name other scenarios"
    for ((round = 1; round <= (runs < 3 ? runs : 3); round++)); do
        for delay in 0 10; do
            for clients in 1 8 32; do
                for contender in $(in_turn); do
                    # Every transaction refreshes the whole, one after the other.
                    [[ $contender != matview ]] || ((round == 1 && refresh_time < 500)) || continue
                    step="running the scenario concurrency for $contender with $clients clients"
                    tps=$(throughput "$contender" "$clients" "$delay")
                    printf '%s,concurrency,price of one product,%s,%s,%s,%s,%s,1,tps,%s,,\n' \
                        "$run" "$scale" "$products" "$clients" "$delay" "$contender" "$tps" >>"$work/samples.csv"
                done
            done
        done
        log_info "scale $scale: concurrency, round $round is done"
    done
}

# throughput CONTENDER CLIENTS DELAY: the mean of the seconds after the first.
throughput() {
    local is_manual=0 is_matview=0
    [[ $1 != manual ]] || is_manual=1
    [[ $1 != matview ]] || is_matview=1
    PGOPTIONS="$PGOPTIONS -c synchronous_commit=on -c commit_siblings=0 -c commit_delay=$(($3 * 1000))" \
        "$pgbench" -n -M prepared -c "$2" -j 2 -T $((1 + seconds)) -P 1 --random-seed="$round" -D products="$products" \
        -D is_manual=$is_manual -D is_matview=$is_matview --file="$here/scenarios/concurrency_benchmarks.sql" \
        "$(database_of "$1")" >"$work/pgbench.log" 2>&1 ||
        abort "pgbench did not run to its end: $(grep -m 1 -E 'error|fatal' "$work/pgbench.log")"
    awk '/^progress: / && $2 > 1.5 { sum += $4; n++ } END { printf "%.1f\n", n ? sum / n : 0 }' "$work/pgbench.log"
}

# Every model against its query; all have done the same work if their queries agree.
check_contenders() {
    local contender wrong sum expected='' status note
    for contender in "${present[@]}"; do
        step="checking the rows of $contender"
        IFS='|' read -r wrong sum < <(run_sql -d "$(database_of "$contender")" -v model="$(model_of "$contender")" -f "$here/check.sql")
        # Clients of pgbench, and a slow materialized view, do less or more.
        if [[ $contender != matview ]] && ! is_asked concurrency; then
            [[ $sum == "${expected:=$sum}" ]] || abort "its tables are not those of the others: it did other work"
        fi
        status=right note=''
        if ((wrong > 0)); then
            status=wrong note="$wrong rows are wrong"
            log_error "$contender: $note"
        fi
        note_contender "$contender" "$status" "$wrong" "$note"
    done
    [[ " ${present[*]} " != *" tview "* ]] || check_verify
    log_success "scale $scale: all ${#present[@]} contenders are checked"
}

# ---- Results ------------------------------------------------------------------------------------

report() {
    local scenario
    step="writing the report"
    [[ -s $work/samples.csv ]] || abort "nothing was measured"
    run_sql -d "$database" -c "\copy benchmark.benchmark_samples (run, scenario, test, scale, products, clients, commit_delay_ms, contender, rows_affected, unit, value, wal_bytes, hot_share) FROM '$work/samples.csv' (FORMAT csv)" \
        -c "\copy benchmark.benchmark_contenders FROM '$work/contenders.csv' (FORMAT csv)" \
        -v run="$run" -f "$here/results.sql"
    run_sql -d "$database" -c "\copy benchmark.benchmark_samples TO '$output/samples.csv' (FORMAT csv, HEADER)" \
        -c "\copy (SELECT * FROM benchmark.benchmark_results ORDER BY position) TO '$output/results.csv' (FORMAT csv, HEADER)"
    run_sql -d "$database" -v run="$run" -v command="run_benchmarks.sh $arguments" -v scale="${scales[-1]}" \
        -v mode="$( ((by_hand)) && echo manual || echo automatic)" -v processor="$(processor)" -v cores="$(nproc)" \
        -v memory="$(memory)" -v system="$(system)" -f "$here/results_json.sql" >"$output/results.json"
    "$here/report/render.sh" "$output/results.json" "$output/report.html"
    for scenario in "${apart[@]}"; do
        ! is_asked "$scenario" || "$psql" -Xq -d "$database" -v run="$run" -f "$here/$(table_of "$scenario")" | tee "$output/$scenario.txt"
    done
    log_success "results in $output: report.html, results.csv, samples.csv"
    ! grep -q '"tview","wrong"' "$work/contenders.csv" || abort "the TVIEW is wrong" "This is a defect of pg_tviews: please report it"
}

table_of() {
    case $1 in
    write_path) echo write_path/table.sql ;;
    *) echo "targets/$1_table.sql" ;;
    esac
}

processor() { sed -nE 's/^model name\s*: (.*)/\1/p' /proc/cpuinfo 2>/dev/null | head -n 1; }
memory() { awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo 2>/dev/null; }
system() { (source /etc/os-release && printf '%s\n' "$PRETTY_NAME") 2>/dev/null || uname -s; }

main "$@"
