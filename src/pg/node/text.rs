//! Owns where an expression makes text or JSON of values, and values of text or JSON. PostgreSQL does so by the output
//! and the input functions of all types that a value's type is made of, which no node names.

use super::Expr;
use super::query::exprs;
use crate::pg::list::{oids, pointers};
use crate::pg::{function, version};
use pgrx::pg_sys::{self, NodeTag, Oid};

impl<'a> Expr<'a> {
    /// Whether the node's value is read from text or JSON.
    pub(crate) fn is_read(&self) -> bool {
        match self.tag() {
            Some(NodeTag::T_CoerceViaIO) => true,
            Some(tag) if version::is_json_query(tag) => true,
            _ => self.calls(function::Function::reads_any),
        }
    }

    /// The types of the columns of XMLTABLE and JSON_TABLE.
    pub(crate) fn column_types(&self) -> Vec<Oid> {
        match self.tag() {
            // SAFETY: the tag tells the type of the node, and what its list holds.
            Some(NodeTag::T_TableFunc) => unsafe {
                oids((*self.node().cast::<pg_sys::TableFunc>()).coltypes)
            },
            _ => Vec::new(),
        }
    }

    /// The expressions of which the node writes the values as text or JSON.
    pub(crate) fn written(&self) -> Vec<Expr<'a>> {
        let writes = match self.tag() {
            Some(NodeTag::T_CoerceViaIO | NodeTag::T_XmlExpr) => true,
            Some(tag) if version::is_json_constructor(tag) => true,
            _ => self.calls(function::Function::writes_any),
        };
        match writes {
            true => self.operands(),
            false => Vec::new(),
        }
    }

    /// The expressions directly below that have values.
    pub(crate) fn operands(&self) -> Vec<Expr<'a>> {
        // SAFETY: the tag tells the type of the node, and what its lists hold.
        unsafe {
            match self.tag() {
                Some(NodeTag::T_Aggref) => {
                    let aggregate = &*self.node().cast::<pg_sys::Aggref>();
                    let shown = pointers::<pg_sys::TargetEntry>(aggregate.args)
                        .into_iter()
                        .filter(|t| !(**t).resjunk)
                        .map(|t| Expr::new((*t).expr.cast()));
                    shown.chain(exprs(aggregate.aggdirectargs)).collect()
                }
                Some(NodeTag::T_WindowFunc) => {
                    exprs((*self.node().cast::<pg_sys::WindowFunc>()).args)
                }
                _ => self
                    .children()
                    .into_iter()
                    .flat_map(|child| match child.tag() {
                        Some(NodeTag::T_List) => child.operands(),
                        _ => vec![child],
                    })
                    .collect(),
            }
        }
    }

    fn calls(&self, is_such: fn(&function::Function) -> bool) -> bool {
        let mut functions = self.functions().into_iter();
        functions.any(|f| is_such(&function::function(f)))
    }

    fn tag(&self) -> Option<NodeTag> {
        // SAFETY: a valid node unless null.
        unsafe { self.node().as_ref() }.map(|node| node.type_)
    }
}
