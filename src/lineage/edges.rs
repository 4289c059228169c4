//! Owns what concurrent writers must not do at the same time: the *edges* of a TVIEW's lineage, and the
//! part of the key that decides which rows they both write.
//!
//! An edge is where a source's way to the key begins: the conditions between its rows and those of the
//! next source. Who changes a row of the child locks the values by which it is linked; who makes a
//! link, as a new or moved row of the parent does, shares the locks of the values that the link leads to,
//! and of those further away from the key. So the two meet, though neither sees the other's row.
//!
//! That needs one tree whose root knows the key. Where a key is made of several sources, none knows all
//! of it: then the tree is rooted at the parts that one of them has, and rows are locked by these parts.

use super::model::{Condition, Equality, Graph, Link, Route, Side, row_before, tag};
use super::route;
use std::collections::BTreeSet;

/// The parts of the key that are locked, and the routes by which sources find them.
pub(crate) struct Locking {
    pub(crate) parts: Vec<usize>,
    /// The graph as if the key were these parts; `None` where they are the whole key, whose routes serve.
    pub(crate) partial: Option<(Graph, Vec<Route>)>,
    pub(crate) edges: Vec<Edge>,
}

/// The conditions by which rows of a source are linked to rows of the next one towards the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    /// Edges with the same number have values in common.
    pub(crate) number: u16,
    pub(crate) child: usize,
    /// The child itself where a recursive query leads from row to row.
    pub(crate) parent: usize,
    /// Those of its conditions that tell values apart.
    pub(crate) terms: Vec<Link>,
    /// It leads from row to row of the child.
    pub(crate) is_repeated: bool,
}

/// What a side's value must be for the edge to lead anywhere from its row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Test {
    NotNull,
    Any,
    Null,
}

/// One side of an edge's condition.
pub(crate) struct End<'e> {
    pub(crate) side: &'e Side,
    pub(crate) test: Test,
    /// What equal values are equal by, and the types of child and parent; `None` if the value itself does
    /// not matter.
    pub(crate) equality: Option<(&'e Equality, [u32; 2])>,
}

impl Edge {
    /// What the parent's sides call its row.
    pub(crate) fn parent_tag(&self) -> String {
        match self.is_repeated {
            true => row_before(self.parent),
            false => tag(self.parent),
        }
    }

    pub(crate) fn child_ends(&self) -> Vec<End<'_>> {
        let terms = self
            .terms
            .iter()
            .filter(|t| t.condition != Condition::ParentIsNull);
        terms.map(|t| of(t, &t.child)).collect()
    }

    pub(crate) fn parent_ends(&self) -> Vec<End<'_>> {
        let terms = self
            .terms
            .iter()
            .filter(|t| t.condition != Condition::ChildIsNull);
        terms.map(|t| of(t, &t.parent)).collect()
    }
}

fn of<'e>(term: &'e Link, side: &'e Side) -> End<'e> {
    let types = [term.child.type_oid, term.parent.type_oid];
    let (test, equality) = match &term.condition {
        Condition::Equal(e) => (Test::NotNull, Some((e, types))),
        Condition::Same(e) => (Test::Any, Some((e, types))),
        Condition::ChildIsNull | Condition::ParentIsNull => (Test::Null, None),
    };
    End {
        side,
        test,
        equality,
    }
}

/// How writers of a TVIEW lock.
pub(crate) fn locking(graph: &Graph, routes: &[Route]) -> Locking {
    let whole = |r: &Route| r.chains().iter().all(|c| c.key.len() == graph.key.len());
    let all: Vec<usize> = (0..graph.key.len()).collect();
    let partial = match routes.iter().all(whole) {
        true => None,
        false => best_part(graph),
    };
    let (parts, partial) = match partial {
        Some((parts, graph, routes)) => (parts, Some((graph, routes))),
        None => (all, None),
    };
    let routes = partial.as_ref().map_or(routes, |(_, routes)| routes);
    Locking {
        edges: edges(routes),
        parts,
        partial,
    }
}

/// The parts of the key to which most sources have a route.
fn best_part(graph: &Graph) -> Option<(Vec<usize>, Graph, Vec<Route>)> {
    let of_source = |s: usize| -> BTreeSet<usize> {
        let roots = graph.roots.iter().filter(|r| r.side.source == s);
        roots.map(|r| r.part).collect()
    };
    let candidates: BTreeSet<BTreeSet<usize>> = (0..graph.sources.len())
        .map(of_source)
        .filter(|parts| !parts.is_empty())
        .collect();
    let reduced = candidates.into_iter().map(|parts| {
        let parts: Vec<usize> = parts.into_iter().collect();
        let graph = reduce(graph, &parts);
        let routes = route::choose(&graph);
        (parts, graph, routes)
    });
    let without = |routes: &[Route]| routes.iter().filter(|r| r.chains().is_empty()).count();
    reduced.min_by_key(|(_, _, routes)| without(routes))
}

/// The graph as if the key had these parts only.
fn reduce(graph: &Graph, parts: &[usize]) -> Graph {
    let mut reduced = graph.clone();
    reduced.key = parts.iter().map(|p| graph.key[*p].clone()).collect();
    reduced.roots.retain(|r| parts.contains(&r.part));
    for root in &mut reduced.roots {
        root.part = parts.iter().position(|p| *p == root.part).unwrap_or(0);
    }
    reduced
}

fn edges(routes: &[Route]) -> Vec<Edge> {
    let mut found: Vec<Edge> = Vec::new();
    for (child, route) in routes.iter().enumerate() {
        for hop in route.chains().iter().filter_map(|c| c.hops.first()) {
            let edge = Edge {
                number: u16::try_from(found.len()).unwrap_or(u16::MAX),
                child,
                parent: hop.source,
                terms: terms(&hop.links),
                is_repeated: false,
            };
            let is_known =
                |e: &Edge| e.child == child && e.parent == edge.parent && e.terms == edge.terms;
            if !found.iter().any(is_known) {
                found.extend(repeated(&edge));
                found.push(edge);
            }
        }
    }
    found
}

/// The conditions that tell values apart: all between single values, or one with an array's elements.
fn terms(links: &[Link]) -> Vec<Link> {
    let is_repeated = links.iter().any(|l| l.repeated.is_some());
    let (single, elements): (Vec<&Link>, Vec<&Link>) = links
        .iter()
        .filter(|l| l.repeated.is_some() == is_repeated)
        .partition(|l| l.child.element_type.is_none() && l.parent.element_type.is_none());
    let is_equality = |l: &&Link| matches!(l.condition, Condition::Equal(_) | Condition::Same(_));
    let has_equality = single.iter().any(is_equality);
    let element = elements.first().filter(|_| !has_equality);
    single
        .into_iter()
        .chain(element.copied())
        .cloned()
        .collect()
}

/// From row to row of the child, where a recursive query leads so before it leads to the parent.
fn repeated(edge: &Edge) -> Option<Edge> {
    let step = |t: &Link| {
        Some(Link {
            parent: t.repeated.clone()?,
            ..t.clone()
        })
    };
    let terms: Vec<Link> = edge.terms.iter().filter_map(step).collect();
    (!terms.is_empty()).then(|| Edge {
        parent: edge.child,
        terms,
        is_repeated: true,
        ..edge.clone()
    })
}

#[cfg(test)]
mod tests;
