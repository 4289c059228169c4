//! Owns what the catalogs say about functions, operators and types.

use super::ffi;
use super::guard::call;
use pgrx::pg_sys::{self, Oid};
use std::ffi::CStr;

/// A function as the volatility check needs it.
pub(crate) struct Function {
    oid: Oid,
    pub(crate) name: String,
    /// `i`, `s` or `v`.
    pub(crate) volatility: u8,
    /// It came with PostgreSQL.
    pub(crate) is_builtin: bool,
    /// What an aggregate calls; empty for functions.
    pub(crate) support: Vec<Oid>,
    /// The types of its arguments, as declared.
    pub(crate) takes: Vec<Oid>,
    /// The type of its result, as declared.
    gives: Oid,
}

impl Function {
    /// `schema.name(argument types)`.
    pub(crate) fn signature(&self) -> String {
        // SAFETY: a syscache lookup, which gives palloc'd text.
        unsafe { super::list::take_text(pg_sys::format_procedure(self.oid)) }
    }

    /// Whether it reads values of a type that the call decides from text or JSON, as `jsonb_populate_record` does.
    pub(crate) fn reads_any(&self) -> bool {
        self.calls_text_functions() && is_generic(self.gives)
    }

    /// Whether it writes values of any type as text or JSON, as `concat` does.
    pub(crate) fn writes_any(&self) -> bool {
        self.calls_text_functions() && self.takes.iter().any(|t| is_generic(*t))
    }

    /// Those of types: they make PostgreSQL's own functions stable, if not always the aggregates over them.
    fn calls_text_functions(&self) -> bool {
        // SAFETY: a syscache lookup.
        let is_stable = |f: &Oid| unsafe { pg_sys::func_volatile(*f) } as u8 == b's';
        self.is_builtin && (self.volatility == b's' || self.support.iter().any(is_stable))
    }
}

/// Whether a declared type stands for others: `anyelement`, `record` and the like.
fn is_generic(type_oid: Oid) -> bool {
    // SAFETY: a syscache lookup.
    let kind = unsafe { pg_sys::get_typtype(type_oid) } as u8;
    kind == pg_sys::TYPTYPE_PSEUDO && type_oid != pg_sys::CSTRINGOID
}

pub(crate) fn function(oid: Oid) -> Function {
    // SAFETY: syscache lookups, which give palloc'd text and a palloc'd array of so many types.
    unsafe {
        let name = pg_sys::get_func_name(oid);
        let (mut takes, mut count) = (std::ptr::null_mut(), 0);
        let gives = pg_sys::get_func_signature(oid, &mut takes, &mut count);
        Function {
            oid,
            takes: (0..count as usize).map(|i| *takes.add(i)).collect(),
            gives,
            name: match name.is_null() {
                true => String::new(),
                false => super::list::take_text(name),
            },
            volatility: pg_sys::func_volatile(oid) as u8,
            is_builtin: !is_user_defined(oid.to_u32())
                && pg_sys::get_func_namespace(oid).to_u32() == pg_sys::PG_CATALOG_NAMESPACE,
            support: aggregate_support(oid),
        }
    }
}

unsafe fn aggregate_support(oid: Oid) -> Vec<Oid> {
    // aggtransfn, aggfinalfn, aggmtransfn and aggmfinalfn (catalog/pg_aggregate.h).
    let columns = [4, 5, 9, 11];
    // SAFETY: the tuple is a pg_aggregate row, valid until released; the columns are OIDs.
    unsafe {
        let id = pg_sys::SysCacheIdentifier::AGGFNOID as i32;
        let tuple = pg_sys::SearchSysCache1(id, pg_sys::Datum::from(oid));
        if tuple.is_null() {
            return Vec::new();
        }
        let read = |column: i16| {
            let mut is_null = false;
            let datum = pg_sys::SysCacheGetAttr(id, tuple, column, &mut is_null);
            Oid::from(datum.value() as u32)
        };
        let all = columns.map(read);
        pg_sys::ReleaseSysCache(tuple);
        all.into_iter()
            .filter(|f| *f != pg_sys::InvalidOid)
            .collect()
    }
}

/// True for what did not come with PostgreSQL: a function, a type, a relation.
pub(crate) fn is_user_defined(oid: u32) -> bool {
    oid >= pg_sys::FirstNormalObjectId
}

/// `ClanguageId` (catalog/pg_language.dat).
const C_LANGUAGE: Oid = Oid::from_u32(13);

/// Whether a trigger's function is one of ours: C functions of these names are made by superusers alone.
pub(super) fn is_own_trigger(oid: Oid) -> bool {
    // SAFETY: syscache lookups.
    unsafe {
        let name = pg_sys::get_func_name(oid);
        let is_named = !name.is_null()
            && ["pg_tviews_capture", "pg_tviews_guard"]
                .contains(&super::list::take_text(name).as_str());
        is_named && language(oid) == C_LANGUAGE
    }
}

unsafe fn language(oid: Oid) -> Oid {
    // SAFETY: the tuple is a pg_proc row, released after reading.
    unsafe {
        let id = pg_sys::SysCacheIdentifier::PROCOID as i32;
        let tuple = pg_sys::SearchSysCache1(id, pg_sys::Datum::from(oid));
        if tuple.is_null() {
            return pg_sys::InvalidOid;
        }
        let language = (*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_proc>()).prolang;
        pg_sys::ReleaseSysCache(tuple);
        language
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Lock {
    /// The definition of a TVIEW is made with it.
    Use,
    /// It was replaced or altered. PostgreSQL itself locks what it drops, and only that.
    Replacement,
}

/// Locks a function or a type, an object of the catalog `class`, until the transaction ends; learns of
/// what others have done to it, and gives whether it is still there.
pub(crate) fn lock(class: Oid, object: Oid, lock: Lock) -> bool {
    let mode = match lock {
        Lock::Use => pg_sys::AccessShareLock,
        Lock::Replacement => pg_sys::AccessExclusiveLock,
    };
    let cache = match class == pg_sys::ProcedureRelationId {
        true => pg_sys::SysCacheIdentifier::PROCOID,
        false => pg_sys::SysCacheIdentifier::TYPEOID,
    };
    let (key, none) = (pg_sys::Datum::from(object), pg_sys::Datum::from(0usize));
    // SAFETY: a lock on an object that is gone meanwhile is harmless; a syscache lookup.
    unsafe {
        call(|| ffi::LockDatabaseObject(class, object, 0, mode as i32));
        pg_sys::SearchSysCacheExists(cache as i32, key, none, none, none)
    }
}

/// An equality operator that btree or hash indexes know.
pub(crate) struct Equality {
    /// `OPERATOR(schema.name)`.
    pub(crate) sql: String,
    /// The operator with exchanged operands, likewise.
    pub(crate) commutator: Option<String>,
    pub(crate) families: Vec<u32>,
    pub(crate) oid: Oid,
}

/// `None` unless the operator is a strict equality that can be merged or hashed.
pub(crate) fn equality(operator: Oid) -> Option<Equality> {
    if operator == pg_sys::InvalidOid {
        return None;
    }
    // SAFETY: syscache lookups.
    unsafe {
        let families = families(operator);
        if families.is_empty() || !pg_sys::op_strict(operator) {
            return None;
        }
        Some(Equality {
            sql: operator_sql(operator)?,
            commutator: operator_sql(pg_sys::get_commutator(operator)),
            families,
            oid: operator,
        })
    }
}

/// The operator that is false where this one is true; none gives an invalid OID.
pub(crate) fn negator(operator: Oid) -> Oid {
    // SAFETY: a syscache lookup.
    unsafe { pg_sys::get_negator(operator) }
}

/// The type of an array's elements, if the type is an array of any length.
pub(crate) fn element_type(array: Oid) -> Option<Oid> {
    // SAFETY: a syscache lookup.
    let element = unsafe { pg_sys::get_element_type(array) };
    (element != pg_sys::InvalidOid && element_is_of(array, element)).then_some(element)
}

/// The type of arrays of a type, if there is one.
pub(crate) fn array_type(element: Oid) -> Option<Oid> {
    super::value::Storage::of(element).array_type()
}

/// The type below a domain; any other type is its own.
pub(crate) fn base_type(type_oid: Oid) -> Oid {
    // SAFETY: a syscache lookup.
    unsafe { pg_sys::getBaseType(type_oid) }
}

/// Whether comparing values of a type, as indexes do, can run code that did not come with PostgreSQL. Ranges have such functions,
/// composite types have columns that may be of any type; enums are compared by the catalog.
pub(crate) fn is_compared_by_code(type_oid: Oid) -> bool {
    let base = base_type(type_oid);
    match element_type(base) {
        Some(element) => is_compared_by_code(element),
        // SAFETY: a syscache lookup.
        None => is_user_defined(base.to_u32()) && !unsafe { pg_sys::type_is_enum(base) },
    }
}

/// The functions that read values of a type from text: those of the types that it is made of.
pub(crate) fn input_functions(type_oid: Oid) -> Vec<Oid> {
    let input = |t: Oid| {
        let (mut function, mut parameter) = (pg_sys::InvalidOid, pg_sys::InvalidOid);
        // SAFETY: fills the two for a type that exists.
        unsafe { pg_sys::getTypeInputInfo(t, &mut function, &mut parameter) };
        function
    };
    plain_types(type_oid).into_iter().map(input).collect()
}

/// The functions that write values of a type as text: those of the types that it is made of.
pub(crate) fn output_functions(type_oid: Oid) -> Vec<Oid> {
    let output = |t: Oid| {
        let (mut function, mut is_varlena) = (pg_sys::InvalidOid, false);
        // SAFETY: fills the two for a type that exists.
        unsafe { pg_sys::getTypeOutputInfo(t, &mut function, &mut is_varlena) };
        function
    };
    plain_types(type_oid).into_iter().map(output).collect()
}

/// What a type is made of in the end, the type itself where it has no parts. No type is part of itself.
fn plain_types(type_oid: Oid) -> Vec<Oid> {
    let base = base_type(type_oid);
    let parts = parts(base);
    match parts.is_empty() {
        true => vec![base],
        false => parts.into_iter().flat_map(plain_types).collect(),
    }
}

/// The type of an array's elements, of a range's bounds, of a multirange's ranges; the types of a row's columns.
fn parts(type_oid: Oid) -> Vec<Oid> {
    // SAFETY: syscache lookups; the type cache entry of a row, which has a descriptor, lives as long as the backend, and the
    // descriptor while it is read.
    unsafe {
        if pg_sys::get_typ_typrelid(type_oid) != pg_sys::InvalidOid {
            let flags = pg_sys::TYPECACHE_TUPDESC as i32;
            let descriptor = (*pg_sys::lookup_type_cache(type_oid, flags)).tupDesc;
            return (0..(*descriptor).natts as usize)
                .map(|i| super::version::attribute(descriptor, i))
                .filter(|a| !a.attisdropped)
                .map(|a| a.atttypid)
                .collect();
        }
        let part = element_type(type_oid).unwrap_or(pg_sys::InvalidOid);
        [
            part,
            pg_sys::get_range_subtype(type_oid),
            pg_sys::get_multirange_range(type_oid),
        ]
        .into_iter()
        .filter(|part| *part != pg_sys::InvalidOid)
        .collect()
    }
}

/// Leaves out types such as int2vector, of whose elements the array type is another one.
fn element_is_of(array: Oid, element: Oid) -> bool {
    // SAFETY: a syscache lookup.
    unsafe { pg_sys::get_array_type(element) == array }
}

/// An operator as `OPERATOR(schema.name)`; `None` for none.
unsafe fn operator_sql(operator: Oid) -> Option<String> {
    if operator == pg_sys::InvalidOid {
        return None;
    }
    // SAFETY: syscache lookups of an operator that exists.
    unsafe {
        let schema = operator_schema(operator)?;
        let name = super::list::take_text(pg_sys::get_opname(operator));
        Some(format!("OPERATOR({}.{name})", crate::name::quote(&schema)))
    }
}

unsafe fn operator_schema(operator: Oid) -> Option<String> {
    // SAFETY: the tuple is a pg_operator row, released after reading.
    unsafe {
        let id = pg_sys::SysCacheIdentifier::OPEROID as i32;
        let tuple = pg_sys::SearchSysCache1(id, pg_sys::Datum::from(operator));
        if tuple.is_null() {
            return None;
        }
        let namespace =
            (*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_operator>()).oprnamespace;
        pg_sys::ReleaseSysCache(tuple);
        super::list::schema_name(namespace)
    }
}

/// Families in which the operator is equality: btree ones, and hash ones where there are none.
unsafe fn families(operator: Oid) -> Vec<u32> {
    // SAFETY: gives a list of OIDs.
    unsafe {
        let list = pg_sys::get_mergejoin_opfamilies(operator);
        let families = super::list::oids(list).into_iter();
        families.map(Oid::to_u32).collect()
    }
}

/// A type's default equality, and whether equal values always have equal images.
pub(crate) fn default_equality(type_oid: Oid) -> Option<(Equality, bool)> {
    // SAFETY: the type cache entry lives as long as the backend.
    unsafe {
        let entry = pg_sys::lookup_type_cache(
            type_oid,
            (pg_sys::TYPECACHE_EQ_OPR | pg_sys::TYPECACHE_BTREE_OPFAMILY) as i32,
        );
        equality((*entry).eq_opr).map(|e| (e, is_image_equal(type_oid)))
    }
}

/// The function of a type's default equality.
pub(crate) fn equality_function(type_oid: Oid) -> Option<Oid> {
    let flags = pg_sys::TYPECACHE_EQ_OPR as i32;
    // SAFETY: the type cache entry lives as long as the backend; a syscache lookup.
    unsafe {
        let operator = (*pg_sys::lookup_type_cache(type_oid, flags)).eq_opr;
        (operator != pg_sys::InvalidOid).then(|| pg_sys::get_opcode(operator))
    }
}

/// Whether two types, of which one can be relabelled as the other, have the same default equality.
pub(crate) fn is_equality_shared(one: Oid, other: Oid) -> bool {
    let families = |t: Oid| default_equality(t).map(|(e, _)| e.families);
    one == other || families(one) == families(other)
}

/// Types whose equality is equality of images; for the others keys are made distinct in SQL.
pub(crate) fn is_image_equal(type_oid: Oid) -> bool {
    [
        pg_sys::INT2OID,
        pg_sys::INT4OID,
        pg_sys::INT8OID,
        pg_sys::UUIDOID,
        pg_sys::OIDOID,
        pg_sys::DATEOID,
        pg_sys::BOOLOID,
    ]
    .contains(&type_oid)
}

/// A column's collation as SQL, unless it is the type's own.
pub(crate) fn collation(collation: Oid, type_oid: Oid) -> Option<String> {
    // SAFETY: a syscache lookup.
    match collation == unsafe { pg_sys::get_typcollation(type_oid) } {
        true => None,
        false => collation_name(collation),
    }
}

/// A collation as SQL; `None` for none.
pub(crate) fn collation_name(collation: Oid) -> Option<String> {
    // SAFETY: the tuple is a pg_collation row, released after reading.
    unsafe {
        let id = pg_sys::SysCacheIdentifier::COLLOID as i32;
        let tuple = pg_sys::SearchSysCache1(id, pg_sys::Datum::from(collation));
        if tuple.is_null() {
            return None;
        }
        let row = &*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_collation>();
        let name = CStr::from_ptr(row.collname.data.as_ptr())
            .to_string_lossy()
            .into_owned();
        let schema = super::list::schema_name(row.collnamespace);
        pg_sys::ReleaseSysCache(tuple);
        Some(
            crate::name::Name {
                schema: schema?,
                name,
            }
            .sql(),
        )
    }
}

/// A collation as people write it; `None` for none.
pub(crate) fn collation_text(collation: u32) -> Option<String> {
    let collation = Oid::from(collation);
    // SAFETY: a collation that exists, looked up in the syscache; palloc'd text.
    unsafe {
        (collation != pg_sys::InvalidOid)
            .then(|| super::list::take_text(pg_sys::generate_collation_name(collation)))
    }
}

/// The collation that values of a type have by themselves; 0 for none.
pub(crate) fn type_collation(type_oid: u32) -> u32 {
    // SAFETY: a syscache lookup.
    unsafe { pg_sys::get_typcollation(Oid::from(type_oid)) }.to_u32()
}

/// The btree family that an index on values of a type has by itself; 0 for none.
pub(crate) fn default_family(type_oid: u32) -> u32 {
    let flags = pg_sys::TYPECACHE_BTREE_OPFAMILY as i32;
    // SAFETY: the type cache entry lives as long as the backend.
    unsafe { (*pg_sys::lookup_type_cache(Oid::from(type_oid), flags)).btree_opf }.to_u32()
}

/// Whether a value of the one type is one of the other as it is.
pub(crate) fn is_relabel(from: u32, to: u32) -> bool {
    // SAFETY: syscache lookups.
    unsafe { pg_sys::IsBinaryCoercible(Oid::from(from), Oid::from(to)) }
}

/// Whether ALTER COLUMN TYPE finds a way from the one type to the other by itself.
pub(crate) fn is_assignable(from: Oid, to: Oid) -> bool {
    is_coercible(from, to, pg_sys::CoercionContext::COERCION_ASSIGNMENT)
}

/// Whether every value of the one type is one of the other.
pub(crate) fn is_implicit(from: Oid, to: Oid) -> bool {
    is_coercible(from, to, pg_sys::CoercionContext::COERCION_IMPLICIT)
}

fn is_coercible(from: Oid, to: Oid, context: pg_sys::CoercionContext::Type) -> bool {
    // SAFETY: one of each; catalog lookups.
    unsafe { pg_sys::can_coerce_type(1, &from, &to, context) }
}

/// A type as SQL, qualified, without a modifier: `bpchar`, since plain `character` means one.
pub(crate) fn type_sql(type_oid: Oid) -> String {
    let flags = pg_sys::FORMAT_TYPE_TYPEMOD_GIVEN | pg_sys::FORMAT_TYPE_FORCE_QUALIFY;
    // SAFETY: palloc'd text.
    unsafe { super::list::take_text(pg_sys::format_type_extended(type_oid, -1, flags as u16)) }
}

/// A type's name for messages; a modifier below zero is none.
pub(crate) fn type_name(type_oid: Oid, typmod: i32) -> String {
    // SAFETY: palloc'd text.
    unsafe { super::list::take_text(pg_sys::format_type_with_typemod(type_oid, typmod)) }
}
