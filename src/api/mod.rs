//! Owns the functions a user calls. Each does its work inside [`boundary`], so that an error
//! reaches the client with PostgreSQL's own fields or ours, and declares nothing itself: the SQL
//! side is `sql/functions.sql`, the reference `docs/functions.md`.

mod check_query;
mod diagram;
mod explain;
mod graph;
mod health;
mod locks;
mod observe;
mod verify;

use crate::catalog::{self, Tview};
use crate::error::{Error, Result};
use crate::pg::guard::{boundary, within};
use crate::pg::procedure::Procedure;
use crate::pg::relation;
use crate::{convert, ddl, refresh};
use pgrx::JsonB;
use pgrx::pg_sys::{self, Oid};
use pgrx::prelude::*;
use std::rc::Rc;

/// A TVIEW by the name a user gave. Errors: 42P01, 42809.
fn find_tview(text: &str) -> Result<Rc<Tview>> {
    let relid = relation::find(text).ok_or_else(|| Error::UndefinedTable(text.to_owned()))?;
    let name = relation::name(relid).map(|n| n.name).unwrap_or_default();
    let kind = relation::class(relid).map_or(b'r', |c| c.kind);
    if !matches!(kind, b'r' | b'p') {
        return Err(Error::NotATable {
            name,
            kind: relation::kind_words(kind),
        });
    }
    catalog::tview(relid)?.ok_or(Error::NotTview(name))
}

/// Brings up to date what this transaction owes, as a read would.
fn flush() -> Result<()> {
    refresh::flush()
}

#[pg_extern(sql = false)]
fn pg_tviews_convert_existing_table(table_name: Option<&str>, query: Option<&str>) -> Option<Oid> {
    boundary(|| {
        table_name
            .map(|name| convert::convert_now(name, query))
            .transpose()
    })
}

#[pg_extern(sql = false)]
fn pg_tviews_create(name: &str, query: &str) -> Oid {
    boundary(|| convert::create_now(name, query))
}

#[pg_extern(sql = false)]
fn pg_tviews_create_concurrently(
    name: Option<&str>,
    query: Option<&str>,
    fcinfo: pg_sys::FunctionCallInfo,
) {
    // SAFETY: the call's own.
    let procedure = unsafe { Procedure::open(fcinfo) };
    boundary(|| {
        let procedure = procedure.ok_or(Error::InTransaction("pg_tviews_create_concurrently"))?;
        match (name, query) {
            (Some(name), Some(query)) => convert::create_concurrently(&procedure, name, query),
            _ => Ok(()),
        }
    });
}

#[pg_extern(sql = false)]
fn pg_tviews_alter(name: &str, query: &str) -> Oid {
    boundary(|| convert::alter_now(name, query))
}

#[pg_extern(sql = false)]
fn pg_tviews_drop(name: &str, if_exists: bool) -> bool {
    boundary(|| convert::drop_now(name, if_exists))
}

#[pg_extern(sql = false)]
fn pg_tviews_refresh(name: &str) -> i64 {
    boundary(|| {
        convert::find_owned(name)?;
        let tview = find_tview(name)?;
        flush()?;
        let what = format!("refreshing TVIEW \"{}\"", tview.name.name);
        let written = within(what, relation::role_name(tview.owner), || {
            refresh::refresh_whole(&tview)
        })?;
        Ok(written.total() as i64)
    })
}

#[pg_extern(sql = false)]
fn pg_tviews_flush() {
    boundary(flush);
}

#[pg_extern(sql = false)]
fn pg_tviews_version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// What version 0.1.0 of the extension calls.
#[pg_extern(sql = false)]
fn pg_tviews_verify(
    name: Option<&str>,
) -> TableIterator<
    'static,
    (
        name!(table_name, Oid),
        name!(missing, i64),
        name!(extra, i64),
        name!(different, i64),
    ),
> {
    TableIterator::new(boundary(|| verify::verify(name, None)))
}

#[pg_extern(sql = false)]
fn pg_tviews_verify_sample(
    name: Option<&str>,
    sample: Option<i64>,
) -> TableIterator<
    'static,
    (
        name!(table_name, Oid),
        name!(missing, i64),
        name!(extra, i64),
        name!(different, i64),
    ),
> {
    TableIterator::new(boundary(|| verify::verify(name, sample)))
}

#[pg_extern(sql = false)]
fn pg_tviews_repair(name: &str) -> i64 {
    boundary(|| Ok(convert::repair_now(name)? as i64))
}

#[pg_extern(sql = false)]
fn pg_tviews_health_check() -> TableIterator<
    'static,
    (
        name!(severity, String),
        name!(object, String),
        name!(message, String),
        name!(remedy, Option<String>),
    ),
> {
    let found = boundary(|| health::check(pg_tviews_version(), ddl::is_preloaded()));
    TableIterator::new(
        found
            .into_iter()
            .map(|f| (f.severity, f.object, f.message, f.remedy)),
    )
}

/// What version 0.1.0 of the extension calls.
#[pg_extern(sql = false)]
#[allow(clippy::type_complexity)]
fn pg_tviews_explain(
    name: &str,
) -> TableIterator<
    'static,
    (
        name!(source, String),
        name!(alias, String),
        name!(route, String),
        name!(path, String),
        name!(columns_used, Vec<String>),
        name!(key_query, Option<String>),
        name!(reason, Option<&'static str>),
        name!(remedy, Option<&'static str>),
        name!(missing_indexes, Vec<String>),
    ),
> {
    let rows = boundary(|| explain::explain(&*find_tview(name)?));
    TableIterator::new(rows.into_iter().map(|r| {
        (
            r.source,
            r.alias,
            r.route.to_owned(),
            r.path,
            r.columns_used,
            r.key_query,
            r.reason,
            r.remedy,
            r.missing_indexes,
        )
    }))
}

#[pg_extern(sql = false)]
#[allow(clippy::type_complexity)]
fn pg_tviews_explain_patches(
    name: &str,
) -> TableIterator<
    'static,
    (
        name!(source, String),
        name!(alias, String),
        name!(route, String),
        name!(path, String),
        name!(columns_used, Vec<String>),
        name!(columns_patched, Vec<String>),
        name!(key_query, Option<String>),
        name!(reason, Option<&'static str>),
        name!(remedy, Option<&'static str>),
        name!(missing_indexes, Vec<String>),
    ),
> {
    let rows = boundary(|| explain::explain(&*find_tview(name)?));
    TableIterator::new(rows.into_iter().map(|r| {
        (
            r.source,
            r.alias,
            r.route.to_owned(),
            r.path,
            r.columns_used,
            r.columns_patched,
            r.key_query,
            r.reason,
            r.remedy,
            r.missing_indexes,
        )
    }))
}

#[pg_extern(sql = false)]
fn pg_tviews_explain_json(name: &str) -> JsonB {
    JsonB(boundary(|| explain::explain_json(&*find_tview(name)?)))
}

#[pg_extern(sql = false)]
#[allow(clippy::type_complexity)]
fn pg_tviews_check_query(
    query: Option<&str>,
    name: Option<&str>,
) -> TableIterator<
    'static,
    (
        name!(severity, &'static str),
        name!(source, Option<String>),
        name!(alias, Option<String>),
        name!(route, Option<&'static str>),
        name!(path, Option<String>),
        name!(columns_used, Option<Vec<String>>),
        name!(reason, Option<String>),
        name!(remedy, Option<String>),
        name!(missing_indexes, Option<Vec<String>>),
    ),
> {
    let rows = boundary(|| match query {
        Some(query) => check_query::check_query(query, name),
        None => Ok(Vec::new()),
    });
    TableIterator::new(rows.into_iter().map(|r| {
        (
            r.severity,
            r.source,
            r.alias,
            r.route,
            r.path,
            r.columns_used,
            r.reason,
            r.remedy,
            r.missing_indexes,
        )
    }))
}

#[pg_extern(sql = false)]
fn pg_tviews_graph(name: Option<&str>, format: Option<&str>) -> String {
    boundary(|| graph::graph(name, format))
}

#[pg_extern(sql = false)]
fn pg_tviews_lock_target(
    tview: Oid,
    hash: Oid,
    part: i16,
) -> TableIterator<'static, (name!(kind, &'static str), name!(target, Option<String>))> {
    let found = boundary(|| locks::target(tview, hash.to_u32(), part));
    TableIterator::new(found)
}
