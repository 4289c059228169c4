# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # run_benchmarks.sh assigns and reads the rest
# Owns the scenario connections: what the first statement of a new connection takes, a write, where there are 13 TVIEWs. Sourced by
# run_benchmarks.sh. pgbench connects for each statement; it times from sending it to the answer after its commit, without connecting.

run_connections() {
    local all=$database database round users=0 present=(none tview)
    local -x PGOPTIONS="$PGOPTIONS -c search_path=benchmark"
    local rename="UPDATE tb_post SET title = 'What I have learned, part ' || :n WHERE pk_post = :post"
    load_connections
    for ((round = 1; round <= runs; round++)); do
        database=${all}_connections
        connect_and_write "a post's title, which 4 of 13 TVIEWs read" "$rename"
        connect_and_write "a table that none of 13 TVIEWs reads" 'UPDATE tb_session SET seen_at = :n WHERE pk_session = :user'
        database=${all}_connections_posts
        connect_and_write "a post's title, which 13 of 13 TVIEWs read" "$rename"
        log_info "scale $scale: connections, round $round of $runs is done"
    done
    check_connections
}

# The forum of the scenario write_path, as large as there at this scale, and what has the other TVIEWs.
load_connections() {
    local database=${all}_connections
    step="loading the forum of scale $scale and what is beside it"
    users=$(($(sizes | tail -n 1) / 50))
    run_sql -c "CREATE DATABASE $database TEMPLATE template0"
    run_sql -d "$database" -v users="$users" -f "$here/00_setup.sql" -f "$here/write_path/sources.sql" -f "$here/targets/sources.sql"
    run_sql -c "CREATE DATABASE ${database}_none TEMPLATE $database" -c "CREATE DATABASE ${database}_posts TEMPLATE $database" \
        -c "CREATE DATABASE ${database}_posts_none TEMPLATE $database"
    run_sql -d "$database" -c 'CREATE EXTENSION pg_tviews WITH SCHEMA benchmark' -f "$here/write_path/models.sql" -f "$here/targets/thirteen.sql"
    run_sql -d "${database}_posts" -c 'CREATE EXTENSION pg_tviews WITH SCHEMA benchmark' -f "$here/targets/thirteen_of_posts.sql"
    for database in "$database" "${database}_none" "${database}_posts" "${database}_posts_none"; do
        run_sql -d "$database" -c 'VACUUM ANALYZE'
    done
    log_success "connections: $users users, $((users * 10)) posts, $((users * 50)) comments"
}

# connect_and_write TEST STATEMENT: one turn of each. The first connection may have to write the file that others read the catalogs from.
connect_and_write() {
    local contender time
    for contender in $(in_turn); do
        step="running the scenario connections for $contender, $1"
        printf '%s\n' '\set user random(1, :users)' '\set post random(1, :users * 10)' '\set n random(1, 1000000000)' "$2" >"$work/write.sql"
        "$pgbench" -n -C -t $((samples + 1)) -l --log-prefix="$work/write" --random-seed="$round" -D users="$users" \
            --file="$work/write.sql" "$(database_of "$contender")" &>"$work/pgbench.log" ||
            abort "pgbench did not run to its end: $(grep -m 1 -E 'error|fatal' "$work/pgbench.log")"
        while read -r time; do
            sample connections "$1" $((users * 10)) "$contender" '' "$time"
        done < <(awk 'NR > 1 { print $3 / 1000 }' "$work"/write.*[0-9])
        rm "$work"/write.*[0-9]
    done
}

check_connections() {
    local entity entities found wrong=0
    for database in "${all}_connections" "${all}_connections_posts"; do
        step="checking the TVIEWs of $database"
        mapfile -t entities < <(run_sql -d "$database" -c 'SELECT entity FROM pg_tviews_metadata')
        ((${#entities[@]} == 13)) || abort "there are ${#entities[@]} TVIEWs, not 13"
        for entity in "${entities[@]}"; do
            found=$(run_sql -d "$database" -v table="tv_$entity" -v query="v_$entity" -f "$here/concurrent_writers/wrong_rows.sql")
            wrong=$((wrong + found))
        done
        run_sql -c "DROP DATABASE $database" -c "DROP DATABASE $(database_of none)"
    done
    note_checks "$wrong" connections tview
}
