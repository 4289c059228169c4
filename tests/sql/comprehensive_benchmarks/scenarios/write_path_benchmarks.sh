# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # run_benchmarks.sh assigns and reads the rest
# Owns the scenario write_path: what single writes cost on their way into the documents of a forum. Sourced by run_benchmarks.sh,
# with whose functions it works; its contenders have databases of their own. pgbench prepares the statements and times each
# transaction until its commit has returned; a sample is the median of one turn.

# write_path TEST DOCUMENTS EXECUTIONS STATEMENT [AS_FLOOR]: one turn of every contender.
write_path() {
    local contender before after
    for contender in $(in_turn); do
        step="running the scenario write_path for $contender, $1"
        pgbench_script "${4:?}" "${5:-$4}" >"$work/write.sql"
        before=$(written "$contender")
        time_writes "$contender" "$3" 1 -l --log-prefix="$work/write"
        after=$(written "$contender")
        printf '%s,write_path,"%s",%s,%s,,,%s,%s,ms,%s,%s\n' "$run" "$1" "$scale" "$products" "$contender" "$2" \
            "$(median_time "$work"/write.*[0-9])" "$(per_write "$before" "$after" "$3")" >>"$work/samples.csv"
        rm "$work"/write.*[0-9]
    done
}

# write_path_together TEST DOCUMENTS EXECUTIONS CLIENTS STATEMENT AS_FLOOR: transactions per second of clients that write different rows.
write_path_together() {
    local contender
    for contender in $(in_turn); do
        step="running the scenario write_path for $contender, $1 by $4 clients"
        pgbench_script "$5" "$6" >"$work/write.sql"
        time_writes "$contender" "$3" "$4"
        printf '%s,write_path,"%s",%s,%s,%s,,%s,%s,tps,%s,,\n' "$run" "$1" "$scale" "$products" "$4" "$contender" "$2" \
            "$(sed -nE 's/^tps = ([0-9.]+) .*/\1/p' "$work/pgbench.log")" >>"$work/samples.csv"
    done
}

# pgbench_script STATEMENT AS_FLOOR: all contenders draw the same numbers, and no two clients have a user or a post in common.
pgbench_script() {
    printf '%s\n' '\set user 1 + :client_id + :clients * random(0, :users / :clients - 1)' \
        '\set post 1 + :client_id + :clients * random(0, :users * 10 / :clients - 1)' '\set n random(1, 1000000000)' \
        "$([[ $contender == floor ]] && echo "$2" || echo "$1")"
}

# time_writes CONTENDER EXECUTIONS CLIENTS OPTION…
time_writes() {
    "$pgbench" -n -M prepared -t "$2" -c "$3" -j 2 --random-seed="$round" -D users="$users" -D clients="$3" "${@:4}" \
        --file="$work/write.sql" "$(database_of "$1")" &>"$work/pgbench.log" ||
        abort "pgbench did not run to its end: $(grep -m 1 -E 'error|fatal' "$work/pgbench.log")"
}

# In ms, without the first tenth: a session begins with reading definitions and making plans.
median_time() {
    awk 'NR == FNR { n++; next } FNR > n / 10 { print $3 }' "$1" "$1" | sort -n |
        awk '{ times[NR] = $1 } END { print (times[int((NR + 1) / 2)] + times[int(NR / 2) + 1]) / 2000 }'
}

# What a database has written so far: bytes of WAL, and updates of the models, those that left the indexes alone (HOT) among them.
written() {
    run_sql -d "$(database_of "$1")" -c "SELECT pg_current_wal_insert_lsn() - '0/0', coalesce(sum(n_tup_upd), 0), coalesce(sum(n_tup_hot_upd), 0)
                                         FROM pg_stat_user_tables WHERE relname ^@ 'tv_'"
}

# per_write BEFORE AFTER WRITES: bytes of WAL, and the HOT share of the updates.
per_write() {
    awk -F '|' -v writes="$3" 'NR == 1 { split($0, before) } END {
        updates = $2 - before[2]
        printf "%.0f,%s", ($1 - before[1]) / writes, updates ? ($3 - before[3]) / updates : "" }' <<<"$1"$'\n'"$2"
}

run_write_path() {
    local database=${database}_write_path present=() users products round contender
    local -x PGOPTIONS="$PGOPTIONS -c search_path=benchmark"
    load_write_path
    for ((round = 1; round <= runs; round++)); do
        write_path_round
        # Dead rows of one round must not slow down the next.
        for contender in "${present[@]}"; do
            run_sql -d "$(database_of "$contender")" -c 'VACUUM ANALYZE'
        done
        log_info "scale $scale: write_path, round $round of $runs is done"
    done
    check_write_path
}

load_write_path() {
    local contender
    step="loading the forum of scale $scale"
    case $scale in
    small) users=200 ;;
    medium) users=2000 ;;
    large) users=20000 ;;
    huge) users=200000 ;;
    esac
    products=$((users * 10))
    run_sql -c "CREATE DATABASE $database TEMPLATE template0"
    run_sql -d "$database" -v users="$users" -f "$here/00_setup.sql" -f "$here/write_path/sources.sql"
    # Copies first, while the database has no TVIEW.
    for contender in none trigger floor tview; do
        [[ " ${contenders[*]} floor " == *" $contender "* ]] || continue
        step="installing the contender $contender of write_path"
        present+=("$contender")
        [[ $contender == tview ]] || run_sql -c "CREATE DATABASE $(database_of "$contender") TEMPLATE $database"
        install_write_path "$contender"
    done
    log_success "write_path: $users users, $products posts, $((users * 50)) comments; contenders: ${present[*]}"
}

install_write_path() {
    local files=()
    case $1 in
    tview) files=(-c 'CREATE EXTENSION pg_tviews WITH SCHEMA benchmark' -f "$here/write_path/models.sql") ;;
    trigger | floor) files=(-f "$here/write_path/models.sql" -f "$here/write_path/$1.sql") ;;
    esac
    run_sql -d "$(database_of "$1")" "${files[@]}" -c 'VACUUM ANALYZE'
}

# A statement of one row 50 times for one sample of the other scenarios.
write_path_round() {
    local many=$((samples * 50)) title="'What I have learned, part ' || :n" five='' i
    local bio="'Writes about trains, gardens and what else there is since ' || :n"
    for i in 1 2 3 4; do five+="UPDATE tb_post SET title = 'Draft $i of ' || :n WHERE pk_post = :post; "; done
    local rename="UPDATE tb_post SET title = $title WHERE pk_post = :post" rename_as_floor="SELECT set_title(:post, $title)"

    write_path "a user's bio" 11 $many "UPDATE tb_user SET bio = $bio WHERE pk_user = :user" "SELECT set_bio(:user, $bio)"
    write_path "a username" 61 $((many / 5)) "UPDATE tb_user SET username = 'user_' || :n WHERE pk_user = :user" \
        "SELECT set_username(:user, 'user_' || :n)"
    write_path "a post's title" 7 $many "$rename" "$rename_as_floor"
    write_path "a comment inserted" 2 $many \
        "INSERT INTO tb_comment (id, fk_post, fk_user, body) VALUES (md5('new ' || :n)::uuid, :post, :user, 'I had not thought of that.')" \
        "SELECT add_comment(md5('new ' || :n)::uuid, :post, :user, 'I had not thought of that.')"
    write_path "a column that no document shows" 0 $many "UPDATE tb_user SET seen_at = :n WHERE pk_user = :user"
    write_path "five updates of a post in a transaction" 7 $many "BEGIN; $five $rename; COMMIT" "BEGIN; $five $rename_as_floor; COMMIT"
    write_path "100 bios in a statement" 1100 "$samples" \
        "UPDATE tb_user SET bio = $bio WHERE pk_user BETWEEN least(:user, :users - 99) AND least(:user, :users - 99) + 99" \
        "SELECT set_bios(least(:user, :users - 99), least(:user, :users - 99) + 99, $bio)"
    write_path "a table that no TVIEW reads" 0 $many "UPDATE tb_session SET seen_at = :n WHERE pk_session = :user"
    write_path_together "a post's title, 8 clients" 7 $((many / 5)) 8 "$rename" "$rename_as_floor"
}

# Every model against its query; all have done the same work if their queries agree.
check_write_path() {
    local contender model wrong found sum expected=''
    for contender in "${present[@]}"; do
        step="checking the rows of $contender of write_path"
        sum=$(run_sql -d "$(database_of "$contender")" -c "SELECT md5(string_agg(v, NULL ORDER BY v))
            FROM (SELECT v::text FROM v_post v UNION ALL SELECT v::text FROM v_comment v UNION ALL SELECT v::text FROM v_thread v) AS v (v)")
        [[ $sum == "${expected:=$sum}" ]] || abort "its tables are not those of the others: it did other work"
        wrong=0
        [[ $contender == none ]] || for model in user post comment thread; do
            found=$(run_sql -d "$(database_of "$contender")" -v table="tv_$model" -v query="v_$model" \
                -f "$here/concurrent_writers/wrong_rows.sql")
            wrong=$((wrong + found))
        done
        ((wrong == 0)) || log_error "$contender: $wrong rows are wrong"
        note_contender "$contender" "$( ((wrong == 0)) && echo right || echo wrong)" "$wrong" ''
    done
    log_success "scale $scale: all ${#present[@]} contenders of write_path are checked"
}
