//! Owns by which functions the values in a query become text or JSON, and are read from it: those of their types, and
//! of the columns where a row has no type of its own.

use super::{Item, Walk};
use crate::error::Result;
use crate::pg::function;
use crate::pg::node::{Expr, Kind, Var};
use pgrx::pg_sys::{self, Oid};

impl<'a> Walk<'a> {
    pub(super) fn text_functions(&mut self, block: usize, expr: Expr<'a>) -> Result<Vec<Oid>> {
        let mut types = expr.column_types();
        if expr.is_read() {
            types.extend(self.value_types(block, expr)?);
        }
        let mut found: Vec<Oid> = types
            .into_iter()
            .flat_map(function::input_functions)
            .collect();
        for value in expr.written() {
            let types = self.value_types(block, value)?;
            found.extend(types.into_iter().flat_map(function::output_functions));
        }
        Ok(found)
    }

    /// An expression's type; of a row without one, the types of all that it may be made of. None where the tree does not
    /// say, as for what a function returns.
    fn value_types(&mut self, block: usize, expr: Expr<'a>) -> Result<Vec<Oid>> {
        let type_oid = expr.type_oid();
        if ![pg_sys::RECORDOID, pg_sys::RECORDARRAYOID].contains(&type_oid) {
            return Ok(vec![type_oid]);
        }
        let (level, made_of) = match expr.kind() {
            Kind::Var(var) => self.behind(block, var)?,
            Kind::SubLink(link) => {
                let nested = self.sublink_block(block, &link)?;
                (nested, self.outputs(nested))
            }
            _ => (block, expr.operands()),
        };
        let mut types = Vec::new();
        for part in made_of {
            types.extend(self.value_types(level, part)?);
        }
        Ok(types)
    }

    /// The expressions that a reference to a row, or to a column that is one, stands for, and their level.
    fn behind(&self, block: usize, var: Var) -> Result<(usize, Vec<Expr<'a>>)> {
        let level = self.level_up(block, var.levels_up)?;
        let one = |all: Vec<Expr<'a>>| match usize::try_from(var.attribute - 1) {
            Ok(index) => all.into_iter().skip(index).take(1).collect(),
            Err(_) => all,
        };
        Ok(match self.blocks[level].items.get(var.entry) {
            Some(Item::Block(nested) | Item::Recursion(nested)) => {
                (*nested, one(self.outputs(*nested)))
            }
            Some(Item::Alias(exprs)) => (level, one(exprs.clone())),
            Some(Item::Computed(exprs)) => (level, exprs.clone()),
            Some(Item::Functions { columns, .. }) => {
                (level, columns.iter().flatten().copied().collect())
            }
            _ => (level, Vec::new()),
        })
    }

    fn outputs(&self, block: usize) -> Vec<Expr<'a>> {
        let targets = self.blocks[block].targets.iter();
        targets.filter(|t| !t.is_junk).map(|t| t.expr).collect()
    }
}
