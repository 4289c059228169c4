//! Owns what `CREATE TABLE tv_<entity> AS` means to us, before and after PostgreSQL runs it: a
//! table to convert at commit, one to convert by hand, or an ordinary table and why. Called by the
//! utility hook, and by the event triggers for what no hook sees.

use crate::catalog;
use crate::convert::{self, Altered};
use crate::error::{Error, Result};
use crate::guc;
use crate::name::Name;
use crate::pg::command::{self, Reshaping};
use crate::pg::guard::{Level, tell};
use crate::pg::handlers::Create;
use crate::pg::identity::current_user;
use crate::pg::snapshot;
use crate::pg::spi::{Args, Session};
use crate::pg::{handlers, relation, transaction};
use crate::queue::{self, Conversion, Starting};
use pgrx::pg_sys::Oid;
use std::cell::Cell;

thread_local! {
    static IS_PRELOADED: Cell<bool> = const { Cell::new(false) };
}

const TEMPORARY: &str = "A temporary table cannot be a TVIEW.";

/// The library was loaded by the postmaster: every session has the hook from its first statement.
pub(crate) fn set_preloaded() {
    IS_PRELOADED.set(true);
}

pub(crate) fn is_preloaded() -> bool {
    IS_PRELOADED.get()
}

/// True if [`after_create`] is to be called.
pub(crate) fn before_create(create: &Create) -> Result<bool> {
    if !is_preloaded() || convert::is_own_command() || exists(create) {
        return Ok(false);
    }
    queue::begin(starting(create)?);
    Ok(true)
}

fn exists(create: &Create) -> bool {
    create.if_not_exists && find(create).is_some()
}

fn find(create: &Create) -> Option<Oid> {
    match &create.schema {
        Some(schema) => relation::find_in(schema, &create.name),
        None => relation::find_in_creation_schema(&create.name),
    }
}

fn stays_ordinary(detail: &str, remedy: Option<&'static str>) -> Result<Starting> {
    Ok(Starting::Notice {
        detail: detail.to_owned(),
        remedy,
    })
}

fn starting(create: &Create) -> Result<Starting> {
    match create.persistence {
        b't' => return stays_ordinary(TEMPORARY, None),
        b'u' => return stays_ordinary("An unlogged table cannot be a TVIEW.", None),
        _ => {}
    }
    let Some(tree) = &create.query else {
        let detail = "The query of a prepared statement is not the table's definition.";
        return stays_ordinary(detail, Some("To convert it, run: "));
    };
    if create.has_parameters {
        let detail = "Its query has parameters, whose values a definition cannot keep.";
        return stays_ordinary(detail, Some("To convert it, run: "));
    }
    let targets = tree.query().columns();
    let names: Vec<String> = targets
        .iter()
        .enumerate()
        .map(|(i, t)| {
            create
                .column_names
                .get(i)
                .cloned()
                .unwrap_or_else(|| t.name())
        })
        .collect();
    let columns = names
        .iter()
        .map(String::as_str)
        .zip(targets.iter().map(|t| t.expr.type_oid()));
    if let Some(missing) = convert::missing_columns(columns) {
        let remedy = "Once it has columns \"id\" of type uuid and \"data\" of type jsonb, run: ";
        return stays_ordinary(&missing, Some(remedy));
    }
    if !guc::auto_convert() {
        return Ok(Starting::Record {
            definition: tree.to_text(),
        });
    }
    let entity = create.name.strip_prefix("tv_").unwrap_or_default();
    transaction::refuse_if_read_only(c"CREATE TABLE AS");
    let examined = convert::examine(tree, &names, entity)?;
    convert::check_and_lock(&create.name, &examined, current_user())?;
    Ok(Starting::Convert {
        definition: tree.to_text(),
        is_filled: create.is_filled,
    })
}

/// The statement that [`before_create`] was told of is done.
pub(crate) fn after_create(created: Option<Oid>) -> Result<()> {
    let (Some(starting), Some(relid)) = (queue::finish(), created) else {
        return Ok(());
    };
    let Some(name) = relation::name(relid) else {
        return Ok(());
    };
    // A search_path that begins with pg_temp makes a table temporary that does not say so.
    if relation::class(relid).is_some_and(|c| c.persistence == b't') {
        tell_ordinary(&name, TEMPORARY, None);
        return Ok(());
    }
    match starting {
        Starting::Convert {
            definition,
            is_filled,
        } => {
            snapshot::advance();
            let command = snapshot::command_id();
            let columns = relation::columns(relid)
                .into_iter()
                .map(|c| (c.attribute, c.type_oid, c.typmod))
                .collect();
            queue::record(Conversion {
                relid,
                definition,
                command,
                is_filled,
                columns,
                settings: convert::pinned_settings(),
            });
        }
        Starting::Record { definition } => {
            convert::record_definition(relid, &definition)?;
            tell_how(&name, None);
        }
        Starting::Notice { detail, remedy } => tell_ordinary(&name, &detail, remedy),
    }
    Ok(())
}

fn tell_ordinary(name: &Name, detail: &str, remedy: Option<&str>) {
    let message = format!("table \"{}\" stays an ordinary table", name.name);
    let hint = remedy.map(|r| [r, &convert::how_to_convert_with_query(name)].concat());
    tell(Level::Notice, &message, Some(detail), hint.as_deref());
}

fn tell_how(name: &Name, hint: Option<&str>) {
    let message = format!(
        "TVIEW table created. To convert to TVIEW, run: {}",
        convert::how_to_convert(name)
    );
    tell(Level::Info, &message, None, hint);
}

/// `ddl_command_end`: says how to convert a table where no hook has seen the statement, and follows
/// changes of sources, of TVIEWs and of what their definitions rest on.
pub(crate) fn on_command() -> Result<()> {
    if convert::is_own_command() || handlers::extension().is_none() {
        return Ok(());
    }
    let session = Session::open();
    let text = include_str!("../sql/statements/commanded.sql");
    let rows = catalog::run(&session, text, &Args::none())?;
    for row in 0..rows.len() {
        let (Some(class), Some(object)) = (rows.get::<Oid>(row, 1), rows.get::<Oid>(row, 2)) else {
            continue;
        };
        match rows.get::<String>(row, 3).as_deref() {
            Some("c") => tell_created(object),
            Some("t") => {
                let reshaping = reshaping(&session, object)?;
                convert::follow(&session, object, Altered::Table(reshaping))?;
            }
            Some("n") => {
                convert::follow(&session, object, Altered::Table(Reshaping::Named))?;
            }
            Some("r") => convert::follow(&session, object, Altered::Triggers)?,
            _ => convert::follow_definition(&session, class, object)?,
        }
    }
    Ok(())
}

/// What the command did to the columns of a table.
fn reshaping(session: &Session, relid: Oid) -> Result<Reshaping> {
    let text = include_str!("../sql/statements/altered.sql");
    let rows = catalog::run(session, text, &Args::none())?;
    let of_table = |row: &u64| rows.get::<Oid>(*row, 1) == Some(relid);
    let found = (0..rows.len()).find(of_table);
    Ok(found.map_or(Reshaping::None, |row| command::reshaping(&rows, row, 2)))
}

fn tell_created(relid: Oid) {
    if is_preloaded() || !convert::is_convertible(relid) {
        return;
    }
    if let Some(name) = relation::name(relid) {
        let view = format!("v_{}", convert::entity(&name).unwrap_or_default());
        let hint = format!(
            "The library is not preloaded and has not seen the query: pass it as the second argument, unless view \"{view}\" holds it."
        );
        tell_how(&name, Some(&hint));
    }
}

/// `sql_drop`: forgets TVIEWs whose table or backing view is gone; keeps what the others need.
pub(crate) fn on_drop() -> Result<()> {
    if convert::is_own_command() || handlers::extension().is_none() {
        return Ok(());
    }
    let session = Session::open();
    let text = include_str!("../sql/statements/is_drop_of_interest.sql");
    if catalog::run(&session, text, &Args::none())?.get(0, 1) != Some(true) {
        return Ok(());
    }
    let text = include_str!("../sql/statements/lost_key.sql");
    if let Some(table) = catalog::run(&session, text, &Args::none())?.get(0, 1) {
        return Err(Error::Keyless(table));
    }
    let text = include_str!("../sql/statements/needed_trigger.sql");
    let needed = catalog::run(&session, text, &Args::none())?;
    if let (Some(trigger), Some(table), Some(tview)) =
        (needed.get(0, 1), needed.get(0, 2), needed.get(0, 3))
    {
        return Err(Error::NeededTrigger {
            trigger,
            table,
            tview,
        });
    }
    let text = include_str!("../sql/statements/dropped_tviews.sql");
    let rows = catalog::run(&session, text, &Args::none())?;
    convert::follow_dropped(&session)?;
    for row in 0..rows.len() {
        let (Some(tview), Some(view)) = (rows.get::<Oid>(row, 1), rows.get::<Oid>(row, 2)) else {
            continue;
        };
        let owns_view = rows.get(row, 3).unwrap_or(false);
        let fate: Option<String> = rows.get(row, 4);
        let fate = fate.as_deref().unwrap_or("is gone");
        convert::forget(&session, tview, owns_view.then_some(view), fate)?;
    }
    Ok(())
}
