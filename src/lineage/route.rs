//! Owns the choice of routes: a graph's links make one tree that is rooted at the key, so that
//! the tail of a source's route is the route of the next source. Two routes chosen apart (A
//! through B and B through A) would lose a key when both rows go in one transaction.
//!
//! Where a condition can hold in several ways, each way has its own tree ([`Choice`]).
//!
//! A table between two equal columns is left out (`review.fk = product.pk = key` makes the review
//! direct): leaving a condition out can only add keys.

use super::model::{
    Chain, Choice, Condition, Equality, Form, Graph, Hop, KeyPart, Link, Reason, Root,
};
use super::model::{Route, Side};
use crate::sabotage::{Rule, breaks};
use std::collections::{BTreeSet, HashMap};

/// Trees at most for one source; choices beyond are left out, with the links that depend on them.
const MAX_TREES: usize = 512;

/// Trees by the choices made in them: most sources depend on the same ones, or on none.
type Grown = HashMap<Vec<Choice>, Vec<Result<Chain, Reason>>>;

/// One route per source of the graph.
pub(crate) fn choose(graph: &Graph) -> Vec<Route> {
    let mut grown = Grown::new();
    (0..graph.sources.len())
        .map(|source| of_source(graph, source, &mut grown))
        .collect()
}

fn of_source(graph: &Graph, source: usize, grown: &mut Grown) -> Route {
    let last = match breaks(Rule::Arms) {
        true => 1,
        false => usize::MAX,
    };
    let mut route = None;
    for arms in combinations(graph, source).into_iter().take(last) {
        let grow = || Tree::of(graph, &arms).grow();
        let chains = grown.entry(arms.clone()).or_insert_with(grow);
        merge(&mut route, chains[source].clone());
    }
    route.unwrap_or(Route::Full(Reason::NoLink))
}

/// Every way to choose one arm for each choice that a source's routes can depend on.
fn combinations(graph: &Graph, source: usize) -> Vec<Vec<Choice>> {
    let mut found: Vec<Vec<Choice>> = vec![Vec::new()];
    for point in points(graph, source) {
        let arms = graph.choices[point];
        if found.len() * arms > MAX_TREES {
            break;
        }
        let extend = |chosen: &Vec<Choice>| {
            let chosen = chosen.clone();
            (0..arms).map(move |arm| [chosen.as_slice(), &[Choice { point, arm }]].concat())
        };
        found = found.iter().flat_map(extend).collect();
    }
    found
}

/// The choices between the links that lead on from a source, and between roots.
fn points(graph: &Graph, source: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::from([source]);
    let mut met = 0;
    while met != reached.len() {
        met = reached.len();
        let next: Vec<usize> = (graph.links.iter())
            .filter(|l| reached.contains(&l.child.source))
            .map(|l| l.parent.source)
            .collect();
        reached.extend(next);
    }
    let of_links = (graph.links.iter())
        .filter(|l| reached.contains(&l.child.source))
        .filter_map(|l| l.choice);
    let of_roots = graph.roots.iter().filter_map(|r| r.choice);
    of_links.chain(of_roots).map(|c| c.point).collect()
}

fn merge(route: &mut Option<Route>, chain: Result<Chain, Reason>) {
    match (route.as_mut(), chain) {
        (Some(Route::Full(_)), _) => {}
        (_, Err(reason)) => *route = Some(Route::Full(reason)),
        (Some(Route::Keys(chains)), Ok(chain)) => {
            if !chains.contains(&chain) {
                chains.push(chain);
            }
        }
        (None, Ok(chain)) => *route = Some(Route::Keys(vec![chain])),
    }
}

/// The graph as it is when each choice is made in one way.
struct Tree<'g> {
    graph: &'g Graph,
    links: Vec<&'g Link>,
    roots: Vec<Root>,
}

impl<'g> Tree<'g> {
    fn of(graph: &'g Graph, chosen: &[Choice]) -> Tree<'g> {
        let holds = |choice: Option<Choice>| choice.is_none_or(|c| chosen.contains(&c));
        let links: Vec<&Link> = graph.links.iter().filter(|l| holds(l.choice)).collect();
        let roots = graph.roots.iter().filter(|r| holds(r.choice));
        let roots = equal_roots(&graph.key, &links, roots.cloned().collect());
        Tree {
            graph,
            links,
            roots,
        }
    }

    /// One chain per source. First towards sources that have the whole key; what finds none of
    /// them, towards sources that have a part of it.
    fn grow(&self) -> Vec<Result<Chain, Reason>> {
        let mut chains: Vec<Option<Chain>> = vec![None; self.graph.sources.len()];
        for is_whole in [true, false] {
            for (source, chain) in chains.iter_mut().enumerate() {
                if chain.is_none() && !self.is_obstructed(source) {
                    *chain = self.direct(source, is_whole);
                }
            }
            while let Some((child, chain)) = self.next_lookup(&chains) {
                chains[child] = Some(chain);
            }
        }
        let missing = match self.roots.is_empty() {
            true => self.graph.key_obstacle.unwrap_or(Reason::KeyIsComputed),
            false => Reason::NoLink,
        };
        let obstacle = |source: usize| match &self.graph.sources[source] {
            s if s.is_recursive => s.obstacle.unwrap_or(Reason::Recursive),
            s => s.obstacle.unwrap_or(missing),
        };
        let chains = chains.into_iter().enumerate();
        chains
            .map(|(source, chain)| chain.ok_or_else(|| obstacle(source)))
            .collect()
    }

    fn is_obstructed(&self, source: usize) -> bool {
        self.graph.sources[source].obstacle.is_some()
    }

    fn direct(&self, source: usize, is_whole: bool) -> Option<Chain> {
        let side = |part: usize| {
            let mut roots = self.roots.iter();
            let root = roots.find(|r| r.part == part && r.side.source == source);
            root.map(|r| (part, r.side.clone()))
        };
        let key: Vec<(usize, Side)> = (0..self.graph.key.len()).filter_map(side).collect();
        let fits = match is_whole {
            true => key.len() == self.graph.key.len(),
            false => true,
        };
        (fits && !key.is_empty()).then(|| Chain {
            filter: self.filter(source, key.iter().map(|(_, side)| side)),
            hops: Vec::new(),
            key,
        })
    }

    /// The source without a chain that has the shortest way to one with.
    fn next_lookup(&self, chains: &[Option<Chain>]) -> Option<(usize, Chain)> {
        let is_open = |c: &usize| chains[*c].is_none() && !self.is_obstructed(*c);
        let open = (0..chains.len()).filter(is_open);
        let ways = open.flat_map(|child| {
            let chains = chains.iter().enumerate();
            chains.filter_map(move |(parent, rest)| {
                Some((child, self.lookup(child, parent, rest.as_ref()?)?))
            })
        });
        ways.min_by_key(|(_, chain)| chain.hops.len())
    }

    fn lookup(&self, child: usize, parent: usize, rest: &Chain) -> Option<Chain> {
        let leads = |l: &&&Link| l.child.source == child && l.parent.source == parent;
        let links: Vec<Link> = self
            .links
            .iter()
            .filter(leads)
            .map(|l| (*l).clone())
            .collect();
        if links.is_empty() {
            return None;
        }
        let mut hops = rest.hops.clone();
        match hops.first().and_then(|next| skip(&links, &next.links)) {
            Some(joined) => hops[0].links = joined,
            None => {
                let mut filter = self.filter(parent, links.iter().map(|l| &l.parent));
                filter.extend(rest.filter.iter().cloned());
                filter.dedup();
                let hop = Hop {
                    source: parent,
                    filter,
                    links,
                };
                hops.insert(0, hop);
            }
        }
        Some(Chain {
            filter: self.filter(child, hops[0].links.iter().map(|l| &l.child)),
            hops,
            key: rest.key.clone(),
        })
    }

    /// The conditions that keep rows away from expressions that could fail for them.
    fn filter<'s>(&self, source: usize, mut sides: impl Iterator<Item = &'s Side>) -> Vec<Side> {
        match sides.any(|s| s.form == Form::Computed) {
            true => self.graph.sources[source].conditions.clone(),
            false => Vec::new(),
        }
    }
}

/// The roots, and with them every side that a link makes equal to one in value and type.
fn equal_roots(key: &[KeyPart], links: &[&Link], mut roots: Vec<Root>) -> Vec<Root> {
    let mut next = 0;
    while next < roots.len() {
        let root = roots[next].clone();
        next += 1;
        for link in links {
            let is_known = roots
                .iter()
                .any(|r| r.part == root.part && r.side.source == link.child.source);
            if link.parent == root.side && !is_known && is_same_value(link, &key[root.part]) {
                roots.push(Root {
                    side: link.child.clone(),
                    ..root.clone()
                });
            }
        }
    }
    roots
}

fn is_same_value(link: &Link, part: &KeyPart) -> bool {
    plain_equality(link).is_some_and(|e| {
        link.child.type_oid == part.type_oid
            && e.collation == part.collation
            && e.families.iter().any(|f| part.families.contains(f))
    })
}

/// The equality of a link between two single values.
fn plain_equality(link: &Link) -> Option<&Equality> {
    let is_plain = link.child.element_type.is_none()
        && link.parent.element_type.is_none()
        && link.repeated.is_none();
    match &link.condition {
        Condition::Equal(equality) if is_plain => Some(equality),
        _ => None,
    }
}

/// Links that lead past the table in the middle, where it is entered and left by the same columns.
fn skip(into: &[Link], out_of: &[Link]) -> Option<Vec<Link>> {
    if into.len() != out_of.len() {
        return None;
    }
    let join = |out: &Link| {
        let leaving = plain_equality(out)?;
        let enter = into.iter().find(|l| l.parent == out.child)?;
        let entering = plain_equality(enter)?;
        let is_transitive = enter.child.type_oid == out.child.type_oid
            && entering.collation == leaving.collation
            && entering
                .families
                .iter()
                .any(|f| leaving.families.contains(f));
        is_transitive.then(|| Link {
            child: enter.child.clone(),
            ..out.clone()
        })
    };
    out_of.iter().map(join).collect()
}

#[cfg(test)]
mod tests;
