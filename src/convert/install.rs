//! Owns what turns a checked table into a TVIEW: backing view, key, catalog rows and triggers.
//! Runs as the table's owner; what the owner may not do itself is done by [`super::triggers`] and
//! [`crate::catalog`].

use super::shape::entity;
use super::{Examined, triggers};
use crate::catalog::{self, Tview};
use crate::error::{Error, Result};
use crate::name::{Column, Name, quote};
use crate::pg::attempt::attempt;
use crate::pg::identity::{Settings, setting};
use crate::pg::node::Tree;
use crate::pg::snapshot::{self, Snapshot};
use crate::pg::spi::{Args, Session};
use crate::pg::{relation, table};
use crate::refresh;
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::Oid;
use std::rc::Rc;

/// Settings that shape what a query gives, kept as they are when a TVIEW is made.
const PINNED: &[&str] = &[
    "TimeZone",
    "timezone_abbreviations",
    "DateStyle",
    "IntervalStyle",
    "extra_float_digits",
    "bytea_output",
    "xmlbinary",
    "xmloption",
    "lc_monetary",
    "lc_numeric",
    "lc_time",
    "default_text_search_config",
    "array_nulls",
    "quote_all_identifiers",
];

/// Backing view, key, catalog rows and triggers; runs as the table's owner.
pub(super) fn install(
    relid: Oid,
    name: &Name,
    mut tree: Tree,
    examined: &Examined,
    columns: &[Column],
    pinned: Vec<String>,
) -> Result<Rc<Tview>> {
    let session = Session::open();
    let sources = examined.sources();
    check_no_circle(&session, relid, name, &sources)?;
    let settings = Settings::start();
    refresh::pin_execution(&settings);
    let (view, owns_view) = match existing_view(name, &tree) {
        Some(view) => (view, false),
        None => {
            tree.inline_with_queries();
            let names: Vec<String> = columns.iter().map(|c| c.name.clone()).collect();
            (create_view(&session, name, &tree, &names)?, true)
        }
    };
    ensure_key(&session, relid, name, columns)?;
    register(&session, relid, view, owns_view, pinned)?;
    snapshot::advance();
    let damaged = || Error::Damaged {
        table: name.name.clone(),
        part: "catalog entry",
    };
    for source in sources {
        register_source(&session, relid, source)?;
    }
    for member in relation::with_children(relid) {
        triggers::place_guard(&session, member)?;
    }
    snapshot::advance();
    catalog::tview(relid)?.ok_or_else(damaged)
}

pub(super) fn check_no_circle(
    session: &Session,
    relid: Oid,
    name: &Name,
    sources: &[Oid],
) -> Result<()> {
    let text = include_str!("../../sql/statements/reads.sql");
    let args = Args::none().with(relid).with(sources.to_vec());
    match catalog::run(session, text, &args)?.len() {
        0 => Ok(()),
        _ => Err(Error::Circle(name.name.clone())),
    }
}

/// The view `v_<entity>` beside the table, if the query is a plain list of its columns.
pub(super) fn existing_view(name: &Name, tree: &Tree) -> Option<Oid> {
    let view = relation::find_in(&name.schema, &format!("v_{}", entity(name)?))?;
    let names: Vec<String> = relation::columns(view)
        .into_iter()
        .map(|c| c.name)
        .collect();
    tree.query().is_column_list_of(view, &names).then_some(view)
}

pub(super) fn create_view(
    session: &Session,
    table: &Name,
    tree: &Tree,
    columns: &[String],
) -> Result<Oid> {
    let base = format!("v_{}", entity(table).unwrap_or_default());
    let is_free = |name: &String| relation::find_in(&table.schema, name).is_none();
    let numbered = |n: u32| {
        let number = format!("_{n}");
        let longest = relation::MAX_NAME_BYTES - number.len();
        [&base[..base.floor_char_boundary(longest)], &number].concat()
    };
    let name = std::iter::once(base.clone())
        .chain((1..).map(numbered))
        .find(is_free)
        .unwrap_or(base);
    let view = Name {
        schema: table.schema.clone(),
        name,
    };
    let names: Vec<String> = columns.iter().map(|c| quote(c)).collect();
    let create = [
        "CREATE VIEW ",
        &view.sql(),
        " (",
        &names.join(", "),
        ") AS ",
        &tree.deparse(),
    ]
    .concat();
    session.run_once(&create, &Args::none(), Snapshot::of_statement())?;
    snapshot::advance();
    relation::find_in(&view.schema, &view.name)
        .ok_or_else(|| Error::Internal(format!("view {} was not created", view.sql())))
}

/// The primary key, added over `pk_<entity>` or `id` where the user has set none.
fn ensure_key(session: &Session, relid: Oid, name: &Name, columns: &[Column]) -> Result<()> {
    let indexes = table::indexes(relid);
    if catalog::key_columns(&indexes, columns).is_some() {
        return Ok(());
    }
    if indexes.iter().any(|i| i.is_primary) {
        return Err(Error::Keyless(name.name.clone()));
    }
    let preferred = format!("pk_{}", entity(name).unwrap_or_default());
    let key = [preferred.as_str(), "id"]
        .into_iter()
        .find_map(|k| columns.iter().find(|c| c.name == k))
        .ok_or_else(|| Error::NoKey {
            table: name.name.clone(),
        })?;
    let text = include_str!("../../sql/statements/unique_index.sql");
    let args = Args::none().with(relid).with(vec![key.attribute]);
    let found = catalog::run(session, text, &args)?;
    let constraint = match found.get::<String>(0, 1) {
        Some(index) => [
            "ADD CONSTRAINT ",
            &quote(&index),
            " PRIMARY KEY USING INDEX ",
            &quote(&index),
        ]
        .concat(),
        None => ["ADD PRIMARY KEY (", &quote(&key.name), ")"].concat(),
    };
    let alter = ["ALTER TABLE ", &name.sql(), " ", &constraint].concat();
    let outcome = attempt(|| {
        session
            .run_once(&alter, &Args::none(), Snapshot::of_statement())
            .map(|_| ())
    });
    match outcome {
        Ok(done) => done,
        Err(e) if e.sqlstate == PgSqlErrorCode::ERRCODE_UNIQUE_VIOLATION as i32 => {
            let detail = e.detail.unwrap_or_default();
            Err(Error::DuplicateKey {
                table: name.name.clone(),
                detail,
            })
        }
        Err(e) if e.sqlstate == PgSqlErrorCode::ERRCODE_NOT_NULL_VIOLATION as i32 => {
            Err(Error::NullKey {
                table: name.name.clone(),
                columns: key.name.clone(),
                is_stored: true,
            })
        }
        Err(e) => e.rethrow(),
    }
}

/// What is pinned of the session's settings, as name=value.
pub(crate) fn pinned_settings() -> Vec<String> {
    PINNED
        .iter()
        .filter_map(|name| setting(name).map(|value| format!("{name}={value}")))
        .collect()
}

fn register(
    session: &Session,
    relid: Oid,
    view: Oid,
    owns_view: bool,
    pinned: Vec<String>,
) -> Result<()> {
    let text = "INSERT INTO {schema}.pg_tviews_catalog (tview, backing_view, owns_view, settings, family) \
                VALUES ($1::pg_catalog.oid, $2::pg_catalog.oid, $3, $4, $5::pg_catalog.oid[]::pg_catalog.regclass[])";
    let args = Args::none()
        .with(relid)
        .with(view)
        .with(owns_view)
        .with(pinned)
        .with(relation::with_children(relid));
    catalog::run(session, text, &args)?;
    let text = "DELETE FROM {schema}.pg_tviews_recorded WHERE table_name = $1::pg_catalog.oid";
    catalog::run(session, text, &Args::none().with(relid))?;
    Ok(())
}

pub(super) fn register_source(session: &Session, relid: Oid, source: Oid) -> Result<()> {
    let members = triggers::family(session, source)?;
    let text = "INSERT INTO {schema}.pg_tviews_source (tview, source, family) \
                VALUES ($1::pg_catalog.oid, $2::pg_catalog.oid, $3::pg_catalog.oid[]::pg_catalog.regclass[])";
    let args = Args::none().with(relid).with(source).with(members.clone());
    catalog::run(session, text, &args)?;
    for member in members {
        triggers::place_capture(session, member)?;
        relation::invalidate(member);
    }
    Ok(())
}
