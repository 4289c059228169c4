//! Owns writing patches: new values of what single source rows show, where nothing else has changed. See
//! [`crate::lineage::patch`] for what can be written so.

use super::apply::{Writer, run_own};
use super::{KEYS_AT_ONCE, as_reader, directly_allowed, resolve, take_snapshot};
use crate::capture;
use crate::catalog::{self, Direct, Patcher, Tview};
use crate::error::Result;
use crate::pg::direct::{Lookup, Setter};
use crate::pg::relation;
use crate::pg::snapshot::Freshness;
use crate::pg::spi::Session;
use crate::pg::value::Row;
use crate::progress::Progress;
use crate::queue::{Changes, Effect, REPEATEDLY, Start};
use crate::stats::{Counter, Tally};

/// Changes that patches can write.
pub(super) struct Patches<'w> {
    tview: &'w Tview,
    changes: &'w [(Start, Changes)],
    /// For each of them, how it is done without a statement; decided once, whatever happens meanwhile.
    ways: Vec<Option<&'w Direct>>,
}

impl<'w> Patches<'w> {
    /// `None` where they cannot write all of these changes.
    pub(super) fn of(tview: &'w Tview, changes: &'w [(Start, Changes)]) -> Option<Patches<'w>> {
        let is_patch = |effect: &Effect| matches!(effect, Effect::Patches(_));
        let fits = |(start, rows): &(Start, Changes)| {
            let patcher = tview.patches.get(start.source);
            patcher.is_some_and(Option::is_some)
                && resolve::fits(tview, start)
                && rows.values().all(is_patch)
        };
        let way = |(start, _): &(Start, Changes)| directly(tview, start.source);
        changes.iter().all(fits).then(|| Patches {
            tview,
            changes,
            ways: changes.iter().map(way).collect(),
        })
    }

    /// How the n-th is done without a statement.
    pub(super) fn way(&self, n: usize) -> Option<&'w Direct> {
        self.ways[n]
    }

    /// Whether no setting matters: nothing is parsed, and no statement is run.
    pub(super) fn is_settled(&self) -> bool {
        let locking = &self.tview.locking;
        let is_settled = |((start, rows), way): (&(Start, Changes), &Option<&Direct>)| {
            let Some(patcher) = &self.tview.patches[start.source] else {
                return false;
            };
            let mut edges = locking.up[start.source].iter().map(|e| &locking.edges[*e]);
            // A key with a NULL in it is looked for by a statement.
            What::of(patcher, rows).places & !patcher.settled == 0
                && rows.keys().all(resolve::is_complete)
                && way.is_some_and(Direct::has_formulas)
                && edges.all(|e| e.child.query.is_none())
        };
        locking.lookups.is_none() && self.changes.iter().zip(&self.ways).all(is_settled)
    }

    /// Writes them; the rows that they concern are locked, so many keys or, without a number, all.
    pub(super) fn write(
        &self,
        session: &Session,
        keys: Option<usize>,
        tally: &Tally,
        progress: Option<&Progress>,
    ) -> Result<()> {
        let tview = self.tview;
        if let Some(progress) = progress {
            progress.phase("patching");
            let rows: usize = self.changes.iter().map(|(_, rows)| rows.len()).sum();
            progress.total(rows as u64);
        }
        let mut all = 0;
        for ((start, rows), way) in self.changes.iter().zip(&self.ways) {
            let Some(patcher) = &tview.patches[start.source] else {
                continue;
            };
            let what = What::of(patcher, rows);
            let mut rows: Vec<&Row> = rows.keys().collect();
            // Rows that were made one after the other are near each other.
            rows.sort_unstable();
            let written = match way {
                Some(direct) => set(tview, direct, &rows, &what, progress)?,
                None => update(session, tview, start, &rows, &what, progress)?,
            };
            tally.add(Counter::Updated, written);
            tally.add(Counter::Patched, written);
            all += written;
        }
        let keys = keys.map_or(all, |keys| keys as u64);
        tally.add(Counter::Keys, keys);
        tally.add(Counter::Unchanged, keys.saturating_sub(all));
        tally.lap(Counter::Writing);
        Ok(())
    }
}

/// What of the rows is written.
struct What {
    /// Of [`crate::lineage::patch::Patch::parts`], as bits.
    places: u64,
    /// They may be equal already.
    is_checked: bool,
}

impl What {
    fn of(patcher: &Patcher, rows: &Changes) -> What {
        let all = rows.values().fold(0, |all, effect| match effect {
            Effect::Patches(places) => all | places,
            _ => all,
        });
        let places = all & !REPEATEDLY;
        What {
            places,
            is_checked: all & REPEATEDLY != 0 || places & !patcher.exact != 0,
        }
    }
}

/// The graph's parts that patches of a source may set, where these rows make no more than such parts different.
pub(super) fn parts(tview: &Tview, start: &Start, rows: &Changes) -> Option<Vec<usize>> {
    let patch = &tview.patches[start.source].as_ref()?.patch;
    let is_patch = |effect: &Effect| matches!(effect, Effect::Patches(_));
    let settable = patch.attributes.values().fold(0, |all, bits| all | bits);
    let parts = patch.parts.iter().enumerate();
    let parts = parts.filter(|(place, _)| settable & (1 << place) != 0);
    let parts = parts.map(|(_, part)| *part).collect();
    rows.values().all(is_patch).then_some(parts)
}

/// How it is done without a statement, where a statement would succeed and fire nothing but our own triggers.
fn directly(tview: &Tview, source: usize) -> Option<&Direct> {
    let direct = tview.patches[source].as_ref()?.direct.as_ref()?;
    let source = direct.source.table;
    let is_allowed = directly_allowed(tview)
        && relation::may_name(source, tview.owner)
        && relation::may_read_all(source, tview.owner);
    is_allowed.then_some(direct)
}

fn set(
    tview: &Tview,
    direct: &Direct,
    rows: &[&Row],
    what: &What,
    progress: Option<&Progress>,
) -> Result<u64> {
    let above = catalog::captures_above(tview)?;
    // The writer may lack the rights that parsing and running the expressions take, and must lend it none.
    let _reader = as_reader(tview);
    let active = take_snapshot(Freshness::Latest);
    let snapshot = active.snapshot();
    let mut sources = Lookup::open(direct.source, snapshot);
    let mut own = Lookup::open(direct.own, snapshot);
    let mut setter = Setter::open(tview.oid, snapshot, direct.formulas()?, what.places);
    let mut written = 0;
    for row in rows {
        let value = &row[direct.place];
        sources.each(value, |source| {
            // What the query shows in no row it computes for none: that could fail.
            let mut is_computed = false;
            own.each(value, |old| {
                if !std::mem::replace(&mut is_computed, true) {
                    setter.compute(&source);
                }
                if let Some(new) = setter.write(&old, what.is_checked) {
                    (above.iter()).for_each(|a| capture::note_row(a, Some(old), Some(new)));
                    written += 1;
                }
                Ok(())
            })?;
            Ok(())
        })?;
        progress.iter().for_each(|p| p.done(1));
    }
    Ok(written)
}

fn update(
    session: &Session,
    tview: &Tview,
    start: &Start,
    rows: &[&Row],
    what: &What,
    progress: Option<&Progress>,
) -> Result<u64> {
    let Some(patcher) = &tview.patches[start.source] else {
        return Ok(0);
    };
    let _writer = Writer::start(tview);
    let statement = patcher.statements.update(what.places, what.is_checked);
    let columns = tview.captured_storage(start.source);
    let mut written = 0;
    for some in rows.chunks(KEYS_AT_ONCE) {
        let active = take_snapshot(Freshness::Latest);
        let some: Vec<Row> = some.iter().map(|row| (*row).clone()).collect();
        let args = patcher.args(&some, &columns);
        written += run_own(session, tview, &statement, &args, active.snapshot())?;
        progress.iter().for_each(|p| p.done(some.len() as u64));
    }
    Ok(written)
}
