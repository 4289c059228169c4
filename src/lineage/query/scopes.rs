//! Owns the decision where a refresh restricts the query itself. Mostly nowhere: the planner carries a
//! restriction on the key to where it belongs. Where it does not (into EXCEPT, past windows and
//! DISTINCT ON) the query is evaluated once for all keys of a refresh, with restrictions put inside.

use super::{Block, Item, Walk};
use crate::lineage::model::{Scope, ScopeBy};
use crate::pg::function;
use crate::pg::node::Target;

impl<'a> Walk<'a> {
    /// Completes the scopes that mates need by those of the key columns, given as part and position.
    pub(super) fn add_scopes(&mut self, top: usize, parts: &[(usize, i16)]) {
        let passes_except = |(_, position): &(usize, i16)| self.passes_except(top, *position);
        if self.scopes.is_empty() && !parts.iter().any(passes_except) {
            return;
        }
        for (part, position) in parts {
            for (block, position) in self.leaves(top, *position) {
                self.scopes.push(Scope {
                    query: self.blocks[block].query.address(),
                    position,
                    group: 0,
                    by: ScopeBy::Key(*part),
                });
            }
        }
    }

    fn passes_except(&self, block: usize, position: i16) -> bool {
        let operation = self.blocks[block].query.set_operation();
        operation.is_some_and(|o| o.has_except)
            || (self.below(block, position).into_iter()).any(|(b, p)| self.passes_except(b, p))
    }

    /// The levels, each with a position, where a result column comes from and may be restricted.
    fn leaves(&self, block: usize, position: i16) -> Vec<(usize, i16)> {
        let is_set = self.blocks[block].query.set_operation().is_some();
        if !is_set && (self.is_mixed(block, position) || !self.is_open(block, position)) {
            return Vec::new();
        }
        let below = self.below(block, position);
        let leaves: Vec<(usize, i16)> = (below.iter())
            .flat_map(|(b, p)| self.leaves(*b, *p))
            .collect();
        let is_own = leaves.is_empty() && below.len() < 2 && self.is_restrictable(block, position);
        match is_own {
            true => vec![(block, position)],
            false => leaves,
        }
    }

    fn is_restrictable(&self, block: usize, position: i16) -> bool {
        let address = self.blocks[block].query.address();
        let is_same = |b: &&Block<'_>| b.query.address() == address;
        let fits = |t: Target<'a>| {
            !t.expr.returns_set() && function::array_type(t.expr.type_oid()).is_some()
        };
        // A WITH query that is read twice would be restricted for both.
        self.blocks.iter().filter(is_same).count() == 1
            && self.blocks[block].query.set_operation().is_none()
            && self.target(block, position).is_some_and(fits)
    }

    /// The subqueries that give a result column: the arms of a set operation, or one in FROM.
    fn below(&self, block: usize, position: i16) -> Vec<(usize, i16)> {
        match self.blocks[block].query.set_operation() {
            Some(operation) => {
                let arm = |index: usize| match self.blocks[block].items[index] {
                    Item::Block(nested) => Some((nested, position)),
                    _ => None,
                };
                operation.arms.into_iter().filter_map(arm).collect()
            }
            None => {
                let target = self.target(block, position);
                let behind = target.and_then(|t| self.block_behind(block, t));
                behind.into_iter().collect()
            }
        }
    }
}
