//! Owns the division of a result into parts that come from one row of a source each, and leaves that are computed from more;
//! the search for rows of the result that have such a row at all, and for sources that nothing but some leaves is made of.
//! A change that concerns such parts, or such leaves, alone need not compute the rest.

use super::sides::{alias, plain_vars};
use super::{Item, Walk};
use crate::error::Result;
use crate::lineage::model::{Leaf, Part, Presence, tag};
use crate::pg::node::{Expr, FromItem, JoinKind, Kind};
use crate::sabotage::{Rule, breaks};
use pgrx::pg_sys::Oid;
use std::collections::{BTreeSet, HashSet};
use std::iter::successors;

/// A part to be.
struct Found<'a> {
    place: Leaf,
    /// The level that its expression stands at.
    block: usize,
    expr: Expr<'a>,
    source: usize,
    attributes: BTreeSet<i16>,
}

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
                    let place = Leaf {
                        position: target.position,
                        path: Vec::new(),
                    };
                    self.divide(top, target.expr, place, None, &mut parts)?;
                }
                _ => self.need(top, target.position)?,
            }
        }
        self.is_in_part = true;
        let walked = parts.into_iter().try_for_each(|part| self.part(part));
        self.is_in_part = false;
        walked
    }

    /// Finds the parts of an expression, and walks what is none. `shown` is the place in the outermost level of the column
    /// that shows it, where the expression is of a level below.
    fn divide(
        &mut self,
        block: usize,
        expr: Expr<'a>,
        place: Leaf,
        shown: Option<&Leaf>,
        parts: &mut Vec<Found<'a>>,
    ) -> Result<()> {
        if let Some((nested, inner)) = self.given_by(block, expr) {
            let shown = shown.cloned().unwrap_or_else(|| place.clone());
            return self.divide(nested, inner, place, Some(&shown), parts);
        }
        if let Some(pairs) = expr.built_object() {
            self.note(block, expr)?;
            return pairs.into_iter().try_for_each(|(key, value)| {
                let place = Leaf {
                    position: place.position,
                    path: [place.path.as_slice(), &[key]].concat(),
                };
                self.divide(block, value, place, shown, parts)
            });
        }
        match self.source_of(block, expr) {
            Some((source, attributes)) => {
                parts.push(Found {
                    place,
                    block,
                    expr,
                    source,
                    attributes,
                });
                Ok(())
            }
            None => {
                self.leaf = Some(shown.cloned().unwrap_or(place));
                let walked = self.expr(block, expr);
                self.leaf = None;
                walked
            }
        }
    }

    /// Walks what is read of a block: once, whatever reads it. So what that reads in its turn has no leaf for its reader.
    pub(super) fn read(
        &mut self,
        block: usize,
        walk: impl FnOnce(&mut Walk<'a>) -> Result<()>,
    ) -> Result<()> {
        let leaf = self.leaf.take();
        self.note_reader(block, leaf.as_ref());
        walk(self)?;
        self.leaf = leaf;
        Ok(())
    }

    /// A block is read: by a leaf or, without, by what decides about more.
    fn note_reader(&mut self, block: usize, leaf: Option<&Leaf>) {
        let leaf = leaf.map_or(0, |leaf| self.bit_of(leaf));
        let readers = self.readers.entry(block).or_insert(leaf);
        *readers = match *readers == 0 || leaf == 0 {
            true if breaks(Rule::Readers) => *readers | leaf,
            true => 0,
            false => *readers | leaf,
        };
    }

    /// 0 where there are too many leaves.
    fn bit_of(&mut self, leaf: &Leaf) -> u64 {
        let known = self.leaves.iter().position(|l| l == leaf);
        let number = known.unwrap_or(self.leaves.len());
        if number == u64::BITS as usize {
            return 0;
        }
        if known.is_none() {
            self.leaves.push(leaf.clone());
        }
        1 << number
    }

    /// Where a subquery is read by leaves alone, and decides about no row around it, what its tables hold does not either.
    pub(super) fn note_leaves(&mut self) {
        let sublinks: HashSet<usize> = self.sublinks.values().copied().collect();
        for source in 0..self.sources.len() {
            let levels = successors(Some(self.levels[source]), |b| self.blocks[*b].within);
            let mut loose = levels.filter(|b| sublinks.contains(b) || self.gives_one_row(*b));
            let leaves = loose.find_map(|b| self.readers.get(&b).filter(|l| **l != 0));
            self.sources[source].leaves = leaves.copied().unwrap_or(0);
        }
    }

    /// Whether a level gives one row, whatever its tables hold.
    fn gives_one_row(&self, block: usize) -> bool {
        let b = &self.blocks[block];
        let is_one = b.shape.has_aggregates
            && b.shape.group.is_empty()
            && !b.shape.has_grouping_sets
            && b.query.other_exprs().is_empty();
        let is_set = b.query.set_operation().is_some() || b.is_recursive;
        (is_one || breaks(Rule::OneRow))
            && !is_set
            && !b.targets.iter().any(|t| t.expr.returns_set())
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

    fn part(&mut self, found: Found<'a>) -> Result<()> {
        let relid = Oid::from(self.sources[found.source].relid);
        let row = tag(found.source);
        let sql = (found.expr).deparse_over(relid, Some(&row), &|var| var.attribute);
        self.parts.push(Part {
            position: found.place.position,
            path: found.place.path,
            source: found.source,
            bare: match found.expr.kind() {
                Kind::Var(var) => Some(var.attribute),
                _ => None,
            },
            attributes: found.attributes,
            sql: format!("({sql})"),
        });
        self.expr(found.block, found.expr)
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
