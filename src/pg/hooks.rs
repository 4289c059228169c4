//! Owns the entry points PostgreSQL calls: hooks, transaction callbacks and trigger functions.
//! Each translates what it is given and calls one function of [`Handlers`], which `_PG_init`
//! hands over, so that nothing here looks up to the rooms above.
//!
//! A hook passes a statement on with nothing on its stack that has a destructor, and by the bare
//! function pointer: an error of the statement then jumps straight over it, untouched.

use super::guard::boundary;
use super::list::pointers;
use super::node::Tree;
use super::snapshot::{self, Freshness};
use super::trigger::{Firing, no_tuple};
use super::{ffi, relation, transaction, version, writes};
use crate::error::Result;
use core::ffi::{CStr, c_char, c_void};
use pgrx::pg_sys::{self, NodeTag, Oid};
use std::sync::OnceLock;

/// What the rooms above do at each entry point.
pub(crate) struct Handlers {
    /// True if the statement was told apart and [`Handlers::after_create`] wants to hear of its end.
    pub(crate) before_create: fn(&Create) -> Result<bool>,
    pub(crate) after_create: fn(Option<Oid>) -> Result<()>,
    /// Relations are about to be replaced or dropped.
    pub(crate) before_change: fn(&[Oid], Change) -> Result<()>,
    /// A statement that began at this command is done, and nothing has changed rows meanwhile.
    pub(crate) rows_were_left: fn(command: u32),
    /// What a plan's or COPY's snapshot must be exchanged for, if it must.
    pub(crate) before_read: fn(&Reading) -> Result<Option<Freshness>>,
    /// True while [`Handlers::before_read`] has nothing to do, whatever is read.
    pub(crate) is_idle: fn() -> bool,
    pub(crate) pre_commit: fn(is_prepare: bool) -> Result<()>,
    pub(crate) transaction_end: fn(),
    pub(crate) subtransaction_commit: fn(nest: i32),
    pub(crate) subtransaction_abort: fn(nest: i32),
    pub(crate) invalidate: fn(relid: Oid),
    pub(crate) capture: fn(&Firing<'_>) -> Result<()>,
    pub(crate) guard: fn(&Firing<'_>) -> Result<()>,
    pub(crate) on_command: fn() -> Result<()>,
    pub(crate) on_drop: fn() -> Result<()>,
}

/// A `CREATE TABLE AS` or `SELECT INTO`.
pub(crate) struct Create {
    pub(crate) name: String,
    /// As written; `None` where the statement leaves it to search_path.
    pub(crate) schema: Option<String>,
    pub(crate) persistence: u8,
    pub(crate) if_not_exists: bool,
    /// Names given in parentheses, for the first columns.
    pub(crate) column_names: Vec<String>,
    pub(crate) has_parameters: bool,
    /// Without WITH NO DATA.
    pub(crate) is_filled: bool,
    /// `None` for `EXECUTE`.
    pub(crate) query: Option<Tree>,
}

/// What a statement is about to do to relations.
#[derive(Clone, Copy)]
pub(crate) enum Change {
    /// A view gets another query, other names of columns, another owner or other options.
    Replace,
    Drop,
}

/// A statement that is about to read or write.
pub(crate) struct Reading {
    pub(crate) relations: Vec<Oid>,
    pub(crate) foreign_tables: Vec<Oid>,
    pub(crate) wants_workers: bool,
    /// The command its snapshot sees up to.
    pub(crate) snapshot_command: u32,
    /// False for a snapshot that the server chose for a purpose of its own.
    pub(crate) may_exchange: bool,
}

static HANDLERS: OnceLock<Handlers> = OnceLock::new();

static mut NEXT_UTILITY: pg_sys::ProcessUtility_hook_type = None;
static mut NEXT_START: pg_sys::ExecutorStart_hook_type = None;
static mut NEXT_FINISH: pg_sys::ExecutorFinish_hook_type = None;

/// The handlers; registered before any hook is.
fn handlers() -> &'static Handlers {
    HANDLERS
        .get()
        .expect("handlers are registered before hooks")
}

/// Installs everything; called once, by `_PG_init`.
pub(crate) fn register(all: Handlers) {
    if HANDLERS.set(all).is_err() {
        return;
    }
    // SAFETY: _PG_init runs in the backend's one thread, and hooks chain to what was there before.
    unsafe {
        NEXT_UTILITY = pg_sys::ProcessUtility_hook;
        pg_sys::ProcessUtility_hook = Some(process_utility);
        NEXT_START = pg_sys::ExecutorStart_hook;
        pg_sys::ExecutorStart_hook = Some(executor_start);
        version::register_executor_run(push_own_snapshot);
        NEXT_FINISH = pg_sys::ExecutorFinish_hook;
        pg_sys::ExecutorFinish_hook = Some(executor_finish);
        pg_sys::RegisterXactCallback(Some(transaction_event), std::ptr::null_mut());
        pg_sys::RegisterSubXactCallback(Some(subtransaction_event), std::ptr::null_mut());
        let none = pg_sys::Datum::from(0usize);
        pg_sys::CacheRegisterRelcacheCallback(Some(relation_changed), none);
        use pg_sys::SysCacheIdentifier::{COLLOID, NAMESPACEOID, OPEROID, TYPEOID};
        for cache in [NAMESPACEOID, TYPEOID, OPEROID, COLLOID] {
            pg_sys::CacheRegisterSyscacheCallback(cache as i32, Some(name_changed), none);
        }
    }
}

/// True while the postmaster loads `shared_preload_libraries`.
pub(crate) fn is_preloading() -> bool {
    // SAFETY: a global of this process.
    unsafe { pg_sys::process_shared_preload_libraries_in_progress }
}

/// The extension exists here, is not just being created or updated, and this is no pg_upgrade.
pub(crate) fn extension() -> Option<Oid> {
    // SAFETY: reads globals; missing_ok.
    unsafe {
        if pg_sys::IsBinaryUpgrade {
            return None;
        }
        let oid = pg_sys::get_extension_oid(c"pg_tviews".as_ptr(), true);
        let is_changing = is_in_script() && pg_sys::CurrentExtensionObject == oid;
        (oid != pg_sys::InvalidOid && !is_changing).then_some(oid)
    }
}

/// The script of an extension runs.
fn is_in_script() -> bool {
    // SAFETY: reads a global.
    unsafe { pg_sys::creating_extension }
}

// ---- Utility statements -------------------------------------------------------------------------

unsafe extern "C-unwind" fn process_utility(
    pstmt: *mut pg_sys::PlannedStmt,
    query_string: *const c_char,
    read_only_tree: bool,
    context: pg_sys::ProcessUtilityContext::Type,
    params: pg_sys::ParamListInfo,
    query_env: *mut pg_sys::QueryEnvironment,
    dest: *mut pg_sys::DestReceiver,
    qc: *mut pg_sys::QueryCompletion,
) {
    // SAFETY: all pointers come from PostgreSQL; see the module's head for errors.
    unsafe {
        let statement = (*pstmt).utilityStmt;
        let before =
            writes::leaves_rows(statement).then(|| (snapshot::command_id(), writes::counted()));
        if before.is_none() {
            writes::count();
        }
        let create = boundary(|| Ok(created_table(statement)));
        let is_tracked =
            !create.is_null() && has_prefix(create) && boundary(|| before_create(create, params));
        if let NodeTag::T_ViewStmt
        | NodeTag::T_AlterTableStmt
        | NodeTag::T_AlterObjectSchemaStmt
        | NodeTag::T_RenameStmt
        | NodeTag::T_DropStmt = (*statement).type_
        {
            boundary(|| before_change(statement));
        }
        let fresh = match (*statement).type_ {
            NodeTag::T_CopyStmt => boundary(|| before_copy(statement)),
            _ if is_tracked && !snapshot::is_per_transaction() => Some(Freshness::Statement),
            _ => None,
        };
        if let Some(freshness) = fresh {
            snapshot::push(freshness);
        }
        match NEXT_UTILITY {
            Some(next) => next(
                pstmt,
                query_string,
                read_only_tree,
                context,
                params,
                query_env,
                dest,
                qc,
            ),
            None => ffi::standard_ProcessUtility(
                pstmt,
                query_string,
                read_only_tree,
                context,
                params,
                query_env,
                dest,
                qc,
            ),
        }
        if fresh.is_some() {
            pg_sys::PopActiveSnapshot();
        }
        if let Some((command, _)) = before.filter(|(_, counted)| *counted == writes::counted()) {
            (handlers().rows_were_left)(command);
        }
        if is_tracked {
            let relation = (*(*create).into).rel;
            boundary(|| (handlers().after_create)(relation::find_created(relation)));
        }
    }
}

/// The CREATE TABLE AS in a statement, also one that EXPLAIN ANALYZE runs; null without one.
unsafe fn created_table(statement: *mut pg_sys::Node) -> *mut pg_sys::CreateTableAsStmt {
    let none = std::ptr::null_mut();
    // SAFETY: tags tell the types; an ExplainStmt's query is analysed.
    unsafe {
        match (*statement).type_ {
            NodeTag::T_CreateTableAsStmt => {
                let create: *mut pg_sys::CreateTableAsStmt = statement.cast();
                match (*create).objtype == pg_sys::ObjectType::OBJECT_TABLE {
                    true => create,
                    false => none,
                }
            }
            NodeTag::T_ExplainStmt => {
                let explain: *mut pg_sys::ExplainStmt = statement.cast();
                let query: *mut pg_sys::Query = (*explain).query.cast();
                if (*query).type_ != NodeTag::T_Query
                    || (*query).utilityStmt.is_null()
                    || !is_analyze(explain)
                {
                    return none;
                }
                match (*(*query).utilityStmt).type_ {
                    NodeTag::T_CreateTableAsStmt => created_table((*query).utilityStmt),
                    _ => none,
                }
            }
            _ => none,
        }
    }
}

unsafe fn is_analyze(explain: *mut pg_sys::ExplainStmt) -> bool {
    // SAFETY: options are DefElem; defGetBoolean raises PostgreSQL's own error for bad ones.
    unsafe {
        pointers::<pg_sys::DefElem>((*explain).options)
            .into_iter()
            .rfind(|o| CStr::from_ptr((**o).defname) == c"analyze")
            .is_some_and(|o| pg_sys::defGetBoolean(o))
    }
}

unsafe fn has_prefix(create: *mut pg_sys::CreateTableAsStmt) -> bool {
    // SAFETY: a relation name is never null.
    unsafe {
        CStr::from_ptr((*(*(*create).into).rel).relname)
            .to_bytes()
            .strip_prefix(b"tv_")
            .is_some_and(|entity| !entity.is_empty())
    }
}

unsafe fn before_create(
    create: *mut pg_sys::CreateTableAsStmt,
    params: pg_sys::ParamListInfo,
) -> Result<bool> {
    let text = |p: *const c_char| {
        // SAFETY: null or a name inside the statement.
        unsafe { (!p.is_null()).then(|| CStr::from_ptr(p).to_string_lossy().into_owned()) }
    };
    // What the script of another extension creates is that one's to maintain.
    if extension().is_none() || is_in_script() {
        return Ok(false);
    }
    // SAFETY: the fields of an analysed CREATE TABLE AS.
    let described = unsafe {
        let into = &*(*create).into;
        let query: *mut pg_sys::Query = (*create).query.cast();
        let is_query = (*query).type_ == NodeTag::T_Query
            && (*query).commandType == pg_sys::CmdType::CMD_SELECT;
        Create {
            name: text((*into.rel).relname).unwrap_or_default(),
            schema: text((*into.rel).schemaname),
            persistence: (*into.rel).relpersistence as u8,
            if_not_exists: (*create).if_not_exists,
            column_names: pointers::<pg_sys::Node>(into.colNames)
                .into_iter()
                .filter_map(|n| text(version::string_value(n)))
                .collect(),
            is_filled: !into.skipData,
            has_parameters: !params.is_null() && (*params).numParams > 0,
            query: if is_query {
                Some(Tree::copy(query)?)
            } else {
                None
            },
        }
    };
    (handlers().before_create)(&described)
}

unsafe fn before_change(statement: *mut pg_sys::Node) -> Result<()> {
    // In a read-only transaction PostgreSQL refuses it; a standby has no lock for it.
    if extension().is_none() || transaction::is_read_only() {
        return Ok(());
    }
    use pg_sys::ObjectType::{OBJECT_TABLE, OBJECT_VIEW};
    // SAFETY: tags tell the types; DROP of relations has a list of their names, as lists.
    let (relations, change): (Vec<Oid>, Change) = unsafe {
        match (*statement).type_ {
            NodeTag::T_ViewStmt => {
                let view: *mut pg_sys::ViewStmt = statement.cast();
                (
                    relation::range_var((*view).view).into_iter().collect(),
                    Change::Replace,
                )
            }
            NodeTag::T_AlterTableStmt => {
                let alter: *mut pg_sys::AlterTableStmt = statement.cast();
                (altered_view((*alter).relation), Change::Replace)
            }
            NodeTag::T_AlterObjectSchemaStmt => {
                let alter: *mut pg_sys::AlterObjectSchemaStmt = statement.cast();
                (altered_view((*alter).relation), Change::Replace)
            }
            NodeTag::T_RenameStmt => {
                let rename: *mut pg_sys::RenameStmt = statement.cast();
                (altered_view((*rename).relation), Change::Replace)
            }
            _ => {
                let drop: *mut pg_sys::DropStmt = statement.cast();
                let names = match (*drop).removeType {
                    OBJECT_TABLE | OBJECT_VIEW => pointers::<pg_sys::List>((*drop).objects),
                    _ => Vec::new(),
                };
                let relation = |name: *mut pg_sys::List| {
                    relation::range_var(pg_sys::makeRangeVarFromNameList(name))
                };
                (
                    names.into_iter().filter_map(relation).collect(),
                    Change::Drop,
                )
            }
        }
    };
    match relations.is_empty() {
        true => Ok(()),
        false => (handlers().before_change)(&relations, change),
    }
}

/// The view that a statement alters, if it is one.
unsafe fn altered_view(relation: *mut pg_sys::RangeVar) -> Vec<Oid> {
    if relation.is_null() {
        return Vec::new();
    }
    // SAFETY: a name inside the statement.
    let found = unsafe { relation::range_var(relation) };
    let is_view = |o: &Oid| relation::class(*o).is_some_and(|c| c.kind == b'v');
    found.into_iter().filter(is_view).collect()
}

unsafe fn before_copy(statement: *mut pg_sys::Node) -> Result<Option<Freshness>> {
    // SAFETY: the caller has seen the tag. COPY (query) goes through the executor.
    let relation = unsafe {
        let copy: *mut pg_sys::CopyStmt = statement.cast();
        match (*copy).is_from || (*copy).relation.is_null() || (handlers().is_idle)() {
            true => None,
            false => relation::range_var((*copy).relation),
        }
    };
    match relation {
        None => Ok(None),
        Some(relid) => (handlers().before_read)(&Reading {
            relations: vec![relid],
            foreign_tables: Vec::new(),
            wants_workers: false,
            snapshot_command: 0,
            may_exchange: true,
        }),
    }
}

// ---- The executor -------------------------------------------------------------------------------

unsafe extern "C-unwind" fn executor_start(desc: *mut pg_sys::QueryDesc, eflags: i32) {
    // SAFETY: as for process_utility. The fresh snapshot replaces this query's own registered one
    // and is active for the start alone; nobody else's entry is touched.
    unsafe {
        if (*desc).operation != pg_sys::CmdType::CMD_SELECT
            || (*(*desc).plannedstmt).hasModifyingCTE
        {
            writes::count();
        }
        let may_be_stale = !(handlers().is_idle)()
            && eflags & pg_sys::EXEC_FLAG_EXPLAIN_ONLY as i32 == 0
            && !transaction::is_parallel();
        let exchange = match may_be_stale {
            true => boundary(|| before_plan(desc)),
            false => None,
        };
        if let Some(freshness) = exchange {
            // Pushing copies: under REPEATABLE READ the transaction's snapshot itself goes on to see
            // later commands of this transaction.
            snapshot::push(freshness);
            let fresh = pg_sys::RegisterSnapshot(pg_sys::GetActiveSnapshot());
            pg_sys::UnregisterSnapshot((*desc).snapshot);
            (*desc).snapshot = fresh;
        }
        match NEXT_START {
            Some(next) => next(desc, eflags),
            None => version::standard_executor_start(desc, eflags),
        }
        if exchange.is_some() {
            pg_sys::PopActiveSnapshot();
        }
    }
}

unsafe fn before_plan(desc: *mut pg_sys::QueryDesc) -> Result<Option<Freshness>> {
    // SAFETY: a query descriptor that is being started.
    let reading = unsafe {
        let plan = &*(*desc).plannedstmt;
        let mut relations = Vec::new();
        let mut foreign_tables = Vec::new();
        for rte in pointers::<pg_sys::RangeTblEntry>(plan.rtable) {
            if (*rte).rtekind == pg_sys::RTEKind::RTE_RELATION {
                relations.push((*rte).relid);
                if (*rte).relkind as u8 == pg_sys::RELKIND_FOREIGN_TABLE {
                    foreign_tables.push((*rte).relid);
                }
            }
        }
        Reading {
            relations,
            foreign_tables,
            wants_workers: plan.parallelModeNeeded,
            snapshot_command: match (*desc).snapshot.is_null() {
                true => 0,
                false => (*(*desc).snapshot).curcid,
            },
            may_exchange: (*desc).crosscheck_snapshot.is_null() && !(*desc).snapshot.is_null(),
        }
    };
    (handlers().before_read)(&reading)
}

/// Makes a query's own snapshot the active one where an exchange has parted the two: functions
/// that it calls read with the active one. Gives whether the caller has to pop it.
unsafe fn push_own_snapshot(desc: *mut pg_sys::QueryDesc) -> bool {
    // SAFETY: a started query descriptor.
    unsafe {
        let is_parted = !(handlers().is_idle)()
            && !(*desc).snapshot.is_null()
            && (*desc).crosscheck_snapshot.is_null()
            && !transaction::is_parallel()
            && pg_sys::ActiveSnapshotSet()
            && pg_sys::GetActiveSnapshot() != (*desc).snapshot;
        if is_parted {
            pg_sys::PushActiveSnapshot((*desc).snapshot);
        }
        is_parted
    }
}

unsafe extern "C-unwind" fn executor_finish(desc: *mut pg_sys::QueryDesc) {
    // SAFETY: as for process_utility.
    unsafe {
        let is_pushed = push_own_snapshot(desc);
        match NEXT_FINISH {
            Some(next) => next(desc),
            None => ffi::standard_ExecutorFinish(desc),
        }
        if is_pushed {
            pg_sys::PopActiveSnapshot();
        }
    }
}

// ---- Transactions, caches, triggers -------------------------------------------------------------

unsafe extern "C-unwind" fn transaction_event(event: pg_sys::XactEvent::Type, _: *mut c_void) {
    use pg_sys::XactEvent::*;
    match event {
        XACT_EVENT_PRE_COMMIT => boundary(|| (handlers().pre_commit)(false)),
        XACT_EVENT_PRE_PREPARE => boundary(|| (handlers().pre_commit)(true)),
        XACT_EVENT_COMMIT | XACT_EVENT_ABORT | XACT_EVENT_PREPARE => {
            (handlers().transaction_end)();
        }
        _ => {}
    }
}

unsafe extern "C-unwind" fn subtransaction_event(
    event: pg_sys::SubXactEvent::Type,
    _: pg_sys::SubTransactionId,
    _: pg_sys::SubTransactionId,
    _: *mut c_void,
) {
    let nest = transaction::nest_level();
    match event {
        pg_sys::SubXactEvent::SUBXACT_EVENT_COMMIT_SUB => (handlers().subtransaction_commit)(nest),
        pg_sys::SubXactEvent::SUBXACT_EVENT_ABORT_SUB => (handlers().subtransaction_abort)(nest),
        _ => {}
    }
}

unsafe extern "C-unwind" fn relation_changed(_: pg_sys::Datum, relid: Oid) {
    (handlers().invalidate)(relid);
}

/// Statements of ours name schemas, types, operators and collations.
unsafe extern "C-unwind" fn name_changed(_: pg_sys::Datum, _: i32, _: u32) {
    (handlers().invalidate)(Oid::INVALID);
}

unsafe fn fire(fcinfo: pg_sys::FunctionCallInfo, handler: fn(&Firing<'_>) -> Result<()>) {
    // SAFETY: PostgreSQL's call info.
    let firing = unsafe { Firing::of(fcinfo) };
    boundary(|| match &firing {
        Some(firing) => handler(firing),
        None => Err(crate::error::Error::NotATrigger),
    });
}

/// `pg_tviews_capture()`: notes what a statement changed in a source table.
#[unsafe(no_mangle)]
#[doc(hidden)]
pub unsafe extern "C-unwind" fn pg_tviews_capture(
    fcinfo: pg_sys::FunctionCallInfo,
) -> pg_sys::Datum {
    // SAFETY: called by PostgreSQL's function manager.
    unsafe { fire(fcinfo, handlers().capture) };
    no_tuple()
}

/// `pg_tviews_guard()`: refuses writes to a TVIEW that are not a refresh.
#[unsafe(no_mangle)]
#[doc(hidden)]
pub unsafe extern "C-unwind" fn pg_tviews_guard(fcinfo: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    // SAFETY: called by PostgreSQL's function manager.
    unsafe { fire(fcinfo, handlers().guard) };
    no_tuple()
}

/// `pg_tviews_on_command()`: the event trigger on `ddl_command_end`.
#[unsafe(no_mangle)]
#[doc(hidden)]
pub unsafe extern "C-unwind" fn pg_tviews_on_command(_: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    boundary(handlers().on_command);
    no_tuple()
}

/// `pg_tviews_on_drop()`: the event trigger on `sql_drop`.
#[unsafe(no_mangle)]
#[doc(hidden)]
pub unsafe extern "C-unwind" fn pg_tviews_on_drop(_: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    boundary(handlers().on_drop);
    no_tuple()
}

/// Declares functions of PostgreSQL's version-1 calling convention.
macro_rules! function_info {
    ($($info:ident),*) => {
        $(
            #[unsafe(no_mangle)]
            #[doc(hidden)]
            pub extern "C-unwind" fn $info() -> *const pg_sys::Pg_finfo_record {
                const RECORD: pg_sys::Pg_finfo_record = pg_sys::Pg_finfo_record { api_version: 1 };
                &RECORD
            }
        )*
    };
}

function_info!(
    pg_finfo_pg_tviews_capture,
    pg_finfo_pg_tviews_guard,
    pg_finfo_pg_tviews_on_command,
    pg_finfo_pg_tviews_on_drop
);
