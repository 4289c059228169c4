//! The statements that read the values which an edge links by: of captured rows, and of the rows to which
//! values that are known lead.

use super::{join, records};
use crate::lineage::edges::{Edge, End};
use crate::lineage::model::{Condition, Form, Graph, Link, Side, tag};
use crate::name::{Column, quote};

/// From captured rows of a source, an array of records with these attributes, to the values of some ends
/// over `alias`; `None` where the values are captured as they are.
pub(crate) fn values_of_captured(
    graph: &Graph,
    (source, alias): (usize, &str),
    captured: &[i16],
    ends: &[End<'_>],
    type_sql: &dyn Fn(u32) -> String,
) -> Option<String> {
    let is_bare = |e: &End<'_>| e.side.form == Form::Column && e.side.element_type.is_none();
    if ends.iter().all(is_bare) {
        return None;
    }
    let columns: Vec<(String, &Column)> = captured
        .iter()
        .filter_map(|a| graph.sources[source].column(*a))
        .map(|c| (c.name.clone(), c))
        .collect();
    let rows = records(&columns, alias);
    Some(values(graph, source, &rows, alias, ends, type_sql))
}

/// From values of an edge, an array of records, to those of the next edge away from the key: by the rows
/// of the source between.
pub(crate) fn step(
    graph: &Graph,
    edge: &Edge,
    next: &Edge,
    type_sql: &dyn Fn(u32) -> String,
) -> String {
    let source = edge.child;
    let given: Vec<Column> = edge
        .parent_ends()
        .iter()
        .enumerate()
        .map(|(i, end)| Column {
            attribute: i as i16 + 1,
            name: format!("w{i}"),
            type_oid: end.side.type_oid,
            type_sql: type_sql(end.side.type_oid),
            typmod: -1,
            is_computed: false,
            is_not_null: false,
            collation: None,
        })
        .collect();
    let given: Vec<(String, &Column)> = given.iter().map(|c| (c.name.clone(), c)).collect();
    let given = match given.is_empty() {
        true => "(SELECT) AS w".to_owned(),
        false => records(&given, "w"),
    };
    let alias = next.parent_tag();
    // The child's sides are over its tag, the next edge's may be over the row before: one row, both names.
    let on = join(&conditions(edge), " AND ", |_, c| c.clone());
    let table = graph.sources[source].name.sql();
    let from = match alias == tag(source) {
        true => format!("{given} JOIN {table} AS {alias} ON {on}"),
        false => format!(
            "{given} JOIN {table} AS {own} ON {on} CROSS JOIN LATERAL (SELECT {own}.*) AS {alias}",
            own = tag(source)
        ),
    };
    values(graph, source, &from, &alias, &next.parent_ends(), type_sql)
}

/// The conditions of an edge over its child and the given values of its parent.
fn conditions(edge: &Edge) -> Vec<String> {
    let mut nth = 0;
    let mut found = Vec::new();
    for term in &edge.terms {
        if term.condition == Condition::ChildIsNull {
            found.push(super::key::condition(term));
            continue;
        }
        let parent = Side {
            sql: format!("w.{}", quote(&format!("w{nth}"))),
            element_type: None,
            is_not_null: false,
            ..term.parent.clone()
        };
        nth += 1;
        if term.condition != Condition::ParentIsNull {
            found.push(super::key::condition(&Link {
                parent,
                ..term.clone()
            }));
        }
    }
    if found.is_empty() {
        found.push("true".to_owned());
    }
    found
}

/// Each element of an array is a value; expressions are evaluated where the conditions of their table hold.
fn values(
    graph: &Graph,
    source: usize,
    from: &str,
    alias: &str,
    ends: &[End<'_>],
    type_sql: &dyn Fn(u32) -> String,
) -> String {
    let is_computed = ends.iter().any(|e| e.side.form == Form::Computed);
    let conditions = match is_computed && alias == tag(source) {
        true => graph.sources[source].conditions.as_slice(),
        false => &[],
    };
    let mut from = match conditions.is_empty() {
        true => from.to_owned(),
        false => {
            let conditions = join(conditions, " AND ", |_, c| c.sql.clone());
            format!("(SELECT {alias}.* FROM {from} WHERE {conditions} OFFSET 0) AS {alias}")
        }
    };
    for (i, end) in ends.iter().enumerate() {
        if end.side.element_type.is_some() {
            let array = &end.side.sql;
            from += &format!(" CROSS JOIN LATERAL pg_catalog.unnest({array}) AS e{i}(v)");
        }
    }
    let shown = join(ends, ", ", |i, end| match end.side.element_type {
        Some(_) => format!("(e{i}.v)::{}", type_sql(end.side.type_oid)),
        None => end.side.sql.clone(),
    });
    match ends.is_empty() {
        true => format!("SELECT FROM {from} LIMIT 1"),
        false => format!("SELECT DISTINCT {shown} FROM {from}"),
    }
}
