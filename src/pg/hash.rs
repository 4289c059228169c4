//! Owns hashing of values as PostgreSQL's equality sees them: values that are equal have equal hashes,
//! also across types of one operator family (int4 and int8), also where their images differ (1.0 and 1.00,
//! text under a nondeterministic collation).

use super::guard::call;
use super::value::Value;
use pgrx::pg_sys::{self, Oid};

/// How values of one type are hashed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Hasher {
    type_oid: Oid,
    collation: Oid,
}

impl Hasher {
    /// For a type by its default equality; `None` if it cannot be hashed.
    pub(crate) fn of_type(type_oid: Oid, collation: Oid) -> Option<Hasher> {
        family(type_oid).map(|_| Hasher {
            type_oid,
            collation,
        })
    }

    /// For one of the two sides of an equality; `None` unless both types' own hash functions agree with it.
    pub(crate) fn of_side(
        operator: Oid,
        sides: [Oid; 2],
        side: Oid,
        collation: Oid,
    ) -> Option<Hasher> {
        let [one, other] = sides.map(family);
        let common = one.filter(|_| one == other)?;
        // SAFETY: a syscache lookup.
        let fits = unsafe { pg_sys::op_in_opfamily(operator, common) };
        fits.then_some(Hasher {
            type_oid: side,
            collation,
        })
    }

    /// Values are of the type, and none is NULL. A whole number by itself is its own hash.
    pub(crate) fn hash(self, value: &Value) -> u32 {
        if let Some(number) = self.number(value) {
            return fold(number);
        }
        // SAFETY: the entry lives as long as the backend; the datum points into `value`.
        unsafe {
            let entry = entry(self.type_oid);
            let function = &raw mut (*entry).hash_proc_finfo;
            let (collation, datum) = (self.collation, value.as_datum());
            call(|| super::ffi::FunctionCall1Coll(function, collation, datum)).value() as u32
        }
    }

    fn number(self, value: &Value) -> Option<i64> {
        let Value::Word(word) = value else {
            return None;
        };
        Some(match self.type_oid {
            pg_sys::INT2OID => i64::from(*word as i16),
            pg_sys::INT4OID => i64::from(*word as i32),
            pg_sys::INT8OID => *word as i64,
            _ => return None,
        })
    }

    /// What a hash says about the value, for people.
    pub(crate) fn describe(self, hash: u32) -> String {
        match self.type_oid {
            pg_sys::INT2OID | pg_sys::INT4OID | pg_sys::INT8OID => format!("= {}", hash as i32),
            _ => format!("with hash {hash:08x}"),
        }
    }
}

/// A number of 32 bits is itself; equal numbers of different width have equal results.
fn fold(number: i64) -> u32 {
    match i32::try_from(number) {
        Ok(small) => small as u32,
        Err(_) => mix(number as u32, (number >> 32) as u32),
    }
}

/// One hash of two, as PostgreSQL's `hash_combine` makes it.
pub(crate) fn mix(one: u32, other: u32) -> u32 {
    let spread = other
        .wrapping_add(0x9e37_79b9)
        .wrapping_add(one << 6)
        .wrapping_add(one >> 2);
    one ^ spread
}

fn family(type_oid: Oid) -> Option<Oid> {
    // SAFETY: the entry lives as long as the backend.
    unsafe {
        let entry = entry(type_oid);
        ((*entry).hash_proc != pg_sys::InvalidOid).then_some((*entry).hash_opf)
    }
}

unsafe fn entry(type_oid: Oid) -> *mut pg_sys::TypeCacheEntry {
    let flags = pg_sys::TYPECACHE_HASH_PROC
        | pg_sys::TYPECACHE_HASH_PROC_FINFO
        | pg_sys::TYPECACHE_HASH_OPFAMILY;
    // SAFETY: raises an ERROR for an unknown type.
    unsafe { pg_sys::lookup_type_cache(type_oid, flags as i32) }
}
