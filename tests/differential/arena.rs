//! A private server on which cases are replayed, each in a database of its own, made from a template and dropped afterwards.

use crate::case::{Case, without_patches};
use crate::optional::plain;
use crate::schema;
use crate::server::Server;
use postgres::{Client, NoTls};
use std::fs;

/// Nothing is kept, no query may hang, and nothing else works on the same two processors.
const SETTINGS: [&str; 9] = [
    "statement_timeout=20s",
    "lock_timeout=10s",
    "autovacuum=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_wal_size=4GB",
    "jit=off",
    "max_parallel_workers_per_gather=0",
    // So that it can be told who wrote a row that is wrong.
    "track_commit_timestamp=on",
];

/// The rules about writers that run at the same time: a single session cannot notice that one is left out.
pub const LOCK_RULES: [&str; 5] = ["Locks", "KeyLocks", "ValueLocks", "ReadSets", "TableLocks"];

pub struct Arena {
    server: Server,
    /// Further options of each connection that replays.
    options: String,
    databases: u64,
    /// How much of the server's log has been looked at.
    log_seen: usize,
}

impl Arena {
    /// `options` as in PGOPTIONS.
    pub fn new(options: &str) -> Self {
        let arguments: Vec<&str> = SETTINGS
            .iter()
            .flat_map(|setting| ["--set", setting])
            .collect();
        let arena = Self {
            server: Server::launch(&arguments),
            options: options.to_owned(),
            databases: 0,
            log_seen: 0,
        };
        arena.template("empty", &schema::statements()[..2]);
        arena.template("whole", &schema::statements());
        arena
    }

    fn template(&self, name: &str, statements: &[String]) {
        self.run(&format!("CREATE DATABASE {name}"));
        let mut client = self
            .server
            .config()
            .dbname(name)
            .connect(NoTls)
            .expect("connect to the new template");
        for sql in statements {
            client
                .batch_execute(sql)
                .unwrap_or_else(|error| panic!("{error:?} in {sql}"));
        }
    }

    /// A fresh database with the case's schema and rows, and its name. None where a statement of the schema fails, which
    /// happens only to a schema that is being shrunk.
    pub fn prepare(&mut self, case: &Case) -> Option<(Client, String)> {
        self.databases += 1;
        let database = format!("round_{}", self.databases);
        let template = if case.schema.is_none() {
            "whole"
        } else {
            "empty"
        };
        self.run(&format!("CREATE DATABASE {database} TEMPLATE {template}"));
        if !case.is_patched {
            self.run(&without_patches(&database));
        }
        let mut client = self.connect(&database);
        for sql in case.schema.iter().flatten().skip(2) {
            client.batch_execute(&plain(sql)).ok()?;
        }
        for sql in &case.rows {
            // A row that a shrunk case no longer has may leave others without the one they refer to.
            let _ = client.batch_execute(&plain(sql));
        }
        client
            .batch_execute("CREATE SCHEMA oracle; ANALYZE")
            .expect("a schema for the oracle");
        Some((client, database))
    }

    /// A client that replays in a database that was prepared.
    pub fn connect(&self, database: &str) -> Client {
        self.server
            .config()
            .dbname(database)
            .options(&self.options)
            .connect(NoTls)
            .expect("connect to a prepared database")
    }

    /// What a failing case has left prepared may keep its database from being dropped, which does no harm.
    pub fn drop(&self, database: &str) {
        let _ = self
            .server
            .reconnect()
            .batch_execute(&format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)"));
    }

    fn run(&self, sql: &str) {
        self.server
            .reconnect()
            .batch_execute(sql)
            .unwrap_or_else(|error| panic!("{error:?} in {sql}"));
    }

    /// What the server has logged of crashes since the last call.
    pub fn crashes(&mut self) -> Vec<String> {
        let log = fs::read(format!("{}/server.log", self.server.folder())).unwrap_or_default();
        let new = String::from_utf8_lossy(&log[self.log_seen.min(log.len())..]).into_owned();
        self.log_seen = log.len();
        new.lines()
            .filter(|line| {
                ["PANIC:", "TRAP:", "was terminated by signal"]
                    .iter()
                    .any(|sign| line.contains(sign))
            })
            .map(str::to_owned)
            .collect()
    }

    /// The rules that can be switched off, by name; none where the extension was built without the feature.
    pub fn sabotages(&self) -> Vec<String> {
        let sql = "SELECT rule FROM pg_settings, unnest(enumvals) AS rule
                   WHERE name = 'pg_tviews.sabotage' AND rule <> boot_val";
        let rows = self.server.connect().query(sql, &[]);
        let rows = rows.expect("read the settings");
        rows.iter().map(|row| row.get(0)).collect()
    }
}
