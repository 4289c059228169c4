//! Owns the writes to TVIEWs: comparing what the query gives now with what the table holds, and
//! writing the rows that differ. An unchanged row is never written.
//!
//! Comparing runs as the owner in a restricted operation; writing as the owner with the freedom
//! of a foreign-key action, because a restricted operation forbids the deferred triggers that a
//! TVIEW may have.

use super::resolve::is_complete;
use super::{
    KEYS_AT_ONCE, ROWS_AT_ONCE, as_reader, shown, single, take_snapshot, unless_expressions_fail,
};
use crate::catalog::{OfKeys, Tview};
use crate::error::{Error, Result};
use crate::lineage::sql::{ACTION, COPIES, KEY, ROW};
use crate::pg::guard::Discreet;
use crate::pg::identity::{Bounds, Identity, Settings};
use crate::pg::snapshot::{Freshness, Snapshot};
use crate::pg::spi::{Args, Rows, Session};
use crate::pg::transaction::nest_level;
use crate::pg::value::{Row, Storage};
use crate::progress::Progress;
use crate::stats::{Counter, Tally};
use pgrx::pg_sys::Oid;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::slice;

/// Rows written.
#[derive(Default, Clone, Copy)]
pub(crate) struct Written {
    pub(crate) inserted: u64,
    pub(crate) updated: u64,
    pub(crate) deleted: u64,
}

impl Written {
    pub(crate) fn total(&self) -> u64 {
        self.inserted + self.updated + self.deleted
    }

    fn add(&mut self, other: Written) {
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.deleted += other.deleted;
    }
}

thread_local! {
    /// The table that our very next statement writes; the guard trigger takes it.
    static TICKET: Cell<Option<(Oid, i32)>> = const { Cell::new(None) };
}

/// Whether the statement that just began to write a TVIEW is ours. Asked once per statement.
pub(crate) fn is_own_write(table: Oid) -> bool {
    let ticket = TICKET.get().filter(|(oid, _)| *oid == table);
    if ticket.is_some() {
        TICKET.set(None);
    }
    ticket.is_some()
}

/// A (sub)transaction of this level failed, and a write of ours in it: the next one is not ours.
pub(super) fn withdraw(nest: i32) {
    if TICKET.get().is_some_and(|(_, at)| at >= nest) {
        TICKET.set(None);
    }
}

/// What to write of the rows that differ.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    All,
    /// Rows that vanish or move: before the first insert, where unique indexes could clash.
    Deletes,
}

impl Pass {
    /// What other sessions are told.
    fn words(self) -> &'static str {
        match self {
            Pass::All => "comparing and writing",
            Pass::Deletes => "comparing and deleting",
        }
    }
}

/// Computes the rows of some keys and writes those that differ. False if that cannot be done for keys
/// alone.
pub(super) fn keys(
    session: &Session,
    tview: &Tview,
    by: &OfKeys,
    keys: &[Row],
    freshness: Freshness,
    tally: &Tally,
) -> Result<bool> {
    if let Some(single) = single::of(tview, keys, freshness) {
        single::refresh(session, tview, single, by, &keys[0], tally)?;
        return Ok(true);
    }
    let in_parts = keys.len() > KEYS_AT_ONCE;
    let progress = in_parts.then(|| shown(tview, "flush"));
    for (n, pass) in passes(tview.has_other_unique && in_parts)
        .iter()
        .enumerate()
    {
        progress.iter().for_each(|p| p.phase(pass.words()));
        progress.iter().for_each(|p| p.total(keys.len() as u64));
        for some in keys.chunks(KEYS_AT_ONCE) {
            // With memory of its own.
            let inner = in_parts.then(Session::open);
            let session = inner.as_ref().unwrap_or(session);
            let active = take_snapshot(freshness);
            let different = {
                let _reader = as_reader(tview);
                compare(session, tview, by, some, active.snapshot())?
            };
            let Some(different) = different else {
                return Ok(false);
            };
            if freshness.is_kept() {
                check_latest(session, tview, by, some, &different)?;
            }
            tally.lap(Counter::Comparing);
            if n == 0 {
                let is_equal = (some.len() as u64).saturating_sub(different.len());
                tally.add(Counter::Unchanged, is_equal);
            }
            let written = write(session, tview, &different, *pass, active.snapshot(), tally)?;
            if by.is_in_part {
                tally.add(Counter::Patched, written.updated);
            }
            progress.iter().for_each(|p| p.done(some.len() as u64));
        }
    }
    Ok(true)
}

/// Under a snapshot that others' commits may have left behind, what is written must be what the latest
/// one gives too: else the row would show less than is committed.
fn check_latest(
    session: &Session,
    tview: &Tview,
    by: &OfKeys,
    keys: &[Row],
    different: &Rows<'_>,
) -> Result<()> {
    let active = take_snapshot(Freshness::Latest);
    let _reader = as_reader(tview);
    let latest = compare(session, tview, by, keys, active.snapshot())?;
    let is_same = latest.is_some_and(|l| Print::of(&l, tview) == Print::of(different, tview));
    match is_same {
        true => Ok(()),
        false => Err(Error::Outdated(tview.name.name.clone())),
    }
}

/// What some rows of a comparison are, in whatever order: their number, and the sum of their hashes.
#[derive(Default, PartialEq, Eq)]
struct Print {
    rows: u64,
    sum: u64,
}

impl Print {
    fn of(different: &Rows<'_>, tview: &Tview) -> Print {
        let mut print = Print::default();
        print.add(different, tview);
        print
    }

    fn add(&mut self, different: &Rows<'_>, tview: &Tview) {
        let columns = [Storage::of(pgrx::pg_sys::TEXTOID), tview.row];
        for row in 0..different.len() {
            let mut hasher = DefaultHasher::new();
            different.row(row, &columns).hash(&mut hasher);
            self.rows += 1;
            self.sum = self.sum.wrapping_add(hasher.finish());
        }
    }

    fn of_all(session: &Session, tview: &Tview, freshness: Freshness) -> Result<Print> {
        let _active = take_snapshot(freshness);
        let _reader = as_reader(tview);
        let mut cursor = session.cursor(&tview.table.compare_all(), &Args::none())?;
        let mut print = Print::default();
        loop {
            let some = cursor.fetch(ROWS_AT_ONCE);
            if some.len() == 0 {
                return Ok(print);
            }
            print.add(&some, tview);
        }
    }
}

pub(super) fn compare<'s>(
    session: &'s Session,
    tview: &Tview,
    by: &OfKeys,
    keys: &[Row],
    snapshot: Snapshot<'_>,
) -> Result<Option<Rows<'s>>> {
    unless_expressions_fail(tview, || {
        let args = comparison(session, tview, keys, snapshot)?;
        session.run(&by.compare, &args, snapshot)
    })
}

/// The parameters of a comparison: the keys, and by what parts of the query are restricted for them.
fn comparison(
    session: &Session,
    tview: &Tview,
    keys: &[Row],
    snapshot: Snapshot<'_>,
) -> Result<Args> {
    let mut args = Args::none().with_rows(keys, &tview.key);
    for scope in &tview.scopes {
        let only_keys = Args::none().with_rows(keys, &tview.key);
        let values = session.run(scope, &only_keys, snapshot)?;
        args = args.with_cell(&values, 1).with_cell(&values, 2);
    }
    Ok(args)
}

fn passes(may_clash: bool) -> &'static [Pass] {
    match may_clash {
        true => &[Pass::Deletes, Pass::All],
        false => &[Pass::All],
    }
}

/// Whether the TVIEW has no rows: then there is nothing to delete before rows are inserted.
fn is_empty(session: &Session, tview: &Tview) -> Result<bool> {
    let active = take_snapshot(Freshness::Latest);
    let _reader = as_reader(tview);
    let sample = session.run(&tview.table.any_key(), &Args::none(), active.snapshot())?;
    Ok(!is_complete(&sample.row(0, &tview.key)))
}

/// Compares the whole TVIEW with its query and writes the rows that differ.
pub(super) fn reconcile(
    session: &Session,
    tview: &Tview,
    freshness: Freshness,
    tally: &Tally,
    progress: &Progress,
) -> Result<Written> {
    tally.add(Counter::FullComparisons, 1);
    let mut written = Written::default();
    let print = |freshness| Print::of_all(session, tview, freshness);
    if freshness.is_kept() && print(Freshness::Statement)? != print(Freshness::Latest)? {
        return Err(Error::Outdated(tview.name.name.clone()));
    }
    let may_clash = tview.has_other_unique && !is_empty(session, tview)?;
    for pass in passes(may_clash) {
        progress.phase(pass.words());
        let active = take_snapshot(freshness);
        let mut cursor = {
            let _reader = as_reader(tview);
            session.cursor(&tview.table.compare_all(), &Args::none())?
        };
        for part in 0.. {
            // With memory of its own.
            let session = &Session::open();
            let different = {
                let _reader = as_reader(tview);
                cursor.fetch(ROWS_AT_ONCE)
            };
            tally.lap(Counter::Comparing);
            if part == 0 && different.len() < ROWS_AT_ONCE as u64 {
                // All of it at once: deletes come first anyway.
                let pass = Pass::All;
                written.add(write(
                    session,
                    tview,
                    &different,
                    pass,
                    active.snapshot(),
                    tally,
                )?);
                return Ok(written);
            }
            if different.len() == 0 {
                break;
            }
            written.add(write(
                session,
                tview,
                &different,
                *pass,
                active.snapshot(),
                tally,
            )?);
            progress.done(different.len());
        }
    }
    Ok(written)
}

/// Runs every statement that a write may, for one key or none, so that what would fail at the first write fails now.
/// False if rows cannot be compared by their keys, because an expression fails for rows that the query leaves out.
pub(crate) fn try_out(session: &Session, tview: &Tview) -> Result<bool> {
    let active = take_snapshot(Freshness::Statement);
    let _reader = as_reader(tview);
    let sample = session.run(&tview.table.any_key(), &Args::none(), active.snapshot())?;
    let key = sample.row(0, &tview.key);
    let of_keys = &tview.statements().of_keys;
    let mut is_by_key = compare(
        session,
        tview,
        of_keys,
        slice::from_ref(&key),
        active.snapshot(),
    )?
    .is_some();
    let leaves = (0..tview.routes.len()).filter_map(|source| tview.leaves(source));
    let leaves: BTreeSet<usize> = leaves.flatten().collect();
    let by = match leaves.is_empty() {
        true => None,
        false => tview.of_leaves((leaves, BTreeSet::new()))?,
    };
    if let Some(by) = by {
        is_by_key &= compare(session, tview, &by, &[key], active.snapshot())?.is_some();
    }
    for (source, query) in tview.key_queries.iter().enumerate() {
        let Some(query) = query else { continue };
        let columns = tview.captured_storage(source);
        let args = Args::none().with_rows(&[], &columns);
        session.run(query, &args, active.snapshot())?;
    }
    for (query, columns) in tview.locking.statements() {
        let args = Args::none().with_rows(&[], columns);
        session.run(query, &args, active.snapshot())?;
    }
    Ok(is_by_key)
}

/// What writes a TVIEW, until dropped: its owner. What its triggers read is theirs to see or not, and what they set is
/// gone with this.
pub(super) struct Writer {
    _identity: Identity,
    _settings: Option<Settings>,
}

impl Writer {
    pub(super) fn start(tview: &Tview) -> Writer {
        let settings = tview.runs_code.then(|| {
            let settings = Settings::start();
            settings.set("row_security", "on");
            settings
        });
        Writer {
            _identity: Identity::switch(tview.owner, Bounds::LocalUser),
            _settings: settings,
        }
    }
}

/// Runs a statement that writes the TVIEW past its guard; gives the number of rows written.
pub(super) fn run_own(
    session: &Session,
    tview: &Tview,
    statement: &str,
    args: &Args,
    snapshot: Snapshot<'_>,
) -> Result<u64> {
    let outer = TICKET.replace(Some((tview.oid, nest_level())));
    let rows = session.run(statement, args, snapshot);
    TICKET.set(outer);
    Ok(rows?.len())
}

fn write(
    session: &Session,
    tview: &Tview,
    different: &Rows<'_>,
    pass: Pass,
    snapshot: Snapshot<'_>,
    tally: &Tally,
) -> Result<Written> {
    let mut deleted = Vec::new();
    let mut updated = Vec::new();
    let mut inserted = Vec::new();
    for row in 0..different.len() {
        if different
            .get::<i64>(row, COPIES)
            .is_some_and(|copies| copies > 1)
        {
            return Err(Error::Ambiguous {
                table: tview.name.name.clone(),
                key: different.get(row, KEY).filter(|_| !Discreet::is_on()),
            });
        }
        match different.get::<String>(row, ACTION).as_deref() {
            Some("d") => deleted.push(row),
            Some("u") => updated.push(row),
            Some("m") => {
                deleted.push(row);
                inserted.push(row);
            }
            _ => inserted.push(row),
        }
    }
    if pass == Pass::Deletes {
        updated.clear();
        inserted.clear();
    }
    let _writer = Writer::start(tview);
    let run = |statement: &str, chosen: &[u64], counter| -> Result<u64> {
        if chosen.is_empty() {
            return Ok(0);
        }
        let args = Args::none().with_cells(different, chosen, ROW, tview.row, tview.row_array);
        match run_own(session, tview, statement, &args, snapshot)? {
            written if written == chosen.len() as u64 => {
                tally.add(counter, written);
                Ok(written)
            }
            _ => Err(Error::Suppressed(tview.name.name.clone())),
        }
    };
    let written = Written {
        deleted: run(&tview.statements().delete, &deleted, Counter::Deleted)?,
        updated: run(&tview.statements().update, &updated, Counter::Updated)?,
        inserted: run(&tview.statements().insert, &inserted, Counter::Inserted)?,
    };
    tally.lap(Counter::Writing);
    Ok(written)
}
