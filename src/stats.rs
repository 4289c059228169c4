//! Owns counters of each TVIEW in shared memory, across sessions and databases, since the server started or
//! they were reset. Only where the library is preloaded; elsewhere nothing is kept.
//!
//! A refresh counts in its own memory ([`Tally`]) and adds that to the TVIEW's place when it ends, also by an error, with
//! atomic additions alone. A lock is taken to claim a place, the first time a TVIEW is counted, and for the
//! last error. Who claims also gives back the places of TVIEWs of its database, and of databases, that are gone: so
//! there are not more places in use than there were TVIEWs at one time. A TVIEW beyond the last place is not counted.

use crate::pg::{relation, transaction};
use pgrx::pg_sys::Oid;
use pgrx::{PgAtomic, PgLwLock, pg_guard, pg_sys};
use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// TVIEWs that are counted, in all databases.
const PLACES: usize = 1024;

/// Of the message of an error, in bytes.
const MESSAGE: usize = 256;

/// What is counted; times are in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counter {
    /// Refreshes by a flush.
    Flushes,
    Keys,
    Inserted,
    Updated,
    /// Of these, rows of which a part was written and the rest not computed.
    Patched,
    Deleted,
    /// Keys that were compared and found equal.
    Unchanged,
    /// Comparisons as a whole, whoever asked for them.
    FullComparisons,
    /// Finding and locking keys, without waiting for locks.
    Resolving,
    Comparing,
    Writing,
    LockWaits,
    LockWaiting,
    /// Refreshes that failed.
    Errors,
}

const COUNTERS: usize = Counter::Errors as usize + 1;

/// A value of each counter.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts([u64; COUNTERS]);

impl Counts {
    pub(crate) fn get(&self, counter: Counter) -> u64 {
        self.0[counter as usize]
    }

    pub(crate) fn millis(&self, counter: Counter) -> f64 {
        self.get(counter) as f64 / 1e6
    }
}

/// The last error of a refresh.
#[derive(Clone, Copy)]
pub(crate) struct Failure {
    /// As PostgreSQL packs it.
    sqlstate: i32,
    pub(crate) at: pg_sys::TimestampTz,
    length: usize,
    message: [u8; MESSAGE],
}

impl Failure {
    fn new(sqlstate: i32, message: &str) -> Failure {
        let mut failure = Failure {
            sqlstate,
            at: transaction::now(),
            length: message.floor_char_boundary(MESSAGE),
            message: [0; MESSAGE],
        };
        failure.message[..failure.length].copy_from_slice(&message.as_bytes()[..failure.length]);
        failure
    }

    /// The five characters, of six bits each.
    pub(crate) fn sqlstate(&self) -> String {
        let character = |n| ((self.sqlstate >> (6 * n)) as u8 & 0x3f) + b'0';
        (0..5).map(|n| char::from(character(n))).collect()
    }

    pub(crate) fn message(&self) -> String {
        String::from_utf8_lossy(&self.message[..self.length]).into_owned()
    }
}

struct Place {
    counts: [AtomicU64; COUNTERS],
    /// When the counters were reset; 0 if they have not been since the place was claimed.
    reset_at: AtomicI64,
}

struct Places {
    /// Of each place, the database's OID above, the TVIEW's below; 0 while free.
    owners: [AtomicU64; PLACES],
    places: [Place; PLACES],
}

#[derive(Clone, Copy)]
struct Failures([Option<Failure>; PLACES]);

// SAFETY: atomics without pointers mean the same in every process.
unsafe impl pgrx::PGRXSharedMemory for Places {}
// SAFETY: plain data without pointers.
unsafe impl pgrx::PGRXSharedMemory for Failures {}

impl Default for Places {
    fn default() -> Places {
        Places {
            owners: std::array::from_fn(|_| AtomicU64::new(0)),
            places: std::array::from_fn(|_| Place {
                counts: std::array::from_fn(|_| AtomicU64::new(0)),
                reset_at: AtomicI64::new(0),
            }),
        }
    }
}

impl Default for Failures {
    fn default() -> Failures {
        Failures([None; PLACES])
    }
}

// SAFETY: the name is this extension's.
static PLACES_SHARED: PgAtomic<Places> = unsafe { PgAtomic::new(c"pg_tviews statistics") };
// SAFETY: as above.
static FAILURES_SHARED: PgLwLock<Failures> = unsafe { PgLwLock::new(c"pg_tviews errors") };
/// Set by the postmaster, and so in every process that it starts.
static IS_SHARED: OnceLock<()> = OnceLock::new();

/// Asks for the shared memory; only while the postmaster loads its libraries.
#[allow(
    unexpected_cfgs,
    reason = "the macro asks for servers that are not supported here"
)]
pub(crate) fn register() {
    pgrx::pg_shmem_init!(PLACES_SHARED);
    pgrx::pg_shmem_init!(FAILURES_SHARED);
    let _ = IS_SHARED.set(());
}

fn shared() -> Option<&'static Places> {
    IS_SHARED.get().map(|()| PLACES_SHARED.get())
}

fn owner(database: Oid, tview: Oid) -> u64 {
    u64::from(database.to_u32()) << 32 | u64::from(tview.to_u32())
}

impl Places {
    fn find(&self, owner: u64) -> Option<usize> {
        self.owners.iter().position(|o| o.load(Relaxed) == owner)
    }

    /// The place of a TVIEW, a free one if it has none; `None` if there is none. The lock keeps it from having two.
    fn claim(&self, owner: u64, failures: &mut Failures) -> Option<usize> {
        self.find(owner).or_else(|| {
            let free = self.find(0)?;
            self.places[free].clear(0);
            failures.0[free] = None;
            self.owners[free].store(owner, Relaxed);
            Some(free)
        })
    }

    /// Gives back the places of what no longer exists.
    fn sweep(&self, database: Oid) {
        for place in &self.owners {
            let owner = place.load(Relaxed);
            let of = Oid::from((owner >> 32) as u32);
            let is_gone = match of == database {
                true => relation::class(Oid::from(owner as u32)).is_none(),
                false => owner != 0 && !transaction::is_database(of),
            };
            if is_gone {
                // Somebody else may have been faster.
                let _ = place.compare_exchange(owner, 0, Relaxed, Relaxed);
            }
        }
    }
}

impl Place {
    fn clear(&self, at: pg_sys::TimestampTz) {
        self.counts.iter().for_each(|c| c.store(0, Relaxed));
        self.reset_at.store(at, Relaxed);
    }
}

/// What one refresh of a TVIEW does. Added to the TVIEW's counters when dropped, also by an error.
pub(crate) struct Tally {
    owner: u64,
    place: Option<usize>,
    counts: [Cell<u64>; COUNTERS],
    /// When the last step ended.
    lap: Cell<Instant>,
}

impl Tally {
    pub(crate) fn start(tview: Oid) -> Tally {
        let database = transaction::database();
        let owner = owner(database, tview);
        let place = shared().and_then(|places| {
            places.find(owner).or_else(|| {
                places.sweep(database);
                places.claim(owner, &mut FAILURES_SHARED.exclusive())
            })
        });
        Tally {
            owner,
            place,
            counts: std::array::from_fn(|_| Cell::new(0)),
            lap: Cell::new(Instant::now()),
        }
    }

    pub(crate) fn add(&self, counter: Counter, n: u64) {
        let count = &self.counts[counter as usize];
        count.set(count.get() + n);
    }

    /// A step ends here that began where the last one ended.
    pub(crate) fn lap(&self, step: Counter) {
        let now = Instant::now();
        self.add(step, nanos(now - self.lap.replace(now)));
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts(std::array::from_fn(|n| self.counts[n].get()))
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        let (Some(places), Some(place)) = (shared(), self.place) else {
            return;
        };
        // Another session may have given it back, who does not see a TVIEW that this one just creates.
        if places.owners[place].load(Relaxed) != self.owner {
            return;
        }
        for (shared, own) in places.places[place].counts.iter().zip(&self.counts) {
            if own.get() > 0 {
                shared.fetch_add(own.get(), Relaxed);
            }
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Counts the time until it is dropped, also by an error, as a wait for locks of a TVIEW, and as part of no step.
pub(crate) struct LockWait<'t> {
    tally: &'t Tally,
    start: Instant,
}

impl LockWait<'_> {
    pub(crate) fn start(tally: &Tally) -> LockWait<'_> {
        LockWait {
            tally,
            start: Instant::now(),
        }
    }
}

impl Drop for LockWait<'_> {
    fn drop(&mut self) {
        let waited = self.start.elapsed();
        self.tally.add(Counter::LockWaits, 1);
        self.tally.add(Counter::LockWaiting, nanos(waited));
        self.tally.lap.set(self.tally.lap.get() + waited);
    }
}

/// A refresh of a TVIEW failed. Reads no catalog: the transaction may be past that.
pub(crate) fn failed(tview: Oid, sqlstate: i32, message: &str) {
    let Some(places) = shared() else { return };
    let failure = Failure::new(sqlstate, message);
    let mut failures = FAILURES_SHARED.exclusive();
    let owner = owner(transaction::database(), tview);
    if let Some(place) = places.claim(owner, &mut failures) {
        places.places[place].counts[Counter::Errors as usize].fetch_add(1, Relaxed);
        failures.0[place] = Some(failure);
    }
}

/// What was counted of a TVIEW.
pub(crate) struct Counted {
    pub(crate) tview: Oid,
    pub(crate) counts: Counts,
    pub(crate) failure: Option<Failure>,
    /// 0 for never.
    pub(crate) reset_at: pg_sys::TimestampTz,
}

/// What was counted in a database.
pub(crate) fn counted(database: Oid) -> Vec<Counted> {
    let Some(places) = shared() else {
        return Vec::new();
    };
    let failures = FAILURES_SHARED.share();
    let of_place = |(n, place): (usize, &Place)| {
        let owner = places.owners[n].load(Relaxed);
        (owner >> 32 == u64::from(database.to_u32())).then(|| Counted {
            tview: Oid::from(owner as u32),
            counts: Counts(std::array::from_fn(|c| place.counts[c].load(Relaxed))),
            failure: failures.0[n],
            reset_at: place.reset_at.load(Relaxed),
        })
    };
    places
        .places
        .iter()
        .enumerate()
        .filter_map(of_place)
        .collect()
}

/// Starts over in a database.
pub(crate) fn reset(database: Oid) {
    let Some(places) = shared() else { return };
    places.sweep(database);
    let now = transaction::now();
    let mut failures = FAILURES_SHARED.exclusive();
    for (n, place) in places.places.iter().enumerate() {
        if places.owners[n].load(Relaxed) >> 32 == u64::from(database.to_u32()) {
            place.clear(now);
            failures.0[n] = None;
        }
    }
}
