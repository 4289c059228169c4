//! Owns finding and writing single rows straight through the access routines of tables and indexes, as logical replication
//! applies changes (`execReplication.c`): to start and end an executor costs more than what there is to do in between.
//!
//! No trigger fires. So the caller sees to it that none but our own hang on the table
//! ([`super::relation::runs_code`]), and does what these would do.

use super::ffi;
use super::guard::call;
use super::node::{Inside, Tree};
use super::snapshot::Snapshot;
use super::trigger::Tuple;
use super::value::{self, Storage, Value};
use super::version;
use crate::error::Result;
use pgrx::IntoDatum;
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
        let lock = pg_sys::AccessShareLock as i32;
        // SAFETY: an index of the table; all is closed by Drop, or by the abort after an error.
        let (table, index, scan, slot) = unsafe {
            call(|| {
                let table = ffi::relation_open(access.table, lock);
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
        while unsafe { call(|| ffi::index_getnext_slot(scan, FORWARD, slot)) } {
            if let Some(row) = Tuple::of(slot) {
                f(row)?;
            }
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
            let (node, text) = (target.expr.node(), Storage::of(pg_sys::TEXTOID));
            let keys = place.path.iter();
            let keys: Vec<_> = keys
                .map(|k| (k.as_str().into_datum().unwrap(), false))
                .collect();
            Prepared {
                attribute: place.attribute,
                storage: place.storage,
                path: (!keys.is_empty()).then(|| value::array(&keys, text)),
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

/// Sets parts of rows of one table, from rows of another.
pub(crate) struct Setter<'s> {
    table: pg_sys::Relation,
    estate: *mut pg_sys::EState,
    info: *mut pg_sys::ResultRelInfo,
    new: *mut pg_sys::TupleTableSlot,
    /// Memory for the values of one row that they are computed from, and for one row that is written.
    memory: [*mut pg_sys::ExprContext; 2],
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
        let lock = pg_sys::RowExclusiveLock as i32;
        let mut jsonb_set = Box::new(pg_sys::FmgrInfo::default());
        let function = &raw mut *jsonb_set;
        // SAFETY: all is closed by Drop, or by the abort after an error. Made in the memory of the executor's state, where
        // InitResultRelInfo() expects to be called.
        let (table, estate, info, new, memory) = unsafe {
            call(|| {
                let table = ffi::relation_open(table, lock);
                let estate = ffi::CreateExecutorState();
                (*estate).es_snapshot = snapshot.as_ptr();
                let outside = std::mem::replace(
                    &mut *(&raw mut pg_sys::CurrentMemoryContext),
                    (*estate).es_query_cxt,
                );
                let info: *mut pg_sys::ResultRelInfo =
                    ffi::palloc0(size_of::<pg_sys::ResultRelInfo>()).cast();
                (*info).type_ = pg_sys::NodeTag::T_ResultRelInfo;
                ffi::InitResultRelInfo(info, table, 0, null_mut(), 0);
                (*info).ri_TrigDesc = null_mut();
                ffi::ExecOpenIndices(info, false);
                let ops = &raw const pg_sys::TTSOpsVirtual;
                let new = ffi::MakeSingleTupleTableSlot((*table).rd_att, ops);
                (*new).tts_tableOid = (*table).rd_id;
                let memory = [
                    ffi::CreateExprContext(estate),
                    ffi::CreateExprContext(estate),
                ];
                ffi::fmgr_info(pg_sys::F_JSONB_SET.into(), function);
                pg_sys::CurrentMemoryContext = outside;
                (table, estate, info, new, memory)
            })
        };
        let is_chosen = |(number, _): &(usize, &Prepared)| numbers & (1 << number) != 0;
        let choose = |(_, prepared): (usize, &'s Prepared)| Chosen {
            prepared,
            // SAFETY: an expression made by the planner, which is only read; the state lives with the executor's.
            state: unsafe {
                let inside = Inside::switch((*estate).es_query_cxt);
                let state = call(|| ffi::ExecInitExpr(prepared.value, null_mut()));
                drop(inside);
                state
            },
            value: pg_sys::Datum::from(0usize),
            is_null: true,
        };
        let all = formulas.list.iter().enumerate();
        Setter {
            chosen: all.filter(is_chosen).map(choose).collect(),
            table,
            estate,
            info,
            new,
            memory,
            jsonb_set,
        }
    }

    /// Computes the values from a row of the other table.
    pub(crate) fn compute(&mut self, row: &Tuple<'_>) {
        let context = self.memory[0];
        for chosen in &mut self.chosen {
            let state = chosen.state;
            // SAFETY: the row is of the table that the expressions are over; their values live until the next reset.
            (chosen.value, chosen.is_null) = unsafe {
                let memory = (*context).ecxt_per_tuple_memory;
                (*context).ecxt_scantuple = row.slot();
                call(|| {
                    let outside =
                        std::mem::replace(&mut *(&raw mut pg_sys::CurrentMemoryContext), memory);
                    let mut is_null = false;
                    let value = match (*state).evalfunc {
                        Some(evaluate) => evaluate(state, context, &mut is_null),
                        None => unreachable!("ExecInitExpr() sets it"),
                    };
                    pg_sys::CurrentMemoryContext = outside;
                    (value, is_null)
                })
            };
        }
    }

    /// Forgets the values of the last row.
    pub(crate) fn reset(&mut self) {
        // SAFETY: nothing points into it any more.
        unsafe { call(|| ffi::MemoryContextReset((*self.memory[0]).ecxt_per_tuple_memory)) };
    }

    /// Writes a row with the values in their places, and gives it. `None` if it is as it was; where that is not asked for,
    /// it is known not to be.
    pub(crate) fn write(&mut self, old: &Tuple<'_>, is_checked: bool) -> Option<Tuple<'_>> {
        let (slot, new) = (old.slot(), self.new);
        let memory = unsafe { (*self.memory[1]).ecxt_per_tuple_memory };
        let function = &raw mut *self.jsonb_set;
        let chosen = self.chosen.as_slice();
        // SAFETY: both slots are of the table's type; what is computed lives until the next row.
        unsafe {
            call(|| {
                ffi::MemoryContextReset(memory);
                let outside =
                    std::mem::replace(&mut *(&raw mut pg_sys::CurrentMemoryContext), memory);
                let count = (*(*new).tts_tupleDescriptor).natts;
                ffi::slot_getsomeattrs_int(slot, count);
                if let Some(clear) = (*(*new).tts_ops).clear {
                    clear(new);
                }
                let count = count as usize;
                std::ptr::copy_nonoverlapping((*slot).tts_values, (*new).tts_values, count);
                std::ptr::copy_nonoverlapping((*slot).tts_isnull, (*new).tts_isnull, count);
                for chosen in chosen {
                    chosen.put_into(new, function);
                }
                ffi::ExecStoreVirtualTuple(new);
                pg_sys::CurrentMemoryContext = outside;
            });
        }
        let written = Tuple::of(new)?;
        let differs =
            |c: &Chosen<'_>| !old.is_same(&written, c.prepared.attribute, c.prepared.storage);
        if is_checked && !chosen.iter().any(differs) {
            return None;
        }
        let (info, estate) = (self.info, self.estate);
        // SAFETY: no trigger fires, which is all that the fourth argument is for.
        unsafe { call(|| ffi::ExecSimpleRelationUpdate(info, estate, null_mut(), slot, new)) };
        Some(written)
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
                    let none = pg_sys::InvalidOid;
                    *value = ffi::FunctionCall3Coll(jsonb_set, none, *value, path, self.value);
                }
                Some(_) => {}
            }
        }
    }
}

impl Drop for Setter<'_> {
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
