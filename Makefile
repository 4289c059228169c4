# pg_tviews. `make help` lists the targets.
#
# all, install and installcheck follow PGXS and work against any installed server: PG_CONFIG=/path/to/pg_config.
# demo and check do all the set-up themselves, with Debian's PostgreSQL 15 unless PG_CONFIG is given.

PG_CONFIG ?= pg_config
DESTDIR ?=
TARGET := $(or $(CARGO_TARGET_DIR),target)
PG_MAJOR = $(shell $(PG_CONFIG) --version 2>/dev/null | sed -E 's/^PostgreSQL ([0-9]+).*/\1/')
# Cargo features beside the server's version: a build of its own kind.
FEATURES ?=
# One folder for each installation, since the paths inside it are those of PG_CONFIG.
PACKAGE = $(TARGET)/package/pg$(PG_MAJOR)$(FEATURES:%=-%)$(subst /,-,$(shell $(PG_CONFIG) --pkglibdir 2>/dev/null))
RELEASE = pg_tviews-$(shell sed -n 's/^version = "\(.*\)"$$/\1/p' Cargo.toml)
SOURCES := $(shell find src sql -type f) Cargo.toml Cargo.lock pg_tviews.control
CARGO = PG_CONFIG='$(PG_CONFIG)' FEATURES='$(FEATURES)' scripts/cargo

.PHONY: all install installcheck package-deb dist demo check matrix bench fuzz fuzz-proof torture torture-proof bench-writers check-format \
	check-lint check-rustdoc clean help

all: $(PACKAGE)/built

# A file rather than cargo's own judgement, so that `sudo make install` finds nothing to build: root may have no cargo.
$(PACKAGE)/built: $(SOURCES) | pg-config
	@rm -rf '$(PACKAGE)'
	@$(CARGO) pgrx package --out-dir '$(PACKAGE)'
	@cp sql/pg_tviews--*.sql "$(PACKAGE)$$($(PG_CONFIG) --sharedir)/extension/"
	@touch '$@'

install: all
	@PG_CONFIG='$(PG_CONFIG)' DESTDIR='$(DESTDIR)' scripts/install '$(PACKAGE)'

installcheck: | pg-config
	@PG_CONFIG='$(PG_CONFIG)' scripts/installcheck '$(TARGET)/regress'

package-deb: all
	@PG_CONFIG='$(PG_CONFIG)' scripts/package-deb '$(PACKAGE)' '$(TARGET)'

# The archive that PGXN takes: what is committed, in a folder of the release's name.
dist:
	@mkdir -p '$(TARGET)'
	@git archive --format=zip --prefix='$(RELEASE)/' --output='$(TARGET)/$(RELEASE).zip' HEAD
	@echo '$(TARGET)/$(RELEASE).zip'

# make matrix PG_CONFIGS='/path/to/pg_config …'
matrix:
	@scripts/matrix $(PG_CONFIGS)

# PG_CONFIG reaches these seven through the environment only if the caller gave it.
demo:
	@scripts/demo

check:
	@scripts/check

# make fuzz SECONDS=3600 SEED=1; without SEED another one each time. So also torture.
fuzz:
	@FUZZ_SECONDS='$(SECONDS)' FUZZ_SEED='$(SEED)' scripts/fuzz differential fuzz

fuzz-proof:
	@FUZZ_SECONDS='$(SECONDS)' FUZZ_SEED='$(SEED)' scripts/fuzz differential no_rule_can_be_left_out sabotage

torture:
	@TORTURE_SECONDS='$(SECONDS)' TORTURE_SEED='$(SEED)' scripts/fuzz torture torture

torture-proof:
	@TORTURE_SECONDS='$(SECONDS)' TORTURE_SEED='$(SEED)' scripts/fuzz torture no_lock_can_be_left_out sabotage

# make bench SCALE=medium, or OPTIONS='…' for whatever run_benchmarks.sh --help lists.
bench:
	@scripts/bench --scale '$(or $(SCALE),small)' $(OPTIONS)

# Throughput of concurrent writers, for the release that is installed; some eight minutes.
bench-writers:
	@tests/sql/comprehensive_benchmarks/concurrent_writers/run.sh

check-format:
	@cargo fmt --check

check-lint: | pg-config
	@$(CARGO) clippy --all-targets -- -D warnings

check-rustdoc: | pg-config
	@RUSTDOCFLAGS='-D warnings' $(CARGO) doc --no-deps --document-private-items

clean:
	rm -rf '$(TARGET)'

.PHONY: pg-config
pg-config:
	@command -v '$(PG_CONFIG)' >/dev/null || { echo 'ERROR: there is no $(PG_CONFIG). Run scripts/setup, or name your server with PG_CONFIG=/path/to/pg_config' >&2; exit 1; }

help:
	@echo 'make                release build for the server of PG_CONFIG'
	@echo 'make install        installs it there, with sudo where its folders need it; DESTDIR is honoured'
	@echo 'make installcheck   regression and isolation tests on the server that PGHOST and PGPORT name'
	@echo 'make package-deb    Debian package of that build, without installing anything'
	@echo 'make dist           source archive of the commit at hand, for PGXN'
	@echo 'make demo           sets up, shows a TVIEW at work on a private server; KEEP=1 leaves the server running'
	@echo 'make check          sets up, runs all tests on private servers'
	@echo "make matrix         all tests for several servers: PG_CONFIGS='/path/to/pg_config …'"
	@echo 'make fuzz           sets up, compares TVIEWs with random queries for SECONDS=600; SEED=n begins with that seed'
	@echo 'make fuzz-proof     the same must find something with each rule of the lineage off (needs the feature sabotage)'
	@echo 'make torture        sets up, lets random writers loose on the same rows for SECONDS=600; SEED=n begins with that seed'
	@echo 'make torture-proof  the same must find something with each kind of lock off (needs the feature sabotage)'
	@echo 'make bench          sets up, compares TVIEWs with what people use instead; SCALE=small, medium, large or huge'
	@echo 'make bench-writers  what a TVIEW leaves of the throughput of concurrent writers'
	@echo 'make check-format   rustfmt'
	@echo 'make check-lint     clippy, warnings are errors'
	@echo 'make check-rustdoc  rustdoc, warnings are errors'
	@echo 'make clean          removes what was built'
