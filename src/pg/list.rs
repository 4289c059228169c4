//! Owns reading what the server hands out: lists, texts, and the name of a schema.

use pgrx::pg_sys::{self, Oid};
use std::ffi::CStr;

/// The number of elements; none for the empty list, which is null.
pub(super) unsafe fn list_len(list: *const pg_sys::List) -> i32 {
    // SAFETY: null is the empty list.
    unsafe { if list.is_null() { 0 } else { (*list).length } }
}

/// The elements of a list of nodes.
pub(super) unsafe fn pointers<T>(list: *const pg_sys::List) -> Vec<*mut T> {
    // SAFETY: the caller knows the element type.
    unsafe {
        (0..list_len(list))
            .map(|i| pg_sys::list_nth(list, i).cast())
            .collect()
    }
}

/// The elements of a list of OIDs.
pub(super) unsafe fn oids(list: *const pg_sys::List) -> Vec<Oid> {
    // SAFETY: the caller knows the element type.
    unsafe {
        (0..list_len(list))
            .map(|i| pg_sys::list_nth_oid(list, i))
            .collect()
    }
}

/// Copies and frees a palloc'd text.
pub(super) unsafe fn take_text(text: *mut core::ffi::c_char) -> String {
    // SAFETY: the caller hands a fresh, NUL-terminated text.
    unsafe {
        let owned = CStr::from_ptr(text).to_string_lossy().into_owned();
        pg_sys::pfree(text.cast());
        owned
    }
}

/// `None` for a schema that does not exist (any more).
pub(super) fn schema_name(namespace: Oid) -> Option<String> {
    // SAFETY: a syscache lookup giving palloc'd text or null.
    unsafe {
        let name = pg_sys::get_namespace_name(namespace);
        (!name.is_null()).then(|| take_text(name))
    }
}
