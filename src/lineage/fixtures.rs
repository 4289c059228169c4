//! Graphs made by hand, for tests without a server: tables `tb_0`, `tb_1`, … with integer columns c1 to c3.

use super::model::{Condition, Equality, Form, Graph, KeyPart, Link, Presence, Root, Side, Source};
use crate::name::{Column, Name};

/// A table with three columns.
pub(super) fn source(name: &str) -> Source {
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
        decisive: Default::default(),
        presence: Presence::Always,
        leaves: 0,
    }
}

/// A column of a source, as a side.
pub(super) fn side(source: usize, attribute: i16) -> Side {
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

/// Two columns, each by its source and number, that must be equal.
pub(super) fn link(child: (usize, i16), parent: (usize, i16)) -> Link {
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

/// So many sources, and roots by part of the key, source and column.
pub(super) fn graph(sources: usize, links: Vec<Link>, roots: &[(usize, usize, i16)]) -> Graph {
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
