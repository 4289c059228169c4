//! Owns values taken out of tuples: small owned images that live in Rust for as long as a
//! transaction owes a refresh, and the way back into parameters.
//!
//! Two values are equal here when their images are, which is stricter than SQL equality (1.0 and
//! 1.00 differ). That is what capture needs: a set of images may hold one SQL value twice, never
//! miss one.

use pgrx::{IntoDatum, pg_sys};

/// How values of a type are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Storage {
    pub(crate) type_oid: pg_sys::Oid,
    pub(crate) len: i16,
    pub(crate) by_value: bool,
    pub(crate) align: core::ffi::c_char,
}

impl Storage {
    pub(crate) fn of(type_oid: pg_sys::Oid) -> Storage {
        let (mut len, mut by_value, mut align) = (0, false, 0);
        // SAFETY: raises an ERROR for an unknown type, else fills the three.
        unsafe { pg_sys::get_typlenbyvalalign(type_oid, &mut len, &mut by_value, &mut align) };
        Storage {
            type_oid,
            len,
            by_value,
            align,
        }
    }

    /// The type of arrays of it; `None` where PostgreSQL has none (arrays, some pseudo-types).
    pub(crate) fn array_type(&self) -> Option<pg_sys::Oid> {
        // SAFETY: a syscache lookup.
        let oid = unsafe { pg_sys::get_array_type(self.type_oid) };
        (oid != pg_sys::InvalidOid).then_some(oid)
    }
}

/// A value's image. Words keep the alignment that PostgreSQL expects of a datum.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Value {
    Null,
    Word(usize),
    Image(Box<[u64]>),
}

/// One value per column of a route's start or of a key.
pub(crate) type Row = Box<[Value]>;

impl Value {
    /// Copies a datum.
    ///
    /// # Safety
    /// `datum` must be a valid datum of the type that `storage` describes, unless `is_null`.
    pub(super) unsafe fn from_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        storage: Storage,
    ) -> Value {
        if is_null {
            return Value::Null;
        }
        if storage.by_value {
            return Value::Word(datum.value());
        }
        // SAFETY: the caller's promise; detoasting gives a plain copy with a four-byte header.
        unsafe {
            let (pointer, size) = match storage.len {
                -1 => {
                    let varlena = pg_sys::pg_detoast_datum(datum.cast_mut_ptr());
                    (varlena.cast::<u8>(), pgrx::varsize_any(varlena))
                }
                -2 => {
                    let text = datum.cast_mut_ptr::<core::ffi::c_char>();
                    (
                        text.cast::<u8>(),
                        core::ffi::CStr::from_ptr(text).to_bytes_with_nul().len(),
                    )
                }
                len => (datum.cast_mut_ptr::<u8>(), len as usize),
            };
            let mut words = vec![0u64; size.div_ceil(8)];
            std::ptr::copy_nonoverlapping(pointer, words.as_mut_ptr().cast::<u8>(), size);
            if storage.len == -1 && pointer != datum.cast_mut_ptr::<u8>() {
                pg_sys::pfree(pointer.cast());
            }
            Value::Image(words.into_boxed_slice())
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// A datum that points into `self`.
    pub(super) fn as_datum(&self) -> pg_sys::Datum {
        match self {
            Value::Null => pg_sys::Datum::from(0usize),
            Value::Word(word) => pg_sys::Datum::from(*word),
            Value::Image(words) => pg_sys::Datum::from(words.as_ptr()),
        }
    }
}

/// Rows as an array of records in the current memory context: unlike arrays per column, it holds
/// values of any type, arrays among them.
pub(super) fn records(rows: &[Row], columns: &[Storage]) -> pg_sys::Datum {
    // SAFETY: a descriptor of ordinary types; blessed, so that whoever reads a record finds it.
    let descriptor = unsafe {
        let descriptor = pg_sys::CreateTemplateTupleDesc(columns.len() as i32);
        for (i, column) in columns.iter().enumerate() {
            let number = i as i16 + 1;
            pg_sys::TupleDescInitEntry(descriptor, number, c"".as_ptr(), column.type_oid, -1, 0);
        }
        pg_sys::BlessTupleDesc(descriptor)
    };
    let record = |row: &Row| {
        let mut datums: Vec<_> = row.iter().map(Value::as_datum).collect();
        let mut nulls: Vec<_> = row.iter().map(Value::is_null).collect();
        // SAFETY: one value of the column's type for each; the tuple and the datum are copies.
        unsafe {
            let tuple =
                pg_sys::heap_form_tuple(descriptor, datums.as_mut_ptr(), nulls.as_mut_ptr());
            (pg_sys::heap_copy_tuple_as_datum(tuple, descriptor), false)
        }
    };
    let records: Vec<_> = rows.iter().map(record).collect();
    array(&records, Storage::of(pg_sys::RECORDOID))
}

/// A one-dimensional array datum in the current memory context.
pub(super) fn array(values: &[(pg_sys::Datum, bool)], element: Storage) -> pg_sys::Datum {
    let mut datums: Vec<_> = values.iter().map(|(datum, _)| *datum).collect();
    let mut nulls: Vec<_> = values.iter().map(|(_, null)| *null).collect();
    let mut dims = [values.len() as i32];
    let mut lower_bounds = [1];
    let dimensions = if values.is_empty() { 0 } else { 1 };
    // SAFETY: the datums are of the element's type and outlive the call, which copies them.
    let array = unsafe {
        pg_sys::construct_md_array(
            datums.as_mut_ptr(),
            nulls.as_mut_ptr(),
            dimensions,
            dims.as_mut_ptr(),
            lower_bounds.as_mut_ptr(),
            element.type_oid,
            element.len as i32,
            element.by_value,
            element.align,
        )
    };
    pg_sys::Datum::from(array)
}

/// An array of text in the current memory context.
pub(super) fn texts(values: &[String]) -> pg_sys::Datum {
    let texts = values.iter().map(|text| text.as_str().into_datum());
    let cells: Vec<_> = texts.map(cell).collect();
    array(&cells, Storage::of(pg_sys::TEXTOID))
}

/// A datum as arrays and parameters take it, and whether it is NULL.
pub(super) fn cell(datum: Option<pg_sys::Datum>) -> (pg_sys::Datum, bool) {
    match datum {
        Some(datum) => (datum, false),
        None => (pg_sys::Datum::from(0usize), true),
    }
}
