//! Owns the question which indexes the routes of a TVIEW go through, and which of those are missing.
//!
//! Every step of a chain is gone both ways. A lookup finds rows of the parent by the parent's sides;
//! the query, computed for a key, finds rows of the child by the child's. Where a chain ends in a part
//! of the key, the TVIEW itself is looked up by that part.
//!
//! What the server alone knows comes in by [`Server`] and [`Existing`].

mod expression;
mod need;
mod steps;

use super::model::{Graph, Route, Source};
use crate::name::{Column, Name};
use need::Need;
use std::collections::BTreeSet;
use steps::Steps;

/// What this module asks the server.
pub(crate) struct Server {
    /// Whether a value of the one type is one of the other as it is.
    pub(crate) is_relabel: fn(from: u32, to: u32) -> bool,
    pub(crate) type_collation: fn(u32) -> u32,
    /// The btree family that an index on values of a type has by itself; 0 for none.
    pub(crate) default_family: fn(u32) -> u32,
    /// A collation as [`Column::collation`] has it; `None` for none.
    pub(crate) collation_name: fn(u32) -> Option<String>,
    /// The same as people write it.
    pub(crate) collation_text: fn(u32) -> Option<String>,
    /// An expression over a table's columns as an index would have it; `None` if none can.
    pub(crate) indexable: fn(&Source, &str) -> Option<String>,
    pub(crate) quote: fn(&str) -> String,
    pub(crate) quote_name: fn(&Name) -> String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// Rows by a value: btree, and hash of what exists.
    Value,
    /// Rows by an element of an array: GIN.
    Element,
}

/// What an existing index has in one place.
pub(crate) struct Existing {
    pub(crate) relid: u32,
    /// From 1.
    pub(crate) place: i32,
    /// 0 for an expression.
    pub(crate) attribute: i16,
    /// As `pg_get_indexdef` writes it.
    pub(crate) definition: String,
    pub(crate) method: Method,
    /// Families whose equality it answers; of no meaning for elements.
    pub(crate) families: Vec<u32>,
    pub(crate) collation: u32,
}

/// The TVIEW's own table.
pub(crate) struct Target<'a> {
    pub(crate) relid: u32,
    pub(crate) name: &'a Name,
    pub(crate) columns: &'a [Column],
}

/// An index that would serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) table: Name,
    /// What it is over, as in CREATE INDEX.
    pub(crate) columns: String,
    pub(crate) statement: String,
    /// It evaluates something for every row of the table.
    pub(crate) has_expression: bool,
    /// The sources whose routes would use it.
    pub(crate) sources: BTreeSet<usize>,
}

/// The tables in which indexes are of use.
pub(crate) fn tables(graph: &Graph, target: Option<&Target<'_>>) -> Vec<u32> {
    let mut tables = graph.tables();
    tables.extend(target.map(|t| t.relid));
    tables
}

/// The indexes that are missing, in the order of the sources that first need them.
pub(crate) fn missing(
    graph: &Graph,
    routes: &[Route],
    target: Option<&Target<'_>>,
    existing: &[Existing],
    server: &Server,
) -> Vec<Missing> {
    let steps = Steps { graph, server };
    let mut needs: Vec<Need> = Vec::new();
    for (source, route) in routes.iter().enumerate() {
        for chain in route.chains() {
            needs.extend(steps.of_chain(source, chain, target));
        }
    }
    needs.retain(|need| !existing.iter().any(|e| need.is_served_by(e)));
    let missing = |(need, sources): (Need, _)| need.suggest(sources, server);
    choose(needs).into_iter().map(missing).collect()
}

/// As few indexes as serve all steps: one over several columns serves those that have its first alone.
fn choose(mut needs: Vec<Need>) -> Vec<(Need, BTreeSet<usize>)> {
    needs.sort_by_key(|need| std::cmp::Reverse(need.terms.len()));
    let mut chosen: Vec<(Need, BTreeSet<usize>)> = Vec::new();
    for need in needs {
        match chosen.iter_mut().find(|(c, _)| need.is_served_with(c)) {
            Some((_, sources)) => {
                sources.insert(need.source);
            }
            None => {
                let sources = BTreeSet::from([need.source]);
                chosen.push((need, sources));
            }
        }
    }
    chosen.sort_by_key(|(_, sources)| sources.first().copied());
    chosen
}

#[cfg(test)]
mod tests {
    use super::super::model::{Chain, Condition, Equality, Form, Hop, KeyPart, Link, Side, Source};
    use super::*;
    use crate::lineage::fixtures;

    const SERVER: Server = Server {
        is_relabel: |from, to| (from, to) == (1043, 25),
        type_collation: |t| if t == 23 { 0 } else { 100 },
        default_family: |t| if t == 142 { 0 } else { 1976 },
        collation_name: |c| (c != 0).then(|| format!("s.c{c}")),
        collation_text: |c| (c != 0).then(|| format!("c{c}")),
        indexable: |_, sql| (!sql.contains("now")).then(|| sql.to_owned()),
        quote: str::to_owned,
        quote_name: |n| format!("{}.{}", n.schema, n.name),
    };

    fn column(attribute: i16, type_oid: u32) -> Column {
        Column {
            attribute,
            name: format!("c{attribute}"),
            type_oid,
            type_sql: String::new(),
            typmod: -1,
            is_computed: false,
            is_not_null: false,
            collation: None,
        }
    }

    fn source(relid: u32) -> Source {
        Source {
            relid,
            columns: vec![column(1, 23), column(2, 23), column(3, 1043)],
            ..fixtures::source(&format!("tb_{relid}"))
        }
    }

    fn side(source: usize, attribute: i16) -> Side {
        Side {
            source,
            attributes: vec![attribute],
            sql: String::new(),
            text: String::new(),
            indexed: format!("c{attribute}"),
            type_oid: 23,
            form: Form::Column,
            element_type: None,
            is_not_null: false,
            mixes: Vec::new(),
            grouped_by: None,
        }
    }

    fn link(child: Side, parent: Side, collation: u32) -> Link {
        Link {
            child,
            parent,
            condition: Condition::Equal(Equality {
                oid: 96,
                operator: String::new(),
                commutator: None,
                child_is_left: true,
                is_default: true,
                families: vec![1976],
                collation,
                collation_sql: None,
            }),
            choice: None,
            repeated: None,
        }
    }

    /// The key is column 1 of the first table; the second one is linked to it.
    fn linked(links: Vec<Link>) -> (Graph, Vec<Route>) {
        let graph = Graph {
            sources: vec![source(10), source(11)],
            key: vec![KeyPart {
                name: "k".into(),
                type_oid: 23,
                families: vec![1976],
                collation: 0,
            }],
            ..Graph::default()
        };
        let key = vec![(0, side(0, 1))];
        let direct = Chain {
            filter: vec![],
            hops: vec![],
            key: key.clone(),
        };
        let hops = vec![Hop {
            source: 0,
            filter: vec![],
            links,
        }];
        let routes = [
            direct,
            Chain {
                filter: vec![],
                hops,
                key,
            },
        ]
        .map(|c| Route::Keys(vec![c]));
        (graph, routes.into())
    }

    fn index(relid: u32, attribute: i16) -> Existing {
        Existing {
            relid,
            place: 1,
            attribute,
            definition: String::new(),
            method: Method::Value,
            families: vec![1976],
            collation: 0,
        }
    }

    fn statements(links: Vec<Link>, existing: &[Existing]) -> Vec<String> {
        let (graph, routes) = linked(links);
        let found = missing(&graph, &routes, None, existing, &SERVER);
        found.into_iter().map(|m| m.statement).collect()
    }

    #[test]
    fn a_step_needs_an_index_on_either_side_and_the_key_one_too() {
        let links = || vec![link(side(1, 1), side(0, 2), 0)];
        assert_eq!(
            statements(links(), &[]),
            [
                "CREATE INDEX ON s.tb_10 (c1);",
                "CREATE INDEX ON s.tb_11 (c1);",
                "CREATE INDEX ON s.tb_10 (c2);"
            ]
        );
        let all = [index(10, 1), index(11, 1), index(10, 2)];
        assert!(statements(links(), &all).is_empty());
    }

    #[test]
    fn one_column_of_a_step_is_enough_and_all_are_suggested() {
        let links = || {
            vec![
                link(side(1, 1), side(0, 1), 0),
                link(side(1, 2), side(0, 2), 0),
            ]
        };
        // The index over both serves the key as well.
        assert_eq!(
            statements(links(), &[]),
            [
                "CREATE INDEX ON s.tb_10 (c1, c2);",
                "CREATE INDEX ON s.tb_11 (c1, c2);"
            ]
        );
        let some = [index(10, 1), index(11, 2)];
        assert!(statements(links(), &some).is_empty());
    }

    #[test]
    fn another_family_collation_or_place_does_not_serve() {
        let base = || [index(10, 1), index(11, 1)];
        let served = |last: Existing| {
            let [first, second] = base();
            let links = vec![link(side(1, 1), side(0, 3), 100)];
            statements(links, &[first, second, last]).is_empty()
        };
        assert!(served(index(10, 3)));
        let of = |change: fn(&mut Existing)| {
            let mut index = index(10, 3);
            change(&mut index);
            index
        };
        assert!(served(of(|i| i.collation = 100)));
        assert!(!served(of(|i| i.collation = 950)));
        assert!(!served(of(|i| i.families = vec![1])));
        assert!(!served(of(|i| i.place = 2)));
        assert!(!served(of(|i| i.method = Method::Element)));
    }

    #[test]
    fn a_collation_is_written_where_the_column_has_another() {
        let links = vec![link(side(1, 1), side(0, 3), 950)];
        let found = statements(links, &[index(10, 1), index(11, 1)]);
        assert_eq!(found, ["CREATE INDEX ON s.tb_10 (c3 COLLATE c950);"]);
    }

    #[test]
    fn a_relabelled_column_is_the_column_and_another_cast_is_not() {
        let cast = |type_oid| Side {
            form: Form::Cast,
            type_oid,
            indexed: "(c3)::other".into(),
            ..side(0, 3)
        };
        let with = |type_oid| {
            let links = vec![link(side(1, 1), cast(type_oid), 100)];
            statements(links, &[index(10, 1), index(11, 1)])
        };
        assert_eq!(with(25), ["CREATE INDEX ON s.tb_10 (c3);"]);
        assert_eq!(with(20), ["CREATE INDEX ON s.tb_10 (((c3)::other));"]);
    }

    #[test]
    fn an_equality_that_no_index_knows_by_itself_is_left_out() {
        let other = Side {
            form: Form::Computed,
            indexed: "f(c2)".into(),
            type_oid: 142,
            ..side(0, 2)
        };
        let links = vec![link(side(1, 1), other, 0)];
        assert!(statements(links, &[index(10, 1), index(11, 1)]).is_empty());
    }

    #[test]
    fn a_column_in_disguise_is_one_and_what_is_not_immutable_is_left_out() {
        let computed_with = |sql: &str, collation| {
            let parent = Side {
                form: Form::Computed,
                indexed: sql.into(),
                ..side(0, 2)
            };
            let links = vec![link(side(1, 1), parent, collation)];
            statements(links, &[index(10, 1), index(11, 1)])
        };
        let computed = |sql| computed_with(sql, 0);
        assert_eq!(
            computed_with("(c2 COLLATE c950)", 950),
            ["CREATE INDEX ON s.tb_10 (c2 COLLATE c950);"]
        );
        assert_eq!(computed("c2"), ["CREATE INDEX ON s.tb_10 (c2);"]);
        assert_eq!(
            computed("(c2 + 1)"),
            ["CREATE INDEX ON s.tb_10 ((c2 + 1));"]
        );
        assert!(computed("(c2 + now())").is_empty());
    }

    #[test]
    fn elements_are_found_by_gin() {
        let array = Side {
            element_type: Some("int4".into()),
            ..side(0, 2)
        };
        let links = || vec![link(side(1, 1), array.clone(), 0)];
        let plain = || vec![index(10, 1), index(11, 1)];
        assert_eq!(
            statements(links(), &plain()),
            ["CREATE INDEX ON s.tb_10 USING gin (c2);"]
        );
        let mut with_gin = plain();
        with_gin.push(Existing {
            method: Method::Element,
            place: 2,
            ..index(10, 2)
        });
        assert!(statements(links(), &with_gin).is_empty());
    }

    #[test]
    fn a_part_of_the_key_is_looked_up_in_the_tview() {
        let (mut graph, routes) = linked(vec![link(side(1, 1), side(0, 1), 0)]);
        graph.key.push(graph.key[0].clone());
        let name = Name {
            schema: "s".into(),
            name: "tv_x".into(),
        };
        let columns = [Column {
            name: "k".into(),
            ..column(4, 23)
        }];
        let target = Target {
            relid: 12,
            name: &name,
            columns: &columns,
        };
        let existing = [index(10, 1), index(11, 1)];
        let found = missing(&graph, &routes, Some(&target), &existing, &SERVER);
        let statements: Vec<&str> = found.iter().map(|m| m.statement.as_str()).collect();
        assert_eq!(statements, ["CREATE INDEX ON s.tv_x (k);"]);
        assert_eq!(found[0].sources, BTreeSet::from([0, 1]));
    }
}
