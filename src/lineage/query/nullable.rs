//! Owns what an outer join can make NULL.

use super::sides::{alias, plain_vars, strip};
use super::{Item, Walk};
use crate::pg::node::{Expr, FromItem, JoinKind, Kind, Var};
use std::collections::HashSet;

impl<'a> Walk<'a> {
    /// Whether an outer join can make an expression NULL.
    pub(super) fn is_nullable(&self, block: usize, expr: Expr<'a>) -> bool {
        let bare = strip(expr);
        match bare.kind() {
            Kind::Var(var) => self.is_var_nullable(block, var),
            // One of them has a row.
            Kind::Coalesce(_) => !is_present(&self.blocks[block].from, &self.entries(block, bare)),
            _ => {
                let mut vars = Vec::new();
                bare.is_strict()
                    && plain_vars(bare, &mut vars)
                    && vars.into_iter().any(|v| self.is_var_nullable(block, v))
            }
        }
    }

    fn is_var_nullable(&self, block: usize, var: Var) -> bool {
        let Ok(level) = self.level_up(block, var.levels_up) else {
            return true;
        };
        let b = &self.blocks[level];
        // The condition of a join sees its rows before the join makes them NULL.
        let nullable = match level == block && b.is_in_from {
            true => &b.nullable_so_far,
            false => &b.nullable,
        };
        if nullable.contains(&var.entry) {
            return true;
        }
        match b.items.get(var.entry) {
            Some(Item::Alias(exprs)) => {
                alias(exprs, var).is_none_or(|e| self.is_nullable(level, e))
            }
            Some(Item::Block(nested)) => self.is_output_nullable(*nested, var.attribute),
            _ => false,
        }
    }

    /// The entries of which a row is enough for an expression to have a value.
    fn entries(&self, block: usize, expr: Expr<'a>) -> Vec<usize> {
        match strip(expr).kind() {
            Kind::Coalesce(args) => {
                let each = args.into_iter().map(|arg| self.entries(block, arg));
                each.collect::<Vec<_>>().concat()
            }
            Kind::Var(var) if var.levels_up == 0 => match self.blocks[block].items.get(var.entry) {
                Some(Item::Alias(exprs)) => match alias(exprs, var) {
                    Some(expr) => self.entries(block, expr),
                    None => Vec::new(),
                },
                Some(Item::Source(_)) => vec![var.entry],
                Some(Item::Block(nested)) if !self.is_output_nullable(*nested, var.attribute) => {
                    vec![var.entry]
                }
                _ => Vec::new(),
            },
            _ => self.entry_of_all(block, strip(expr)).into_iter().collect(),
        }
    }

    /// The entry that all columns of a strict expression belong to.
    fn entry_of_all(&self, block: usize, expr: Expr<'a>) -> Option<usize> {
        let mut vars = Vec::new();
        if !expr.is_strict() || !plain_vars(expr, &mut vars) {
            return None;
        }
        let entry = vars.first()?.entry;
        let is_source = matches!(self.blocks[block].items.get(entry), Some(Item::Source(_)));
        let is_same = |v: &Var| v.entry == entry && v.levels_up == 0;
        (is_source && vars.iter().all(is_same)).then_some(entry)
    }

    /// As [`Walk::is_nullable`], for a result column of a block or any arm of a set operation. Grouping
    /// sets make NULLs too.
    pub(super) fn is_output_nullable(&self, block: usize, position: i16) -> bool {
        let b = &self.blocks[block];
        match b.query.set_operation() {
            Some(operation) => operation.arms.into_iter().any(|arm| match b.items[arm] {
                Item::Block(nested) => self.is_output_nullable(nested, position),
                _ => true,
            }),
            None if b.shape.has_grouping_sets => true,
            None => self
                .target(block, position)
                .is_none_or(|t| self.is_nullable(block, t.expr)),
        }
    }
}

/// Entries that an outer join can leave without a row.
pub(super) fn entries(item: &FromItem<'_>) -> HashSet<usize> {
    let is_nullable = |e: &usize| !is_present(item, &[*e]);
    item.entries().into_iter().filter(is_nullable).collect()
}

/// Whether every row of FROM has a row of one of these entries at least.
fn is_present(item: &FromItem<'_>, entries: &[usize]) -> bool {
    match item {
        FromItem::Entry(index) => entries.contains(index),
        FromItem::List { items, .. } => items.iter().any(|i| is_present(i, entries)),
        FromItem::Join {
            kind, left, right, ..
        } => {
            let (left, right) = (is_present(left, entries), is_present(right, entries));
            match kind {
                JoinKind::Inner => left || right,
                JoinKind::Left => left,
                JoinKind::Right => right,
                JoinKind::Full => left && right,
            }
        }
    }
}
