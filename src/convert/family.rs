//! Owns what happens when tables join or leave the family of a source (partitions, inheritance
//! children) or of a TVIEW, or its triggers are put into another mode: the triggers follow, and
//! the TVIEWs whose rows came or went without a write are compared as a whole.

use super::shape::{IN_A_TREE, UNDER_ROW_SECURITY, is_unlogged};
use super::triggers::{
    check_triggers, drop_triggers, family, give_view, place_capture, place_guard, release_source,
    restore_modes,
};
use super::{check_right, check_row_security, routes};
use crate::catalog::{self, Reader, Tview};
use crate::error::{Error, Result};
use crate::lineage::model::Source;
use crate::name::Column;
use crate::pg::command::Reshaping;
use crate::pg::relation;
use crate::pg::snapshot;
use crate::pg::spi::{Args, Session};
use crate::queue;
use pgrx::pg_sys::Oid;
use std::rc::Rc;

/// What a command altered.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Altered {
    Table(Reshaping),
    /// Triggers or rules on it; a restore makes ours before the TVIEWs are known, if they ever are.
    Triggers,
}

/// A table was created or altered.
pub(crate) fn follow(session: &Session, relid: Oid, altered: Altered) -> Result<()> {
    let text = include_str!("../../sql/statements/is_of_interest.sql");
    let is_of_interest = catalog::run(session, text, &Args::none().with(relid))?.get(0, 1);
    if is_of_interest != Some(true) {
        return Ok(());
    }
    let members = family(session, relid)?;
    if altered == Altered::Triggers {
        check_triggers(session, &members)?;
    }
    let was_unwatched = restore_modes(session, &members)?;
    for member in &members {
        check_tview(session, *member, members.len())?;
    }
    let text = include_str!("../../sql/statements/partitioned.sql");
    settle_partitions(session, text, &Args::none().with(members.clone()))?;
    let text = include_str!("../../sql/statements/families.sql");
    settle(
        session,
        text,
        &Args::none().with(relid).with(members.clone()),
    )?;
    let Altered::Table(reshaping) = altered else {
        return Ok(());
    };
    if let Some(tview) = complete(session, relid)?
        && has_other_values(&tview, reshaping)
    {
        queue::add(|adding| adding.whole(relid));
    }
    for Reader { tview, .. } in catalog::readers(relid)? {
        let is_altered = |s: &Source| members.contains(&Oid::from(s.relid)) && can_alter(s);
        let Some(loaded) = complete(session, tview)? else {
            continue;
        };
        check_row_security(
            &loaded.name.name,
            &loaded.graph,
            &loaded.views,
            loaded.owner,
        )?;
        let is_reshaped = reshaping != Reshaping::None;
        if was_unwatched || is_reshaped && loaded.graph.sources.iter().any(is_altered) {
            queue::add(|adding| adding.whole(tview));
        }
    }
    Ok(())
}

/// Compares the families of some sources with what they were: where one has changed, its tables are
/// watched, those that left are so no more, and the TVIEW is compared.
fn settle(session: &Session, text: &str, args: &Args) -> Result<()> {
    let rows = catalog::run(session, text, args)?;
    for row in 0..rows.len() {
        let (Some(tview), Some(source)) = (rows.get::<Oid>(row, 1), rows.get::<Oid>(row, 2)) else {
            continue;
        };
        let mut now = family(session, source)?;
        let mut then: Vec<Oid> = rows.get(row, 3).unwrap_or_default();
        now.sort_unstable_by_key(|m| m.to_u32());
        then.sort_unstable_by_key(|m| m.to_u32());
        if now == then {
            continue;
        }
        // What may not be read is refused before a trigger is put on it.
        complete(session, tview)?;
        for member in &now {
            place_capture(session, *member)?;
        }
        let known = |m: &&Oid| relation::class(**m).is_some();
        now.iter()
            .chain(&then)
            .filter(known)
            .for_each(|m| relation::invalidate(*m));
        let text = "UPDATE {schema}.pg_tviews_source SET family = $3::pg_catalog.oid[]::pg_catalog.regclass[] \
                    WHERE tview = $1::pg_catalog.oid AND source = $2::pg_catalog.oid";
        catalog::run(
            session,
            text,
            &Args::none().with(tview).with(source).with(now.clone()),
        )?;
        for left in then.iter().filter(|m| !now.contains(m)) {
            release_source(session, *left)?;
        }
        queue::add(|adding| adding.whole(tview));
    }
    Ok(())
}

/// Whether ALTER TABLE can change what the query sees of the source without a write: names and number
/// of columns of whole rows, expressions of generated ones.
fn can_alter(source: &Source) -> bool {
    let is_used = |c: &&Column| source.used.contains(&c.attribute);
    source.is_read_whole || source.columns.iter().filter(is_used).any(|c| c.is_computed)
}

/// Whether a column of the query may have other values than before: by USING, dropped and added again, or
/// come to be one, where the user's own view has had it.
fn has_other_values(tview: &Tview, reshaping: Reshaping) -> bool {
    match reshaping {
        Reshaping::None => false,
        Reshaping::Named => !tview.owns_view,
        Reshaping::Changed => true,
    }
}

/// What a TVIEW cannot do without must still be there, which loading it finds out; its own view
/// follows it to another owner.
fn check_tview(session: &Session, relid: Oid, relatives: usize) -> Result<()> {
    let (Some(tview), Some(class)) = (complete(session, relid)?, relation::class(relid)) else {
        return Ok(());
    };
    let unfit = match class.kind {
        _ if is_unlogged(relid) => Some(("unlogged", "A crash would empty it: leave it logged.")),
        b'r' if relatives > 1 => Some(IN_A_TREE),
        _ if class.is_partition => Some(IN_A_TREE),
        _ if relation::is_row_security_active(relid, class.owner) => Some(UNDER_ROW_SECURITY),
        _ => None,
    };
    if let Some((state, hint)) = unfit {
        return Err(Error::TviewState {
            table: tview.name.name.clone(),
            state,
            hint,
        });
    }
    check_row_security(&tview.name.name, &tview.graph, &tview.views, class.owner)?;
    let view = relation::class(tview.view);
    if !view.is_some_and(|v| tview.owns_view && v.owner != class.owner) {
        return Ok(());
    }
    for source in &tview.graph.sources {
        check_right(source, class.owner)?;
    }
    give_view(session, tview.view, class.owner)?;
    try_out_as_owner(session, relid)
}

/// Lets a new owner evaluate the query, as the next refresh will.
fn try_out_as_owner(session: &Session, relid: Oid) -> Result<()> {
    snapshot::advance();
    let Some(tview) = complete(session, relid)? else {
        return Ok(());
    };
    routes::try_out(&tview)
}

/// Tables were dropped.
pub(crate) fn follow_dropped(session: &Session) -> Result<()> {
    let text = include_str!("../../sql/statements/partitioned_dropped.sql");
    settle_partitions(session, text, &Args::none())?;
    let text = include_str!("../../sql/statements/families_dropped.sql");
    settle(session, text, &Args::none())
}

/// Compares the partitions of some TVIEWs with what they were: those that joined get the guard,
/// those that left lose it, and rows came or went with them.
fn settle_partitions(session: &Session, text: &str, args: &Args) -> Result<()> {
    let rows = catalog::run(session, text, args)?;
    for row in 0..rows.len() {
        let Some(tview) = rows.get::<Oid>(row, 1) else {
            continue;
        };
        let then: Vec<Oid> = rows.get(row, 2).unwrap_or_default();
        let now = relation::with_children(tview);
        let joined: Vec<&Oid> = now.iter().filter(|m| !then.contains(m)).collect();
        let left: Vec<&Oid> = then.iter().filter(|m| !now.contains(m)).collect();
        if joined.is_empty() && left.is_empty() {
            continue;
        }
        for member in joined {
            place_guard(session, *member)?;
        }
        for member in left {
            drop_triggers(session, *member, "pg_tviews_guard")?;
        }
        relation::invalidate(tview);
        let text = "UPDATE {schema}.pg_tviews_catalog SET family = $2::pg_catalog.oid[]::pg_catalog.regclass[] \
                    WHERE tview = $1::pg_catalog.oid";
        catalog::run(session, text, &Args::none().with(tview).with(now))?;
        queue::add(|adding| adding.whole(tview));
    }
    Ok(())
}

/// A TVIEW, unless it is only being restored from a dump.
pub(super) fn complete(session: &Session, oid: Oid) -> Result<Option<Rc<Tview>>> {
    let text = include_str!("../../sql/statements/is_complete.sql");
    let is_complete = catalog::run(session, text, &Args::none().with(oid))?.get(0, 1);
    match is_complete {
        Some(true) => catalog::tview(oid),
        _ => Ok(None),
    }
}

/// The first column of what a statement gives.
pub(super) fn tviews(session: &Session, text: &str, args: &Args) -> Result<Vec<Oid>> {
    let rows = catalog::run(session, text, args)?;
    Ok((0..rows.len()).filter_map(|r| rows.get(r, 1)).collect())
}
