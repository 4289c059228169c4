#!/usr/bin/env bash
# Owns how a report is put together: page.html, with the chart library and the results of a run in it.
#
#   render.sh RESULTS.json OUTPUT.html
#
# The page is one file that needs no network. RESULTS.json is what run_benchmarks.sh writes; page.html says at its head what
# it reads of it. OUTPUT.html is replaced only once the new page is complete.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/terminal.sh
source "$here/../../../../scripts/terminal.sh"

main() {
    (($# == 2)) || fail "render.sh takes two arguments" "Usage: render.sh RESULTS.json OUTPUT.html"
    local results=$1 output=$2
    [[ -r $results ]] || fail "cannot read $results" "run_benchmarks.sh writes it"
    looks_complete "$results" || fail "$results is not one JSON object" "It should begin with { and end with }"
    # Not local: the trap runs after main.
    unfinished=$(mktemp "$output.XXXXXX") || fail "cannot write $output" "Its folder must exist and be writable"
    trap 'rm -f "$unfinished"' EXIT
    page "$results" >"$unfinished"
    chmod 644 "$unfinished"
    mv -f "$unfinished" "$output"
}

# What the page cannot say by itself is that a run was cut short; for the rest there is JSON.parse.
looks_complete() {
    local ends
    ends=$(tr -d '[:space:]' <"$1" | sed -nE '1s/^(\{).*(\})$/\1\2/p')
    [[ $ends == '{}' ]]
}

# Each placeholder is a line of its own; sed's r puts a file there as it is, so no character in it is special.
page() {
    LC_ALL=C sed -e '/^@LIBRARY@$/{' -e 'r /dev/fd/3' -e 'd' -e '}' -e '/^@RESULTS@$/{' -e 'r /dev/fd/4' -e 'd' -e '}' \
        "$here/page.html" 3< <(library) 4< <(escaped "$1")
}

# Without the address of its source map, which a browser's developer tools would ask for.
library() { grep -v '^//# sourceMappingURL=' "$here/vendor/chart.umd.min.js"; }

# A < in JSON can only be in a string. Written as \u003c it cannot end the script element that the data are in.
escaped() { LC_ALL=C sed 's/</\\u003c/g' "$1"; }

main "$@"
