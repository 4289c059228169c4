//! Owns the locks by which transactions that write for the same TVIEW row meet: advisory tags in
//! PostgreSQL's lock manager, with a fourth field that its SQL functions never use (they use 1 and 2). So
//! users can neither take nor block them, while `pg_locks`, the deadlock detector, `lock_timeout`, cancel
//! and PREPARE TRANSACTION treat them like any other. They belong to the (sub)transaction that takes them.

use super::guard::call;
use super::version::acquire_lock;
use pgrx::pg_sys;

/// The first value of the fourth field: the TVIEW as a whole. The one after is its keys, then come the
/// edges of its lineage.
const FIRST: u16 = 16;

/// What of a TVIEW a lock is on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Target {
    Table,
    /// A key, by its hash.
    Key(u32),
    /// A value that an edge links by, by its hash.
    Value(u16, u32),
}

/// Sorts as locks are taken: the TVIEW as a whole first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Tag {
    /// The OID of its table.
    pub(crate) tview: u32,
    pub(crate) target: Target,
}

/// Two of the same kind go together, but for the exclusive one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// On the TVIEW: keys of it are locked. On a value: a row that has it has changed.
    Changing,
    /// On a value: a new link leads to it.
    Linking,
    Exclusive,
}

impl Mode {
    /// What keeps out all that either of the two does.
    pub(crate) fn with(self, other: Mode) -> Mode {
        match self == other {
            true => self,
            false => Mode::Exclusive,
        }
    }

    fn number(self) -> pg_sys::LOCKMODE {
        let mode = match self {
            Mode::Changing => pg_sys::RowExclusiveLock,
            Mode::Linking => pg_sys::ShareLock,
            Mode::Exclusive => pg_sys::ExclusiveLock,
        };
        mode as pg_sys::LOCKMODE
    }
}

impl Tag {
    fn locktag(self) -> pg_sys::LOCKTAG {
        let (hash, fourth) = match self.target {
            Target::Table => (0, FIRST),
            Target::Key(hash) => (hash, FIRST + 1),
            Target::Value(edge, hash) => (hash, (FIRST + 2).saturating_add(edge)),
        };
        pg_sys::LOCKTAG {
            // SAFETY: a global of this backend.
            locktag_field1: unsafe { pg_sys::MyDatabaseId }.to_u32(),
            locktag_field2: self.tview,
            locktag_field3: hash,
            locktag_field4: fourth,
            locktag_type: pg_sys::LockTagType::LOCKTAG_ADVISORY as u8,
            locktag_lockmethodid: pg_sys::USER_LOCKMETHOD as u8,
        }
    }
}

impl Target {
    /// What a row of `pg_locks` is on, by its `objid` and `objsubid`; `None` for a lock of the users' own.
    pub(crate) fn of_lock(hash: u32, part: i16) -> Option<Target> {
        Some(match (part as u16).checked_sub(FIRST)? {
            0 => Target::Table,
            1 => Target::Key(hash),
            edge => Target::Value(edge - 2, hash),
        })
    }
}

/// Takes a lock if nobody is in the way and the server's lock table has room for it.
pub(crate) fn try_acquire(tag: Tag, mode: Mode) -> bool {
    take(tag, mode, true)
}

/// Takes a lock as soon as nobody is in the way. False if the server's lock table has no room for it; that
/// is an error for a TVIEW as a whole.
pub(crate) fn acquire(tag: Tag, mode: Mode) -> bool {
    take(tag, mode, false)
}

fn take(tag: Tag, mode: Mode, may_not_wait: bool) -> bool {
    let raises_without_room = tag.target == Target::Table;
    let locktag = tag.locktag();
    // SAFETY: a tag of ours; deadlocks, time-outs and cancels are errors that `call` hands on.
    let result = unsafe {
        call(|| {
            acquire_lock(
                &raw const locktag,
                mode.number(),
                may_not_wait,
                raises_without_room,
            )
        })
    };
    result != pg_sys::LockAcquireResult::LOCKACQUIRE_NOT_AVAIL
}

/// Gives back a lock that was taken under the same resource owner.
pub(crate) fn release(tag: Tag, mode: Mode) {
    let locktag = tag.locktag();
    // SAFETY: the caller has taken it.
    unsafe { pg_sys::LockRelease(&raw const locktag, mode.number(), false) };
}
