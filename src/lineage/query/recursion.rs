//! Owns the links of recursive queries: from the rows that the recursive arm reads to those that the
//! query gave before.
//!
//! What it gave before comes from the first arm or from the recursive one. If the latter passes on a
//! column of the very table that is linked (`JOIN up ON p.pk = up.fk_parent`, where `up` has
//! `p.fk_parent`), a row matters to the first arm through any number of rows of its own table. That
//! holds for a recursive query that is correlated to one row of the outer query; a restriction on
//! the result of a recursive query is what [`super::tree`] cares for.

use super::sides::{self, Role, strip};
use super::tree::Step;
use super::{Item, Walk};
use crate::lineage::model::{Link, Side};
use crate::pg::node::{Expr, Kind};
use crate::sabotage::{Rule, breaks};
use pgrx::pg_sys::Oid;

/// What becomes of a column on the way through the recursive arm.
enum Passed {
    Unchanged,
    Replaced(Side),
}

impl<'a> Walk<'a> {
    /// Takes the link from an equality whose parent is what a recursive query gave before.
    pub(super) fn recursion(
        &mut self,
        block: usize,
        operator: Oid,
        collation: u32,
        (child, parent, child_is_left): (Expr<'a>, Expr<'a>, bool),
        role: Role<'_>,
    ) {
        let Some((query, position)) = self.given_before(block, parent) else {
            return;
        };
        let Some(children) = self.sides(block, child, role) else {
            return;
        };
        self.steps.push(Step {
            query,
            position,
            parent: child,
            operator,
            collation,
            parent_is_left: child_is_left,
        });
        let (Some(first), Some(passed)) = (self.arm(query, 0), self.passed(query, position)) else {
            return;
        };
        let type_oid = parent.type_oid();
        let coerce = |side: Side| sides::coerce(side, type_oid);
        let parents = self
            .carried(first, position)
            .and_then(sides::single)
            .map(coerce);
        let before = self.links.len();
        let parents = parents.map(|side| vec![vec![side]]);
        self.equality(operator, collation, Some(children), parents, child_is_left);
        for link in self.links.split_off(before) {
            match &passed {
                Passed::Unchanged => self.links.push(link),
                Passed::Replaced(side) if side.source == link.child.source => {
                    let repeated = Some(coerce(side.clone())).filter(|_| !breaks(Rule::Repetition));
                    self.links.push(Link { repeated, ..link });
                }
                // Through another table: no route.
                Passed::Replaced(_) => {}
            }
        }
    }

    /// The recursive query to whose earlier rows an expression refers, and which column.
    fn given_before(&self, block: usize, expr: Expr<'a>) -> Option<(usize, i16)> {
        let Kind::Var(var) = strip(expr).kind() else {
            return None;
        };
        let level = self.level_up(block, var.levels_up).ok()?;
        match self.blocks[level].items.get(var.entry)? {
            Item::Recursion(query) => Some((*query, var.attribute)),
            _ => None,
        }
    }

    fn passed(&self, query: usize, position: i16) -> Option<Passed> {
        let arm = self.arm(query, 1)?;
        let expr = self.target(arm, position)?.expr;
        if let Some(before) = self.given_before(arm, expr) {
            return (before == (query, position)).then_some(Passed::Unchanged);
        }
        self.is_before.set(true);
        let found = self.carried(arm, position);
        self.is_before.set(false);
        found.and_then(sides::single).map(Passed::Replaced)
    }
}
