//! One of the clients that write at the same time: draws transactions and runs them until the round is over.

use crate::case::{End, SavepointEnd, Step, Transaction};
use crate::failure::Failure;
use crate::findings::Findings;
use crate::judge::{Level, judge};
use crate::optional::plain;
use crate::round::Round;
use crate::stage::{Stage, compare, shows_a_key_twice};
use crate::tally::Tally;
use crate::trail::Trail;
use crate::value::{chance, pick, set_greatest};
use fastrand::Rng;
use postgres::Error;
use std::io::Write;
use std::thread;
use std::time::Duration;

pub struct Client<'a> {
    pub session: postgres::Client,
    pub number: usize,
    pub round: &'a Round,
    pub stage: &'a Stage,
    pub findings: &'a Findings,
    pub rng: Rng,
    pub tally: Tally,
    pub trail: Trail,
}

/// What the transaction can still do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Fine,
    /// Failed, and waits for a rollback.
    Aborted,
}

impl Client<'_> {
    /// The server's process that works for it.
    pub fn process(&mut self) -> i32 {
        let row = self.session.query_one("SELECT pg_backend_pid()", &[]);
        row.expect("ask for the process").get(0)
    }

    pub fn run(mut self) -> (Tally, Trail) {
        set_greatest(self.round.greatest);
        while !self.findings.is_over() {
            self.set_options();
            let transaction = self.round.transaction(&mut self.rng, self.stage);
            self.transaction(&transaction);
        }
        (self.tally, self.trail)
    }

    /// Now and then a table is locked instead of so many values, or documents are computed that could be patched.
    fn set_options(&mut self) {
        if chance(&mut self.rng, 10) {
            let patch = *pick(&mut self.rng, &["on", "off"]);
            let sql = format!("SET pg_tviews.patch = {patch}");
            self.execute(&sql, Level::ReadCommitted);
        }
        if self.stage.has_lock_limit && chance(&mut self.rng, 5) {
            let limit = *pick(&mut self.rng, &["1", "5", "20", "DEFAULT"]);
            let sql = format!("SET pg_tviews.lock_limit = {limit}");
            self.execute(&sql, Level::ReadCommitted);
        }
    }

    fn transaction(&mut self, transaction: &Transaction) {
        if transaction.end == End::Each {
            let level = Level::ReadCommitted;
            for step in &transaction.steps {
                self.begin(level);
                let flow = self.step(step, level, 0);
                self.finish(level, flow == Flow::Fine);
            }
            return;
        }
        let level = Level::of(transaction.begin);
        self.begin(level);
        self.execute(transaction.begin, level);
        let flow = self.steps(&transaction.steps, level, 0);
        let is_committed = flow == Flow::Fine && self.end(transaction.end, level);
        if flow == Flow::Aborted {
            self.execute("ROLLBACK", level);
        }
        self.finish(level, is_committed);
    }

    fn begin(&mut self, level: Level) {
        self.trail.begin(level.name());
        self.tally.add("transactions");
        self.tally.add(&format!("transactions, {}", level.name()));
    }

    fn finish(&mut self, level: Level, is_committed: bool) {
        self.trail.end(is_committed);
        if is_committed {
            self.tally.add("committed");
            self.tally.add(&format!("committed, {}", level.name()));
        }
    }

    /// Whether the transaction is committed.
    fn end(&mut self, end: End, level: Level) -> bool {
        let gid = format!("{}_{}", self.stage.database, self.number);
        let last = match end {
            End::Each => return true,
            End::Commit => return self.execute("COMMIT", level) == Flow::Fine,
            End::Rollback => {
                self.execute("ROLLBACK", level);
                return false;
            }
            End::CommitPrepared => "COMMIT",
            End::RollbackPrepared => "ROLLBACK",
        };
        if self.execute(&format!("PREPARE TRANSACTION '{gid}'"), level) == Flow::Aborted {
            return false;
        }
        self.pause(8);
        self.execute(&format!("{last} PREPARED '{gid}'"), level);
        end == End::CommitPrepared
    }

    fn steps(&mut self, steps: &[Step], level: Level, depth: usize) -> Flow {
        for step in steps {
            if self.step(step, level, depth) == Flow::Aborted {
                return Flow::Aborted;
            }
            if chance(&mut self.rng, 10) {
                self.pause(3);
            }
        }
        Flow::Fine
    }

    fn step(&mut self, step: &Step, level: Level, depth: usize) -> Flow {
        match step {
            Step::Statement { sql, .. } => self.execute(&plain(sql), level),
            Step::Message(statements) => self.execute(&plain(&statements.join(";\n")), level),
            Step::Copy { target, lines } => self.copy(target, lines, level),
            Step::Compare(Some(name)) => self.compare(&[name], level),
            Step::Compare(None) => {
                let names: Vec<&str> = self.stage.tviews.iter().map(String::as_str).collect();
                self.compare(&names, level)
            }
            Step::Savepoint { steps, end } => {
                self.execute(&format!("SAVEPOINT s{depth}"), level);
                let flow = self.steps(steps, level, depth + 1);
                // RELEASE fails in an aborted transaction, ROLLBACK TO mends it.
                if flow == Flow::Aborted && *end == SavepointEnd::Release {
                    return flow;
                }
                for sql in end.statements(depth) {
                    self.execute(&sql, level);
                }
                Flow::Fine
            }
        }
    }

    /// For others to come in between.
    fn pause(&mut self, milliseconds: u64) {
        thread::sleep(Duration::from_micros(self.rng.u64(..1000 * milliseconds)));
    }

    fn execute(&mut self, sql: &str, level: Level) -> Flow {
        self.trail.add(sql);
        let result = self.session.batch_execute(sql);
        self.judge(result, sql, level)
    }

    /// In a transaction block.
    fn copy(&mut self, target: &str, lines: &[String], level: Level) -> Flow {
        // The client library loses its place in the conversation if the server refuses to start a COPY (postgres 0.19),
        // as it does where it cannot have this lock.
        let table = target.split(" (").next().unwrap_or(target);
        let lock = format!("LOCK TABLE {table} IN ROW EXCLUSIVE MODE");
        if self.execute(&lock, level) == Flow::Aborted {
            return Flow::Aborted;
        }
        let sql = format!("COPY {target} FROM STDIN");
        self.trail
            .add(&format!("{sql};\n{}\n\\.\nSELECT", lines.join("\n")));
        let result = self.session.copy_in(&sql).and_then(|mut writer| {
            for line in lines {
                // What the server refuses, finish reports.
                let _ = writeln!(writer, "{line}");
            }
            writer.finish().map(drop)
        });
        self.judge(result, &sql, level)
    }

    fn compare(&mut self, tviews: &[&str], level: Level) -> Flow {
        self.tally
            .add_many("comparisons inside transactions", tviews.len() as u64);
        self.trail.add(&format!("-- reads {}\n", tviews.join(", ")));
        match compare(&mut self.session, tviews) {
            Ok(Some(mut rows)) if !self.round.truncates => {
                if level != Level::ReadCommitted
                    && shows_a_key_twice(&mut self.session).unwrap_or(false)
                {
                    self.tally.add("snapshots that show a key twice");
                    return Flow::Fine;
                }
                rows.push(format!(
                    "as client {} saw it, {}",
                    self.number,
                    level.name()
                ));
                self.trail.add("-- a TVIEW differs\n");
                self.trail.keep();
                self.findings.add(Failure::Mismatch { rows });
                Flow::Aborted
            }
            Ok(_) => Flow::Fine,
            Err(error) => self.judge(Err(error), "a comparison", level),
        }
    }

    fn judge(&mut self, result: Result<(), Error>, sql: &str, level: Level) -> Flow {
        let Err(error) = result else {
            return Flow::Fine;
        };
        let code = error.code().map_or("no answer", |state| state.code());
        self.trail.add(&format!("-- {code}\n"));
        match judge(&error, sql, self.round.mode, level) {
            Ok(name) => self.tally.add(&name),
            Err(failure) => {
                self.tally.add("failures");
                self.trail.keep();
                self.findings.add(failure);
            }
        }
        Flow::Aborted
    }
}
