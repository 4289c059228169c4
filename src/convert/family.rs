//! Owns what happens when tables join or leave the family of a source (partitions, inheritance
//! children) or its triggers are put into another mode: the triggers follow, and the TVIEWs whose
//! rows came or went without a write are compared as a whole.

use super::triggers::{drop_triggers, family, is_watched, place_capture, restore_modes};
use crate::catalog;
use crate::error::Result;
use crate::pg::relation;
use crate::pg::spi::{Args, Session};
use crate::queue;
use pgrx::pg_sys::Oid;

/// A table was created or altered.
pub(crate) fn follow(session: &Session, relid: Oid) -> Result<()> {
    restore_modes(session, relid)?;
    let members = family(session, relid)?;
    if members.len() < 2 && !is_watched(session, relid)? {
        return Ok(());
    }
    let text = include_str!("../../sql/statements/tviews_of_source.sql");
    let readers = tviews(session, text, &Args::none().with(relid))?;
    let mut is_changed = release_orphans(session)?;
    if !readers.is_empty() {
        for member in members {
            if place_capture(session, member)? {
                relation::invalidate(member);
                is_changed = true;
            }
        }
    }
    let readers = match readers.is_empty() && is_changed {
        // A child that left by its own command: what it left is no longer known.
        true => catalog::all(session)?,
        false => readers,
    };
    for tview in readers {
        let shows_new_columns = |t: &catalog::Tview| {
            t.graph
                .sources
                .iter()
                .any(|s| s.relid == relid.to_u32() && s.is_read_whole)
        };
        if is_changed || catalog::tview(tview)?.is_some_and(|t| shows_new_columns(&t)) {
            queue::add(|adding| adding.whole(tview));
        }
    }
    Ok(())
}

/// Tables were dropped.
pub(crate) fn follow_dropped(session: &Session) -> Result<()> {
    let text = include_str!("../../sql/statements/dropped_children.sql");
    for tview in tviews(session, text, &Args::none())? {
        queue::add(|adding| adding.whole(tview));
    }
    Ok(())
}

fn tviews(session: &Session, text: &str, args: &Args) -> Result<Vec<Oid>> {
    let rows = catalog::run(session, text, args)?;
    Ok((0..rows.len()).filter_map(|r| rows.get(r, 1)).collect())
}

/// Takes the triggers off tables that left; true if there were any.
fn release_orphans(session: &Session) -> Result<bool> {
    let orphans = tviews(
        session,
        include_str!("../../sql/statements/orphans.sql"),
        &Args::none(),
    )?;
    for orphan in &orphans {
        drop_triggers(session, *orphan, "pg_tviews_capture")?;
        relation::invalidate(*orphan);
    }
    Ok(!orphans.is_empty())
}
