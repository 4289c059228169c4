//! Owns every difference between PostgreSQL's major versions 15 to 18, but for two link names,
//! which stand beside their declarations in [`super::ffi`].

use pgrx::pg_sys::{self, AlterTableType};
use std::ffi::CStr;

/// An entry of a query's range table; `index` starts at 1.
pub(super) unsafe fn rte(query: *mut pg_sys::Query, index: usize) -> *mut pg_sys::RangeTblEntry {
    // SAFETY: the caller takes the index from the same query.
    unsafe { pg_sys::list_nth((*query).rtable, index as i32 - 1).cast() }
}

/// Puts the expressions themselves where PostgreSQL 18 refers to them, in one query level: those of
/// GROUP BY, to which an entry of the range table leads, and those of virtual generated columns, for
/// which triggers are given no value. What is left reads like a query of an earlier version.
///
/// `tables` are the indexes of the entries that are tables.
#[cfg(feature = "pg18")]
pub(super) unsafe fn spell_out(query: *mut pg_sys::Query, tables: &[usize]) {
    for index in tables {
        // SAFETY: the entry's relation stays open while its expressions are copied. The result is
        // a Query like the first, whose fields take the place of the old ones.
        unsafe {
            let lock = pg_sys::AccessShareLock as i32;
            let relation = pg_sys::relation_open((*rte(query, *index)).relid, lock);
            let spelt =
                pg_sys::expand_generated_columns_in_expr(query.cast(), relation, *index as i32);
            pg_sys::relation_close(relation, pg_sys::NoLock as i32);
            *query = *spelt.cast();
        }
    }
    // SAFETY: what the server's own deparser does; nothing else refers to the entry of GROUP BY.
    unsafe {
        if (*query).hasGroupRTE {
            let no_planner = std::ptr::null_mut();
            let targets = (*query).targetList.cast();
            let having = (*query).havingQual;
            (*query).targetList = pg_sys::flatten_group_exprs(no_planner, query, targets).cast();
            (*query).havingQual = pg_sys::flatten_group_exprs(no_planner, query, having);
        }
    }
}

/// Nothing to spell out before PostgreSQL 18.
#[cfg(not(feature = "pg18"))]
pub(super) unsafe fn spell_out(_: *mut pg_sys::Query, _: &[usize]) {}

/// Whether this backend holds a lock in this mode.
pub(super) unsafe fn holds_lock(tag: &pg_sys::LOCKTAG, mode: pg_sys::LOCKMODE) -> bool {
    // SAFETY: a lookup in this backend's own table of locks.
    unsafe {
        #[cfg(any(feature = "pg15", feature = "pg16"))]
        return pg_sys::LockHeldByMe(tag, mode);
        #[cfg(not(any(feature = "pg15", feature = "pg16")))]
        return pg_sys::LockHeldByMe(tag, mode, false);
    }
}

/// Whether a node is JSON_VALUE, JSON_QUERY, JSON_EXISTS or a column of JSON_TABLE.
pub(super) fn is_json_query(tag: pg_sys::NodeTag) -> bool {
    #[cfg(any(feature = "pg15", feature = "pg16"))]
    return {
        _ = tag;
        false
    };
    #[cfg(not(any(feature = "pg15", feature = "pg16")))]
    return tag == pg_sys::NodeTag::T_JsonExpr;
}

/// Whether a node is JSON_OBJECT, JSON_ARRAY, JSON_SCALAR or the like.
pub(super) fn is_json_constructor(tag: pg_sys::NodeTag) -> bool {
    #[cfg(feature = "pg15")]
    return {
        _ = tag;
        false
    };
    #[cfg(not(feature = "pg15"))]
    return tag == pg_sys::NodeTag::T_JsonConstructorExpr;
}

/// The n-th attribute of a row descriptor, from 0.
pub(super) unsafe fn attribute(
    descriptor: pg_sys::TupleDesc,
    index: usize,
) -> &'static pg_sys::FormData_pg_attribute {
    // SAFETY: the index is below natts; the descriptor outlives the use.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        return &*(*descriptor).attrs.as_ptr().add(index);
        #[cfg(feature = "pg18")]
        return &*pg_sys::TupleDescAttr(descriptor, index as i32);
    }
}

/// Whether a column is declared NOT NULL, and every row is known to comply.
pub(super) unsafe fn is_not_null(descriptor: pg_sys::TupleDesc, index: usize) -> bool {
    // SAFETY: the index is below natts.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        return attribute(descriptor, index).attnotnull;
        #[cfg(feature = "pg18")]
        {
            let compact = (*descriptor).compact_attrs.as_ptr().add(index);
            (*compact).attnullability as u8 == pg_sys::ATTNULLABLE_VALID
        }
    }
}

unsafe extern "C-unwind" {
    #[cfg(not(feature = "pg18"))]
    #[link_name = "index_beginscan"]
    fn raw_index_beginscan(
        table: pg_sys::Relation,
        index: pg_sys::Relation,
        snapshot: pg_sys::Snapshot,
        nkeys: i32,
        norderbys: i32,
    ) -> pg_sys::IndexScanDesc;
    #[cfg(feature = "pg18")]
    #[link_name = "index_beginscan"]
    fn raw_index_beginscan(
        table: pg_sys::Relation,
        index: pg_sys::Relation,
        snapshot: pg_sys::Snapshot,
        instrument: *mut pg_sys::IndexScanInstrumentation,
        nkeys: i32,
        norderbys: i32,
    ) -> pg_sys::IndexScanDesc;
}

/// Begins a scan by one key, inside [`super::guard::call`].
pub(super) unsafe fn index_beginscan(
    table: pg_sys::Relation,
    index: pg_sys::Relation,
    snapshot: pg_sys::Snapshot,
) -> pg_sys::IndexScanDesc {
    // SAFETY: the caller has both open, and the snapshot registered or active.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        return raw_index_beginscan(table, index, snapshot, 1, 0);
        #[cfg(feature = "pg18")]
        return raw_index_beginscan(table, index, snapshot, std::ptr::null_mut(), 1, 0);
    }
}

/// Replaces columns of joins by the columns they stand for. Works on a copy.
pub(super) unsafe fn flatten_join_alias_vars(
    query: *mut pg_sys::Query,
    node: *mut pg_sys::Node,
) -> *mut pg_sys::Node {
    // SAFETY: a query and an expression of its own level.
    unsafe {
        #[cfg(feature = "pg15")]
        return pg_sys::flatten_join_alias_vars(query, node);
        #[cfg(not(feature = "pg15"))]
        return pg_sys::flatten_join_alias_vars(std::ptr::null_mut(), query, node);
    }
}

// Rights in the width that a set of them has: 32 bits in PostgreSQL 15, then 64.
pub(super) const ACL_SELECT: pg_sys::AclMode = pg_sys::ACL_SELECT as pg_sys::AclMode;
pub(super) const ACL_TRIGGER: pg_sys::AclMode = pg_sys::ACL_TRIGGER as pg_sys::AclMode;
const ACL_USAGE: pg_sys::AclMode = pg_sys::ACL_USAGE as pg_sys::AclMode;

pub(super) unsafe fn may_use_schema(schema: pg_sys::Oid, role: pg_sys::Oid) -> bool {
    // SAFETY: catalog lookups.
    let result = unsafe {
        #[cfg(feature = "pg15")]
        let result = pg_sys::pg_namespace_aclcheck(schema, role, ACL_USAGE);
        #[cfg(not(feature = "pg15"))]
        let result = pg_sys::object_aclcheck(pg_sys::NamespaceRelationId, schema, role, ACL_USAGE);
        result
    };
    result == pg_sys::AclResult::ACLCHECK_OK
}

pub(super) unsafe fn owns_relation(relid: pg_sys::Oid, role: pg_sys::Oid) -> bool {
    // SAFETY: catalog lookups.
    unsafe {
        #[cfg(feature = "pg15")]
        return pg_sys::pg_class_ownercheck(relid, role);
        #[cfg(not(feature = "pg15"))]
        return pg_sys::object_ownercheck(pg_sys::RelationRelationId, relid, role);
    }
}

/// The parts of a name as users write it, as String nodes. A malformed one raises an ERROR.
pub(super) unsafe fn name_list(name: &CStr) -> *mut pg_sys::List {
    // SAFETY: the list holds copies; a null context lets an ERROR be raised.
    unsafe {
        #[cfg(feature = "pg15")]
        return pg_sys::stringToQualifiedNameList(name.as_ptr());
        #[cfg(not(feature = "pg15"))]
        return pg_sys::stringToQualifiedNameList(name.as_ptr(), std::ptr::null_mut());
    }
}

/// The text of a String node.
pub(super) unsafe fn string_value(node: *mut pg_sys::Node) -> *const core::ffi::c_char {
    // SAFETY: the caller knows that it is a String node.
    unsafe { (*node.cast::<pg_sys::String>()).sval }
}

unsafe extern "C-unwind" {
    fn standard_ExecutorStart(desc: *mut pg_sys::QueryDesc, eflags: i32);
    #[cfg(not(feature = "pg18"))]
    fn standard_ExecutorRun(
        desc: *mut pg_sys::QueryDesc,
        direction: pg_sys::ScanDirection::Type,
        count: u64,
        execute_once: bool,
    );
    #[cfg(feature = "pg18")]
    fn standard_ExecutorRun(
        desc: *mut pg_sys::QueryDesc,
        direction: pg_sys::ScanDirection::Type,
        count: u64,
    );
}

unsafe extern "C-unwind" {
    fn LockAcquireExtended(
        tag: *const pg_sys::LOCKTAG,
        mode: pg_sys::LOCKMODE,
        is_of_session: bool,
        may_not_wait: bool,
        raises_without_room: bool,
        local: *mut *mut pg_sys::LOCALLOCK,
        #[cfg(feature = "pg18")] logs_failure: bool,
    ) -> pg_sys::LockAcquireResult::Type;
}

/// Takes a lock of the transaction's, unguarded. Without `raises_without_room` a full lock table gives
/// `LOCKACQUIRE_NOT_AVAIL`.
pub(super) unsafe fn acquire_lock(
    tag: *const pg_sys::LOCKTAG,
    mode: pg_sys::LOCKMODE,
    may_not_wait: bool,
    raises_without_room: bool,
) -> pg_sys::LockAcquireResult::Type {
    // SAFETY: the caller hands a valid tag; the local entry is not asked for.
    unsafe {
        LockAcquireExtended(
            tag,
            mode,
            false,
            may_not_wait,
            raises_without_room,
            std::ptr::null_mut(),
            #[cfg(feature = "pg18")]
            false,
        )
    }
}

/// `standard_ExecutorStart`, unguarded: see [`super::hooks`].
pub(super) unsafe fn standard_executor_start(desc: *mut pg_sys::QueryDesc, eflags: i32) {
    // SAFETY: the caller's hook was given these.
    unsafe { standard_ExecutorStart(desc, eflags) }
}

static mut NEXT_RUN: pg_sys::ExecutorRun_hook_type = None;

/// What [`register_executor_run`] was given.
static mut PUSH: unsafe fn(*mut pg_sys::QueryDesc) -> bool = |_| false;

/// Chains the ExecutorRun hook, whose parameters changed in PostgreSQL 18. `push` makes a query's
/// snapshot the active one where needed, and tells whether it has to be popped.
pub(super) unsafe fn register_executor_run(push: unsafe fn(*mut pg_sys::QueryDesc) -> bool) {
    // SAFETY: called once, from _PG_init.
    unsafe {
        PUSH = push;
        NEXT_RUN = pg_sys::ExecutorRun_hook;
        pg_sys::ExecutorRun_hook = Some(executor_run);
    }
}

#[cfg(not(feature = "pg18"))]
unsafe extern "C-unwind" fn executor_run(
    desc: *mut pg_sys::QueryDesc,
    direction: pg_sys::ScanDirection::Type,
    count: u64,
    execute_once: bool,
) {
    // SAFETY: what PostgreSQL handed over; nothing here has a destructor.
    unsafe {
        let is_pushed = PUSH(desc);
        match NEXT_RUN {
            Some(next) => next(desc, direction, count, execute_once),
            None => standard_ExecutorRun(desc, direction, count, execute_once),
        }
        if is_pushed {
            pg_sys::PopActiveSnapshot();
        }
    }
}

#[cfg(feature = "pg18")]
unsafe extern "C-unwind" fn executor_run(
    desc: *mut pg_sys::QueryDesc,
    direction: pg_sys::ScanDirection::Type,
    count: u64,
) {
    // SAFETY: what PostgreSQL handed over; nothing here has a destructor.
    unsafe {
        let is_pushed = PUSH(desc);
        match NEXT_RUN {
            Some(next) => next(desc, direction, count),
            None => standard_ExecutorRun(desc, direction, count),
        }
        if is_pushed {
            pg_sys::PopActiveSnapshot();
        }
    }
}

/// What ALTER TABLE calls a column that is added.
#[cfg(feature = "pg15")]
pub(super) const ADDS_COLUMNS: &[AlterTableType::Type] = &[
    AlterTableType::AT_AddColumn,
    AlterTableType::AT_AddColumnRecurse,
];
#[cfg(not(feature = "pg15"))]
pub(super) const ADDS_COLUMNS: &[AlterTableType::Type] = &[AlterTableType::AT_AddColumn];

/// And one that goes, or has another type or expression.
#[cfg(feature = "pg15")]
pub(super) const CHANGES_COLUMNS: &[AlterTableType::Type] = &[
    AlterTableType::AT_DropColumn,
    AlterTableType::AT_DropColumnRecurse,
    AlterTableType::AT_AlterColumnType,
];
#[cfg(feature = "pg16")]
pub(super) const CHANGES_COLUMNS: &[AlterTableType::Type] = &[
    AlterTableType::AT_DropColumn,
    AlterTableType::AT_AlterColumnType,
];
#[cfg(not(any(feature = "pg15", feature = "pg16")))]
pub(super) const CHANGES_COLUMNS: &[AlterTableType::Type] = &[
    AlterTableType::AT_DropColumn,
    AlterTableType::AT_AlterColumnType,
    AlterTableType::AT_SetExpression,
];
