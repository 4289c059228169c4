//! A case: tables, rows, TVIEWs and transactions, as plain data that is replayed, shrunk and written down. Made from a seed by
//! the generators, and never changed by a replay.

use crate::optional::plain;
use crate::oracle::{self, Pinning};
use crate::schema;
use std::fmt::Write;

#[derive(Clone, Debug)]
pub struct Case {
    /// None stands for all of schema.sql, which is ready in a template.
    pub schema: Option<Vec<String>>,
    /// Whether its database has patches on.
    pub is_patched: bool,
    pub rows: Vec<String>,
    pub tviews: Vec<Tview>,
    pub transactions: Vec<Transaction>,
}

#[derive(Clone, Debug)]
pub struct Tview {
    pub name: String,
    pub query: String,
    /// `pk_<entity>` or `id`, which are found by name, or columns that become the primary key.
    pub key: String,
    /// In force when it is created.
    pub settings: Vec<(&'static str, &'static str)>,
    /// Columns that get an index each.
    pub indexes: Vec<&'static str>,
    /// The TVIEWs that the query reads, those that they read first.
    pub reads: Vec<String>,
    /// Whether the query gives each key once and none NULL, whatever the rows.
    pub is_key_certain: bool,
    pub is_generated: bool,
}

#[derive(Clone, Debug)]
pub struct Transaction {
    pub begin: &'static str,
    pub steps: Vec<Step>,
    pub end: End,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// No BEGIN: each statement is a transaction.
    Each,
    Commit,
    Rollback,
    CommitPrepared,
    RollbackPrepared,
}

#[derive(Clone, Debug)]
pub enum Step {
    Statement {
        kind: &'static str,
        sql: String,
    },
    /// Sent as one message, which is one transaction where there is no other.
    Message(Vec<String>),
    Copy {
        target: String,
        lines: Vec<String>,
    },
    Savepoint {
        steps: Vec<Step>,
        end: SavepointEnd,
    },
    /// All TVIEWs are compared, or one alone.
    Compare(Option<String>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SavepointEnd {
    Release,
    Rollback,
    RollbackAndRelease,
}

impl Tview {
    /// The statements that create it, in order.
    pub fn creation(&self) -> Vec<String> {
        let set = self
            .settings
            .iter()
            .map(|(name, value)| format!("SET {name} = '{value}'"));
        let create = format!("CREATE TABLE {} AS\n{}", self.name, plain(&self.query));
        let body = if self.key == "id" || self.key == self.name.replacen("tv_", "pk_", 1) {
            vec![create]
        } else {
            vec![
                "BEGIN".to_owned(),
                create,
                format!("ALTER TABLE {} ADD PRIMARY KEY ({})", self.name, self.key),
                "COMMIT".to_owned(),
            ]
        };
        let reset = self
            .settings
            .iter()
            .map(|(name, _)| format!("RESET {name}"));
        let indexes = self
            .indexes
            .iter()
            .map(|column| format!("CREATE INDEX ON {} ({column})", self.name));
        set.chain(body).chain(reset).chain(indexes).collect()
    }
}

impl Case {
    /// The query of a TVIEW with the queries of the TVIEWs it reads in their place.
    pub fn expanded(&self, tview: &Tview) -> String {
        let query = plain(&tview.query);
        if tview.reads.is_empty() {
            return query;
        }
        let inner: Vec<String> = self
            .tviews
            .iter()
            .filter(|other| tview.reads.contains(&other.name))
            .map(|other| format!("{} AS (\n{}\n)", other.name, plain(&other.query)))
            .collect();
        format!("WITH {}\nSELECT * FROM (\n{query}\n) q", inner.join(", "))
    }

    /// The function that gives what the TVIEW should hold.
    pub fn wanted(&self, tview: &Tview) -> String {
        let is_set = self.tviews.iter().any(|tview| !tview.settings.is_empty())
            || self
                .transactions
                .iter()
                .any(|transaction| sets(&transaction.steps));
        let pinning = if is_set { Pinning::All } else { Pinning::None };
        oracle::wanted(tview, &self.expanded(tview), pinning)
    }

    /// The case for psql; it prints the rows that are missing from a TVIEW or too many in it.
    pub fn script(&self) -> String {
        let mut out = String::new();
        let mut add = |sql: &str| writeln!(out, "{sql};").expect("a string takes it all");
        if !self.is_patched {
            let off = without_patches("', current_database(), '");
            // For the session too: RESET gives back what it began with.
            add(&format!("SELECT concat('{off}') \\gexec\n\\c\nSELECT"));
        }
        for sql in self.schema.clone().unwrap_or_else(schema::statements) {
            add(&plain(&sql));
        }
        for sql in &self.rows {
            add(&plain(sql));
        }
        add("CREATE SCHEMA oracle");
        for tview in &self.tviews {
            for sql in tview.creation() {
                add(&sql);
            }
            add(&self.wanted(tview));
        }
        for transaction in &self.transactions {
            if transaction.end != End::Each {
                add(transaction.begin);
            }
            self.add_steps(&transaction.steps, 0, &mut add);
            match transaction.end {
                End::Each => {}
                End::Commit => add("COMMIT"),
                End::Rollback => add("ROLLBACK"),
                End::CommitPrepared => {
                    add("PREPARE TRANSACTION 'oracle'");
                    add("COMMIT PREPARED 'oracle'");
                }
                End::RollbackPrepared => {
                    add("PREPARE TRANSACTION 'oracle'");
                    add("ROLLBACK PREPARED 'oracle'");
                }
            }
        }
        for tview in &self.tviews {
            add(&oracle::comparison(&[&tview.name]));
        }
        out
    }

    fn add_steps(&self, steps: &[Step], depth: usize, add: &mut impl FnMut(&str)) {
        for step in steps {
            match step {
                Step::Statement { sql, .. } => add(&plain(sql)),
                // psql gathers what \; ends and sends it together.
                Step::Message(statements) => add(&plain(&statements.join("\\;\n"))),
                Step::Copy { target, lines } => {
                    add(&format!("COPY {target} FROM STDIN"));
                    // The terminator takes no semicolon, and a line of blanks after it does no harm.
                    add(&format!("{}\n\\.\nSELECT", lines.join("\n")));
                }
                Step::Savepoint { steps, end } => {
                    add(&format!("SAVEPOINT s{depth}"));
                    self.add_steps(steps, depth + 1, add);
                    for sql in end.statements(depth) {
                        add(&sql);
                    }
                }
                Step::Compare(Some(name)) => {
                    if self.tviews.iter().any(|tview| tview.name == *name) {
                        add(&oracle::comparison(&[name]));
                    }
                }
                Step::Compare(None) => {
                    for tview in &self.tviews {
                        add(&oracle::comparison(&[&tview.name]));
                    }
                }
            }
        }
    }
}

/// The statement by which each session in a database has patches off.
pub fn without_patches(database: &str) -> String {
    format!("ALTER DATABASE {database} SET pg_tviews.patch = off")
}

impl SavepointEnd {
    pub fn statements(self, depth: usize) -> Vec<String> {
        let release = format!("RELEASE s{depth}");
        let rollback = format!("ROLLBACK TO s{depth}");
        match self {
            SavepointEnd::Release => vec![release],
            SavepointEnd::Rollback => vec![rollback],
            SavepointEnd::RollbackAndRelease => vec![rollback, release],
        }
    }
}

fn sets(steps: &[Step]) -> bool {
    steps.iter().any(|step| match step {
        Step::Statement { kind, .. } => *kind == "SET",
        Step::Savepoint { steps, .. } => sets(steps),
        Step::Message(_) | Step::Copy { .. } | Step::Compare(_) => false,
    })
}
