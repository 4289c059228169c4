//! Owns what is tried and may fail: errors that are looked at on their way, and parts of the work that fail by themselves,
//! in subtransactions. [`super::guard`] has how an error travels.

use super::ffi;
use super::guard::{Raised, SHELTER, call, is_of, report_in};
use crate::error::{Error, Result};
use pgrx::{PgSqlErrorCode, pg_sys};
use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::null;

/// SQLSTATE (as PostgreSQL packs it) and DETAIL of an error that [`attempt`] caught.
pub(crate) struct Caught {
    pub(crate) sqlstate: i32,
    pub(crate) detail: Option<String>,
    raised: Raised,
}

impl Caught {
    /// Raises the error as it was.
    pub(crate) fn rethrow(self) -> ! {
        resume_unwind(Box::new(self.raised))
    }
}

/// Runs `f` and hands an ERROR of PostgreSQL's to the caller, who may only raise another in its
/// place: the transaction has to abort all the same.
pub(crate) fn attempt<T>(f: impl FnOnce() -> T) -> std::result::Result<T, Caught> {
    catch_unwind(AssertUnwindSafe(f)).map_err(|payload| match payload.downcast::<Raised>() {
        Ok(raised) => {
            // SAFETY: the copy lives as long as the (sub)transaction.
            let (sqlstate, detail) = unsafe {
                let edata = &*raised.0;
                let detail = (!edata.detail.is_null())
                    .then(|| CStr::from_ptr(edata.detail).to_string_lossy().into_owned());
                (edata.sqlerrcode, detail)
            };
            Caught {
                sqlstate,
                detail,
                raised: *raised,
            }
        }
        Err(other) => resume_unwind(other),
    })
}

/// Runs `f` and tells SQLSTATE (as PostgreSQL packs it) and message of an error that ends it, which passes on as it was.
pub(crate) fn overhear<T>(
    f: impl FnOnce() -> Result<T>,
    tell: impl FnOnce(i32, &str),
) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(result) => result.inspect_err(|e| tell(e.sqlstate() as i32, &e.to_string())),
        Err(payload) => {
            if let Some(raised) = payload.downcast_ref::<Raised>() {
                // SAFETY: the copy lives as long as the (sub)transaction; an error of PostgreSQL's has a message.
                unsafe {
                    let edata = &*raised.0;
                    let message = CStr::from_ptr(edata.message).to_string_lossy();
                    tell(edata.sqlerrcode, &message);
                }
            } else if let Some(report) = report_in(&*payload) {
                tell(report.sql_error_code() as i32, report.message());
            }
            resume_unwind(payload)
        }
    }
}

/// Runs `f`, which only reads, in a subtransaction of its own; `None` if values that it met made it
/// fail (SQLSTATE classes 22 and 23).
pub(crate) fn unless_data_fails<T>(f: impl FnOnce() -> Result<T>) -> Result<Option<T>> {
    // The copy outlives the subtransaction in this one's memory, or where an outer part shelters it, to which it may be
    // handed on.
    let shelter = match SHELTER.get() {
        // SAFETY: a global of this backend.
        outer if outer.is_null() => unsafe { pg_sys::CurTransactionContext },
        outer => outer,
    };
    match in_subtransaction(shelter, f) {
        Ok(result) => result.map(Some),
        Err(payload) => match payload.downcast_ref::<Raised>() {
            Some(raised) if is_of_data(raised) => Ok(None),
            _ => resume_unwind(payload),
        },
    }
}

/// Runs `f` in a subtransaction of its own, which is rolled back if it fails; PostgreSQL's error is copied into
/// `shelter`.
///
/// It is within another one, which is only ever released: a server with assertions stops where one is rolled
/// back directly under a transaction that is at COMMIT or PREPARE, since `RollbackAndReleaseCurrentSubTransaction` (`xact.c`)
/// does not count TBLOCK_END and TBLOCK_PREPARE among the states that it may return to, as `BeginInternalSubTransaction` does
/// among those that it may start from (PostgreSQL 15 to 18).
fn in_subtransaction<T>(
    shelter: pg_sys::MemoryContext,
    f: impl FnOnce() -> Result<T>,
) -> std::thread::Result<Result<T>> {
    // SAFETY: as plpgsql's EXCEPTION: context and owner are put back, since both ways out of a
    // subtransaction leave those of its parent.
    let (memory, owner, outer) = unsafe {
        let (memory, owner) = (pg_sys::CurrentMemoryContext, pg_sys::CurrentResourceOwner);
        let outer = SHELTER.replace(shelter);
        call(|| ffi::BeginInternalSubTransaction(null()));
        call(|| ffi::BeginInternalSubTransaction(null()));
        pg_sys::CurrentMemoryContext = memory;
        (memory, owner, outer)
    };
    let outcome = catch_unwind(AssertUnwindSafe(f));
    SHELTER.set(outer);
    // SAFETY: the inner subtransaction begun above is the current one again, and then the outer one.
    unsafe {
        match outcome {
            Ok(Ok(_)) => call(|| ffi::ReleaseCurrentSubTransaction()),
            _ => call(|| ffi::RollbackAndReleaseCurrentSubTransaction()),
        }
        call(|| ffi::ReleaseCurrentSubTransaction());
        pg_sys::CurrentMemoryContext = memory;
        pg_sys::CurrentResourceOwner = owner;
    }
    outcome
}

/// An error of either kind that [`apart`] caught. It outlives the transaction, though not the statement.
pub(crate) enum Failure {
    Ours(Error),
    Other(Box<dyn std::any::Any + Send>),
}

impl Failure {
    /// A lock was not granted within `lock_timeout`.
    pub(crate) fn is_lock_timeout(&self) -> bool {
        let Failure::Other(payload) = self else {
            return false;
        };
        let state = PgSqlErrorCode::ERRCODE_LOCK_NOT_AVAILABLE as i32;
        // SAFETY: the copy lives as long as the statement.
        let is_it = |raised: &Raised| unsafe { (*raised.0).sqlerrcode == state };
        payload.downcast_ref::<Raised>().is_some_and(is_it)
    }

    /// The work was stopped from outside, and says nothing of what it would have come to: by a cancel or a time-out, or to
    /// end a conflict with others.
    pub(crate) fn is_interruption(&self) -> bool {
        let Failure::Other(payload) = self else {
            return false;
        };
        // SAFETY: the copy lives as long as the statement.
        let is_it = |raised: &Raised| unsafe {
            is_of(raised.0, PgSqlErrorCode::ERRCODE_OPERATOR_INTERVENTION)
                || is_of(raised.0, PgSqlErrorCode::ERRCODE_TRANSACTION_ROLLBACK)
        };
        self.is_lock_timeout() || payload.downcast_ref::<Raised>().is_some_and(is_it)
    }

    /// The error's message, with its detail.
    pub(crate) fn text(&self) -> String {
        let (message, detail) = match self {
            Failure::Ours(error) => (error.to_string(), error.detail()),
            Failure::Other(payload) => match payload.downcast_ref::<Raised>() {
                // SAFETY: the copy lives as long as the statement.
                Some(raised) => unsafe {
                    let text = |p: *const core::ffi::c_char| {
                        (!p.is_null()).then(|| CStr::from_ptr(p).to_string_lossy().into_owned())
                    };
                    let message = text((*raised.0).message);
                    (message.unwrap_or_default(), text((*raised.0).detail))
                },
                None => ("an internal error".to_owned(), None),
            },
        };
        detail.map_or(message.clone(), |d| format!("{message}. {d}"))
    }

    /// Lets the error go on as it was.
    pub(crate) fn raise<T>(self) -> Result<T> {
        match self {
            Failure::Ours(error) => Err(error),
            Failure::Other(payload) => resume_unwind(payload),
        }
    }
}

/// Runs a part of a procedure's work in a subtransaction of its own. After a failure the transaction is as it was
/// before, so that the procedure can clean up.
pub(crate) fn apart<T>(f: impl FnOnce() -> Result<T>) -> std::result::Result<T, Failure> {
    // SAFETY: a global of this backend, which lives as long as the statement.
    match in_subtransaction(unsafe { pg_sys::PortalContext }, f) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Failure::Ours(error)),
        Err(payload) => Err(Failure::Other(payload)),
    }
}

/// Runs what ends a transaction and begins the next, also if it fails: then the next is there all the same.
pub(super) fn across_transactions(f: impl FnOnce()) -> std::result::Result<(), Failure> {
    // SAFETY: as for `apart`.
    let outer = SHELTER.replace(unsafe { pg_sys::PortalContext });
    let outcome = catch_unwind(AssertUnwindSafe(f));
    SHELTER.set(outer);
    outcome.map_err(Failure::Other)
}

fn is_of_data(raised: &Raised) -> bool {
    // SAFETY: the copy outlives the subtransaction.
    unsafe {
        is_of(raised.0, PgSqlErrorCode::ERRCODE_DATA_EXCEPTION)
            || is_of(
                raised.0,
                PgSqlErrorCode::ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION,
            )
    }
}
