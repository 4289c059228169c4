//! Owns what the catalogs say about relations, their names, rights and locks.

use super::ffi;
use super::function;
use super::guard::{c_text, call};
use crate::name::{Column, Name, quote};
use pgrx::pg_sys::{self, Oid};
use std::ffi::CStr;

/// PostgreSQL cuts longer names off.
pub(crate) const MAX_NAME_BYTES: usize = pg_sys::NAMEDATALEN as usize - 1;

/// What `pg_class` says of a relation.
pub(crate) struct Class {
    /// `r`, `p`, `v` and so on, as `relkind`.
    pub(crate) kind: u8,
    /// `p`, `u` or `t`, as `relpersistence`.
    pub(crate) persistence: u8,
    pub(crate) owner: Oid,
    /// The access method of a table or an index.
    pub(crate) method: Oid,
    pub(crate) is_partition: bool,
    /// Others inherit from it, or are its partitions, or once did.
    pub(crate) has_children: bool,
}

/// `None` for a relation that does not exist (any more).
pub(crate) fn class(relid: Oid) -> Option<Class> {
    // SAFETY: the tuple is a pg_class row, released after reading.
    unsafe {
        let id = pg_sys::SysCacheIdentifier::RELOID as i32;
        let tuple = pg_sys::SearchSysCache1(id, pg_sys::Datum::from(relid));
        if tuple.is_null() {
            return None;
        }
        let row = &*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_class>();
        let class = Class {
            kind: row.relkind as u8,
            persistence: row.relpersistence as u8,
            owner: row.relowner,
            method: row.relam,
            is_partition: row.relispartition,
            has_children: row.relhassubclass,
        };
        pg_sys::ReleaseSysCache(tuple);
        Some(class)
    }
}

/// What a kind of relation is called in a sentence.
pub(crate) fn kind_words(kind: u8) -> &'static str {
    match kind {
        b'r' => "a table",
        b'p' => "a partitioned table",
        b'v' => "a view",
        b'm' => "a materialized view",
        b'i' | b'I' => "an index",
        b'S' => "a sequence",
        b'f' => "a foreign table",
        b'c' => "a composite type",
        b't' => "a TOAST table",
        _ => "another kind of relation",
    }
}

pub(crate) fn name(relid: Oid) -> Option<Name> {
    // SAFETY: syscache lookups.
    unsafe {
        let name = pg_sys::get_rel_name(relid);
        if name.is_null() {
            return None;
        }
        let name = super::list::take_text(name);
        Some(Name {
            schema: super::list::schema_name(pg_sys::get_rel_namespace(relid))?,
            name,
        })
    }
}

pub(crate) fn role_name(role: Oid) -> String {
    // SAFETY: noerr; palloc'd text or null.
    unsafe {
        let name = pg_sys::GetUserNameFromId(role, true);
        match name.is_null() {
            true => role.to_u32().to_string(),
            false => super::list::take_text(name),
        }
    }
}

/// Finds a relation by name in a schema.
pub(crate) fn find_in(schema: &str, name: &str) -> Option<Oid> {
    let (schema, name) = (c_text(schema), c_text(name));
    // SAFETY: syscache lookups.
    unsafe {
        let namespace = pg_sys::get_namespace_oid(schema.as_ptr(), true);
        let relid = pg_sys::get_relname_relid(name.as_ptr(), namespace);
        (namespace != pg_sys::InvalidOid && relid != pg_sys::InvalidOid).then_some(relid)
    }
}

/// Finds a relation in the schema where an unqualified CREATE would put it.
pub(crate) fn find_in_creation_schema(name: &str) -> Option<Oid> {
    let name = c_text(name);
    // SAFETY: a valid RangeVar, whose name lives until the call is over.
    unsafe {
        let range = pg_sys::makeRangeVar(std::ptr::null_mut(), name.as_ptr().cast_mut(), -1);
        find_created(range)
    }
}

/// Finds a relation where a CREATE of this name puts it: a temporary one of that name is another one.
pub(super) unsafe fn find_created(range: *const pg_sys::RangeVar) -> Option<Oid> {
    // SAFETY: the caller hands a valid RangeVar; catalog lookups.
    let relid = unsafe {
        let namespace = pg_sys::RangeVarGetCreationNamespace(range);
        pg_sys::get_relname_relid((*range).relname, namespace)
    };
    (relid != pg_sys::InvalidOid).then_some(relid)
}

/// Finds a relation by a name as users write it: qualified or not, quoted or not.
pub(crate) fn find(text: &str) -> Option<Oid> {
    let text = c_text(text);
    // SAFETY: a malformed name raises an ERROR with PostgreSQL's own words.
    unsafe {
        let list = super::version::name_list(&text);
        let range = pg_sys::makeRangeVarFromNameList(list);
        range_var(range)
    }
}

/// The parts of a name as users write it.
pub(crate) fn name_parts(text: &str) -> Vec<String> {
    let text = c_text(text);
    // SAFETY: as for `find`; the list holds String nodes.
    unsafe {
        let list = super::version::name_list(&text);
        super::list::pointers::<pg_sys::Node>(list)
            .into_iter()
            .map(|n| {
                CStr::from_ptr(super::version::string_value(n))
                    .to_string_lossy()
                    .into_owned()
            })
            .collect()
    }
}

/// A name as users write it, each part quoted.
pub(crate) fn quote_text(text: &str) -> String {
    let quoted: Vec<String> = name_parts(text).iter().map(|part| quote(part)).collect();
    quoted.join(".")
}

/// An identifier with quotes only where they are needed.
pub(crate) fn quote_identifier(identifier: &str) -> String {
    let text = c_text(identifier);
    // SAFETY: gives the argument itself or palloc'd text; copied before the argument goes.
    unsafe { CStr::from_ptr(pg_sys::quote_identifier(text.as_ptr())) }
        .to_string_lossy()
        .into_owned()
}

/// A qualified name with quotes only where they are needed, as people write it.
pub(crate) fn quote_if_needed(name: &Name) -> String {
    let (schema, name) = (c_text(&name.schema), c_text(&name.name));
    // SAFETY: palloc'd text.
    unsafe {
        super::list::take_text(pg_sys::quote_qualified_identifier(
            schema.as_ptr(),
            name.as_ptr(),
        ))
    }
}

pub(super) unsafe fn range_var(range: *const pg_sys::RangeVar) -> Option<Oid> {
    // SAFETY: the caller hands a valid RangeVar; missing_ok.
    let relid = unsafe {
        pg_sys::RangeVarGetRelidExtended(
            range,
            pg_sys::NoLock as i32,
            pg_sys::RVROption::RVR_MISSING_OK,
            None,
            std::ptr::null_mut(),
        )
    };
    (relid != pg_sys::InvalidOid).then_some(relid)
}

/// The columns of a relation, dropped ones left out.
pub(crate) fn columns(relid: Oid) -> Vec<Column> {
    // SAFETY: the relation stays open while its descriptor is read; the lock is kept.
    unsafe {
        let relation = pg_sys::relation_open(relid, pg_sys::AccessShareLock as i32);
        let descriptor = (*relation).rd_att;
        let class = &*(*relation).rd_rel;
        // NOT NULL of a plain table need not bind the tables that inherit from it.
        let binds_children =
            !class.relhassubclass || class.relkind as u8 == pg_sys::RELKIND_PARTITIONED_TABLE;
        let columns = (0..(*descriptor).natts as usize)
            .map(|i| (i, super::version::attribute(descriptor, i)))
            .filter(|(_, a)| !a.attisdropped)
            .map(|(i, a)| Column {
                attribute: a.attnum,
                name: CStr::from_ptr(a.attname.data.as_ptr())
                    .to_string_lossy()
                    .into_owned(),
                type_oid: a.atttypid.to_u32(),
                type_sql: function::type_sql(a.atttypid),
                typmod: a.atttypmod,
                is_computed: a.attgenerated != 0 || a.attidentity != 0,
                is_not_null: binds_children && super::version::is_not_null(descriptor, i),
                collation: function::collation(a.attcollation, a.atttypid),
            })
            .collect();
        pg_sys::relation_close(relation, pg_sys::NoLock as i32);
        columns
    }
}

/// How many rows a table has now, as the planner takes it: by its pages, and what the last ANALYZE found on one.
pub(crate) fn estimated_rows(relid: Oid) -> f64 {
    let (mut pages, mut rows, mut visible) = (0, 0.0, 0.0);
    // SAFETY: the relation stays open meanwhile.
    unsafe {
        let relation = pg_sys::relation_open(relid, pg_sys::AccessShareLock as i32);
        let widths = std::ptr::null_mut();
        pg_sys::estimate_rel_size(relation, widths, &mut pages, &mut rows, &mut visible);
        pg_sys::relation_close(relation, pg_sys::NoLock as i32);
    }
    rows
}

/// Whether columns of a table have defaults, are computed or identities, or are checked.
pub(super) fn computes(relid: Oid) -> bool {
    // SAFETY: the relation stays open while its descriptor is read.
    unsafe {
        let relation = pg_sys::relation_open(relid, pg_sys::AccessShareLock as i32);
        let descriptor = (*relation).rd_att;
        let is_identity =
            |n: i32| super::version::attribute(descriptor, n as usize).attidentity != 0;
        let constraints = (*descriptor).constr.as_ref();
        let computes = constraints.is_some_and(|c| c.num_check > 0 || c.num_defval > 0)
            || (0..(*descriptor).natts).any(is_identity);
        pg_sys::relation_close(relation, pg_sys::NoLock as i32);
        computes
    }
}

/// A relation and everything below it (partitions, inheritance children), itself first.
pub(crate) fn with_children(relid: Oid) -> Vec<Oid> {
    let no_lock = pg_sys::NoLock as i32;
    // SAFETY: gives a list of OIDs.
    unsafe {
        let list = call(|| ffi::find_all_inheritors(relid, no_lock, std::ptr::null_mut()));
        super::list::oids(list)
    }
}

/// The partitioned tables that a table is a partition of, the nearest first.
pub(crate) fn ancestors(relid: Oid) -> Vec<Oid> {
    match class(relid).is_some_and(|c| c.is_partition) {
        // SAFETY: gives a list of OIDs.
        true => unsafe { super::list::oids(call(|| ffi::get_partition_ancestors(relid))) },
        false => Vec::new(),
    }
}

/// The row type of a table.
pub(crate) fn row_type(relid: Oid) -> Oid {
    // SAFETY: a syscache lookup.
    unsafe { pg_sys::get_rel_type_id(relid) }
}

#[derive(Clone, Copy)]
pub(crate) enum Lock {
    /// Against changes of the definition; readers have it.
    Definition,
    /// As writers have it.
    Write,
    /// Against writers (`SHARE ROW EXCLUSIVE`).
    Writers,
    /// Against everybody, as DROP TRIGGER has it.
    All,
}

/// Locks a relation until the transaction ends.
pub(crate) fn lock(relid: Oid, lock: Lock) {
    let mode = match lock {
        Lock::Definition => pg_sys::AccessShareLock,
        Lock::Write => pg_sys::RowExclusiveLock,
        Lock::Writers => pg_sys::ShareRowExclusiveLock,
        Lock::All => pg_sys::AccessExclusiveLock,
    };
    // SAFETY: a lock on a relation that is gone meanwhile is harmless.
    unsafe { call(|| ffi::LockRelationOid(relid, mode as i32)) };
}

/// Locks a relation against changes of its definition, if nobody is in the way.
pub(crate) fn try_lock(relid: Oid) -> bool {
    let mode = pg_sys::AccessShareLock as i32;
    // SAFETY: as for `lock`.
    unsafe { call(|| ffi::ConditionalLockRelationOid(relid, mode)) }
}

/// Holds a table's definition over the ends of transactions until dropped, as CREATE INDEX CONCURRENTLY does; the end
/// of the session, or an error of the statement, gives it back as well.
pub(crate) struct SessionLock(pg_sys::LOCKTAG);

impl SessionLock {
    /// `None` if somebody is in the way.
    pub(crate) fn try_take(relid: Oid) -> Option<SessionLock> {
        let tag = pg_sys::LOCKTAG {
            // SAFETY: a global of this backend.
            locktag_field1: unsafe { pg_sys::MyDatabaseId }.to_u32(),
            locktag_field2: relid.to_u32(),
            locktag_field3: 0,
            locktag_field4: 0,
            locktag_type: pg_sys::LockTagType::LOCKTAG_RELATION as u8,
            locktag_lockmethodid: pg_sys::DEFAULT_LOCKMETHOD as u8,
        };
        // SAFETY: as SET_LOCKTAG_RELATION makes it, for a table of this database.
        let taken = unsafe { pg_sys::LockAcquire(&raw const tag, SessionLock::MODE, true, true) };
        // Made only where the lock was taken, since it is given back when it goes.
        (taken != pg_sys::LockAcquireResult::LOCKACQUIRE_NOT_AVAIL).then(|| SessionLock(tag))
    }

    const MODE: pg_sys::LOCKMODE = pg_sys::ShareUpdateExclusiveLock as pg_sys::LOCKMODE;
}

impl Drop for SessionLock {
    fn drop(&mut self) {
        // An error on its way out of the statement releases the locks of the session too, as a COMMIT that fails has done.
        if !std::thread::panicking() {
            // SAFETY: taken by `try_take`.
            unsafe {
                if super::version::holds_lock(&self.0, SessionLock::MODE) {
                    pg_sys::LockRelease(&raw const self.0, SessionLock::MODE, true);
                }
            }
        }
    }
}

/// Learns what other transactions' DDL has changed, as a new lock on a table would.
pub(crate) fn accept_invalidations() {
    // SAFETY: in a transaction; callbacks of ours only mark.
    unsafe { pg_sys::AcceptInvalidationMessages() };
}

/// Whether `role` may create triggers on a table and read it, or columns of it.
pub(crate) fn may_watch(relid: Oid, role: Oid) -> bool {
    // SAFETY: a catalog lookup.
    let result = unsafe { pg_sys::pg_class_aclcheck(relid, role, super::version::ACL_TRIGGER) };
    result == pg_sys::AclResult::ACLCHECK_OK && may_read(relid, role)
}

/// Whether row security hides rows of a table from `role`.
pub(crate) fn is_row_security_active(relid: Oid, role: Oid) -> bool {
    // SAFETY: catalog lookups.
    let active = unsafe { pg_sys::check_enable_rls(relid, role, true) };
    active == pg_sys::CheckEnableRlsResult::RLS_ENABLED as i32
}

/// Whether `role` may read a table, or columns of it.
pub(crate) fn may_read(relid: Oid, role: Oid) -> bool {
    let ok = pg_sys::AclResult::ACLCHECK_OK;
    let any = pg_sys::AclMaskHow::ACLMASK_ANY;
    // SAFETY: catalog lookups.
    unsafe {
        pg_sys::pg_class_aclcheck(relid, role, super::version::ACL_SELECT) == ok
            || pg_sys::pg_attribute_aclcheck_all(relid, role, super::version::ACL_SELECT, any) == ok
    }
}

/// Whether `role` may read all of a table's rows and columns.
pub(crate) fn may_read_all(relid: Oid, role: Oid) -> bool {
    // SAFETY: a catalog lookup.
    let result = unsafe { pg_sys::pg_class_aclcheck(relid, role, super::version::ACL_SELECT) };
    result == pg_sys::AclResult::ACLCHECK_OK && !is_row_security_active(relid, role)
}

/// Whether `role` may name what is in a relation's schema.
pub(crate) fn may_name(relid: Oid, role: Oid) -> bool {
    // SAFETY: catalog lookups.
    unsafe { super::version::may_use_schema(pg_sys::get_rel_namespace(relid), role) }
}

/// Whether `role` may insert, update and delete a table's rows.
pub(crate) fn may_write(relid: Oid, role: Oid) -> bool {
    let all = pg_sys::ACL_INSERT | pg_sys::ACL_UPDATE | pg_sys::ACL_DELETE;
    let every = pg_sys::AclMaskHow::ACLMASK_ALL;
    // SAFETY: a catalog lookup.
    let granted = unsafe { pg_sys::pg_class_aclmask(relid, role, all as pg_sys::AclMode, every) };
    granted == all as pg_sys::AclMode
}

/// Whether `role` owns a relation, as a superuser does.
pub(crate) fn is_owner(relid: Oid, role: Oid) -> bool {
    // SAFETY: a catalog lookup.
    unsafe { super::version::owns_relation(relid, role) }
}

/// Makes every backend read the relation's catalog entries anew.
pub(crate) fn invalidate(relid: Oid) {
    // SAFETY: queues an invalidation message; the relation exists.
    unsafe { pg_sys::CacheInvalidateRelcacheByRelid(relid) };
}

/// True for PostgreSQL's own tables and views.
pub(crate) fn is_system(relid: Oid) -> bool {
    relid.to_u32() < pg_sys::FirstNormalObjectId
}
