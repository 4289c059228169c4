//! Owns the entry points PostgreSQL calls: hooks, transaction callbacks and trigger functions.
//! Each translates what it is given and calls one function of [`Handlers`], which `_PG_init`
//! hands over, so that nothing here looks up to the rooms above.
//!
//! A hook passes a statement on with nothing on its stack that has a destructor, and by the bare
//! function pointer: an error of the statement then jumps straight over it, untouched.

use super::guard::boundary;
use super::handlers::{self, Handlers, Reading, handlers};
use super::list::pointers;
use super::snapshot::{self, Freshness};
use super::trigger::{Firing, no_tuple};
use super::{ffi, transaction, utility, version, writes};
use crate::error::Result;
use core::ffi::c_void;
use pgrx::pg_sys::{self, Oid};

static mut NEXT_START: pg_sys::ExecutorStart_hook_type = None;
static mut NEXT_FINISH: pg_sys::ExecutorFinish_hook_type = None;

/// Installs everything; called once, by `_PG_init`.
pub(crate) fn register(all: Handlers) {
    if !handlers::set(all) {
        return;
    }
    utility::register();
    // SAFETY: _PG_init runs in the backend's one thread, and hooks chain to what was there before.
    unsafe {
        NEXT_START = pg_sys::ExecutorStart_hook;
        pg_sys::ExecutorStart_hook = Some(executor_start);
        version::register_executor_run(push_own_snapshot);
        NEXT_FINISH = pg_sys::ExecutorFinish_hook;
        pg_sys::ExecutorFinish_hook = Some(executor_finish);
        pg_sys::RegisterXactCallback(Some(transaction_event), std::ptr::null_mut());
        pg_sys::RegisterSubXactCallback(Some(subtransaction_event), std::ptr::null_mut());
        let none = pg_sys::Datum::from(0usize);
        pg_sys::CacheRegisterRelcacheCallback(Some(relation_changed), none);
        use pg_sys::SysCacheIdentifier::{COLLOID, NAMESPACEOID, OPEROID, TYPEOID};
        for cache in [NAMESPACEOID, TYPEOID, OPEROID, COLLOID] {
            pg_sys::CacheRegisterSyscacheCallback(cache as i32, Some(name_changed), none);
        }
    }
}

// ---- The executor -------------------------------------------------------------------------------

unsafe extern "C-unwind" fn executor_start(desc: *mut pg_sys::QueryDesc, eflags: i32) {
    // SAFETY: all pointers come from PostgreSQL; see the head for errors. The fresh snapshot replaces this query's own registered one
    // and is active for the start alone; nobody else's entry is touched.
    unsafe {
        if (*desc).operation != pg_sys::CmdType::CMD_SELECT
            || (*(*desc).plannedstmt).hasModifyingCTE
        {
            writes::count();
        }
        let may_be_stale = !(handlers().is_idle)()
            && eflags & pg_sys::EXEC_FLAG_EXPLAIN_ONLY as i32 == 0
            && !transaction::is_parallel();
        let exchange = match may_be_stale {
            true => boundary(|| before_plan(desc)),
            false => None,
        };
        if let Some(freshness) = exchange {
            // Pushing copies: under REPEATABLE READ the transaction's snapshot itself goes on to see
            // later commands of this transaction.
            snapshot::push(freshness);
            let fresh = pg_sys::RegisterSnapshot(pg_sys::GetActiveSnapshot());
            pg_sys::UnregisterSnapshot((*desc).snapshot);
            (*desc).snapshot = fresh;
        }
        match NEXT_START {
            Some(next) => next(desc, eflags),
            None => version::standard_executor_start(desc, eflags),
        }
        if exchange.is_some() {
            pg_sys::PopActiveSnapshot();
        }
    }
}

unsafe fn before_plan(desc: *mut pg_sys::QueryDesc) -> Result<Option<Freshness>> {
    // SAFETY: a query descriptor that is being started.
    let reading = unsafe {
        let plan = &*(*desc).plannedstmt;
        let mut relations = Vec::new();
        let mut foreign_tables = Vec::new();
        for rte in pointers::<pg_sys::RangeTblEntry>(plan.rtable) {
            if (*rte).rtekind == pg_sys::RTEKind::RTE_RELATION {
                relations.push((*rte).relid);
                if (*rte).relkind as u8 == pg_sys::RELKIND_FOREIGN_TABLE {
                    foreign_tables.push((*rte).relid);
                }
            }
        }
        Reading {
            relations,
            foreign_tables,
            wants_workers: plan.parallelModeNeeded,
            snapshot_command: match (*desc).snapshot.is_null() {
                true => 0,
                false => (*(*desc).snapshot).curcid,
            },
            may_exchange: (*desc).crosscheck_snapshot.is_null() && !(*desc).snapshot.is_null(),
        }
    };
    (handlers().before_read)(&reading)
}

/// Makes a query's own snapshot the active one where an exchange has parted the two: functions
/// that it calls read with the active one. Gives whether the caller has to pop it.
unsafe fn push_own_snapshot(desc: *mut pg_sys::QueryDesc) -> bool {
    // SAFETY: a started query descriptor.
    unsafe {
        let is_parted = !(handlers().is_idle)()
            && !(*desc).snapshot.is_null()
            && (*desc).crosscheck_snapshot.is_null()
            && !transaction::is_parallel()
            && pg_sys::ActiveSnapshotSet()
            && pg_sys::GetActiveSnapshot() != (*desc).snapshot;
        if is_parted {
            pg_sys::PushActiveSnapshot((*desc).snapshot);
        }
        is_parted
    }
}

unsafe extern "C-unwind" fn executor_finish(desc: *mut pg_sys::QueryDesc) {
    // SAFETY: all pointers come from PostgreSQL; see the head for errors.
    unsafe {
        let is_pushed = push_own_snapshot(desc);
        match NEXT_FINISH {
            Some(next) => next(desc),
            None => ffi::standard_ExecutorFinish(desc),
        }
        if is_pushed {
            pg_sys::PopActiveSnapshot();
        }
    }
}

// ---- Transactions, caches, triggers -------------------------------------------------------------

unsafe extern "C-unwind" fn transaction_event(event: pg_sys::XactEvent::Type, _: *mut c_void) {
    use pg_sys::XactEvent::*;
    match event {
        XACT_EVENT_PRE_COMMIT => boundary(|| (handlers().pre_commit)(false)),
        XACT_EVENT_PRE_PREPARE => boundary(|| (handlers().pre_commit)(true)),
        XACT_EVENT_COMMIT | XACT_EVENT_ABORT | XACT_EVENT_PREPARE => {
            (handlers().transaction_end)();
        }
        _ => {}
    }
}

unsafe extern "C-unwind" fn subtransaction_event(
    event: pg_sys::SubXactEvent::Type,
    _: pg_sys::SubTransactionId,
    _: pg_sys::SubTransactionId,
    _: *mut c_void,
) {
    let nest = transaction::nest_level();
    match event {
        pg_sys::SubXactEvent::SUBXACT_EVENT_COMMIT_SUB => (handlers().subtransaction_commit)(nest),
        pg_sys::SubXactEvent::SUBXACT_EVENT_ABORT_SUB => (handlers().subtransaction_abort)(nest),
        _ => {}
    }
}

unsafe extern "C-unwind" fn relation_changed(_: pg_sys::Datum, relid: Oid) {
    (handlers().invalidate)(relid);
}

/// Statements of ours name schemas, types, operators and collations.
unsafe extern "C-unwind" fn name_changed(_: pg_sys::Datum, _: i32, _: u32) {
    (handlers().invalidate)(Oid::INVALID);
}

unsafe fn fire(fcinfo: pg_sys::FunctionCallInfo, handler: fn(&Firing<'_>) -> Result<()>) {
    // SAFETY: PostgreSQL's call info.
    let firing = unsafe { Firing::of(fcinfo) };
    boundary(|| match &firing {
        Some(firing) => handler(firing),
        None => Err(crate::error::Error::NotATrigger),
    });
}

/// `pg_tviews_capture()`: notes what a statement changed in a source table.
#[unsafe(no_mangle)]
#[doc(hidden)]
pub unsafe extern "C-unwind" fn pg_tviews_capture(
    fcinfo: pg_sys::FunctionCallInfo,
) -> pg_sys::Datum {
    // SAFETY: called by PostgreSQL's function manager.
    unsafe { fire(fcinfo, handlers().capture) };
    no_tuple()
}

/// `pg_tviews_guard()`: refuses writes to a TVIEW that are not a refresh.
#[unsafe(no_mangle)]
#[doc(hidden)]
pub unsafe extern "C-unwind" fn pg_tviews_guard(fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    // SAFETY: called by PostgreSQL's function manager.
    unsafe { fire(fcinfo, handlers().guard) };
    no_tuple()
}

/// `pg_tviews_on_command()`: the event trigger on `ddl_command_end`.
#[unsafe(no_mangle)]
#[doc(hidden)]
pub unsafe extern "C-unwind" fn pg_tviews_on_command(_: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    boundary(handlers().on_command);
    no_tuple()
}

/// `pg_tviews_on_drop()`: the event trigger on `sql_drop`.
#[unsafe(no_mangle)]
#[doc(hidden)]
pub unsafe extern "C-unwind" fn pg_tviews_on_drop(_: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    boundary(handlers().on_drop);
    no_tuple()
}

/// Declares functions of PostgreSQL's version-1 calling convention.
macro_rules! function_info {
    ($($info:ident),*) => {
        $(
            #[unsafe(no_mangle)]
            #[doc(hidden)]
            pub extern "C-unwind" fn $info() -> *const pg_sys::Pg_finfo_record {
                const RECORD: pg_sys::Pg_finfo_record = pg_sys::Pg_finfo_record { api_version: 1 };
                &RECORD
            }
        )*
    };
}

function_info!(
    pg_finfo_pg_tviews_capture,
    pg_finfo_pg_tviews_guard,
    pg_finfo_pg_tviews_on_command,
    pg_finfo_pg_tviews_on_drop
);
