//! Owns what the catalogs say about what hangs on a table: its parents and children, indexes, triggers and rules.

use super::relation;
use super::scan::{Cells, Index};
use pgrx::pg_sys::{self, Oid};

const INHERITS: Oid = Oid::from_u32(2611);
const PARENTS: Index = Index {
    table: INHERITS,
    oid: Oid::from_u32(2680),
    attribute: CHILD,
};
const CHILDREN: Index = Index {
    table: INHERITS,
    oid: Oid::from_u32(2187),
    attribute: PARENT,
};
const CHILD: i16 = 1;
const PARENT: i16 = 2;
const INDEXES: Index = Index {
    table: pg_sys::IndexRelationId,
    oid: Oid::from_u32(pg_sys::IndexIndrelidIndexId),
    attribute: pg_sys::Anum_pg_index_indrelid as i16,
};
const TRIGGERS: Index = Index {
    table: pg_sys::TriggerRelationId,
    oid: Oid::from_u32(pg_sys::TriggerRelidNameIndexId),
    attribute: pg_sys::Anum_pg_trigger_tgrelid as i16,
};
const RULES: Index = Index {
    table: Oid::from_u32(2618),
    oid: Oid::from_u32(2693),
    attribute: RULE_TABLE,
};
const RULE_NAME: i16 = 2;
const RULE_TABLE: i16 = 3;
const RULE_ENABLED: i16 = 5;

/// The tables right above one, as partitioned tables and those inherited from are.
pub(crate) fn parents(relid: Oid) -> Vec<Oid> {
    PARENTS.rows(relid, |row| row.get(PARENT))
}

/// The tables right below one.
pub(crate) fn children(relid: Oid) -> Vec<Oid> {
    match relation::class(relid).is_some_and(|c| c.has_children) {
        true => CHILDREN.rows(relid, |row| row.get(CHILD)),
        false => Vec::new(),
    }
}

/// An index of a table.
pub(crate) struct TableIndex {
    /// 0 stands for an expression, or a condition.
    pub(crate) attributes: Vec<i16>,
    /// How many of the attributes are not only included.
    pub(crate) key_len: usize,
    pub(crate) is_primary: bool,
    /// Unique, or an exclusion constraint's.
    pub(crate) is_exclusive: bool,
}

pub(crate) fn indexes(relid: Oid) -> Vec<TableIndex> {
    INDEXES.rows(relid, |row| {
        let is = |attribute: u32| row.get(attribute as i16).unwrap_or(false);
        let mut attributes: Vec<i16> = row.get(pg_sys::Anum_pg_index_indkey as i16)?;
        if !row.is_null(pg_sys::Anum_pg_index_indpred as i16) {
            attributes.push(0);
        }
        let key_len: i16 = row.get(pg_sys::Anum_pg_index_indnkeyatts as i16)?;
        Some(TableIndex {
            attributes,
            key_len: key_len as usize,
            is_primary: is(pg_sys::Anum_pg_index_indisprimary),
            is_exclusive: is(pg_sys::Anum_pg_index_indisunique)
                || is(pg_sys::Anum_pg_index_indisexclusion),
        })
    })
}

/// Whether foreign keys refer to rows of a table: then it has their triggers.
pub(crate) fn is_referenced(relid: Oid) -> bool {
    let is_referenced = |row: &Cells| {
        let function = row.get(pg_sys::Anum_pg_trigger_tgfoid as i16)?;
        // SAFETY: compares with the functions of foreign keys.
        let kind = unsafe { pg_sys::RI_FKey_trigger_type(function) };
        (kind == pg_sys::RI_TRIGGER_PK as i32).then_some(())
    };
    !TRIGGERS.rows(relid, is_referenced).is_empty()
}

/// A row-level BEFORE trigger that fires.
pub(crate) fn row_trigger(relid: Oid) -> Option<String> {
    const BEFORE_ROW: i16 = (pg_sys::TRIGGER_TYPE_ROW | pg_sys::TRIGGER_TYPE_BEFORE) as i16;
    let name = |row: &Cells| {
        let kind: i16 = row.get(pg_sys::Anum_pg_trigger_tgtype as i16)?;
        let is_internal: bool = row.get(pg_sys::Anum_pg_trigger_tgisinternal as i16)?;
        let is_obstacle = kind & BEFORE_ROW == BEFORE_ROW
            && !is_internal
            && is_enabled(row, pg_sys::Anum_pg_trigger_tgenabled as i16);
        is_obstacle.then(|| row.name(pg_sys::Anum_pg_trigger_tgname as i16))?
    };
    TRIGGERS.rows(relid, name).into_iter().next()
}

/// A rule that is in force.
pub(crate) fn rule(relid: Oid) -> Option<String> {
    let name = |row: &Cells| is_enabled(row, RULE_ENABLED).then(|| row.name(RULE_NAME))?;
    RULES.rows(relid, name).into_iter().next()
}

fn is_enabled(row: &Cells, attribute: i16) -> bool {
    row.get::<i8>(attribute) != Some(pg_sys::TRIGGER_DISABLED as i8)
}
