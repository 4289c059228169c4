//! Routes in words, for `pg_tviews_explain`.

use super::join;
use crate::lineage::model::{Chain, Condition, Graph, Link, Route, Side};

/// A route as a sentence. Arrows are of ASCII, so that they reach a client of any encoding.
pub(crate) fn path(graph: &Graph, source: usize, route: &Route) -> String {
    let mut start = label(graph, source);
    if graph.mates.contains(&source) {
        let links = route
            .chains()
            .iter()
            .flat_map(|c| &c.hops)
            .flat_map(|h| &h.links);
        start += match links.into_iter().any(|l| l.repeated.is_some()) {
            true => " (for the rows below it)",
            false => " (for another row of the same PARTITION BY or DISTINCT ON group)",
        };
    }
    match route {
        Route::Keys(chains) => {
            let each = join(chains, "; ", |_, chain| chain_text(graph, chain));
            format!("{start} -> {each}")
        }
        Route::Full(reason) => format!("{start} -> all rows, because {}", reason.text()),
    }
}

/// A source by the name of its table and what the query calls it.
pub(crate) fn label(graph: &Graph, source: usize) -> String {
    let source = &graph.sources[source];
    match source.alias == source.name.name {
        true => source.alias.clone(),
        false => format!("{} {}", source.name.name, source.alias),
    }
}

fn chain_text(graph: &Graph, chain: &Chain) -> String {
    let mut text = String::new();
    for hop in &chain.hops {
        let on = join(&hop.links, " and ", |_, link| condition(link));
        // Up or down a tree, any number of times.
        let repeatedly = match hop.links.iter().any(|l| l.repeated.is_some()) {
            true => "from row to row -> ",
            false => "",
        };
        text += &format!("{repeatedly}{} on {on} -> ", label(graph, hop.source));
    }
    let sides = join(&chain.key, ", ", |_, (_, side)| match side.element_type {
        Some(_) => format!("each of {}", side.text),
        None => side.text.clone(),
    });
    match chain.key.len() == graph.key.len() {
        true => format!("{text}key {sides}"),
        false => {
            let names = join(&chain.key, ", ", |_, (part, _)| {
                graph.key[*part].name.clone()
            });
            format!("{text}keys with {names} = {sides}")
        }
    }
}

fn condition(link: &Link) -> String {
    let (child, parent) = (&link.child, &link.parent);
    match &link.condition {
        Condition::Equal(_) => equal(child, parent),
        Condition::Same(_) if child.is_not_null || parent.is_not_null => {
            format!("{} = {}", parent.text, child.text)
        }
        Condition::Same(_) => format!("{} IS NOT DISTINCT FROM {}", parent.text, child.text),
        Condition::ChildIsNull => format!("{} IS NULL", child.text),
        Condition::ParentIsNull => format!("{} IS NULL", parent.text),
    }
}

fn equal(child: &Side, parent: &Side) -> String {
    match (&child.element_type, &parent.element_type) {
        (None, None) => format!("{} = {}", parent.text, child.text),
        (None, Some(_)) => format!("{} = ANY ({})", child.text, parent.text),
        (Some(_), None) => format!("{} = ANY ({})", parent.text, child.text),
        (Some(_), Some(_)) => format!("{} && {}", parent.text, child.text),
    }
}
