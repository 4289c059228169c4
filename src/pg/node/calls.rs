//! Owns which functions and operators of users a query calls. Text of ours that names them is parsed in each
//! backend, and may then mean others than the query that it was made from: see [`Calls::displaced_in`].

use super::{Tree, ffi};
use crate::pg::function;
use crate::pg::guard::call;
use crate::pg::list::take_text;
use pgrx::pg_sys::{self, NodeTag, Oid};
use std::collections::BTreeSet;
use std::ffi::c_void;

/// By OID.
#[derive(Default)]
pub(crate) struct Calls {
    functions: BTreeSet<u32>,
    operators: BTreeSet<u32>,
}

impl Calls {
    pub(in crate::pg) unsafe fn of(queries: &[*mut pg_sys::Query]) -> Calls {
        let mut calls = Calls::default();
        let context = (&raw mut calls).cast();
        for query in queries {
            // SAFETY: the caller hands valid queries; the callbacks do not raise.
            unsafe { call(|| ffi::query_tree_walker(*query, visit, context, 0)) };
        }
        calls
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.functions.is_empty() && self.operators.is_empty()
    }

    /// A function or an operator that `others` call by the name of one of these, and that is none of these.
    /// Equality of a type's own does not count: statements of ours call it where the query does not.
    pub(crate) fn displaced_in(&self, others: &Calls) -> Option<String> {
        let names: BTreeSet<String> = self.functions.iter().map(|f| function_name(*f)).collect();
        let mut functions = others.functions.difference(&self.functions);
        if let Some(function) = functions.find(|f| names.contains(&function_name(**f))) {
            let signature = function::function(Oid::from(*function)).signature();
            return Some(format!("function {signature}"));
        }
        let names: BTreeSet<String> = self.operators.iter().map(|o| operator_name(*o)).collect();
        let mut operators = others.operators.difference(&self.operators);
        let operator = operators.find(|o| {
            names.contains(&operator_name(**o)) && function::equality(Oid::from(**o)).is_none()
        })?;
        // SAFETY: an operator that exists; palloc'd text.
        let signature = unsafe { take_text(pg_sys::format_operator(Oid::from(*operator))) };
        Some(format!("operator {signature}"))
    }
}

impl Tree {
    pub(crate) fn calls(&self) -> Calls {
        // SAFETY: a valid query of ours.
        unsafe { Calls::of(&[self.root]) }
    }
}

fn function_name(oid: u32) -> String {
    function::function(Oid::from(oid)).name
}

fn operator_name(oid: u32) -> String {
    // SAFETY: a syscache lookup; null for an operator that is gone.
    unsafe {
        let name = pg_sys::get_opname(Oid::from(oid));
        match name.is_null() {
            true => String::new(),
            false => take_text(name),
        }
    }
}

unsafe extern "C-unwind" fn visit(node: *mut pg_sys::Node, calls: *mut c_void) -> bool {
    // SAFETY: `calls` is the struct above; the walker hands valid nodes or null; tags tell the types, of which
    // DistinctExpr and NullIfExpr are those of OpExpr.
    unsafe {
        if node.is_null() {
            return false;
        }
        let operator = match (*node).type_ {
            NodeTag::T_Query => return ffi::query_tree_walker(node.cast(), visit, calls, 0),
            NodeTag::T_OpExpr | NodeTag::T_DistinctExpr | NodeTag::T_NullIfExpr => {
                (*node.cast::<pg_sys::OpExpr>()).opno
            }
            NodeTag::T_ScalarArrayOpExpr => (*node.cast::<pg_sys::ScalarArrayOpExpr>()).opno,
            _ => pg_sys::InvalidOid,
        };
        if function::is_user_defined(operator.to_u32()) {
            (*calls.cast::<Calls>()).operators.insert(operator.to_u32());
        }
        ffi::check_functions_in_node(node, note_function, calls);
        ffi::expression_tree_walker(node, visit, calls)
    }
}

unsafe extern "C-unwind" fn note_function(function: Oid, calls: *mut c_void) -> bool {
    if function::is_user_defined(function.to_u32()) {
        // SAFETY: as in `visit`.
        unsafe { (*calls.cast::<Calls>()).functions.insert(function.to_u32()) };
    }
    false
}
