//! Owns the division of a result into parts that come from one row of a source each, and the search for rows of
//! the result that have such a row at all. A change that concerns such parts alone need not compute the rest.

use super::sides::{alias, plain_vars};
use super::{Item, Walk};
use crate::error::Result;
use crate::lineage::model::{Part, Presence, tag};
use crate::pg::node::{Expr, FromItem, JoinKind, Kind};
use pgrx::pg_sys::Oid;
use std::collections::BTreeSet;

/// A part to be: its column and path, the level that its expression stands at, and the expression.
type Found<'a> = (i16, Vec<String>, usize, Expr<'a>);

impl<'a> Walk<'a> {
    /// Walks all that the outermost level gives: first what is no part, so that it is known to be decisive.
    pub(super) fn need_result(&mut self, top: usize) -> Result<()> {
        if !self.is_plain(top, true) {
            return self.need_all(top);
        }
        self.visit(top)?;
        let from = self.blocks[top].from.clone();
        self.note_presence(top, &from, Presence::Always);
        let mut parts: Vec<Found<'a>> = Vec::new();
        let targets = self.blocks[top].targets.clone();
        for target in targets.into_iter().filter(|t| !t.is_junk) {
            match target.sort_group_ref {
                0 => {
                    self.divide(top, target.expr, (target.position, Vec::new()), &mut parts)?;
                }
                _ => self.need(top, target.position)?,
            }
        }
        self.is_in_part = true;
        let walked = parts.into_iter().try_for_each(|part| self.part(part));
        self.is_in_part = false;
        walked
    }

    /// Finds the parts of an expression, and walks what is none.
    fn divide(
        &mut self,
        block: usize,
        expr: Expr<'a>,
        (position, path): (i16, Vec<String>),
        parts: &mut Vec<Found<'a>>,
    ) -> Result<()> {
        if let Some((nested, inner)) = self.given_by(block, expr) {
            return self.divide(nested, inner, (position, path), parts);
        }
        if let Some(pairs) = expr.built_object() {
            self.note(expr)?;
            return pairs.into_iter().try_for_each(|(key, value)| {
                let path = [path.as_slice(), &[key]].concat();
                self.divide(block, value, (position, path), parts)
            });
        }
        match self.source_of(block, expr) {
            Some(_) => {
                parts.push((position, path, block, expr));
                Ok(())
            }
            None => self.expr(block, expr),
        }
    }

    /// What a reference to a column of a join, or of a subquery that does nothing but join, stands for.
    fn given_by(&self, block: usize, expr: Expr<'a>) -> Option<(usize, Expr<'a>)> {
        let Kind::Var(var) = expr.kind() else {
            return None;
        };
        match self.blocks[block].items.get(var.entry)? {
            _ if var.levels_up > 0 => None,
            Item::Alias(exprs) => Some((block, alias(exprs, var)?)),
            // Where an outer join leaves it without a row, its columns are NULL, whatever their expressions.
            Item::Block(nested)
                if self.is_plain(*nested, false)
                    && !self.blocks[block].nullable.contains(&var.entry) =>
            {
                Some((*nested, self.target(*nested, var.attribute)?.expr))
            }
            _ => None,
        }
    }

    /// Whether each row of a level comes from one row of FROM, or, of the outermost one, from some of a group.
    fn is_plain(&self, block: usize, may_group: bool) -> bool {
        let b = &self.blocks[block];
        let shape = &b.shape;
        let is_grouped = shape.has_aggregates || !shape.group.is_empty();
        b.query.set_operation().is_none()
            && !b.is_recursive
            && !shape.has_limit
            && !shape.has_distinct
            && !shape.has_grouping_sets
            && shape.partitions.is_empty()
            && (may_group || !is_grouped)
            && !b.targets.iter().any(|t| t.expr.returns_set())
    }

    /// The source of which an expression reads columns, and nothing else, and what it reads.
    fn source_of(&self, block: usize, expr: Expr<'a>) -> Option<(usize, BTreeSet<i16>)> {
        let mut vars = Vec::new();
        if !plain_vars(expr, &mut vars) || !expr.is_builtin() || expr.returns_set() {
            return None;
        }
        let mut found: Option<usize> = None;
        let mut attributes = BTreeSet::new();
        for var in vars {
            let Item::Source(source) = self.blocks[block].items.get(var.entry)? else {
                return None;
            };
            let fits = var.levels_up == 0 && var.attribute > 0;
            if !fits || found.is_some_and(|known| known != *source) {
                return None;
            }
            found = Some(*source);
            attributes.insert(var.attribute);
        }
        Some((found?, attributes))
    }

    fn part(&mut self, (position, path, block, expr): Found<'a>) -> Result<()> {
        if let Some((source, attributes)) = self.source_of(block, expr) {
            let relid = Oid::from(self.sources[source].relid);
            let sql = expr.deparse_over(relid, Some(&tag(source)), &|var| var.attribute);
            self.parts.push(Part {
                position,
                path,
                source,
                bare: match expr.kind() {
                    Kind::Var(var) => Some(var.attribute),
                    _ => None,
                },
                attributes,
                sql: format!("({sql})"),
            });
        }
        self.expr(block, expr)
    }

    fn note_presence(&mut self, block: usize, item: &FromItem<'a>, presence: Presence) {
        match item {
            FromItem::Entry(index) => match self.blocks[block].items[*index] {
                Item::Source(source) => self.sources[source].presence = presence,
                Item::Block(nested)
                    if presence == Presence::Always && self.is_plain(nested, false) =>
                {
                    let from = self.blocks[nested].from.clone();
                    self.note_presence(nested, &from, presence);
                }
                _ => {}
            },
            FromItem::List { items, .. } => {
                for item in items {
                    self.note_presence(block, item, presence);
                }
            }
            FromItem::Join {
                kind,
                left,
                right,
                quals,
            } => {
                let nullable = match (presence, quals) {
                    (Presence::Always, Some(quals)) => Presence::Where(conjuncts(*quals)),
                    _ => Presence::Unknown,
                };
                let below = |item: &FromItem<'_>| match item {
                    FromItem::Entry(_) => nullable,
                    _ => Presence::Unknown,
                };
                let (of_left, of_right) = match kind {
                    JoinKind::Inner => (presence, presence),
                    JoinKind::Left => (presence, below(right)),
                    JoinKind::Right => (below(left), presence),
                    JoinKind::Full => (Presence::Unknown, Presence::Unknown),
                };
                self.note_presence(block, left, of_left);
                self.note_presence(block, right, of_right);
            }
        }
    }
}

fn conjuncts(quals: Expr<'_>) -> usize {
    match quals.kind() {
        Kind::And(parts) => parts.into_iter().map(conjuncts).sum(),
        _ => 1,
    }
}
