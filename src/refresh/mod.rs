//! Owns the flush: bringing TVIEWs up to date with what the transaction has changed.
//!
//! Called before COMMIT and PREPARE, before a statement reads a TVIEW that something is owed to,
//! and by `pg_tviews_flush()`. TVIEWs are taken in the order of their depth; writing one may owe
//! something to those above it, and triggers on it may change sources again, so the loop goes on
//! until nothing is owed. Per TVIEW: [`claim`] what the changes concern, which is to [`mod@resolve`] values
//! to keys under [`mod@lock`]s, then [`apply`] what differs, or [`mod@patch`] what is known to.

mod apply;
mod claim;
mod fill;
mod lock;
mod patch;
mod report;
mod resolve;
mod sample;
mod single;

pub(crate) use apply::{Written, is_own_write, try_out};
pub(crate) use fill::{all_keys, fill};
pub(crate) use sample::{Differences, differences};

use crate::catalog::{self, OfKeys, Tview};
use crate::error::{Error, Result};
use crate::guc;
use crate::pg::attempt::{overhear, unless_data_fails};
use crate::pg::function;
use crate::pg::guard::{Discreet, Level, tell, within};
use crate::pg::identity::{
    Bounds, Identity, ReadWrite, SEARCH_PATH, Settings, current_user, is_origin,
};
use crate::pg::relation::{self, Lock};
use crate::pg::snapshot::{self, Active, Freshness};
use crate::pg::spi::{Expecting, Session};
use crate::pg::transaction;
use crate::progress::{self, Progress};
use crate::queue::{self, Changes, Owed, Start};
use crate::stats::{self, Counter, Tally};
use claim::{Aim, Claiming};
use patch::Patches;
use pgrx::pg_sys::Oid;
use report::Report;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::rc::Rc;

/// Refreshes of one TVIEW in one flush; more means that triggers chase each other.
const MAX_ROUNDS: u32 = 100;

/// Keys that are compared by one statement.
const KEYS_AT_ONCE: usize = 1000;

/// Rows of a cursor that are fetched at once.
const ROWS_AT_ONCE: i64 = 1000;

thread_local! {
    static IS_COMMITTING: Cell<bool> = const { Cell::new(false) };
    static IS_FLUSHING: Cell<bool> = const { Cell::new(false) };
    /// The command after the last flush of this transaction; 0 without one.
    static LAST_FLUSH: Cell<u32> = const { Cell::new(0) };
}

/// What one TVIEW is owed.
#[derive(Default)]
struct Work {
    rows: Vec<(Start, Changes)>,
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

/// The transaction is on its way to COMMIT or PREPARE until this is dropped.
pub(crate) struct Committing(());

impl Committing {
    pub(crate) fn start() -> Committing {
        IS_COMMITTING.set(true);
        Committing(())
    }
}

impl Drop for Committing {
    fn drop(&mut self) {
        IS_COMMITTING.set(false);
    }
}

pub(crate) fn is_committing() -> bool {
    IS_COMMITTING.get()
}

/// Under which snapshots a flush works now: before COMMIT the latest at every isolation level, earlier what
/// the level gives, since the transaction may go on to read.
pub(crate) fn freshness() -> Freshness {
    match is_committing() {
        true => Freshness::Latest,
        false => Freshness::Statement,
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
    IS_COMMITTING.set(false);
    apply::withdraw(0);
}

/// A subtransaction of this level rolled back.
pub(crate) fn subtransaction_aborted(nest: i32) {
    apply::withdraw(nest);
}

/// Brings every TVIEW up to date.
pub(crate) fn flush() -> Result<()> {
    if IS_FLUSHING.get() || !queue::has_changes() {
        return Ok(());
    }
    let _flushing = Flushing::start();
    let _writable = ReadWrite::lift();
    let mut work: BTreeMap<(i32, u32), Work> = BTreeMap::new();
    let mut rounds: BTreeMap<u32, u32> = BTreeMap::new();
    let mut report = Report::start();
    let mut pins = Pins::default();
    loop {
        add_work(&mut work, queue::take_changes())?;
        let Some(((_, oid), owed)) = work.pop_first() else {
            break;
        };
        let round = rounds.entry(oid).or_default();
        *round += 1;
        counting_failure(Oid::from(oid), || {
            if *round > MAX_ROUNDS {
                return Err(Error::Unsettled(MAX_ROUNDS));
            }
            let Some(tview) = catalog::tview(Oid::from(oid))? else {
                return Ok(());
            };
            let tally = Tally::start(tview.oid);
            tally.add(Counter::Flushes, 1);
            let _discreet = Discreet::start(!relation::may_read_all(tview.oid, current_user()));
            within(activity(&tview), relation::role_name(tview.owner), || {
                refresh(&tview, owed, freshness(), &tally, &mut pins)
            })?;
            pins.end(&tview);
            report.iter_mut().for_each(|r| r.add(&tview, &tally));
            Ok(())
        })?;
    }
    drop(pins);
    report.iter().for_each(Report::finish);
    // A flush that wrote nothing may have found what others wrote, after it waited for them: snapshots
    // from before do not show that.
    LAST_FLUSH.set(snapshot::advance_in_any_case());
    Ok(())
}

fn add_work(work: &mut BTreeMap<(i32, u32), Work>, owed: Owed) -> Result<()> {
    let of_rows = owed.rows.keys().map(|start| &start.tview);
    lock_relations(owed.whole.iter().chain(of_rows).copied())?;
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

/// Takes the locks that statements of ours will take, of TVIEWs and those above them, before any that
/// other writers wait for: who holds a table against readers (TRUNCATE, ALTER TABLE) may be one of these.
/// In the order in which TVIEWs are refreshed, as conversion locks them.
fn lock_relations(tviews: impl Iterator<Item = Oid>) -> Result<()> {
    let mut ordered: BTreeMap<(i32, u32), Rc<Tview>> = BTreeMap::new();
    for oid in tviews {
        let Some(tview) = catalog::tview(oid)? else {
            continue;
        };
        for above in &tview.above {
            if let Some(above) = catalog::tview(*above)? {
                ordered.insert((above.depth, above.oid.to_u32()), above);
            }
        }
    }
    let mut locked = HashSet::new();
    for tview in ordered.values() {
        let lock = || {
            relation::lock(tview.oid, Lock::Write);
            let new = tview.reads.iter().filter(|relid| locked.insert(**relid));
            new.for_each(|relid| relation::lock(*relid, Lock::Definition));
            Ok(())
        };
        counting_failure(tview.oid, || {
            within(activity(tview), relation::role_name(tview.owner), lock)
        })?;
    }
    Ok(())
}

fn counting_failure<T>(tview: Oid, f: impl FnOnce() -> Result<T>) -> Result<T> {
    overhear(f, |sqlstate, message| {
        stats::failed(tview, sqlstate, message)
    })
}

/// What an error that comes up meanwhile names in its CONTEXT.
fn activity(tview: &Tview) -> String {
    format!("refreshing TVIEW \"{}\"", tview.name.name)
}

fn refresh(
    tview: &Rc<Tview>,
    work: Work,
    freshness: Freshness,
    tally: &Tally,
    pins: &mut Pins,
) -> Result<()> {
    let rows: usize = work.rows.iter().map(|(_, rows)| rows.len()).sum();
    let progress = (work.is_whole || rows > KEYS_AT_ONCE).then(|| shown(tview, "flush"));
    progress.iter().for_each(|p| p.phase("finding keys"));
    let session = Session::open();
    let _expecting = Expecting::start(&tview.calls);
    // A transaction that keeps to its snapshot compares under this one and the latest.
    let is_in_part = !work.is_whole && !freshness.is_kept() && guc::patch();
    let patches = match is_in_part {
        true => Patches::of(tview, &work.rows),
        false => None,
    };
    if !patches.as_ref().is_some_and(Patches::is_settled) {
        pins.hold(tview);
    }
    let mut claiming = Claiming::start(&session, tview, tally);
    if let Some(patches) = &patches {
        let keys = claiming.rows(&work.rows, Freshness::Latest, Aim::Patch(patches));
        let done = keys.and_then(|keys| {
            if keys.is_none() {
                claiming.whole();
            }
            tally.lap(Counter::Resolving);
            patches.write(&session, keys.map(|k| k.len()), tally, progress.as_ref())
        });
        if unless_displaced(tview, done)?.is_some() {
            return Ok(());
        }
        pins.hold(tview);
    }
    let keys = match work.is_whole || patches.is_some() {
        true => None,
        false => {
            unless_displaced(tview, claiming.rows(&work.rows, freshness, Aim::Compute))?.flatten()
        }
    };
    tally.lap(Counter::Resolving);
    let is_done = match keys {
        Some(keys) => {
            tally.add(Counter::Keys, keys.len() as u64);
            let of_leaves = match is_in_part {
                true => of_leaves(tview, &work.rows)?,
                false => None,
            };
            let by = of_leaves.as_deref().unwrap_or(&tview.statements().of_keys);
            let done = apply::keys(&session, tview, by, &keys, freshness, tally);
            unless_displaced(tview, done)?.unwrap_or(false)
        }
        None => false,
    };
    if !is_done {
        let progress = shown(tview, "flush");
        claiming.whole();
        tally.lap(Counter::Resolving);
        let settings = Settings::start();
        settings.set("seq_page_cost", "1");
        apply::reconcile(&session, tview, freshness, tally, &progress)?;
    }
    Ok(())
}

/// What computes the leaves and parts that are all that changes make different; `None` where that is more.
fn of_leaves(tview: &Tview, changes: &[(Start, Changes)]) -> Result<Option<Rc<OfKeys>>> {
    let (mut leaves, mut parts) = (BTreeSet::new(), BTreeSet::new());
    for (start, rows) in changes {
        if let Some(of_source) = tview.leaves(start.source) {
            leaves.extend(of_source);
        } else if let Some(of_rows) = patch::parts(tview, start, rows) {
            parts.extend(of_rows);
        } else {
            return Ok(None);
        }
    }
    tview.of_leaves((leaves, parts))
}

fn shown(tview: &Tview, operation: &str) -> Progress {
    progress::start(operation, transaction::database(), tview.oid)
}

/// Compares the whole TVIEW with its query at once, and writes the rows that differ.
pub(crate) fn refresh_whole(tview: &Tview) -> Result<Written> {
    lock_relations(std::iter::once(tview.oid))?;
    counting_failure(tview.oid, || {
        let tally = Tally::start(tview.oid);
        let progress = shown(tview, "refresh");
        let session = Session::open();
        let _settings = pin(tview);
        Claiming::start(&session, tview, &tally).whole();
        tally.lap(Counter::Resolving);
        apply::reconcile(&session, tview, freshness(), &tally, &progress)
    })
}

/// Compares the whole TVIEW with its query and writes the rows that differ; the caller has locked it or its
/// sources.
pub(crate) fn reconcile(session: &Session, tview: &Tview, freshness: Freshness) -> Result<Written> {
    let tally = Tally::start(tview.oid);
    let progress = shown(tview, "convert");
    apply::reconcile(session, tview, freshness, &tally, &progress)
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

/// `None`, with a warning, where a statement has come to mean something else than the query: comparing all with
/// the backing view, which holds on to what it calls, is right still.
fn unless_displaced<T>(tview: &Tview, done: Result<T>) -> Result<Option<T>> {
    match done {
        Err(error @ Error::Displaced(_)) => {
            let detail = format!("TVIEW \"{}\" is compared as a whole.", tview.name.name);
            tell(
                Level::Warning,
                &error.to_string(),
                Some(&detail),
                error.hint().as_deref(),
            );
            Ok(None)
        }
        other => other.map(Some),
    }
}

/// Settings of one TVIEW after the other, which mostly are the same.
#[derive(Default)]
struct Pins(Option<(Rc<Tview>, Settings)>);

impl Pins {
    fn hold(&mut self, tview: &Rc<Tview>) {
        if self
            .0
            .as_ref()
            .is_some_and(|(held, _)| held.settings == tview.settings)
        {
            return;
        }
        // Levels of settings end in the reverse order.
        self.0 = None;
        let settings = pin_settings(tview);
        prefer_indexes(&settings);
        self.0 = Some((tview.clone(), settings));
    }

    /// The refresh of a TVIEW is over. What code of users has set in it is not for the next one, whose owner may be another.
    fn end(&mut self, tview: &Tview) {
        let graph = &tview.graph;
        let mut all = graph.functions.iter().chain(&graph.types);
        if tview.runs_code || !tview.calls.is_empty() || all.any(|o| function::is_user_defined(*o))
        {
            self.0 = None;
        }
    }
}

/// Whether a statement of the owner's that writes the TVIEW would fire nothing that makes a difference, and succeed: then
/// there need not be one.
fn directly_allowed(tview: &Tview) -> bool {
    is_origin()
        && relation::may_name(tview.oid, tview.owner)
        && relation::may_write(tview.oid, tview.owner)
}

/// The settings under which a TVIEW's rows are computed, whoever writes, and what its statements may call.
pub(crate) struct Pinned {
    settings: Settings,
    _expecting: Expecting,
}

impl Pinned {
    fn prefer_indexes(&self) {
        prefer_indexes(&self.settings);
    }
}

/// Links can name more rows than tables hold pages in memory: their indexes are to be preferred. (A price
/// rather than enable_seqscan, whose huge cost hides other differences.)
fn prefer_indexes(settings: &Settings) {
    settings.set("seq_page_cost", "100");
}

pub(crate) fn pin(tview: &Tview) -> Pinned {
    Pinned {
        settings: pin_settings(tview),
        _expecting: Expecting::start(&tview.calls),
    }
}

fn pin_settings(tview: &Tview) -> Settings {
    let settings = Settings::start();
    pin_execution(&settings);
    for (name, value) in &tview.settings {
        settings.set(name, value);
    }
    settings
}

/// Settings that keep our statements from depending on the session's.
pub(crate) fn pin_execution(settings: &Settings) {
    settings.set("search_path", SEARCH_PATH);
    settings.set("jit", "off");
    // Lookups must be complete. Where policies would hide rows from them, they fail.
    settings.set("gin_fuzzy_search_limit", "0");
    settings.set("row_security", "off");
}

/// What evaluates the defining query: the owner, who cannot leave anything behind.
fn as_reader(tview: &Tview) -> Identity {
    Identity::switch(tview.owner, Bounds::Restricted)
}

fn take_snapshot(freshness: Freshness) -> Active {
    snapshot::advance();
    Active::push(freshness)
}
