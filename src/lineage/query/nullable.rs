//! Owns what an outer join can make NULL.

use super::sides::{alias, strip};
use super::{Item, Walk};
use crate::pg::node::{Expr, FromItem, JoinKind, Kind};
use std::collections::HashSet;

impl<'a> Walk<'a> {
    /// Whether an outer join can make an expression NULL.
    pub(super) fn is_nullable(&self, block: usize, expr: Expr<'a>) -> bool {
        let var = match strip(expr).kind() {
            Kind::Var(var) => var,
            // One of them has a row.
            Kind::Coalesce(args) => {
                let entry = |arg: Expr<'a>| self.entry_of(block, arg);
                let entries: Vec<usize> = args.into_iter().flat_map(entry).collect();
                return !is_present(&self.blocks[block].from, &entries);
            }
            _ => return false,
        };
        let b = &self.blocks[block];
        if var.levels_up > 0 || b.nullable.contains(&var.entry) {
            return true;
        }
        match b.items.get(var.entry) {
            Some(Item::Alias(exprs)) => {
                alias(exprs, var).is_none_or(|e| self.is_nullable(block, e))
            }
            Some(Item::Block(nested)) => self.is_output_nullable(*nested, var.attribute),
            _ => false,
        }
    }

    /// The entries whose columns an expression is, inside coalesce() or not.
    fn entry_of(&self, block: usize, expr: Expr<'a>) -> Vec<usize> {
        match strip(expr).kind() {
            Kind::Coalesce(args) => {
                let each = args.into_iter().map(|arg| self.entry_of(block, arg));
                each.collect::<Vec<_>>().concat()
            }
            Kind::Var(var) if var.levels_up == 0 => match self.blocks[block].items.get(var.entry) {
                Some(Item::Alias(exprs)) => match alias(exprs, var) {
                    Some(expr) => self.entry_of(block, expr),
                    None => Vec::new(),
                },
                Some(Item::Source(_)) => vec![var.entry],
                Some(Item::Block(nested)) if !self.is_output_nullable(*nested, var.attribute) => {
                    vec![var.entry]
                }
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// As [`Walk::is_nullable`], for a result column of a block or any arm of a set operation.
    pub(super) fn is_output_nullable(&self, block: usize, position: i16) -> bool {
        let b = &self.blocks[block];
        match b.query.set_operation() {
            Some(operation) => operation.arms.into_iter().any(|arm| match b.items[arm] {
                Item::Block(nested) => self.is_output_nullable(nested, position),
                _ => true,
            }),
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
