//! Owns the creation of a TVIEW beside writers of its sources, in transactions of its own, as CREATE INDEX CONCURRENTLY
//! works. The first makes the TVIEW, empty and under another name; once it has committed, writers refresh the rows
//! that their changes concern. The following ones fill in the others, part by part; the last gives it its name.
//! Writers are waited for with short time-outs, so that those behind them wait no longer than that.

use super::own::OwnCommand;
use super::retire::drop_now;
use super::{become_tview, create_empty};
use crate::catalog::{self, Tview};
use crate::error::{Error, Result};
use crate::name::{Name, quote};
use crate::pg::attempt::{Failure, apart};
use crate::pg::guard::{Level, tell, within};
use crate::pg::identity::{Settings, current_user};
use crate::pg::node::Tree;
use crate::pg::procedure::Procedure;
use crate::pg::relation::{self, SessionLock};
use crate::pg::snapshot::{Active, Freshness, Snapshot};
use crate::pg::spi::{Args, Session};
use crate::pg::spool::Spool;
use crate::pg::transaction;
use crate::progress::{self, Progress};
use crate::refresh;
use pgrx::pg_sys::Oid;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// What is asked for a lock of a table that others write, and the pauses in between.
const LOCK_TIMEOUT: &str = "100ms";
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(2)];

/// How long a part is to take, and the keys of one.
const PART: Duration = Duration::from_millis(50);
const KEYS: [usize; 3] = [1, 100, 1000];

/// How the name of a TVIEW ends that is not yet complete.
pub(crate) const BUILDING: &str = " (building)";

type Step<T> = std::result::Result<T, Failure>;

/// Creates and fills a TVIEW. What is left behind by a session that ends meanwhile goes when the next
/// creation of the same name begins.
pub(crate) fn create_concurrently(
    procedure: &Procedure,
    text: &str,
    definition: &str,
) -> Result<()> {
    let (building, lock) = match when_free(procedure, || prepare(text, definition)) {
        Ok(prepared) => prepared,
        Err(failure) => return failure.raise(),
    };
    let name = &building.name.name;
    let what = format!("creating TVIEW \"{name}\"");
    let role = relation::role_name(current_user());
    within(what, role, || match complete(procedure, &building) {
        Ok(keys) => {
            let message = format!("TVIEW \"{name}\": {keys} rows of the query compared");
            tell(Level::Notice, &message, None, None);
            Ok(())
        }
        Err(failure) => {
            // Who wants to drop it may wait for the lock, and have what dropping it takes.
            drop(lock);
            discard(procedure, &building);
            failure.raise()
        }
    })
}

/// A TVIEW that is not yet complete.
struct Building {
    relid: Oid,
    /// The name that it will have, and that it has.
    name: Name,
    temporary: Name,
}

/// One transaction.
fn step<T>(procedure: &Procedure, f: impl FnOnce() -> Result<T>) -> Step<T> {
    let done = apart(|| {
        let _active = Active::push(Freshness::Latest);
        f()
    })?;
    procedure.commit()?;
    Ok(done)
}

/// Until it is dropped, no lock is waited for longer than [`LOCK_TIMEOUT`].
fn impatient() -> Settings {
    let settings = Settings::start();
    settings.set("lock_timeout", LOCK_TIMEOUT);
    settings
}

/// One transaction, begun again and again until it gets its locks in time.
fn when_free<T>(procedure: &Procedure, f: impl Fn() -> Result<T>) -> Step<T> {
    let [mut pause, longest] = PAUSES;
    loop {
        match step(procedure, &f) {
            Err(failure) if failure.is_lock_timeout() => {}
            other => return other,
        }
        procedure.commit()?;
        step(procedure, || {
            let text = format!("SELECT pg_catalog.pg_sleep({})", pause.as_secs_f64());
            Session::open()
                .run_once(&text, &Args::none(), Snapshot::of_statement())
                .map(|_| ())
        })?;
        pause = (pause * 2).min(longest);
    }
}

/// Makes the TVIEW, empty, and lets writers know of it.
fn prepare(text: &str, definition: &str) -> Result<(Building, SessionLock)> {
    let _settings = impatient();
    let tree = Tree::parse(definition, text)?;
    let session = Session::open();
    create_empty(&session, text, &tree)?;
    let gone = || Error::UndefinedTable(text.to_owned());
    let relid = relation::find(text).ok_or_else(gone)?;
    let name = relation::name(relid).ok_or_else(gone)?;
    let temporary = Name {
        schema: name.schema.clone(),
        name: temporary_name(&name.name),
    };
    drop_left_behind(&temporary)?;
    let progress = progress::start("build", transaction::database(), relid);
    become_tview(relid, Some(definition), &progress)?;
    rename(&session, &name, &temporary)?;
    // Nobody drops or alters it from now on, and who finds it knows that somebody is at work. Nobody else knows it yet.
    let lock = SessionLock::try_take(relid);
    let lock = lock.ok_or_else(|| Error::BeingCreated(temporary.name.clone()))?;
    let building = Building {
        relid,
        name,
        temporary,
    };
    Ok((building, lock))
}

/// The name with a note, at most as long as PostgreSQL allows.
fn temporary_name(name: &str) -> String {
    let longest = relation::MAX_NAME_BYTES - BUILDING.len();
    [&name[..name.floor_char_boundary(longest)], BUILDING].concat()
}

/// What a creation of the same name left when its session ended.
fn drop_left_behind(temporary: &Name) -> Result<()> {
    let Some(relid) = relation::find_in(&temporary.schema, &temporary.name) else {
        return Ok(());
    };
    if SessionLock::try_take(relid).is_none() {
        return Err(Error::BeingCreated(temporary.name.clone()));
    }
    drop_now(&relation::quote_if_needed(temporary), false).map(|_| ())
}

fn rename(session: &Session, from: &Name, to: &Name) -> Result<()> {
    let _own = OwnCommand::start();
    let alter = ["ALTER TABLE ", &from.sql(), " RENAME TO ", &quote(&to.name)];
    session.run_once(&alter.concat(), &Args::none(), Snapshot::of_statement())?;
    Ok(())
}

/// Fills the TVIEW and gives it its name; gives the number of keys.
fn complete(procedure: &Procedure, building: &Building) -> Step<u64> {
    let find = || -> Result<Rc<Tview>> {
        let gone = || Error::UndefinedTable(building.temporary.name.clone());
        catalog::tview(building.relid)?.ok_or_else(gone)
    };
    let progress = progress::start("build", transaction::database(), building.relid);
    let keys = fill(procedure, find, &progress)?;
    progress.phase("renaming");
    when_free(procedure, || {
        let _settings = impatient();
        rename(&Session::open(), &building.temporary, &building.name)
    })?;
    Ok(keys)
}

fn fill(
    procedure: &Procedure,
    find: impl Fn() -> Result<Rc<Tview>>,
    progress: &Progress,
) -> Step<u64> {
    progress.phase("finding keys");
    let mut keys: Spool = step(procedure, || refresh::all_keys(&*find()?))?;
    progress.phase("comparing and writing");
    progress.total(keys.len());
    let [fewest, mut count, most] = KEYS;
    loop {
        let start = Instant::now();
        let some = step(procedure, || Ok(keys.read(count, &find()?.key)))?;
        if some.is_empty() {
            return Ok(keys.len());
        }
        when_free(procedure, || refresh::fill(&*find()?, &some, LOCK_TIMEOUT))?;
        progress.done(some.len() as u64);
        count = match start.elapsed() {
            elapsed if elapsed > PART * 2 => (count / 2).max(fewest),
            elapsed if elapsed < PART / 2 => (count * 2).min(most),
            _ => count,
        };
    }
}

/// Drops what was made; if that fails too, says what to drop.
fn discard(procedure: &Procedure, building: &Building) {
    let text = relation::quote_if_needed(&building.temporary);
    let dropped = when_free(procedure, || {
        let _settings = impatient();
        match relation::is_owner(building.relid, current_user()) {
            true => drop_now(&text, false).map(|_| ()),
            false => Err(Error::NotOwner(building.temporary.name.clone())),
        }
    });
    // Somebody else may have dropped it.
    if dropped.is_err() && relation::class(building.relid).is_some() {
        let message = format!(
            "table \"{}\" is left behind, unfinished",
            building.temporary.name
        );
        let hint = format!("DROP TABLE {text};");
        tell(Level::Warning, &message, None, Some(&hint));
    }
}
