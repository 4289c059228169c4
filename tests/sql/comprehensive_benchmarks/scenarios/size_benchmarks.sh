# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # run_benchmarks.sh assigns and reads the rest
# Owns the scenario size: what one changed row costs, from 10,000 rows of its table to 10,000,000. Sourced by run_benchmarks.sh. All
# sizes are there at the same time, and have their turns in each round. pgbench prepares the statement and draws a row for each;
# a sample is the median of one turn.
#
# Any row of a large table is in no cache, of the processor's or others: that costs what it costs each page that is touched, by a
# TVIEW or not. So the same is done to one of twenty rows, anywhere in the table, which are in all caches soon.

run_size() {
    local all=$database database wrong=0 round rows present=(none tview)
    local -x PGOPTIONS="$PGOPTIONS -c search_path=benchmark"
    local price='UPDATE tb_item SET price = :n WHERE pk_item = :row' name="UPDATE tb_maker SET name = 'Maker ' || :n WHERE pk_maker = :row"
    for rows in $(sizes); do
        database=${all}_size_$rows
        load_items "$rows"
        step="making the TVIEW of $rows items"
        make_item_model "$database" tv_item >/dev/null
        run_sql -d "$database" -c 'VACUUM ANALYZE'
        log_info "size: $rows items are loaded"
    done
    # A page's first change after a checkpoint writes the whole page to WAL.
    run_sql -c CHECKPOINT
    for ((round = 1; round <= runs; round++)); do
        write_items "price of one of 20 items" 1 "$price" '1 + :items / 20 * random(0, 19)'
        write_items "price of any item" 1 "$price" 'random(1, :items)'
        write_items "name of one of 20 makers" 10 "$name" '1 + :items / 200 * random(0, 19)'
        write_items "name of any maker" 10 "$name" 'random(1, :items / 10)'
        vacuum_items
        log_info "scale $scale: size, round $round of $runs is done"
    done
    for rows in $(sizes); do
        database=${all}_size_$rows
        check_items "$database"
        drop_items
    done
    note_checks "$wrong" size tview
}

# write_items TEST DOCUMENTS STATEMENT ROW: one turn of each at every size.
write_items() {
    local contender
    for rows in $(sizes); do
        database=${all}_size_$rows
        for contender in $(in_turn); do
            step="running the scenario size for $contender, $1 of $rows rows"
            printf '%s\n' "\\set row $4" '\set n random(1, 1000000000)' "$3" >"$work/write.sql"
            "$pgbench" -n -M prepared -t $((samples * 50)) -l --log-prefix="$work/write" --random-seed="$round" -D items="$rows" \
                --file="$work/write.sql" "$(database_of "$contender")" &>"$work/pgbench.log" ||
                abort "pgbench did not run to its end: $(grep -m 1 -E 'error|fatal' "$work/pgbench.log")"
            sample size "$1" "$rows" "$contender" "$2" "$(median_time "$work"/write.*[0-9])"
            rm "$work"/write.*[0-9]
        done
    done
}

# Dead rows of one round must not slow down the next.
vacuum_items() {
    local contender
    for rows in $(sizes); do
        database=${all}_size_$rows
        for contender in "${present[@]}"; do
            run_sql -d "$(database_of "$contender")" -c 'VACUUM ANALYZE'
        done
    done
}
