//! Owns the restriction of a whole tree: a recursive query that starts from some rows of a table and
//! goes on to those that name one of them as their parent.
//!
//! A row of the result depends on its own row and on those above it. So the recursive query is walked
//! a second time for the rows above, whose changes are followed downwards from row to row, and a
//! refresh restricts both arms to the rows concerned and those above them.

use super::links::link;
use super::sides::{self, Alternatives, Role};
use super::{Item, Walk};
use crate::error::Result;
use crate::lineage::model::{Form, Link, Scope, ScopeBy, Side};
use crate::pg::function;
use crate::pg::node::Expr;
use pgrx::pg_sys::Oid;

/// The equality by which the recursive arm of a query goes on.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) query: usize,
    /// The column of the row before.
    pub(super) position: i16,
    /// What names it in the row that follows.
    pub(super) parent: Expr<'a>,
    pub(super) operator: Oid,
    pub(super) collation: u32,
    pub(super) parent_is_left: bool,
}

/// One level of a tree: the sources of its arms, as sides.
struct Arms {
    /// The column by which the next row names a row, in the first arm and in the recursive one.
    row: [Side; 2],
    /// What names the row above, in the recursive arm.
    parent: Side,
}

impl<'a> Walk<'a> {
    /// The sources that a restriction on a column of the result restricts, besides the rows above.
    pub(super) fn tree_sides(&self, query: usize, position: i16) -> Option<Alternatives> {
        let step = self.steps.iter().find(|s| s.query == query)?;
        if self.is_in_mate(query) {
            return None;
        }
        let arms = self.arms(query, step)?;
        let [first, next] = self.in_arms(query, position)?;
        let fits = first.source == arms.row[0].source
            && next.source == arms.row[1].source
            && first.attributes == next.attributes;
        let mark = |side: Side| Side {
            mixes: vec![query],
            ..side
        };
        fits.then(|| vec![vec![mark(first), mark(next)]])
    }

    /// A result column in both arms, if it is a column of a table in each.
    fn in_arms(&self, query: usize, position: i16) -> Option<[Side; 2]> {
        let side = |arm: usize| {
            let block = self.arm(query, arm)?;
            let found = self.sides(block, self.target(block, position)?.expr, Role::Child(None))?;
            sides::single(found).filter(is_column)
        };
        Some([side(0)?, side(1)?])
    }

    fn arms(&self, query: usize, step: &Step<'a>) -> Option<Arms> {
        let row = self.in_arms(query, step.position)?;
        let recursive = self.arm(query, 1)?;
        let parent = sides::single(self.sides(recursive, step.parent, Role::Child(None))?)?;
        let shape = [0, 1].map(|arm| Some(&self.blocks[self.arm(query, arm)?].shape));
        let is_plain = shape.into_iter().all(|s| {
            s.is_some_and(|s| {
                s.group.is_empty()
                    && !s.has_aggregates
                    && !s.has_limit
                    && s.partitions.is_empty()
                    && s.distinct_on.is_empty()
            })
        });
        let table = |side: &Side| self.sources[side.source].relid;
        let fits = is_plain
            && is_column(&parent)
            && parent.source == row[1].source
            && table(&row[0]) == table(&row[1])
            && row[0].attributes == row[1].attributes
            && row[0].type_oid == parent.type_oid
            && function::array_type(Oid::from(row[0].type_oid)).is_some();
        fits.then_some(Arms { row, parent })
    }

    /// Walks a tree again for the rows above those that are restricted.
    pub(super) fn walk_tree(&mut self, query: usize) -> Result<()> {
        let Some(step) = self.steps.iter().find(|s| s.query == query).copied() else {
            return Ok(());
        };
        let (tree, outer) = (self.blocks[query].query, self.blocks[query].outer);
        self.is_mate_walk = true;
        let above = self.block(tree, outer, true)?;
        self.blocks[above].is_mate = true;
        self.visit(above)?;
        for position in self.blocks[query].needed.clone() {
            self.need(above, position)?;
        }
        self.is_mate_walk = false;
        let (Some(below), Some(rows)) = (self.arms(query, &step), self.arms(above, &step)) else {
            return Ok(());
        };
        let Some(equality) = function::equality(step.operator) else {
            return Ok(());
        };
        for row in rows.row {
            let is_left = !step.parent_is_left;
            let parent = below.parent.clone();
            self.is_before.set(true);
            let repeated = self.source_side(row.source, parent.attributes[0], step.parent);
            self.is_before.set(false);
            if let Some(found) = link(&equality, step.collation, row, parent, is_left) {
                self.links.push(Link { repeated, ..found });
            }
        }
        for arm in [0, 1] {
            let Some(block) = self.arm(query, arm) else {
                continue;
            };
            self.scopes.push(Scope {
                query: self.blocks[block].query.address(),
                position: step.position,
                group: 0,
                by: ScopeBy::Tree {
                    row: below.row[1].clone(),
                    parent: below.parent.clone(),
                    operator: equality.sql.clone(),
                    parent_is_left: step.parent_is_left,
                },
            });
        }
        Ok(())
    }

    /// An arm of a recursive query.
    pub(super) fn arm(&self, query: usize, arm: usize) -> Option<usize> {
        let arms = self.blocks[query].query.set_operation()?.arms;
        match self.blocks[query].items[*arms.get(arm)?] {
            Item::Block(nested) if arms.len() == 2 => Some(nested),
            _ => None,
        }
    }
}

fn is_column(side: &Side) -> bool {
    side.form == Form::Column && side.element_type.is_none() && side.mixes.is_empty()
}
