//! Owns writing patches: new values of what single source rows show, where nothing else has changed. See
//! [`crate::lineage::patch`] for what can be written so.

use super::apply::{Writer, run_own};
use super::{KEYS_AT_ONCE, take_snapshot};
use crate::catalog::Tview;
use crate::error::Result;
use crate::pg::snapshot::Freshness;
use crate::pg::spi::Session;
use crate::pg::value::Row;
use crate::queue::{Changes, Effect, REPEATEDLY, Start};
use crate::stats::{Counter, Tally};

/// Whether patches can write all of these changes. A transaction that keeps to its snapshot compares under this one and
/// the latest.
pub(super) fn can_write(tview: &Tview, changes: &[(Start, Changes)], freshness: Freshness) -> bool {
    let is_patch = |effect: &Effect| matches!(effect, Effect::Patches(_));
    let fits = |(start, rows): &(Start, Changes)| {
        let patcher = tview.patches.get(start.source);
        patcher.is_some_and(Option::is_some) && rows.values().all(is_patch)
    };
    !freshness.is_kept() && changes.iter().all(fits)
}

/// Writes them; the rows that they concern are locked.
pub(super) fn write(
    session: &Session,
    tview: &Tview,
    changes: &[(Start, Changes)],
    tally: &Tally,
) -> Result<()> {
    let _writer = Writer::start(tview);
    for (start, rows) in changes {
        let Some(patcher) = &tview.patches[start.source] else {
            continue;
        };
        let all = rows.values().fold(0, |all, effect| match effect {
            Effect::Patches(places) => all | places,
            _ => all,
        });
        let places = all & !REPEATEDLY;
        let is_checked = all & REPEATEDLY != 0 || places & !patcher.exact != 0;
        let statement = patcher.statements.update(places, is_checked);
        let columns = tview.captured_storage(start.source);
        let rows: Vec<Row> = rows.keys().cloned().collect();
        for some in rows.chunks(KEYS_AT_ONCE) {
            let active = take_snapshot(Freshness::Latest);
            let args = patcher.args(some, &columns);
            let written = run_own(session, tview, &statement, &args, active.snapshot())?;
            tally.add(Counter::Updated, written);
            tally.add(Counter::Patched, written);
        }
    }
    tally.lap(Counter::Writing);
    Ok(())
}
