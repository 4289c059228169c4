//! Owns the account of a TVIEW's lineage for people and programs: one entry per source, in the
//! order in which the query names them.

use crate::catalog::Tview;
use crate::error::Result;
use crate::lineage::model::Route;
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
    pub(super) key_query: Option<String>,
    pub(super) reason: Option<String>,
}

pub(super) fn explain(tview: &Tview) -> Vec<Entry> {
    (0..tview.graph.sources.len())
        .map(|index| entry(tview, index))
        .collect()
}

fn entry(tview: &Tview, index: usize) -> Entry {
    let source = &tview.graph.sources[index];
    let route = &tview.routes[index];
    let used = source
        .columns
        .iter()
        .filter(|c| source.used.contains(&c.attribute));
    Entry {
        source: relation::quote_if_needed(&source.name),
        alias: source.alias.clone(),
        route: route.word(),
        path: sql::path(&tview.graph, index, route),
        columns_used: used.map(|c| c.name.clone()).collect(),
        key_query: tview.key_queries[index].clone(),
        reason: match route {
            Route::Full(reason) => Some(reason.text().to_owned()),
            _ => None,
        },
    }
}

pub(super) fn explain_json(tview: &Tview) -> Result<Value> {
    let sources: Vec<Value> = explain(tview)
        .into_iter()
        .map(|e| {
            json!({
                "source": e.source,
                "alias": e.alias,
                "route": e.route,
                "path": e.path,
                "columns_used": e.columns_used,
                "key_query": e.key_query,
                "reason": e.reason,
            })
        })
        .collect();
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
