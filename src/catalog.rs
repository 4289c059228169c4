//! Owns the extension's tables and this backend's cache of what follows from them: each TVIEW
//! with its lineage and statements, and for each table that changes, what to capture of it.
//!
//! Lifecycle: filled on first use; a relation-cache invalidation for anything it was derived from
//! marks it stale, and the next use starts over. Whoever holds an `Rc` from before keeps a
//! consistent picture of the statement it is in.

use crate::error::{Error, Result};
use crate::lineage::model::{Column, Graph, Name, Route};
use crate::lineage::{query, route, sql};
use crate::pg::guard::{Level, tell};
use crate::pg::identity::{Identity, Settings};
use crate::pg::node::Tree;
use crate::pg::snapshot::Snapshot;
use crate::pg::spi::{Args, Rows, Session};
use crate::pg::value::Storage;
use crate::pg::{function, hooks, relation};
use crate::queue::Start;
use pgrx::pg_sys::Oid;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// A TVIEW as refreshing needs it.
pub(crate) struct Tview {
    pub(crate) oid: Oid,
    pub(crate) name: Name,
    pub(crate) owner: Oid,
    pub(crate) view: Oid,
    pub(crate) owns_view: bool,
    /// Settings under which rows are computed.
    pub(crate) settings: Vec<(String, String)>,
    /// TVIEWs are refreshed in this order: each after those it reads.
    pub(crate) depth: i32,
    /// TVIEWs that read it, directly or not, and itself.
    pub(crate) above: Vec<Oid>,
    pub(crate) key: Vec<Storage>,
    /// It has unique indexes beside the key's.
    pub(crate) has_other_unique: bool,
    /// The table's row type, and the type of arrays of it.
    pub(crate) row: Storage,
    pub(crate) row_array: Oid,
    pub(crate) graph: Graph,
    pub(crate) routes: Vec<Route>,
    /// Per source, from captured values to keys; `None` where the values are keys.
    pub(crate) key_queries: Vec<Option<String>>,
    pub(crate) statements: Statements,
}

impl Tview {
    /// How the values that a source's route starts from are stored.
    pub(crate) fn start_storage(&self, source: usize) -> Vec<Storage> {
        let columns = &self.graph.sources[source];
        self.routes[source]
            .start()
            .iter()
            .filter_map(|a| columns.column(*a).map(storage_of))
            .collect()
    }
}

/// What [`sql::Table`] makes for a TVIEW.
pub(crate) struct Statements {
    pub(crate) compare_keys: String,
    pub(crate) compare_all: String,
    pub(crate) count_differences: String,
    pub(crate) any_key: String,
    pub(crate) null_key: String,
    pub(crate) delete: String,
    pub(crate) update: String,
    pub(crate) insert: String,
}

/// What to note of a changed row of one table for one source of a TVIEW.
pub(crate) struct Capture {
    pub(crate) start: Start,
    /// Attributes of the changed table that the query uses.
    pub(crate) used: Vec<i16>,
    /// Attributes that the route starts from, as the changed table numbers them.
    pub(crate) values: Vec<(i16, Storage)>,
    /// The TVIEW has no selective route from here.
    pub(crate) is_full: bool,
    /// The query reads a partition or child of the changed table, which any update may move rows
    /// into or out of.
    pub(crate) is_below: bool,
}

/// All captures of one table.
pub(crate) struct Captures {
    pub(crate) list: Vec<Capture>,
    /// Every attribute that any of them uses.
    pub(crate) used: Vec<(i16, Storage)>,
}

/// In force whenever a statement of ours is parsed or runs.
pub(crate) const SEARCH_PATH: &str = "pg_catalog, pg_temp";

#[derive(Default)]
struct Cache {
    tviews: HashMap<Oid, Rc<Tview>>,
    captures: HashMap<Oid, Rc<Captures>>,
    /// Relations that an entry was derived from.
    known: HashSet<Oid>,
}

thread_local! {
    static CACHE: RefCell<Cache> = RefCell::default();
    static IS_STALE: Cell<bool> = const { Cell::new(false) };
}

/// Called on every relation-cache invalidation, also in the middle of a catalog read: only marks.
pub(crate) fn invalidate(relid: Oid) {
    let concerns = CACHE
        .try_with(|cache| match cache.try_borrow() {
            Ok(cache) => relid == Oid::INVALID || cache.known.contains(&relid),
            Err(_) => true,
        })
        .unwrap_or(false);
    if concerns {
        IS_STALE.set(true);
    }
}

fn with_cache<T>(f: impl FnOnce(&mut Cache) -> T) -> T {
    CACHE.with_borrow_mut(|cache| {
        if IS_STALE.take() {
            *cache = Cache::default();
        }
        f(cache)
    })
}

/// Runs a statement over the extension's tables, whose schema replaces `{schema}`, and PostgreSQL's
/// catalogs. As the owner of those tables, so under a search_path in which nobody else's operators
/// stand before PostgreSQL's.
pub(crate) fn run<'s>(session: &'s Session, text: &str, args: &Args) -> Result<Rows<'s>> {
    let _owner = Identity::superuser();
    let settings = Settings::start();
    settings.set("search_path", SEARCH_PATH);
    session.run(
        &text.replace("{schema}", &schema(session)?),
        args,
        Snapshot::of_statement(),
    )
}

/// The quoted schema of the extension.
pub(crate) fn schema(session: &Session) -> Result<String> {
    thread_local! {
        static KNOWN: RefCell<Option<(Oid, String)>> = const { RefCell::new(None) };
    }
    let extension = hooks::extension().ok_or(Error::NotCreated)?;
    let known = KNOWN.with_borrow(|k| k.clone());
    if let Some((_, schema)) = known.filter(|(oid, _)| *oid == extension) {
        return Ok(schema);
    }
    let text = include_str!("../sql/statements/extension_schema.sql");
    let rows = session.run(text, &Args::none(), Snapshot::of_statement())?;
    let schema: String = rows.get(0, 1).ok_or(Error::NotCreated)?;
    KNOWN.set(Some((extension, schema.clone())));
    Ok(schema)
}

/// A TVIEW by its table; `None` if the table is not one.
pub(crate) fn tview(oid: Oid) -> Result<Option<Rc<Tview>>> {
    if let Some(known) = with_cache(|c| c.tviews.get(&oid).cloned()) {
        return Ok(Some(known));
    }
    let session = Session::open();
    let Some(row) = read_row(&session, oid)? else {
        return Ok(None);
    };
    let mut known = HashSet::new();
    let tview = Rc::new(load(&session, oid, row, &mut known)?);
    with_cache(|c| {
        c.known.extend(known);
        c.tviews.insert(oid, tview.clone());
    });
    Ok(Some(tview))
}

struct CatalogRow {
    view: Oid,
    owns_view: bool,
    settings: Vec<(String, String)>,
    depth: i32,
    above: Vec<Oid>,
}

fn read_row(session: &Session, oid: Oid) -> Result<Option<CatalogRow>> {
    let text = include_str!("../sql/statements/tview.sql");
    let rows = run(session, text, &Args::none().with(oid))?;
    if rows.len() == 0 {
        return Ok(None);
    }
    let settings: Vec<String> = rows.get(0, 3).unwrap_or_default();
    Ok(Some(CatalogRow {
        view: rows.get(0, 1).unwrap_or(Oid::INVALID),
        owns_view: rows.get(0, 2).unwrap_or(false),
        settings: settings
            .iter()
            .filter_map(|s| s.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        depth: rows.get(0, 4).unwrap_or(0),
        above: rows.get(0, 5).unwrap_or_default(),
    }))
}

fn load(session: &Session, oid: Oid, row: CatalogRow, known: &mut HashSet<Oid>) -> Result<Tview> {
    let gone = || Error::Damaged {
        table: oid.to_u32().to_string(),
        part: "table",
    };
    let class = relation::class(oid).ok_or_else(gone)?;
    let name = relation::name(oid).ok_or_else(gone)?;
    let view_name = relation::name(row.view).ok_or_else(|| Error::Damaged {
        table: name.name.clone(),
        part: "backing view",
    })?;
    check_row_triggers(session, oid, &name)?;
    let all = relation::columns(oid);
    let columns = shown_columns(&name, &row, &all)?;
    let key = key_columns(session, oid, &columns)?.ok_or_else(|| Error::Damaged {
        table: name.name.clone(),
        part: "primary key",
    })?;
    let (graph, views) = {
        // What is deparsed now is parsed again under these settings.
        let settings = Settings::start();
        settings.set("search_path", SEARCH_PATH);
        row.settings
            .iter()
            .for_each(|(name, value)| settings.set(name, value));
        analyse_view(row.view, &key)?
    };
    let routes = route::choose(&graph);
    let unique = unique_columns(session, oid, &columns)?;
    let statements = statements(&name, &view_name, [&all, &columns, &key, &unique])?;
    let row_type = relation::row_type(oid);
    let row_storage = Storage::of(row_type);
    known.extend([oid, row.view]);
    known.extend(views);
    known.extend(graph.sources.iter().map(|s| Oid::from(s.relid)));
    Ok(Tview {
        oid,
        owner: class.owner,
        view: row.view,
        owns_view: row.owns_view,
        settings: row.settings,
        depth: row.depth,
        above: row.above,
        key: key
            .iter()
            .map(|c| Storage::of(Oid::from(c.type_oid)))
            .collect(),
        row_array: row_storage.array_type().ok_or_else(|| Error::Damaged {
            table: name.name.clone(),
            part: "array type",
        })?,
        row: row_storage,
        key_queries: (0..routes.len())
            .map(|s| sql::key_query(&graph.sources, s, &routes[s]))
            .collect(),
        has_other_unique: !unique.is_empty(),
        graph,
        routes,
        statements,
        name,
    })
}

fn check_row_triggers(session: &Session, oid: Oid, name: &Name) -> Result<()> {
    let text = include_str!("../sql/statements/row_trigger.sql");
    let rows = run(session, text, &Args::none().with(oid))?;
    match rows.get::<String>(0, 1) {
        Some(trigger) => Err(Error::RowTrigger {
            table: name.name.clone(),
            trigger,
        }),
        None => Ok(()),
    }
}

/// The columns that the backing view gives. A table may have more where the view is ours (then
/// they are the user's), and fewer where the view is the user's; any other difference would leave
/// a column unmaintained.
fn shown_columns(table: &Name, row: &CatalogRow, all: &[Column]) -> Result<Vec<Column>> {
    let given = relation::columns(row.view);
    let has = |columns: &[Column], name: &str| columns.iter().any(|c| c.name == name);
    let lost = match row.owns_view {
        true => given.iter().find(|c| !has(all, &c.name)),
        false => all.iter().find(|c| !has(&given, &c.name)),
    };
    match lost {
        Some(column) => Err(Error::LostColumn {
            table: table.name.clone(),
            column: column.name.clone(),
        }),
        None => Ok(all
            .iter()
            .filter(|c| has(&given, &c.name))
            .cloned()
            .collect()),
    }
}

/// The columns of the primary key; `None` without one.
pub(crate) fn key_columns(
    session: &Session,
    table: Oid,
    columns: &[Column],
) -> Result<Option<Vec<Column>>> {
    let text = include_str!("../sql/statements/primary_key.sql");
    let rows = run(session, text, &Args::none().with(table))?;
    let key: Vec<Column> = (0..rows.len())
        .filter_map(|r| rows.get::<i16>(r, 1))
        .filter_map(|a| columns.iter().find(|c| c.attribute == a).cloned())
        .collect();
    Ok((!key.is_empty()).then_some(key))
}

/// The columns of the table's unique indexes and exclusion constraints beside the primary key;
/// all columns where one is over an expression.
fn unique_columns(session: &Session, table: Oid, columns: &[Column]) -> Result<Vec<Column>> {
    let text = include_str!("../sql/statements/unique_columns.sql");
    let rows = run(session, text, &Args::none().with(table))?;
    let attributes: Vec<i16> = (0..rows.len()).filter_map(|r| rows.get(r, 1)).collect();
    let is_unique = |c: &&Column| attributes.contains(&c.attribute) || attributes.contains(&0);
    Ok(columns.iter().filter(is_unique).cloned().collect())
}

/// The lineage of a backing view's columns, and the views inside it.
pub(crate) fn analyse_view(view: Oid, key: &[Column]) -> Result<(Graph, Vec<Oid>)> {
    let mut tree = Tree::of_view(view)?;
    let views = tree.expand_views();
    let targets = tree.query().targets();
    let positions: Vec<(i16, String)> = key
        .iter()
        .filter_map(|k| {
            let target = targets.iter().find(|t| !t.is_junk && t.name() == k.name)?;
            Some((target.position, k.name.clone()))
        })
        .collect();
    if positions.len() != key.len() {
        let name = relation::name(view).map(|n| n.name).unwrap_or_default();
        return Err(Error::ColumnMismatch {
            table: name,
            detail: "The backing view lacks a key column.".into(),
        });
    }
    Ok((query::analyse(tree.query(), &positions)?, views))
}

/// `[all, columns, key, unique]` are what [`sql::Table`] calls them.
fn statements(
    table: &Name,
    view: &Name,
    [all, columns, key, unique]: [&[Column]; 4],
) -> Result<Statements> {
    let mut equals = Vec::new();
    let mut has_loose_key = false;
    for column in key {
        let type_oid = Oid::from(column.type_oid);
        let (equality, is_image) = function::default_equality(type_oid).ok_or_else(|| {
            Error::Internal(format!(
                "type {} has no equality",
                function::type_name(type_oid, -1)
            ))
        })?;
        equals.push(equality.sql);
        has_loose_key |= !is_image;
    }
    let equals = &equals;
    let table = sql::Table {
        name: table,
        view,
        columns,
        all,
        key,
        equals,
        unique,
        has_loose_key,
    };
    Ok(Statements {
        compare_keys: table.compare_keys(),
        compare_all: table.compare_all(),
        count_differences: table.count_differences(),
        any_key: table.any_key(),
        null_key: table.null_key(),
        delete: table.delete(),
        update: table.update(),
        insert: table.insert(),
    })
}

/// What to capture of a table's changes; empty if no TVIEW reads it.
pub(crate) fn captures(table: Oid) -> Result<Rc<Captures>> {
    if let Some(known) = with_cache(|c| c.captures.get(&table).cloned()) {
        return Ok(known);
    }
    let session = Session::open();
    let text = include_str!("../sql/statements/tviews_of_source.sql");
    let rows = run(&session, text, &Args::none().with(table))?;
    let columns = relation::columns(table);
    let mut list = Vec::new();
    let mut ancestors = vec![table];
    for row in 0..rows.len() {
        let (Some(oid), Some(named)) = (rows.get::<Oid>(row, 1), rows.get::<Oid>(row, 2)) else {
            continue;
        };
        ancestors.push(named);
        if let Some(tview) = tview(oid)? {
            let is_below = rows.get(row, 3).unwrap_or(false);
            list.extend(captures_for(&tview, named, &columns, is_below));
        }
    }
    let mut used: Vec<i16> = list
        .iter()
        .flat_map(|c: &Capture| c.used.iter().copied())
        .collect();
    used.sort_unstable();
    used.dedup();
    let storage = |a: &i16| columns.iter().find(|c| c.attribute == *a).map(storage_of);
    let used = used
        .iter()
        .filter_map(|a| Some((*a, storage(a)?)))
        .collect();
    let captures = Rc::new(Captures { list, used });
    with_cache(|c| {
        c.known.extend(ancestors);
        c.captures.insert(table, captures.clone());
    });
    Ok(captures)
}

fn storage_of(column: &Column) -> Storage {
    Storage::of(Oid::from(column.type_oid))
}

/// `named` is the table that the query names; `columns` are those of the table that changes,
/// which may be a partition or child of it with other attribute numbers.
fn captures_for(tview: &Tview, named: Oid, columns: &[Column], is_below: bool) -> Vec<Capture> {
    let mut found = Vec::new();
    for (index, source) in tview.graph.sources.iter().enumerate() {
        if source.relid != named.to_u32() {
            continue;
        }
        let local = |attribute: i16| {
            let name = &source.column(attribute)?.name;
            columns.iter().find(|c| c.name == *name)
        };
        let attributes = tview.routes[index].start();
        found.push(Capture {
            used: source
                .used
                .iter()
                .filter_map(|a| Some(local(*a)?.attribute))
                .collect(),
            values: attributes
                .iter()
                .filter_map(|a| local(*a).map(|c| (c.attribute, storage_of(c))))
                .collect(),
            is_below,
            is_full: matches!(tview.routes[index], Route::Full(_)),
            start: Start {
                tview: tview.oid,
                source: index,
                attributes: attributes.into(),
            },
        });
    }
    found
}

/// Whether a table is registered as a TVIEW.
pub(crate) fn is_tview(oid: Oid) -> Result<bool> {
    if with_cache(|c| c.tviews.contains_key(&oid)) {
        return Ok(true);
    }
    Ok(read_row(&Session::open(), oid)?.is_some())
}

/// All TVIEWs of the database, by name.
pub(crate) fn all(session: &Session) -> Result<Vec<Oid>> {
    let text = "SELECT tview::pg_catalog.oid FROM {schema}.pg_tviews_catalog ORDER BY tview::pg_catalog.text";
    let rows = run(session, text, &Args::none())?;
    Ok((0..rows.len()).filter_map(|r| rows.get(r, 1)).collect())
}

/// Tells of every source without a selective route; once per table.
pub(crate) fn warn(tview: &Tview) {
    let hint = "pg_tviews_explain() shows the routes of all sources.";
    let mut told: Vec<String> = Vec::new();
    for (source, route) in tview.graph.sources.iter().zip(&tview.routes) {
        let Route::Full(reason) = route else { continue };
        let warning = format!(
            "every change of table \"{}\" compares the whole TVIEW \"{}\", because {}",
            source.name.name,
            tview.name.name,
            reason.text()
        );
        if !told.contains(&warning) {
            tell(Level::Warning, &warning, None, Some(hint));
            told.push(warning);
        }
    }
}
