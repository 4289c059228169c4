//! Owns the repair of a TVIEW that DDL has passed by unseen, with event triggers or triggers off, or that a partial
//! restore left behind: its triggers are put back, its sources registered, and its rows compared; those of other TVIEWs
//! that read the same sources are at COMMIT.

use super::definition::settle_sources;
use super::shape::find_owned;
use super::triggers::{Faulty, enable, faulty, replace};
use super::{Altered, follow, lock_sources};
use crate::catalog;
use crate::error::{Error, Result};
use crate::pg::command::Reshaping;
use crate::pg::guard::within;
use crate::pg::relation;
use crate::pg::snapshot;
use crate::pg::spi::Session;
use crate::pg::transaction;
use crate::queue;
use crate::refresh;
use pgrx::pg_sys::Oid;
use std::iter::once;

/// Gives the number of rows that had to be written.
pub(crate) fn repair_now(text: &str) -> Result<u64> {
    let relid = find_owned(text)?;
    refresh::flush()?;
    let name = relation::name(relid).map(|n| n.name).unwrap_or_default();
    if !catalog::is_tview(relid)? {
        return Err(Error::NotTview(name));
    }
    transaction::refuse_if_read_only(c"pg_tviews_repair()");
    let owner = relation::class(relid).map_or(Oid::INVALID, |c| c.owner);
    within(
        format!("repairing TVIEW \"{name}\""),
        relation::role_name(owner),
        || repair(relid),
    )
}

fn repair(relid: Oid) -> Result<u64> {
    let session = Session::open();
    let gone = || Error::NotTview(relid.to_u32().to_string());
    let tview = catalog::tview(relid)?.ok_or_else(gone)?;
    lock_sources(&session, once((&tview.graph, &tview.views[..])))?;
    settle_sources(&session, &tview)?;
    for table in tview
        .graph
        .tables()
        .into_iter()
        .map(Oid::from)
        .chain([relid])
    {
        follow(&session, table, Altered::Table(Reshaping::Named))?;
    }
    for fault in faulty(&session, relid)? {
        match &fault {
            Faulty { trigger: None, .. } => replace(&session, &fault)?,
            _ => enable(&session, &fault)?,
        }
        // What passed this one by may have passed by others.
        for other in catalog::readers(fault.table)? {
            queue::add(|adding| adding.whole(other.tview));
        }
    }
    relation::invalidate(relid);
    snapshot::advance();
    let tview = catalog::tview(relid)?.ok_or_else(gone)?;
    Ok(refresh::refresh_whole(&tview)?.total())
}
