//! Owns what happens before and after utility statements: CREATE TABLE AS is told apart, DDL locks ahead, COPY reads what is
//! up to date. What [`super::hooks`] says of its hooks holds here, too.

use super::guard::boundary;
use super::handlers::{Change, Create, Reading, extension, handlers, is_in_script};
use super::list::pointers;
use super::node::Tree;
use super::snapshot::{self, Freshness};
use super::{ffi, relation, transaction, version, writes};
use crate::error::Result;
use core::ffi::{CStr, c_char};
use pgrx::pg_sys::{self, NodeTag, Oid};

static mut NEXT: pg_sys::ProcessUtility_hook_type = None;

/// Installs the hook; called once, by `_PG_init`.
pub(super) fn register() {
    // SAFETY: _PG_init runs in the backend's one thread, and the hook chains to what was there before.
    unsafe {
        NEXT = pg_sys::ProcessUtility_hook;
        pg_sys::ProcessUtility_hook = Some(process_utility);
    }
}

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
    // SAFETY: all pointers come from PostgreSQL; see the head of `hooks` for errors.
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
        match NEXT {
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
            boundary(|| {
                (handlers().rows_were_left)(command);
                Ok(())
            });
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
