//! Owns the end of transactions: what is recorded and owed is done before COMMIT and PREPARE, and
//! this backend's memory of it is cleared after; subtransactions hand it on or drop it.
//!
//! PostgreSQL fires deferred triggers and closes cursors *before* its pre-commit callbacks, so
//! what a flush queues of these is run here, in a loop until nothing is left. Other libraries'
//! callbacks may already have committed their part (postgres_fdw): nothing that runs from here
//! may touch a foreign table, see [`before_read`].

use crate::catalog;
use crate::convert;
use crate::error::{Error, Result};
use crate::pg::handlers::Reading;
use crate::pg::identity::StatementTimeout;
use crate::pg::relation;
use crate::pg::snapshot::{self, Active, Freshness};
use crate::pg::{spi, transaction};
use crate::queue;
use crate::refresh;
use pgrx::pg_sys::Oid;

/// Converts and flushes until nothing is left to do. An extension that the transaction dropped takes
/// with it what was owed.
pub(crate) fn pre_commit(is_prepare: bool) -> Result<()> {
    match settle(is_prepare) {
        Err(Error::NotCreated) => {
            queue::clear();
            Ok(())
        }
        other => other,
    }
}

fn settle(is_prepare: bool) -> Result<()> {
    if !queue::has_changes() && !queue::has_conversions() {
        return Ok(());
    }
    let _committing = refresh::Committing::start();
    let _timeout = StatementTimeout::rearm();
    loop {
        {
            // No portal is left to provide the snapshot that DDL and catalog reads ask for.
            let _active = Active::push(Freshness::Latest);
            convert::run_recorded()?;
            refresh::flush()?;
        }
        let has_more = transaction::run_deferred(is_prepare);
        if !has_more && !queue::has_changes() && !queue::has_conversions() {
            return Ok(());
        }
    }
}

/// Nothing is owed, nothing was flushed, and this is not the flush before COMMIT.
pub(crate) fn is_idle() -> bool {
    !refresh::is_committing() && refresh::last_flush() == 0 && !queue::has_changes()
}

/// Flushes before a statement reads what a flush would change; gives the snapshot that the statement needs if
/// its own does not see what was flushed. The flush at COMMIT writes beside what others have committed
/// since: from then on the latest, lest two versions of a row be seen.
pub(crate) fn before_read(reading: &Reading) -> Result<Option<Freshness>> {
    if let Some(table) = reading
        .foreign_tables
        .first()
        .filter(|_| refresh::is_committing())
    {
        let name = relation::name(*table).map(|n| n.name).unwrap_or_default();
        return Err(Error::ForeignTable(name));
    }
    if spi::is_running() {
        return Ok(None);
    }
    let is_concerned = match reads_owed(reading) {
        Err(Error::NotCreated) => false,
        other => other?,
    };
    if is_concerned {
        refresh::flush()?;
    }
    let is_kept_too_long = refresh::is_committing() && snapshot::is_per_transaction();
    let is_behind = refresh::last_flush() > 0
        && (reading.snapshot_command < refresh::last_flush() || is_kept_too_long)
        && (is_concerned || reads_tview(reading).unwrap_or(false));
    Ok((reading.may_exchange && is_behind).then_some(refresh::freshness()))
}

/// Whether it reads a TVIEW that something is owed to. Parallel workers do not know what is owed,
/// and functions they call may read anything: for them all is brought up to date.
fn reads_owed(reading: &Reading) -> Result<bool> {
    let owed = queue::tviews();
    if owed.is_empty() {
        return Ok(false);
    }
    if reading.wants_workers {
        return Ok(true);
    }
    let tables = tables(reading);
    for oid in owed {
        let above = catalog::tview(oid)?
            .map(|t| t.above.clone())
            .unwrap_or_default();
        if above.iter().any(|a| tables.contains(a)) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn reads_tview(reading: &Reading) -> Result<bool> {
    for table in tables(reading) {
        if catalog::is_tview(table)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What it reads, and of what that is a partition.
fn tables(reading: &Reading) -> Vec<Oid> {
    let ancestors = reading
        .relations
        .iter()
        .flat_map(|r| relation::ancestors(*r));
    reading.relations.iter().copied().chain(ancestors).collect()
}

pub(crate) fn transaction_end() {
    queue::clear();
    refresh::forget();
}

pub(crate) fn subtransaction_abort(nest: i32) {
    queue::subtransaction_aborted(nest);
    refresh::subtransaction_aborted(nest);
}
