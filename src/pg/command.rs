//! Owns a look at what ALTER TABLE did, as PostgreSQL collects it for event triggers.

use super::list::pointers;
use super::spi::Rows;
use super::version;
use pgrx::pg_sys::{self, AlterTableType, CollectedCommandType};

/// What a command did to the columns of a table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reshaping {
    None,
    /// There are more, or one has another name.
    Named,
    /// Some went, or have another type or expression.
    Changed,
}

/// What the command in a cell did, of type `pg_ddl_command`.
pub(crate) fn reshaping(rows: &Rows<'_>, row: u64, column: i32) -> Reshaping {
    let Some(datum) = rows.get::<pg_sys::Datum>(row, column) else {
        return Reshaping::None;
    };
    // SAFETY: a CollectedCommand, which lives as long as its event trigger runs; its type tells which part of
    // the union it is. What it has collected are CollectedATSubcmd, each with an AlterTableCmd.
    let kinds: Vec<AlterTableType::Type> = unsafe {
        let command = &*datum.cast_mut_ptr::<pg_sys::CollectedCommand>();
        if command.type_ != CollectedCommandType::SCT_AlterTable {
            return Reshaping::None;
        }
        pointers::<pg_sys::CollectedATSubcmd>(command.d.alterTable.subcmds)
            .into_iter()
            .map(|s| (*(*s).parsetree.cast::<pg_sys::AlterTableCmd>()).subtype)
            .collect()
    };
    let has = |wanted: &[AlterTableType::Type]| kinds.iter().any(|k| wanted.contains(k));
    if has(version::CHANGES_COLUMNS) {
        Reshaping::Changed
    } else if has(version::ADDS_COLUMNS) {
        Reshaping::Named
    } else {
        Reshaping::None
    }
}
