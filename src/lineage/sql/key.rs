//! The statements that follow routes: from changed values to keys, and from keys to what else of the
//! query must be restricted for them.

use super::{Table, join, records};
use crate::lineage::model::{
    Chain, Condition, Equality, Form, Graph, Hop, Link, Route, Scope, ScopeBy,
};
use crate::lineage::model::{Side, Source, row_before, tag};
use crate::name::{Column, quote};
use crate::sabotage::{Rule, breaks};

/// The query from captured values, an array of records with the attributes `start`, to keys; `None` where
/// the first of these are the keys. A chain that leads to a part of the key is completed from the table and the query.
pub(crate) fn key_query(
    graph: &Graph,
    source: usize,
    route: &Route,
    start: &[i16],
    table: &Table,
) -> Option<String> {
    if route.chains().is_empty() || is_captured_key(graph, route) {
        return None;
    }
    let start = captured(&graph.sources[source], &tag(source), start);
    let query = |_, chain: &Chain| {
        let keys = join(&chain.key, ", ", |_, (part, side)| {
            format!("{} AS k{part}", value(*part, side))
        });
        let found = format!(
            "SELECT DISTINCT {keys} FROM {}",
            joined(graph, &filtered(&start, source, chain), chain)
        );
        let parts: Vec<usize> = chain.key.iter().map(|(part, _)| *part).collect();
        match parts.len() == graph.key.len() {
            true => found,
            false => table.complete(&found, &parts),
        }
    };
    Some(join(route.chains(), " UNION ALL ", query))
}

fn is_captured_key(graph: &Graph, route: &Route) -> bool {
    let is_bare = |s: &Side| s.form == Form::Column && s.element_type.is_none();
    match route.chains() {
        // One column can be two of the key.
        [only] => {
            only.hops.is_empty()
                && only.key.len() == graph.key.len()
                && only.key.len() == route.start().len()
                && only.key.iter().all(|(_, side)| is_bare(side))
        }
        _ => false,
    }
}

/// The values by which a part of the query must be restricted for some keys, an array of records: as
/// an array, and whether one of them is NULL.
pub(crate) fn scope_query(
    graph: &Graph,
    routes: &[Route],
    scope: &Scope,
    table: &Table,
) -> Option<String> {
    let keys = table.keys();
    let values = match &scope.by {
        ScopeBy::Key(part) => format!("SELECT k.k{part} FROM {keys}"),
        ScopeBy::Rows(side) => rows_of_keys(graph, routes, side, &side.sql, table)?,
        ScopeBy::Tree {
            row,
            parent,
            operator,
            parent_is_left,
        } => {
            let columns = format!("{}, {}", row.sql, parent.sql);
            let first = rows_of_keys(graph, routes, row, &columns, table)?;
            let source = &graph.sources[row.source];
            let name = |side: &Side| {
                let column = source.column(*side.attributes.first()?)?;
                Some(format!("x.{}", quote(&column.name)))
            };
            let (own, above) = (name(row)?, name(parent)?);
            let on = match parent_is_left {
                true => format!("up.above {operator} {own}"),
                false => format!("{own} {operator} up.above"),
            };
            format!(
                "WITH RECURSIVE up(v, above) AS (SELECT * FROM ({first}) AS f UNION \
                 SELECT {own}, {above} FROM up JOIN {} AS x ON {on}) SELECT up.v FROM up",
                source.name.sql()
            )
        }
    };
    Some(format!(
        "SELECT pg_catalog.array_agg(s.v), COALESCE(pg_catalog.bool_or(s.v IS NULL), false) \
         FROM (SELECT DISTINCT u.v FROM ({values}) AS u(v)) AS s"
    ))
}

/// Columns of the rows of a source that some keys have.
fn rows_of_keys(
    graph: &Graph,
    routes: &[Route],
    side: &Side,
    columns: &str,
    table: &Table,
) -> Option<String> {
    let source = &graph.sources[side.source];
    let start = format!("{} AS {}", source.name.sql(), tag(side.source));
    let conditions = match side.form {
        Form::Computed => source.conditions.as_slice(),
        _ => &[],
    };
    let of_chain = |_, chain: &Chain| {
        let on = join(&chain.key, " AND ", |_, (part, side)| {
            format!("{} {} k.k{part}", value(*part, side), table.equals[*part])
        });
        format!(
            "SELECT {columns} FROM {} JOIN {} ON {}{on}",
            joined(graph, &start, chain),
            table.keys(),
            join(conditions, "", |_, c| format!("{} AND ", c.sql))
        )
    };
    let chains = routes[side.source].chains();
    (!chains.is_empty()).then(|| join(chains, " UNION ALL ", of_chain))
}

/// Captured values as a table that has the source's column names.
pub(super) fn captured(source: &Source, alias: &str, start: &[i16]) -> String {
    let columns = start.iter().filter_map(|a| source.column(*a));
    let columns: Vec<(String, &Column)> = columns.map(|c| (c.name.clone(), c)).collect();
    records(&columns, alias)
}

/// The tables of a chain, joined to where it starts from, and the elements of arrays that key
/// columns are made of, as [`value`] names them.
fn joined(graph: &Graph, start: &str, chain: &Chain) -> String {
    let mut sql = along(graph, start, &chain.hops);
    for (part, side) in chain.key.iter().filter(|(_, s)| s.element_type.is_some()) {
        let array = &side.sql;
        sql += &format!(" CROSS JOIN LATERAL pg_catalog.unnest({array}) AS e{part}(v)");
    }
    sql
}

/// The tables of hops, joined to where they start from.
pub(super) fn along(graph: &Graph, start: &str, hops: &[Hop]) -> String {
    let mut sql = start.to_owned();
    for hop in hops {
        sql = repeated(graph, sql, &hop.links);
        sql += &format!(
            " JOIN {} AS {} ON {}{}",
            graph.sources[hop.source].name.sql(),
            tag(hop.source),
            join(&hop.filter, "", |_, c| format!("{} AND ", c.sql)),
            join(&hop.links, " AND ", |_, link| condition(link))
        );
    }
    sql
}

/// The captured rows that a chain may start from.
fn filtered(start: &str, source: usize, chain: &Chain) -> String {
    match chain.filter.is_empty() {
        true => start.to_owned(),
        false => {
            let conditions = join(&chain.filter, " AND ", |_, c| c.sql.clone());
            format!(
                "(SELECT * FROM {start} WHERE {conditions} OFFSET 0) AS {}",
                tag(source)
            )
        }
    }
}

/// Where links leave a recursive query, the rows of its table that lead on are reached from row to row.
fn repeated(graph: &Graph, rows: String, links: &[Link]) -> String {
    let Some(source) = links
        .iter()
        .find(|l| l.repeated.is_some())
        .map(|l| l.child.source)
    else {
        return rows;
    };
    let steps: Vec<String> = links.iter().filter_map(step).collect();
    let mut attributes: Vec<i16> = links
        .iter()
        .flat_map(|l| l.child.attributes.clone())
        .collect();
    attributes.sort_unstable();
    attributes.dedup();
    let columns = attributes
        .iter()
        .filter_map(|a| graph.sources[source].column(*a));
    let columns: Vec<String> = columns.map(|c| quote(&c.name)).collect();
    let of = |table: &str| join(&columns, ", ", |_, c| format!("{table}.{c}"));
    let (row, before) = (tag(source), row_before(source));
    format!(
        "(WITH RECURSIVE r AS (SELECT {} FROM {rows} UNION SELECT {} FROM r AS {row} JOIN {} AS {before} ON {}) SELECT * FROM r) AS {row}",
        of(&row),
        of(&before),
        graph.sources[source].name.sql(),
        steps.join(" AND ")
    )
}

fn step(link: &Link) -> Option<String> {
    match (&link.condition, &link.repeated) {
        (Condition::Equal(e), Some(before)) => Some(equal(e, &link.child, before)),
        _ => None,
    }
}

/// A part of the key as an expression over what [`joined`] gives.
fn value(part: usize, side: &Side) -> String {
    match side.element_type {
        Some(_) => format!("e{part}.v"),
        None => side.sql.clone(),
    }
}

pub(super) fn condition(link: &Link) -> String {
    let (child, parent) = (&link.child, &link.parent);
    match &link.condition {
        Condition::Equal(e) => equal(e, child, parent),
        Condition::Same(e)
            if child.is_not_null || parent.is_not_null || breaks(Rule::NullGroups) =>
        {
            equal(e, child, parent)
        }
        Condition::Same(e) => format!(
            "({} OR {} IS NULL AND {} IS NULL)",
            equal(e, child, parent),
            child.sql,
            parent.sql
        ),
        Condition::ChildIsNull => format!("{} IS NULL", child.sql),
        Condition::ParentIsNull => format!("{} IS NULL", parent.sql),
    }
}

/// Arrays are compared as their indexes can: `@>` and `&&` by GIN, `= ANY` by btree on the scalar.
fn equal(e: &Equality, child: &Side, parent: &Side) -> String {
    let collation = match &e.collation_sql {
        Some(name) => format!(" COLLATE {name}"),
        None => String::new(),
    };
    let (child_sql, parent_sql) = (&child.sql, &parent.sql);
    match (&child.element_type, &parent.element_type) {
        (None, None) => match e.child_is_left {
            true => format!("{child_sql}{collation} {} {parent_sql}", e.operator),
            false => format!("{parent_sql}{collation} {} {child_sql}", e.operator),
        },
        (None, Some(element)) if e.is_default => {
            let array = format!("ARRAY[({child_sql})::{element}{collation}]");
            format!("{parent_sql} OPERATOR(pg_catalog.@>) {array}")
        }
        (None, Some(_)) => {
            let operator = e.from(e.child_is_left);
            format!("{child_sql}{collation} {operator} ANY ({parent_sql})")
        }
        (Some(_), None) => {
            let operator = e.from(!e.child_is_left);
            format!("{parent_sql}{collation} {operator} ANY ({child_sql})")
        }
        (Some(_), Some(_)) => {
            format!("{parent_sql}{collation} OPERATOR(pg_catalog.&&) {child_sql}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lineage::fixtures;
    use crate::lineage::model::KeyPart;
    use crate::name::Name;

    fn column(attribute: i16, name: &str) -> Column {
        Column {
            attribute,
            name: name.into(),
            type_oid: 23,
            type_sql: "pg_catalog.int4".into(),
            typmod: -1,
            is_computed: false,
            is_not_null: false,
            collation: None,
        }
    }

    fn source(name: &str, columns: Vec<Column>) -> Source {
        Source {
            alias: "x".into(),
            columns,
            ..fixtures::source(name)
        }
    }

    fn side(source: usize, attribute: i16, name: &str) -> Side {
        Side {
            source,
            attributes: vec![attribute],
            sql: format!("t{source}.\"{name}\""),
            text: format!("x.{name}"),
            indexed: name.into(),
            type_oid: 23,
            form: Form::Column,
            element_type: None,
            is_not_null: false,
            mixes: Vec::new(),
            grouped_by: None,
        }
    }

    fn equality(child_is_left: bool) -> Equality {
        Equality {
            oid: 96,
            operator: "OPERATOR(pg_catalog.=)".into(),
            commutator: Some("OPERATOR(pg_catalog.=)".into()),
            child_is_left,
            is_default: true,
            families: vec![],
            collation: 0,
            collation_sql: Some("\"s\".\"ci\"".into()),
        }
    }

    fn graph(parts: usize) -> Graph {
        let key = |n: usize| KeyPart {
            name: format!("k{n}"),
            type_oid: 23,
            families: vec![],
            collation: 0,
        };
        Graph {
            sources: vec![
                source("tb_post", vec![column(1, "pk"), column(2, "fk_user")]),
                source("tb_user", vec![column(1, "pk"), column(2, "o\"dd")]),
            ],
            key: (0..parts).map(key).collect(),
            ..Graph::default()
        }
    }

    fn queried(graph: &Graph, source: usize, route: &Route) -> Option<String> {
        let name = |name: &str| Name {
            schema: "s".into(),
            name: name.into(),
        };
        let columns = vec![column(1, "pk"), column(2, "pk_user")];
        let table = Table {
            name: name("tv_post"),
            view: name("v_post"),
            all: columns.clone(),
            key: columns[..graph.key.len()].to_vec(),
            positions: vec![1, 2],
            columns,
            equals: vec!["OPERATOR(pg_catalog.=)".to_owned(); 2],
            unique: Vec::new(),
            has_loose_key: false,
        };
        key_query(graph, source, route, &route.start(), &table)
    }

    fn direct(key: Vec<(usize, Side)>) -> Route {
        Route::Keys(vec![Chain {
            filter: vec![],
            hops: vec![],
            key,
        }])
    }

    fn through_post(child: Side, parent: Side, condition: Condition) -> Route {
        let link = Link {
            child,
            parent,
            condition,
            choice: None,
            repeated: None,
        };
        let hops = vec![Hop {
            filter: vec![],
            source: 0,
            links: vec![link],
        }];
        let key = vec![(0, side(0, 1, "pk"))];
        let filter = vec![];
        Route::Keys(vec![Chain { filter, hops, key }])
    }

    #[test]
    fn captured_keys_need_no_query() {
        assert_eq!(
            queried(&graph(1), 0, &direct(vec![(0, side(0, 1, "pk"))])),
            None
        );
    }

    #[test]
    fn a_lookup_joins_captured_values_along_its_links() {
        let route = through_post(
            side(1, 1, "pk"),
            side(0, 2, "fk_user"),
            Condition::Equal(equality(false)),
        );
        assert_eq!(
            queried(&graph(1), 1, &route).unwrap(),
            "SELECT DISTINCT t0.\"pk\" AS k0 FROM ROWS FROM (pg_catalog.unnest($1) AS (\"pk\" pg_catalog.int4)) AS t1 \
             JOIN \"s\".\"tb_post\" AS t0 ON t0.\"fk_user\" COLLATE \"s\".\"ci\" OPERATOR(pg_catalog.=) t1.\"pk\""
        );
    }

    #[test]
    fn an_element_is_looked_up_by_containment() {
        let mut array = side(0, 2, "fk_user");
        array.element_type = Some("pg_catalog.int4".into());
        let route = through_post(side(1, 1, "pk"), array, Condition::Equal(equality(true)));
        let query = queried(&graph(1), 1, &route).unwrap();
        assert!(
            query.ends_with(
                "t0.\"fk_user\" OPERATOR(pg_catalog.@>) ARRAY[(t1.\"pk\")::pg_catalog.int4 COLLATE \"s\".\"ci\"]"
            ),
            "{query}"
        );
    }

    #[test]
    fn a_part_of_the_key_is_completed_from_table_and_query() {
        let query = queried(&graph(2), 1, &direct(vec![(1, side(1, 1, "pk"))])).unwrap();
        assert!(
            query.contains("JOIN \"s\".\"tv_post\" AS t ON t.\"pk_user\""),
            "{query}"
        );
        assert!(
            query.contains("FROM \"s\".\"v_post\" AS v WHERE v.\"pk_user\""),
            "{query}"
        );
    }
}
