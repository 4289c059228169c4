//! Owns the borrowed view of a query level: its FROM, target list, clauses and set operations.

use super::{Expr, FromItem, Kind, Tree};
use crate::error::{Error, Result};
use crate::pg::list::{list_len, oids, pointers};
use crate::pg::version;
use pgrx::pg_sys::{self, NodeTag, Oid};
use std::ffi::CStr;
use std::marker::PhantomData;

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
    /// Functions: per column of the result, the function that gives it if it gives no other.
    Functions {
        all: Vec<Expr<'a>>,
        columns: Vec<Option<Expr<'a>>>,
        /// Types that the query gives to columns read from JSON.
        read: Vec<Oid>,
    },
    /// VALUES, XMLTABLE and the like: rows made of expressions.
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
    pub(crate) has_distinct: bool,
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
    pub(super) fn new(query: *mut pg_sys::Query) -> Query<'a> {
        Query(query, PhantomData)
    }

    fn get(&self) -> &'a pg_sys::Query {
        // SAFETY: valid as long as the tree that 'a borrows.
        unsafe { &*self.0 }
    }

    pub(super) fn raw(&self) -> *mut pg_sys::Query {
        self.0
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

    /// The targets that are columns of the result.
    pub(crate) fn columns(&self) -> Vec<Target<'a>> {
        self.targets().into_iter().filter(|t| !t.is_junk).collect()
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
                RTE_FUNCTION => {
                    let functions = pointers::<pg_sys::RangeTblFunction>(rte.functions);
                    let columns = |f: &*mut pg_sys::RangeTblFunction| {
                        let (count, expr) = ((**f).funccolcount, Expr::new((**f).funcexpr));
                        // Neither a row of one column nor a record that the query names columns of.
                        let is_single = count == 1 && !pg_sys::type_is_rowtype(expr.type_oid());
                        vec![is_single.then_some(expr); count as usize]
                    };
                    let all = functions.iter().map(|f| Expr::new((**f).funcexpr));
                    let read = functions.iter().zip(all.clone());
                    Entry::Functions {
                        read: read
                            .filter(|(_, expr)| expr.is_read())
                            .flat_map(|(f, _)| oids((**f).funccoltypes))
                            .collect(),
                        all: all.collect(),
                        columns: functions.iter().flat_map(columns).collect(),
                    }
                }
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
                has_distinct: !query.distinctClause.is_null(),
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

    /// The functions of the operators of GROUP BY, ORDER BY, DISTINCT, windows and set operations.
    pub(crate) fn sort_functions(&self) -> Vec<Oid> {
        let query = self.get();
        let mut lists = vec![query.sortClause, query.groupClause, query.distinctClause];
        // SAFETY: windowClause holds WindowClause, whose lists hold SortGroupClause like the others.
        unsafe {
            for window in pointers::<pg_sys::WindowClause>(query.windowClause) {
                lists.extend([(*window).partitionClause, (*window).orderClause]);
            }
            let mut operations = vec![query.setOperations];
            while let Some(node) = operations.pop() {
                if !node.is_null() && (*node).type_ == NodeTag::T_SetOperationStmt {
                    let operation = &*node.cast::<pg_sys::SetOperationStmt>();
                    lists.push(operation.groupClauses);
                    operations.extend([operation.larg, operation.rarg]);
                }
            }
            super::sort_functions(&lists)
        }
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

pub(super) unsafe fn exprs<'a>(list: *const pg_sys::List) -> Vec<Expr<'a>> {
    // SAFETY: a list of expression nodes of the borrowed tree.
    unsafe { pointers::<pg_sys::Node>(list) }
        .into_iter()
        .map(Expr::new)
        .collect()
}
