//! Owns what a trigger function is given: the event, and its rows as borrowed tuples.

use super::ffi;
use super::guard::call;
use super::value::{Storage, Value};
use pgrx::pg_sys::{self, Oid};
use std::marker::PhantomData;
use std::ptr::null_mut;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Event {
    Insert,
    Update,
    Delete,
    Truncate,
}

/// One call of a trigger function.
#[derive(Clone, Copy)]
pub(crate) struct Firing<'a>(&'a pg_sys::TriggerData);

impl<'a> Firing<'a> {
    /// `None` if the function was not called as a trigger.
    ///
    /// # Safety
    /// `fcinfo` must be what PostgreSQL handed to the function.
    pub(super) unsafe fn of(fcinfo: pg_sys::FunctionCallInfo) -> Option<Firing<'a>> {
        // SAFETY: the context of a trigger call is a TriggerData.
        unsafe {
            let context = (*fcinfo).context;
            (!context.is_null() && (*context).type_ == pg_sys::NodeTag::T_TriggerData)
                .then(|| Firing(&*context.cast()))
        }
    }

    pub(crate) fn relid(&self) -> Oid {
        // SAFETY: the trigger's relation is open during the call.
        unsafe { (*self.0.tg_relation).rd_id }
    }

    pub(crate) fn event(&self) -> Event {
        match self.0.tg_event & pg_sys::TRIGGER_EVENT_OPMASK {
            pg_sys::TRIGGER_EVENT_INSERT => Event::Insert,
            pg_sys::TRIGGER_EVENT_DELETE => Event::Delete,
            pg_sys::TRIGGER_EVENT_UPDATE => Event::Update,
            _ => Event::Truncate,
        }
    }

    pub(crate) fn is_row_level(&self) -> bool {
        self.0.tg_event & pg_sys::TRIGGER_EVENT_ROW != 0
    }

    /// Calls `f` for every changed row with its old and new image.
    pub(crate) fn each_row(&self, mut f: impl FnMut(Option<Tuple<'_>>, Option<Tuple<'_>>)) {
        if self.is_row_level() {
            let (first, second) = (Tuple::of(self.0.tg_trigslot), Tuple::of(self.0.tg_newslot));
            match self.event() {
                Event::Insert => f(None, first),
                _ => f(first, second),
            }
            return;
        }
        let mut old = Scan::start(self.0.tg_relation, self.0.tg_oldtable);
        let mut new = Scan::start(self.0.tg_relation, self.0.tg_newtable);
        loop {
            let (old, new) = (
                old.as_mut().and_then(Scan::next),
                new.as_mut().and_then(Scan::next),
            );
            if old.is_none() && new.is_none() {
                return;
            }
            f(old, new);
        }
    }
}

/// A pass over a transition table.
struct Scan {
    store: *mut pg_sys::Tuplestorestate,
    slot: *mut pg_sys::TupleTableSlot,
}

impl Scan {
    fn start(relation: pg_sys::Relation, store: *mut pg_sys::Tuplestorestate) -> Option<Scan> {
        if store.is_null() {
            return None;
        }
        // SAFETY: transition tables keep the relation's row type; every reader selects its own
        // read pointer before it reads, and nobody else uses the first one.
        unsafe {
            pg_sys::tuplestore_select_read_pointer(store, 0);
            pg_sys::tuplestore_rescan(store);
            let slot = pg_sys::MakeSingleTupleTableSlot(
                (*relation).rd_att,
                &raw const pg_sys::TTSOpsMinimalTuple,
            );
            Some(Scan { store, slot })
        }
    }

    fn next(&mut self) -> Option<Tuple<'_>> {
        let found =
            // SAFETY: store and slot live as long as self; the tuple is not copied but borrowed.
            unsafe { pg_sys::tuplestore_gettupleslot(self.store, true, false, self.slot) };
        if found { Tuple::of(self.slot) } else { None }
    }
}

impl Drop for Scan {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: made by `start`.
            unsafe { pg_sys::ExecDropSingleTupleTableSlot(self.slot) };
        }
    }
}

/// A row in a slot.
#[derive(Clone, Copy)]
pub(crate) struct Tuple<'a>(*mut pg_sys::TupleTableSlot, PhantomData<&'a ()>);

impl Tuple<'_> {
    fn of<'a>(slot: *mut pg_sys::TupleTableSlot) -> Option<Tuple<'a>> {
        (!slot.is_null()).then_some(Tuple::over(slot))
    }

    /// The row in a slot that holds one.
    pub(super) fn over<'a>(slot: *mut pg_sys::TupleTableSlot) -> Tuple<'a> {
        Tuple(slot, PhantomData)
    }

    pub(super) fn slot(&self) -> *mut pg_sys::TupleTableSlot {
        self.0
    }

    /// What slot_getsomeattrs() does: makes the values of the first attributes readable.
    pub(super) fn deform(&self, count: i16) {
        // SAFETY: so many attributes there are; the server's function must not be called for fewer than are readable.
        unsafe {
            if (*self.0).tts_nvalid < count {
                let (slot, count) = (self.0, i32::from(count));
                call(|| ffi::slot_getsomeattrs_int(slot, count));
            }
        }
    }

    fn datum(&self, attribute: i16) -> (pg_sys::Datum, bool) {
        self.deform(attribute);
        // SAFETY: an attribute that is readable now.
        unsafe {
            let i = attribute as usize - 1;
            (*(*self.0).tts_values.add(i), *(*self.0).tts_isnull.add(i))
        }
    }

    pub(crate) fn value(&self, attribute: i16, storage: Storage) -> Value {
        let (datum, is_null) = self.datum(attribute);
        // SAFETY: the attribute has this storage.
        unsafe { Value::from_datum(datum, is_null, storage) }
    }

    /// Whether the other row has the same image in a column.
    pub(crate) fn is_same(&self, other: &Tuple<'_>, attribute: i16, storage: Storage) -> bool {
        self.is_cell(attribute, other.datum(attribute), storage)
    }

    /// Whether a column has the image of a value of its type.
    pub(super) fn is_cell(
        &self,
        attribute: i16,
        (b, b_null): (pg_sys::Datum, bool),
        storage: Storage,
    ) -> bool {
        let (a, a_null) = self.datum(attribute);
        if a_null || b_null {
            return a_null == b_null;
        }
        if storage.by_value || a == b {
            return a == b;
        }
        let len = i32::from(storage.len);
        // SAFETY: both datums are of the column's type.
        unsafe { call(|| ffi::datum_image_eq(a, b, false, len)) }
    }
}

/// A null result, as triggers after the event return.
pub(super) fn no_tuple() -> pg_sys::Datum {
    pg_sys::Datum::from(null_mut::<u8>())
}
