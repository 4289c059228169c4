# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # run_benchmarks.sh assigns and reads the rest
# Owns the scenario creation: CREATE TABLE AS with a primary key and a unique index in one transaction, of a TVIEW and of an ordinary
# table. Sourced by run_benchmarks.sh. A sample is the time of the whole transaction, until its COMMIT has returned.

run_creation() {
    local all=$database database wrong=0 round rows contender table time present=(none tview)
    for rows in $(sizes); do
        database=${all}_creation
        load_items "$rows"
        # The first one is not timed.
        for ((round = 0; round <= runs; round++)); do
            for contender in $(in_turn); do
                step="running the scenario creation for $contender, $rows rows"
                table=$([[ $contender == tview ]] && echo tv_item || echo item_document)
                run_sql -c CHECKPOINT
                time=$(make_item_model "$(database_of "$contender")" "$table")
                ((round == 0)) || sample creation create "$rows" "$contender" "$rows" "$time"
                [[ $contender != tview ]] || check_items "$database"
                run_sql -d "$(database_of "$contender")" -c "DROP TABLE benchmark.$table"
            done
        done
        drop_items
        log_info "scale $scale: creation from $rows rows is done"
    done
    note_checks "$wrong" creation tview
}
