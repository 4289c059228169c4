//! Owns the way from captured values to the keys of the rows to compute again.

use super::{KEYS_AT_ONCE, as_reader, take_snapshot, unless_expressions_fail};
use crate::catalog::Tview;
use crate::error::{Error, Result};
use crate::guc;
use crate::pg::relation;
use crate::pg::snapshot::{Freshness, Snapshot};
use crate::pg::spi::{Args, Session};
use crate::pg::value::Row;
use crate::queue::Start;
use std::collections::HashSet;

/// A share of a TVIEW's rows beyond which comparing them all is cheaper than one by one.
const SHARE_OF_ROWS: f64 = 0.2;

/// The keys of all rows that the changes can concern; `None` if they are better compared whole.
pub(super) fn keys(
    session: &Session,
    tview: &Tview,
    work: Vec<(Start, HashSet<Row>)>,
    freshness: Freshness,
) -> Result<Option<Vec<Row>>> {
    let limit = limit(tview);
    let mut keys: HashSet<Row> = HashSet::new();
    let mut lookups = Vec::new();
    for (start, rows) in work {
        let fits = tview
            .routes
            .get(start.source)
            .is_some_and(|r| *r.start() == *start.attributes)
            && tview.graph.sources[start.source].relid == start.relid
            && *tview.start_types(start.source) == *start.types;
        if !fits {
            // DDL in this transaction changed the route.
            return Ok(None);
        }
        check_null_keys(session, tview, &start, &rows, freshness)?;
        match &tview.key_queries[start.source] {
            Some(query) => lookups.push((start, rows, query)),
            None => keys.extend(rows.into_iter().filter(is_complete)),
        }
    }
    if !lookups.is_empty() {
        let active = take_snapshot(freshness);
        let _reader = as_reader(tview);
        for (start, rows, query) in lookups {
            let strict = tview.routes[start.source].is_strict();
            let leads_on = |row: &Row| row.iter().zip(&strict).all(|(v, s)| !(*s && v.is_null()));
            let rows: Vec<Row> = rows.into_iter().filter(leads_on).collect();
            let look_up = || {
                look_up(
                    session,
                    tview,
                    &start,
                    &rows,
                    query,
                    active.snapshot(),
                    &mut keys,
                )
            };
            let Some(is_null_met) = unless_expressions_fail(tview, look_up)? else {
                return Ok(None);
            };
            if is_null_met {
                refuse_null_keys(session, tview, active.snapshot())?;
            }
            if keys.len() > limit {
                return Ok(None);
            }
        }
    }
    Ok((keys.len() <= limit).then(|| keys.into_iter().collect()))
}

fn limit(tview: &Tview) -> usize {
    let rows = relation::class(tview.oid).map_or(-1.0, |c| c.rows);
    let share = (rows.max(0.0) * SHARE_OF_ROWS) as usize;
    guc::pending_limit().min(share.max(KEYS_AT_ONCE))
}

/// A key has no NULL in it.
fn is_complete(row: &Row) -> bool {
    row.iter().all(|v| !v.is_null())
}

/// Adds the keys to which values lead; true if one has a NULL in it.
fn look_up(
    session: &Session,
    tview: &Tview,
    start: &Start,
    rows: &[Row],
    query: &str,
    snapshot: Snapshot<'_>,
    keys: &mut HashSet<Row>,
) -> Result<bool> {
    let columns = tview.start_storage(start.source);
    let mut is_null_met = false;
    for some in rows.chunks(KEYS_AT_ONCE) {
        let args = Args::none().with_rows(some, &columns);
        let found = session.run(query, &args, snapshot)?;
        let rows = (0..found.len()).map(|r| found.row(r, &tview.key));
        let (complete, other): (Vec<Row>, Vec<Row>) = rows.partition(is_complete);
        is_null_met |= !other.is_empty();
        keys.extend(complete);
    }
    Ok(is_null_met)
}

/// A row of the source that holds the key came or went with a NULL in it: an error if the query
/// shows it, since the table cannot.
fn check_null_keys(
    session: &Session,
    tview: &Tview,
    start: &Start,
    rows: &HashSet<Row>,
    freshness: Freshness,
) -> Result<()> {
    if !holds_key(tview, start.source) {
        return Ok(());
    }
    let is_key = tview.routes[start.source].is_key();
    let lacks_key = |row: &Row| {
        row.iter()
            .zip(&is_key)
            .any(|(v, is_key)| *is_key && v.is_null())
    };
    if !rows.iter().any(lacks_key) {
        return Ok(());
    }
    let active = take_snapshot(freshness);
    let _reader = as_reader(tview);
    refuse_null_keys(session, tview, active.snapshot())
}

fn holds_key(tview: &Tview, source: usize) -> bool {
    tview.graph.roots.iter().any(|r| r.side.source == source)
}

/// A key came out NULL: an error if the query shows a row with it.
fn refuse_null_keys(session: &Session, tview: &Tview, snapshot: Snapshot<'_>) -> Result<()> {
    let found = session.run(&tview.statements.null_key, &Args::none(), snapshot)?;
    match found.len() {
        0 => Ok(()),
        _ => Err(Error::NullKey {
            table: tview.name.name.clone(),
            columns: tview
                .graph
                .key
                .iter()
                .map(|k| k.name.clone())
                .collect::<Vec<_>>()
                .join(", "),
        }),
    }
}
