//! Owns what the catalogs say about what hangs on a table: its parents and children, indexes, triggers and rules.

use super::scan::{Cells, Index};
use super::{function, relation};
use crate::name::IndexColumn;
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
    oid: Oid,
    is_valid: bool,
    /// Unique, and checked at once.
    is_unique: bool,
    /// Operator classes and collations of the attributes that are not only included.
    classes: Vec<Oid>,
    collations: Vec<Oid>,
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
            oid: row.get(pg_sys::Anum_pg_index_indexrelid as i16)?,
            is_valid: is(pg_sys::Anum_pg_index_indisvalid),
            is_unique: is(pg_sys::Anum_pg_index_indisunique)
                && is(pg_sys::Anum_pg_index_indimmediate),
            classes: row.get(pg_sys::Anum_pg_index_indclass as i16)?,
            collations: row.get(pg_sys::Anum_pg_index_indcollation as i16)?,
            attributes,
            key_len: key_len as usize,
            is_primary: is(pg_sys::Anum_pg_index_indisprimary),
            is_exclusive: is(pg_sys::Anum_pg_index_indisunique)
                || is(pg_sys::Anum_pg_index_indisexclusion),
        })
    })
}

impl TableIndex {
    fn is_computed(&self) -> bool {
        self.attributes.contains(&0)
    }

    /// Whether an entry in it can take code that is not PostgreSQL's: its expressions, or what compares its values.
    fn runs_code(&self, table: Oid) -> bool {
        let is_compared = |attribute: &i16| {
            // SAFETY: a syscache lookup.
            let type_oid = unsafe { pg_sys::get_atttype(table, *attribute) };
            function::is_compared_by_code(type_oid)
        };
        let mut classes = self.classes.iter();
        self.is_computed()
            || classes.any(|c| function::is_user_defined(c.to_u32()))
            || self.attributes[..self.key_len].iter().any(is_compared)
    }

    /// As a valid btree index over plain columns of all rows.
    fn plain(&self) -> Option<crate::name::Index> {
        let is_btree = relation::class(self.oid).is_some_and(|c| c.method == pg_sys::BTREE_AM_OID);
        if !self.is_valid || self.is_computed() || !is_btree {
            return None;
        }
        let column = |n: usize| IndexColumn {
            attribute: self.attributes[n],
            // SAFETY: a syscache lookup for an operator class that exists.
            family: unsafe { pg_sys::get_opclass_family(self.classes[n]) }.to_u32(),
            collation: self.collations[n].to_u32(),
        };
        Some(crate::name::Index {
            oid: self.oid.to_u32(),
            columns: (0..self.key_len).map(column).collect(),
            is_unique: self.is_unique,
        })
    }
}

/// The valid btree indexes of a table over plain columns of all its rows. None of a table that others inherit from: an index
/// does not see their rows.
pub(crate) fn plain_indexes(relid: Oid) -> Vec<crate::name::Index> {
    let is_alone = relation::class(relid)
        .is_some_and(|c| !c.has_children || c.kind == pg_sys::RELKIND_PARTITIONED_TABLE);
    match is_alone {
        true => indexes(relid)
            .iter()
            .filter_map(TableIndex::plain)
            .collect(),
        false => Vec::new(),
    }
}

/// Whether writing a table's rows can run code that is neither PostgreSQL's nor ours: triggers (those of foreign keys
/// count too), checks, defaults, identity and computed columns, indexes over expressions and types of users.
pub(crate) fn runs_code(relid: Oid) -> bool {
    let foreign = |row: &Cells| {
        let function = row.get(pg_sys::Anum_pg_trigger_tgfoid as i16)?;
        (!function::is_own_trigger(function)).then_some(())
    };
    relation::computes(relid)
        || !TRIGGERS.rows(relid, foreign).is_empty()
        || indexes(relid).iter().any(|i| i.runs_code(relid))
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
