# Builds pg_tviews and adds it to PostgreSQL's official image: preloaded, and created in every new database. docs/docker.md
# tells how to use the image and what was tried.
#
#   docker build --tag pg_tviews .                                  PostgreSQL 15
#   docker build --tag pg_tviews:17 --build-arg PG_MAJOR=17 .       16, 17 or 18
#   docker build --tag pg_tviews-benchmark --target benchmark .     the client that runs the benchmarks
#
# The extension is compiled on the image that it will run in, so that its C library and the server's headers fit.

ARG PG_MAJOR=15
# Any Debian image with PostgreSQL of that major, an apt source for its postgresql-server-dev package, and the official image's
# entrypoint.
ARG BASE_IMAGE=postgres:${PG_MAJOR}-bookworm
# Only its folders /usr/local/rustup and /usr/local/cargo are used. The version is rust-version of Cargo.toml, or later.
ARG RUST_IMAGE=rust:1.95-slim-bookworm

FROM ${RUST_IMAGE} AS rust

# ---- What compiles: changes with the versions of PostgreSQL and Rust alone ----------------------

FROM ${BASE_IMAGE} AS toolchain
ARG PG_MAJOR
USER root
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates gcc libc6-dev libclang-dev libssl-dev make pkg-config "postgresql-server-dev-$PG_MAJOR" \
    && rm -rf /var/lib/apt/lists/*
COPY --from=rust /usr/local/rustup /usr/local/rustup
COPY --from=rust /usr/local/cargo /usr/local/cargo
ENV RUSTUP_HOME=/usr/local/rustup \
    CARGO_HOME=/usr/local/cargo \
    PATH=/usr/local/cargo/bin:$PATH \
    PG_CONFIG=/usr/lib/postgresql/$PG_MAJOR/bin/pg_config
# pgrx formats what bindgen writes, and the official image of Rust comes without rustfmt.
RUN rustfmt --version || rustup component add rustfmt

# A stage of its own: other lines of Cargo.toml may change without cargo-pgrx being compiled again.
FROM toolchain AS pgrx-version
COPY Cargo.toml /
RUN sed -n 's/^pgrx = "=\(.*\)"$/\1/p' /Cargo.toml >/pgrx-version && test -s /pgrx-version

# ---- The extension, in /package -----------------------------------------------------------------

FROM toolchain AS build
ARG PG_MAJOR
COPY --from=pgrx-version /pgrx-version /
RUN cargo install cargo-pgrx --version "$(cat /pgrx-version)" --locked
RUN cargo pgrx init --no-run "--pg$PG_MAJOR=$PG_CONFIG"

WORKDIR /pg_tviews
# The dependencies: compiled by the same command for a crate that is nothing but an extension's mark, since cargo-pgrx passes
# options that a plain cargo build would not.
COPY Cargo.toml Cargo.lock pg_tviews.control ./
COPY scripts/cargo scripts/install scripts/postgres.sh scripts/terminal.sh scripts/
RUN mkdir src \
    && echo '::pgrx::pg_module_magic!(name, version);' >src/lib.rs \
    && scripts/cargo pgrx package --out-dir /tmp/nothing

COPY Makefile ./
COPY sql sql
COPY src src
# cargo compares times, and the files may be older than what was just compiled.
RUN touch src/lib.rs && make install DESTDIR=/package

# ---- The client that runs the benchmarks: bash, psql and pgbench are in the base image ----------

FROM ${BASE_IMAGE} AS benchmark
WORKDIR /pg_tviews
COPY scripts/terminal.sh scripts/
COPY tests/sql/comprehensive_benchmarks tests/sql/comprehensive_benchmarks
ENTRYPOINT ["tests/sql/comprehensive_benchmarks/run_benchmarks.sh"]
CMD ["--scale", "small", "--output", "/output"]

# ---- The server ---------------------------------------------------------------------------------

FROM ${BASE_IMAGE} AS server
ARG PG_MAJOR
USER root
COPY --from=build /package /
# initdb makes a new volume's postgresql.conf from this sample; there the setting can be changed.
RUN sample=/usr/share/postgresql/$PG_MAJOR/postgresql.conf.sample \
    && sed -i --follow-symlinks "s/^#shared_preload_libraries = ''/shared_preload_libraries = 'pg_tviews'/" "$sample" \
    && grep -q "^shared_preload_libraries = 'pg_tviews'" "$sample"
COPY docker/create-extension.sh /docker-entrypoint-initdb.d/00-pg_tviews.sh
# The official image begins as root and turns into this user; here nothing ever runs as root.
USER postgres
# Through TCP: the server that initialises a volume listens on its socket only, and is not healthy yet.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD pg_isready -q -h 127.0.0.1 -U "${POSTGRES_USER:-postgres}" -d "${POSTGRES_DB:-${POSTGRES_USER:-postgres}}"
