//! Owns the filling of a TVIEW beside writers, who keep up from the start the rows that their changes concern. The
//! others come in parts: each is computed and written under a lock of the whole TVIEW, and committed by the caller, so
//! that a writer waits for one part at most.

use super::apply;
use super::claim::Claiming;
use super::resolve::{is_complete, null_key};
use super::{ROWS_AT_ONCE, as_reader, lock_relations, pin, shown, take_snapshot};
use crate::catalog::Tview;
use crate::error::Result;
use crate::pg::snapshot::Freshness;
use crate::pg::spi::{Args, Session};
use crate::pg::spool::Spool;
use crate::pg::value::Row;
use crate::stats::{Counter, Tally};

/// The keys of all rows that the query gives now. Those that others add later are theirs to write.
pub(crate) fn all_keys(tview: &Tview) -> Result<Spool> {
    let session = Session::open();
    let _settings = pin(tview);
    let _active = take_snapshot(Freshness::Latest);
    let _reader = as_reader(tview);
    let mut cursor = session.cursor(&tview.table.all_keys(), &Args::none())?;
    let mut keys = Spool::new();
    loop {
        let some = cursor.fetch(ROWS_AT_ONCE);
        if some.len() == 0 {
            return Ok(keys);
        }
        keys.add(&some);
    }
}

/// Computes the rows of some keys and writes those that differ. Where writers would queue behind it, it waits no longer
/// than `lock_timeout`.
pub(crate) fn fill(tview: &Tview, keys: &[Row], lock_timeout: &str) -> Result<()> {
    if !keys.iter().all(is_complete) {
        return Err(null_key(tview));
    }
    let session = Session::open();
    let pinned = pin(tview);
    pinned.prefer_indexes();
    lock_relations(std::iter::once(tview.oid))?;
    pinned.settings.set("lock_timeout", lock_timeout);
    let tally = Tally::start(tview.oid);
    Claiming::start(&session, tview, &tally).whole();
    tally.lap(Counter::Resolving);
    if !apply::keys(
        &session,
        tview,
        &tview.statements().of_keys,
        keys,
        Freshness::Latest,
        &tally,
    )? {
        let progress = shown(tview, "build");
        apply::reconcile(&session, tview, Freshness::Latest, &tally, &progress)?;
    }
    Ok(())
}
