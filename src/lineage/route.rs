//! Owns the choice of routes: a graph's links make one tree that is rooted at the key, so that
//! the tail of a source's route is the route of the next source. Two routes chosen apart (A
//! through B and B through A) would lose a key when both rows go in one transaction.
//!
//! A table between two equal columns is left out (`review.fk = product.pk = key` makes the review
//! direct): leaving a condition out can only add keys.

use super::model::{Graph, Hop, KeyPart, Link, Reason, Root, Route, Side};

/// One route per source of the graph.
pub(crate) fn choose(graph: &Graph) -> Vec<Route> {
    let roots = equal_roots(graph);
    let mut routes: Vec<Option<Route>> = (0..graph.sources.len())
        .map(|source| direct(graph, &roots, source))
        .collect();
    for (source, route) in routes.iter_mut().enumerate() {
        if let Some(reason) = graph.sources[source].obstacle {
            *route = Some(Route::Full(reason));
        }
    }
    while let Some((child, route)) = next_lookup(graph, &routes) {
        routes[child] = Some(route);
    }
    let reason = match missing_root(graph, &roots) {
        Some(reason) => reason,
        None => Reason::NoLink,
    };
    routes
        .into_iter()
        .map(|route| route.unwrap_or(Route::Full(reason)))
        .collect()
}

fn missing_root(graph: &Graph, roots: &[Root]) -> Option<Reason> {
    let is_rooted = |part: usize| roots.iter().any(|r| r.part == part);
    if !(0..graph.key.len()).all(is_rooted) {
        return Some(graph.key_obstacle.unwrap_or(Reason::KeyIsComputed));
    }
    let has_direct = (0..graph.sources.len()).any(|s| direct(graph, roots, s).is_some());
    (!has_direct).then_some(Reason::KeyFromSeveralTables)
}

/// The graph's roots, and with them every side that a link makes equal to one in value and type.
fn equal_roots(graph: &Graph) -> Vec<Root> {
    let mut roots = graph.roots.clone();
    let mut next = 0;
    while next < roots.len() {
        let root = roots[next].clone();
        next += 1;
        for link in &graph.links {
            let part = &graph.key[root.part];
            let is_known = roots
                .iter()
                .any(|r| r.part == root.part && r.side.source == link.child.source);
            if link.parent == root.side && !is_known && same_value(link, part) {
                roots.push(Root {
                    part: root.part,
                    side: link.child.clone(),
                });
            }
        }
    }
    roots
}

fn same_value(link: &Link, part: &KeyPart) -> bool {
    link.child.type_oid == part.type_oid
        && link.collation == part.collation
        && link.families.iter().any(|f| part.families.contains(f))
}

fn direct(graph: &Graph, roots: &[Root], source: usize) -> Option<Route> {
    let side = |part: usize| {
        roots
            .iter()
            .find(|r| r.part == part && r.side.source == source)
            .map(|r| r.side.clone())
    };
    let sides: Option<Vec<Side>> = (0..graph.key.len()).map(side).collect();
    sides.filter(|s| !s.is_empty()).map(Route::Direct)
}

/// The unrouted source with the shortest way to a routed one.
fn next_lookup(graph: &Graph, routes: &[Option<Route>]) -> Option<(usize, Route)> {
    let mut best: Option<(usize, usize, Route)> = None;
    for child in (0..routes.len()).filter(|c| routes[*c].is_none()) {
        for parent in (0..routes.len()).filter(|p| *p != child) {
            let Some(rest) = &routes[parent] else {
                continue;
            };
            let Some(route) = lookup(graph, child, parent, rest) else {
                continue;
            };
            let Route::Lookup { hops, .. } = &route else {
                continue;
            };
            if best
                .as_ref()
                .is_none_or(|(length, ..)| hops.len() < *length)
            {
                best = Some((hops.len(), child, route));
            }
        }
    }
    best.map(|(_, child, route)| (child, route))
}

fn lookup(graph: &Graph, child: usize, parent: usize, rest: &Route) -> Option<Route> {
    let links: Vec<Link> = graph
        .links
        .iter()
        .filter(|l| l.child.source == child && l.parent.source == parent)
        .cloned()
        .collect();
    if links.is_empty() {
        return None;
    }
    match rest {
        Route::Full(_) => None,
        Route::Direct(key) => Some(Route::Lookup {
            hops: vec![Hop {
                source: parent,
                links,
            }],
            key: key.clone(),
        }),
        Route::Lookup { hops, key } => {
            let mut chain = hops.clone();
            match skip(&links, &chain[0].links) {
                Some(joined) => chain[0].links = joined,
                None => chain.insert(
                    0,
                    Hop {
                        source: parent,
                        links,
                    },
                ),
            }
            Some(Route::Lookup {
                hops: chain,
                key: key.clone(),
            })
        }
    }
}

/// Links that lead past the table in the middle, where it is entered and left by the same columns.
fn skip(into: &[Link], out_of: &[Link]) -> Option<Vec<Link>> {
    if into.len() != out_of.len() {
        return None;
    }
    let join = |out: &Link| {
        let enter = into.iter().find(|l| l.parent == out.child)?;
        let is_transitive = enter.child.type_oid == out.child.type_oid
            && enter.collation == out.collation
            && enter.families.iter().any(|f| out.families.contains(f));
        is_transitive.then(|| Link {
            child: enter.child.clone(),
            ..out.clone()
        })
    };
    out_of.iter().map(join).collect()
}

#[cfg(test)]
mod tests {
    use super::super::model::{Form, Source};
    use super::*;
    use crate::name::{Column, Name};

    fn source(name: &str) -> Source {
        let column = |attribute: i16| Column {
            attribute,
            name: format!("c{attribute}"),
            type_oid: 23,
            type_sql: "pg_catalog.int4".into(),
            typmod: -1,
            is_computed: false,
            collation: None,
        };
        Source {
            relid: 1,
            name: Name {
                schema: "s".into(),
                name: name.into(),
            },
            alias: name.into(),
            columns: (1..=3).map(column).collect(),
            used: Default::default(),
            is_read_whole: false,
            obstacle: None,
        }
    }

    fn side(source: usize, attribute: i16) -> Side {
        Side {
            source,
            attributes: vec![attribute],
            sql: format!("t{source}.c{attribute}"),
            text: format!("tb_{source}.c{attribute}"),
            type_oid: 23,
            form: Form::Column,
            grouped_by: None,
        }
    }

    fn link(child: (usize, i16), parent: (usize, i16)) -> Link {
        Link {
            child: side(child.0, child.1),
            parent: side(parent.0, parent.1),
            operator: "OPERATOR(pg_catalog.=)".into(),
            child_is_left: true,
            families: vec![1976],
            collation: 0,
            collation_sql: None,
        }
    }

    fn graph(sources: usize, links: Vec<Link>, roots: &[(usize, usize, i16)]) -> Graph {
        let parts = roots.iter().map(|r| r.0 + 1).max().unwrap_or(0);
        let part = |n: usize| KeyPart {
            name: format!("k{n}"),
            type_oid: 23,
            families: vec![1976],
            collation: 0,
        };
        Graph {
            sources: (0..sources).map(|n| source(&format!("tb_{n}"))).collect(),
            links,
            roots: roots
                .iter()
                .map(|(part, source, attribute)| Root {
                    part: *part,
                    side: side(*source, *attribute),
                })
                .collect(),
            key: (0..parts).map(part).collect(),
            key_obstacle: None,
        }
    }

    fn hops(route: &Route) -> Vec<usize> {
        match route {
            Route::Lookup { hops, .. } => hops.iter().map(|h| h.source).collect(),
            _ => panic!("not a lookup: {route:?}"),
        }
    }

    #[test]
    fn the_source_of_the_key_is_direct() {
        let routes = choose(&graph(1, vec![], &[(0, 0, 1)]));
        assert_eq!(routes[0].word(), "direct");
        assert_eq!(routes[0].start(), vec![1]);
    }

    #[test]
    fn a_column_equal_to_the_key_is_direct() {
        let routes = choose(&graph(2, vec![link((1, 2), (0, 1))], &[(0, 0, 1)]));
        assert_eq!(routes[1].word(), "direct");
        assert_eq!(routes[1].start(), vec![2]);
    }

    #[test]
    fn another_type_needs_the_table_in_between() {
        let mut across = link((1, 2), (0, 1));
        across.child.type_oid = 20;
        let routes = choose(&graph(2, vec![across], &[(0, 0, 1)]));
        assert_eq!(hops(&routes[1]), vec![0]);
    }

    #[test]
    fn a_parent_is_found_through_the_foreign_key() {
        let routes = choose(&graph(2, vec![link((1, 1), (0, 2))], &[(0, 0, 1)]));
        assert_eq!(hops(&routes[1]), vec![0]);
        assert_eq!(routes[1].start(), vec![1]);
    }

    #[test]
    fn two_hops_keep_the_table_between_different_columns() {
        let links = vec![link((1, 1), (0, 2)), link((2, 1), (1, 2))];
        let routes = choose(&graph(3, links, &[(0, 0, 1)]));
        assert_eq!(hops(&routes[2]), vec![1, 0]);
    }

    #[test]
    fn equal_columns_skip_the_table_between() {
        // 2.c2 = 1.c1 = 0.c2: table 1 adds nothing.
        let links = vec![link((1, 1), (0, 2)), link((2, 2), (1, 1))];
        let routes = choose(&graph(3, links, &[(0, 0, 1)]));
        assert_eq!(hops(&routes[2]), vec![0]);
        assert_eq!(routes[2].start(), vec![2]);
    }

    #[test]
    fn routes_form_one_tree() {
        // 1 and 2 both reach the key and each other: neither goes through the other.
        let links = vec![
            link((1, 1), (0, 2)),
            link((2, 1), (0, 3)),
            link((1, 2), (2, 2)),
            link((2, 2), (1, 2)),
        ];
        let routes = choose(&graph(3, links, &[(0, 0, 1)]));
        assert_eq!(hops(&routes[1]), vec![0]);
        assert_eq!(hops(&routes[2]), vec![0]);
    }

    #[test]
    fn all_equalities_with_the_next_table_are_used() {
        let links = vec![link((1, 1), (0, 2)), link((1, 2), (0, 3))];
        let routes = choose(&graph(2, links, &[(0, 0, 1)]));
        assert_eq!(routes[1].start(), vec![1, 2]);
    }

    #[test]
    fn a_key_of_two_tables_is_full() {
        let routes = choose(&graph(
            2,
            vec![link((1, 2), (0, 2))],
            &[(0, 0, 1), (1, 1, 1)],
        ));
        assert!(matches!(
            routes[0],
            Route::Full(Reason::KeyFromSeveralTables)
        ));
    }

    #[test]
    fn a_composite_key_completed_by_a_link_is_direct() {
        // key (0.c1, 1.c1), 0.c2 = 1.c1: the first table has both values.
        let links = vec![link((0, 2), (1, 1)), link((1, 1), (0, 2))];
        let routes = choose(&graph(2, links, &[(0, 0, 1), (1, 1, 1)]));
        assert_eq!(routes[0].start(), vec![1, 2]);
        assert_eq!(hops(&routes[1]), vec![0]);
    }

    #[test]
    fn without_a_link_the_route_is_full() {
        let routes = choose(&graph(2, vec![], &[(0, 0, 1)]));
        assert!(matches!(routes[1], Route::Full(Reason::NoLink)));
    }

    #[test]
    fn a_computed_key_makes_all_full() {
        let mut g = graph(1, vec![], &[(0, 0, 1)]);
        g.roots.clear();
        assert!(matches!(choose(&g)[0], Route::Full(Reason::KeyIsComputed)));
    }

    #[test]
    fn an_obstacle_wins_over_a_link() {
        let mut g = graph(2, vec![link((1, 1), (0, 2))], &[(0, 0, 1)]);
        g.sources[1].obstacle = Some(Reason::Recursive);
        assert!(matches!(choose(&g)[1], Route::Full(Reason::Recursive)));
    }
}
