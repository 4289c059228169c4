//! Owns the count of statements that may have changed rows: it tells a transaction which has only put indexes and
//! constraints on a table from one that has written.

use super::list::pointers;
use pgrx::pg_sys::{self, AlterTableType, NodeTag};
use std::cell::Cell;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

pub(super) fn count() {
    COUNT.set(COUNT.get().wrapping_add(1));
}

pub(super) fn counted() -> u64 {
    COUNT.get()
}

/// Whether a utility statement changes neither rows nor what a query makes of them: one for indexes, constraints,
/// parameters, comments or rights. (What it calls is counted by itself.)
///
/// # Safety
/// `statement` is a utility statement.
pub(super) unsafe fn leaves_rows(statement: *mut pg_sys::Node) -> bool {
    // SAFETY: tags tell the types; the commands of ALTER TABLE are AlterTableCmd.
    unsafe {
        match (*statement).type_ {
            NodeTag::T_IndexStmt | NodeTag::T_CommentStmt | NodeTag::T_GrantStmt => true,
            NodeTag::T_AlterTableStmt => {
                let alter: *mut pg_sys::AlterTableStmt = statement.cast();
                let mut commands = pointers::<pg_sys::AlterTableCmd>((*alter).cmds).into_iter();
                commands.all(|c| {
                    matches!(
                        (*c).subtype,
                        AlterTableType::AT_AddConstraint
                            | AlterTableType::AT_SetNotNull
                            | AlterTableType::AT_SetRelOptions
                            | AlterTableType::AT_SetStatistics
                            | AlterTableType::AT_SetStorage
                            | AlterTableType::AT_ReplicaIdentity
                    )
                })
            }
            _ => false,
        }
    }
}
