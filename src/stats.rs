//! Owns counters of each TVIEW in shared memory, across sessions and databases, since the server started or
//! they were reset. Only where the library is preloaded; elsewhere counting does nothing.
//!
//! A place for each TVIEW is found by hashing and claimed by one atomic exchange; nothing is ever locked. A
//! TVIEW beyond the last place is not counted. Places of dropped ones stay until a reset.

use pgrx::pg_sys::{self, Oid};
use pgrx::{PgAtomic, pg_guard};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// TVIEWs that are counted, in all databases.
const PLACES: usize = 1024;

struct Place {
    /// The database's OID above, the TVIEW's below; 0 while free.
    owner: AtomicU64,
    lock_waits: AtomicU64,
    lock_wait_micros: AtomicU64,
}

struct Places([Place; PLACES]);

// SAFETY: atomics without pointers mean the same in every process.
unsafe impl pgrx::PGRXSharedMemory for Places {}

impl Default for Places {
    fn default() -> Places {
        Places(std::array::from_fn(|_| Place {
            owner: AtomicU64::new(0),
            lock_waits: AtomicU64::new(0),
            lock_wait_micros: AtomicU64::new(0),
        }))
    }
}

// SAFETY: the name is this extension's.
static PLACES_SHARED: PgAtomic<Places> = unsafe { PgAtomic::new(c"pg_tviews statistics") };
/// Set by the postmaster, and so in every process that it starts.
static IS_SHARED: OnceLock<()> = OnceLock::new();

/// Asks for the shared memory; only while the postmaster loads its libraries.
#[allow(
    unexpected_cfgs,
    reason = "the macro asks for servers that are not supported here"
)]
pub(crate) fn register() {
    pgrx::pg_shmem_init!(PLACES_SHARED);
    let _ = IS_SHARED.set(());
}

/// What was counted of a TVIEW.
pub(crate) struct Counted {
    pub(crate) tview: Oid,
    /// How often a refresh waited for another transaction's locks.
    pub(crate) lock_waits: u64,
    /// How long in all.
    pub(crate) lock_wait: Duration,
}

fn places() -> &'static [Place] {
    match IS_SHARED.get() {
        Some(()) => &PLACES_SHARED.get().0,
        None => &[],
    }
}

fn owner(database: Oid, tview: Oid) -> u64 {
    u64::from(database.to_u32()) << 32 | u64::from(tview.to_u32())
}

/// The place of a TVIEW, claimed if it has none; `None` if all are taken.
fn place(owner: u64) -> Option<&'static Place> {
    let places = places();
    let first = owner.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
    (0..places.len()).find_map(|n| {
        let place = &places[(first as usize).wrapping_add(n) % places.len()];
        let claimed = place.owner.compare_exchange(0, owner, Relaxed, Relaxed);
        let is_ours = claimed.is_ok() || claimed == Err(owner);
        is_ours.then_some(place)
    })
}

/// Counts the time until it is dropped, also by an error, as a wait for locks of a TVIEW.
pub(crate) struct LockWait {
    owner: u64,
    start: Instant,
}

impl LockWait {
    pub(crate) fn start(database: Oid, tview: Oid) -> LockWait {
        LockWait {
            owner: owner(database, tview),
            start: Instant::now(),
        }
    }
}

impl Drop for LockWait {
    fn drop(&mut self) {
        if let Some(place) = place(self.owner) {
            let micros = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
            place.lock_waits.fetch_add(1, Relaxed);
            place.lock_wait_micros.fetch_add(micros, Relaxed);
        }
    }
}

/// What was counted in a database.
pub(crate) fn counted(database: Oid) -> Vec<Counted> {
    let of_database = |place: &Place| {
        let owner = place.owner.load(Relaxed);
        (owner >> 32 == u64::from(database.to_u32())).then(|| Counted {
            tview: Oid::from(owner as u32),
            lock_waits: place.lock_waits.load(Relaxed),
            lock_wait: Duration::from_micros(place.lock_wait_micros.load(Relaxed)),
        })
    };
    places().iter().filter_map(of_database).collect()
}

/// Starts over in a database.
pub(crate) fn reset(database: Oid) {
    for place in places() {
        if place.owner.load(Relaxed) >> 32 == u64::from(database.to_u32()) {
            place.lock_waits.store(0, Relaxed);
            place.lock_wait_micros.store(0, Relaxed);
        }
    }
}
