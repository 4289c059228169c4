//! Owns analysed query trees: copies that live in a memory context of their own, and borrowed,
//! read-only views of their nodes. Names follow `nodes/parsenodes.h` and `nodes/primnodes.h`.
//!
//! [`Tree`] is the only owner; every other type borrows from it.

use super::ffi;
use super::guard::{c_text, call};
use super::version;
use crate::error::{Error, Result};
use pgrx::pg_sys::{self, NodeTag, Oid};
use std::ffi::{CStr, c_void};
use std::marker::PhantomData;
use std::ptr::null_mut;

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
            let previous = pg_sys::MemoryContextSwitchTo(memory);
            let root = make();
            pg_sys::MemoryContextSwitchTo(previous);
            tree.root = root?;
            Ok(tree)
        }
    }

    /// A copy of a query, whose original the server goes on using.
    pub(super) unsafe fn copy(query: *const pg_sys::Query) -> Result<Tree> {
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
        Tree::build(|| {
            // SAFETY: the text outlives both calls.
            unsafe {
                let statements = pg_sys::pg_parse_query(source.as_ptr());
                if list_len(statements) != 1 {
                    return Err(Error::NotASelect(name.into()));
                }
                let query = pg_sys::parse_analyze_fixedparams(
                    pg_sys::list_nth(statements, 0).cast(),
                    source.as_ptr(),
                    std::ptr::null(),
                    0,
                    null_mut(),
                );
                match (*query).commandType == pg_sys::CmdType::CMD_SELECT {
                    true => Ok(query),
                    false => Err(Error::NotASelect(name.into())),
                }
            }
        })
    }

    /// The query of a view.
    pub(crate) fn of_view(view: Oid) -> Result<Tree> {
        Tree::build(|| Ok(unsafe { view_query(view) }))
    }

    /// Replaces every view that the query reads by its query, as the rewriter does, and gives
    /// the views met. See also [`version::spell_out`].
    pub(crate) fn expand_views(&mut self) -> Vec<Oid> {
        let mut views = Vec::new();
        // SAFETY: the copies go to the tree's own memory.
        unsafe {
            let previous = pg_sys::MemoryContextSwitchTo(self.memory);
            expand(self.root, &mut views);
            pg_sys::MemoryContextSwitchTo(previous);
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
        Query(self.root, PhantomData)
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

unsafe fn expand(query: *mut pg_sys::Query, views: &mut Vec<Oid>) {
    // SAFETY: a valid query of ours; a view's rule also lists OLD and NEW, which no FROM names.
    // Spelling out comes before the descent, which then meets the subqueries it copied.
    unsafe {
        let mut tables = Vec::new();
        for index in Query(query, PhantomData).indexes_in_from() {
            let rte = version::rte(query, index);
            if (*rte).rtekind != pg_sys::RTEKind::RTE_RELATION {
                continue;
            }
            if (*rte).relkind as u8 == pg_sys::RELKIND_VIEW {
                views.push((*rte).relid);
                (*rte).rtekind = pg_sys::RTEKind::RTE_SUBQUERY;
                (*rte).subquery = view_query((*rte).relid);
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
                || super::relation::class((*rte).relid).is_some()
        };
        Query(query, PhantomData)
            .indexes_in_from()
            .into_iter()
            .all(exists)
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

/// Copies and frees a palloc'd text.
pub(super) unsafe fn take_text(text: *mut core::ffi::c_char) -> String {
    // SAFETY: the caller hands a fresh, NUL-terminated text.
    unsafe {
        let owned = CStr::from_ptr(text).to_string_lossy().into_owned();
        pg_sys::pfree(text.cast());
        owned
    }
}

/// A borrowed `Query`.
#[derive(Clone, Copy)]
pub(crate) struct Query<'a>(*mut pg_sys::Query, PhantomData<&'a Tree>);

/// One entry of a target list.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) expr: Expr<'a>,
    pub(crate) position: i16,
    /// Zero where neither GROUP BY, ORDER BY, DISTINCT nor a window names it.
    pub(crate) sort_group_ref: u32,
    pub(crate) is_junk: bool,
    name: *const core::ffi::c_char,
}

impl Target<'_> {
    pub(crate) fn name(&self) -> String {
        // SAFETY: a name inside the borrowed tree.
        unsafe {
            match self.name.is_null() {
                true => String::new(),
                false => CStr::from_ptr(self.name).to_string_lossy().into_owned(),
            }
        }
    }
}

/// What stands in FROM.
pub(crate) enum FromItem<'a> {
    Entry(usize),
    List {
        items: Vec<FromItem<'a>>,
        quals: Option<Expr<'a>>,
    },
    Join {
        kind: JoinKind,
        left: Box<FromItem<'a>>,
        right: Box<FromItem<'a>>,
        quals: Option<Expr<'a>>,
    },
}

impl FromItem<'_> {
    /// The range-table indexes below it.
    pub(crate) fn entries(&self) -> Vec<usize> {
        match self {
            FromItem::Entry(index) => vec![*index],
            FromItem::List { items, .. } => items.iter().flat_map(FromItem::entries).collect(),
            FromItem::Join { left, right, .. } => [left.entries(), right.entries()].concat(),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
}

/// An entry of the range table.
pub(crate) enum Entry<'a> {
    Relation {
        relid: Oid,
        alias: String,
    },
    Subquery(Query<'a>),
    /// A join's columns, as expressions over other entries.
    Alias(Vec<Expr<'a>>),
    With {
        name: String,
        levels_up: u32,
        is_self_reference: bool,
    },
    /// Functions, VALUES, XMLTABLE and the like: rows made of expressions.
    Computed(Vec<Expr<'a>>),
}

/// A WITH query.
pub(crate) struct With<'a> {
    pub(crate) query: Query<'a>,
    pub(crate) is_recursive: bool,
}

/// The parts of a query that make its rows depend on each other.
pub(crate) struct Shape {
    pub(crate) has_limit: bool,
    pub(crate) has_aggregates: bool,
    pub(crate) has_grouping_sets: bool,
    pub(crate) has_row_locks: bool,
    pub(crate) is_select: bool,
    /// References (`sort_group_ref`) of GROUP BY; empty without it.
    pub(crate) group: Vec<u32>,
    /// References of DISTINCT ON; empty for plain DISTINCT.
    pub(crate) distinct_on: Vec<u32>,
    /// References of PARTITION BY, per window.
    pub(crate) partitions: Vec<Vec<u32>>,
}

/// UNION, INTERSECT and EXCEPT over entries of the range table.
pub(crate) struct SetOperation {
    pub(crate) arms: Vec<usize>,
    pub(crate) has_except: bool,
    /// Every operation is UNION ALL: columns that nobody reads do not matter.
    pub(crate) is_union_all: bool,
}

impl<'a> Query<'a> {
    fn get(&self) -> &'a pg_sys::Query {
        // SAFETY: valid as long as the tree that 'a borrows.
        unsafe { &*self.0 }
    }

    /// Identifies the query within its tree.
    pub(crate) fn address(&self) -> usize {
        self.0 as usize
    }

    pub(crate) fn targets(&self) -> Vec<Target<'a>> {
        let target = |t: *mut pg_sys::TargetEntry| {
            // SAFETY: elements of a target list.
            let t = unsafe { &*t };
            Target {
                expr: Expr::new(t.expr.cast()),
                position: t.resno,
                sort_group_ref: t.ressortgroupref,
                is_junk: t.resjunk,
                name: t.resname,
            }
        };
        // SAFETY: a target list holds TargetEntry.
        unsafe { pointers(self.get().targetList) }
            .into_iter()
            .map(target)
            .collect()
    }

    pub(crate) fn from(&self) -> FromItem<'a> {
        // SAFETY: jointree is a FromExpr.
        unsafe { from_item(self.get().jointree.cast()) }
    }

    /// Range-table indexes that FROM and set operations name.
    pub(crate) fn indexes_in_from(&self) -> Vec<usize> {
        let mut found = self.from().entries();
        if let Some(operation) = self.set_operation() {
            found.extend(operation.arms);
        }
        found
    }

    /// Number of range-table entries; indexes start at 1.
    pub(crate) fn entry_count(&self) -> usize {
        // SAFETY: rtable is a list.
        unsafe { list_len(self.get().rtable) as usize }
    }

    pub(crate) fn entry(&self, index: usize) -> Result<Entry<'a>> {
        // SAFETY: the index comes from this query.
        let rte = unsafe { &*version::rte(self.0, index) };
        if !rte.tablesample.is_null() {
            return Err(Error::Construct {
                construct: "TABLESAMPLE",
                detail: "It gives another sample each time.",
                hint: "Leave it out.",
            });
        }
        use pg_sys::RTEKind::*;
        // SAFETY: each field is valid for its kind of entry.
        unsafe {
            Ok(match rte.rtekind {
                RTE_RELATION => Entry::Relation {
                    relid: rte.relid,
                    alias: CStr::from_ptr((*rte.eref).aliasname)
                        .to_string_lossy()
                        .into_owned(),
                },
                RTE_SUBQUERY => Entry::Subquery(Query(rte.subquery, PhantomData)),
                RTE_JOIN => Entry::Alias(exprs(rte.joinaliasvars)),
                RTE_CTE => Entry::With {
                    name: CStr::from_ptr(rte.ctename).to_string_lossy().into_owned(),
                    levels_up: rte.ctelevelsup,
                    is_self_reference: rte.self_reference,
                },
                RTE_FUNCTION => Entry::Computed(
                    pointers::<pg_sys::RangeTblFunction>(rte.functions)
                        .into_iter()
                        .map(|f| Expr::new((*f).funcexpr))
                        .collect(),
                ),
                RTE_VALUES => Entry::Computed(
                    pointers::<pg_sys::List>(rte.values_lists)
                        .into_iter()
                        .flat_map(|l| exprs(l))
                        .collect(),
                ),
                RTE_TABLEFUNC => Entry::Computed(vec![Expr::new(rte.tablefunc.cast())]),
                _ => Entry::Computed(Vec::new()),
            })
        }
    }

    pub(crate) fn with_query(&self, name: &str) -> Option<With<'a>> {
        // SAFETY: cteList holds CommonTableExpr, whose query is analysed.
        unsafe {
            pointers::<pg_sys::CommonTableExpr>(self.get().cteList)
                .into_iter()
                .find(|cte| CStr::from_ptr((**cte).ctename).to_string_lossy() == name)
                .map(|cte| With {
                    query: Query((*cte).ctequery.cast(), PhantomData),
                    is_recursive: (*cte).cterecursive,
                })
        }
    }

    pub(crate) fn shape(&self) -> Shape {
        let query = self.get();
        // SAFETY: lists of the documented node types.
        unsafe {
            Shape {
                has_limit: !query.limitCount.is_null() || !query.limitOffset.is_null(),
                has_aggregates: query.hasAggs,
                has_grouping_sets: !query.groupingSets.is_null(),
                has_row_locks: !query.rowMarks.is_null(),
                is_select: query.commandType == pg_sys::CmdType::CMD_SELECT
                    && !query.hasModifyingCTE,
                group: sort_group_refs(query.groupClause),
                distinct_on: match query.hasDistinctOn {
                    true => sort_group_refs(query.distinctClause),
                    false => Vec::new(),
                },
                partitions: match query.hasWindowFuncs {
                    true => pointers::<pg_sys::WindowClause>(query.windowClause)
                        .into_iter()
                        .map(|w| sort_group_refs((*w).partitionClause))
                        .collect(),
                    false => Vec::new(),
                },
            }
        }
    }

    /// Whether it is `SELECT a, b, … FROM view` and nothing more, `names` being the view's columns.
    pub(crate) fn is_column_list_of(&self, view: Oid, names: &[String]) -> bool {
        let query = self.get();
        let clauses = [
            query.cteList,
            query.groupClause,
            query.groupingSets,
            query.distinctClause,
            query.windowClause,
            query.rowMarks,
        ];
        let conditions = [
            query.havingQual,
            query.limitCount,
            query.limitOffset,
            query.setOperations,
        ];
        let index = match self.from() {
            FromItem::List { items, quals: None } => match items.as_slice() {
                [FromItem::Entry(index)] => *index,
                _ => return false,
            },
            _ => return false,
        };
        let is_view =
            matches!(self.entry(index), Ok(Entry::Relation { relid, .. }) if relid == view);
        let is_column = |t: &Target<'_>| match t.expr.kind() {
            Kind::Var(v) if v.attribute > 0 => names
                .get(v.attribute as usize - 1)
                .is_some_and(|n| *n == t.name()),
            _ => false,
        };
        is_view
            && clauses.iter().all(|c| c.is_null())
            && conditions.iter().all(|c| c.is_null())
            && self.targets().iter().filter(|t| !t.is_junk).all(is_column)
    }

    /// Expressions beside FROM and the target list: HAVING, LIMIT, window frames.
    pub(crate) fn other_exprs(&self) -> Vec<Expr<'a>> {
        let query = self.get();
        let mut found = vec![query.havingQual, query.limitCount, query.limitOffset];
        // SAFETY: windowClause holds WindowClause.
        for window in unsafe { pointers::<pg_sys::WindowClause>(query.windowClause) } {
            // SAFETY: an element of the list.
            unsafe { found.extend([(*window).startOffset, (*window).endOffset]) };
        }
        found
            .into_iter()
            .filter(|n| !n.is_null())
            .map(Expr::new)
            .collect()
    }

    pub(crate) fn set_operation(&self) -> Option<SetOperation> {
        let root = self.get().setOperations;
        if root.is_null() {
            return None;
        }
        let mut found = SetOperation {
            arms: Vec::new(),
            has_except: false,
            is_union_all: true,
        };
        // SAFETY: a tree of SetOperationStmt with RangeTblRef leaves.
        unsafe { set_arms(root, &mut found) };
        Some(found)
    }
}

unsafe fn set_arms(node: *mut pg_sys::Node, found: &mut SetOperation) {
    // SAFETY: the caller's promise.
    unsafe {
        if (*node).type_ == NodeTag::T_RangeTblRef {
            found
                .arms
                .push((*node.cast::<pg_sys::RangeTblRef>()).rtindex as usize);
            return;
        }
        let operation = &*node.cast::<pg_sys::SetOperationStmt>();
        found.has_except |= operation.op == pg_sys::SetOperation::SETOP_EXCEPT;
        found.is_union_all &= operation.op == pg_sys::SetOperation::SETOP_UNION && operation.all;
        set_arms(operation.larg, found);
        set_arms(operation.rarg, found);
    }
}

unsafe fn sort_group_refs(list: *const pg_sys::List) -> Vec<u32> {
    // SAFETY: a list of SortGroupClause.
    unsafe {
        pointers::<pg_sys::SortGroupClause>(list)
            .into_iter()
            .map(|c| (*c).tleSortGroupRef)
            .collect()
    }
}

unsafe fn exprs<'a>(list: *const pg_sys::List) -> Vec<Expr<'a>> {
    // SAFETY: a list of expression nodes of the borrowed tree.
    unsafe { pointers::<pg_sys::Node>(list) }
        .into_iter()
        .map(Expr::new)
        .collect()
}

unsafe fn from_item<'a>(node: *mut pg_sys::Node) -> FromItem<'a> {
    let optional = |quals: *mut pg_sys::Node| (!quals.is_null()).then(|| Expr::new(quals));
    // SAFETY: FROM holds these three kinds of nodes.
    unsafe {
        match (*node).type_ {
            NodeTag::T_RangeTblRef => {
                FromItem::Entry((*node.cast::<pg_sys::RangeTblRef>()).rtindex as usize)
            }
            NodeTag::T_JoinExpr => {
                let join = &*node.cast::<pg_sys::JoinExpr>();
                FromItem::Join {
                    kind: match join.jointype {
                        pg_sys::JoinType::JOIN_INNER => JoinKind::Inner,
                        pg_sys::JoinType::JOIN_LEFT => JoinKind::Left,
                        pg_sys::JoinType::JOIN_RIGHT => JoinKind::Right,
                        _ => JoinKind::Full,
                    },
                    left: Box::new(from_item(join.larg)),
                    right: Box::new(from_item(join.rarg)),
                    quals: optional(join.quals),
                }
            }
            _ => {
                let list = &*node.cast::<pg_sys::FromExpr>();
                FromItem::List {
                    items: pointers::<pg_sys::Node>(list.fromlist)
                        .into_iter()
                        .map(|n| from_item(n))
                        .collect(),
                    quals: optional(list.quals),
                }
            }
        }
    }
}

/// A borrowed expression node, possibly null inside lists.
#[derive(Clone, Copy)]
pub(crate) struct Expr<'a>(*mut pg_sys::Node, PhantomData<&'a Tree>);

/// A column reference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Var {
    pub(crate) entry: usize,
    /// Zero is the whole row, negative a system column.
    pub(crate) attribute: i16,
    pub(crate) levels_up: u32,
}

/// The kinds of expression that the analysis tells apart.
pub(crate) enum Kind<'a> {
    Var(Var),
    And(Vec<Expr<'a>>),
    Operator {
        operator: Oid,
        args: Vec<Expr<'a>>,
        collation: u32,
    },
    SubLink(SubLink<'a>),
    /// A binary-compatible cast.
    Relabel(Expr<'a>),
    Aggregate,
    /// The n-th column of the subquery of an `IN` or `ANY`, inside its test.
    SubLinkColumn(i16),
    /// A parameter of the statement.
    Parameter,
    /// `CURRENT_TIMESTAMP`, `CURRENT_USER` and the like.
    SqlValue,
    NextValue,
    Other,
}

pub(crate) struct SubLink<'a> {
    pub(crate) query: Query<'a>,
    pub(crate) test: Option<Expr<'a>>,
    pub(crate) kind: SubLinkKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SubLinkKind {
    Exists,
    Any,
    Other,
}

impl<'a> Expr<'a> {
    fn new(node: *mut pg_sys::Node) -> Expr<'a> {
        Expr(node, PhantomData)
    }

    pub(crate) fn kind(&self) -> Kind<'a> {
        if self.0.is_null() {
            return Kind::Other;
        }
        // SAFETY: the tag tells the type of the node.
        unsafe {
            match (*self.0).type_ {
                NodeTag::T_Var => {
                    let var = &*self.0.cast::<pg_sys::Var>();
                    Kind::Var(Var {
                        entry: var.varno as usize,
                        attribute: var.varattno,
                        levels_up: var.varlevelsup,
                    })
                }
                NodeTag::T_BoolExpr => {
                    let expr = &*self.0.cast::<pg_sys::BoolExpr>();
                    match expr.boolop == pg_sys::BoolExprType::AND_EXPR {
                        true => Kind::And(exprs(expr.args)),
                        false => Kind::Other,
                    }
                }
                // The implicit AND of a list of conditions.
                NodeTag::T_List => Kind::And(exprs(self.0.cast())),
                NodeTag::T_OpExpr => {
                    let expr = &*self.0.cast::<pg_sys::OpExpr>();
                    Kind::Operator {
                        operator: expr.opno,
                        args: exprs(expr.args),
                        collation: expr.inputcollid.to_u32(),
                    }
                }
                NodeTag::T_SubLink => Kind::SubLink(self.sublink()),
                NodeTag::T_RelabelType => Kind::Relabel(Expr::new(
                    (*self.0.cast::<pg_sys::RelabelType>()).arg.cast(),
                )),
                NodeTag::T_Aggref | NodeTag::T_WindowFunc | NodeTag::T_GroupingFunc => {
                    Kind::Aggregate
                }
                NodeTag::T_Param => {
                    let param = &*self.0.cast::<pg_sys::Param>();
                    match param.paramkind == pg_sys::ParamKind::PARAM_SUBLINK {
                        true => Kind::SubLinkColumn(param.paramid as i16),
                        false => Kind::Parameter,
                    }
                }
                NodeTag::T_SQLValueFunction => Kind::SqlValue,
                NodeTag::T_NextValueExpr => Kind::NextValue,
                _ => Kind::Other,
            }
        }
    }

    unsafe fn sublink(&self) -> SubLink<'a> {
        // SAFETY: the caller has seen the tag.
        let link = unsafe { &*self.0.cast::<pg_sys::SubLink>() };
        SubLink {
            query: Query(link.subselect.cast(), PhantomData),
            test: (!link.testexpr.is_null()).then(|| Expr::new(link.testexpr)),
            kind: match link.subLinkType {
                pg_sys::SubLinkType::EXISTS_SUBLINK => SubLinkKind::Exists,
                pg_sys::SubLinkType::ANY_SUBLINK => SubLinkKind::Any,
                _ => SubLinkKind::Other,
            },
        }
    }

    /// The nodes directly below. A subquery counts as one; see [`Kind::SubLink`].
    pub(crate) fn children(&self) -> Vec<Expr<'a>> {
        unsafe extern "C-unwind" fn visit(node: *mut pg_sys::Node, found: *mut c_void) -> bool {
            if !node.is_null() {
                // SAFETY: `found` is the vector below.
                unsafe { (*found.cast::<Vec<*mut pg_sys::Node>>()).push(node) };
            }
            false
        }
        let mut found: Vec<*mut pg_sys::Node> = Vec::new();
        let context = (&raw mut found).cast();
        if !self.0.is_null() {
            // SAFETY: a valid expression node; the callback does not raise.
            unsafe { call(|| ffi::expression_tree_walker(self.0, visit, context)) };
        }
        found.into_iter().map(Expr::new).collect()
    }

    /// The functions that this node itself calls.
    pub(crate) fn functions(&self) -> Vec<Oid> {
        unsafe extern "C-unwind" fn visit(function: Oid, found: *mut c_void) -> bool {
            // SAFETY: `found` is the vector below.
            unsafe { (*found.cast::<Vec<Oid>>()).push(function) };
            false
        }
        let mut found: Vec<Oid> = Vec::new();
        let context = (&raw mut found).cast();
        if !self.0.is_null() {
            // SAFETY: a valid expression node; the callback does not raise.
            unsafe { call(|| ffi::check_functions_in_node(self.0, visit, context)) };
        }
        found
    }

    pub(crate) fn type_oid(&self) -> Oid {
        // SAFETY: a valid expression node.
        unsafe { pg_sys::exprType(self.0) }
    }

    pub(crate) fn typmod(&self) -> i32 {
        // SAFETY: a valid expression node.
        unsafe { pg_sys::exprTypmod(self.0) }
    }

    pub(crate) fn collation(&self) -> u32 {
        // SAFETY: a valid expression node.
        unsafe { pg_sys::exprCollation(self.0) }.to_u32()
    }

    pub(crate) fn returns_set(&self) -> bool {
        // SAFETY: a valid expression node.
        unsafe { pg_sys::expression_returns_set(self.0) }
    }

    /// The expression as SQL over one table called `alias`; `attribute_of` tells which of the
    /// table's columns each reference stands for.
    pub(crate) fn deparse_over(
        &self,
        relid: Oid,
        alias: &str,
        attribute_of: &dyn Fn(Var) -> i16,
    ) -> String {
        let alias = c_text(alias);
        // SAFETY: works on a copy; deparse needs references to entry 1 of a made-up range table.
        unsafe {
            let copy: *mut pg_sys::Node = pg_sys::copyObjectImpl(self.0.cast()).cast();
            point_vars(copy, attribute_of);
            let context = pg_sys::deparse_context_for(alias.as_ptr(), relid);
            take_text(pg_sys::deparse_expression(copy, context, true, false))
        }
    }
}

unsafe fn point_vars(node: *mut pg_sys::Node, attribute_of: &dyn Fn(Var) -> i16) {
    let expr = Expr::new(node);
    if let Kind::Var(reference) = expr.kind() {
        // SAFETY: a Var of our own copy.
        unsafe {
            let var = &mut *node.cast::<pg_sys::Var>();
            var.varattno = attribute_of(reference);
            var.varno = 1;
            var.varlevelsup = 0;
            var.varnosyn = 1;
            var.varattnosyn = var.varattno;
        }
        return;
    }
    for child in expr.children() {
        // SAFETY: nodes of the same copy.
        unsafe { point_vars(child.0, attribute_of) };
    }
}
