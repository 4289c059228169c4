//! Owns the search for links: equalities that must hold, wherever a query can state one.

use super::Walk;
use super::sides::{Role, strip};
use crate::error::Result;
use crate::lineage::model::{Link, Side};
use crate::pg::function;
use crate::pg::node::{Expr, FromItem, JoinKind, Kind, SubLinkKind};
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
                let nullable = &mut self.blocks[block].nullable_so_far;
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
            let Some(children) = self.sides(block, args[child], Role::Child(Some(restricted)))
            else {
                continue;
            };
            let Some(parent) = self.parent(block, args[parent]) else {
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
                    let Some(parent) = self.parent(block, args[parent]) else {
                        continue;
                    };
                    self.add_links(children, &parent, &equality, child_is_left, collation);
                }
            }
            _ => {}
        }
    }

    fn parent(&self, block: usize, expr: Expr<'a>) -> Option<Side> {
        self.sides(block, expr, Role::Parent)?.into_iter().next()
    }

    fn add_links(
        &mut self,
        children: Vec<Side>,
        parent: &Side,
        equality: &function::Equality,
        child_is_left: bool,
        collation: u32,
    ) {
        let fits = |c: &Side| match c.grouped_by {
            None => true,
            Some(by) => by == collation && is_default_equality(c, equality),
        };
        for child in children
            .into_iter()
            .filter(|c| c.source != parent.source && fits(c))
        {
            self.links.push(Link {
                child,
                parent: parent.clone(),
                operator: equality.sql.clone(),
                child_is_left,
                families: equality.families.clone(),
                collation,
                collation_sql: function::collation_name(Oid::from(collation)),
            });
        }
    }
}

/// Whether an operator is the equality that groups values of the side's type.
fn is_default_equality(side: &Side, equality: &function::Equality) -> bool {
    function::default_equality(Oid::from(side.type_oid))
        .is_some_and(|(e, _)| e.families.iter().any(|f| equality.families.contains(f)))
}
