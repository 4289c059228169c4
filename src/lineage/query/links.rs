//! Owns the search for links: equalities that must hold, wherever a query can state one.

use super::Walk;
use super::sides::{Alternatives, Role, elements_of, strip};
use crate::error::Result;
use crate::lineage::model::{Choice, Condition, Equality, Link, Side};
use crate::pg::function;
use crate::pg::node::{Expr, FromItem, JoinKind, Kind, SubLinkKind};
use crate::sabotage::{Rule, breaks};
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
                self.conditions(block, *quals, &below);
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
                    // A row of either side of a FULL JOIN that lacks a partner is found by the tree
                    // that is rooted at its own side.
                    JoinKind::Inner | JoinKind::Full => {
                        left.iter().chain(&right).copied().collect()
                    }
                    JoinKind::Left if breaks(Rule::OuterJoins) => {
                        left.iter().chain(&right).copied().collect()
                    }
                    JoinKind::Left => right.clone(),
                    JoinKind::Right => left.clone(),
                };
                self.quals(block, *quals, &restricted)?;
                if *kind != JoinKind::Full {
                    self.conditions(block, *quals, &restricted);
                }
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
                self.conjunct(block, quals, restricted)?;
                self.expr(block, quals)
            }
            None => Ok(()),
        }
    }

    /// Notes the conditions that concern one table alone.
    fn conditions(&mut self, block: usize, quals: Option<Expr<'a>>, restricted: &[usize]) {
        match quals.map(|q| (q, q.kind())) {
            Some((_, Kind::And(parts))) => parts
                .into_iter()
                .for_each(|p| self.conditions(block, Some(p), restricted)),
            Some((expr, _)) => {
                if let Some(side) = self.computed(block, expr, Role::Child(Some(restricted))) {
                    self.sources[side.source].conditions.push(side);
                }
            }
            None => {}
        }
    }

    /// Takes links from a condition that must hold.
    fn conjunct(&mut self, block: usize, expr: Expr<'a>, restricted: &[usize]) -> Result<()> {
        match expr.kind() {
            Kind::And(parts) => parts
                .into_iter()
                .try_for_each(|p| self.conjunct(block, p, restricted)),
            Kind::Or(arms) => self.disjunct(block, arms, restricted),
            Kind::Operator { .. } | Kind::AnyElement { .. } | Kind::Not(_) => {
                self.comparison(block, expr, restricted);
                Ok(())
            }
            Kind::SubLink(link) if link.kind == SubLinkKind::Any && !restricted.is_empty() => {
                let nested = self.sublink_block(block, &link)?;
                self.strict_sublinks.insert(nested);
                if let Some(test) = link.test {
                    self.membership(block, nested, test);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// One of the arms must hold: a choice between their links, if each has some.
    fn disjunct(&mut self, block: usize, arms: Vec<Expr<'a>>, restricted: &[usize]) -> Result<()> {
        let mut found = Vec::new();
        for arm in &arms {
            let before = self.links.len();
            let (choices, steps) = (self.choices.len(), self.steps.len());
            // A membership under OR is a value like another.
            let strict = self.strict_sublinks.clone();
            self.conjunct(block, *arm, restricted)?;
            self.strict_sublinks = strict;
            self.choices.truncate(choices);
            self.steps.truncate(steps);
            let links = self.links.split_off(before);
            found.push(links.into_iter().filter(|l| l.choice.is_none()).collect());
        }
        self.offer(found);
        Ok(())
    }

    /// Adds links of which one arm's must hold; nothing if an arm has none.
    fn offer(&mut self, arms: Vec<Vec<Link>>) {
        match arms.as_slice() {
            [only] => self.links.extend(only.iter().cloned()),
            _ if arms.iter().any(Vec::is_empty) => {}
            _ => {
                let point = self.choice(arms.len());
                for (arm, links) in arms.into_iter().enumerate() {
                    let choice = Some(Choice { point, arm });
                    let chosen = links.into_iter().map(|l| Link { choice, ..l });
                    self.links.extend(chosen);
                }
            }
        }
    }

    /// An equality that must hold, also with an element of an array or of NULLs with each other.
    fn comparison(&mut self, block: usize, expr: Expr<'a>, restricted: &[usize]) {
        let role = Role::Child(Some(restricted));
        let (operator, args, collation, is_same) = match expr.kind() {
            Kind::Operator {
                operator,
                args,
                collation,
            } => (operator, args, collation, false),
            Kind::AnyElement {
                operator,
                args,
                collation,
            } => {
                let scalar = |w: &Self, role| w.sides(block, args[0], role);
                let array = |w: &Self, role| w.elements(block, args[1], role);
                let (scalar_child, array_child) = (scalar(self, role), array(self, role));
                let (scalar_parent, array_parent) =
                    (scalar(self, Role::Parent), array(self, Role::Parent));
                self.equality(operator, collation, scalar_child, array_parent, true);
                self.equality(operator, collation, array_child, scalar_parent, false);
                return;
            }
            Kind::Not(inner) => match inner.kind() {
                Kind::Distinct {
                    operator,
                    args,
                    collation,
                } => (operator, args, collation, true),
                _ => return,
            },
            _ => return,
        };
        let &[left, right] = args.as_slice() else {
            return;
        };
        if is_same && (self.is_nullable(block, left) || self.is_nullable(block, right)) {
            return;
        }
        for (child, parent, child_is_left) in [(left, right, true), (right, left, false)] {
            let children = self.sides(block, child, role);
            let parents = self.sides(block, parent, Role::Parent);
            if is_same {
                self.sameness(operator, collation, children, parents, child_is_left);
            } else {
                self.equality(operator, collation, children, parents, child_is_left);
                self.recursion(
                    block,
                    operator,
                    collation,
                    (child, parent, child_is_left),
                    role,
                );
            }
        }
    }

    /// The elements of an array expression as sides.
    fn elements(&self, block: usize, array: Expr<'a>, role: Role<'_>) -> Option<Alternatives> {
        let element = function::element_type(array.type_oid())?;
        let found = self.sides(block, array, role)?;
        let fits = |s: &Side| s.element_type.is_none() && s.grouped_by.is_none();
        if !found.iter().flatten().all(fits) {
            return None;
        }
        let of = |side: Side| elements_of(side, element);
        let all = |sides: Vec<Side>| sides.into_iter().map(of).collect();
        Some(found.into_iter().map(all).collect())
    }

    pub(super) fn equality(
        &mut self,
        operator: Oid,
        collation: u32,
        children: Option<Alternatives>,
        parents: Option<Alternatives>,
        child_is_left: bool,
    ) {
        if let (Some(children), Some(parents), Some(equality)) =
            (children, parents, function::equality(operator))
        {
            let arms = pairs(&equality, collation, &children, &parents, child_is_left);
            self.offer(arms);
        }
    }

    /// As [`Walk::equality`], for an equality by which two NULLs are the same.
    pub(super) fn sameness(
        &mut self,
        operator: Oid,
        collation: u32,
        children: Option<Alternatives>,
        parents: Option<Alternatives>,
        child_is_left: bool,
    ) {
        let before = self.links.len();
        self.equality(operator, collation, children, parents, child_is_left);
        // With alternatives, NULL could come from any of them.
        let added = self.links.split_off(before);
        let is_single = |l: &Link| {
            l.choice.is_none() && l.child.element_type.is_none() && l.parent.element_type.is_none()
        };
        let same = |l: Link| match l.condition {
            Condition::Equal(equality) => Link {
                condition: Condition::Same(equality),
                ..l
            },
            _ => l,
        };
        self.links
            .extend(added.into_iter().filter(is_single).map(same));
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
                for (inner, outer, child_is_left) in [(0, 1, true), (1, 0, false)] {
                    if let Kind::SubLinkColumn(position) = strip(args[inner]).kind() {
                        let children = self.output_sides(nested, position);
                        let parents = self.sides(block, args[outer], Role::Parent);
                        self.equality(operator, collation, children, parents, child_is_left);
                    }
                }
            }
            _ => {}
        }
    }

    /// `outer IN (SELECT inner …)` whose value is read, as under NOT, OR or in the select list. An
    /// inner row decides nothing about outer ones that differ from it, but NULL differs from nothing.
    pub(super) fn loose_membership(
        &mut self,
        block: usize,
        nested: usize,
        kind: SubLinkKind,
        test: Expr<'a>,
    ) {
        let test = match test.kind() {
            // One column that differs is enough.
            Kind::And(parts) => match parts.first() {
                Some(first) => *first,
                None => return,
            },
            _ => test,
        };
        let (operator, args, collation) = match test.kind() {
            Kind::Operator {
                operator,
                args,
                collation,
            } if args.len() == 2 => (operator, args, collation),
            _ => return,
        };
        let operator = match kind {
            SubLinkKind::Any => operator,
            // `<> ALL`
            SubLinkKind::All => function::negator(operator),
            _ => return,
        };
        for (inner, outer, child_is_left) in [(0, 1, true), (1, 0, false)] {
            let Kind::SubLinkColumn(position) = strip(args[inner]).kind() else {
                continue;
            };
            if self.is_output_nullable(nested, position) || self.is_nullable(block, args[outer]) {
                continue;
            }
            let before = self.links.len();
            let children = self.output_sides(nested, position);
            let parents = self.sides(block, args[outer], Role::Parent);
            self.equality(operator, collation, children, parents, child_is_left);
            let equal = self.links.split_off(before);
            if equal.iter().all(|l| l.choice.is_none()) {
                self.offer_loose(equal);
            }
        }
    }

    fn offer_loose(&mut self, equal: Vec<Link>) {
        let is_element =
            |l: &Link| l.child.element_type.is_some() || l.parent.element_type.is_some();
        if equal.is_empty() || equal.iter().any(is_element) {
            return;
        }
        let when = |condition: Condition| {
            let with = |l: &Link| Link {
                condition: condition.clone(),
                ..l.clone()
            };
            equal.iter().map(with).collect::<Vec<_>>()
        };
        let mut arms = vec![equal.clone()];
        if breaks(Rule::NotInNulls) {
            return self.offer(arms);
        }
        if !equal.iter().all(|l| l.child.is_not_null) {
            arms.push(when(Condition::ChildIsNull));
        }
        if !equal.iter().all(|l| l.parent.is_not_null) {
            arms.push(when(Condition::ParentIsNull));
        }
        self.offer(arms);
    }
}

/// The links between two lists of alternatives: one arm per pair of them.
fn pairs(
    equality: &function::Equality,
    collation: u32,
    children: &Alternatives,
    parents: &Alternatives,
    child_is_left: bool,
) -> Vec<Vec<Link>> {
    let mut arms = Vec::new();
    for sides in children {
        for parent in parents.iter().flat_map(|p| p.first()) {
            let links = sides.iter().filter_map(|child| {
                link(
                    equality,
                    collation,
                    child.clone(),
                    parent.clone(),
                    child_is_left,
                )
            });
            arms.push(links.collect());
        }
    }
    arms
}

pub(super) fn link(
    equality: &function::Equality,
    collation: u32,
    child: Side,
    parent: Side,
    child_is_left: bool,
) -> Option<Link> {
    let is_of_group = match child.grouped_by {
        None => true,
        Some(by) => by == collation && is_default_equality(&child, equality),
    };
    let is_default = child.type_oid == parent.type_oid && is_default_equality(&child, equality);
    let fits = match (&child.element_type, &parent.element_type) {
        (None, None) => true,
        (Some(_), Some(_)) => is_default && child.element_type == parent.element_type,
        _ => is_default || child_is_left || equality.commutator.is_some(),
    };
    (fits && is_of_group && child.source != parent.source).then(|| Link {
        child,
        parent,
        condition: Condition::Equal(Equality {
            oid: equality.oid.to_u32(),
            operator: equality.sql.clone(),
            commutator: equality.commutator.clone(),
            child_is_left,
            is_default,
            families: equality.families.clone(),
            collation,
            collation_sql: function::collation_name(Oid::from(collation)),
        }),
        choice: None,
        repeated: None,
    })
}

/// Whether an operator is the equality that groups values of the side's type.
fn is_default_equality(side: &Side, equality: &function::Equality) -> bool {
    function::default_equality(Oid::from(side.type_oid))
        .is_some_and(|(e, _)| e.families.iter().any(|f| equality.families.contains(f)))
}
