//! Owns what the current transaction owes: tables to convert and changes that have not reached
//! the TVIEWs yet. Lives in this backend's memory and nowhere else.
//!
//! Lifecycle: capture adds to the level of the running (sub)transaction; a subtransaction that
//! commits hands its level to its parent, one that rolls back drops it. A flush takes everything.
//! What it takes from outer levels while inside a subtransaction it only *borrows*: the writes
//! vanish if that subtransaction rolls back, so then the outer levels owe it again.

use crate::guc;
use crate::pg::snapshot;
use crate::pg::transaction::nest_level;
use crate::pg::value::Row;
use crate::sabotage::{Rule, breaks};
use pgrx::pg_sys::Oid;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// Where captured values start from: a source of a TVIEW. The attributes tell a later reader
/// whether the values still fit the route, which DDL in the same transaction may change.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Start {
    pub(crate) tview: Oid,
    pub(crate) source: usize,
    pub(crate) attributes: Rc<[i16]>,
    /// The source, and the types of the attributes.
    pub(crate) relid: u32,
    pub(crate) types: Rc<[u32]>,
}

/// What a changed row can do to others' view of the TVIEW; the greater includes the lesser.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Effect {
    /// Rows show other values of a row that they showed before, in these parts ([`crate::lineage::patch`]), as bits.
    Patches(u64),
    /// The row is not there any more: if rows of the TVIEW are made of it, they are gone too.
    Goes,
    /// Rows show something else than before.
    Shows,
    /// It also makes a link, by which changes of other rows matter that did not before.
    Links,
}

/// Among the bits of [`Effect::Patches`]: the row has changed more than once, maybe back to what it was.
pub(crate) const REPEATEDLY: u64 = 1 << 63;

impl Effect {
    /// Of two changes of one row.
    fn with(self, other: Effect) -> Effect {
        match (self, other) {
            (Effect::Patches(a), Effect::Patches(b)) => Effect::Patches(a | b | REPEATEDLY),
            _ => self.max(other),
        }
    }
}

/// Captured values of changed rows, each as it was or as it is.
pub(crate) type Changes = HashMap<Row, Effect>;

/// Changes that have not reached the TVIEWs.
#[derive(Default, Clone)]
pub(crate) struct Owed {
    pub(crate) rows: HashMap<Start, Changes>,
    /// TVIEWs to compare as a whole.
    pub(crate) whole: HashSet<Oid>,
}

impl Owed {
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.whole.is_empty()
    }

    /// The TVIEWs it concerns.
    pub(crate) fn tviews(&self) -> HashSet<Oid> {
        self.rows
            .keys()
            .map(|s| s.tview)
            .chain(self.whole.iter().copied())
            .collect()
    }

    fn add_row(&mut self, start: &Start, row: Row, effect: Effect) {
        if self.whole.contains(&start.tview) {
            return;
        }
        let rows = match self.rows.get_mut(start) {
            Some(rows) => rows,
            None => self.rows.entry(start.clone()).or_default(),
        };
        rows.entry(row)
            .and_modify(|known| *known = known.with(effect))
            .or_insert(effect);
        if rows.len() > guc::pending_limit() {
            self.add_whole(start.tview);
        }
    }

    fn add_whole(&mut self, tview: Oid) {
        if self.whole.insert(tview) {
            self.rows.retain(|start, _| start.tview != tview);
        }
    }

    pub(crate) fn merge(&mut self, other: Owed) {
        for tview in other.whole {
            self.add_whole(tview);
        }
        for (start, rows) in other.rows {
            rows.into_iter()
                .for_each(|(row, effect)| self.add_row(&start, row, effect));
        }
    }
}

/// A table to convert at commit.
#[derive(Clone)]
pub(crate) struct Conversion {
    pub(crate) relid: Oid,
    /// Its query, as [`crate::pg::node::Tree::to_text`] writes it.
    pub(crate) definition: String,
    /// The command that followed the fill, or the last of those since that have left all rows alone: nothing else has
    /// happened if it is still the current one.
    pub(crate) command: u32,
    /// Created with its data.
    pub(crate) is_filled: bool,
    /// The columns that the query gave, by attribute number, type and modifier.
    pub(crate) columns: Vec<(i16, u32, i32)>,
    /// Settings under which it was filled, as name=value.
    pub(crate) settings: Vec<String>,
}

/// A `CREATE TABLE AS` between its start and its end.
pub(crate) enum Starting {
    Convert {
        definition: String,
        is_filled: bool,
    },
    Record {
        definition: String,
    },
    /// It stays an ordinary table; why, and what a conversion takes first, if there can be one.
    Notice {
        detail: String,
        remedy: Option<&'static str>,
    },
}

#[derive(Default)]
struct Level {
    nest: i32,
    owed: Owed,
    /// Flushed here for outer levels.
    borrowed: Vec<(i32, Owed)>,
    conversions: Vec<Conversion>,
    starting: Vec<Starting>,
}

thread_local! {
    static LEVELS: RefCell<Vec<Level>> = const { RefCell::new(Vec::new()) };
}

fn with_current<T>(f: impl FnOnce(&mut Level) -> T) -> T {
    let nest = nest_level();
    LEVELS.with_borrow_mut(|levels| {
        if levels.last().is_none_or(|l| l.nest < nest) {
            levels.push(Level {
                nest,
                ..Level::default()
            });
        }
        let last = levels.len() - 1;
        f(&mut levels[last])
    })
}

/// Adds to what is owed at the current level, many rows under one access.
pub(crate) struct Adding<'a>(&'a mut Owed);

impl Adding<'_> {
    pub(crate) fn row(&mut self, start: &Start, row: Row, effect: Effect) {
        self.0.add_row(start, row, effect);
    }

    pub(crate) fn whole(&mut self, tview: Oid) {
        self.0.add_whole(tview);
    }

    pub(crate) fn is_whole(&self, tview: Oid) -> bool {
        self.0.whole.contains(&tview)
    }
}

/// `f` must not call into this module again.
pub(crate) fn add(f: impl FnOnce(&mut Adding<'_>)) {
    // `f` calls the server, which may end the process there: the abort on the way out clears the
    // levels, so they must not be borrowed meanwhile. After an ERROR this level is dropped anyway.
    let mut owed = with_current(|level| std::mem::take(&mut level.owed));
    f(&mut Adding(&mut owed));
    with_current(|level| level.owed = owed);
}

pub(crate) fn record(conversion: Conversion) {
    with_current(|level| level.conversions.push(conversion));
}

/// All commands from this one up to the current one have left all rows alone.
pub(crate) fn rows_were_left(since: u32) {
    if !has_conversions() {
        return;
    }
    snapshot::advance();
    let now = snapshot::command_id();
    LEVELS.with_borrow_mut(|levels| {
        let conversions = levels.iter_mut().flat_map(|l| &mut l.conversions);
        conversions
            .filter(|c| c.command == since)
            .for_each(|c| c.command = now);
    });
}

pub(crate) fn begin(starting: Starting) {
    with_current(|level| level.starting.push(starting));
}

/// The innermost statement that [`begin`] told of at this level.
pub(crate) fn finish() -> Option<Starting> {
    with_current(|level| level.starting.pop())
}

pub(crate) fn has_changes() -> bool {
    LEVELS.with_borrow(|levels| levels.iter().any(|l| !l.owed.is_empty()))
}

pub(crate) fn has_conversions() -> bool {
    LEVELS.with_borrow(|levels| levels.iter().any(|l| !l.conversions.is_empty()))
}

/// The TVIEWs that something is owed to.
pub(crate) fn tviews() -> HashSet<Oid> {
    LEVELS.with_borrow(|levels| levels.iter().flat_map(|l| l.owed.tviews()).collect())
}

/// Takes all changes; see the module's head for what that means in a subtransaction.
pub(crate) fn take_changes() -> Owed {
    let nest = nest_level();
    let taken: Vec<(i32, Owed)> = LEVELS.with_borrow_mut(|levels| {
        levels
            .iter_mut()
            .filter(|l| !l.owed.is_empty())
            .map(|l| (l.nest, std::mem::take(&mut l.owed)))
            .collect()
    });
    let mut all = Owed::default();
    for (owner, owed) in taken {
        if owner < nest {
            with_current(|level| level.borrowed.push((owner, owed.clone())));
        }
        match all.is_empty() {
            true => all = owed,
            false => all.merge(owed),
        }
    }
    all
}

pub(crate) fn take_conversions() -> Vec<Conversion> {
    LEVELS.with_borrow_mut(|levels| {
        levels
            .iter_mut()
            .flat_map(|l| std::mem::take(&mut l.conversions))
            .collect()
    })
}

/// The query of a table whose conversion is recorded.
pub(crate) fn recorded_definition(relid: Oid) -> Option<String> {
    LEVELS.with_borrow(|levels| {
        let mut all = levels.iter().flat_map(|l| &l.conversions);
        all.find(|c| c.relid == relid).map(|c| c.definition.clone())
    })
}

/// Forgets the conversion of a table that has been converted otherwise.
pub(crate) fn forget_conversion(relid: Oid) {
    LEVELS.with_borrow_mut(|levels| {
        levels
            .iter_mut()
            .for_each(|l| l.conversions.retain(|c| c.relid != relid));
    });
}

pub(crate) fn subtransaction_committed(nest: i32) {
    LEVELS.with_borrow_mut(|levels| {
        if levels.last().is_none_or(|l| l.nest != nest) {
            return;
        }
        if levels.len() < 2 || levels[levels.len() - 2].nest < nest - 1 {
            // The parent owes nothing yet: the level becomes the parent's.
            if let Some(level) = levels.last_mut() {
                level.nest = nest - 1;
                level.borrowed.retain(|(owner, _)| *owner != nest - 1);
            }
            return;
        }
        let (Some(child), Some(parent)) = (levels.pop(), levels.last_mut()) else {
            return;
        };
        parent.owed.merge(child.owed);
        parent.borrowed.extend(
            child
                .borrowed
                .into_iter()
                .filter(|(owner, _)| *owner != nest - 1),
        );
        parent.conversions.extend(child.conversions);
        parent.starting.extend(child.starting);
    });
}

pub(crate) fn subtransaction_aborted(nest: i32) {
    LEVELS.with_borrow_mut(|levels| {
        if levels.last().is_none_or(|l| l.nest != nest) {
            return;
        }
        let Some(child) = levels.pop().filter(|_| !breaks(Rule::Savepoints)) else {
            return;
        };
        for (owner, owed) in child.borrowed {
            match levels.iter_mut().find(|l| l.nest == owner) {
                Some(level) => level.owed.merge(owed),
                None => {
                    let at = levels
                        .iter()
                        .position(|l| l.nest > owner)
                        .unwrap_or(levels.len());
                    levels.insert(
                        at,
                        Level {
                            nest: owner,
                            owed,
                            ..Level::default()
                        },
                    );
                }
            }
        }
    });
}

/// The transaction is over.
pub(crate) fn clear() {
    LEVELS.with_borrow_mut(Vec::clear);
}
