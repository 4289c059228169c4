//! What is locked, over graphs made by hand.

use super::super::fixtures::{graph, link, side};
use super::super::model::Choice;
use super::*;

fn edges_of(graph: &Graph) -> Vec<Edge> {
    locked(graph).edges
}

fn locked(graph: &Graph) -> Locking {
    locking(graph, &route::choose(graph))
}

fn between(edges: &[Edge]) -> Vec<(usize, usize)> {
    edges.iter().map(|e| (e.child, e.parent)).collect()
}

fn with(condition: Condition, link: Link) -> Link {
    Link { condition, ..link }
}

#[test]
fn an_edge_for_each_step_towards_the_key() {
    // tb_2 (company) -> tb_1 (user) -> tb_0 (post), whose c1 is the key.
    let links = vec![link((1, 1), (0, 2)), link((2, 1), (1, 2))];
    let edges = edges_of(&graph(3, links, &[(0, 0, 1)]));
    assert_eq!(between(&edges), [(1, 0), (2, 1)]);
    assert_ne!(edges[0].number, edges[1].number);
}

#[test]
fn what_has_the_key_itself_needs_no_edge() {
    let links = vec![link((1, 2), (0, 1)), link((0, 1), (1, 2))];
    assert!(edges_of(&graph(2, links, &[(0, 0, 1)])).is_empty());
}

#[test]
fn each_way_of_a_choice_has_its_edge() {
    let choice = |arm| Some(Choice { point: 0, arm });
    let links = vec![
        Link {
            choice: choice(0),
            ..link((1, 1), (0, 2))
        },
        Link {
            choice: choice(1),
            ..link((1, 2), (0, 3))
        },
    ];
    let mut graph = graph(2, links, &[(0, 0, 1)]);
    graph.choices = vec![2];
    let edges = edges_of(&graph);
    assert_eq!(between(&edges), [(1, 0), (1, 0)]);
    assert_ne!(edges[0].number, edges[1].number);
}

#[test]
fn a_null_that_counts_is_tested_and_not_compared() {
    let links = vec![with(Condition::ChildIsNull, link((1, 1), (0, 2)))];
    let edges = edges_of(&graph(2, links, &[(0, 0, 1)]));
    let [end] = &edges[0].child_ends()[..] else {
        panic!("one end")
    };
    assert_eq!((end.test, end.equality.is_none()), (Test::Null, true));
    assert!(edges[0].parent_ends().is_empty());
}

#[test]
fn nulls_that_are_the_same_meet() {
    let one = link((1, 1), (0, 2));
    let Condition::Equal(equality) = one.condition.clone() else {
        panic!("an equality")
    };
    let links = vec![with(Condition::Same(equality), one)];
    let edges = edges_of(&graph(2, links, &[(0, 0, 1)]));
    assert_eq!(edges[0].child_ends()[0].test, Test::Any);
}

#[test]
fn elements_of_arrays_serve_only_alone() {
    let mut element = link((1, 1), (0, 2));
    element.parent.element_type = Some("pg_catalog.int4".into());
    let alone = edges_of(&graph(2, vec![element.clone()], &[(0, 0, 1)]));
    assert!(alone[0].terms[0].parent.element_type.is_some());
    let both = vec![element, link((1, 2), (0, 3))];
    let edges = edges_of(&graph(2, both, &[(0, 0, 1)]));
    assert_eq!(edges[0].terms.len(), 1);
    assert!(edges[0].terms[0].parent.element_type.is_none());
}

#[test]
fn from_row_to_row_the_same_values_are_locked() {
    // tb_1 is a tree: c1 is named by c2 of the rows below, and by c2 of tb_0.
    let tree = Link {
        repeated: Some(side(1, 2)),
        ..link((1, 1), (0, 2))
    };
    let edges = edges_of(&graph(2, vec![tree], &[(0, 0, 1)]));
    assert_eq!(between(&edges), [(1, 1), (1, 0)]);
    assert_eq!(edges[0].number, edges[1].number);
    assert_eq!(edges[0].parent_ends()[0].side.attributes, [2]);
}

#[test]
fn a_key_of_two_sources_is_locked_by_the_part_that_most_lead_to() {
    // tb_0.c2 = tb_1.c2; the key is (tb_0.c1, tb_1.c1); tb_2 hangs on tb_1 alone.
    let links = vec![
        link((1, 2), (0, 2)),
        link((0, 2), (1, 2)),
        link((2, 1), (1, 3)),
    ];
    let graph = graph(3, links, &[(0, 0, 1), (1, 1, 1)]);
    let locked = locked(&graph);
    assert_eq!(locked.parts.len(), 1);
    let (reduced, routes) = locked.partial.expect("a part of the key");
    assert_eq!(reduced.key.len(), 1);
    assert!(routes.iter().all(|r| !r.chains().is_empty()));
    // Whoever is not the root has a way to it.
    assert_eq!(locked.edges.len(), 2);
}

#[test]
fn without_a_way_to_any_part_a_source_has_no_edge() {
    let graph = graph(2, vec![], &[(0, 0, 1), (1, 1, 1)]);
    let locked = locked(&graph);
    let (_, routes) = locked.partial.expect("a part of the key");
    assert_eq!(routes.iter().filter(|r| r.chains().is_empty()).count(), 1);
    assert!(locked.edges.is_empty());
}
