//! Owns the comparison of the indexes that routes go through with those that exist. Never kept: an
//! index may come or go at any time.

use super::{Tview, run};
use crate::error::Result;
use crate::lineage::indexes::{self, Existing, Method, Missing, Server, Target};
use crate::lineage::model::{Graph, Route, Source};
use crate::pg::identity::{SEARCH_PATH, Settings};
use crate::pg::node::Tree;
use crate::pg::spi::{Args, Session};
use crate::pg::{function, relation};
use pgrx::pg_sys::Oid;

const SERVER: Server = Server {
    is_relabel: function::is_relabel,
    type_collation: function::type_collation,
    default_family: function::default_family,
    collation_name: |c| function::collation_name(Oid::from(c)),
    collation_text: function::collation_text,
    indexable,
    quote: relation::quote_identifier,
    quote_name: relation::quote_if_needed,
};

/// The indexes that a TVIEW's routes lack.
pub(crate) fn missing_indexes(tview: &Tview) -> Result<Vec<Missing>> {
    let columns = relation::columns(tview.oid);
    let target = Target {
        relid: tview.oid.to_u32(),
        name: &tview.name,
        columns: &columns,
    };
    missing_indexes_of(&tview.graph, &tview.routes, Some(&target))
}

/// The same for routes of a query that is no TVIEW yet.
pub(crate) fn missing_indexes_of(
    graph: &Graph,
    routes: &[Route],
    target: Option<&Target<'_>>,
) -> Result<Vec<Missing>> {
    let existing = existing(indexes::tables(graph, target))?;
    // Collations are named as for the comparison of expressions: see `run`.
    let settings = Settings::start();
    settings.set("search_path", SEARCH_PATH);
    Ok(indexes::missing(graph, routes, target, &existing, &SERVER))
}

/// The expression is one that PostgreSQL deparsed under the `search_path` in force here.
fn indexable(source: &Source, expression: &str) -> Option<String> {
    let query = ["SELECT ", expression, " FROM ONLY ", &source.name.sql()].concat();
    let tree = Tree::parse(&query, &source.name.name).ok()?;
    let expr = tree.query().columns().first()?.expr;
    let text = || expr.deparse_over(Oid::from(source.relid), None, &|var| var.attribute);
    expr.is_immutable().then(text)
}

fn existing(tables: Vec<u32>) -> Result<Vec<Existing>> {
    let session = Session::open();
    let tables: Vec<Oid> = tables.into_iter().map(Oid::from).collect();
    let text = include_str!("../../sql/statements/index_columns.sql");
    let rows = run(&session, text, &Args::none().with(tables))?;
    let oid = |row, column| rows.get::<Oid>(row, column).map_or(0, |o| o.to_u32());
    let index = |row| Existing {
        relid: oid(row, 1),
        place: rows.get(row, 2).unwrap_or(0),
        attribute: rows.get(row, 3).unwrap_or(0),
        definition: rows.get(row, 4).unwrap_or_default(),
        method: match rows.get(row, 5) {
            Some(true) => Method::Element,
            _ => Method::Value,
        },
        families: rows
            .get::<Vec<Oid>>(row, 6)
            .unwrap_or_default()
            .into_iter()
            .map(|f| f.to_u32())
            .collect(),
        collation: oid(row, 7),
    };
    Ok((0..rows.len()).map(index).collect())
}
