//! Owns the execution of SQL: sessions, plans kept per backend, parameters and result rows.
//!
//! A [`Session`] is one `SPI_connect`; rows and parameters live in its memory and so borrow it.
//! Plans are keyed by their text and parameter types, and stay for the backend's life: PostgreSQL
//! re-plans them when what they name changes.

use super::ffi;
use super::guard::{c_text, call};
use super::list::pointers;
use super::node::Calls;
use super::snapshot::Snapshot;
use super::trigger::Tuple;
use super::value::{self, Row, Storage, Value};
use crate::error::{Error, Result};
use pgrx::{FromDatum, IntoDatum, pg_sys};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::null_mut;
use std::rc::Rc;

/// Plans kept at most; a backend that meets more starts over.
const MAX_PLANS: usize = 2000;

type PlanKey = (String, Vec<pg_sys::Oid>);

thread_local! {
    static IS_RUNNING: Cell<bool> = const { Cell::new(false) };
    /// What the query calls whose statements are run.
    static EXPECTED: RefCell<Option<Rc<Calls>>> = const { RefCell::new(None) };
    /// Without a destructor: at the end of the process the server's memory is not to be touched.
    static PLANS: ManuallyDrop<RefCell<HashMap<PlanKey, Rc<Kept>>>> = ManuallyDrop::default();
}

/// A plan that lives until the last who runs it is done: PLANS may start over meanwhile.
struct Kept(pg_sys::SPIPlanPtr);

impl Drop for Kept {
    fn drop(&mut self) {
        // SAFETY: kept by us, and nobody runs it any more.
        unsafe { pg_sys::SPI_freeplan(self.0) };
    }
}

/// Marks what runs until it is dropped, triggers and functions included, as part of a statement of
/// ours: such a statement knows what it reads, and brings nothing up to date on the way.
struct Running(bool);

impl Running {
    fn start() -> Running {
        Running(IS_RUNNING.replace(true))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        IS_RUNNING.set(self.0);
    }
}

/// Until it is dropped, statements are run whose text must not mean other functions and operators than these:
/// where it does, they fail with [`Error::Displaced`].
pub(crate) struct Expecting(Option<Rc<Calls>>);

impl Expecting {
    pub(crate) fn start(calls: &Rc<Calls>) -> Expecting {
        let expected = (!calls.is_empty()).then(|| calls.clone());
        Expecting(EXPECTED.replace(expected))
    }
}

impl Drop for Expecting {
    fn drop(&mut self) {
        EXPECTED.set(self.0.take());
    }
}

/// Whether a statement of ours is running.
pub(crate) fn is_running() -> bool {
    IS_RUNNING.get()
}

/// A connection to SPI; closed when dropped, or by PostgreSQL's own clean-up after an error.
pub(crate) struct Session(());

impl Session {
    pub(crate) fn open() -> Session {
        // SAFETY: pairs with SPI_finish in Drop.
        unsafe { pg_sys::SPI_connect_ext(0) };
        Session(())
    }

    /// Runs a statement whose plan is kept for the backend's life.
    pub(crate) fn run(&self, sql: &str, args: &Args, snapshot: Snapshot<'_>) -> Result<Rows<'_>> {
        let plan = kept_plan(sql, args)?;
        self.execute(sql, plan.0, args, snapshot)
    }

    /// Runs a statement once: DDL, and queries that are built for the occasion.
    pub(crate) fn run_once(
        &self,
        sql: &str,
        args: &Args,
        snapshot: Snapshot<'_>,
    ) -> Result<Rows<'_>> {
        let plan = prepare(sql, args, 0)?;
        let rows = self.execute(sql, plan, args, snapshot)?;
        // SAFETY: a plan of this session that nothing uses any more.
        unsafe { pg_sys::SPI_freeplan(plan) };
        Ok(rows)
    }

    fn execute(
        &self,
        sql: &str,
        plan: pg_sys::SPIPlanPtr,
        args: &Args,
        snapshot: Snapshot<'_>,
    ) -> Result<Rows<'_>> {
        let _running = Running::start();
        let mut values = args.values.clone();
        let nulls = args.nulls();
        // SAFETY: plan and parameters match; the row table belongs to this session.
        let (code, count, table) = unsafe {
            call(|| {
                pg_sys::SPI_tuptable = null_mut();
                let code = ffi::SPI_execute_snapshot(
                    plan,
                    values.as_mut_ptr(),
                    nulls.as_ptr(),
                    snapshot.as_ptr(),
                    null_mut(),
                    false,
                    true,
                    0,
                );
                (code, pg_sys::SPI_processed, pg_sys::SPI_tuptable)
            })
        };
        if code < 0 {
            return Err(Error::Internal(format!("SPI returned {code} for: {sql}")));
        }
        Ok(Rows {
            count,
            table,
            session: PhantomData,
        })
    }

    /// Opens a cursor over a query; it sees one snapshot, whatever is written meanwhile.
    pub(crate) fn cursor(&self, sql: &str, args: &Args) -> Result<Cursor<'_>> {
        let _running = Running::start();
        let plan = prepare(sql, args, pg_sys::CURSOR_OPT_NO_SCROLL as i32)?;
        let mut values = args.values.clone();
        let nulls = args.nulls();
        // SAFETY: read_only makes the portal use the active snapshot, which the caller has pushed.
        let portal = unsafe {
            call(|| {
                ffi::SPI_cursor_open(null_mut(), plan, values.as_mut_ptr(), nulls.as_ptr(), true)
            })
        };
        // Else CLOSE ALL in a trigger of the table we write would take it away from under us.
        // SAFETY: just opened.
        unsafe { pg_sys::PinPortal(portal) };
        Ok(Cursor {
            portal,
            session: PhantomData,
        })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // After an error the transaction's end cleans up, and the topmost connection may be
        // another one, left behind by the longjmp.
        if !std::thread::panicking() {
            // SAFETY: closes the connection that `open` made.
            unsafe { pg_sys::SPI_finish() };
        }
    }
}

fn kept_plan(sql: &str, args: &Args) -> Result<Rc<Kept>> {
    let key = (sql.to_owned(), args.types.clone());
    if let Some(plan) = PLANS.with(|plans| plans.borrow().get(&key).cloned()) {
        // One that is no longer valid would be parsed again as it runs.
        // SAFETY: a plan that is kept.
        let is_sure =
            EXPECTED.with_borrow(Option::is_none) || unsafe { pg_sys::SPI_plan_is_valid(plan.0) };
        if is_sure {
            return Ok(plan);
        }
    }
    let plan = prepare(sql, args, pg_sys::CURSOR_OPT_GENERIC_PLAN as i32)?;
    // SAFETY: a plan just prepared; from here on it belongs to PLANS.
    unsafe { pg_sys::SPI_keepplan(plan) };
    let plan = Rc::new(Kept(plan));
    PLANS.with(|plans| {
        let mut plans = plans.borrow_mut();
        if plans.len() >= MAX_PLANS {
            plans.clear();
        }
        plans.insert(key, plan.clone());
    });
    Ok(plan)
}

fn prepare(sql: &str, args: &Args, options: i32) -> Result<pg_sys::SPIPlanPtr> {
    let text = c_text(sql);
    let mut types = args.types.clone();
    let count = types.len() as i32;
    // SAFETY: the text and the types outlive the call, which copies them.
    let plan = unsafe {
        call(|| ffi::SPI_prepare_cursor(text.as_ptr(), count, types.as_mut_ptr(), options))
    };
    if plan.is_null() {
        return Err(Error::Internal(format!("SPI could not prepare: {sql}")));
    }
    match displaced(plan) {
        None => Ok(plan),
        Some(call) => {
            // SAFETY: a plan just prepared, which nobody keeps.
            unsafe { pg_sys::SPI_freeplan(plan) };
            Err(Error::Displaced(call))
        }
    }
}

/// What a statement calls in place of what the query calls.
fn displaced(plan: pg_sys::SPIPlanPtr) -> Option<String> {
    let expected = EXPECTED.with_borrow(Clone::clone)?;
    // SAFETY: a plan just prepared, whose sources hold analysed and rewritten queries.
    let calls = unsafe {
        let sources = pg_sys::SPI_plan_get_plan_sources(plan);
        let queries = pointers::<pg_sys::CachedPlanSource>(sources)
            .into_iter()
            .flat_map(|source| pointers::<pg_sys::Query>((*source).query_list));
        Calls::of(&queries.collect::<Vec<_>>())
    };
    expected.displaced_in(&calls)
}

/// An open cursor; closed when dropped.
pub(crate) struct Cursor<'s> {
    portal: pg_sys::Portal,
    session: PhantomData<&'s Session>,
}

impl<'s> Cursor<'s> {
    /// The next `count` rows; none at the end.
    pub(crate) fn fetch(&mut self, count: i64) -> Rows<'s> {
        let _running = Running::start();
        // SAFETY: the portal is open as long as self.
        let (count, table) = unsafe {
            call(|| {
                pg_sys::SPI_tuptable = null_mut();
                ffi::SPI_cursor_fetch(self.portal, true, count as _);
                (pg_sys::SPI_processed, pg_sys::SPI_tuptable)
            })
        };
        Rows {
            count,
            table,
            session: PhantomData,
        }
    }
}

impl Drop for Cursor<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: open until here.
            unsafe {
                pg_sys::UnpinPortal(self.portal);
                pg_sys::SPI_cursor_close(self.portal);
            }
        }
    }
}

/// Parameters of a statement. Arrays and texts are built in the session's memory.
#[derive(Default)]
pub(crate) struct Args {
    values: Vec<pg_sys::Datum>,
    is_null: Vec<bool>,
    types: Vec<pg_sys::Oid>,
}

impl Args {
    pub(crate) fn none() -> Args {
        Args::default()
    }

    fn push(&mut self, datum: Option<pg_sys::Datum>, type_oid: pg_sys::Oid) {
        let (value, is_null) = value::cell(datum);
        self.values.push(value);
        self.is_null.push(is_null);
        self.types.push(type_oid);
    }

    pub(crate) fn with<T: IntoDatum>(mut self, value: T) -> Args {
        self.push(value.into_datum(), T::type_oid());
        self
    }

    /// An array of records, one for each of `rows`.
    pub(crate) fn with_rows(mut self, rows: &[Row], columns: &[Storage]) -> Args {
        let records = value::records(rows, columns);
        self.push(Some(records), pg_sys::RECORDARRAYOID);
        self
    }

    /// A value of its own.
    pub(crate) fn with_value(mut self, value: &Value, storage: Storage) -> Args {
        self.push(
            (!value.is_null()).then(|| value.as_datum()),
            storage.type_oid,
        );
        self
    }

    /// An array of values of one type.
    pub(crate) fn with_values<'v>(
        mut self,
        values: impl Iterator<Item = &'v Value>,
        element: Storage,
        array_type: pg_sys::Oid,
    ) -> Args {
        let cells: Vec<_> = values.map(|v| (v.as_datum(), v.is_null())).collect();
        self.push(Some(value::array(&cells, element)), array_type);
        self
    }

    /// A copy of a cell of the first row of a result.
    pub(crate) fn with_cell(mut self, rows: &Rows<'_>, column: i32) -> Args {
        let (datum, is_null) = rows.cell(0, column);
        let storage = Storage::of(rows.type_of(column));
        // SAFETY: a datum of that type.
        let copy =
            || unsafe { call(|| ffi::datumCopy(datum, storage.by_value, storage.len.into())) };
        self.push((!is_null).then(copy), storage.type_oid);
        self
    }

    /// An array of column `column` of the chosen rows of a result.
    pub(crate) fn with_cells(
        mut self,
        rows: &Rows<'_>,
        chosen: &[u64],
        column: i32,
        element: Storage,
        array_type: pg_sys::Oid,
    ) -> Args {
        let cells: Vec<_> = chosen.iter().map(|row| rows.cell(*row, column)).collect();
        self.push(Some(value::array(&cells, element)), array_type);
        self
    }

    fn nulls(&self) -> Vec<core::ffi::c_char> {
        self.is_null
            .iter()
            .map(|null| if *null { b'n' as _ } else { b' ' as _ })
            .collect()
    }
}

/// The rows a statement gave.
pub(crate) struct Rows<'s> {
    count: u64,
    table: *mut pg_sys::SPITupleTable,
    session: PhantomData<&'s Session>,
}

impl Rows<'_> {
    /// Rows returned, or written by a statement that returns none.
    pub(crate) fn len(&self) -> u64 {
        self.count
    }

    /// Column numbers start at 1, rows at 0. Beyond the last row all is NULL.
    pub(super) fn cell(&self, row: u64, column: i32) -> (pg_sys::Datum, bool) {
        let mut is_null = true;
        if row >= self.count || self.table.is_null() {
            return (pg_sys::Datum::from(0usize), is_null);
        }
        // SAFETY: row and column are within the table, which lives as long as self.
        let datum = unsafe {
            let tuple = *(*self.table).vals.add(row as usize);
            pg_sys::SPI_getbinval(tuple, (*self.table).tupdesc, column, &mut is_null)
        };
        (datum, is_null)
    }

    /// The rows as PostgreSQL has them, for another place of this room that copies them; `None` without any.
    pub(super) fn tuples(&self) -> Option<(&[pg_sys::HeapTuple], pg_sys::TupleDesc)> {
        if self.count == 0 || self.table.is_null() {
            return None;
        }
        // SAFETY: the table has as many rows, and lives as long as self.
        unsafe {
            let tuples = std::slice::from_raw_parts((*self.table).vals, self.count as usize);
            Some((tuples, (*self.table).tupdesc))
        }
    }

    fn type_of(&self, column: i32) -> pg_sys::Oid {
        // SAFETY: the statement gave rows, and this column of them.
        unsafe { pg_sys::SPI_gettypeid((*self.table).tupdesc, column) }
    }

    /// Whether a row of a table has the images of the first row in these attributes.
    pub(crate) fn is_row(&self, row: &Tuple<'_>, attributes: &[(i16, Storage)]) -> bool {
        let mut columns = (1..).zip(attributes);
        columns.all(|(column, (a, storage))| row.is_cell(*a, self.cell(0, column), *storage))
    }

    /// A cell as text; empty for NULL.
    pub(crate) fn text(&self, row: u64, column: i32) -> String {
        // SAFETY: the cell's own output function; palloc'd text or null.
        unsafe {
            let tuple = *(*self.table).vals.add(row as usize);
            let text = pg_sys::SPI_getvalue(tuple, (*self.table).tupdesc, column);
            match text.is_null() {
                true => String::new(),
                false => super::list::take_text(text),
            }
        }
    }

    /// A cell as a Rust value of its type; `None` for NULL.
    pub(crate) fn get<T: FromDatum>(&self, row: u64, column: i32) -> Option<T> {
        let (datum, is_null) = self.cell(row, column);
        // SAFETY: the statements in `sql/` give the types their readers ask for.
        unsafe { T::from_datum(datum, is_null) }
    }

    /// The first `columns.len()` cells of a row as images.
    pub(crate) fn row(&self, row: u64, columns: &[Storage]) -> Row {
        let image = |(i, storage): (usize, &Storage)| {
            let (datum, is_null) = self.cell(row, i as i32 + 1);
            // SAFETY: the query gives these columns in these types.
            unsafe { Value::from_datum(datum, is_null, *storage) }
        };
        columns.iter().enumerate().map(image).collect()
    }
}

impl Drop for Rows<'_> {
    fn drop(&mut self) {
        if !self.table.is_null() && !std::thread::panicking() {
            // SAFETY: a row table of this session, freed once.
            unsafe { pg_sys::SPI_freetuptable(self.table) };
        }
    }
}
