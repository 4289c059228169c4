//! Owns the way back: a TVIEW that is dropped, or whose table or backing view is gone.

use super::own::OwnCommand;
use super::shape::find_owned;
use super::triggers::{drop_triggers, release_source};
use crate::catalog;
use crate::error::{Error, Result};
use crate::pg::guard::{Level, tell};
use crate::pg::identity::Superuser;
use crate::pg::relation;
use crate::pg::snapshot::Snapshot;
use crate::pg::spi::{Args, Session};
use pgrx::pg_sys::Oid;

/// A TVIEW whose table or backing view was dropped: its catalog rows and triggers go; the other
/// half goes too if it is ours (`view`), and stays as it is otherwise. `fate` tells what became of
/// the view.
pub(crate) fn forget(session: &Session, relid: Oid, view: Option<Oid>, fate: &str) -> Result<()> {
    let table = relation::name(relid);
    unregister(session, relid)?;
    match (table, view) {
        (Some(name), _) => {
            let message = format!("table \"{}\" is no longer a TVIEW", name.name);
            let detail = format!("Its backing view {fate}. The table keeps its rows.");
            tell(Level::Notice, &message, Some(&detail), None);
            Ok(())
        }
        (None, Some(view)) => drop_view(session, view),
        (None, None) => Ok(()),
    }
}

/// Drops a TVIEW, and the view made for it; false if there is no such table and that is allowed.
pub(crate) fn drop_now(text: &str, if_exists: bool) -> Result<bool> {
    if if_exists && relation::find(text).is_none() {
        let message = format!("relation \"{text}\" does not exist, skipping");
        tell(Level::Notice, &message, None, None);
        return Ok(false);
    }
    let relid = find_owned(text)?;
    let name = relation::name(relid).ok_or_else(|| Error::UndefinedTable(text.to_owned()))?;
    if !catalog::is_tview(relid)? {
        return Err(Error::NotTview(name.name));
    }
    let session = Session::open();
    // The event trigger on sql_drop does the rest, as after any DROP TABLE.
    let text = ["DROP TABLE ", &name.sql()].concat();
    session.run_once(&text, &Args::none(), Snapshot::of_statement())?;
    Ok(true)
}

pub(super) fn drop_view(session: &Session, view: Oid) -> Result<()> {
    match relation::name(view) {
        Some(name) => {
            let _superuser = Superuser::start();
            let _own = OwnCommand::start();
            let text = ["DROP VIEW ", &name.sql()].concat();
            session
                .run_once(&text, &Args::none(), Snapshot::of_statement())
                .map(|_| ())
        }
        None => Ok(()),
    }
}

/// Makes a TVIEW an ordinary table again: no guard, no catalog rows; triggers leave sources that
/// no other TVIEW reads. The backing view stays.
fn unregister(session: &Session, relid: Oid) -> Result<()> {
    let text = "DELETE FROM {schema}.pg_tviews_catalog WHERE tview = $1::pg_catalog.oid";
    catalog::run(session, text, &Args::none().with(relid))?;
    let text = "DELETE FROM {schema}.pg_tviews_source s WHERE s.tview = $1::pg_catalog.oid \
                RETURNING s.source::pg_catalog.oid";
    let rows = catalog::run(session, text, &Args::none().with(relid))?;
    for row in 0..rows.len() {
        if let Some(source) = rows.get::<Oid>(row, 1) {
            release_source(session, source)?;
        }
    }
    if relation::class(relid).is_none() {
        return Ok(());
    }
    for member in relation::with_children(relid) {
        drop_triggers(session, member, "pg_tviews_guard")?;
    }
    relation::invalidate(relid);
    Ok(())
}

/// A source that the definition no longer reads.
pub(super) fn unregister_source(session: &Session, relid: Oid, source: Oid) -> Result<()> {
    let text = "DELETE FROM {schema}.pg_tviews_source \
                WHERE tview = $1::pg_catalog.oid AND source = $2::pg_catalog.oid";
    catalog::run(session, text, &Args::none().with(relid).with(source))?;
    relation::invalidate(relid);
    release_source(session, source)
}
