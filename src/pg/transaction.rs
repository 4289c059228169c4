//! Owns facts about the running transaction.

use super::ffi;
use super::guard::call;
use pgrx::pg_sys;

/// The database of this session.
pub(crate) fn database() -> pg_sys::Oid {
    // SAFETY: a global of this backend.
    unsafe { pg_sys::MyDatabaseId }
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
