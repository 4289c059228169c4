//! Owns the extension's tables and this backend's cache of what follows from them: each TVIEW
//! with its lineage and statements, and for each table that changes, what to capture of it.
//!
//! Lifecycle: filled on first use; a relation-cache invalidation for anything it was derived from
//! marks it stale, and the next use starts over. Whoever holds an `Rc` from before keeps a
//! consistent picture of the statement it is in.

mod indexes;
mod leaves;
mod load;
mod locking;
mod patching;
mod registry;

pub(crate) use indexes::{missing_indexes, missing_indexes_of};
pub(crate) use load::key_columns;
pub(crate) use locking::{LockedEnd, Locking, Lookup};
pub(crate) use registry::{Reader, readers};

use crate::error::{Error, Result};
use crate::lineage::model::{Graph, Route};
use crate::lineage::patch::Patch;
use crate::lineage::sql::Table;
use crate::lineage::sql::patch::PatchStatements;
use crate::name::{Column, Name, quote};
use crate::pg::direct::{Access, Formulas, Place};
use crate::pg::handlers;
use crate::pg::identity::Superuser;
use crate::pg::node::Calls;
use crate::pg::relation::{self, Lock};
use crate::pg::snapshot::{Active, Freshness};
use crate::pg::spi::{Args, Rows, Session};
use crate::pg::value::{Row, Storage};
use crate::queue::Start;
use leaves::Leaves;
use pgrx::pg_sys::Oid;
use registry::Registry;
use std::cell::{Cell, OnceCell, RefCell};
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
    /// Writing it can run code of users.
    pub(crate) runs_code: bool,
    /// The table's row type, and the type of arrays of it.
    pub(crate) row: Storage,
    pub(crate) row_array: Oid,
    /// The views inside the backing view.
    pub(crate) views: Vec<Oid>,
    pub(crate) graph: Graph,
    /// What the query calls of the users' own.
    pub(crate) calls: Rc<Calls>,
    pub(crate) routes: Vec<Route>,
    pub(crate) locking: Locking,
    /// What a refresh reads: sources with what is below them, and views.
    pub(crate) reads: Vec<Oid>,
    /// A route evaluates expressions, which can fail for rows that the query leaves out.
    pub(crate) is_computed: bool,
    /// Per source, from captured values to keys; `None` where the values are keys.
    pub(crate) key_queries: Vec<Option<String>>,
    /// Per source, how changes of columns that are shown and no more are written.
    pub(crate) patches: Vec<Option<Patcher>>,
    /// From keys to further parameters of the comparison: see [`crate::lineage::sql::key::scope_query`].
    pub(crate) scopes: Vec<String>,
    /// What makes its statements.
    pub(crate) table: Table,
    statements: OnceCell<Statements>,
    /// The query with restrictions inside, where a comparison of keys needs them.
    restricted: Option<String>,
    leaves: Leaves,
    /// How the row of one key is found and written without a statement; `None` where code of users hangs on the table, or the
    /// key has several columns.
    pub(crate) single: Option<Single>,
}

pub(crate) struct Single {
    pub(crate) access: Access,
    /// What the query gives, in the order of [`OfKeys::compute`].
    pub(crate) columns: Vec<(i16, Storage)>,
    /// The place of the key among them, from 1.
    pub(crate) key_column: i32,
}

impl Tview {
    /// The types of the values that are captured of a source.
    pub(crate) fn captured_types(&self, source: usize) -> Vec<u32> {
        self.of_captured(source, |c| c.type_oid)
    }

    /// How the values that are captured of a source are stored.
    pub(crate) fn captured_storage(&self, source: usize) -> Vec<Storage> {
        self.of_captured(source, storage_of)
    }

    fn of_captured<T>(&self, source: usize, of: impl Fn(&Column) -> T) -> Vec<T> {
        let columns = &self.graph.sources[source];
        let attributes = self.locking.captured[source].iter();
        attributes
            .filter_map(|a| columns.column(*a).map(&of))
            .collect()
    }
}

/// What a refresh runs most.
pub(crate) struct Statements {
    pub(crate) of_keys: OfKeys,
    pub(crate) delete: String,
    pub(crate) update: String,
    pub(crate) insert: String,
}

impl Tview {
    /// Most writes need none: so they are made when one does.
    pub(crate) fn statements(&self) -> &Statements {
        self.statements.get_or_init(|| Statements {
            of_keys: OfKeys {
                compute: self.table.compute_key(),
                compare: self.table.compare_keys(self.restricted.as_deref()),
                is_in_part: false,
            },
            delete: self.table.delete(),
            update: self.table.update(),
            insert: self.table.insert(),
        })
    }
}

/// The statements that give the rows of keys as they should be.
pub(crate) struct OfKeys {
    /// The row of one key.
    pub(crate) compute: String,
    /// The rows that differ.
    pub(crate) compare: String,
    /// Only some leaves are computed.
    pub(crate) is_in_part: bool,
}

/// A [`Patch`] with its statements.
pub(crate) struct Patcher {
    pub(crate) patch: Patch,
    pub(crate) statements: PatchStatements,
    /// What its statements take; captured rows as records without.
    array: Option<Array>,
    /// Where no statement is needed.
    pub(crate) direct: Option<Direct>,
    /// The places of parts that differ whenever the row's columns do, as bits.
    pub(crate) exact: u64,
    /// The places of parts that no setting shapes.
    pub(crate) settled: u64,
}

/// A [`Patch`] without statements: from rows of the source to those of the TVIEW by one value.
pub(crate) struct Direct {
    /// Of captured rows.
    pub(crate) place: usize,
    pub(crate) source: Access,
    pub(crate) own: Access,
    /// The TVIEW's attributes that are its key.
    pub(crate) key: Vec<(i16, Storage)>,
    places: Vec<Place>,
    /// What [`Formulas::parse`] makes the formulas from, when they are needed.
    query: String,
    formulas: OnceCell<Formulas>,
}

impl Direct {
    /// [`Direct::formulas`] has been called.
    pub(crate) fn has_formulas(&self) -> bool {
        self.formulas.get().is_some()
    }

    /// The values of [`Patch::parts`] for a row of the source.
    pub(crate) fn formulas(&self) -> Result<&Formulas> {
        if let Some(known) = self.formulas.get() {
            return Ok(known);
        }
        let formulas = Formulas::parse(&self.query, &self.places)?;
        Ok(self.formulas.get_or_init(|| formulas))
    }
}

/// Values at one place of captured rows.
struct Array {
    place: usize,
    storage: Storage,
    array_type: Oid,
}

impl Patcher {
    /// The parameter of its statements for captured rows, whose columns are stored so.
    pub(crate) fn args(&self, rows: &[Row], columns: &[Storage]) -> Args {
        match &self.array {
            Some(a) => {
                let values = rows.iter().map(|row| &row[a.place]);
                Args::none().with_values(values, a.storage, a.array_type)
            }
            None => Args::none().with_rows(rows, columns),
        }
    }
}

/// What to note of a changed row of one table for one source of a TVIEW.
pub(crate) struct Capture {
    pub(crate) start: Start,
    /// Attributes of the changed table that the query uses.
    pub(crate) used: Vec<i16>,
    /// Attributes that are captured, as the changed table numbers them.
    pub(crate) values: Vec<(i16, Storage)>,
    /// Attributes of which nothing but parts of the TVIEW's rows are made, and the places of these.
    pub(crate) patched: Vec<(i16, u64)>,
    /// A row with other values in these makes a link that concurrent writers must know of.
    pub(crate) makes_links: bool,
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
    /// Entries being made, one inside the other. What they rest on is not known yet, so any
    /// invalidation meanwhile concerns them.
    static LOADING: Cell<u32> = const { Cell::new(0) };
}

struct Loading(());

impl Loading {
    fn start() -> Loading {
        LOADING.set(LOADING.get() + 1);
        Loading(())
    }
}

impl Drop for Loading {
    fn drop(&mut self) {
        LOADING.set(LOADING.get() - 1);
    }
}

/// Keeps an entry unless what it was made from changed meanwhile.
fn keep(f: impl FnOnce(&mut Cache)) {
    if !IS_STALE.get() {
        CACHE.with_borrow_mut(f);
    }
}

/// Called on every relation-cache invalidation, also in the middle of a catalog read: only marks.
pub(crate) fn invalidate(relid: Oid) {
    let concerns = CACHE
        .try_with(|cache| match cache.try_borrow() {
            Ok(cache) => LOADING.get() > 0 || relid == Oid::INVALID || cache.known.contains(&relid),
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
/// catalogs. As the owner of those tables. At every isolation level what is committed now counts, as for
/// PostgreSQL's own look at its catalogs: a TVIEW that is younger than the transaction follows it too.
pub(crate) fn run<'s>(session: &'s Session, text: &str, args: &Args) -> Result<Rows<'s>> {
    let _superuser = Superuser::start();
    let latest = Active::push(Freshness::Latest);
    let schema = schema()?;
    session.run(&text.replace("{schema}", &schema), args, latest.snapshot())
}

/// The quoted schema of the extension.
pub(crate) fn schema() -> Result<String> {
    let schema = handlers::extension_schema().ok_or(Error::NotCreated)?;
    Ok(quote(&schema))
}

/// A TVIEW by its table; `None` if the table is not one.
pub(crate) fn tview(oid: Oid) -> Result<Option<Rc<Tview>>> {
    if let Some(known) = with_cache(|c| c.tviews.get(&oid).cloned()) {
        return Ok(Some(known));
    }
    // Who is dropping it holds the lock; before that it is not known whether there is such a TVIEW.
    relation::lock(oid, Lock::Definition);
    if relation::class(oid).is_none() {
        return Ok(None);
    }
    let Some(row) = Registry::open()?.tview(oid) else {
        return Ok(None);
    };
    let _loading = Loading::start();
    let mut known = HashSet::new();
    let tview = Rc::new(load::load(oid, row, &mut known)?);
    keep(|c| {
        c.known.extend(known);
        c.tviews.insert(oid, tview.clone());
    });
    Ok(Some(tview))
}

/// Whether a TVIEW can be looked up without waiting for DDL on it or what it reads.
pub(crate) fn is_free(oid: Oid) -> Result<bool> {
    let session = Session::open();
    let text = include_str!("../../sql/statements/read_by.sql");
    let rows = run(&session, text, &Args::none().with(oid))?;
    let relations = (0..rows.len()).filter_map(|r| rows.get::<Oid>(r, 1));
    Ok(relations.chain([oid]).all(relation::try_lock))
}

/// What to capture of a TVIEW's changes; `None` if no other reads it.
pub(crate) fn captures_above(tview: &Tview) -> Result<Option<Rc<Captures>>> {
    let is_read = tview.above.len() > 1;
    is_read.then(|| captures(tview.oid)).transpose()
}

/// What to capture of a table's changes; empty if no TVIEW reads it.
pub(crate) fn captures(table: Oid) -> Result<Rc<Captures>> {
    if let Some(known) = with_cache(|c| c.captures.get(&table).cloned()) {
        return Ok(known);
    }
    let _loading = Loading::start();
    let columns = relation::columns(table);
    let mut list = Vec::new();
    let mut ancestors = vec![table];
    for reader in readers(table)? {
        ancestors.push(reader.named);
        if let Some(tview) = tview(reader.tview)? {
            list.extend(captures_for(
                &tview,
                reader.named,
                &columns,
                reader.is_below,
            ));
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
    // A restore fills the extension's tables after it has made the triggers, and nothing tells of that.
    if !captures.list.is_empty() {
        keep(|c| {
            c.known.extend(ancestors);
            c.captures.insert(table, captures.clone());
        });
    }
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
        let attributes = tview.locking.captured[index].clone();
        let values: Vec<(i16, Storage)> = attributes
            .iter()
            .filter_map(|a| local(*a).map(|c| (c.attribute, storage_of(c))))
            .collect();
        found.push(Capture {
            used: source
                .used
                .iter()
                .filter_map(|a| Some(local(*a)?.attribute))
                .collect(),
            patched: match &tview.patches[index] {
                Some(patcher) if !is_below => (patcher.patch.attributes.iter())
                    .filter_map(|(a, places)| Some((local(*a)?.attribute, *places)))
                    .collect(),
                _ => Vec::new(),
            },
            makes_links: tview.locking.links(index),
            // A column that only a child has cannot be captured where its parent is written.
            is_full: matches!(tview.routes[index], Route::Full(_))
                || values.len() < attributes.len(),
            values,
            is_below,
            start: Start {
                tview: tview.oid,
                source: index,
                attributes: attributes.into(),
                relid: source.relid,
                types: tview.captured_types(index).into(),
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
    Ok(Registry::open()?.is_tview(oid))
}

/// Whether a table is a TVIEW or a partition of one. The dump of a table restores its guard, and does not make it a TVIEW.
pub(crate) fn is_in_tview(table: Oid) -> Result<bool> {
    let text = "SELECT FROM {schema}.pg_tviews_catalog WHERE $1 = ANY (family::pg_catalog.oid[])";
    let session = Session::open();
    let rows = run(&session, text, &Args::none().with(table))?;
    Ok(rows.len() > 0)
}

/// All TVIEWs of the database, by name.
pub(crate) fn all(session: &Session) -> Result<Vec<Oid>> {
    let text = "SELECT tview::pg_catalog.oid FROM {schema}.pg_tviews_catalog ORDER BY tview::pg_catalog.text";
    let rows = run(session, text, &Args::none())?;
    Ok((0..rows.len()).filter_map(|r| rows.get(r, 1)).collect())
}
