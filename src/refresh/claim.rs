//! Owns the first half of a refresh: which keys are concerned, found and locked so that they stay what they
//! are until the transaction ends. What is read to find out what to lock is read under the locks taken so
//! far, by a snapshot newer than these; where a lock is not free, all starts over ([`Round`]).

use super::lock::{Blocked, Round, hashes};
use super::patch::Patches;
use super::{KEYS_AT_ONCE, as_reader, resolve, take_snapshot, unless_expressions_fail};
use crate::catalog::{LockedEnd, Lookup, Tview};
use crate::error::{Error, Result};
use crate::pg::snapshot::Freshness;
use crate::pg::spi::{Args, Session};
use crate::pg::value::{Row, Storage};
use crate::queue::{Changes, Effect, Start};
use crate::stats::Tally;
use std::collections::{HashMap, HashSet};

/// What rows are claimed for.
#[derive(Clone, Copy)]
pub(super) enum Aim<'w> {
    Compute,
    /// Their keys are locked, and needed for nothing else.
    Patch(&'w Patches<'w>),
}

/// Why an attempt ends early.
enum Halt {
    /// A lock is not free.
    Blocked,
    /// Only the whole TVIEW can be claimed.
    Whole,
    Failed(Error),
}

impl From<Blocked> for Halt {
    fn from(_: Blocked) -> Halt {
        Halt::Blocked
    }
}

impl From<Error> for Halt {
    fn from(error: Error) -> Halt {
        Halt::Failed(error)
    }
}

type Attempt<T> = std::result::Result<T, Halt>;

/// A refresh of one TVIEW, as far as its locks go; they stay when this is gone.
pub(super) struct Claiming<'c> {
    session: &'c Session,
    tview: &'c Tview,
    round: Round<'c>,
}

impl<'c> Claiming<'c> {
    pub(super) fn start(session: &'c Session, tview: &'c Tview, tally: &'c Tally) -> Claiming<'c> {
        Claiming {
            session,
            tview,
            round: Round::start(tview, tally),
        }
    }

    /// Locks the whole TVIEW, whatever was locked of it here before.
    pub(super) fn whole(&mut self) {
        if self.round.whole().is_err() {
            self.round.wait();
        }
    }

    /// Finds and locks the keys that changes concern; `None` if only the whole TVIEW can be claimed.
    pub(super) fn rows(
        &mut self,
        changes: &[(Start, Changes)],
        freshness: Freshness,
        aim: Aim<'_>,
    ) -> Result<Option<Vec<Row>>> {
        loop {
            match self.attempt(changes, freshness, aim) {
                Ok(keys) => return Ok(Some(keys)),
                Err(Halt::Blocked) => self.round.wait(),
                Err(Halt::Whole) => return Ok(None),
                Err(Halt::Failed(error)) => return Err(error),
            }
        }
    }

    fn attempt(
        &mut self,
        changes: &[(Start, Changes)],
        freshness: Freshness,
        aim: Aim<'_>,
    ) -> Attempt<Vec<Row>> {
        if !changes
            .iter()
            .all(|(start, _)| resolve::fits(self.tview, start))
        {
            // DDL in this transaction changed the route.
            return Err(Halt::Whole);
        }
        self.round.intend()?;
        self.changed_values(changes)?;
        // Before the keys: where they are made of several sources, rows that a link leads to decide which.
        self.read_set(changes)?;
        self.changed_parts(changes)?;
        match aim {
            Aim::Patch(_) if self.round.is_whole() => Err(Halt::Whole),
            _ => self.keys(changes, freshness, aim),
        }
    }

    /// Locks the values that changed rows are linked by, as they were and as they are.
    fn changed_values(&mut self, changes: &[(Start, Changes)]) -> Attempt<()> {
        for (start, rows) in changes {
            if matches!(self.lookup(start.source), Some(Lookup::Whole)) {
                self.round.whole()?;
            }
            for edge in &self.tview.locking.up[start.source] {
                if self.round.is_whole() {
                    return Ok(());
                }
                let edge = &self.tview.locking.edges[*edge];
                let rows: Vec<Row> = rows.keys().cloned().collect();
                let values = self.captured_values(&edge.child, start.source, &rows)?;
                self.round
                    .values(edge.number, hashes(&edge.child, &values))?;
            }
        }
        Ok(())
    }

    /// Locks the parts of keys that changed rows lead to, where keys are locked by parts.
    fn changed_parts(&mut self, changes: &[(Start, Changes)]) -> Attempt<()> {
        let mut found = HashSet::new();
        for (start, rows) in changes {
            let parts = self.parts(start.source, rows)?;
            found.extend(parts.iter().map(|p| self.tview.locking.hash_parts(p)));
        }
        self.round.keys(&found)?;
        Ok(())
    }

    /// Finds the keys and locks them. By parts they are locked before: who writes another key with the same
    /// part may have committed since, so what was found before the lock of its part is looked for again.
    fn keys(
        &mut self,
        changes: &[(Start, Changes)],
        freshness: Freshness,
        aim: Aim<'_>,
    ) -> Attempt<Vec<Row>> {
        let locking = &self.tview.locking;
        loop {
            let keys = resolve::keys(self.session, self.tview, changes, freshness, aim)?;
            let keys = keys.ok_or(Halt::Whole)?;
            if self.tview.is_computed && keys.len() > KEYS_AT_ONCE {
                // An expression may fail after some rows are written, and their locks cannot be given back.
                self.round.whole()?;
            }
            let hashes: HashSet<u32> = keys.iter().map(|k| locking.hash_key(k)).collect();
            let was_locked = locking.lookups.is_none() || self.round.has_keys(&hashes);
            self.round.keys(&hashes)?;
            if was_locked {
                return Ok(keys);
            }
        }
    }

    /// The parts of keys that rows lead to, where keys are locked by parts.
    fn parts(&self, source: usize, rows: &Changes) -> Attempt<Vec<Row>> {
        match self.lookup(source) {
            Some(Lookup::Captured(places)) => Ok(rows.keys().map(|r| project(r, places)).collect()),
            Some(Lookup::Query(query)) => {
                let rows: Vec<Row> = rows.keys().cloned().collect();
                let parts = self.tview.locking.parts.iter();
                let storage: Vec<Storage> = parts.map(|p| self.tview.key[*p]).collect();
                let columns = self.tview.captured_storage(source);
                self.read(query, &rows, &columns, &storage)
            }
            Some(Lookup::Whole) | None => Ok(Vec::new()),
        }
    }

    /// Locks what new links lead to, from edge to edge away from the key.
    fn read_set(&mut self, changes: &[(Start, Changes)]) -> Attempt<()> {
        let locking = &self.tview.locking;
        let mut seen: HashMap<usize, HashSet<Row>> = HashMap::new();
        let mut next: Vec<(usize, Vec<Row>)> = Vec::new();
        for (start, rows) in changes {
            let linking = rows.iter().filter(|(_, effect)| **effect == Effect::Links);
            let rows: Vec<Row> = linking.map(|(row, _)| row.clone()).collect();
            for edge in &locking.down[start.source] {
                let end = &locking.edges[*edge].parent;
                next.push((*edge, self.captured_values(end, start.source, &rows)?));
            }
        }
        while let Some((n, mut values)) = next.pop() {
            let edge = &locking.edges[n];
            let known = seen.entry(n).or_default();
            values.retain(|v| edge.parent.hash(v).is_some() && known.insert(v.clone()));
            if values.is_empty() || self.round.is_whole() {
                continue;
            }
            self.round
                .read(edge.number, hashes(&edge.parent, &values))?;
            for (further, query) in &edge.steps {
                let storage = &locking.edges[*further].parent.storage;
                let further_values = self.read(query, &values, &edge.parent.storage, storage)?;
                next.push((*further, further_values));
            }
        }
        Ok(())
    }

    fn lookup(&self, source: usize) -> Option<&'_ Lookup> {
        let lookups = self.tview.locking.lookups.as_ref()?;
        lookups.get(source)
    }

    /// The values of an end in captured rows.
    fn captured_values(&self, end: &LockedEnd, source: usize, rows: &[Row]) -> Attempt<Vec<Row>> {
        match &end.query {
            None => Ok(rows.iter().map(|r| project(r, &end.places)).collect()),
            Some(query) => {
                let columns = self.tview.captured_storage(source);
                self.read(query, rows, &columns, &end.storage)
            }
        }
    }

    /// Runs a statement from rows to rows. Where an expression fails, only the whole can be claimed.
    fn read(
        &self,
        query: &str,
        rows: &[Row],
        columns: &[Storage],
        result: &[Storage],
    ) -> Attempt<Vec<Row>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let active = take_snapshot(Freshness::Latest);
        let _reader = as_reader(self.tview);
        let found = unless_expressions_fail(self.tview, || {
            let mut found = Vec::new();
            for some in rows.chunks(KEYS_AT_ONCE) {
                let args = Args::none().with_rows(some, columns);
                let given = self.session.run(query, &args, active.snapshot())?;
                found.extend((0..given.len()).map(|r| given.row(r, result)));
            }
            Ok(found)
        })?;
        found.ok_or(Halt::Whole)
    }
}

fn project(row: &Row, places: &[usize]) -> Row {
    places.iter().map(|p| row[*p].clone()).collect()
}
