# shellcheck shell=bash
# Owns the answer to "which PostgreSQL?": its pg_config, its programs, and the user its private server runs as.
# Sourced by the other scripts after terminal.sh; runs nothing by itself.

# Without PG_CONFIG the scripts work with Debian's PostgreSQL 15, whatever else the PATH holds.
debian_pg_config=/usr/lib/postgresql/15/bin/pg_config

# Sets and exports PG_CONFIG as an absolute path.
find_postgres() {
    local wanted=${PG_CONFIG:-$debian_pg_config}
    PG_CONFIG=$(command -v "$wanted") ||
        fail "there is no $wanted" "Run scripts/setup, or name your server's with PG_CONFIG=/path/to/pg_config"
    PG_CONFIG=$(realpath --no-symlinks "$PG_CONFIG")
    export PG_CONFIG
}

postgres_major() { "$PG_CONFIG" --version | sed -E 's/^PostgreSQL ([0-9]+).*/\1/'; }

postgres_program() { printf '%s/%s\n' "$("$PG_CONFIG" --bindir)" "$1"; }

# The server refuses to run as root; then it runs as an unprivileged user.
server_user() {
    if ((EUID == 0)); then
        printf '%s\n' "${PG_TVIEWS_SERVER_USER:-postgres}"
    else
        id -un
    fi
}

# as_server_user COMMAND…: from /, because that user need not be able to enter the caller's folder.
as_server_user() {
    if ((EUID == 0)); then
        (cd / && exec runuser -u "$(server_user)" -- "$@")
    else
        "$@"
    fi
}

# copy_server FOLDER: PG_CONFIG then names a copy of the server there. PostgreSQL finds its folders from where its programs
# are, so that a copy of them is an installation of its own.
copy_server() {
    local folder
    chmod 755 "$1"
    for folder in bindir pkglibdir sharedir includedir-server; do
        folder=$("$PG_CONFIG" "--$folder")
        mkdir -p "$1${folder%/*}"
        [[ -e $1$folder ]] || cp -a "$folder" "$1${folder%/*}/"
    done
    PG_CONFIG=$1$PG_CONFIG
    export PG_CONFIG
}
