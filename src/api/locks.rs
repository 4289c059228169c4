//! Owns what the locks of refreshes are on, in words, for `pg_tviews_locks`.

use crate::catalog::{self, Tview};
use crate::error::Result;
use crate::pg::lock::Target;
use pgrx::pg_sys::Oid;

/// The kind of a lock and what it is on; `None` for one that is not of a TVIEW.
pub(super) fn target(
    tview: Oid,
    hash: u32,
    part: i16,
) -> Result<Option<(&'static str, Option<String>)>> {
    let Some(target) = Target::of_lock(hash, part) else {
        return Ok(None);
    };
    let kind = match target {
        Target::Table => "table",
        Target::Key(_) => "key",
        Target::Value(..) => "value",
    };
    // Who looks for what others wait for is not to wait with them.
    if !catalog::is_free(tview)? {
        return Ok(Some((kind, None)));
    }
    let words = |tview: &Tview| match target {
        Target::Table => None,
        Target::Key(hash) => Some(key(tview, hash)),
        Target::Value(edge, hash) => value(tview, edge, hash),
    };
    Ok(catalog::tview(tview)?.map(|tview| (kind, words(&tview))))
}

fn key(tview: &Tview, hash: u32) -> String {
    let names = tview
        .locking
        .parts
        .iter()
        .map(|p| &tview.graph.key[*p].name);
    let names: Vec<String> = names.cloned().collect();
    described(&names.join(", "), tview.locking.describe_key(hash), hash)
}

fn value(tview: &Tview, number: u16, hash: u32) -> Option<String> {
    let mut edges = tview.locking.edges.iter();
    let edge = edges.find(|e| e.number == number)?;
    Some(described(&edge.label, edge.child.describe(hash), hash))
}

fn described(what: &str, value: Option<String>, hash: u32) -> String {
    match value {
        Some(value) => format!("{what} {value}"),
        None => format!("{what} with hash {hash:08x}"),
    }
}
