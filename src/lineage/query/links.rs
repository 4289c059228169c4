//! Owns the search for links: equalities that must hold, and the sources on their two sides.

use super::{Item, Walk};
use crate::error::Result;
use crate::lineage::model::{Link, Side, tag};
use crate::pg::function;
use crate::pg::node::{Expr, FromItem, JoinKind, Kind, SubLinkKind, Var};
use pgrx::pg_sys::Oid;

impl<'a> Walk<'a> {
    /// Walks FROM and WHERE; gives the entries below `item`.
    pub(super) fn from(&mut self, block: usize, item: &FromItem<'a>) -> Result<Vec<usize>> {
        match item {
            FromItem::Entry(index) => Ok(vec![*index]),
            FromItem::List { items, quals } => {
                let mut below = Vec::new();
                for item in items {
                    below.extend(self.from(block, item)?);
                }
                self.quals(block, *quals, &below)?;
                Ok(below)
            }
            FromItem::Join {
                kind,
                left,
                right,
                quals,
            } => {
                let mut left = self.from(block, left)?;
                let right = self.from(block, right)?;
                // Whose rows the condition restricts: an outer join keeps the preserved side.
                let restricted: Vec<usize> = match kind {
                    JoinKind::Inner => left.iter().chain(&right).copied().collect(),
                    JoinKind::Left => right.clone(),
                    JoinKind::Right => left.clone(),
                    JoinKind::Full => Vec::new(),
                };
                self.quals(block, *quals, &restricted)?;
                let nullable = &mut self.blocks[block].nullable;
                if matches!(kind, JoinKind::Left | JoinKind::Full) {
                    nullable.extend(&right);
                }
                if matches!(kind, JoinKind::Right | JoinKind::Full) {
                    nullable.extend(&left);
                }
                left.extend(right);
                Ok(left)
            }
        }
    }

    pub(super) fn quals(
        &mut self,
        block: usize,
        quals: Option<Expr<'a>>,
        restricted: &[usize],
    ) -> Result<()> {
        match quals {
            Some(quals) => {
                self.expr(block, quals)?;
                self.conjunct(block, quals, restricted)
            }
            None => Ok(()),
        }
    }

    /// Takes links from a condition that must hold.
    fn conjunct(&mut self, block: usize, expr: Expr<'a>, restricted: &[usize]) -> Result<()> {
        match expr.kind() {
            Kind::And(parts) => parts
                .into_iter()
                .try_for_each(|p| self.conjunct(block, p, restricted)),
            Kind::Operator {
                operator,
                args,
                collation,
            } if args.len() == 2 => {
                self.equality(block, operator, &args, collation, restricted);
                Ok(())
            }
            Kind::SubLink(link) if link.kind == SubLinkKind::Any && !restricted.is_empty() => {
                let nested = self.sublink_block(block, &link)?;
                match link.test {
                    Some(test) => {
                        self.membership(block, nested, test);
                        Ok(())
                    }
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn equality(
        &mut self,
        block: usize,
        operator: Oid,
        args: &[Expr<'a>],
        collation: u32,
        restricted: &[usize],
    ) {
        let Some(equality) = function::equality(operator) else {
            return;
        };
        for (child, parent, child_is_left) in [(0, 1, true), (1, 0, false)] {
            let Some(children) = self.child_sides(block, args[child], Some(restricted)) else {
                continue;
            };
            let Some(parent) = self.parent_side(block, args[parent]) else {
                continue;
            };
            self.add_links(children, &parent, &equality, child_is_left, collation);
        }
    }

    /// `outer IN (SELECT inner …)` that must hold: the inner rows are restricted.
    fn membership(&mut self, block: usize, nested: usize, test: Expr<'a>) {
        match test.kind() {
            Kind::And(parts) => parts
                .into_iter()
                .for_each(|p| self.membership(block, nested, p)),
            Kind::Operator {
                operator,
                args,
                collation,
            } if args.len() == 2 => {
                let Some(equality) = function::equality(operator) else {
                    return;
                };
                for (child, parent, child_is_left) in [(0, 1, true), (1, 0, false)] {
                    let Kind::SubLinkColumn(position) = strip(args[child]).kind() else {
                        continue;
                    };
                    let Some(children) = self.output_sides(nested, position) else {
                        continue;
                    };
                    let Some(parent) = self.parent_side(block, args[parent]) else {
                        continue;
                    };
                    self.add_links(children, &parent, &equality, child_is_left, collation);
                }
            }
            _ => {}
        }
    }

    fn add_links(
        &mut self,
        children: Vec<Side>,
        parent: &Side,
        equality: &function::Equality,
        child_is_left: bool,
        collation: u32,
    ) {
        for child in children.into_iter().filter(|c| c.source != parent.source) {
            self.links.push(Link {
                child,
                parent: parent.clone(),
                operator: equality.sql.clone(),
                child_is_left,
                families: equality.families.clone(),
                collation,
            });
        }
    }

    /// The sources that a restriction on `expr` restricts: one, or one per arm of a set operation.
    fn child_sides(
        &self,
        block: usize,
        expr: Expr<'a>,
        restricted: Option<&[usize]>,
    ) -> Option<Vec<Side>> {
        let expr = strip(expr);
        let Kind::Var(var) = expr.kind() else {
            return self.computed_side(block, expr, restricted).map(|s| vec![s]);
        };
        if var.levels_up > 0 {
            return None;
        }
        match self.blocks[block].items.get(var.entry)? {
            Item::Alias(exprs) => {
                let expr = *exprs.get(usize::try_from(var.attribute).ok()?.checked_sub(1)?)?;
                self.child_sides(block, expr, restricted)
            }
            _ if restricted.is_some_and(|r| !r.contains(&var.entry)) => None,
            Item::Source(source) => Some(vec![self.column_side(*source, var.attribute, expr)?]),
            Item::Block(nested) => self.output_sides(*nested, var.attribute),
            _ => None,
        }
    }

    /// The sources that a restriction on a result column of a block restricts.
    pub(super) fn output_sides(&self, block: usize, position: i16) -> Option<Vec<Side>> {
        if !self.is_pushable(block, position) {
            return None;
        }
        if let Some(operation) = self.blocks[block].query.set_operation() {
            let mut sides = Vec::new();
            for arm in operation.arms {
                let Item::Block(nested) = self.blocks[block].items[arm] else {
                    return None;
                };
                sides.extend(self.output_sides(nested, position)?);
            }
            return Some(sides);
        }
        self.child_sides(block, self.target(block, position)?.expr, None)
    }

    /// Whether a restriction on a result column may be applied before the block's own work:
    /// the cases in which PostgreSQL's planner pushes one down (`subquery_is_pushdown_safe`).
    fn is_pushable(&self, block: usize, position: i16) -> bool {
        let b = &self.blocks[block];
        let Some(target) = self.target(block, position) else {
            return false;
        };
        let names = |refs: &Vec<u32>| refs.contains(&target.sort_group_ref);
        let shape = &b.shape;
        !b.is_recursive
            && !shape.has_limit
            && !shape.has_grouping_sets
            && !target.expr.returns_set()
            && b.query.set_operation().is_none_or(|s| !s.has_except)
            && (shape.group.is_empty() || names(&shape.group))
            && (shape.distinct_on.is_empty() || names(&shape.distinct_on))
            && shape.partitions.iter().all(names)
            && !(shape.has_aggregates && shape.group.is_empty())
    }

    /// The source whose rows carry the value of `expr`, at this level or an outer one.
    fn parent_side(&self, block: usize, expr: Expr<'a>) -> Option<Side> {
        let expr = strip(expr);
        let Kind::Var(var) = expr.kind() else {
            return self.computed_side(block, expr, None);
        };
        let level = self.level_up(block, var.levels_up).ok()?;
        match self.blocks[level].items.get(var.entry)? {
            Item::Source(source) => self.column_side(*source, var.attribute, expr),
            Item::Alias(exprs) => {
                let expr = *exprs.get(usize::try_from(var.attribute).ok()?.checked_sub(1)?)?;
                self.parent_side(level, expr)
            }
            Item::Block(nested) if self.blocks[*nested].query.set_operation().is_none() => {
                self.parent_side(*nested, self.target(*nested, var.attribute)?.expr)
            }
            _ => None,
        }
    }

    fn column_side(&self, source: usize, attribute: i16, expr: Expr<'a>) -> Option<Side> {
        let s = &self.sources[source];
        let column = s.column(attribute)?;
        Some(Side {
            source,
            attributes: vec![attribute],
            sql: expr.deparse_over(Oid::from(s.relid), &tag(source), &|_| attribute),
            text: expr.deparse_over(Oid::from(s.relid), &s.alias, &|_| attribute),
            type_oid: column.type_oid,
            is_column: true,
        })
    }

    /// An expression over the columns of one source of this level, not nullable by an outer join
    /// (`coalesce(b.x, 0)` has a value where there is no row of b). `restricted` as for a child.
    fn computed_side(
        &self,
        block: usize,
        expr: Expr<'a>,
        restricted: Option<&[usize]>,
    ) -> Option<Side> {
        let mut vars = Vec::new();
        if expr.returns_set() || !plain_vars(expr, &mut vars) {
            return None;
        }
        let first = *vars.first()?;
        let level = self.level_up(block, first.levels_up).ok()?;
        let Item::Source(source) = *self.blocks[level].items.get(first.entry)? else {
            return None;
        };
        let is_same = |v: &Var| v.entry == first.entry && v.levels_up == first.levels_up;
        let is_child = restricted.is_some();
        if !vars.iter().all(|v| is_same(v) && v.attribute > 0)
            || self.blocks[level].nullable.contains(&first.entry)
            || is_child && first.levels_up > 0
            || restricted.is_some_and(|r| !r.contains(&first.entry))
        {
            return None;
        }
        let mut attributes: Vec<i16> = vars.iter().map(|v| v.attribute).collect();
        attributes.sort_unstable();
        attributes.dedup();
        let s = &self.sources[source];
        let over = |alias: &str| expr.deparse_over(Oid::from(s.relid), alias, &|v| v.attribute);
        Some(Side {
            source,
            attributes,
            sql: format!("({})", over(&tag(source))),
            text: over(&s.alias),
            type_oid: expr.type_oid().to_u32(),
            is_column: false,
        })
    }
}

/// Without binary-compatible casts.
fn strip(expr: Expr<'_>) -> Expr<'_> {
    match expr.kind() {
        Kind::Relabel(inner) => strip(inner),
        _ => expr,
    }
}

/// Collects the columns of an expression; false if it holds anything but columns, constants and
/// functions of them.
fn plain_vars(expr: Expr<'_>, found: &mut Vec<Var>) -> bool {
    match expr.kind() {
        Kind::Var(var) => {
            found.push(var);
            true
        }
        Kind::Other | Kind::Operator { .. } | Kind::Relabel(_) | Kind::And(_) => {
            expr.children().into_iter().all(|c| plain_vars(c, found))
        }
        _ => false,
    }
}
