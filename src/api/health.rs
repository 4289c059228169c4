//! Owns the findings of `pg_tviews_health_check`: what keeps a TVIEW from being right, or makes it slow, each with
//! what mends it.

use crate::catalog::{self, Tview};
use crate::convert::{self, Faulty};
use crate::error::{Error, Result};
use crate::lineage::model::Source;
use crate::name::{Name, literal};
use crate::pg::attempt::{Failure, apart};
use crate::pg::identity::current_user;
use crate::pg::relation::{self, SessionLock};
use crate::pg::spi::{Args, Session};
use crate::refresh::{self, Differences};
use pgrx::pg_sys::Oid;

/// Rows of each TVIEW that are compared with its query.
const SAMPLE: u32 = 100;

/// It has gone wrong, it is slower than it could be, or it is worth knowing.
const ERROR: &str = "error";
const WARNING: &str = "warning";
const NOTICE: &str = "notice";

pub(super) struct Finding {
    pub(super) severity: String,
    pub(super) object: String,
    pub(super) message: String,
    /// SQL that mends it, or shows how to; `None` where more is to be decided.
    pub(super) remedy: Option<String>,
}

/// What several TVIEWs miss on a table, and one statement mends for all.
struct Shared {
    /// By which it is known again.
    key: String,
    severity: &'static str,
    table: String,
    message: String,
    tviews: Vec<String>,
    remedy: Option<String>,
    /// Nothing is known that `remedy` would be refused for.
    is_mendable: bool,
}

impl Shared {
    fn finding(self) -> Finding {
        let need = match self.tviews.len() {
            1 => ["TVIEW ", &self.tviews[0], " needs"].concat(),
            _ => ["TVIEWs ", &self.tviews.join(", "), " need"].concat(),
        };
        Finding {
            severity: self.severity.to_owned(),
            object: ["table ", &self.table].concat(),
            message: [&self.message, ", which ", &need].concat(),
            remedy: self.remedy,
        }
    }
}

/// Of the database, and of each TVIEW that the user may read.
pub(super) fn check(version: &str, is_preloaded: bool) -> Result<Vec<Finding>> {
    super::flush()?;
    let session = Session::open();
    let prefix = prefix()?;
    let mut found = of_database(&session, version, is_preloaded, &prefix)?;
    let mut shared = Vec::new();
    let user = current_user();
    for oid in catalog::all(&session)? {
        let Some(name) = relation::name(oid).filter(|_| relation::may_read(oid, user)) else {
            continue;
        };
        Checking {
            object: format!("TVIEW {}", relation::quote_if_needed(&name)),
            name,
            oid,
            prefix: &prefix,
            found: &mut found,
            shared: &mut shared,
        }
        .run(&session)?;
    }
    found.extend(shared.into_iter().map(Shared::finding));
    Ok(found)
}

/// What a remedy has to put before the name of a function of ours: nothing where `search_path` finds it.
fn prefix() -> Result<String> {
    const ONE_OF_OURS: &str = "pg_tviews_catalog";
    let schema = catalog::schema()?;
    let parts = relation::name_parts(&schema);
    let ours = parts
        .first()
        .and_then(|s| relation::find_in(s, ONE_OF_OURS));
    match relation::find(ONE_OF_OURS) == ours {
        true => Ok(String::new()),
        false => Ok([&schema, "."].concat()),
    }
}

fn of_database(
    session: &Session,
    version: &str,
    is_preloaded: bool,
    prefix: &str,
) -> Result<Vec<Finding>> {
    let text = include_str!("../../sql/statements/health.sql");
    let args = Args::none().with(version.to_owned()).with(is_preloaded);
    let args = args.with(prefix.to_owned());
    let rows = catalog::run(session, text, &args)?;
    let finding = |row| {
        Some(Finding {
            severity: rows.get(row, 1)?,
            object: rows.get(row, 2)?,
            message: rows.get(row, 3)?,
            remedy: rows.get(row, 4),
        })
    };
    Ok((0..rows.len()).filter_map(finding).collect())
}

struct Checking<'f> {
    oid: Oid,
    name: Name,
    object: String,
    prefix: &'f str,
    found: &'f mut Vec<Finding>,
    shared: &'f mut Vec<Shared>,
}

impl Checking<'_> {
    fn add(&mut self, severity: &str, message: String, remedy: Option<String>) {
        self.found.push(Finding {
            severity: severity.to_owned(),
            object: self.object.clone(),
            message,
            remedy,
        });
    }

    /// Of a table: the same of several TVIEWs is one finding.
    fn share(&mut self, found: Shared) {
        let mut shared = self.shared.iter_mut();
        match shared.find(|s| s.key == found.key) {
            None => self.shared.push(found),
            Some(same) => {
                same.tviews.extend(found.tviews);
                if found.is_mendable && !same.is_mendable {
                    same.remedy = found.remedy;
                    same.is_mendable = true;
                }
            }
        }
    }

    /// A call of a function of ours with the TVIEW as its argument.
    fn call(&self, before: &str, function: &str, after: &str) -> Option<String> {
        let name = literal(&relation::quote_if_needed(&self.name));
        let prefix = self.prefix;
        Some(format!("SELECT {before}{prefix}{function}({name}){after};"))
    }

    fn run(mut self, session: &Session) -> Result<()> {
        if self.name.name.ends_with(convert::BUILDING) {
            // Who is building it has the lock.
            if SessionLock::try_take(self.oid).is_some() {
                let drop = ["DROP TABLE ", &relation::quote_if_needed(&self.name), ";"];
                let message = "its creation has not come to its end".to_owned();
                self.add(WARNING, message, Some(drop.concat()));
            }
            return Ok(());
        }
        let faults = convert::faulty(session, self.oid)?;
        let before = self.found.len();
        let loaded = apart(|| {
            let tview = catalog::tview(self.oid)?;
            tview.ok_or_else(|| Error::NotTview(self.name.name.clone()))
        });
        match loaded {
            Ok(tview) => self.of_tview(session, &tview)?,
            Err(failure) => self.failed(failure)?,
        }
        let repair = self.repair();
        let is_refused = |f: &Finding| f.severity == ERROR && f.remedy != repair;
        let is_mendable = relation::is_owner(self.oid, current_user())
            && !self.found[before..].iter().any(is_refused);
        for faults in faults.chunk_by(|a, b| a.table == b.table) {
            let name = relation::name(faults[0].table);
            let table = name.map_or_else(String::new, |n| relation::quote_if_needed(&n));
            let message = in_words(faults);
            self.share(Shared {
                key: [&table, " ", &message].concat(),
                severity: ERROR,
                table,
                message,
                tviews: vec![relation::quote_if_needed(&self.name)],
                remedy: repair.clone(),
                is_mendable,
            });
        }
        Ok(())
    }

    /// One call puts back the triggers on all tables that the TVIEW reads, and has what others show of them compared.
    fn repair(&self) -> Option<String> {
        self.call("", "pg_tviews_repair", "")
    }

    fn failed(&mut self, failure: Failure) -> Result<()> {
        if failure.is_interruption() {
            return failure.raise();
        }
        let severity = match failure {
            Failure::Ours(Error::Displaced(_)) => WARNING,
            _ => ERROR,
        };
        self.add(severity, failure.text(), None);
        Ok(())
    }

    fn of_tview(&mut self, session: &Session, tview: &Tview) -> Result<()> {
        if !convert::is_registered(session, tview)? {
            let message = "the tables that it reads are not those that it is registered for";
            self.add(ERROR, message.to_owned(), self.repair());
        }
        let mut is_readable = true;
        for source in &tview.graph.sources {
            is_readable &= self.of_source(source, tview.owner);
        }
        for (source, reason) in convert::full(tview) {
            let message = format!(
                "every change of table {} compares the whole TVIEW, because {}",
                relation::quote_if_needed(&source.name),
                reason.text()
            );
            let after = " WHERE route = 'full'";
            let remedy = self.call("source, reason, remedy FROM ", "pg_tviews_explain", after);
            self.add(WARNING, message, remedy);
        }
        for missing in catalog::missing_indexes(tview)? {
            self.share(Shared {
                key: missing.statement.clone(),
                severity: NOTICE,
                table: relation::quote_if_needed(&missing.table),
                message: format!(
                    "it has no index for looking up rows by ({})",
                    missing.columns
                ),
                tviews: vec![relation::quote_if_needed(&self.name)],
                remedy: Some(missing.statement),
                is_mendable: true,
            });
        }
        match is_readable {
            true => self.of_rows(tview),
            false => Ok(()),
        }
    }

    /// False if the owner cannot read the source, so that the query would say no more than that.
    fn of_source(&mut self, source: &Source, owner: Oid) -> bool {
        let relid = Oid::from(source.relid);
        let table = relation::quote_if_needed(&source.name);
        let role = relation::quote_identifier(&relation::role_name(owner));
        if !relation::may_read(relid, owner) {
            let message = format!("its owner {role} may not read table {table}");
            let grant = format!("GRANT SELECT ON {table} TO {role};");
            self.add(ERROR, message, Some(grant));
            return false;
        }
        true
    }

    /// Runs what writes will run, and compares a sample of the rows.
    fn of_rows(&mut self, tview: &Tview) -> Result<()> {
        let tried = apart(|| {
            let _settings = refresh::pin(tview);
            refresh::try_out(&Session::open(), tview)
        });
        match tried {
            Ok(true) => {}
            Ok(false) => {
                let message = format!(
                    "every change compares the whole TVIEW, because {}",
                    convert::FAILING
                );
                self.add(WARNING, message, None);
                return Ok(());
            }
            Err(failure) => return self.failed(failure),
        }
        match apart(|| refresh::differences(tview, SAMPLE)) {
            Ok(
                Some(Differences {
                    missing: 0,
                    extra: 0,
                    different: 0,
                })
                | None,
            ) => Ok(()),
            Ok(Some(found)) => {
                let message = format!(
                    "of a sample of its rows {} are missing, {} are extra, {} are different",
                    found.missing, found.extra, found.different
                );
                self.add(ERROR, message, self.repair());
                Ok(())
            }
            Err(failure) => self.failed(failure),
        }
    }
}

/// What is wrong with the triggers on one table.
fn in_words(faults: &[Faulty]) -> String {
    let mut states: Vec<(&str, Vec<&str>)> = Vec::new();
    for fault in faults {
        let purpose = match fault.kind.as_str() {
            "guard" => "against direct writes",
            "guard row" => "against replicated changes",
            "row" => "for replicated changes",
            "truncate" => "for TRUNCATE",
            "insert" => "for INSERT",
            "update" => "for UPDATE",
            _ => "for DELETE",
        };
        match states.iter_mut().find(|(state, _)| *state == fault.state) {
            Some((_, purposes)) => purposes.push(purpose),
            None => states.push((&fault.state, vec![purpose])),
        }
    }
    let clause = |(state, purposes): &(&str, Vec<&str>)| match &purposes[..] {
        [purpose] => format!("its trigger {purpose} is {state}"),
        _ => format!("its triggers {} are {state}", purposes.join(", ")),
    };
    let clauses: Vec<String> = states.iter().map(clause).collect();
    clauses.join(" and ")
}
