//! Owns the locks that a statement takes ahead of PostgreSQL's own. Who replaces a view, or drops something, holds that
//! before it comes to the sources of the TVIEWs concerned; writers hold sources before they come to views and TVIEWs,
//! at COMMIT. So that both go in one order, the sources are locked before the statement runs.

use super::family::tviews;
use super::in_order;
use crate::error::Result;
use crate::pg::handlers::Change;
use crate::pg::identity::current_user;
use crate::pg::relation::{self, Lock};
use crate::pg::spi::{Args, Session};
use pgrx::pg_sys::{self, Oid};

/// Locks the sources that TVIEWs which rest on `relations` get, or let go of, by a change of these.
pub(crate) fn lock_ahead(relations: &[Oid], change: Change) -> Result<()> {
    let session = Session::open();
    let role = current_user();
    let mut concerned: Vec<Oid> = Vec::new();
    // PostgreSQL refuses the statement of anybody else, before it locks.
    for relid in relations.iter().filter(|r| relation::is_owner(**r, role)) {
        let text = include_str!("../../sql/statements/dependents.sql");
        let args = Args::none().with(pg_sys::RelationRelationId).with(*relid);
        concerned.push(*relid);
        concerned.extend(tviews(&session, text, &args)?);
    }
    if concerned.is_empty() {
        return Ok(());
    }
    let (lock, text) = match change {
        Change::Replace => (Lock::Writers, SOURCES),
        // Their triggers are dropped.
        Change::Drop => (Lock::All, LAST_SOURCES),
    };
    let sources = tviews(&session, text, &Args::none().with(concerned))?;
    for source in in_order(&session, sources.into_iter())? {
        relation::lock(source, lock);
    }
    Ok(())
}

const SOURCES: &str = "SELECT DISTINCT source::pg_catalog.oid FROM {schema}.pg_tviews_source \
                       WHERE tview::pg_catalog.oid = ANY ($1::pg_catalog.oid[])";

/// Those that no other TVIEW reads.
pub(super) const LAST_SOURCES: &str = "SELECT source::pg_catalog.oid FROM {schema}.pg_tviews_source GROUP BY source \
                            HAVING pg_catalog.bool_and(tview::pg_catalog.oid = ANY ($1::pg_catalog.oid[]))";
