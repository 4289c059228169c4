//! Owns the dependency graph of TVIEWs: which tables and TVIEWs it shows, and how each edge is
//! labelled.

use super::diagram::{Diagram, Edge, EdgeKind, Format};
use super::find_tview;
use crate::catalog::{self, Tview};
use crate::error::Result;
use crate::lineage::model::{Chain, Graph, Route};
use crate::pg::identity::current_user;
use crate::pg::relation;
use crate::pg::spi::Session;
use pgrx::pg_sys::Oid;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// The graph of one TVIEW with those below and above it, or of all that the user may read.
pub(super) fn graph(name: Option<&str>, format: Option<&str>) -> Result<String> {
    let format = format.map_or(Ok(Format::Mermaid), Format::parse)?;
    let shown = match name {
        Some(name) => related(find_tview(name)?)?,
        None => readable()?,
    };
    Ok(diagram(&shown)?.draw(format))
}

fn readable() -> Result<Vec<Rc<Tview>>> {
    let user = current_user();
    let mut found = Vec::new();
    for oid in catalog::all(&Session::open())? {
        if relation::may_read(oid, user) {
            found.extend(catalog::tview(oid)?);
        }
    }
    Ok(found)
}

fn related(tview: Rc<Tview>) -> Result<Vec<Rc<Tview>>> {
    let mut found: BTreeMap<u32, Rc<Tview>> = BTreeMap::new();
    for above in &tview.above {
        if let Some(above) = catalog::tview(*above)? {
            found.insert(above.oid.to_u32(), above);
        }
    }
    let mut below = tview.graph.tables();
    while let Some(relid) = below.pop() {
        if found.contains_key(&relid) {
            continue;
        }
        if let Some(tview) = catalog::tview(Oid::from(relid))? {
            below.extend(tview.graph.tables());
            found.insert(relid, tview);
        }
    }
    found.insert(tview.oid.to_u32(), tview);
    Ok(found.into_values().collect())
}

fn diagram(shown: &[Rc<Tview>]) -> Result<Diagram> {
    let mut nodes: BTreeMap<String, bool> = BTreeMap::new();
    let mut edges: BTreeSet<(String, String, EdgeKind, String)> = BTreeSet::new();
    for tview in shown {
        let to = relation::quote_if_needed(&tview.name);
        nodes.insert(to.clone(), true);
        for (source, route) in tview.graph.sources.iter().zip(&tview.routes) {
            let from = relation::quote_if_needed(&source.name);
            let is_tview = catalog::is_tview(Oid::from(source.relid))?;
            nodes.entry(from.clone()).or_insert(is_tview);
            let (kind, label) = describe(&tview.graph, route);
            edges.insert((to.clone(), from, kind, label));
        }
    }
    let index: BTreeMap<String, usize> = nodes.keys().cloned().zip(0..).collect();
    let edge = |(to, from, kind, label): (String, String, EdgeKind, String)| Edge {
        from: index[&from],
        to: index[&to],
        kind,
        label,
    };
    Ok(Diagram {
        edges: edges.into_iter().map(edge).collect(),
        nodes: nodes.into_iter().collect(),
    })
}

fn describe(graph: &Graph, route: &Route) -> (EdgeKind, String) {
    let word = route.word().to_owned();
    match route {
        Route::Full(_) => (EdgeKind::Full, word),
        Route::Keys(chains) if chains.iter().all(|c| c.hops.is_empty()) => (EdgeKind::Keys, word),
        Route::Keys(chains) => {
            let ways: BTreeSet<String> = chains.iter().map(|c| way(graph, c)).collect();
            let ways: Vec<String> = ways.into_iter().collect();
            (EdgeKind::Keys, format!("{word} {}", ways.join(" or ")))
        }
    }
}

fn way(graph: &Graph, chain: &Chain) -> String {
    let names = chain.hops.iter().map(|h| &graph.sources[h.source].name);
    let names: Vec<&str> = names.map(|n| n.name.as_str()).collect();
    match names.is_empty() {
        true => "by its own columns".to_owned(),
        false => format!("via {}", names.join(", ")),
    }
}
