//! Owns the conversion of a table into a TVIEW: finding its defining query, making the backing
//! view and the key, registering it, and placing the triggers. Called at commit for tables that
//! the hook recorded, and at once by the manual functions; also owns the way back.

use crate::catalog::{self, Tview};
use crate::error::{Error, Result};
use crate::lineage::model::{Column, Graph, Name, literal, quote};
use crate::lineage::{query, route};
use crate::pg::guard::{Activity, Level, attempt, tell};
use crate::pg::identity::{Bounds, Identity, Settings, current_user, setting};
use crate::pg::node::Tree;
use crate::pg::snapshot::{self, Freshness, Snapshot};
use crate::pg::spi::{Args, Session};
use crate::pg::relation::{self, Lock};
use crate::queue::{self, Conversion};
use crate::refresh::{self, Written};
use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::{self, Oid};
use std::cell::Cell;
use std::rc::Rc;

/// Settings that shape what a query gives, kept as they are when a TVIEW is made.
const PINNED: &[&str] = &[
    "TimeZone",
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
];

/// What must be known of a table's name and columns before anything else: nothing if they fit.
pub(crate) fn missing_columns<'a>(
    columns: impl Iterator<Item = (&'a str, Oid)> + Clone,
) -> Option<String> {
    let wanted = [("id", pg_sys::UUIDOID, "uuid"), ("data", pg_sys::JSONBOID, "jsonb")];
    let problems: Vec<String> = wanted
        .into_iter()
        .filter_map(|(name, type_oid, type_name)| {
            match columns.clone().find(|(n, _)| *n == name) {
                None => Some(format!("Column \"{name}\" of type {type_name} is missing.")),
                Some((_, found)) if found != type_oid => Some(format!(
                    "Column \"{name}\" is of type {}, not {type_name}.",
                    crate::pg::function::type_name(found)
                )),
                Some(_) => None,
            }
        })
        .collect();
    (!problems.is_empty()).then(|| problems.join(" "))
}

/// What a defining query reads.
pub(crate) struct Examined {
    pub(crate) graph: Graph,
    views: Vec<Oid>,
}

impl Examined {
    /// The source tables, in the order of their OIDs.
    fn sources(&self) -> Vec<Oid> {
        let mut relids: Vec<u32> = self.graph.sources.iter().map(|s| s.relid).collect();
        relids.sort_unstable();
        relids.dedup();
        relids.into_iter().map(Oid::from).collect()
    }
}

/// Analyses a query that gives `columns`, before its table exists.
pub(crate) fn examine(tree: &Tree, columns: &[String], entity: &str) -> Result<Examined> {
    let mut tree = Tree::from_text(&tree.to_text())?;
    let views = tree.expand_views();
    let key_name = format!("pk_{entity}");
    let key = [key_name.as_str(), "id"]
        .into_iter()
        .find_map(|k| Some((columns.iter().position(|c| c == k)? as i16 + 1, k.to_owned())));
    let graph = query::analyse(tree.query(), key.as_slice())?;
    Ok(Examined { graph, views })
}

/// Checks that `role` may make a TVIEW of these sources, and locks them against writers, in the
/// order of their OIDs, with all that could be written in their place.
pub(crate) fn check_and_lock(examined: &Examined, role: Oid) -> Result<()> {
    let session = Session::open();
    let mut members: Vec<Oid> = Vec::new();
    for source in &examined.graph.sources {
        let relid = Oid::from(source.relid);
        if !relation::may_trigger(relid, role) {
            return Err(Error::NoTriggerRight {
                table: source.name.sql(),
                role: relation::role_name(role),
            });
        }
        members.extend(family(&session, relid)?);
    }
    members.sort_unstable_by_key(|m| m.to_u32());
    members.dedup();
    examined.views.iter().for_each(|v| relation::lock(*v, Lock::Definition));
    members.into_iter().for_each(|m| relation::lock(m, Lock::Writers));
    Ok(())
}

/// The full-route warnings for an examined query.
pub(crate) fn warnings(table: &str, examined: &Examined) -> Vec<String> {
    let routes = route::choose(&examined.graph);
    catalog::full_route_warnings(table, &examined.graph, &routes)
}

// ---- Conversions recorded for commit ------------------------------------------------------------

/// Converts what the hook recorded; called before COMMIT and PREPARE.
pub(crate) fn run_recorded() -> Result<()> {
    for conversion in queue::take_conversions() {
        let (Some(class), Some(name)) =
            (relation::class(conversion.relid), relation::name(conversion.relid))
        else {
            continue;
        };
        let _activity =
            Activity::start(format!("converting table \"{}\" to a TVIEW at commit", name.name));
        if entity(&name).is_none() {
            let message = format!(
                "table \"{}\" stays an ordinary table because its name no longer starts with \"tv_\"",
                name.name
            );
            tell(Level::Notice, &message, None, None);
            continue;
        }
        let _owner = Identity::switch(class.owner, Bounds::LocalUser);
        convert_recorded(&conversion, &name)?;
    }
    Ok(())
}

fn convert_recorded(conversion: &Conversion, name: &Name) -> Result<()> {
    check_table(conversion.relid)?;
    let is_untouched = conversion.is_filled
        && conversion.command == snapshot::command_id()
        && !snapshot::is_per_transaction()
        && !queue::has_changes();
    let tree = Tree::from_text(&conversion.definition)?;
    let examined = {
        let columns: Vec<String> =
            relation::columns(conversion.relid).into_iter().map(|c| c.name).collect();
        let gone = || Error::SourceGone { table: name.name.clone() };
        if !tree.relations_exist() {
            return Err(gone());
        }
        examine(&tree, &columns, entity(name).unwrap_or_default())?
    };
    check_and_lock(&examined, current_user())?;
    let tview = install(conversion.relid, name, tree, &examined)?;
    let session = Session::open();
    let _settings = refresh::pin(&tview);
    refresh::try_out(&session, &tview)?;
    if !is_untouched {
        refresh::reconcile(&session, &tview, Freshness::Latest)?;
    }
    Ok(())
}

// ---- The manual way -----------------------------------------------------------------------------

/// Converts an existing table at once; a NOTICE counts the rows that had to be written.
pub(crate) fn convert_now(text: &str, definition: Option<&str>) -> Result<Oid> {
    let relid = find_owned(text)?;
    // The query may read TVIEWs.
    refresh::flush(Freshness::Statement)?;
    if catalog::is_tview(relid)? {
        let name = relation::name(relid).map(|n| n.name).unwrap_or_default();
        tell(Level::Notice, &format!("table \"{name}\" is already a TVIEW"), None, None);
        return Ok(relid);
    }
    let name = check_table(relid)?;
    let tree = find_definition(relid, &name, definition)?;
    let columns = relation::columns(relid);
    check_columns(&name, &tree, &columns)?;
    let names: Vec<String> = columns.into_iter().map(|c| c.name).collect();
    let examined = examine(&tree, &names, entity(&name).unwrap_or_default())?;
    let owner = relation::class(relid).map_or(current_user(), |c| c.owner);
    check_and_lock(&examined, owner)?;
    let written = {
        let _owner = Identity::switch(owner, Bounds::LocalUser);
        let tview = install(relid, &name, tree, &examined)?;
        let session = Session::open();
        let _settings = refresh::pin(&tview);
        refresh::try_out(&session, &tview)?;
        refresh::reconcile(&session, &tview, Freshness::Latest)?
    };
    queue::forget_conversion(relid);
    tell_reconciled(&name, &written);
    catalog::warn(&warnings(&name.name, &examined));
    Ok(relid)
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
    let session = Session::open();
    let query = {
        let settings = Settings::start();
        refresh::pin_execution(&settings);
        tree.deparse()
    };
    {
        let _untold = Untold::start();
        let create =
            ["CREATE TABLE ", &relation::quote_text(text), " AS ", &query, " WITH NO DATA"].concat();
        session.run_once(&create, &Args::none(), Snapshot::of_statement())?;
    }
    convert_now(text, Some(definition))
}

thread_local! {
    static IS_UNTOLD: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, a CREATE TABLE AS is ours and neither recorded nor commented on.
struct Untold(());

impl Untold {
    fn start() -> Untold {
        IS_UNTOLD.set(true);
        Untold(())
    }
}

impl Drop for Untold {
    fn drop(&mut self) {
        IS_UNTOLD.set(false);
    }
}

/// Whether the CREATE TABLE AS that runs now is part of [`create_now`].
pub(crate) fn is_own_create() -> bool {
    IS_UNTOLD.get()
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
            let columns: Vec<String> =
                relation::columns(relid).iter().map(|c| quote(&c.name)).collect();
            let from = Name { schema: name.schema.clone(), name: view };
            Tree::parse(&["SELECT ", &columns.join(", "), " FROM ", &from.sql()].concat(), &name.name)
        }
        _ => Err(Error::NoDefinition { table: name.name.clone(), view }),
    }
}

fn recorded_definition(relid: Oid) -> Result<Option<Tree>> {
    if let Some(text) = queue::recorded_definition(relid) {
        return Tree::from_text(&text).map(Some);
    }
    let session = Session::open();
    let text = "SELECT definition FROM {schema}.pg_tviews_recorded WHERE table_name = $1::pg_catalog.oid";
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

// ---- Checks -------------------------------------------------------------------------------------

/// `product` of `tv_product`.
pub(crate) fn entity(name: &Name) -> Option<&str> {
    name.name.strip_prefix("tv_").filter(|e| !e.is_empty())
}

/// A relation by a user's text; must be a table that the current user owns.
pub(crate) fn find_owned(text: &str) -> Result<Oid> {
    let relid = relation::find(text).ok_or_else(|| Error::UndefinedTable(text.to_owned()))?;
    let class =
        relation::class(relid).ok_or_else(|| Error::UndefinedTable(text.to_owned()))?;
    let name = relation::name(relid).map(|n| n.name).unwrap_or_default();
    if !matches!(class.kind, b'r' | b'p') {
        return Err(Error::NotATable { name, kind: relation::kind_words(class.kind) });
    }
    match relation::is_owner(relid, current_user()) {
        true => Ok(relid),
        false => Err(Error::NotOwner(name)),
    }
}

fn check_table(relid: Oid) -> Result<Name> {
    let gone = || Error::UndefinedTable(relid.to_u32().to_string());
    let name = relation::name(relid).ok_or_else(gone)?;
    let class = relation::class(relid).ok_or_else(gone)?;
    if entity(&name).is_none() {
        return Err(Error::NameWithoutPrefix(name.name));
    }
    let persistence = match class.persistence {
        b't' => "temporary",
        b'u' => "unlogged",
        _ => "",
    };
    if !persistence.is_empty() {
        return Err(Error::Persistence { table: name.name, persistence });
    }
    let columns = relation::columns(relid);
    let described = columns.iter().map(|c| (c.name.as_str(), Oid::from(c.type_oid)));
    match missing_columns(described) {
        Some(missing) => Err(Error::Shape { table: name.name, missing }),
        None => Ok(name),
    }
}

/// The query gives the table's columns, position by position.
fn check_columns(name: &Name, tree: &Tree, columns: &[Column]) -> Result<()> {
    let fail = |detail| Err(Error::ColumnMismatch { table: name.name.clone(), detail });
    let targets: Vec<_> = tree.query().targets().into_iter().filter(|t| !t.is_junk).collect();
    if targets.len() != columns.len() {
        return fail(format!(
            "The table has {} columns, the query gives {}.",
            columns.len(),
            targets.len()
        ));
    }
    for (target, column) in targets.iter().zip(columns) {
        let given = target.expr.type_oid();
        if target.name() != column.name {
            return fail(format!(
                "Column {} is \"{}\" in the table and \"{}\" in the query.",
                target.position,
                column.name,
                target.name()
            ));
        }
        if given.to_u32() != column.type_oid {
            return fail(format!(
                "Column \"{}\" is of type {} in the table and of type {} in the query.",
                column.name,
                crate::pg::function::type_name(Oid::from(column.type_oid)),
                crate::pg::function::type_name(given)
            ));
        }
    }
    Ok(())
}

// ---- Installing ---------------------------------------------------------------------------------

/// Backing view, key, catalog rows and triggers; runs as the table's owner.
fn install(relid: Oid, name: &Name, mut tree: Tree, examined: &Examined) -> Result<Rc<Tview>> {
    let session = Session::open();
    let sources = examined.sources();
    check_no_circle(&session, relid, name, &sources)?;
    let settings = Settings::start();
    refresh::pin_execution(&settings);
    let columns = relation::columns(relid);
    let (view, owns_view) = match existing_view(name, &tree) {
        Some(view) => (view, false),
        None => {
            check_columns_for_view(name, &tree, &columns)?;
            tree.inline_with_queries();
            (create_view(&session, name, &tree, &columns)?, true)
        }
    };
    ensure_key(&session, relid, name, &columns)?;
    register(&session, relid, view, owns_view)?;
    snapshot::advance();
    let damaged = || Error::Damaged { table: name.name.clone(), part: "catalog entry" };
    for source in sources {
        register_source(&session, relid, source)?;
    }
    place_guard(&session, relid)?;
    snapshot::advance();
    catalog::tview(relid)?.ok_or_else(damaged)
}

fn check_no_circle(session: &Session, relid: Oid, name: &Name, sources: &[Oid]) -> Result<()> {
    let text = include_str!("../sql/statements/reads.sql");
    let args = Args::none().with(relid).with(sources.to_vec());
    match catalog::run(session, text, &args)?.len() {
        0 => Ok(()),
        _ => Err(Error::Circle(name.name.clone())),
    }
}

/// The view `v_<entity>` beside the table, if the query is a plain list of its columns.
fn existing_view(name: &Name, tree: &Tree) -> Option<Oid> {
    let view = relation::find_in(&name.schema, &format!("v_{}", entity(name)?))?;
    let names: Vec<String> = relation::columns(view).into_iter().map(|c| c.name).collect();
    tree.query().is_column_list_of(view, &names).then_some(view)
}

fn check_columns_for_view(name: &Name, tree: &Tree, columns: &[Column]) -> Result<()> {
    let given = tree.query().targets().iter().filter(|t| !t.is_junk).count();
    match given == columns.len() {
        true => Ok(()),
        false => Err(Error::ColumnMismatch {
            table: name.name.clone(),
            detail: format!("The table has {} columns, the query gives {given}.", columns.len()),
        }),
    }
}

fn create_view(session: &Session, table: &Name, tree: &Tree, columns: &[Column]) -> Result<Oid> {
    let base = format!("v_{}", entity(table).unwrap_or_default());
    let is_free = |name: &String| relation::find_in(&table.schema, name).is_none();
    let name = std::iter::once(base.clone())
        .chain((1..).map(|n| format!("{base}_{n}")))
        .find(is_free)
        .unwrap_or(base);
    let view = Name { schema: table.schema.clone(), name };
    let names: Vec<String> = columns.iter().map(|c| quote(&c.name)).collect();
    let create =
        ["CREATE VIEW ", &view.sql(), " (", &names.join(", "), ") AS ", &tree.deparse()].concat();
    session.run_once(&create, &Args::none(), Snapshot::of_statement())?;
    snapshot::advance();
    relation::find_in(&view.schema, &view.name)
        .ok_or_else(|| Error::Internal(format!("view {} was not created", view.sql())))
}

/// The primary key, added over `pk_<entity>` or `id` where the user has set none.
fn ensure_key(session: &Session, relid: Oid, name: &Name, columns: &[Column]) -> Result<()> {
    if catalog::key_columns(session, relid, columns)?.is_some() {
        return Ok(());
    }
    let preferred = format!("pk_{}", entity(name).unwrap_or_default());
    let key = [preferred.as_str(), "id"]
        .into_iter()
        .find_map(|k| columns.iter().find(|c| c.name == k))
        .ok_or_else(|| Error::NoKey { table: name.name.clone() })?;
    let text = include_str!("../sql/statements/unique_index.sql");
    let args = Args::none().with(relid).with(vec![key.attribute]);
    let found = session.run(text, &args, Snapshot::of_statement())?;
    let constraint = match found.get::<String>(0, 1) {
        Some(index) => ["ADD CONSTRAINT ", &quote(&index), " PRIMARY KEY USING INDEX ", &quote(&index)].concat(),
        None => ["ADD PRIMARY KEY (", &quote(&key.name), ")"].concat(),
    };
    let alter = ["ALTER TABLE ", &name.sql(), " ", &constraint].concat();
    let outcome =
        attempt(|| session.run_once(&alter, &Args::none(), Snapshot::of_statement()).map(|_| ()));
    match outcome {
        Ok(done) => done,
        Err(e) if e.sqlstate == PgSqlErrorCode::ERRCODE_UNIQUE_VIOLATION as i32 => {
            let detail = e.detail.unwrap_or_default();
            Err(Error::DuplicateKey { table: name.name.clone(), detail })
        }
        Err(e) if e.sqlstate == PgSqlErrorCode::ERRCODE_NOT_NULL_VIOLATION as i32 => {
            Err(Error::NullKey { table: name.name.clone(), columns: key.name.clone() })
        }
        Err(e) => e.rethrow(),
    }
}

fn register(session: &Session, relid: Oid, view: Oid, owns_view: bool) -> Result<()> {
    let settings: Vec<String> = PINNED
        .iter()
        .filter_map(|name| setting(name).map(|value| format!("{name}={value}")))
        .collect();
    let text = "INSERT INTO {schema}.pg_tviews_catalog (tview, backing_view, owns_view, settings) \
                VALUES ($1::pg_catalog.oid, $2::pg_catalog.oid, $3, $4)";
    let args = Args::none().with(relid).with(view).with(owns_view).with(settings);
    catalog::run(session, text, &args)?;
    let text = "DELETE FROM {schema}.pg_tviews_recorded WHERE table_name = $1::pg_catalog.oid";
    catalog::run(session, text, &Args::none().with(relid))?;
    Ok(())
}

fn register_source(session: &Session, relid: Oid, source: Oid) -> Result<()> {
    let text = "INSERT INTO {schema}.pg_tviews_source (tview, source) \
                VALUES ($1::pg_catalog.oid, $2::pg_catalog.oid)";
    catalog::run(session, text, &Args::none().with(relid).with(source))?;
    for member in family(session, source)? {
        place_capture(session, member)?;
        relation::invalidate(member);
    }
    Ok(())
}

/// A table and all through which its rows can be written, in the order of their OIDs.
fn family(session: &Session, table: Oid) -> Result<Vec<Oid>> {
    let text = include_str!("../sql/statements/family.sql");
    let rows = session.run(text, &Args::none().with(table), Snapshot::of_statement())?;
    Ok((0..rows.len()).filter_map(|r| rows.get(r, 1)).collect())
}

/// Triggers are placed as the superuser: the TRIGGER right was checked, and a trigger's firing
/// mode may be set by the table's owner alone.
fn place_capture(session: &Session, table: Oid) -> Result<()> {
    let (Some(class), Some(name)) = (relation::class(table), relation::name(table)) else {
        return Ok(());
    };
    let placed = triggers(session, table, "pg_tviews_capture")?;
    if !placed.iter().any(|t| t.name == "pg_tviews_capture_insert") {
        run_script(session, include_str!("../sql/statements/capture_triggers.sql"), &name)?;
    }
    // PostgreSQL gives partitions a copy of the row trigger above them.
    if !class.is_partition && !placed.iter().any(|t| t.name == "pg_tviews_capture_row") {
        run_script(session, include_str!("../sql/statements/replica_trigger.sql"), &name)?;
    }
    Ok(())
}

fn place_guard(session: &Session, table: Oid) -> Result<()> {
    match relation::name(table) {
        Some(name) => {
            run_script(session, include_str!("../sql/statements/guard_trigger.sql"), &name)
        }
        None => Ok(()),
    }
}

struct Placed {
    name: String,
    /// A partition's copy of a trigger above it, which comes and goes with that one.
    is_inherited: bool,
}

fn triggers(session: &Session, table: Oid, function: &str) -> Result<Vec<Placed>> {
    let text = include_str!("../sql/statements/triggers_of.sql");
    let args = Args::none().with(table).with(function.to_owned());
    let rows = catalog::run(session, text, &args)?;
    let placed = |row| {
        Some(Placed { name: rows.get(row, 1)?, is_inherited: rows.get(row, 2).unwrap_or(false) })
    };
    Ok((0..rows.len()).filter_map(placed).collect())
}

fn run_script(session: &Session, script: &str, table: &Name) -> Result<()> {
    let _superuser = Identity::superuser();
    let text =
        script.replace("{schema}", &catalog::schema(session)?).replace("{table}", &table.sql());
    session.run_once(&text, &Args::none(), Snapshot::of_statement())?;
    Ok(())
}

// ---- Giving up ----------------------------------------------------------------------------------

/// Makes a TVIEW an ordinary table again: no guard, no catalog rows; triggers leave sources that
/// no other TVIEW reads. The backing view stays.
pub(crate) fn unregister(session: &Session, relid: Oid) -> Result<()> {
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
    drop_triggers(session, relid, "pg_tviews_guard")?;
    if relation::class(relid).is_some() {
        relation::invalidate(relid);
    }
    Ok(())
}

fn release_source(session: &Session, source: Oid) -> Result<()> {
    if relation::class(source).is_none() {
        return Ok(());
    }
    for member in family(session, source)? {
        relation::invalidate(member);
        let text = include_str!("../sql/statements/tviews_of_source.sql");
        let rows = catalog::run(session, text, &Args::none().with(member))?;
        if rows.len() == 0 {
            drop_triggers(session, member, "pg_tviews_capture")?;
        }
    }
    Ok(())
}

fn drop_triggers(session: &Session, table: Oid, function: &str) -> Result<()> {
    let Some(name) = relation::name(table) else { return Ok(()) };
    for trigger in triggers(session, table, function)?.iter().filter(|t| !t.is_inherited) {
        let _superuser = Identity::superuser();
        let text = ["DROP TRIGGER ", &quote(&trigger.name), " ON ", &name.sql()].concat();
        session.run_once(&text, &Args::none(), Snapshot::of_statement())?;
    }
    Ok(())
}

/// A TVIEW whose table or backing view was dropped: its catalog rows and triggers go; the other
/// half goes too if it is ours (`view`), and stays as it is otherwise.
pub(crate) fn forget(session: &Session, relid: Oid, view: Option<Oid>) -> Result<()> {
    let table = relation::name(relid);
    unregister(session, relid)?;
    match (table, view) {
        (Some(name), _) => {
            let message = format!("table \"{}\" is no longer a TVIEW", name.name);
            let detail = "Something that its query reads was dropped. It keeps its rows.";
            tell(Level::Notice, &message, Some(detail), None);
            Ok(())
        }
        (None, Some(view)) => drop_view(session, view),
        (None, None) => Ok(()),
    }
}

fn drop_view(session: &Session, view: Oid) -> Result<()> {
    match relation::name(view) {
        Some(name) => {
            let _superuser = Identity::superuser();
            let text = ["DROP VIEW ", &name.sql()].concat();
            session.run_once(&text, &Args::none(), Snapshot::of_statement()).map(|_| ())
        }
        None => Ok(()),
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

/// Whether a table has what a TVIEW needs.
pub(crate) fn is_convertible(relid: Oid) -> bool {
    check_table(relid).is_ok()
}

/// As [`how_to_convert`], for a table whose query is not known.
pub(crate) fn how_to_convert_with_query(name: &Name) -> String {
    let qualified = relation::quote_if_needed(name);
    format!(
        "SELECT pg_tviews_convert_existing_table({}, 'SELECT ...');",
        literal(&qualified)
    )
}

/// The statement that converts a table, for messages.
pub(crate) fn how_to_convert(name: &Name) -> String {
    let qualified = relation::quote_if_needed(name);
    format!("SELECT pg_tviews_convert_existing_table({});", literal(&qualified))
}
