//! Owns the first half of a refresh: which keys are concerned, found and locked so that they stay what they
//! are until the transaction ends. What is read to find out what to lock is read under the locks taken so
//! far, by a snapshot newer than these; where a lock is not free, all starts over ([`Round`]).

use super::lock::{Access, Round, hashes};
use super::{KEYS_AT_ONCE, as_reader, resolve, take_snapshot, unless_expressions_fail};
use crate::catalog::{LockedEnd, Lookup, Tview};
use crate::error::Result;
use crate::pg::snapshot::Freshness;
use crate::pg::spi::{Args, Session};
use crate::pg::value::{Row, Storage};
use crate::queue::{Changes, Effect, Start};
use std::collections::{HashMap, HashSet};

/// What an attempt has come to.
enum Step<T> {
    Done(T),
    /// A lock is not free.
    Blocked,
    /// Only the whole TVIEW can be claimed.
    Whole,
}

/// A refresh of one TVIEW, as far as its locks go; they stay when this is gone.
pub(super) struct Claiming<'c> {
    session: &'c Session,
    tview: &'c Tview,
    round: Round<'c>,
}

/// Leaves the function where a lock is not free.
macro_rules! granted {
    ($access:expr) => {
        if $access == Access::Blocked {
            return Ok(Step::Blocked);
        }
    };
}

/// The value of a step that is done; leaves the function with any other.
macro_rules! done {
    ($step:expr) => {
        match $step {
            Step::Done(value) => value,
            Step::Blocked => return Ok(Step::Blocked),
            Step::Whole => return Ok(Step::Whole),
        }
    };
}

impl<'c> Claiming<'c> {
    pub(super) fn start(session: &'c Session, tview: &'c Tview) -> Claiming<'c> {
        Claiming {
            session,
            tview,
            round: Round::start(tview),
        }
    }

    /// Locks the whole TVIEW, whatever was locked of it here before.
    pub(super) fn whole(&mut self) {
        if self.round.whole() == Access::Blocked {
            self.round.wait();
        }
    }

    /// Finds and locks the keys that changes concern; `None` if only the whole TVIEW can be claimed.
    pub(super) fn rows(
        &mut self,
        changes: &[(Start, Changes)],
        freshness: Freshness,
    ) -> Result<Option<Vec<Row>>> {
        loop {
            match self.attempt(changes, freshness)? {
                Step::Done(keys) => return Ok(Some(keys)),
                Step::Blocked => self.round.wait(),
                Step::Whole => return Ok(None),
            }
        }
    }

    fn attempt(
        &mut self,
        changes: &[(Start, Changes)],
        freshness: Freshness,
    ) -> Result<Step<Vec<Row>>> {
        if !changes
            .iter()
            .all(|(start, _)| resolve::fits(self.tview, start))
        {
            // DDL in this transaction changed the route.
            return Ok(Step::Whole);
        }
        granted!(self.round.intend());
        done!(self.changed_values(changes)?);
        let keys = resolve::keys(self.session, self.tview, changes, freshness)?;
        let Some(keys) = keys else {
            return Ok(Step::Whole);
        };
        done!(self.keys(changes, &keys)?);
        done!(self.read_set(changes)?);
        Ok(Step::Done(keys))
    }

    /// Locks the values that changed rows are linked by, as they were and as they are.
    fn changed_values(&mut self, changes: &[(Start, Changes)]) -> Result<Step<()>> {
        for (start, rows) in changes {
            if matches!(self.lookup(start.source), Some(Lookup::Whole)) {
                granted!(self.round.whole());
            }
            for edge in &self.tview.locking.up[start.source] {
                if self.round.is_whole() {
                    return Ok(Step::Done(()));
                }
                let edge = &self.tview.locking.edges[*edge];
                let rows: Vec<Row> = rows.keys().cloned().collect();
                let Some(values) = self.captured_values(&edge.child, start.source, rows)? else {
                    return Ok(Step::Whole);
                };
                granted!(self.round.values(edge.number, hashes(&edge.child, &values)));
            }
        }
        Ok(Step::Done(()))
    }

    /// Locks the keys, or the parts of them by which rows are locked.
    fn keys(&mut self, changes: &[(Start, Changes)], keys: &[Row]) -> Result<Step<()>> {
        let locking = &self.tview.locking;
        if self.round.is_whole() {
            return Ok(Step::Done(()));
        }
        let mut found: HashSet<u32> = keys.iter().map(|k| locking.hash_key(k)).collect();
        for (start, rows) in changes {
            let rows = rows.keys();
            match self.lookup(start.source) {
                Some(Lookup::Captured(places)) => {
                    let parts = rows.map(|row| project(row, places));
                    found.extend(parts.map(|p| locking.hash_parts(&p)));
                }
                Some(Lookup::Query(query)) => {
                    let rows: Vec<Row> = rows.cloned().collect();
                    let storage: Vec<Storage> =
                        locking.parts.iter().map(|p| self.tview.key[*p]).collect();
                    let columns = self.tview.captured_storage(start.source);
                    let Some(parts) = self.read(query, &rows, &columns, &storage)? else {
                        return Ok(Step::Whole);
                    };
                    found.extend(parts.iter().map(|p| locking.hash_parts(p)));
                }
                Some(Lookup::Whole) | None => {}
            }
        }
        granted!(self.round.keys(found.into_iter()));
        Ok(Step::Done(()))
    }

    /// Locks what new links lead to, from edge to edge away from the key.
    fn read_set(&mut self, changes: &[(Start, Changes)]) -> Result<Step<()>> {
        let locking = &self.tview.locking;
        let mut seen: HashMap<usize, HashSet<Row>> = HashMap::new();
        let mut next: Vec<(usize, Vec<Row>)> = Vec::new();
        for (start, rows) in changes {
            let linking = rows.iter().filter(|(_, effect)| **effect == Effect::Links);
            let rows: Vec<Row> = linking.map(|(row, _)| row.clone()).collect();
            for edge in &locking.down[start.source] {
                let end = &locking.edges[*edge].parent;
                match self.captured_values(end, start.source, rows.clone())? {
                    Some(values) => next.push((*edge, values)),
                    None => return Ok(Step::Whole),
                }
            }
        }
        while let Some((n, mut values)) = next.pop() {
            let edge = &locking.edges[n];
            let known = seen.entry(n).or_default();
            values.retain(|v| edge.parent.hash(v).is_some() && known.insert(v.clone()));
            if values.is_empty() || self.round.is_whole() {
                continue;
            }
            granted!(self.round.read(edge.number, hashes(&edge.parent, &values)));
            for (further, query) in &edge.steps {
                let storage = &locking.edges[*further].parent.storage;
                match self.read(query, &values, &edge.parent.storage, storage)? {
                    Some(values) => next.push((*further, values)),
                    None => return Ok(Step::Whole),
                }
            }
        }
        Ok(Step::Done(()))
    }

    fn lookup(&self, source: usize) -> Option<&'_ Lookup> {
        let lookups = self.tview.locking.lookups.as_ref()?;
        lookups.get(source)
    }

    /// The values of an end in captured rows; `None` if an expression failed.
    fn captured_values(
        &self,
        end: &LockedEnd,
        source: usize,
        rows: Vec<Row>,
    ) -> Result<Option<Vec<Row>>> {
        match &end.query {
            None => Ok(Some(rows.iter().map(|r| project(r, &end.places)).collect())),
            Some(query) => {
                let columns = self.tview.captured_storage(source);
                self.read(query, &rows, &columns, &end.storage)
            }
        }
    }

    /// Runs a statement from rows to rows; `None` if an expression failed.
    fn read(
        &self,
        query: &str,
        rows: &[Row],
        columns: &[Storage],
        result: &[Storage],
    ) -> Result<Option<Vec<Row>>> {
        if rows.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let active = take_snapshot(Freshness::Latest);
        let _reader = as_reader(self.tview);
        unless_expressions_fail(self.tview, || {
            let mut found = Vec::new();
            for some in rows.chunks(KEYS_AT_ONCE) {
                let args = Args::none().with_rows(some, columns);
                let given = self.session.run(query, &args, active.snapshot())?;
                found.extend((0..given.len()).map(|r| given.row(r, result)));
            }
            Ok(found)
        })
    }
}

fn project(row: &Row, places: &[usize]) -> Row {
    places.iter().map(|p| row[*p].clone()).collect()
}
