//! Owns the locks that a refresh of one TVIEW takes, so that of two transactions that write for the same
//! row the later one waits and then sees. `docs/concurrency.md` has the protocol and why it is right.
//!
//! A round takes locks as it finds out what to lock: each first without waiting. Where one is not free, all
//! that the round has are given back, and what it wanted so far is taken in one order, waiting, before the
//! round starts again. So whoever waits holds, of this TVIEW, only locks that come before; TVIEWs have an order too.

use crate::catalog::{LockedEnd, Tview};
use crate::guc;
use crate::pg::lock::{self, Mode, Tag, Target};
use crate::pg::relation;
use crate::sabotage::{Rule, breaks};
use crate::stats::{LockWait, Tally};
use std::collections::{BTreeMap, HashSet};

pub(super) struct Round<'t> {
    tview: &'t Tview,
    tally: &'t Tally,
    /// What this round has taken, in this order.
    taken: Vec<(Tag, Mode)>,
    /// Whatever it has wanted, by the mode that includes all.
    wanted: BTreeMap<Tag, Mode>,
    /// It wants the TVIEW as a whole.
    is_whole: bool,
}

/// A lock could not be had without waiting.
pub(super) struct Blocked;

type Granted = std::result::Result<(), Blocked>;

impl<'t> Round<'t> {
    pub(super) fn start(tview: &'t Tview, tally: &'t Tally) -> Round<'t> {
        Round {
            tview,
            tally,
            taken: Vec::new(),
            wanted: BTreeMap::new(),
            is_whole: false,
        }
    }

    fn tag(&self, target: Target) -> Tag {
        Tag {
            tview: self.tview.oid.to_u32(),
            target,
        }
    }

    /// Takes the TVIEW as a whole: no other transaction refreshes it meanwhile, and there is nothing else to
    /// lock.
    pub(super) fn whole(&mut self) -> Granted {
        if self.is_whole {
            return Ok(());
        }
        // What the round has of it may stand in another's way: give all back before waiting.
        self.want_whole();
        Err(Blocked)
    }

    fn want_whole(&mut self) {
        let mode = match breaks(Rule::TableLocks) || breaks(Rule::Locks) {
            true => Mode::Changing,
            false => Mode::Exclusive,
        };
        self.is_whole = true;
        self.wanted = BTreeMap::from([(self.tag(Target::Table), mode)]);
    }

    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Tells others that keys of the TVIEW are about to be locked.
    pub(super) fn intend(&mut self) -> Granted {
        self.take(Mode::Changing, [Target::Table])?;
        // DDL that goes with readers of a source (ATTACH PARTITION) may have refreshed the TVIEW and committed
        // since its tables were locked here; no further lock on a table makes cached plans learn of it.
        relation::accept_invalidations();
        Ok(())
    }

    /// The values that changed rows are linked by towards the key.
    pub(super) fn values(&mut self, edge: u16, hashes: impl Iterator<Item = u32>) -> Granted {
        match breaks(Rule::ValueLocks) {
            true => Ok(()),
            false => self.take(Mode::Changing, hashes.map(|h| Target::Value(edge, h))),
        }
    }

    /// The values that new links lead to.
    pub(super) fn read(&mut self, edge: u16, hashes: impl Iterator<Item = u32>) -> Granted {
        match breaks(Rule::ReadSets) {
            true => Ok(()),
            false => self.take(Mode::Linking, hashes.map(|h| Target::Value(edge, h))),
        }
    }

    /// The keys to be refreshed, whether there are such rows or not.
    pub(super) fn keys(&mut self, hashes: &HashSet<u32>) -> Granted {
        match breaks(Rule::KeyLocks) {
            true => Ok(()),
            false => self.take(Mode::Exclusive, hashes.iter().map(|h| Target::Key(*h))),
        }
    }

    /// Whether all these keys are locked.
    pub(super) fn has_keys(&self, hashes: &HashSet<u32>) -> bool {
        let has = |hash: &u32| self.wanted.contains_key(&self.tag(Target::Key(*hash)));
        self.is_whole || breaks(Rule::KeyLocks) || breaks(Rule::Locks) || hashes.iter().all(has)
    }

    fn take(&mut self, mode: Mode, targets: impl IntoIterator<Item = Target>) -> Granted {
        if self.is_whole || breaks(Rule::Locks) {
            return Ok(());
        }
        let mut new = Vec::new();
        for target in targets {
            let tag = self.tag(target);
            let known = self.wanted.get(&tag);
            let both = known.map_or(mode, |known| known.with(mode));
            if known != Some(&both) {
                self.wanted.insert(tag, both);
                new.push((tag, both));
            }
        }
        if self.wanted.len() > guc::lock_limit() + 1 {
            return self.whole();
        }
        let is_free = |(tag, mode): (Tag, Mode)| {
            let is_free = lock::try_acquire(tag, mode);
            if is_free {
                self.taken.push((tag, mode));
            }
            is_free
        };
        match new.into_iter().all(is_free) {
            true => Ok(()),
            false => Err(Blocked),
        }
    }

    /// Gives back what the round has, and takes all that it wanted, in order; the whole TVIEW if the server
    /// has no room for all. What was read under the locks given back is to be read again.
    pub(super) fn wait(&mut self) {
        self.give_back();
        let mut waiting = None;
        while !self.take_wanted(&mut waiting) {
            self.give_back();
            self.want_whole();
        }
        relation::accept_invalidations();
    }

    /// False if the server's lock table is full.
    fn take_wanted(&mut self, waiting: &mut Option<LockWait<'t>>) -> bool {
        for (tag, mode) in &self.wanted {
            if !lock::try_acquire(*tag, *mode) {
                waiting.get_or_insert_with(|| LockWait::start(self.tally));
                if !lock::acquire(*tag, *mode) {
                    return false;
                }
            }
            self.taken.push((*tag, *mode));
        }
        true
    }

    fn give_back(&mut self) {
        for (tag, mode) in self.taken.drain(..) {
            lock::release(tag, mode);
        }
    }
}

/// The hashes to lock of some values of an end.
pub(super) fn hashes<'v>(
    end: &'v LockedEnd,
    values: impl IntoIterator<Item = &'v crate::pg::value::Row> + 'v,
) -> impl Iterator<Item = u32> + 'v {
    values.into_iter().filter_map(|row| end.hash(row))
}
