//! Owns facts about the running transaction.

use super::ffi;
use super::guard::call;
use core::ffi::CStr;
use pgrx::pg_sys;

/// The database of this session.
pub(crate) fn database() -> pg_sys::Oid {
    // SAFETY: a global of this backend.
    unsafe { pg_sys::MyDatabaseId }
}

/// Whether there is a database of this OID.
pub(crate) fn is_database(oid: pg_sys::Oid) -> bool {
    // SAFETY: a syscache lookup; palloc'd text or null.
    unsafe { !pg_sys::get_database_name(oid).is_null() }
}

/// The process of this session.
pub(crate) fn pid() -> i32 {
    // SAFETY: a global of this backend.
    unsafe { pg_sys::MyProcPid }
}

/// Has `f` called when this backend ends, however it is told to.
pub(crate) fn at_exit(f: fn()) {
    unsafe extern "C-unwind" fn exit(_: i32, f: pg_sys::Datum) {
        // SAFETY: what was registered below.
        unsafe { std::mem::transmute::<usize, fn()>(f.value())() };
    }
    // SAFETY: the server keeps both until it calls the one with the other.
    unsafe { pg_sys::before_shmem_exit(Some(exit), pg_sys::Datum::from(f as usize)) };
}

/// What the clock shows, not when the transaction began.
pub(crate) fn now() -> pg_sys::TimestampTz {
    // SAFETY: reads the clock.
    unsafe { pg_sys::GetCurrentTimestamp() }
}

/// 1 in a transaction, one more per open subtransaction.
pub(crate) fn nest_level() -> i32 {
    // SAFETY: reads this backend's state.
    unsafe { pg_sys::GetCurrentTransactionNestLevel() }
}

/// In the leader or a worker of a parallel query, where nothing may be written.
pub(crate) fn is_parallel() -> bool {
    // SAFETY: reads this backend's state.
    unsafe { pg_sys::IsInParallelMode() }
}

/// A standby's transactions are all read-only.
pub(crate) fn is_read_only() -> bool {
    // SAFETY: reads this backend's state.
    unsafe { pg_sys::XactReadOnly }
}

/// Refuses, as PostgreSQL does, what a read-only transaction or a standby cannot execute.
pub(crate) fn refuse_if_read_only(command: &CStr) {
    // SAFETY: reads this backend's state; the name is copied into the error.
    unsafe { call(|| ffi::PreventCommandIfReadOnly(command.as_ptr())) }
}

/// Fires deferred triggers and closes portals, as COMMIT does before its callbacks. True if that
/// may have queued more of the same.
pub(crate) fn run_deferred(is_prepare: bool) -> bool {
    // SAFETY: called from the pre-commit callback, outside any query.
    unsafe {
        call(|| {
            ffi::AfterTriggerFireDeferred();
            ffi::PreCommit_Portals(is_prepare)
        })
    }
}
