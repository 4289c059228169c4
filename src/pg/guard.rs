//! Owns the border between PostgreSQL's `ereport`/longjmp and Rust's unwinding.
//!
//! pgrx's own guard reduces an error to message, detail, hint and SQLSTATE. An application that
//! asks for the constraint name, the CONTEXT or the cursor position would get less from a server
//! with this library than from one without, so statements of users and owners run through
//! [`call`], which keeps PostgreSQL's whole `ErrorData`, and every entry point from PostgreSQL
//! through [`boundary`], which throws it again as it was.
//!
//! Life of an error: raised by PostgreSQL under `call` → `ErrorData` copied into the current
//! subtransaction's memory → unwound through Rust as [`Raised`], running destructors → raised
//! again by `boundary`.

use super::ffi;
use crate::error::{Error, Result};
use pgrx::pg_sys::panic::{CaughtError, ErrorReportWithLevel};
use pgrx::{PgSqlErrorCode, pg_sys};
use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::{null, null_mut};

/// An error of PostgreSQL's on its way through Rust.
pub(super) struct Raised(pub(super) *mut pg_sys::ErrorData);

// SAFETY: panic payloads must be Send, but a backend has one thread; the pointer never leaves it.
unsafe impl Send for Raised {}

thread_local! {
    /// Where an error is copied to if not into the current subtransaction's memory.
    pub(super) static SHELTER: Cell<pg_sys::MemoryContext> = const { Cell::new(null_mut()) };
    /// What the extension is doing, innermost last, and as whom; becomes the CONTEXT of errors.
    static ACTIVITY: RefCell<Vec<(String, String)>> = const { RefCell::new(Vec::new()) };
    static IS_DISCREET: Cell<bool> = const { Cell::new(false) };
    /// What an error of ours has come out of so far, innermost first.
    static FAILED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Does something under a name that errors meanwhile, PostgreSQL's and ours, carry in their CONTEXT. It is done
/// as `role`, which those tell that lack a privilege: the user need not know that it is not them.
pub(crate) fn within<T>(what: String, role: String, f: impl FnOnce() -> Result<T>) -> Result<T> {
    let _activity = Activity::start(what.clone(), role);
    let result = f();
    if result.is_err() {
        FAILED.with_borrow_mut(|failed| failed.push(what));
    }
    result
}

struct Activity(());

impl Activity {
    fn start(what: String, role: String) -> Activity {
        ACTIVITY.with_borrow_mut(|a| a.push((what, role)));
        Activity(())
    }
}

impl Drop for Activity {
    fn drop(&mut self) {
        ACTIVITY.with_borrow_mut(|a| {
            a.pop();
        });
    }
}

/// Until it is dropped, the user may not read what is worked on: constraints that fail do not tell values, as
/// PostgreSQL tells them only to who may read the table.
pub(crate) struct Discreet(bool);

impl Discreet {
    pub(crate) fn start(is_discreet: bool) -> Discreet {
        Discreet(IS_DISCREET.replace(IS_DISCREET.get() || is_discreet))
    }

    pub(crate) fn is_on() -> bool {
        IS_DISCREET.get()
    }
}

impl Drop for Discreet {
    fn drop(&mut self) {
        IS_DISCREET.set(self.0);
    }
}

fn activity() -> Option<String> {
    ACTIVITY.with_borrow(|a| match a.is_empty() {
        true => None,
        false => {
            let lines: Vec<&str> = a.iter().rev().map(|(what, _)| what.as_str()).collect();
            Some(lines.join("\n"))
        }
    })
}

/// As whom the innermost activity is done.
fn role() -> Option<String> {
    ACTIVITY.with_borrow(|a| a.last().map(|(_, role)| role.clone()))
}

/// Runs `f`, a bare call into the server; an ERROR in it unwinds through Rust until [`boundary`].
///
/// # Safety
/// `f` must call the declarations of [`ffi`] alone, never pgrx's guarded ones (those turn an error
/// into a panic, which must not cross this frame), and own nothing with a destructor: a longjmp
/// leaves it.
pub(super) unsafe fn call<T>(f: impl FnOnce() -> T) -> T {
    // SAFETY: these globals belong to the one thread of a backend; PostgreSQL's PG_TRY does the same.
    let (stack, context_stack, memory) = unsafe {
        (
            pg_sys::PG_exception_stack,
            pg_sys::error_context_stack,
            pg_sys::CurrentMemoryContext,
        )
    };
    let mut result = None;
    let jumped = cee_scape::call_with_sigsetjmp(false, |buffer| {
        // SAFETY: the buffer outlives `f`, and both ways out restore the previous stack.
        unsafe { pg_sys::PG_exception_stack = buffer as *const _ as *mut _ };
        result = Some(f());
        0
    });
    // SAFETY: as PG_END_TRY does.
    unsafe {
        pg_sys::PG_exception_stack = stack;
        pg_sys::error_context_stack = context_stack;
    }
    match result {
        Some(value) if jumped == 0 => value,
        // SAFETY: after a longjmp PostgreSQL's error state holds the error that caused it.
        _ => unsafe { unwind(memory) },
    }
}

/// [`call`] for what reads a text of SQL: an error with a position shows the place in this text, which is not the statement that
/// the client has sent.
///
/// # Safety
/// As for `call`.
pub(super) unsafe fn call_on<T>(text: &CStr, f: impl FnOnce() -> T) -> T {
    // SAFETY: the callback is gone from the stack of contexts when `call` ends, however it does, and the text is still there.
    unsafe {
        call(|| {
            let mut pointing = pg_sys::ErrorContextCallback {
                previous: pg_sys::error_context_stack,
                callback: Some(point_into),
                arg: text.as_ptr().cast_mut().cast(),
            };
            pg_sys::error_context_stack = &raw mut pointing;
            f()
        })
    }
}

unsafe extern "C-unwind" fn point_into(text: *mut c_void) {
    // SAFETY: called while an error is being reported; the text is that of `call_on`.
    unsafe {
        let position = ffi::geterrposition();
        if position > 0 {
            ffi::errposition(0);
            ffi::internalerrposition(position);
            ffi::internalerrquery(text.cast());
        }
    }
}

unsafe fn unwind(memory: pg_sys::MemoryContext) -> ! {
    // SAFETY: the copy lives until the (sub)transaction, which must abort, is cleaned up.
    let edata = unsafe {
        pg_sys::CurrentMemoryContext = match SHELTER.get() {
            shelter if shelter.is_null() => pg_sys::CurTransactionContext,
            shelter => shelter,
        };
        let edata = ffi::CopyErrorData();
        ffi::FlushErrorState();
        if Discreet::is_on()
            && is_of(
                edata,
                PgSqlErrorCode::ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION,
            )
        {
            (*edata).detail = null_mut();
        }
        if let Some(what) = activity() {
            append_context(edata, &what);
        }
        let lacks_privilege =
            (*edata).sqlerrcode == PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE as i32;
        if let Some(role) = role().filter(|_| lacks_privilege && (*edata).detail.is_null()) {
            let detail = format!("It is done as role \"{role}\".");
            (*edata).detail = pg_sys::pstrdup(c_text(&detail).as_ptr());
        }
        pg_sys::CurrentMemoryContext = memory;
        edata
    };
    resume_unwind(Box::new(Raised(edata)))
}

unsafe fn append_context(edata: *mut pg_sys::ErrorData, what: &str) {
    // SAFETY: edata is a fresh copy of ours in the current memory context.
    unsafe {
        let old = (*edata).context;
        let text = match old.is_null() {
            true => what.to_owned(),
            false => {
                let old = CStr::from_ptr(old).to_string_lossy();
                // An error that crosses several of our borders is told each time; say it once.
                if old.contains(what) {
                    return;
                }
                format!("{old}\n{what}")
            }
        };
        (*edata).context = pg_sys::pstrdup(c_text(&text).as_ptr());
    }
}

/// Whether an error is of the same class as `state`: the first two characters, of six bits each
/// (ERRCODE_TO_CATEGORY in utils/elog.h).
pub(super) unsafe fn is_of(edata: *const pg_sys::ErrorData, state: PgSqlErrorCode) -> bool {
    // SAFETY: the caller hands valid ErrorData.
    unsafe { (*edata).sqlerrcode & 0xfff == state as i32 & 0xfff }
}

fn failed() -> Option<String> {
    let mut lines = FAILED.take();
    lines.extend(activity());
    (!lines.is_empty()).then(|| lines.join("\n"))
}

enum Outcome {
    Raised(*mut pg_sys::ErrorData),
    Report {
        sqlstate: i32,
        message: CString,
        detail: Option<CString>,
        hint: Option<CString>,
    },
}

/// The outermost frame of everything PostgreSQL calls: turns errors of either kind into an ERROR.
///
/// The caller must hold nothing with a destructor, since this function may leave by longjmp.
pub(crate) fn boundary<T>(f: impl FnOnce() -> Result<T>) -> T {
    let outcome = match catch_unwind(AssertUnwindSafe(f)) {
        Ok(Ok(value)) => return value,
        Ok(Err(error)) => describe(&error),
        Err(payload) => match payload.downcast::<Raised>() {
            Ok(raised) => Outcome::Raised(raised.0),
            Err(payload) => foreign(payload),
        },
    };
    // SAFETY: nothing with a destructor is alive but `outcome`, which `raise` moves to PostgreSQL's memory.
    unsafe { raise(outcome) }
}

fn describe(error: &Error) -> Outcome {
    Outcome::Report {
        sqlstate: error.sqlstate() as i32,
        message: c_text(&error.to_string()),
        detail: error.detail().map(|d| c_text(&d)),
        hint: error.hint().map(|h| c_text(&h)),
    }
}

/// An error that came through pgrx's own guard, or a Rust panic: never with a Rust backtrace.
fn foreign(payload: Box<dyn std::any::Any + Send>) -> Outcome {
    if let Some(report) = report_in(&*payload) {
        return Outcome::Report {
            sqlstate: report.sql_error_code() as i32,
            message: c_text(report.message()),
            detail: report.detail().map(c_text),
            hint: report.hint().map(c_text),
        };
    }
    let text = payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(|s| (*s).to_owned()))
        .unwrap_or_default();
    describe(&Error::Internal(format!("pg_tviews: {text}")))
}

/// What pgrx's own guard made of an error.
pub(super) fn report_in(payload: &(dyn std::any::Any + Send)) -> Option<&ErrorReportWithLevel> {
    match payload.downcast_ref::<CaughtError>() {
        Some(CaughtError::PostgresError(report) | CaughtError::ErrorReport(report)) => Some(report),
        Some(CaughtError::RustPanic { ereport, .. }) => Some(ereport),
        None => payload.downcast_ref(),
    }
}

unsafe fn raise(outcome: Outcome) -> ! {
    match outcome {
        // SAFETY: an ErrorData copied by `unwind`.
        Outcome::Raised(edata) => unsafe { ffi::ReThrowError(edata) },
        Outcome::Report {
            sqlstate,
            message,
            detail,
            hint,
        } => {
            let context = failed().map(|a| c_text(&a));
            // SAFETY: the server copies every text before errfinish jumps; the texts are freed before.
            unsafe {
                ffi::errstart(pgrx::PgLogLevel::ERROR as i32, null());
                ffi::errcode(sqlstate);
                ffi::errmsg_internal(c"%s".as_ptr(), message.as_ptr());
                if let Some(d) = &detail {
                    ffi::errdetail_internal(c"%s".as_ptr(), d.as_ptr());
                }
                if let Some(h) = &hint {
                    ffi::errhint(c"%s".as_ptr(), h.as_ptr());
                }
                if let Some(c) = &context {
                    ffi::errcontext_msg(c"%s".as_ptr(), c.as_ptr());
                }
                drop((message, detail, hint, context));
                ffi::errfinish(c"pg_tviews".as_ptr(), 0, c"raise".as_ptr());
            }
            unreachable!("errfinish returned from an ERROR")
        }
    }
}

/// Text for C: a NUL byte inside, which no identifier or message of the server has, ends it.
pub(super) fn c_text(text: &str) -> CString {
    let end = text.find('\0').unwrap_or(text.len());
    CString::new(&text[..end]).unwrap_or_default()
}

#[derive(Clone, Copy)]
pub(crate) enum Level {
    /// For the server's log alone.
    Log,
    Info,
    Notice,
    Warning,
}

/// Sends a message that does not end the statement.
pub(crate) fn tell(level: Level, message: &str, detail: Option<&str>, hint: Option<&str>) {
    let level = match level {
        Level::Log => pgrx::PgLogLevel::LOG_SERVER_ONLY,
        Level::Info => pgrx::PgLogLevel::INFO,
        Level::Notice => pgrx::PgLogLevel::NOTICE,
        Level::Warning => pgrx::PgLogLevel::WARNING,
    };
    let (message, detail, hint) = (c_text(message), detail.map(c_text), hint.map(c_text));
    // SAFETY: below ERROR errfinish returns; interrupts it may serve unwind through `call`.
    unsafe {
        call(|| {
            if ffi::errstart(level as i32, null()) {
                ffi::errmsg_internal(c"%s".as_ptr(), message.as_ptr());
                if let Some(d) = &detail {
                    ffi::errdetail_internal(c"%s".as_ptr(), d.as_ptr());
                }
                if let Some(h) = &hint {
                    ffi::errhint(c"%s".as_ptr(), h.as_ptr());
                }
                ffi::errfinish(c"pg_tviews".as_ptr(), 0, c"tell".as_ptr());
            }
        });
    }
}
