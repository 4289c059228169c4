//! Owns the declarations of server functions that pgrx does not bind, or binds only behind a
//! guard that loses parts of an error (CONTEXT, constraint and table names, cursor position).
//! Used by this folder alone. Whoever calls one either has no destructors on its stack (hooks
//! that pass a statement on) or goes through [`super::guard::call`].

use core::ffi::{c_char, c_int, c_long, c_void};
use pgrx::pg_sys;

pub(super) type Walker =
    unsafe extern "C-unwind" fn(node: *mut pg_sys::Node, context: *mut c_void) -> bool;
pub(super) type TimeoutId = c_int;

/// `STATEMENT_TIMEOUT` of `enum TimeoutId` (utils/timeout.h, PostgreSQL 15 to 18).
pub(super) const STATEMENT_TIMEOUT: TimeoutId = 3;

unsafe extern "C-unwind" {
    pub(super) fn standard_ProcessUtility(
        pstmt: *mut pg_sys::PlannedStmt,
        query_string: *const c_char,
        read_only_tree: bool,
        context: pg_sys::ProcessUtilityContext::Type,
        params: pg_sys::ParamListInfo,
        query_env: *mut pg_sys::QueryEnvironment,
        dest: *mut pg_sys::DestReceiver,
        qc: *mut pg_sys::QueryCompletion,
    );
    pub(super) fn standard_ExecutorFinish(query_desc: *mut pg_sys::QueryDesc);

    pub(super) fn SPI_execute_snapshot(
        plan: pg_sys::SPIPlanPtr,
        values: *mut pg_sys::Datum,
        nulls: *const c_char,
        snapshot: pg_sys::Snapshot,
        crosscheck_snapshot: pg_sys::Snapshot,
        read_only: bool,
        fire_triggers: bool,
        tcount: c_long,
    ) -> c_int;
    pub(super) fn PreventCommandIfReadOnly(command: *const c_char);
    pub(super) fn SPI_prepare_cursor(
        src: *const c_char,
        nargs: c_int,
        argtypes: *mut pg_sys::Oid,
        cursor_options: c_int,
    ) -> pg_sys::SPIPlanPtr;
    pub(super) fn SPI_cursor_open(
        name: *const c_char,
        plan: pg_sys::SPIPlanPtr,
        values: *mut pg_sys::Datum,
        nulls: *const c_char,
        read_only: bool,
    ) -> pg_sys::Portal;
    pub(super) fn SPI_cursor_fetch(portal: pg_sys::Portal, forward: bool, count: c_long);
    pub(super) fn SPI_commit();
    pub(super) fn get_partition_ancestors(relid: pg_sys::Oid) -> *mut pg_sys::List;
    pub(super) fn LockRelationOid(relid: pg_sys::Oid, mode: pg_sys::LOCKMODE);
    pub(super) fn ConditionalLockRelationOid(relid: pg_sys::Oid, mode: pg_sys::LOCKMODE) -> bool;
    pub(super) fn LockDatabaseObject(
        class: pg_sys::Oid,
        object: pg_sys::Oid,
        part: u16,
        mode: pg_sys::LOCKMODE,
    );
    pub(super) fn FunctionCall1Coll(
        function: *mut pg_sys::FmgrInfo,
        collation: pg_sys::Oid,
        argument: pg_sys::Datum,
    ) -> pg_sys::Datum;
    pub(super) fn datumCopy(value: pg_sys::Datum, by_value: bool, len: c_int) -> pg_sys::Datum;
    pub(super) fn BeginInternalSubTransaction(name: *const c_char);
    pub(super) fn ReleaseCurrentSubTransaction();
    pub(super) fn RollbackAndReleaseCurrentSubTransaction();
    pub(super) fn AfterTriggerFireDeferred();
    pub(super) fn PreCommit_Portals(is_prepare: bool) -> bool;

    pub(super) fn pg_parse_query(text: *const c_char) -> *mut pg_sys::List;
    pub(super) fn parse_analyze_fixedparams(
        parsed: *mut pg_sys::RawStmt,
        text: *const c_char,
        types: *const pg_sys::Oid,
        count: c_int,
        environment: *mut pg_sys::QueryEnvironment,
    ) -> *mut pg_sys::Query;
    pub(super) fn CopyErrorData() -> *mut pg_sys::ErrorData;
    pub(super) fn FlushErrorState();
    pub(super) fn ReThrowError(edata: *mut pg_sys::ErrorData) -> !;
    pub(super) fn errstart(elevel: c_int, domain: *const c_char) -> bool;
    pub(super) fn errcode(sqlerrcode: c_int) -> c_int;
    pub(super) fn errmsg_internal(fmt: *const c_char, ...) -> c_int;
    pub(super) fn errdetail_internal(fmt: *const c_char, ...) -> c_int;
    pub(super) fn errhint(fmt: *const c_char, ...) -> c_int;
    pub(super) fn errcontext_msg(fmt: *const c_char, ...) -> c_int;
    pub(super) fn geterrposition() -> c_int;
    pub(super) fn errposition(cursorpos: c_int) -> c_int;
    pub(super) fn internalerrposition(cursorpos: c_int) -> c_int;
    pub(super) fn internalerrquery(query: *const c_char) -> c_int;
    pub(super) fn errfinish(filename: *const c_char, lineno: c_int, funcname: *const c_char);

    pub(super) fn datum_image_eq(
        value1: pg_sys::Datum,
        value2: pg_sys::Datum,
        typ_by_val: bool,
        typ_len: c_int,
    ) -> bool;
    pub(super) fn relation_open(relid: pg_sys::Oid, mode: pg_sys::LOCKMODE) -> pg_sys::Relation;
    pub(super) fn index_open(relid: pg_sys::Oid, mode: pg_sys::LOCKMODE) -> pg_sys::Relation;
    pub(super) fn index_rescan(
        scan: pg_sys::IndexScanDesc,
        keys: *mut pg_sys::ScanKeyData,
        nkeys: c_int,
        orderbys: *mut pg_sys::ScanKeyData,
        norderbys: c_int,
    );
    pub(super) fn index_getnext_slot(
        scan: pg_sys::IndexScanDesc,
        direction: c_int,
        slot: *mut pg_sys::TupleTableSlot,
    ) -> bool;
    pub(super) fn table_slot_create(
        relation: pg_sys::Relation,
        slots: *mut *mut pg_sys::List,
    ) -> *mut pg_sys::TupleTableSlot;
    pub(super) fn MakeSingleTupleTableSlot(
        descriptor: pg_sys::TupleDesc,
        ops: *const pg_sys::TupleTableSlotOps,
    ) -> *mut pg_sys::TupleTableSlot;
    pub(super) fn ExecStoreVirtualTuple(
        slot: *mut pg_sys::TupleTableSlot,
    ) -> *mut pg_sys::TupleTableSlot;
    pub(super) fn CreateExecutorState() -> *mut pg_sys::EState;
    pub(super) fn CreateExprContext(estate: *mut pg_sys::EState) -> *mut pg_sys::ExprContext;
    pub(super) fn ExecInitExpr(
        node: *mut pg_sys::Expr,
        parent: *mut pg_sys::PlanState,
    ) -> *mut pg_sys::ExprState;
    pub(super) fn expression_planner(expr: *mut pg_sys::Expr) -> *mut pg_sys::Expr;
    pub(super) fn InitResultRelInfo(
        info: *mut pg_sys::ResultRelInfo,
        relation: pg_sys::Relation,
        index: pg_sys::Index,
        root: *mut pg_sys::ResultRelInfo,
        options: c_int,
    );
    pub(super) fn ExecOpenIndices(info: *mut pg_sys::ResultRelInfo, speculative: bool);
    pub(super) fn ExecSimpleRelationUpdate(
        info: *mut pg_sys::ResultRelInfo,
        estate: *mut pg_sys::EState,
        epqstate: *mut pg_sys::EPQState,
        old: *mut pg_sys::TupleTableSlot,
        new: *mut pg_sys::TupleTableSlot,
    );
    pub(super) fn ExecSimpleRelationInsert(
        info: *mut pg_sys::ResultRelInfo,
        estate: *mut pg_sys::EState,
        new: *mut pg_sys::TupleTableSlot,
    );
    pub(super) fn ExecSimpleRelationDelete(
        info: *mut pg_sys::ResultRelInfo,
        estate: *mut pg_sys::EState,
        epqstate: *mut pg_sys::EPQState,
        old: *mut pg_sys::TupleTableSlot,
    );
    pub(super) fn fmgr_info(function: pg_sys::Oid, info: *mut pg_sys::FmgrInfo);
    pub(super) fn FunctionCall4Coll(
        function: *mut pg_sys::FmgrInfo,
        collation: pg_sys::Oid,
        first: pg_sys::Datum,
        second: pg_sys::Datum,
        third: pg_sys::Datum,
        fourth: pg_sys::Datum,
    ) -> pg_sys::Datum;
    pub(super) fn ProcessInterrupts();
    pub(super) fn MemoryContextReset(context: pg_sys::MemoryContext);
    pub(super) fn palloc0(size: usize) -> *mut c_void;
    pub(super) fn tuplestore_end(store: *mut pg_sys::Tuplestorestate);
    pub(super) fn slot_getsomeattrs_int(slot: *mut pg_sys::TupleTableSlot, attnum: c_int);
    pub(super) fn enable_timeout_after(id: TimeoutId, delay_ms: c_int);
    pub(super) fn disable_timeout(id: TimeoutId, keep_indicator: bool);
    pub(super) fn get_timeout_active(id: TimeoutId) -> bool;
    #[cfg_attr(not(feature = "pg15"), link_name = "expression_tree_walker_impl")]
    pub(super) fn expression_tree_walker(
        node: *mut pg_sys::Node,
        walker: Walker,
        context: *mut c_void,
    ) -> bool;
    #[cfg_attr(not(feature = "pg15"), link_name = "query_tree_walker_impl")]
    pub(super) fn query_tree_walker(
        query: *mut pg_sys::Query,
        walker: Walker,
        context: *mut c_void,
        flags: c_int,
    ) -> bool;
    pub(super) fn check_functions_in_node(
        node: *mut pg_sys::Node,
        checker: unsafe extern "C-unwind" fn(pg_sys::Oid, *mut c_void) -> bool,
        context: *mut c_void,
    ) -> bool;
    pub(super) fn find_all_inheritors(
        parent: pg_sys::Oid,
        lockmode: pg_sys::LOCKMODE,
        numparents: *mut *mut pg_sys::List,
    ) -> *mut pg_sys::List;
}
