//! Owns what `pg_tviews_stats` and `pg_tviews_progress` read.

use crate::pg::guard::boundary;
use crate::pg::identity::{current_user, has_rights_of, may_read_all_statistics};
use crate::pg::{relation, transaction};
use crate::stats::{Counted, Counter, Failure};
use crate::{progress, stats};
use pgrx::pg_sys::{Oid, TimestampTz};
use pgrx::prelude::*;

/// In place of what only others may see, as PostgreSQL shows it.
const HIDDEN: &str = "<insufficient privilege>";

#[pg_extern(sql = false)]
#[allow(clippy::type_complexity)]
fn pg_tviews_stats_counted() -> TableIterator<
    'static,
    (
        name!(tview, Oid),
        name!(lock_waits, i64),
        name!(lock_wait_ms, f64),
        name!(flushes, i64),
        name!(keys_resolved, i64),
        name!(rows_inserted, i64),
        name!(rows_updated, i64),
        name!(rows_patched, i64),
        name!(rows_deleted, i64),
        name!(rows_unchanged, i64),
        name!(full_comparisons, i64),
        name!(resolve_ms, f64),
        name!(compare_ms, f64),
        name!(write_ms, f64),
        name!(errors, i64),
        name!(last_error_sqlstate, Option<String>),
        name!(last_error, Option<String>),
        name!(last_error_at, Option<TimestampWithTimeZone>),
        name!(stats_reset, Option<TimestampWithTimeZone>),
    ),
> {
    let row = |c: Counted| {
        let count = |counter| c.counts.get(counter) as i64;
        let failure = c.failure.as_ref();
        (
            c.tview,
            count(Counter::LockWaits),
            c.counts.millis(Counter::LockWaiting),
            count(Counter::Flushes),
            count(Counter::Keys),
            count(Counter::Inserted),
            count(Counter::Updated),
            count(Counter::Patched),
            count(Counter::Deleted),
            count(Counter::Unchanged),
            count(Counter::FullComparisons),
            c.counts.millis(Counter::Resolving),
            c.counts.millis(Counter::Comparing),
            c.counts.millis(Counter::Writing),
            count(Counter::Errors),
            failure.map(Failure::sqlstate),
            failure.map(|f| message(&c, f)),
            failure.and_then(|f| timestamp(f.at)),
            timestamp(c.reset_at),
        )
    };
    TableIterator::new(boundary(|| {
        let counted = stats::counted(transaction::database());
        Ok(counted.into_iter().map(row).collect::<Vec<_>>())
    }))
}

/// The message of an error, which may contain values of any source: the TVIEW's owner may read them, under whose
/// rights the query runs.
fn message(counted: &Counted, failure: &Failure) -> String {
    let user = current_user();
    let is_owners = || {
        let class = relation::class(counted.tview);
        class.is_some_and(|c| has_rights_of(user, c.owner))
    };
    match may_read_all_statistics(user) || is_owners() {
        true => failure.message(),
        false => HIDDEN.to_owned(),
    }
}

fn timestamp(at: TimestampTz) -> Option<TimestampWithTimeZone> {
    (at != 0)
        .then(|| TimestampWithTimeZone::try_from(at).ok())
        .flatten()
}

#[pg_extern(sql = false)]
fn pg_tviews_stats_reset() {
    boundary(|| {
        stats::reset(transaction::database());
        Ok(())
    });
}

#[pg_extern(sql = false)]
#[allow(clippy::type_complexity)]
fn pg_tviews_progress_reported() -> TableIterator<
    'static,
    (
        name!(pid, i32),
        name!(tview, Oid),
        name!(operation, String),
        name!(phase, String),
        name!(rows_done, i64),
        name!(rows_total, Option<i64>),
        name!(started_at, Option<TimestampWithTimeZone>),
    ),
> {
    let rows = progress::reported(transaction::database());
    TableIterator::new(rows.into_iter().map(|p| {
        (
            p.pid,
            p.tview,
            p.operation,
            p.phase,
            p.rows_done as i64,
            p.rows_total,
            timestamp(p.started_at),
        )
    }))
}
