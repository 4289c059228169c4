//! Owns what happens where rows of a query level depend on rows beside them: a window function on
//! those of its partition, DISTINCT ON on those of its group.
//!
//! A restriction on another column names some rows of the level; what it gives for them also depends
//! on their *mates*, the rows equal to them in the columns of PARTITION BY or DISTINCT ON. So the
//! level is walked a second time, as if it were joined to itself by these columns, and the mates'
//! tables become sources of their own. Since PostgreSQL's planner evaluates such a level as a whole,
//! a refresh restricts it to the partitions concerned ([`Scope`]).

use super::sides::{self, Role};
use super::{Block, Item, Walk};
use crate::error::Result;
use crate::lineage::model::{Link, Reason, Root, Scope, ScopeBy, Side};
use crate::pg::function;
use crate::pg::node::Target;
use pgrx::pg_sys::Oid;
use std::collections::{BTreeSet, HashSet};

impl<'a> Walk<'a> {
    /// Whether the mates of a level's rows can be found. DISTINCT ON comes after windows: without a column
    /// in common, the rivals of a row depend on rows of other partitions.
    pub(super) fn is_mixable(&self, block: usize) -> bool {
        let can_find = |columns: &Vec<Target<'a>>| {
            !columns.is_empty() && columns.iter().all(|t| self.mate_side(block, *t).is_some())
        };
        let columns = self.mate_columns(block);
        let is_independent = columns.len() < 2 || self.blocks[block].shape.distinct_on.is_empty();
        !self.is_in_mate(block) && is_independent && columns.iter().all(can_find)
    }

    pub(super) fn is_in_mate(&self, block: usize) -> bool {
        let b = &self.blocks[block];
        b.is_mate || b.outer.is_some_and(|o| self.is_in_mate(o))
    }

    /// The columns that mates are equal in: those by which every window of a level is partitioned, and
    /// DISTINCT ON groups. Where they have none in common, the columns of each.
    fn mate_columns(&self, block: usize) -> Vec<Vec<Target<'a>>> {
        let b = &self.blocks[block];
        let shape = &b.shape;
        let distinct_on = (!shape.distinct_on.is_empty()).then_some(&shape.distinct_on);
        let groups: Vec<&Vec<u32>> = shape.partitions.iter().chain(distinct_on).collect();
        let targets = |is_meant: &dyn Fn(u32) -> bool| {
            let is_grouped =
                |r: u32| r != 0 && (shape.group.is_empty() || shape.group.contains(&r));
            let fits = |t: &&Target<'a>| is_grouped(t.sort_group_ref) && is_meant(t.sort_group_ref);
            b.targets.iter().filter(fits).copied().collect::<Vec<_>>()
        };
        let common = targets(&|r| groups.iter().all(|g| g.contains(&r)));
        match common.is_empty() {
            true => groups
                .iter()
                .map(|g| targets(&|r| g.contains(&r)))
                .collect(),
            false => vec![common],
        }
    }

    /// A column of PARTITION BY or DISTINCT ON as a side: of a table whose row is always there.
    fn mate_side(&self, block: usize, target: Target<'a>) -> Option<Side> {
        let fits = |s: &Side| {
            s.element_type.is_none() && function::array_type(Oid::from(s.type_oid)).is_some()
        };
        if target.expr.returns_set() || self.is_nullable(block, target.expr) {
            return None;
        }
        sides::single(self.sides(block, target.expr, Role::Child(None))?).filter(fits)
    }

    /// Walks the levels again whose mates matter.
    pub(super) fn add_mates(&mut self, roots: &[Root]) -> Result<()> {
        self.drop_superfluous();
        let children = self.links.iter().map(|l| &l.child);
        let sides = children.chain(roots.iter().map(|r| &r.side));
        let mixed: BTreeSet<usize> = sides.flat_map(|s| s.mixes.iter().copied()).collect();
        for block in mixed {
            let address = self.blocks[block].query.address();
            let is_same = |b: &&Block<'_>| b.query.address() == address;
            match self.blocks.iter().filter(is_same).count() {
                1 if self.blocks[block].is_recursive => self.walk_tree(block)?,
                1 => self.walk_mates(block)?,
                // Of a WITH query that is read twice: a restriction would be one for both.
                _ => self.obstruct(block),
            }
        }
        Ok(())
    }

    /// Drops links that need mates where others lead the same way without.
    fn drop_superfluous(&mut self) {
        let needs_none = |l: &&Link| l.child.mixes.is_empty() && l.choice.is_none();
        let plain = self.links.iter().filter(needs_none);
        let ways: HashSet<(usize, usize)> =
            plain.map(|l| (l.child.source, l.parent.source)).collect();
        self.links.retain(|l| {
            l.child.mixes.is_empty() || !ways.contains(&(l.child.source, l.parent.source))
        });
    }

    fn walk_mates(&mut self, block: usize) -> Result<()> {
        let groups = self.mate_columns(block).into_iter().enumerate();
        groups
            .into_iter()
            .try_for_each(|(group, columns)| self.walk_mate(block, group, &columns))
    }

    fn walk_mate(&mut self, block: usize, group: usize, columns: &[Target<'a>]) -> Result<()> {
        let query = self.blocks[block].query;
        let outer = self.blocks[block].outer;
        self.is_mate_walk = true;
        let mate = self.block(query, outer, false)?;
        self.blocks[mate].is_mate = true;
        self.visit(mate)?;
        for position in self.blocks[block].needed.clone() {
            self.need(mate, position)?;
        }
        self.is_mate_walk = false;
        for target in columns {
            let Some((equality, _)) = function::default_equality(target.expr.type_oid()) else {
                continue;
            };
            let side = |walk: &Self, of| walk.mate_side(of, *target).map(|s| vec![vec![s]]);
            let (row, beside) = (side(self, block), side(self, mate));
            if let Some([sides]) = row.as_deref() {
                self.scopes.push(Scope {
                    query: query.address(),
                    position: target.position,
                    group,
                    by: ScopeBy::Rows(sides[0].clone()),
                });
            }
            self.sameness(equality.oid, target.expr.collation(), beside, row, true);
        }
        Ok(())
    }

    /// Marks every table of a level as one whose changes reach unknown rows.
    fn obstruct(&mut self, block: usize) {
        for item in self.blocks[block].items.clone() {
            match item {
                Item::Source(source) => {
                    self.sources[source]
                        .obstacle
                        .get_or_insert(Reason::RowsDepend);
                }
                Item::Block(nested) => self.obstruct(nested),
                _ => {}
            }
        }
        let nested = self.sublinks.iter().filter(|((b, _), _)| *b == block);
        let nested: Vec<usize> = nested.map(|(_, n)| *n).collect();
        nested.into_iter().for_each(|n| self.obstruct(n));
    }
}
