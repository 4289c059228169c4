//! Owns snapshots: which one a statement of ours runs under, and the guards that push and pop.
//! Only entries that a guard here pushed are ever popped.

use pgrx::pg_sys;
use std::marker::PhantomData;
use std::ptr::null_mut;

/// The snapshot of one statement.
#[derive(Clone, Copy)]
pub(crate) struct Snapshot<'a>(pg_sys::Snapshot, PhantomData<&'a ()>);

impl Snapshot<'_> {
    /// What the isolation level gives a new statement.
    pub(crate) fn of_statement() -> Snapshot<'static> {
        Snapshot(null_mut(), PhantomData)
    }

    pub(super) fn as_ptr(self) -> pg_sys::Snapshot {
        self.0
    }
}

/// Which snapshot to take.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    /// What the isolation level gives a new statement.
    Statement,
    /// All that is committed now, at every isolation level.
    Latest,
}

impl Freshness {
    /// The snapshots under which a result must be the same: the latest as well as that of a transaction
    /// which keeps to its own.
    pub(crate) fn each(self) -> &'static [Freshness] {
        match self.is_kept() {
            true => &[Freshness::Statement, Freshness::Latest],
            false => &[Freshness::Latest],
        }
    }

    /// The transaction's own snapshot, which may be older than others' commits.
    pub(crate) fn is_kept(self) -> bool {
        self == Freshness::Statement && is_per_transaction()
    }
}

/// A snapshot that is active until dropped.
pub(crate) struct Active(pg_sys::Snapshot);

impl Active {
    pub(crate) fn push(freshness: Freshness) -> Active {
        // SAFETY: popped by Drop; GetActiveSnapshot gives the copy that was pushed.
        unsafe {
            push(freshness);
            Active(pg_sys::GetActiveSnapshot())
        }
    }

    pub(crate) fn snapshot(&self) -> Snapshot<'_> {
        Snapshot(self.0, PhantomData)
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        // After an error the (sub)transaction's abort pops what it pushed.
        if !std::thread::panicking() {
            // SAFETY: the top entry is ours: guards nest.
            unsafe { pg_sys::PopActiveSnapshot() };
        }
    }
}

/// Makes a snapshot the active one.
///
/// # Safety
/// The caller pops it.
pub(super) unsafe fn push(freshness: Freshness) {
    // SAFETY: in a transaction; PushActiveSnapshot copies the static snapshot.
    unsafe {
        pg_sys::PushActiveSnapshot(match freshness {
            Freshness::Statement => pg_sys::GetTransactionSnapshot(),
            Freshness::Latest => pg_sys::GetLatestSnapshot(),
        });
    }
}

/// True under REPEATABLE READ and SERIALIZABLE.
pub(crate) fn is_per_transaction() -> bool {
    // SAFETY: reads a global of this backend.
    unsafe { pg_sys::XactIsoLevel >= pg_sys::XACT_REPEATABLE_READ as i32 }
}

/// Makes what this transaction has done so far visible to its next statement.
pub(crate) fn advance() {
    // SAFETY: legal anywhere in a transaction outside parallel mode.
    unsafe { pg_sys::CommandCounterIncrement() };
}

/// The same, and the next command has another number even if this one has written nothing.
pub(crate) fn advance_in_any_case() -> u32 {
    // SAFETY: as above; marks the command as used.
    unsafe { pg_sys::GetCurrentCommandId(true) };
    advance();
    command_id()
}

/// The number of the current command in this transaction.
pub(crate) fn command_id() -> u32 {
    // SAFETY: does not mark the command as used.
    unsafe { pg_sys::GetCurrentCommandId(false) }
}
