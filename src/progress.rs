//! Owns what long-running work tells other sessions about itself: a fixed number of slots in shared memory,
//! of all databases. Only where the library is preloaded; elsewhere nothing is told.
//!
//! Work that nests in work on the same TVIEW goes on with its slot. A slot is given back when its guard is dropped, also by
//! an error, and when the backend ends. Where all slots are taken, work goes unseen.

use crate::pg::transaction;
use pgrx::pg_sys::{self, Oid};
use pgrx::{PgAtomic, pg_guard};
use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{
    AtomicI32, AtomicI64, AtomicU32, AtomicU64,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};

const SLOTS: usize = 128;

thread_local! {
    /// The end of this backend gives back what it has.
    static IS_EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// A word or two of up to 32 bytes.
struct Words([AtomicU64; 4]);

impl Words {
    fn set(&self, text: &str) {
        for (n, word) in self.0.iter().enumerate() {
            let mut bytes = [0; 8];
            let part = text.as_bytes().iter().skip(8 * n);
            bytes
                .iter_mut()
                .zip(part)
                .for_each(|(to, from)| *to = *from);
            word.store(u64::from_ne_bytes(bytes), Relaxed);
        }
    }

    fn get(&self) -> String {
        let bytes: Vec<u8> = self
            .0
            .iter()
            .flat_map(|word| word.load(Relaxed).to_ne_bytes())
            .take_while(|byte| *byte != 0)
            .collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

struct Slot {
    /// Whose it is; 0 while free.
    pid: AtomicI32,
    database: AtomicU32,
    tview: AtomicU32,
    operation: Words,
    phase: Words,
    rows_done: AtomicU64,
    /// Below zero if unknown.
    rows_total: AtomicI64,
    /// 0 until all else is filled in.
    started_at: AtomicI64,
}

struct Slots([Slot; SLOTS]);

// SAFETY: atomics without pointers mean the same in every process.
unsafe impl pgrx::PGRXSharedMemory for Slots {}

impl Default for Slots {
    fn default() -> Slots {
        let words = || Words(std::array::from_fn(|_| AtomicU64::new(0)));
        Slots(std::array::from_fn(|_| Slot {
            pid: AtomicI32::new(0),
            database: AtomicU32::new(0),
            tview: AtomicU32::new(0),
            operation: words(),
            phase: words(),
            rows_done: AtomicU64::new(0),
            rows_total: AtomicI64::new(-1),
            started_at: AtomicI64::new(0),
        }))
    }
}

// SAFETY: the name is this extension's.
static SLOTS_SHARED: PgAtomic<Slots> = unsafe { PgAtomic::new(c"pg_tviews progress") };
/// Set by the postmaster, and so in every process that it starts.
static IS_SHARED: OnceLock<()> = OnceLock::new();

/// Asks for the shared memory; only while the postmaster loads its libraries.
#[allow(
    unexpected_cfgs,
    reason = "the macro asks for servers that are not supported here"
)]
pub(crate) fn register() {
    pgrx::pg_shmem_init!(SLOTS_SHARED);
    let _ = IS_SHARED.set(());
}

fn slots() -> &'static [Slot] {
    match IS_SHARED.get() {
        Some(()) => &SLOTS_SHARED.get().0,
        None => &[],
    }
}

impl Slot {
    fn is_of(&self, pid: i32, tview: Oid) -> bool {
        self.pid.load(Relaxed) == pid && self.tview.load(Relaxed) == tview.to_u32()
    }

    fn give_back(&self) {
        self.started_at.store(0, Release);
        self.pid.store(0, Release);
    }
}

/// Work that other sessions see until it is dropped.
pub(crate) struct Progress {
    slot: Option<&'static Slot>,
    is_nested: bool,
}

/// Work on a TVIEW begins.
pub(crate) fn start(operation: &str, database: Oid, tview: Oid) -> Progress {
    if !IS_EXPECTED.replace(true) {
        transaction::at_exit(forget);
    }
    let pid = transaction::pid();
    let outer = slots().iter().find(|s| s.is_of(pid, tview));
    let claim = |s: &&Slot| s.pid.compare_exchange(0, pid, AcqRel, Relaxed).is_ok();
    let slot = outer.or_else(|| slots().iter().find(claim));
    if let Some(slot) = slot.filter(|_| outer.is_none()) {
        slot.database.store(database.to_u32(), Relaxed);
        slot.tview.store(tview.to_u32(), Relaxed);
        slot.operation.set(operation);
        slot.phase.set("initializing");
        slot.rows_done.store(0, Relaxed);
        slot.rows_total.store(-1, Relaxed);
        slot.started_at.store(transaction::now(), Release);
    }
    Progress {
        slot,
        is_nested: outer.is_some(),
    }
}

impl Progress {
    /// The next phase begins; how many rows it has is not known.
    pub(crate) fn phase(&self, phase: &str) {
        if let Some(slot) = self.slot {
            slot.phase.set(phase);
            slot.rows_done.store(0, Relaxed);
            slot.rows_total.store(-1, Relaxed);
        }
    }

    /// The phase has so many rows.
    pub(crate) fn total(&self, rows: u64) {
        if let Some(slot) = self.slot {
            slot.rows_total
                .store(i64::try_from(rows).unwrap_or(i64::MAX), Relaxed);
        }
    }

    /// So many more of them are done.
    pub(crate) fn done(&self, rows: u64) {
        if let Some(slot) = self.slot {
            slot.rows_done.fetch_add(rows, Relaxed);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.filter(|_| !self.is_nested) {
            slot.give_back();
        }
    }
}

/// Gives back what this backend has.
fn forget() {
    let pid = transaction::pid();
    let own = slots().iter().filter(|s| s.pid.load(Relaxed) == pid);
    own.for_each(Slot::give_back);
}

/// Work that is going on.
pub(crate) struct Reported {
    pub(crate) pid: i32,
    pub(crate) tview: Oid,
    pub(crate) operation: String,
    pub(crate) phase: String,
    pub(crate) rows_done: u64,
    pub(crate) rows_total: Option<i64>,
    pub(crate) started_at: pg_sys::TimestampTz,
}

/// What is going on in a database.
pub(crate) fn reported(database: Oid) -> Vec<Reported> {
    let report = |slot: &Slot| {
        let started_at = slot.started_at.load(Acquire);
        let reported = Reported {
            pid: slot.pid.load(Relaxed),
            tview: Oid::from(slot.tview.load(Relaxed)),
            operation: slot.operation.get(),
            phase: slot.phase.get(),
            rows_done: slot.rows_done.load(Relaxed),
            rows_total: Some(slot.rows_total.load(Relaxed)).filter(|n| *n >= 0),
            started_at,
        };
        let is_here = slot.database.load(Relaxed) == database.to_u32();
        // Else it is another's by now.
        let is_whole = started_at != 0 && slot.started_at.load(Acquire) == started_at;
        (is_here && is_whole).then_some(reported)
    };
    slots().iter().filter_map(report).collect()
}
