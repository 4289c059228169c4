//! Owns the flush: bringing TVIEWs up to date with what the transaction has changed.
//!
//! Called before COMMIT and PREPARE, before a statement reads a TVIEW that something is owed to,
//! and by `pg_tviews_flush()`. TVIEWs are taken in the order of their depth; writing one may owe
//! something to those above it, and triggers on it may change sources again, so the loop goes on
//! until nothing is owed. Per TVIEW: [`resolve`] values to keys, then [`apply`] what differs.

mod apply;
mod resolve;

pub(crate) use apply::{Written, is_own_write, reconcile, try_out};

use crate::catalog::{self, Tview};
use crate::error::{Error, Result};
use crate::pg::guard::{unless_data_fails, within};
use crate::pg::identity::{Bounds, Identity, ReadWrite, Settings};
use crate::pg::snapshot::{self, Active, Freshness};
use crate::pg::spi::Session;
use crate::pg::value::Row;
use crate::queue::{self, Owed, Start};
use pgrx::pg_sys::Oid;
use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

/// Refreshes of one TVIEW in one flush; more means that triggers chase each other.
const MAX_ROUNDS: u32 = 100;

/// Keys that are compared by one statement.
const KEYS_AT_ONCE: usize = 1000;

thread_local! {
    static IS_FLUSHING: Cell<bool> = const { Cell::new(false) };
    /// The command after the last flush of this transaction; 0 without one.
    static LAST_FLUSH: Cell<u32> = const { Cell::new(0) };
}

/// What one TVIEW is owed.
#[derive(Default)]
struct Work {
    rows: Vec<(Start, HashSet<Row>)>,
    is_whole: bool,
}

struct Flushing(());

impl Flushing {
    fn start() -> Flushing {
        IS_FLUSHING.set(true);
        Flushing(())
    }
}

impl Drop for Flushing {
    fn drop(&mut self) {
        IS_FLUSHING.set(false);
    }
}

/// The command that followed this transaction's last flush: older snapshots miss its writes.
pub(crate) fn last_flush() -> u32 {
    LAST_FLUSH.get()
}

/// The transaction is over.
pub(crate) fn forget() {
    LAST_FLUSH.set(0);
    IS_FLUSHING.set(false);
    apply::withdraw(0);
}

/// A subtransaction of this level rolled back.
pub(crate) fn subtransaction_aborted(nest: i32) {
    apply::withdraw(nest);
}

/// Brings every TVIEW up to date.
pub(crate) fn flush(freshness: Freshness) -> Result<()> {
    if IS_FLUSHING.get() || !queue::has_changes() {
        return Ok(());
    }
    let _flushing = Flushing::start();
    let _writable = ReadWrite::lift();
    let mut work: BTreeMap<(i32, u32), Work> = BTreeMap::new();
    let mut rounds: BTreeMap<u32, u32> = BTreeMap::new();
    loop {
        add_work(&mut work, queue::take_changes())?;
        let Some(((_, oid), owed)) = work.pop_first() else {
            break;
        };
        let round = rounds.entry(oid).or_default();
        *round += 1;
        if *round > MAX_ROUNDS {
            return Err(Error::Unsettled(MAX_ROUNDS));
        }
        if let Some(tview) = catalog::tview(Oid::from(oid))? {
            let what = format!("refreshing TVIEW \"{}\"", tview.name.name);
            within(what, || refresh(&tview, owed, freshness))?;
        }
    }
    snapshot::advance();
    LAST_FLUSH.set(snapshot::command_id());
    Ok(())
}

fn add_work(work: &mut BTreeMap<(i32, u32), Work>, owed: Owed) -> Result<()> {
    for oid in owed.whole {
        work_of(work, oid)?.is_whole = true;
    }
    for (start, rows) in owed.rows {
        work_of(work, start.tview)?.rows.push((start, rows));
    }
    Ok(())
}

fn work_of(work: &mut BTreeMap<(i32, u32), Work>, oid: Oid) -> Result<&mut Work> {
    // A TVIEW that was given up meanwhile has no depth; its turn finds nothing to do.
    let depth = catalog::tview(oid)?.map_or(0, |t| t.depth);
    Ok(work.entry((depth, oid.to_u32())).or_default())
}

fn refresh(tview: &Rc<Tview>, work: Work, freshness: Freshness) -> Result<()> {
    let session = Session::open();
    let settings = pin(tview);
    let keys = match work.is_whole {
        true => None,
        false => {
            // Links can name more rows than tables hold pages in memory: prefer their indexes.
            // (A price rather than enable_seqscan, whose huge cost hides other differences.)
            settings.set("seq_page_cost", "100");
            resolve::keys(&session, tview, work.rows, freshness)?
        }
    };
    let is_done = match keys {
        Some(keys) => apply::keys(&session, tview, &keys, freshness)?,
        None => false,
    };
    if !is_done {
        settings.set("seq_page_cost", "1");
        reconcile(&session, tview, freshness)?;
    }
    Ok(())
}

/// Reads what leads to keys or restricts to them; `None` if an expression failed, for rows that the
/// query itself may leave out: then all is to be compared, as the query says.
fn unless_expressions_fail<T>(
    tview: &Tview,
    read: impl FnOnce() -> Result<T>,
) -> Result<Option<T>> {
    match tview.is_computed {
        true => unless_data_fails(read),
        false => read().map(Some),
    }
}

/// The settings under which a TVIEW's rows are computed, whoever writes.
pub(crate) fn pin(tview: &Tview) -> Settings {
    let settings = Settings::start();
    pin_execution(&settings);
    for (name, value) in &tview.settings {
        settings.set(name, value);
    }
    settings
}

/// Settings that keep our statements from depending on the session's.
pub(crate) fn pin_execution(settings: &Settings) {
    settings.set("search_path", catalog::SEARCH_PATH);
    settings.set("jit", "off");
    // Lookups must be complete, and see what the owner sees.
    settings.set("gin_fuzzy_search_limit", "0");
    settings.set("row_security", "on");
}

/// What evaluates the defining query: the owner, who cannot leave anything behind.
fn as_reader(tview: &Tview) -> Identity {
    Identity::switch(tview.owner, Bounds::Restricted)
}

fn take_snapshot(freshness: Freshness) -> Active {
    snapshot::advance();
    Active::push(freshness)
}
