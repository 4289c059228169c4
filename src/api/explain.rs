//! Owns the account of a lineage for people and programs: one entry per source, in the order in
//! which the query names them.

use crate::catalog::{self, Tview};
use crate::error::Result;
use crate::lineage::indexes::Missing;
use crate::lineage::model::{Graph, Route};
use crate::lineage::sql;
use crate::pg::relation;
use serde_json::{Value, json};

/// One source.
pub(super) struct Entry {
    pub(super) source: String,
    pub(super) alias: String,
    pub(super) route: &'static str,
    pub(super) path: String,
    pub(super) columns_used: Vec<String>,
    /// Those of which a change computes a part of the rows.
    pub(super) columns_patched: Vec<String>,
    pub(super) key_query: Option<String>,
    pub(super) reason: Option<&'static str>,
    pub(super) remedy: Option<&'static str>,
    pub(super) missing_indexes: Vec<String>,
}

pub(super) fn explain(tview: &Tview) -> Result<Vec<Entry>> {
    let missing = catalog::missing_indexes(tview)?;
    let mut entries = entries(&tview.graph, &tview.routes, &missing);
    for (source, entry) in entries.iter_mut().enumerate() {
        entry.key_query = tview.key_queries[source].clone();
        let patcher = tview.patches[source].iter();
        let patched = patcher.flat_map(|p| p.patch.attributes.keys());
        let columns = patched.filter_map(|a| tview.graph.sources[source].column(*a));
        entry.columns_patched = match tview.leaves(source) {
            Some(_) => entry.columns_used.clone(),
            None => columns.map(|c| c.name.clone()).collect(),
        };
    }
    Ok(entries)
}

/// The entries of any analysed query, without key queries.
pub(super) fn entries(graph: &Graph, routes: &[Route], missing: &[Missing]) -> Vec<Entry> {
    let entry = |(index, route): (usize, &Route)| {
        let source = &graph.sources[index];
        let used = source.columns.iter();
        let used = used.filter(|c| source.used.contains(&c.attribute));
        let missing = missing.iter().filter(|m| m.sources.contains(&index));
        let full = match route {
            Route::Full(reason) => Some(*reason),
            Route::Keys(_) => None,
        };
        Entry {
            source: relation::quote_if_needed(&source.name),
            alias: source.alias.clone(),
            route: route.word(),
            path: sql::path(graph, index, route),
            columns_used: used.map(|c| c.name.clone()).collect(),
            columns_patched: Vec::new(),
            key_query: None,
            reason: full.map(|r| r.text()),
            remedy: full.map(|r| r.remedy()),
            missing_indexes: missing.map(|m| m.statement.clone()).collect(),
        }
    };
    routes.iter().enumerate().map(entry).collect()
}

pub(super) fn explain_json(tview: &Tview) -> Result<Value> {
    let source = |e: Entry| {
        json!({
            "source": e.source,
            "alias": e.alias,
            "route": e.route,
            "path": e.path,
            "columns_used": e.columns_used,
            "columns_patched": e.columns_patched,
            "key_query": e.key_query,
            "reason": e.reason,
            "remedy": e.remedy,
            "missing_indexes": e.missing_indexes,
        })
    };
    let sources: Vec<Value> = explain(tview)?.into_iter().map(source).collect();
    let key: Vec<&str> = tview.graph.key.iter().map(|k| k.name.as_str()).collect();
    Ok(json!({
        "tview": relation::quote_if_needed(&tview.name),
        "backing_view": relation::name(tview.view).map(|n| relation::quote_if_needed(&n)),
        "backing_view_is_ours": tview.owns_view,
        "key_columns": key,
        "depth": tview.depth,
        "sources": sources,
    }))
}
