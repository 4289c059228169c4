//! Owns putting restrictions inside a query: `column = ANY ($n)`, at a level where PostgreSQL's planner
//! would not carry one, before grouping, windows and DISTINCT ON.

use super::{Inside, Tree, nested_queries};
use crate::pg::function;
use crate::pg::list::pointers;
use pgrx::pg_sys::{self, NodeTag, Oid};
use std::collections::{BTreeMap, BTreeSet};
use std::ptr::null_mut;

/// A restriction of one result column, hidden ones included, of the query level at an address.
pub(crate) struct Restriction {
    pub(crate) query: usize,
    pub(crate) position: i16,
    /// Those of one query with the same number hold together, those with different ones alternatively.
    pub(crate) group: usize,
    /// The number of the parameter that holds the values, an array. The one after it, a boolean, tells
    /// whether rows with NULL are wanted too.
    pub(crate) parameter: i32,
}

impl Tree {
    /// False if a restriction names no level of the tree, or a column without equality or array type.
    pub(crate) fn restrict(&mut self, restrictions: &[Restriction]) -> bool {
        // SAFETY: nodes are made in the tree's own memory; addresses are looked for, not trusted.
        unsafe {
            let _inside = Inside::switch(self.memory);
            let queries: BTreeSet<usize> = restrictions.iter().map(|r| r.query).collect();
            queries.into_iter().all(|address| {
                let of_query = restrictions.iter().filter(|r| r.query == address);
                find(self.root, address).is_some_and(|query| restrict(query, of_query).is_some())
            })
        }
    }
}

unsafe fn find(query: *mut pg_sys::Query, address: usize) -> Option<*mut pg_sys::Query> {
    if query as usize == address {
        return Some(query);
    }
    // SAFETY: a valid query of ours.
    unsafe {
        let mut nested = nested_queries(query).into_iter();
        nested.find_map(|n| find(n, address))
    }
}

unsafe fn restrict<'r>(
    query: *mut pg_sys::Query,
    restrictions: impl Iterator<Item = &'r Restriction>,
) -> Option<()> {
    use pg_sys::BoolExprType::{AND_EXPR, OR_EXPR};
    let mut groups: BTreeMap<usize, Vec<*mut pg_sys::Node>> = BTreeMap::new();
    // SAFETY: a query of our own tree; every node made here is of the tree's memory.
    unsafe {
        for restriction in restrictions {
            let condition = condition(query, restriction)?;
            groups.entry(restriction.group).or_default().push(condition);
        }
        let together: Vec<_> = groups.values().map(|g| boolean(AND_EXPR, g)).collect();
        let mut quals = vec![boolean(OR_EXPR, &together)];
        let jointree = (*query).jointree;
        if !(*jointree).quals.is_null() {
            quals.insert(0, (*jointree).quals);
        }
        (*jointree).quals = boolean(AND_EXPR, &quals);
    }
    Some(())
}

/// `column = ANY (values) OR column IS NULL AND is_null_wanted`.
unsafe fn condition(
    query: *mut pg_sys::Query,
    restriction: &Restriction,
) -> Option<*mut pg_sys::Node> {
    use pg_sys::BoolExprType::{AND_EXPR, OR_EXPR};
    // SAFETY: as above.
    unsafe {
        let mut targets = pointers::<pg_sys::TargetEntry>((*query).targetList).into_iter();
        let target = targets.find(|t| (**t).resno == restriction.position)?;
        let column = (*target).expr;
        let type_oid = pg_sys::exprType(column.cast());
        let (equality, _) = function::default_equality(type_oid)?;
        let array = parameter(restriction.parameter, function::array_type(type_oid)?);
        let any = node::<pg_sys::ScalarArrayOpExpr>(NodeTag::T_ScalarArrayOpExpr);
        (*any).opno = equality.oid;
        (*any).opfuncid = pg_sys::get_opcode(equality.oid);
        (*any).useOr = true;
        (*any).inputcollid = pg_sys::exprCollation(column.cast());
        (*any).args = list(&[copy(column), array]);
        let is_null = node::<pg_sys::NullTest>(NodeTag::T_NullTest);
        (*is_null).arg = copy(column).cast();
        (*is_null).nulltesttype = pg_sys::NullTestType::IS_NULL;
        let wanted = parameter(restriction.parameter + 1, pg_sys::BOOLOID);
        let null = boolean(AND_EXPR, &[is_null.cast(), wanted]);
        Some(boolean(OR_EXPR, &[any.cast(), null]))
    }
}

unsafe fn node<T>(tag: NodeTag) -> *mut T {
    // SAFETY: zeroed memory of the node's size; the tag is its first field.
    unsafe {
        let made = pg_sys::palloc0(size_of::<T>()).cast::<pg_sys::Node>();
        (*made).type_ = tag;
        made.cast()
    }
}

unsafe fn copy(expr: *mut pg_sys::Expr) -> *mut pg_sys::Node {
    // SAFETY: an expression of the tree.
    unsafe { pg_sys::copyObjectImpl(expr.cast()).cast() }
}

unsafe fn parameter(number: i32, type_oid: Oid) -> *mut pg_sys::Node {
    // SAFETY: a node of our own.
    unsafe {
        let made = node::<pg_sys::Param>(NodeTag::T_Param);
        (*made).paramkind = pg_sys::ParamKind::PARAM_EXTERN;
        (*made).paramid = number;
        (*made).paramtype = type_oid;
        (*made).paramtypmod = -1;
        (*made).paramcollid = pg_sys::get_typcollation(type_oid);
        (*made).location = -1;
        made.cast()
    }
}

unsafe fn boolean(
    operation: pg_sys::BoolExprType::Type,
    args: &[*mut pg_sys::Node],
) -> *mut pg_sys::Node {
    if let [only] = args {
        return *only;
    }
    // SAFETY: a node of our own over nodes of the tree.
    unsafe {
        let made = node::<pg_sys::BoolExpr>(NodeTag::T_BoolExpr);
        (*made).boolop = operation;
        (*made).args = list(args);
        (*made).location = -1;
        made.cast()
    }
}

unsafe fn list(nodes: &[*mut pg_sys::Node]) -> *mut pg_sys::List {
    // SAFETY: lappend makes a list of the empty one, which is null.
    unsafe {
        nodes
            .iter()
            .fold(null_mut(), |list, node| pg_sys::lappend(list, node.cast()))
    }
}
