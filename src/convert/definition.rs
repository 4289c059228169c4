//! Owns what happens when something that definitions rest on is replaced or altered: a view, a
//! type, a function. The TVIEWs concerned are analysed anew, which refuses what cannot be
//! maintained; they get their new sources, let go of the others, and are compared as a whole.

use super::family::{complete, tviews};
use super::install::{check_no_circle, register_source};
use super::retire::unregister_source;
use super::triggers::family;
use super::{check_right, check_row_security, lock_sources, routes};
use crate::catalog::{self, Tview};
use crate::error::{Error, Result};
use crate::lineage::model::Graph;
use crate::pg::function::{self, Lock};
use crate::pg::relation;
use crate::pg::spi::{Args, Session};
use crate::queue;
use pgrx::pg_sys::{self, Oid};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

/// A function, a type or a view that a query rests on.
struct Object {
    class: Oid,
    oid: Oid,
    description: String,
    is_temporary: bool,
}

/// What did not come with PostgreSQL of what a query rests on, in the order in which it is locked.
fn rests_on(session: &Session, graph: &Graph) -> Result<Vec<Object>> {
    let user_defined = |all: &BTreeSet<u32>| -> Vec<Oid> {
        let all = all.iter().filter(|o| function::is_user_defined(**o));
        all.map(|o| Oid::from(*o)).collect()
    };
    let (functions, types) = (user_defined(&graph.functions), user_defined(&graph.types));
    if functions.is_empty() && types.is_empty() {
        return Ok(Vec::new());
    }
    let text = include_str!("../../sql/statements/rests_on.sql");
    let rows = catalog::run(session, text, &Args::none().with(functions).with(types))?;
    let object = |row| {
        Some(Object {
            class: rows.get(row, 1)?,
            oid: rows.get(row, 2)?,
            description: rows.get(row, 3)?,
            is_temporary: rows.get(row, 4)?,
        })
    };
    Ok((0..rows.len()).filter_map(object).collect())
}

/// Refuses what is gone when the session ends, and would take the TVIEW's query along.
pub(super) fn check_definition(session: &Session, graph: &Graph) -> Result<()> {
    match rests_on(session, graph)?
        .into_iter()
        .find(|o| o.is_temporary)
    {
        None => Ok(()),
        Some(object) => Err(Error::Temporary(object.description)),
    }
}

/// Keeps the functions and types on which a query rests from being replaced: a replacement either was
/// before, or waits and then finds the TVIEW.
pub(super) fn lock_definition(session: &Session, graph: &Graph) -> Result<()> {
    let mut locked: HashSet<(Oid, Oid)> = HashSet::new();
    // A replacement that is waited for may rest on others than it did.
    loop {
        let mut more = rests_on(session, graph)?;
        more.retain(|o| locked.insert((o.class, o.oid)));
        if more.is_empty() {
            return check_definition(session, graph);
        }
        for object in more {
            if object.class == pg_sys::RelationRelationId {
                relation::lock(object.oid, relation::Lock::Definition);
            } else if !function::lock(object.class, object.oid, Lock::Use) {
                return Err(Error::Dropped(object.description));
            }
        }
    }
}

/// The object `object` in the catalog `class` was replaced or altered.
pub(crate) fn follow_definition(session: &Session, class: Oid, object: Oid) -> Result<()> {
    if class != pg_sys::RelationRelationId {
        function::lock(class, object, Lock::Replacement);
    }
    let text = include_str!("../../sql/statements/dependents.sql");
    let args = Args::none().with(class).with(object);
    let mut concerned: Vec<Rc<Tview>> = Vec::new();
    for oid in tviews(session, text, &args)? {
        // Statements of ours name functions and enum values, of which no relation tells.
        relation::invalidate(oid);
        catalog::invalidate(oid);
        concerned.extend(complete(session, oid)?);
    }
    // Against writers, who may still compute with the old definition; all at once, in the writers' order.
    lock_sources(session, concerned.iter().map(|t| (&t.graph, &t.views[..])))?;
    for tview in concerned {
        settle_sources(session, &tview)?;
        // Types and functions do not make routes.
        if class == pg_sys::RelationRelationId {
            routes::judge(&tview)?;
        }
        queue::add(|adding| adding.whole(tview.oid));
    }
    Ok(())
}

/// Registers sources that are new, and lets go of those that are no more.
pub(super) fn settle_sources(session: &Session, tview: &Tview) -> Result<()> {
    let oid = tview.oid;
    let registered = registered(session, oid)?;
    let sources: Vec<Oid> = tview.graph.tables().into_iter().map(Oid::from).collect();
    check_no_circle(session, oid, &tview.name, &sources)?;
    for source in &tview.graph.sources {
        if !registered.contains(&Oid::from(source.relid)) {
            check_right(source, tview.owner)?;
        }
    }
    check_row_security(&tview.name.name, &tview.graph, &tview.views, tview.owner)?;
    for source in sources.iter().filter(|s| !registered.contains(s)) {
        register_source(session, oid, *source)?;
    }
    for source in registered.iter().filter(|s| !sources.contains(s)) {
        unregister_source(session, oid, *source)?;
    }
    Ok(())
}

/// Whether a TVIEW is registered for the tables that it reads, each with all through which its rows are written.
pub(crate) fn is_registered(session: &Session, tview: &Tview) -> Result<bool> {
    let text = "SELECT source::pg_catalog.oid, family::pg_catalog.oid[] FROM {schema}.pg_tviews_source \
                WHERE tview = $1::pg_catalog.oid";
    let rows = catalog::run(session, text, &Args::none().with(tview.oid))?;
    let mut registered: HashMap<Oid, HashSet<Oid>> = HashMap::new();
    for row in 0..rows.len() {
        let members: Vec<Oid> = rows.get(row, 2).unwrap_or_default();
        let source = rows.get(row, 1).unwrap_or(Oid::INVALID);
        registered.insert(source, members.into_iter().collect());
    }
    let mut read: HashMap<Oid, HashSet<Oid>> = HashMap::new();
    for source in tview.graph.tables().into_iter().map(Oid::from) {
        read.insert(source, family(session, source)?.into_iter().collect());
    }
    Ok(registered == read)
}

/// The sources that a TVIEW is registered for.
pub(super) fn registered(session: &Session, tview: Oid) -> Result<Vec<Oid>> {
    let text = "SELECT source::pg_catalog.oid FROM {schema}.pg_tviews_source \
                WHERE tview = $1::pg_catalog.oid ORDER BY 1";
    tviews(session, text, &Args::none().with(tview))
}
