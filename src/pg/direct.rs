//! Owns finding and writing single rows straight through the access routines of tables and indexes, as logical replication
//! applies changes (`execReplication.c`): to start and end an executor costs more than what there is to do in between.
//!
//! No trigger fires. So the caller sees to it that none but our own hang on the table
//! ([`super::table::runs_code`]), and does what these would do.

use super::ffi;
use super::guard::call;
use super::node::{Inside, Tree};
use super::snapshot::Snapshot;
use super::spi::Rows;
use super::trigger::Tuple;
use super::value::{self, Storage, Value};
use super::version;
use crate::error::Result;
use pgrx::pg_sys::{self, Oid};
use std::ptr::null_mut;

/// `ForwardScanDirection` (access/sdir.h).
const FORWARD: i32 = 1;

/// How rows of a table are found: by the column that a btree index begins with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub(crate) table: Oid,
    pub(crate) index: Oid,
    /// The function of the equality that the index answers.
    pub(crate) equality: Oid,
    pub(crate) collation: Oid,
}

/// Rows of a table by values of a column, as one snapshot shows them.
pub(crate) struct Lookup {
    table: pg_sys::Relation,
    index: pg_sys::Relation,
    scan: pg_sys::IndexScanDesc,
    slot: *mut pg_sys::TupleTableSlot,
    access: Access,
}

impl Lookup {
    pub(crate) fn open(access: Access, snapshot: Snapshot<'_>) -> Lookup {
        let (held, lock) = (pg_sys::NoLock as i32, pg_sys::AccessShareLock as i32);
        // SAFETY: an index of the table, which a flush has locked; all is closed by Drop, or by the abort after an error.
        let (table, index, scan, slot) = unsafe {
            call(|| {
                let table = ffi::relation_open(access.table, held);
                let index = ffi::index_open(access.index, lock);
                let scan = version::index_beginscan(table, index, snapshot.as_ptr());
                let slot = ffi::table_slot_create(table, null_mut());
                (table, index, scan, slot)
            })
        };
        Lookup {
            table,
            index,
            scan,
            slot,
            access,
        }
    }

    /// Calls `f` for every row that has the value in the column.
    pub(crate) fn each(
        &mut self,
        value: &Value,
        mut f: impl FnMut(Tuple<'_>) -> Result<()>,
    ) -> Result<()> {
        if value.is_null() {
            return Ok(());
        }
        let mut key = pg_sys::ScanKeyData::default();
        let strategy = pg_sys::BTEqualStrategyNumber as u16;
        let Access {
            equality,
            collation,
            ..
        } = self.access;
        // SAFETY: the function compares values of the column's type; the key and the value outlive the scan.
        unsafe {
            pg_sys::ScanKeyEntryInitialize(
                &mut key,
                0,
                1,
                strategy,
                pg_sys::InvalidOid,
                collation,
                equality,
                value.as_datum(),
            );
            let (scan, key) = (self.scan, &raw mut key);
            call(|| ffi::index_rescan(scan, key, 1, null_mut(), 0));
        }
        let (scan, slot) = (self.scan, self.slot);
        // SAFETY: the scan is open; its slot is that of the table.
        let next = || unsafe {
            call(|| {
                if pg_sys::InterruptPending != 0 {
                    ffi::ProcessInterrupts();
                }
                ffi::index_getnext_slot(scan, FORWARD, slot)
            })
        };
        while next() {
            f(Tuple::over(slot))?;
        }
        Ok(())
    }
}

impl Drop for Lookup {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let none = pg_sys::NoLock as i32;
            // SAFETY: opened by `open`; the slot, which may hold a buffer, first.
            unsafe {
                pg_sys::ExecDropSingleTupleTableSlot(self.slot);
                pg_sys::index_endscan(self.scan);
                pg_sys::index_close(self.index, none);
                pg_sys::relation_close(self.table, none);
            }
        }
    }
}

/// What of a row is set.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) attribute: i16,
    pub(crate) storage: Storage,
    /// Keys of objects in a column of type jsonb; none for the whole column.
    pub(crate) path: Vec<String>,
}

/// Such parts with the expressions that give their values, over the row of one table.
pub(crate) struct Formulas {
    list: Vec<Prepared>,
    /// In whose memory expressions and paths are.
    _tree: Tree,
}

struct Prepared {
    attribute: i16,
    storage: Storage,
    /// An array of text.
    path: Option<pg_sys::Datum>,
    value: *mut pg_sys::Expr,
}

impl Formulas {
    /// `query` has nothing but the table in FROM, and gives the values for the places in their order.
    pub(crate) fn parse(query: &str, places: &[Place]) -> Result<Formulas> {
        let tree = Tree::parse(query, "")?;
        let targets = tree.query().targets();
        let prepare = |(place, target): (&Place, &super::node::Target<'_>)| {
            let node = target.expr.node();
            Prepared {
                attribute: place.attribute,
                storage: place.storage,
                path: (!place.path.is_empty()).then(|| value::texts(&place.path)),
                // SAFETY: an expression of the tree, which it may change.
                value: unsafe { call(|| ffi::expression_planner(node.cast())) },
            }
        };
        // SAFETY: the tree lives as long as what is made here.
        let inside = unsafe { Inside::switch(tree.memory()) };
        let list = places.iter().zip(&targets).map(prepare).collect();
        drop(inside);
        Ok(Formulas { list, _tree: tree })
    }
}

/// A table that is written.
pub(crate) struct Target {
    table: pg_sys::Relation,
    estate: *mut pg_sys::EState,
    info: *mut pg_sys::ResultRelInfo,
    /// Of the row that is written.
    new: *mut pg_sys::TupleTableSlot,
    /// For what that row is made of.
    memory: pg_sys::MemoryContext,
}

impl Target {
    pub(crate) fn open(table: Oid, snapshot: Snapshot<'_>) -> Target {
        let held = pg_sys::NoLock as i32;
        // SAFETY: a flush has locked the table; all is closed by Drop, or by the abort after an error. InitResultRelInfo()
        // expects to be called in the memory of the executor's state.
        let (table, estate, info, new, memory) = unsafe {
            call(|| {
                let table = ffi::relation_open(table, held);
                let estate = ffi::CreateExecutorState();
                (*estate).es_snapshot = snapshot.as_ptr();
                let outside = enter((*estate).es_query_cxt);
                let info: *mut pg_sys::ResultRelInfo =
                    ffi::palloc0(size_of::<pg_sys::ResultRelInfo>()).cast();
                (*info).type_ = pg_sys::NodeTag::T_ResultRelInfo;
                ffi::InitResultRelInfo(info, table, 0, null_mut(), 0);
                (*info).ri_TrigDesc = null_mut();
                ffi::ExecOpenIndices(info, false);
                let ops = &raw const pg_sys::TTSOpsVirtual;
                let new = ffi::MakeSingleTupleTableSlot((*table).rd_att, ops);
                (*new).tts_tableOid = (*table).rd_id;
                let memory = (*ffi::CreateExprContext(estate)).ecxt_per_tuple_memory;
                enter(outside);
                (table, estate, info, new, memory)
            })
        };
        Target {
            table,
            estate,
            info,
            new,
            memory,
        }
    }

    /// The new row, with the columns of the old one, or NULLs.
    fn start(&mut self, old: Option<&Tuple<'_>>) {
        let (new, memory) = (self.new, self.memory);
        // SAFETY: the slot has its descriptor.
        let count = unsafe { (*(*new).tts_tupleDescriptor).natts };
        old.iter().for_each(|old| old.deform(count as i16));
        let old = old.map(Tuple::slot);
        // SAFETY: both slots are of the table's type, and the old one's values are readable.
        unsafe {
            call(|| {
                ffi::MemoryContextReset(memory);
                if let Some(clear) = (*(*new).tts_ops).clear {
                    clear(new);
                }
                let (values, nulls) = ((*new).tts_values, (*new).tts_isnull);
                match old {
                    Some(old) => {
                        std::ptr::copy_nonoverlapping((*old).tts_values, values, count as usize);
                        std::ptr::copy_nonoverlapping((*old).tts_isnull, nulls, count as usize);
                    }
                    None => std::slice::from_raw_parts_mut(nulls, count as usize).fill(true),
                }
            });
        }
    }

    /// Puts values into the new row: attributes, and cells of a result.
    fn put(&mut self, values: impl Iterator<Item = (i16, (pg_sys::Datum, bool))>) {
        for (attribute, (value, is_null)) in values {
            let at = attribute as usize - 1;
            // SAFETY: an attribute of the table.
            unsafe {
                *(*self.new).tts_values.add(at) = value;
                *(*self.new).tts_isnull.add(at) = is_null;
            }
        }
    }

    fn finish(&mut self) -> Tuple<'_> {
        let new = self.new;
        // SAFETY: all its columns have been set.
        unsafe { call(|| ffi::ExecStoreVirtualTuple(new)) };
        Tuple::over(new)
    }

    /// Writes a row that a result gives, of which these are the attributes in the table: instead of the old one, if there is
    /// one. Gives the new one.
    pub(crate) fn replace(
        &mut self,
        old: Option<&Tuple<'_>>,
        rows: &Rows<'_>,
        columns: &[(i16, Storage)],
    ) -> Tuple<'_> {
        self.start(old);
        let cells = (1..).map(|column| rows.cell(0, column));
        self.put(columns.iter().map(|(attribute, _)| *attribute).zip(cells));
        self.finish();
        let (info, estate, new) = (self.info, self.estate, self.new);
        // SAFETY: of the table, both; no trigger fires, for which alone the state of EvalPlanQual is needed.
        unsafe {
            call(|| match old.map(Tuple::slot) {
                Some(old) => ffi::ExecSimpleRelationUpdate(info, estate, null_mut(), old, new),
                None => ffi::ExecSimpleRelationInsert(info, estate, new),
            });
        }
        Tuple::over(new)
    }

    pub(crate) fn delete(&mut self, old: &Tuple<'_>) {
        let (info, estate, old) = (self.info, self.estate, old.slot());
        // SAFETY: as above.
        unsafe { call(|| ffi::ExecSimpleRelationDelete(info, estate, null_mut(), old)) };
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: opened by `open`.
            unsafe {
                pg_sys::ExecDropSingleTupleTableSlot(self.new);
                pg_sys::ExecCloseIndices(self.info);
                pg_sys::FreeExecutorState(self.estate);
                pg_sys::relation_close(self.table, pg_sys::NoLock as i32);
            }
        }
    }
}

/// Changes the current memory context, inside [`call`]; after an error the previous one is restored there.
unsafe fn enter(memory: pg_sys::MemoryContext) -> pg_sys::MemoryContext {
    // SAFETY: a global of this backend.
    unsafe {
        let outside = pg_sys::CurrentMemoryContext;
        pg_sys::CurrentMemoryContext = memory;
        outside
    }
}

/// Sets parts of rows of one table, from rows of another.
pub(crate) struct Setter<'s> {
    target: Target,
    /// Of the row that values are computed from.
    context: *mut pg_sys::ExprContext,
    jsonb_set: Box<pg_sys::FmgrInfo>,
    chosen: Vec<Chosen<'s>>,
}

struct Chosen<'s> {
    prepared: &'s Prepared,
    state: *mut pg_sys::ExprState,
    value: pg_sys::Datum,
    is_null: bool,
}

impl<'s> Setter<'s> {
    /// For the formulas with these numbers, as bits.
    pub(crate) fn open(
        table: Oid,
        snapshot: Snapshot<'_>,
        formulas: &'s Formulas,
        numbers: u64,
    ) -> Setter<'s> {
        let target = Target::open(table, snapshot);
        let estate = target.estate;
        let mut jsonb_set = Box::new(pg_sys::FmgrInfo::default());
        let function = &raw mut *jsonb_set;
        // SAFETY: made in the memory of the executor's state.
        let context = unsafe {
            call(|| {
                let outside = enter((*estate).es_query_cxt);
                ffi::fmgr_info(pg_sys::F_JSONB_SET.into(), function);
                let context = ffi::CreateExprContext(estate);
                enter(outside);
                context
            })
        };
        let is_chosen = |(number, _): &(usize, &Prepared)| numbers & (1 << number) != 0;
        let choose = |(_, prepared): (usize, &'s Prepared)| Chosen {
            prepared,
            // SAFETY: an expression made by the planner, which is only read; the state lives with the executor's.
            state: unsafe {
                call(|| {
                    let outside = enter((*estate).es_query_cxt);
                    let state = ffi::ExecInitExpr(prepared.value, null_mut());
                    enter(outside);
                    state
                })
            },
            value: pg_sys::Datum::from(0usize),
            is_null: true,
        };
        let all = formulas.list.iter().enumerate();
        Setter {
            chosen: all.filter(is_chosen).map(choose).collect(),
            target,
            context,
            jsonb_set,
        }
    }

    /// Computes the values from a row of the other table.
    pub(crate) fn compute(&mut self, row: &Tuple<'_>) {
        let context = self.context;
        // SAFETY: the row is of the table that the expressions are over; their values live until the next reset.
        let memory = unsafe {
            let memory = (*context).ecxt_per_tuple_memory;
            call(|| ffi::MemoryContextReset(memory));
            (*context).ecxt_scantuple = row.slot();
            memory
        };
        for chosen in &mut self.chosen {
            let state = chosen.state;
            // SAFETY: as above.
            (chosen.value, chosen.is_null) = unsafe {
                call(|| {
                    let outside = enter(memory);
                    let mut is_null = false;
                    let value = match (*state).evalfunc {
                        Some(evaluate) => evaluate(state, context, &mut is_null),
                        None => unreachable!("ExecInitExpr() sets it"),
                    };
                    enter(outside);
                    (value, is_null)
                })
            };
        }
    }

    /// Writes a row with the values in their places, and gives it. `None` if it is as it was; where that is not asked for,
    /// it is known not to be.
    pub(crate) fn write(&mut self, old: &Tuple<'_>, is_checked: bool) -> Option<Tuple<'_>> {
        self.target.start(Some(old));
        let (new, memory) = (self.target.new, self.target.memory);
        let function = &raw mut *self.jsonb_set;
        for chosen in &self.chosen {
            // SAFETY: the slot has the values of the old row; what is computed lives until the next one.
            unsafe {
                call(|| {
                    let outside = enter(memory);
                    chosen.put_into(new, function);
                    enter(outside);
                });
            }
        }
        let written = self.target.finish();
        let differs =
            |c: &Chosen<'_>| !old.is_same(&written, c.prepared.attribute, c.prepared.storage);
        if is_checked && !self.chosen.iter().any(differs) {
            return None;
        }
        let (info, estate, old) = (self.target.info, self.target.estate, old.slot());
        // SAFETY: as in `replace`.
        unsafe { call(|| ffi::ExecSimpleRelationUpdate(info, estate, null_mut(), old, new)) };
        Some(Tuple::over(new))
    }
}

impl Chosen<'_> {
    /// # Safety
    /// Inside [`call`]; the slot holds the values of a row of the table that is set.
    unsafe fn put_into(&self, slot: *mut pg_sys::TupleTableSlot, jsonb_set: *mut pg_sys::FmgrInfo) {
        // SAFETY: the attribute is one of the table; a document that is NULL has no paths.
        unsafe {
            let at = self.prepared.attribute as usize - 1;
            let (value, is_null) = ((*slot).tts_values.add(at), (*slot).tts_isnull.add(at));
            match self.prepared.path {
                None => (*value, *is_null) = (self.value, self.is_null),
                Some(path) if !*is_null && !self.is_null => {
                    // The last argument has a default in SQL alone: to create what is missing.
                    let (none, create) = (pg_sys::InvalidOid, pg_sys::Datum::from(true));
                    *value =
                        ffi::FunctionCall4Coll(jsonb_set, none, *value, path, self.value, create);
                }
                Some(_) => {}
            }
        }
    }
}
