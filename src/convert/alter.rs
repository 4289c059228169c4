//! Owns the change of a TVIEW's definition in place. The table stays, with its indexes, rights and comments;
//! its columns and the backing view follow the new query, and the rows that differ are written.

use super::ahead::LAST_SOURCES;
use super::definition::{lock_definition, registered, settle_sources};
use super::family::{complete, tviews};
use super::install::{create_view, existing_view, pinned_settings};
use super::own::OwnCommand;
use super::retire::drop_view;
use super::shape::{entity, find_owned, missing_columns};
use super::triggers::family;
use super::{Examined, check_right, examine, in_order, routes, tell_reconciled};
use crate::catalog::{self, Tview};
use crate::error::{Error, Result};
use crate::name::{Column, Name, quote};
use crate::pg::function;
use crate::pg::guard::within;
use crate::pg::identity::{Bounds, Identity, Settings};
use crate::pg::node::{Target, Tree};
use crate::pg::relation::{self, Lock, columns};
use crate::pg::snapshot::{self, Snapshot};
use crate::pg::spi::{Args, Session};
use crate::pg::transaction;
use crate::progress;
use crate::refresh;
use pgrx::pg_sys::Oid;
use std::collections::HashSet;
use std::rc::Rc;

/// Gives a TVIEW another query; a NOTICE counts the rows that had to be written.
pub(crate) fn alter_now(text: &str, definition: &str) -> Result<Oid> {
    let relid = find_owned(text)?;
    // What is owed is owed by the definition so far.
    refresh::flush()?;
    let name = relation::name(relid).ok_or_else(|| Error::UndefinedTable(text.to_owned()))?;
    if !catalog::is_tview(relid)? {
        return Err(Error::NotTview(name.name));
    }
    transaction::refuse_if_read_only(c"pg_tviews_alter()");
    let tree = Tree::parse(definition, &name.name)?;
    let owner = relation::class(relid).map(|c| c.owner);
    let owner = owner.ok_or_else(|| Error::UndefinedTable(text.to_owned()))?;
    within(
        format!("altering TVIEW \"{}\"", name.name),
        relation::role_name(owner),
        || alter(relid, &name, owner, tree),
    )?;
    Ok(relid)
}

fn alter(relid: Oid, name: &Name, owner: Oid, tree: Tree) -> Result<()> {
    let targets = tree.query().columns();
    let names: Vec<String> = targets.iter().map(|t| t.name()).collect();
    let typed = targets.iter().map(|t| t.expr.type_oid());
    if let Some(missing) = missing_columns(names.iter().map(String::as_str).zip(typed)) {
        return Err(Error::Shape {
            table: name.name.clone(),
            missing,
        });
    }
    let progress = progress::start("alter", transaction::database(), relid);
    let examined = examine(&tree, &names, entity(name).unwrap_or_default())?;
    let session = Session::open();
    for source in &examined.graph.sources {
        check_right(source, owner)?;
    }
    progress.phase("locking sources");
    lock(&session, relid, &examined)?;
    progress.phase("installing");
    let not_tview = || Error::NotTview(name.name.clone());
    let before = complete(&session, relid)?.ok_or_else(not_tview)?;
    if before.owns_view && examined.views.contains(&before.view) {
        return Err(Error::Circle(name.name.clone()));
    }
    let required = columns(relid).into_iter().filter(|c| c.is_not_null);
    let required: Vec<String> = required.map(|c| c.name).collect();
    let _owner = Identity::switch(owner, Bounds::LocalUser);
    change_columns(&session, &before, tree, &names)?;
    let tview = catalog::tview(relid)?.ok_or_else(not_tview)?;
    settle_sources(&session, &tview)?;
    relation::invalidate(relid);
    snapshot::advance();
    let tview = catalog::tview(relid)?.ok_or_else(not_tview)?;
    routes::judge(&tview)?;
    routes::try_out(&tview)?;
    let written = refresh::refresh_whole(&tview)?;
    require(&session, &tview, &required)?;
    tell_reconciled(&tview.name, &written);
    Ok(())
}

/// Sets NOT NULL again where values have been computed anew.
fn require(session: &Session, tview: &Tview, required: &[String]) -> Result<()> {
    let lost = columns(tview.oid).into_iter();
    let lost = lost.filter(|c| !c.is_not_null && required.contains(&c.name));
    let set: Vec<String> = lost
        .map(|c| format!("ALTER COLUMN {} SET NOT NULL", quote(&c.name)))
        .collect();
    if set.is_empty() {
        return Ok(());
    }
    let _own = OwnCommand::start();
    let alter = ["ALTER TABLE ", &tview.name.sql(), " ", &set.join(", ")];
    session.run_once(&alter.concat(), &Args::none(), Snapshot::of_statement())?;
    Ok(())
}

/// Locks the sources against writers, in their order: those of the query so far and those of the new one. From
/// those that no TVIEW will read the triggers are dropped, which readers wait for.
fn lock(session: &Session, relid: Oid, examined: &Examined) -> Result<()> {
    lock_definition(session, &examined.graph)?;
    let new = examined.sources();
    let views = examined.views.iter();
    views.for_each(|v| relation::lock(*v, Lock::Definition));
    // Another session may have altered the TVIEW while its sources were waited for.
    let mut known = Vec::new();
    loop {
        let now = registered(session, relid)?;
        if now == known {
            return Ok(());
        }
        let last = tviews(session, LAST_SOURCES, &Args::none().with(vec![relid]))?;
        let mut released = HashSet::new();
        for source in last.into_iter().filter(|s| !new.contains(s)) {
            released.extend(family(session, source)?);
        }
        for member in in_order(session, now.iter().chain(&new).copied())? {
            let mode = match released.contains(&member) {
                true => Lock::All,
                false => Lock::Writers,
            };
            relation::lock(member, mode);
        }
        known = now;
    }
}

/// The backing view gets the query, the catalog learns of it, and the table gets its columns.
fn change_columns(
    session: &Session,
    before: &Rc<Tview>,
    mut tree: Tree,
    names: &[String],
) -> Result<()> {
    let settings = Settings::start();
    refresh::pin_execution(&settings);
    let gave: Vec<Column> = columns(before.view);
    let (view, owns_view) = {
        let _own = OwnCommand::start();
        match existing_view(&before.name, &tree) {
            Some(view) => (view, before.owns_view && view == before.view),
            None => {
                tree.inline_with_queries();
                (give_query(session, before, &tree, names)?, true)
            }
        }
    };
    let text = "UPDATE {schema}.pg_tviews_catalog \
                SET backing_view = $2::pg_catalog.oid, owns_view = $3, settings = $4 \
                WHERE tview = $1::pg_catalog.oid";
    let args = Args::none().with(before.oid).with(view).with(owns_view);
    catalog::run(session, text, &args.with(pinned_settings()))?;
    relation::invalidate(before.oid);
    snapshot::advance();
    let given: Vec<Column> = columns(view)
        .into_iter()
        .filter(|c| names.contains(&c.name))
        .collect();
    let changes = changes(before, &gave, &given)?;
    if !changes.is_empty() {
        // Not as a command of our own: TVIEWs that read this one follow, as after any ALTER TABLE.
        let alter = ["ALTER TABLE ", &before.name.sql(), " ", &changes.join(", ")];
        session.run_once(&alter.concat(), &Args::none(), Snapshot::of_statement())?;
    }
    match before.owns_view && view != before.view && relation::class(before.view).is_some() {
        true => drop_view(session, before.view),
        false => Ok(()),
    }
}

/// A view of ours with the new query: the same one where PostgreSQL can replace it, so that what reads it stays.
fn give_query(session: &Session, before: &Tview, tree: &Tree, names: &[String]) -> Result<Oid> {
    let table = &before.name;
    let listed: Vec<String> = names.iter().map(|n| quote(n)).collect();
    let Some(view) = relation::name(before.view).filter(|_| before.owns_view) else {
        return create_view(session, table, tree, names);
    };
    if !is_replaceable(before.view, tree) {
        drop_view(session, before.view)?;
        return create_view(session, table, tree, names);
    }
    let replace = [
        "CREATE OR REPLACE VIEW ",
        &view.sql(),
        " (",
        &listed.join(", "),
        ") AS ",
        &tree.deparse(),
    ]
    .concat();
    session.run_once(&replace, &Args::none(), Snapshot::of_statement())?;
    Ok(before.view)
}

/// Whether the query begins with the view's columns, as CREATE OR REPLACE VIEW asks for.
fn is_replaceable(view: Oid, tree: &Tree) -> bool {
    let (given, targets) = (columns(view), tree.query().columns());
    let is_same = |(column, target): (&Column, &Target<'_>)| {
        let (type_oid, collation) = (target.expr.type_oid(), target.expr.collation());
        column.name == target.name()
            && column.type_oid == type_oid.to_u32()
            && column.typmod == target.expr.typmod()
            && column.collation == function::collation(Oid::from(collation), type_oid)
    };
    given.len() <= targets.len() && given.iter().zip(&targets).all(is_same)
}

/// What ALTER TABLE has to do for the table to have the columns that its query gives.
fn changes(before: &Tview, gave: &[Column], given: &[Column]) -> Result<Vec<String>> {
    let now = columns(before.oid);
    let named = |columns: &[Column], name: &str| columns.iter().any(|c| c.name == name);
    let is_key = |c: &Column| before.graph.key.iter().any(|k| k.name == c.name);
    let mut changes = Vec::new();
    for column in &now {
        if named(gave, &column.name) && !named(given, &column.name) {
            if is_key(column) {
                return Err(Error::Keyless(before.name.name.clone()));
            }
            changes.push(format!("DROP COLUMN {}", quote(&column.name)));
        }
    }
    for column in given {
        let name = quote(&column.name);
        let type_oid = Oid::from(column.type_oid);
        let collation = column.collation.as_ref();
        let collation = collation.map_or(String::new(), |c| format!(" COLLATE {c}"));
        let type_name = match column.typmod {
            -1 => function::type_sql(type_oid),
            typmod => function::type_name(type_oid, typmod),
        };
        let Some(existing) = now.iter().find(|c| c.name == column.name) else {
            changes.push(format!("ADD COLUMN {name} {type_name}{collation}"));
            continue;
        };
        let mismatch = |detail: String| Error::ColumnMismatch {
            table: before.name.name.clone(),
            detail,
        };
        if existing.is_computed {
            let detail = "is a generated or identity column of the table";
            return Err(mismatch(format!("Column \"{}\" {detail}.", column.name)));
        }
        let is_same = existing.type_oid == column.type_oid
            && existing.typmod == column.typmod
            && existing.collation == column.collation;
        if is_same {
            continue;
        }
        let from = Oid::from(existing.type_oid);
        let using = match is_key(column) {
            true if function::is_assignable(from, type_oid) => "",
            true => {
                return Err(mismatch(format!(
                    "Key column \"{}\" cannot be changed from type {} to type {}.",
                    column.name,
                    function::type_name(from, existing.typmod),
                    function::type_name(type_oid, column.typmod)
                )));
            }
            // A cast that cannot fail; otherwise the values are computed anew.
            false if function::is_implicit(from, type_oid) && column.typmod == -1 => "",
            false => {
                if existing.is_not_null {
                    changes.push(format!("ALTER COLUMN {name} DROP NOT NULL"));
                }
                " USING NULL"
            }
        };
        changes.push(format!(
            "ALTER COLUMN {name} TYPE {type_name}{collation}{using}"
        ));
    }
    Ok(changes)
}
