//! Owns reads of catalogs, PostgreSQL's own and the extension's, through an index and without SQL. A backend parses and
//! plans a statement before it first runs it, which takes it a third of a millisecond; a read through an index takes
//! some microseconds. Like PostgreSQL's looks at its own catalogs, one sees what is committed now, whatever the isolation level.

use pgrx::FromDatum;
use pgrx::pg_sys::{self, Oid};
use std::ffi::CStr;

/// An index whose first column holds OIDs.
#[derive(Clone, Copy)]
pub(crate) struct Index {
    pub(crate) table: Oid,
    pub(crate) oid: Oid,
    /// The column, as the table numbers it.
    pub(crate) attribute: i16,
}

impl Index {
    /// What `read` makes of the rows with this OID, in the order of the index.
    pub(crate) fn rows<T>(self, value: Oid, read: impl Fn(&Cells) -> Option<T>) -> Vec<T> {
        let mut found = Vec::new();
        let mut key = pg_sys::ScanKeyData::default();
        let lock = pg_sys::AccessShareLock as i32;
        // SAFETY: table, index and key fit each other; a tuple is read before the scan goes on.
        unsafe {
            pg_sys::ScanKeyInit(
                &mut key,
                self.attribute,
                pg_sys::BTEqualStrategyNumber as pg_sys::StrategyNumber,
                pg_sys::F_OIDEQ.into(),
                pg_sys::Datum::from(value),
            );
            let relation = pg_sys::table_open(self.table, lock);
            let scan = pg_sys::systable_beginscan(
                relation,
                self.oid,
                true,
                std::ptr::null_mut(),
                1,
                &mut key,
            );
            loop {
                let tuple = pg_sys::systable_getnext(scan);
                if tuple.is_null() {
                    break;
                }
                let descriptor = (*relation).rd_att;
                found.extend(read(&Cells { tuple, descriptor }));
            }
            pg_sys::systable_endscan(scan);
            pg_sys::table_close(relation, lock);
        }
        found
    }
}

/// A row on which a scan stands.
pub(crate) struct Cells {
    tuple: pg_sys::HeapTuple,
    descriptor: pg_sys::TupleDesc,
}

impl Cells {
    fn cell(&self, attribute: i16) -> Option<pg_sys::Datum> {
        let mut is_null = true;
        // SAFETY: the scan keeps tuple and descriptor while self is lent out.
        let datum = unsafe {
            pg_sys::heap_getattr(self.tuple, attribute.into(), self.descriptor, &mut is_null)
        };
        (!is_null).then_some(datum)
    }

    /// A value, which is a copy; `None` for NULL.
    pub(crate) fn get<T: FromDatum + 'static>(&self, attribute: i16) -> Option<T> {
        // SAFETY: callers ask for columns of catalogs by the types that these have.
        unsafe { T::from_datum(self.cell(attribute)?, false) }
    }

    /// A value of type `name`.
    pub(crate) fn name(&self, attribute: i16) -> Option<String> {
        let datum = self.cell(attribute)?;
        // SAFETY: as for `get`; a name ends with a NUL.
        let name = unsafe { CStr::from_ptr(datum.cast_mut_ptr()) };
        Some(name.to_string_lossy().into_owned())
    }

    pub(crate) fn is_null(&self, attribute: i16) -> bool {
        self.cell(attribute).is_none()
    }
}
