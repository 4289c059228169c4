//! The choice of routes over graphs made by hand: no server takes part.

use super::super::fixtures::{graph, link};
use super::*;

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
