//! Owns the conversion of a table into a TVIEW: which query defines it, what the query reads, and
//! the order of the steps. Called at commit for tables that the hook recorded ([`run_recorded`]),
//! and at once by the manual functions. The steps: [`shape`] checks, [`examine`] analyses,
//! [`check_and_lock`] keeps writers out, [`mod@install`] builds, and the rows are reconciled where they
//! may have fallen behind. [`retire`] is the way back.

mod ahead;
mod alter;
mod concurrently;
mod definition;
mod family;
mod install;
mod own;
mod repair;
mod retire;
mod routes;
mod shape;
mod survey;
mod triggers;

pub(crate) use ahead::lock_ahead;
pub(crate) use alter::alter_now;
pub(crate) use concurrently::BUILDING;
pub(crate) use concurrently::create_concurrently;
pub(crate) use definition::{follow_definition, is_registered};
pub(crate) use family::{Altered, follow, follow_dropped};
pub(crate) use own::is_own_command;
pub(crate) use repair::repair_now;
pub(crate) use retire::{drop_now, forget};
pub(crate) use routes::{FAILING, full};
pub(crate) use shape::{
    entity, find_owned, how_to_convert, how_to_convert_with_query, is_convertible, missing_columns,
};
pub(crate) use survey::survey;
pub(crate) use triggers::{Faulty, faulty};

use crate::catalog::{self, Tview};
use crate::error::{Error, Result};
use crate::lineage::model::{Graph, Source};
use crate::lineage::query;
use crate::name::{Column, Name, quote};
use crate::pg::guard::{Level, tell, within};
use crate::pg::identity::{Bounds, Identity, Settings, current_user};
use crate::pg::node::Tree;
use crate::pg::relation::{self, Lock};
use crate::pg::snapshot::{self, Freshness, Snapshot};
use crate::pg::spi::{Args, Session};
use crate::pg::transaction;
use crate::progress::{self, Progress};
use crate::queue::{self, Conversion};
use crate::refresh::{self, Written};
use definition::lock_definition;
use install::install;
pub(crate) use install::pinned_settings;
use own::OwnCommand;
use pgrx::pg_sys::Oid;
use shape::{check_columns, check_table};
use std::collections::BTreeSet;
use std::rc::Rc;
use triggers::levels;

/// What a defining query reads.
pub(crate) struct Examined {
    pub(crate) graph: Graph,
    pub(crate) views: Vec<Oid>,
}

impl Examined {
    /// The source tables, in the order of their OIDs.
    fn sources(&self) -> Vec<Oid> {
        self.graph.tables().into_iter().map(Oid::from).collect()
    }
}

/// Analyses a query that gives `columns`, before its table exists.
pub(crate) fn examine(tree: &Tree, columns: &[String], entity: &str) -> Result<Examined> {
    let mut tree = Tree::from_text(&tree.to_text())?;
    let settings = Settings::start();
    refresh::pin_execution(&settings);
    let views = tree.expand_views();
    let key_name = format!("pk_{entity}");
    let key = [key_name.as_str(), "id"].into_iter().find_map(|k| {
        Some((
            columns.iter().position(|c| c == k)? as i16 + 1,
            k.to_owned(),
        ))
    });
    let graph = query::analyse(tree.query(), key.as_slice())?;
    Ok(Examined { graph, views })
}

/// Checks that `role` may make a TVIEW of these sources, and locks them.
pub(crate) fn check_and_lock(
    tview: &str,
    Examined { graph, views }: &Examined,
    role: Oid,
) -> Result<()> {
    for source in &graph.sources {
        check_right(source, role)?;
    }
    check_row_security(tview, graph, views, role)?;
    lock_sources(&Session::open(), [(graph, &views[..])].into_iter())
}

/// Where a view of another owner reads a table, PostgreSQL knows as whom: then the first comparison fails,
/// as each does that row security would take part in.
fn check_row_security(tview: &str, graph: &Graph, views: &[Oid], role: Oid) -> Result<()> {
    let is_own = |v: &Oid| relation::class(*v).is_some_and(|c| c.owner == role);
    let applies = |s: &&Source| relation::is_row_security_active(Oid::from(s.relid), role);
    match graph.sources.iter().find(applies) {
        Some(source) if views.iter().all(is_own) => Err(Error::RowSecurity {
            table: source.name.name.clone(),
            role: relation::role_name(role),
            tview: tview.to_owned(),
        }),
        _ => Ok(()),
    }
}

fn check_right(source: &Source, role: Oid) -> Result<()> {
    if relation::may_watch(Oid::from(source.relid), role) {
        return Ok(());
    }
    let role = relation::role_name(role);
    let grant = [
        "GRANT SELECT, TRIGGER ON ",
        &relation::quote_if_needed(&source.name),
        " TO ",
        &relation::quote_identifier(&role),
    ];
    Err(Error::NoRight {
        table: source.name.name.clone(),
        role,
        grant: grant.concat(),
    })
}

/// Keeps functions and types from being replaced, and sources with all that could be written in their
/// place from being written.
fn lock_sources<'q>(
    session: &Session,
    queries: impl Iterator<Item = (&'q Graph, &'q [Oid])> + Clone,
) -> Result<()> {
    for (graph, _) in queries.clone() {
        lock_definition(session, graph)?;
    }
    let sources = queries.clone().flat_map(|(graph, _)| graph.tables());
    let members = in_order(session, sources.map(Oid::from))?;
    queries
        .flat_map(|(_, views)| views)
        .for_each(|v| relation::lock(*v, Lock::Definition));
    members
        .into_iter()
        .for_each(|m| relation::lock(m, Lock::Writers));
    Ok(())
}

/// Sources and their families in the order in which writers come by them: tables, then TVIEWs, which
/// are written at COMMIT, by their depth; parents before partitions and children; else by OID.
fn in_order(session: &Session, sources: impl Iterator<Item = Oid>) -> Result<Vec<Oid>> {
    let mut ordered: BTreeSet<(i32, i32, u32)> = BTreeSet::new();
    for source in sources {
        let depth = match catalog::is_tview(source)? {
            true => catalog::tview(source)?.map_or(0, |t| t.depth + 1),
            false => 0,
        };
        for (level, member) in levels(session, source)? {
            ordered.insert((depth, level, member.to_u32()));
        }
    }
    let members = ordered.into_iter();
    Ok(members.map(|(_, _, member)| Oid::from(member)).collect())
}

// ---- Conversions recorded for commit ------------------------------------------------------------

/// Converts what the hook recorded; called before COMMIT and PREPARE.
pub(crate) fn run_recorded() -> Result<()> {
    for conversion in queue::take_conversions() {
        let (Some(class), Some(name)) = (
            relation::class(conversion.relid),
            relation::name(conversion.relid),
        ) else {
            continue;
        };
        if entity(&name).is_none() {
            let message = format!(
                "table \"{}\" stays an ordinary table because its name is no longer of the form tv_<entity>",
                name.name
            );
            tell(Level::Notice, &message, None, None);
            continue;
        }
        let what = format!("converting table \"{}\" to a TVIEW at commit", name.name);
        within(what, relation::role_name(class.owner), || {
            let _owner = Identity::switch(class.owner, Bounds::LocalUser);
            convert_recorded(&conversion, &name)
        })?;
    }
    Ok(())
}

fn convert_recorded(conversion: &Conversion, name: &Name) -> Result<()> {
    check_table(conversion.relid)?;
    let progress = progress::start("create", transaction::database(), conversion.relid);
    let is_untouched = conversion.is_filled
        && conversion.command == snapshot::command_id()
        && !snapshot::is_per_transaction()
        && !queue::has_changes();
    let tree = Tree::from_text(&conversion.definition)?;
    if !tree.relations_exist() {
        return Err(Error::SourceGone {
            table: name.name.clone(),
        });
    }
    let columns = columns_as_created(conversion, name)?;
    let names: Vec<String> = columns.iter().map(|c| c.name.clone()).collect();
    let examined = examine(&tree, &names, entity(name).unwrap_or_default())?;
    progress.phase("locking sources");
    check_and_lock(&name.name, &examined, current_user())?;
    progress.phase("installing");
    let pinned = conversion.settings.clone();
    let tview = install(conversion.relid, name, tree, &examined, &columns, pinned)?;
    routes::judge(&tview)?;
    routes::try_out(&tview)?;
    // The view is made from text, which may mean another function than when the table was filled: one
    // created since that fits the arguments better.
    let is_same = tview.graph.functions == examined.graph.functions;
    if !(is_untouched && is_same) {
        let _settings = refresh::pin(&tview);
        refresh::reconcile(&Session::open(), &tview, Freshness::Latest)?;
    }
    Ok(())
}

/// The columns that the query gave, under the names they have now. The transaction may have added
/// others, which stay the user's.
fn columns_as_created(conversion: &Conversion, name: &Name) -> Result<Vec<Column>> {
    let now = relation::columns(conversion.relid);
    let as_created = |(attribute, type_oid, typmod): &(i16, u32, i32)| {
        let is_same = |c: &&Column| {
            c.attribute == *attribute && c.type_oid == *type_oid && c.typmod == *typmod
        };
        now.iter().find(is_same).cloned()
    };
    let columns: Option<Vec<Column>> = conversion.columns.iter().map(as_created).collect();
    columns.ok_or_else(|| Error::ColumnMismatch {
        table: name.name.clone(),
        detail:
            "A column that the query gives was dropped or changed its type in this transaction."
                .into(),
    })
}

// ---- The manual way -----------------------------------------------------------------------------

/// Converts an existing table at once; a NOTICE counts the rows that had to be written.
pub(crate) fn convert_now(text: &str, definition: Option<&str>) -> Result<Oid> {
    let relid = find_owned(text)?;
    // The query may read TVIEWs.
    refresh::flush()?;
    if catalog::is_tview(relid)? {
        let name = relation::name(relid).map(|n| n.name).unwrap_or_default();
        tell(
            Level::Notice,
            &format!("table \"{name}\" is already a TVIEW"),
            None,
            definition.map(|_| "pg_tviews_alter() gives a TVIEW another query."),
        );
        return Ok(relid);
    }
    let progress = progress::start("convert", transaction::database(), relid);
    let (name, tview) = become_tview(relid, definition, &progress)?;
    let written = {
        let _owner = Identity::switch(tview.owner, Bounds::LocalUser);
        let _settings = refresh::pin(&tview);
        refresh::reconcile(&Session::open(), &tview, Freshness::Latest)?
    };
    queue::forget_conversion(relid);
    tell_reconciled(&name, &written);
    Ok(relid)
}

/// Makes a table a TVIEW, whose rows are still to be brought up to date.
fn become_tview(
    relid: Oid,
    definition: Option<&str>,
    progress: &Progress,
) -> Result<(Name, Rc<Tview>)> {
    transaction::refuse_if_read_only(c"pg_tviews_convert_existing_table()");
    let name = check_table(relid)?;
    let tree = find_definition(relid, &name, definition)?;
    let columns = relation::columns(relid);
    check_columns(&name, &tree, &columns)?;
    let names: Vec<String> = columns.iter().map(|c| c.name.clone()).collect();
    let examined = examine(&tree, &names, entity(&name).unwrap_or_default())?;
    let owner = relation::class(relid).map_or(current_user(), |c| c.owner);
    progress.phase("locking sources");
    check_and_lock(&name.name, &examined, owner)?;
    progress.phase("installing");
    let _owner = Identity::switch(owner, Bounds::LocalUser);
    let pinned = pinned_settings();
    let tview = install(relid, &name, tree, &examined, &columns, pinned)?;
    routes::judge(&tview)?;
    routes::try_out(&tview)?;
    Ok((name, tview))
}

fn tell_reconciled(name: &Name, written: &Written) {
    let message = format!(
        "TVIEW \"{}\": {} rows inserted, {} updated, {} deleted",
        name.name, written.inserted, written.updated, written.deleted
    );
    tell(Level::Notice, &message, None, None);
}

/// Creates an empty table with the query's columns and converts it, which fills it.
pub(crate) fn create_now(text: &str, definition: &str) -> Result<Oid> {
    let tree = Tree::parse(definition, text)?;
    create_empty(&Session::open(), text, &tree)?;
    convert_now(text, Some(definition))
}

/// Creates an empty table with a query's columns.
fn create_empty(session: &Session, text: &str, tree: &Tree) -> Result<()> {
    let query = {
        let settings = Settings::start();
        refresh::pin_execution(&settings);
        tree.deparse()
    };
    let _own = OwnCommand::start();
    let name = relation::quote_text(text);
    let create = ["CREATE TABLE ", &name, " AS ", &query, " WITH NO DATA"].concat();
    session.run_once(&create, &Args::none(), Snapshot::of_statement())?;
    Ok(())
}

fn find_definition(relid: Oid, name: &Name, definition: Option<&str>) -> Result<Tree> {
    if let Some(text) = definition {
        return Tree::parse(text, &name.name);
    }
    if let Some(tree) = recorded_definition(relid)? {
        return Ok(tree);
    }
    let view = format!("v_{}", entity(name).unwrap_or_default());
    match relation::find_in(&name.schema, &view) {
        Some(oid) if relation::class(oid).is_some_and(|c| c.kind == b'v') => {
            check_given(name, relid, oid)?;
            let columns: Vec<String> = relation::columns(relid)
                .iter()
                .map(|c| quote(&c.name))
                .collect();
            let from = Name {
                schema: name.schema.clone(),
                name: view,
            };
            Tree::parse(
                &["SELECT ", &columns.join(", "), " FROM ", &from.sql()].concat(),
                &name.name,
            )
        }
        _ => Err(Error::NoDefinition {
            table: name.name.clone(),
            view,
            how: how_to_convert_with_query(name),
        }),
    }
}

/// The view gives every column of the table.
fn check_given(name: &Name, relid: Oid, view: Oid) -> Result<()> {
    let given = relation::columns(view);
    let columns = relation::columns(relid);
    match columns
        .iter()
        .find(|c| !given.iter().any(|g| g.name == c.name))
    {
        None => Ok(()),
        Some(column) => Err(Error::ColumnMismatch {
            table: name.name.clone(),
            detail: format!("The view has no column \"{}\".", column.name),
        }),
    }
}

fn recorded_definition(relid: Oid) -> Result<Option<Tree>> {
    if let Some(text) = queue::recorded_definition(relid) {
        return Tree::from_text(&text).map(Some);
    }
    let session = Session::open();
    let text =
        "SELECT definition FROM {schema}.pg_tviews_recorded WHERE table_name = $1::pg_catalog.oid";
    let rows = catalog::run(&session, text, &Args::none().with(relid))?;
    match rows.len() {
        0 => Ok(None),
        _ => {
            let text: Option<String> = rows.get(0, 1);
            let settings = Settings::start();
            refresh::pin_execution(&settings);
            text.map(|t| Tree::parse(&t, "")).transpose()
        }
    }
}

/// Keeps a query for a conversion later on; as SQL text, since another session will read it.
pub(crate) fn record_definition(relid: Oid, definition: &str) -> Result<()> {
    let tree = Tree::from_text(definition)?;
    let definition = {
        let settings = Settings::start();
        refresh::pin_execution(&settings);
        tree.deparse()
    };
    let session = Session::open();
    let text = "INSERT INTO {schema}.pg_tviews_recorded (table_name, definition) VALUES ($1::pg_catalog.oid, $2) \
                ON CONFLICT (table_name) DO UPDATE SET definition = excluded.definition";
    catalog::run(&session, text, &Args::none().with(relid).with(definition))?;
    Ok(())
}
