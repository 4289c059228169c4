//! Owns the findings of `pg_tviews_health_check`: what keeps a TVIEW from being right, or makes it slow, each with
//! what mends it.

use crate::catalog::{self, Tview};
use crate::convert;
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
    /// SQL that mends it; `None` where more is to be decided.
    pub(super) remedy: Option<String>,
}

/// Of the database, and of each TVIEW that the user may read.
pub(super) fn check(version: &str, is_preloaded: bool) -> Result<Vec<Finding>> {
    super::flush()?;
    let session = Session::open();
    let prefix = prefix()?;
    let mut found = of_database(&session, version, is_preloaded, &prefix)?;
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
        }
        .run(&session)?;
    }
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
        for fault in convert::faulty(session, self.oid)? {
            let table = relation::name(fault.table).map(|n| relation::quote_if_needed(&n));
            let purpose = match fault.kind.as_str() {
                "guard" => "that refuses direct writes",
                "guard row" => "that refuses replicated changes",
                "row" => "for replicated changes",
                "truncate" => "for TRUNCATE",
                "insert" => "for INSERT",
                "update" => "for UPDATE",
                _ => "for DELETE",
            };
            let message = format!(
                "the trigger {purpose} on table {} is {}",
                table.unwrap_or_default(),
                fault.state
            );
            self.add(ERROR, message, self.call("", "pg_tviews_repair", ""));
        }
        let loaded = apart(|| {
            let tview = catalog::tview(self.oid)?;
            tview.ok_or_else(|| Error::NotTview(self.name.name.clone()))
        });
        match loaded {
            Ok(tview) => self.of_tview(session, &tview),
            Err(failure) => self.failed(failure),
        }
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
            self.add(
                ERROR,
                message.to_owned(),
                self.call("", "pg_tviews_repair", ""),
            );
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
            let message = format!(
                "table {} has no index for looking up rows by ({})",
                relation::quote_if_needed(&missing.table),
                missing.columns
            );
            self.add(NOTICE, message, Some(missing.statement));
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
                self.add(ERROR, message, self.call("", "pg_tviews_repair", ""));
                Ok(())
            }
            Err(failure) => self.failed(failure),
        }
    }
}
