//! Owns the way from a chain to what its steps ask of indexes.

use super::expression::without_parentheses;
use super::need::{Need, Term};
use super::{Method, Server, Target};
use crate::lineage::model::{Chain, Condition, Form, Graph, Hop, Link, Side, Source};
use crate::name::Column;

pub(super) struct Steps<'a> {
    pub(super) graph: &'a Graph,
    pub(super) server: &'a Server,
}

impl Steps<'_> {
    pub(super) fn of_chain(
        &self,
        source: usize,
        chain: &Chain,
        target: Option<&Target<'_>>,
    ) -> Vec<Need> {
        let mut needs = vec![match chain.hops.first() {
            Some(hop) => self.need(source, source, Method::Value, self.children(&hop.links)),
            None => self.need(source, source, Method::Value, self.key(chain)),
        }];
        for hop in &chain.hops {
            needs.extend(self.of_hop(source, hop));
        }
        if chain.key.len() < self.graph.key.len() {
            needs.extend(target.map(|target| self.of_target(source, chain, target)));
        }
        needs.retain(|n| !n.terms.is_empty());
        needs
    }

    fn of_hop(&self, source: usize, hop: &Hop) -> Vec<Need> {
        let mut found = Vec::new();
        // From row to row of the child first, where the step leads out of a recursive query.
        if let Some(child) = hop.links.iter().find(|l| l.repeated.is_some()) {
            let before = hop.links.iter().filter_map(|link| {
                let side = link.repeated.as_ref()?;
                self.term(side, equality(link)?)
            });
            let child = child.child.source;
            found.push(self.need(source, child, Method::Value, before.collect()));
        }
        let plain = hop.links.iter().filter(|l| l.parent.element_type.is_none());
        let terms: Vec<Term> = plain
            .filter_map(|l| self.term(&l.parent, equality(l)?))
            .collect();
        match terms.is_empty() {
            false => found.push(self.need(source, hop.source, Method::Value, terms)),
            true => {
                let terms = hop.links.iter().filter_map(|l| self.element(l)).collect();
                found.push(self.need(source, hop.source, Method::Element, terms));
            }
        }
        found
    }

    /// Nothing finds the rows whose array has an element: the query compares it by `= ANY`.
    fn children(&self, links: &[Link]) -> Vec<Term> {
        let plain = links.iter().filter(|l| l.child.element_type.is_none());
        plain
            .filter_map(|l| self.term(&l.child, equality(l)?))
            .collect()
    }

    fn key(&self, chain: &Chain) -> Vec<Term> {
        let plain = chain.key.iter().filter(|(_, s)| s.element_type.is_none());
        plain
            .filter_map(|(part, side)| {
                let part = &self.graph.key[*part];
                self.term(side, (&part.families, part.collation))
            })
            .collect()
    }

    fn of_target(&self, source: usize, chain: &Chain, target: &Target<'_>) -> Need {
        let column = |part: &usize| {
            let part = &self.graph.key[*part];
            let column = target.columns.iter().find(|c| c.name == part.name)?;
            Some(self.column(column, (&part.families, part.collation)))
        };
        Need {
            source,
            relid: target.relid,
            table: target.name.clone(),
            method: Method::Value,
            terms: chain.key.iter().filter_map(|(p, _)| column(p)).collect(),
        }
    }

    fn need(&self, source: usize, of: usize, method: Method, terms: Vec<Term>) -> Need {
        let mut distinct: Vec<Term> = Vec::new();
        for term in terms {
            if !distinct.iter().any(|t| t.is_same(&term)) {
                distinct.push(term);
            }
        }
        let of = &self.graph.sources[of];
        Need {
            source,
            relid: of.relid,
            table: of.name.clone(),
            method,
            terms: distinct,
        }
    }

    /// `None` where an index as CREATE INDEX makes it would not know the equality.
    fn term(&self, side: &Side, (families, collation): (&[u32], u32)) -> Option<Term> {
        let source = &self.graph.sources[side.source];
        let text = self.without_collation(&side.indexed, collation);
        let is_known = |type_oid| families.contains(&(self.server.default_family)(type_oid));
        if let Some(column) = self.bare_column(source, side, text)
            && is_known(column.type_oid)
        {
            return Some(self.column(column, (families, collation)));
        }
        if side.form == Form::Column || !is_known(side.type_oid) {
            return None;
        }
        let expression = (self.server.indexable)(source, text)?;
        // Its own collation is unknown here; the database's needs no mention as a rule.
        const DEFAULT: u32 = 100;
        let collate = (self.server.collation_text)(collation).filter(|_| collation != DEFAULT);
        Some(Term {
            attribute: 0,
            sql: without_parentheses(&expression).to_owned(),
            families: families.to_vec(),
            collation,
            collate,
        })
    }

    /// An index keeps the collation apart from the expression.
    fn without_collation<'s>(&self, text: &'s str, collation: u32) -> &'s str {
        let text = without_parentheses(text);
        let clause = (self.server.collation_text)(collation).map(|c| format!(" COLLATE {c}"));
        let bare = clause.and_then(|c| text.strip_suffix(c.as_str()));
        bare.map_or(text, without_parentheses)
    }

    /// The column that a side is, in another type or not, if that makes no other value of it.
    fn bare_column<'s>(&self, source: &'s Source, side: &Side, text: &str) -> Option<&'s Column> {
        let column = source.column(*side.attributes.first()?)?;
        let is_bare = match side.form {
            Form::Column => true,
            Form::Cast => (self.server.is_relabel)(column.type_oid, side.type_oid),
            // With COLLATE, or coalesce() of one column.
            Form::Computed => (self.server.quote)(&column.name) == text,
        };
        is_bare.then_some(column)
    }

    fn column(&self, column: &Column, (families, collation): (&[u32], u32)) -> Term {
        let name = self.server.collation_name;
        let own = match &column.collation {
            Some(own) => Some(own.clone()),
            None => name((self.server.type_collation)(column.type_oid)),
        };
        let is_own = collation == 0 || own == name(collation);
        Term {
            attribute: column.attribute,
            sql: (self.server.quote)(&column.name),
            families: families.to_vec(),
            collation,
            collate: (self.server.collation_text)(collation).filter(|_| !is_own),
        }
    }

    /// An array that is looked up by containment.
    fn element(&self, link: &Link) -> Option<Term> {
        let (Condition::Equal(e) | Condition::Same(e)) = &link.condition else {
            return None;
        };
        let side = &link.parent;
        let is_array = side.element_type.is_some() && side.form == Form::Column;
        let source = &self.graph.sources[side.source];
        let column = source.column(*side.attributes.first()?)?;
        (is_array && e.is_default).then(|| self.column(column, (&e.families, e.collation)))
    }
}

fn equality(link: &Link) -> Option<(&[u32], u32)> {
    match &link.condition {
        Condition::Equal(e) | Condition::Same(e) => Some((&e.families, e.collation)),
        Condition::ChildIsNull | Condition::ParentIsNull => None,
    }
}
