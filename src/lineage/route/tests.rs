//! The choice of routes over graphs made by hand: no server takes part.

use super::super::model::Source;
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
        is_not_null: false,
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
        is_recursive: false,
        conditions: Vec::new(),
    }
}

fn side(source: usize, attribute: i16) -> Side {
    Side {
        source,
        attributes: vec![attribute],
        sql: format!("t{source}.c{attribute}"),
        text: format!("tb_{source}.c{attribute}"),
        indexed: format!("c{attribute}"),
        type_oid: 23,
        form: Form::Column,
        element_type: None,
        is_not_null: false,
        mixes: Vec::new(),
        grouped_by: None,
    }
}

fn link(child: (usize, i16), parent: (usize, i16)) -> Link {
    Link {
        child: side(child.0, child.1),
        parent: side(parent.0, parent.1),
        condition: Condition::Equal(Equality {
            oid: 96,
            operator: "OPERATOR(pg_catalog.=)".into(),
            commutator: None,
            child_is_left: true,
            is_default: true,
            families: vec![1976],
            collation: 0,
            collation_sql: None,
        }),
        choice: None,
        repeated: None,
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
                choice: None,
            })
            .collect(),
        key: (0..parts).map(part).collect(),
        ..Graph::default()
    }
}

fn hops(route: &Route) -> Vec<usize> {
    match route.chains() {
        [only] => only.hops.iter().map(|h| h.source).collect(),
        _ => panic!("not one chain: {route:?}"),
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
fn each_table_of_a_key_leads_to_its_part() {
    let links = vec![link((2, 2), (1, 1))];
    let routes = choose(&graph(3, links, &[(0, 0, 1), (1, 1, 1)]));
    let parts = |source: usize| -> Vec<usize> {
        let chains = routes[source].chains().iter();
        chains.flat_map(|c| &c.key).map(|(part, _)| *part).collect()
    };
    assert_eq!([parts(0), parts(1), parts(2)], [[0], [1], [1]]);
}

#[test]
fn every_arm_of_a_choice_has_its_chain() {
    let mut links = vec![link((1, 1), (0, 2)), link((1, 2), (0, 3))];
    for (arm, link) in links.iter_mut().enumerate() {
        link.choice = Some(Choice { point: 0, arm });
    }
    let mut g = graph(2, links, &[(0, 0, 1)]);
    g.choices = vec![2];
    let routes = choose(&g);
    assert_eq!(routes[1].chains().len(), 2);
    assert_eq!(routes[1].start(), vec![1, 2]);
    assert_eq!(routes[1].is_strict(), vec![false, false]);
    assert_eq!(routes[0].chains().len(), 1);
}

#[test]
fn an_arm_that_leads_nowhere_makes_the_route_full() {
    let mut links = vec![link((1, 1), (0, 2)), link((2, 2), (0, 3))];
    for (arm, link) in links.iter_mut().enumerate() {
        link.choice = Some(Choice { point: 0, arm });
    }
    let mut g = graph(3, links, &[(0, 0, 1)]);
    g.choices = vec![2];
    assert!(matches!(choose(&g)[1], Route::Full(Reason::NoLink)));
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
