//! Owns analysed query trees: copies that live in a memory context of their own. [`Query`] and
//! [`Expr`] are borrowed, read-only views of their nodes; names follow `nodes/parsenodes.h` and
//! `nodes/primnodes.h`.
//!
//! [`Tree`] is the only owner; every other type borrows from it.

mod calls;
mod expr;
mod from;
mod prune;
mod query;
mod restrict;
mod text;

pub(crate) use calls::Calls;
pub(crate) use expr::{Expr, Kind, SubLink, SubLinkKind, Var};
pub(crate) use from::{FromItem, JoinKind};
pub(crate) use query::{Entry, Query, Shape, Target};
pub(crate) use restrict::Restriction;

use crate::error::{Error, Result};
use crate::pg::ffi;
use crate::pg::guard::{c_text, call, call_on};
use crate::pg::list::{list_len, pointers, take_text};
use crate::pg::version;
use pgrx::pg_sys::{self, NodeTag, Oid};
use std::ffi::c_void;
use std::ptr::{null, null_mut};

/// An analysed query of our own.
pub(crate) struct Tree {
    root: *mut pg_sys::Query,
    memory: pg_sys::MemoryContext,
}

impl Tree {
    fn build(make: impl FnOnce() -> Result<*mut pg_sys::Query>) -> Result<Tree> {
        // SAFETY: a context of our own, deleted in Drop; the previous one is restored at once.
        unsafe {
            let memory = pg_sys::AllocSetContextCreateInternal(
                pg_sys::TopMemoryContext,
                c"pg_tviews query".as_ptr(),
                pg_sys::ALLOCSET_SMALL_MINSIZE as usize,
                pg_sys::ALLOCSET_SMALL_INITSIZE as usize,
                pg_sys::ALLOCSET_SMALL_MAXSIZE as usize,
            );
            let mut tree = Tree {
                root: null_mut(),
                memory,
            };
            let inside = Inside::switch(memory);
            let root = make();
            drop(inside);
            tree.root = root?;
            Ok(tree)
        }
    }

    /// A copy of a query, whose original the server goes on using.
    pub(in crate::pg) unsafe fn copy(query: *const pg_sys::Query) -> Result<Tree> {
        // SAFETY: the caller hands a valid Query.
        Tree::build(|| Ok(unsafe { pg_sys::copyObjectImpl(query.cast()).cast() }))
    }

    /// A copy of what [`Tree::to_text`] wrote.
    pub(crate) fn from_text(text: &str) -> Result<Tree> {
        let text = c_text(text);
        // SAFETY: nodeToString's output, read by the same server.
        Tree::build(|| Ok(unsafe { pg_sys::stringToNode(text.as_ptr()).cast() }))
    }

    /// PostgreSQL's own text form of the tree: survives any memory context.
    pub(crate) fn to_text(&self) -> String {
        // SAFETY: root is a valid node.
        unsafe { take_text(pg_sys::nodeToString(self.root.cast())) }
    }

    /// Analyses one SELECT given as text, with the caller's search_path.
    pub(crate) fn parse(text: &str, name: &str) -> Result<Tree> {
        let source = c_text(text);
        let start = source.as_ptr();
        Tree::build(|| {
            // SAFETY: the text outlives both calls.
            unsafe {
                let statements = call_on(&source, || ffi::pg_parse_query(start));
                if list_len(statements) != 1 {
                    return Err(Error::NotASelect(name.into()));
                }
                let statement = pg_sys::list_nth(statements, 0).cast();
                let analyse =
                    || ffi::parse_analyze_fixedparams(statement, start, null(), 0, null_mut());
                let query = call_on(&source, analyse);
                match (*query).commandType == pg_sys::CmdType::CMD_SELECT {
                    true => Ok(query),
                    false => Err(Error::NotASelect(name.into())),
                }
            }
        })
    }

    /// The query of a view.
    pub(crate) fn of_view(view: Oid) -> Result<Tree> {
        // SAFETY: the caller knows that it is a view.
        Tree::build(|| Ok(unsafe { view_query(view) }))
    }

    /// Replaces every view that the query reads by its query, as the rewriter does, and gives
    /// the views met. See also [`version::spell_out`].
    pub(crate) fn expand_views(&mut self) -> Vec<Oid> {
        let mut views = Vec::new();
        // SAFETY: the copies go to the tree's own memory.
        unsafe {
            let _inside = Inside::switch(self.memory);
            expand(self.root, &mut views);
        }
        views
    }

    /// Lets PostgreSQL inline every WITH query, so that a restriction on the key reaches into it.
    /// The result is the same: nothing in a definition is volatile.
    pub(crate) fn inline_with_queries(&mut self) {
        // SAFETY: changes a flag of our own copy.
        unsafe { inline_ctes(self.root) }
    }

    /// The query as SQL text, names qualified unless search_path finds them.
    pub(crate) fn deparse(&self) -> String {
        // SAFETY: the deparser scribbles on its input, so it gets a copy.
        unsafe {
            let copy = pg_sys::copyObjectImpl(self.root.cast()).cast();
            take_text(pg_sys::pg_get_querydef(copy, false))
        }
    }

    /// Whether every relation that the query names still exists.
    pub(crate) fn relations_exist(&self) -> bool {
        // SAFETY: a valid query of ours.
        unsafe { relations_exist(self.root) }
    }

    pub(crate) fn query(&self) -> Query<'_> {
        Query::new(self.root)
    }

    pub(in crate::pg) fn memory(&self) -> pg_sys::MemoryContext {
        self.memory
    }
}

/// The functions of the operators in lists of SortGroupClause.
unsafe fn sort_functions(lists: &[*mut pg_sys::List]) -> Vec<Oid> {
    // SAFETY: the caller hands such lists; syscache lookups.
    unsafe {
        let clauses = lists
            .iter()
            .flat_map(|list| pointers::<pg_sys::SortGroupClause>(*list));
        let operators = clauses.flat_map(|c| [(*c).eqop, (*c).sortop]);
        operators
            .filter(|operator| *operator != pg_sys::InvalidOid)
            .map(|operator| pg_sys::get_opcode(operator))
            .collect()
    }
}

/// Another current memory context until dropped, also by an error: a context must not be deleted
/// while it is the current one.
pub(in crate::pg) struct Inside(pg_sys::MemoryContext);

impl Inside {
    pub(in crate::pg) unsafe fn switch(memory: pg_sys::MemoryContext) -> Inside {
        // SAFETY: the caller's promise that the context is valid.
        Inside(unsafe { pg_sys::MemoryContextSwitchTo(memory) })
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        // SAFETY: the context that was current before.
        unsafe { pg_sys::MemoryContextSwitchTo(self.0) };
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        // SAFETY: nothing borrows from the tree any more.
        unsafe { pg_sys::MemoryContextDelete(self.memory) };
    }
}

unsafe fn view_query(view: Oid) -> *mut pg_sys::Query {
    // SAFETY: the caller knows that it is a view; the lock keeps its rule while it is copied.
    unsafe {
        let relation = pg_sys::relation_open(view, pg_sys::AccessShareLock as i32);
        let query = pg_sys::copyObjectImpl(pg_sys::get_view_query(relation).cast());
        pg_sys::relation_close(relation, pg_sys::NoLock as i32);
        query.cast()
    }
}

/// Gives the columns of a view's query the names that they have now: its rule keeps those that they
/// had when it was made.
unsafe fn name_columns(rte: *mut pg_sys::RangeTblEntry) {
    // SAFETY: an entry of our own tree that was a view, and its query.
    unsafe {
        let names = crate::pg::relation::columns((*rte).relid);
        let given = (*(*rte).eref).colnames;
        for target in pointers::<pg_sys::TargetEntry>((*(*rte).subquery).targetList) {
            let named = names.iter().find(|c| c.attribute == (*target).resno);
            let Some(column) = named.filter(|_| !(*target).resjunk) else {
                continue;
            };
            (*target).resname = pg_sys::pstrdup(c_text(&column.name).as_ptr());
            let index = i32::from((*target).resno) - 1;
            if index < list_len(given) && (*rte).alias.is_null() {
                let name = pg_sys::makeString((*target).resname);
                (*pg_sys::list_nth_cell(given, index)).ptr_value = name.cast();
            }
        }
    }
}

unsafe fn expand(query: *mut pg_sys::Query, views: &mut Vec<Oid>) {
    // SAFETY: a valid query of ours; a view's rule also lists OLD and NEW, which no FROM names.
    // Spelling out comes before the descent, which then meets the subqueries it copied.
    unsafe {
        let mut tables = Vec::new();
        for index in Query::new(query).indexes_in_from() {
            let rte = version::rte(query, index);
            if (*rte).rtekind != pg_sys::RTEKind::RTE_RELATION {
                continue;
            }
            if (*rte).relkind as u8 == pg_sys::RELKIND_VIEW {
                views.push((*rte).relid);
                (*rte).rtekind = pg_sys::RTEKind::RTE_SUBQUERY;
                (*rte).subquery = view_query((*rte).relid);
                name_columns(rte);
            } else {
                tables.push(index);
            }
        }
        version::spell_out(query, &tables);
        for nested in nested_queries(query) {
            expand(nested, views);
        }
    }
}

unsafe fn relations_exist(query: *mut pg_sys::Query) -> bool {
    // SAFETY: a valid query of ours.
    unsafe {
        let exists = |index: usize| {
            let rte = version::rte(query, index);
            (*rte).rtekind != pg_sys::RTEKind::RTE_RELATION
                || crate::pg::relation::class((*rte).relid).is_some()
        };
        Query::new(query).indexes_in_from().into_iter().all(exists)
            && nested_queries(query)
                .into_iter()
                .all(|n| relations_exist(n))
    }
}

unsafe fn inline_ctes(query: *mut pg_sys::Query) {
    // SAFETY: a valid query of ours.
    unsafe {
        for cte in pointers::<pg_sys::CommonTableExpr>((*query).cteList) {
            if !(*cte).cterecursive {
                (*cte).ctematerialized = pg_sys::CTEMaterialize::CTEMaterializeNever;
            }
        }
        for nested in nested_queries(query) {
            inline_ctes(nested);
        }
    }
}

/// Queries directly inside `query`: in FROM, WITH and expressions.
unsafe fn nested_queries(query: *mut pg_sys::Query) -> Vec<*mut pg_sys::Query> {
    unsafe extern "C-unwind" fn visit(node: *mut pg_sys::Node, found: *mut c_void) -> bool {
        // SAFETY: `found` is the vector below; the walker hands valid nodes or null.
        unsafe {
            if node.is_null() {
                return false;
            }
            if (*node).type_ == NodeTag::T_Query {
                (*found.cast::<Vec<*mut pg_sys::Query>>()).push(node.cast());
                return false;
            }
            ffi::expression_tree_walker(node, visit, found)
        }
    }
    let mut found: Vec<*mut pg_sys::Query> = Vec::new();
    let context = (&raw mut found).cast();
    // SAFETY: a valid query; the callback does not raise.
    unsafe { call(|| ffi::query_tree_walker(query, visit, context, 0)) };
    found
}
