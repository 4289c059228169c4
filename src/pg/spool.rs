//! Owns rows that are kept over the ends of transactions, in memory up to `work_mem` and on disk beyond.

use super::spi::Rows;
use super::trigger::Tuple;
use super::value::{Row, Storage};
use super::{ffi, guard::call};
use pgrx::pg_sys;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;

/// Rows to be read once, in the order in which they came; it lives as long as the statement.
pub(crate) struct Spool {
    store: *mut pg_sys::Tuplestorestate,
    /// Made by the first rows.
    slot: *mut pg_sys::TupleTableSlot,
    /// Rows in it.
    len: u64,
}

impl Spool {
    pub(crate) fn new() -> Spool {
        // SAFETY: interXact: its files outlive the transaction, as those of a cursor WITH HOLD do.
        let store =
            in_portal(|| unsafe { pg_sys::tuplestore_begin_heap(false, true, pg_sys::work_mem) });
        Spool {
            store,
            slot: null_mut(),
            len: 0,
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Adds rows; all that are added have the same columns.
    pub(crate) fn add(&mut self, rows: &Rows<'_>) {
        let Some((tuples, descriptor)) = rows.tuples() else {
            return;
        };
        if self.slot.is_null() {
            // SAFETY: both live as long as the portal.
            self.slot = in_portal(|| unsafe {
                let descriptor = pg_sys::CreateTupleDescCopy(descriptor);
                pg_sys::MakeSingleTupleTableSlot(descriptor, &raw const pg_sys::TTSOpsMinimalTuple)
            });
        }
        for tuple in tuples {
            // SAFETY: copies the tuple.
            unsafe { pg_sys::tuplestore_puttuple(self.store, *tuple) };
        }
        self.len += tuples.len() as u64;
    }

    /// The next rows, at most `count`; none at the end.
    pub(crate) fn read(&mut self, count: usize, columns: &[Storage]) -> Vec<Row> {
        let next = |_| {
            if self.slot.is_null() {
                return None;
            }
            // SAFETY: the slot has the columns of the rows that were added.
            unsafe {
                if !pg_sys::tuplestore_gettupleslot(self.store, true, false, self.slot) {
                    return None;
                }
            }
            let row = Tuple::over(self.slot);
            Some((1..).zip(columns).map(|(a, s)| row.value(a, *s)).collect())
        };
        (0..count).map_while(next).collect()
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        // SAFETY: also after an error, before the portal's memory goes: else the files would stay.
        unsafe {
            if !self.slot.is_null() {
                pg_sys::ExecDropSingleTupleTableSlot(self.slot);
            }
            // What could not be written is tried once more. If that fails too, no error may leave here while another one
            // unwinds: the file stays as long as the session.
            let limit = pg_sys::temp_file_limit;
            pg_sys::temp_file_limit = -1;
            let _ = catch_unwind(AssertUnwindSafe(|| {
                call(|| ffi::tuplestore_end(self.store))
            }));
            pg_sys::temp_file_limit = limit;
        }
    }
}

/// Makes something in memory that lives as long as the statement.
fn in_portal<T>(make: impl FnOnce() -> T) -> T {
    // SAFETY: a context that outlives the switch; an error leaves the wrong one behind for the abort, which sets
    // its own.
    unsafe {
        let outer = pg_sys::MemoryContextSwitchTo(pg_sys::PortalContext);
        let made = make();
        pg_sys::MemoryContextSwitchTo(outer);
        made
    }
}
