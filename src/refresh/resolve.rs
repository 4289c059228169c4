//! Owns the way from captured values to the keys of the rows to compute again.

use super::claim::Aim;
use super::{KEYS_AT_ONCE, as_reader, take_snapshot, unless_expressions_fail};
use crate::catalog::{Direct, Patcher, Tview};
use crate::error::{Error, Result};
use crate::guc;
use crate::pg::direct::Lookup;
use crate::pg::relation;
use crate::pg::snapshot::{Freshness, Snapshot};
use crate::pg::spi::{Args, Session};
use crate::pg::value::{Row, Storage};
use crate::queue::{Changes, Effect, Start};
use std::collections::HashSet;

/// A share of a TVIEW's rows beyond which comparing them all is cheaper than one by one: somewhere from a third, for documents that
/// joins alone make, to all of them, for ones that take subqueries.
const SHARE_OF_ROWS: f64 = 0.5;

/// Whether captured values still are what the route starts from.
pub(super) fn fits(tview: &Tview, start: &Start) -> bool {
    let captured = tview.locking.captured.get(start.source);
    captured.is_some_and(|c| **c == *start.attributes)
        && tview.graph.sources[start.source].relid == start.relid
        && *tview.captured_types(start.source) == *start.types
}

/// The keys of all rows that the changes can concern; `None` if they are better compared whole. Where a
/// transaction keeps to its snapshot, those that this one leads to and those that the latest does.
pub(super) fn keys(
    session: &Session,
    tview: &Tview,
    changes: &[(Start, Changes)],
    freshness: Freshness,
    aim: Aim<'_>,
) -> Result<Option<Vec<Row>>> {
    let mut keys: HashSet<Row> = HashSet::new();
    for freshness in freshness.each() {
        for (n, (start, rows)) in changes.iter().enumerate() {
            check_null_keys(session, tview, start, rows, *freshness)?;
            let is_kept = match Way::of(tview, start.source, n, aim) {
                Way::Captured => {
                    let parts = tview.key.len();
                    let own = rows.keys().map(|row| row[..parts].into());
                    keys.extend(own.filter(is_complete));
                    true
                }
                Way::OwnRows(direct) => {
                    of_own_rows(direct, rows.keys(), &mut keys)?;
                    true
                }
                Way::Query(query) => {
                    from_values(session, tview, start, rows, &query, *freshness, &mut keys)?
                }
            };
            let is_too_many = match aim {
                Aim::Compute => keys.len() > guc::pending_limit(),
                Aim::Patch(_) => keys.len() > guc::lock_limit(),
            };
            if !is_kept || is_too_many {
                return Ok(None);
            }
        }
    }
    let is_whole = matches!(aim, Aim::Compute) && is_most(tview, changes, keys.len());
    Ok((!is_whole).then(|| keys.into_iter().collect()))
}

/// Whether so many keys are better compared whole. Those whose row is gone take no computing.
fn is_most(tview: &Tview, changes: &[(Start, Changes)], keys: usize) -> bool {
    if keys <= KEYS_AT_ONCE {
        return false;
    }
    let holding = changes
        .iter()
        .filter(|(start, _)| holds_key(tview, start.source));
    let effects = holding.flat_map(|(_, rows)| rows.values());
    let gone = effects.filter(|e| **e == Effect::Goes).count();
    keys.saturating_sub(gone) as f64 > SHARE_OF_ROWS * relation::estimated_rows(tview.oid)
}

/// Adds the keys of the rows that the TVIEW has for captured values, until there are too many to lock.
fn of_own_rows<'r>(
    direct: &Direct,
    rows: impl Iterator<Item = &'r Row>,
    keys: &mut HashSet<Row>,
) -> Result<()> {
    let active = take_snapshot(Freshness::Latest);
    let mut own = Lookup::open(direct.own, active.snapshot());
    for row in rows {
        own.each(&row[direct.place], |found| {
            let value = |(attribute, storage): &(i16, Storage)| found.value(*attribute, *storage);
            keys.insert(direct.key.iter().map(value).collect());
            Ok(())
        })?;
        if keys.len() > guc::lock_limit() {
            break;
        }
    }
    Ok(())
}

/// How captured values of a source lead to keys.
enum Way<'t> {
    /// They are keys.
    Captured,
    /// The TVIEW's own rows have them, and are found without a statement.
    OwnRows(&'t Direct),
    Query(KeyQuery<'t>),
}

impl Way<'_> {
    /// For the n-th changes. A patch concerns rows that the TVIEW has, and links that are as they were: so its own columns may lead to them.
    fn of<'t>(tview: &'t Tview, source: usize, n: usize, aim: Aim<'t>) -> Way<'t> {
        let (patcher, direct) = match aim {
            Aim::Compute => (None, None),
            Aim::Patch(patches) => (tview.patches[source].as_ref(), patches.way(n)),
        };
        let own = patcher.and_then(|p| p.statements.keys.as_deref());
        let query = match (own, &tview.key_queries[source]) {
            (Some(sql), _) => KeyQuery { sql, patcher },
            (None, Some(sql)) => KeyQuery { sql, patcher: None },
            (None, None) => return Way::Captured,
        };
        direct.map_or(Way::Query(query), Way::OwnRows)
    }
}

/// A query from captured values to keys, and what its parameter is made by; without, an array of records.
struct KeyQuery<'t> {
    sql: &'t str,
    patcher: Option<&'t Patcher>,
}

impl KeyQuery<'_> {
    fn args(&self, rows: &[Row], columns: &[Storage]) -> Args {
        match self.patcher {
            Some(patcher) => patcher.args(rows, columns),
            None => Args::none().with_rows(rows, columns),
        }
    }
}

/// Adds the keys that a lookup gives; false if an expression failed.
fn from_values(
    session: &Session,
    tview: &Tview,
    start: &Start,
    rows: &Changes,
    query: &KeyQuery<'_>,
    freshness: Freshness,
    keys: &mut HashSet<Row>,
) -> Result<bool> {
    let active = take_snapshot(freshness);
    let _reader = as_reader(tview);
    let strict = tview.routes[start.source].is_strict();
    let leads_on = |row: &&Row| row.iter().zip(&strict).all(|(v, s)| !(*s && v.is_null()));
    let rows: Vec<Row> = rows.keys().filter(leads_on).cloned().collect();
    let snapshot = active.snapshot();
    let look_up = || look_up(session, tview, start, &rows, query, snapshot, keys);
    let Some(is_null_met) = unless_expressions_fail(tview, look_up)? else {
        return Ok(false);
    };
    if is_null_met {
        refuse_null_keys(session, tview, snapshot)?;
    }
    Ok(true)
}

/// A key has no NULL in it.
pub(super) fn is_complete(row: &Row) -> bool {
    row.iter().all(|v| !v.is_null())
}

/// Adds the keys to which values lead; true if one has a NULL in it.
fn look_up(
    session: &Session,
    tview: &Tview,
    start: &Start,
    rows: &[Row],
    query: &KeyQuery<'_>,
    snapshot: Snapshot<'_>,
    keys: &mut HashSet<Row>,
) -> Result<bool> {
    let columns = tview.captured_storage(start.source);
    let mut is_null_met = false;
    for some in rows.chunks(KEYS_AT_ONCE) {
        let found = session.run(query.sql, &query.args(some, &columns), snapshot)?;
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
    rows: &Changes,
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
    if !rows.keys().any(lacks_key) {
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
    let found = session.run(&tview.table.null_key(), &Args::none(), snapshot)?;
    match found.len() {
        0 => Ok(()),
        _ => Err(null_key(tview)),
    }
}

pub(super) fn null_key(tview: &Tview) -> Error {
    let columns: Vec<&str> = tview.graph.key.iter().map(|k| k.name.as_str()).collect();
    Error::NullKey {
        table: tview.name.name.clone(),
        columns: columns.join(", "),
        is_stored: false,
    }
}
