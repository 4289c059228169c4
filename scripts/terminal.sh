# shellcheck shell=bash
# Owns how the scripts talk: headings, notes, the one-line failure, and the heartbeat of slow steps.
# Sourced by every script in this folder; runs nothing by itself.

# section TITLE [EXPLANATION]
section() {
    printf '\n== %s\n' "$1"
    [[ $# -lt 2 ]] || printf '   %s\n' "$2"
}

note() { printf '   %s\n' "$*"; }

# fail WHAT WAY_OUT: one line, then the end of the script.
fail() {
    printf 'ERROR: %s. %s\n' "$1" "$2" >&2
    exit 1
}

# slowly LABEL COMMAND…: runs a command with its output in a log, prints a line every ten seconds, and on failure the end of
# the log. The command stays in the foreground, so that Ctrl-C reaches it.
slowly() {
    local label=$1 log=${CARGO_TARGET_DIR:-target}/slow-step.log beat status=0
    shift
    mkdir -p "${log%/*}"
    note "$label"
    # The beat looks for the script, because background jobs never hear of Ctrl-C.
    (
        elapsed=0
        while sleep 1 && kill -0 $$ 2>/dev/null; do
            ((++elapsed % 10 > 0)) || note "… still working, $elapsed s"
        done
    ) &
    beat=$!
    "$@" >"$log" 2>&1 || status=$?
    kill "$beat" 2>/dev/null
    wait "$beat" 2>/dev/null || true
    ((status == 0)) || tail -n 15 "$log" >&2
    return "$status"
}
