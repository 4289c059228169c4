//! Owns what lets a procedure end transactions: CALL outside a transaction block, as for one in plpgsql.

use super::attempt::{Failure, across_transactions};
use super::ffi;
use super::guard::call;
use pgrx::pg_sys;

/// A procedure that may end its transaction; an SPI connection until dropped. Guards that restore something at the
/// end of a transaction must not live across [`Procedure::commit`].
pub(crate) struct Procedure(());

impl Procedure {
    /// `None` where the caller's transaction is not to be ended: in a transaction block, or a function.
    ///
    /// # Safety
    /// `fcinfo` is that of the procedure's call.
    pub(crate) unsafe fn open(fcinfo: pg_sys::FunctionCallInfo) -> Option<Procedure> {
        // SAFETY: CALL passes a CallContext (ExecuteCallStmt in commands/functioncmds.c).
        unsafe {
            let context = (*fcinfo).context;
            if context.is_null() || (*context).type_ != pg_sys::NodeTag::T_CallContext {
                return None;
            }
            if (*context.cast::<pg_sys::CallContext>()).atomic {
                return None;
            }
            pg_sys::SPI_connect_ext(pg_sys::SPI_OPT_NONATOMIC as i32);
        }
        Some(Procedure(()))
    }

    /// Commits and begins the next transaction, which is there also if that fails. It is READ COMMITTED, whatever the
    /// session's default: each step works with what is committed, and none may fail for what others do beside it.
    pub(crate) fn commit(&self) -> std::result::Result<(), Failure> {
        // SAFETY: the innermost SPI connection is ours, and not atomic.
        let done = across_transactions(|| unsafe { call(|| ffi::SPI_commit()) });
        // SAFETY: no snapshot has been taken in the new transaction.
        unsafe { pg_sys::XactIsoLevel = pg_sys::XACT_READ_COMMITTED as i32 };
        done
    }
}

impl Drop for Procedure {
    fn drop(&mut self) {
        // After an error the transaction's end cleans up.
        if !std::thread::panicking() {
            // SAFETY: closes the connection that `open` made.
            unsafe { pg_sys::SPI_finish() };
        }
    }
}
