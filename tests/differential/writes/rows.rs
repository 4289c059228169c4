//! New rows and values for statements that write: keys that are mostly free, references that mostly exist.

use crate::schema::{Column, Kind, Role, Table};
use crate::value::{chance, is_null, literal};
use fastrand::Rng;

/// A value for a new row, the `nth` of its statement.
pub fn new_value(rng: &mut Rng, table: &Table, column: &Column, nth: u32) -> String {
    if column.role == Role::Key && matches!(column.kind, Kind::Int | Kind::Big) && chance(rng, 80) {
        return free_key(table, column, nth);
    }
    value(rng, column)
}

/// A value for a column that is not the key, or for a key that may be taken.
pub fn value(rng: &mut Rng, column: &Column) -> String {
    if is_null(rng, column) {
        return "NULL".to_owned();
    }
    match column.role {
        Role::Reference {
            table,
            column: target,
        } if chance(rng, 95) => {
            format!(
                "(SELECT {target} FROM {table} WHERE {target} >= {} ORDER BY {target} LIMIT 1)",
                literal(rng, column.kind)
            )
        }
        _ => literal(rng, column.kind),
    }
}

/// The smallest keys that no row has.
pub fn free_key(table: &Table, column: &Column, nth: u32) -> String {
    format!(
        "(SELECT n FROM generate_series(1, 60) n WHERE n NOT IN (SELECT {} FROM {}) ORDER BY n LIMIT 1 OFFSET {nth})",
        column.name, table.name
    )
}
