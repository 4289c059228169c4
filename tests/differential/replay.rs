//! Replays a case on a fresh database and judges whatever happens. What a transaction may fail with is decided here: a
//! constraint of a table that the tester writes, or keys of a TVIEW that its query, run by the tester, gives twice or NULL.

use crate::arena::Arena;
use crate::case::{Case, End, SavepointEnd, Step, Transaction, Tview};
use crate::failure::{Failure, crash, is_about_keys, quoted, tview_of, unexpected};
use crate::optional::plain;
use crate::oracle;
use crate::tally::Tally;
use postgres::{Client, Error, Statement};
use std::io::Write;

/// Transactions between two calls of `pg_tviews_verify()`.
const VERIFY_EVERY: usize = 10;

/// What is counted of queries written, and of those generated.
pub const PATCHES: [&str; 2] = [
    "rows patched, of queries written",
    "rows patched, of queries generated",
];

type Result<T> = std::result::Result<T, Failure>;

/// Ok(None) stands for a case that cannot even be set up.
pub fn replay(arena: &mut Arena, case: &Case, tally: &mut Tally) -> Option<Failure> {
    let (client, database) = arena.prepare(case)?;
    let mut session = Session {
        client,
        database: database.clone(),
        case,
        created: Vec::new(),
        comparison: None,
        trail: Vec::new(),
        tally,
    };
    let result = session.run();
    drop(session);
    // A crashed server has to be up again before the next case, which dropping the database waits for.
    arena.drop(&database);
    let log = arena.crashes();
    match result {
        _ if !log.is_empty() => Some(Failure::Crash { log }),
        result => result.err(),
    }
}

/// What the transaction can still do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Fine,
    /// Failed, and waits for a rollback.
    Aborted,
    /// Rolled back by the tester, who had to look into the cause.
    Gone,
}

/// What a transaction has done so far, to do it again.
#[derive(Clone)]
enum Done {
    Sql(String),
    Copy { target: String, lines: Vec<String> },
}

struct Session<'a> {
    client: Client,
    database: String,
    case: &'a Case,
    created: Vec<&'a Tview>,
    comparison: Option<Statement>,
    trail: Vec<Done>,
    tally: &'a mut Tally,
}

impl<'a> Session<'a> {
    fn run(&mut self) -> Result<()> {
        for tview in &self.case.tviews {
            self.create(tview)?;
        }
        let names: Vec<&str> = self.created.iter().map(|tview| &*tview.name).collect();
        if names.is_empty() {
            return Ok(());
        }
        // Prepared once, as an application's queries are; that of a single TVIEW is planned each time.
        let comparison = oracle::comparison(&names);
        match self.client.prepare(&comparison) {
            Ok(statement) => self.comparison = Some(statement),
            Err(error) => return Err(unexpected(&error, &comparison)),
        }
        self.compare(None)?;
        for (index, transaction) in self.case.transactions.iter().enumerate() {
            self.transaction(transaction)?;
            if index % VERIFY_EVERY == VERIFY_EVERY - 1 {
                self.verify()?;
            }
        }
        self.count_patches()?;
        self.verify()
    }

    fn count_patches(&mut self) -> Result<()> {
        let sql = "SELECT tview::text, rows_patched FROM pg_tviews_stats";
        let rows = self.client.query(sql, &[]);
        for row in rows.map_err(|error| unexpected(&error, sql))? {
            let (name, patched): (String, i64) = (row.get(0), row.get(1));
            let is_of = |tview: &&&Tview| name.ends_with(&tview.name);
            if let Some(tview) = self.created.iter().find(is_of) {
                self.tally.add_many(patches(tview), patched as u64);
            }
        }
        Ok(())
    }

    fn create(&mut self, tview: &'a Tview) -> Result<()> {
        self.tally.add(if tview.is_generated {
            "queries generated"
        } else {
            "queries written"
        });
        for sql in tview.creation() {
            if let Err(error) = self.client.batch_execute(&sql) {
                let _ = self.client.batch_execute("ROLLBACK; RESET ALL");
                return self.judge_refusal(tview, &error, &sql);
            }
        }
        let wanted = self.case.wanted(tview);
        if let Err(error) = self.client.batch_execute(&wanted) {
            return Err(unexpected(&error, &wanted));
        }
        let has_rows = format!("SELECT EXISTS (SELECT FROM public.{})", tview.name);
        match self.client.query_one(&has_rows, &[]) {
            Ok(row) if row.get(0) => self.tally.add(if tview.is_generated {
                "queries generated that gave rows at once"
            } else {
                "queries written that gave rows at once"
            }),
            Ok(_) => {}
            Err(error) => return Err(unexpected(&error, &has_rows)),
        }
        self.created.push(tview);
        Ok(())
    }

    /// A query may be refused for what the documents name, for its keys, or because PostgreSQL does not take it either.
    fn judge_refusal(&mut self, tview: &Tview, error: &Error, sql: &str) -> Result<()> {
        let Some(db) = error.as_db_error() else {
            return Err(crash(error));
        };
        let query = self.case.expanded(tview);
        let state = db.code().code();
        if state == "0A000" {
            let reason = quoted(db.message()).fold(db.message().to_owned(), |text, name| {
                text.replace(&format!("\"{name}\""), "…")
            });
            self.tally.add(&format!("refused: {reason}"));
            return Ok(());
        }
        if is_about_keys(db) && self.gives_bad_keys(tview)? {
            self.tally.add("refused: keys repeat or are NULL");
            return Ok(());
        }
        match self
            .client
            .batch_execute(&format!("SELECT count(q::text) FROM (\n{query}\n) q"))
        {
            Err(own) if own.code() == error.code() => {
                self.tally
                    .add(&format!("not accepted by PostgreSQL: {state}"));
                if tview.is_generated || state == "42P01" {
                    Ok(())
                } else {
                    Err(unexpected(error, sql))
                }
            }
            _ => Err(unexpected(error, sql)),
        }
    }

    fn transaction(&mut self, transaction: &Transaction) -> Result<()> {
        self.tally.add("transactions");
        self.trail.clear();
        if transaction.end == End::Each {
            for step in &transaction.steps {
                self.trail.clear();
                self.step(step, 0)?;
            }
            return self.compare(None).map(drop);
        }
        self.must(transaction.begin)?;
        match self.steps(&transaction.steps, 0)? {
            Flow::Fine => self.end(transaction.end)?,
            Flow::Aborted => self.must("ROLLBACK")?,
            Flow::Gone => {}
        }
        self.compare(None).map(drop)
    }

    fn end(&mut self, end: End) -> Result<()> {
        let gid = self.database.clone();
        let first = match end {
            End::Each => return Ok(()),
            End::Rollback => return self.must("ROLLBACK"),
            End::Commit => "COMMIT".to_owned(),
            End::CommitPrepared | End::RollbackPrepared => format!("PREPARE TRANSACTION '{gid}'"),
        };
        if let Err(error) = self.client.batch_execute(&first) {
            return self.judge(&error, &first).map(drop);
        }
        match end {
            End::CommitPrepared => self.must(&format!("COMMIT PREPARED '{gid}'")),
            End::RollbackPrepared => self.must(&format!("ROLLBACK PREPARED '{gid}'")),
            _ => Ok(()),
        }
    }

    fn steps(&mut self, steps: &[Step], depth: usize) -> Result<Flow> {
        for step in steps {
            let flow = self.step(step, depth)?;
            if flow != Flow::Fine {
                return Ok(flow);
            }
        }
        Ok(Flow::Fine)
    }

    fn step(&mut self, step: &Step, depth: usize) -> Result<Flow> {
        match step {
            Step::Statement { kind, sql } => {
                self.tally.add("statements");
                self.tally.add(&format!("kind: {kind}"));
                self.execute(Done::Sql(plain(sql)))
            }
            Step::Message(statements) => {
                self.tally.add_many("statements", statements.len() as u64);
                self.tally.add("kind: several in one message");
                self.execute(Done::Sql(plain(&statements.join(";\n"))))
            }
            Step::Copy { target, lines } => {
                self.tally.add("statements");
                self.tally.add("kind: COPY");
                self.execute(Done::Copy {
                    target: target.clone(),
                    lines: lines.clone(),
                })
            }
            Step::Compare(name) => self.compare(name.as_deref()),
            Step::Savepoint { steps, end } => {
                self.execute(Done::Sql(format!("SAVEPOINT s{depth}")))?;
                let flow = self.steps(steps, depth + 1)?;
                // As psql would fare: RELEASE fails in an aborted transaction, ROLLBACK TO mends it.
                if flow == Flow::Gone || flow == Flow::Aborted && *end == SavepointEnd::Release {
                    return Ok(flow);
                }
                for sql in end.statements(depth) {
                    self.execute(Done::Sql(sql))?;
                }
                Ok(Flow::Fine)
            }
        }
    }

    fn execute(&mut self, done: Done) -> Result<Flow> {
        let result = perform(&mut self.client, &done);
        let sql = match &done {
            Done::Sql(sql) => sql.clone(),
            Done::Copy { target, .. } => format!("COPY {target}"),
        };
        self.trail.push(done);
        match result {
            Ok(()) => Ok(Flow::Fine),
            Err(error) => {
                let flow = self.judge(&error, &sql)?;
                self.trail.pop();
                Ok(flow)
            }
        }
    }

    /// What is left of the transaction after an error that may happen; any other error is a failure.
    fn judge(&mut self, error: &Error, sql: &str) -> Result<Flow> {
        let Some(db) = error.as_db_error() else {
            return Err(crash(error));
        };
        let state = db.code().code().to_owned();
        let table = db.table().unwrap_or_default();
        if is_about_keys(db) {
            let name = tview_of(db);
            let tview = self
                .created
                .iter()
                .copied()
                .find(|tview| tview.name == name);
            let Some(tview) = tview.filter(|tview| !tview.is_key_certain) else {
                return Err(unexpected(error, sql));
            };
            self.do_again()?;
            let is_right = self.gives_bad_keys(tview)?;
            self.must("ROLLBACK")?;
            if !is_right {
                return Err(unexpected(error, sql));
            }
            self.tally.add("expected: keys repeat or are NULL");
            return Ok(Flow::Gone);
        }
        // PostgreSQL does not empty a table for which a deferred constraint still has to be checked.
        let is_waiting = state == "55006" && db.message().contains("pending trigger events");
        let is_absent = state == "42P01" && self.lacks(&tview_of(db));
        let is_constraint = state.starts_with("23") && is_ours(table);
        if is_constraint || is_waiting || is_absent {
            self.tally.add(&format!("expected: {state}"));
            return Ok(Flow::Aborted);
        }
        Err(unexpected(error, sql))
    }

    /// Whether it is a TVIEW that was refused, or that a shrunk case no longer has.
    fn lacks(&self, name: &str) -> bool {
        name.starts_with("tv_") && self.created.iter().all(|tview| tview.name != name)
    }

    /// Brings back the state in which a transaction failed, without whatever reads TVIEWs.
    fn do_again(&mut self) -> Result<()> {
        let _ = self.client.batch_execute("ROLLBACK");
        self.must("BEGIN")?;
        for done in self.trail.clone() {
            // What failed and was rolled back to a savepoint is not on the trail. The last statement may fail again, which
            // leaves the state before it.
            self.must("SAVEPOINT again")?;
            if perform(&mut self.client, &done).is_err() {
                return self.must("ROLLBACK TO again");
            }
        }
        Ok(())
    }

    fn gives_bad_keys(&mut self, tview: &Tview) -> Result<bool> {
        let count = oracle::bad_keys(&self.case.expanded(tview), &tview.key);
        match self.client.query_one(&count, &[]) {
            Ok(row) => Ok(row.get::<_, i64>(0) > 0),
            Err(error) => Err(unexpected(&error, &count)),
        }
    }

    fn compare(&mut self, name: Option<&str>) -> Result<Flow> {
        let (result, count) = match (name, &self.comparison) {
            (None, Some(all)) => (self.client.query(all, &[]), self.created.len()),
            (Some(name), _) if !self.lacks(name) => {
                (self.client.query(&oracle::comparison(&[name]), &[]), 1)
            }
            _ => return Ok(Flow::Fine),
        };
        self.tally.add_many("comparisons", count as u64);
        match result {
            Ok(rows) if rows.is_empty() => Ok(Flow::Fine),
            Ok(rows) => {
                let name: String = rows[0].get(0);
                if self.is_open(&name) {
                    return Err(Failure::OpenQuery { tview: name });
                }
                let rows: Vec<String> = rows
                    .iter()
                    .map(|row| {
                        let [tview, what, image]: [String; 3] =
                            [row.get(0), row.get(1), row.get(2)];
                        format!("{tview} {what} {image}")
                    })
                    .collect();
                Err(Failure::Mismatch { rows })
            }
            Err(error) => self.judge(&error, "a comparison"),
        }
    }

    /// Whether the query gives other rows when it is planned otherwise. Comes after a failure, and changes the session.
    fn is_open(&mut self, name: &str) -> bool {
        let digest = oracle::digest(name);
        let mut digests = Vec::new();
        for plan in oracle::PLANS {
            let _ = self
                .client
                .batch_execute(&format!("RESET ALL; SET {plan}; DISCARD PLANS"));
            if let Ok(row) = self.client.query_one(&digest, &[]) {
                digests.push(row.get::<_, String>(0));
            }
        }
        digests.windows(2).any(|pair| pair[0] != pair[1])
    }

    fn verify(&mut self) -> Result<()> {
        self.tally.add("calls of pg_tviews_verify()");
        let sql = "SELECT v::text FROM pg_tviews_verify() v WHERE missing + extra + different <> 0";
        match self.client.query(sql, &[]) {
            Ok(rows) if rows.is_empty() => Ok(()),
            Ok(rows) => Err(Failure::Verify {
                rows: rows.iter().map(|row| row.get(0)).collect(),
            }),
            Err(error) => Err(unexpected(&error, sql)),
        }
    }

    fn must(&mut self, sql: &str) -> Result<()> {
        self.client
            .batch_execute(sql)
            .map_err(|error| unexpected(&error, sql))
    }
}

/// What rows of a TVIEW that were written as patches count as.
fn patches(tview: &Tview) -> &'static str {
    match tview.is_generated {
        true => PATCHES[1],
        false => PATCHES[0],
    }
}

/// Whether a constraint is one of schema.sql; a domain's has no table.
fn is_ours(table: &str) -> bool {
    table.is_empty() || table.starts_with("tb_")
}

fn perform(client: &mut Client, done: &Done) -> std::result::Result<(), Error> {
    match done {
        Done::Sql(sql) => client.batch_execute(sql),
        Done::Copy { target, lines } => {
            let mut writer = client.copy_in(&format!("COPY {target} FROM STDIN"))?;
            for line in lines {
                // What the server refuses, finish reports.
                let _ = writeln!(writer, "{line}");
            }
            writer.finish().map(drop)
        }
    }
}
