//! Owns the text of every statement that depends on a TVIEW's shape. Values are parameters;
//! identifiers go through [`quote`]; everything is qualified. [`table`] has the statements that
//! compare and write, [`key`] those from changed values to keys, [`edge`] those that
//! read what concurrent writers lock, [`mod@path`] the same in words.

pub(crate) mod edge;
pub(crate) mod key;
pub(crate) mod patch;
mod path;
mod table;

pub(crate) use path::path;
pub(crate) use table::{ACTION, COPIES, KEY, ROW, Table, sample};

use crate::name::{Column, quote};

fn list(columns: &[Column], render: impl Fn(usize, &Column) -> String) -> String {
    join(columns, ", ", render)
}

fn every(columns: &[Column], render: impl Fn(usize, &Column) -> String) -> String {
    join(columns, " AND ", render)
}

fn join<T>(items: &[T], between: &str, render: impl Fn(usize, &T) -> String) -> String {
    let each: Vec<String> = items
        .iter()
        .enumerate()
        .map(|(i, t)| render(i, t))
        .collect();
    each.join(between)
}

/// The parameter, an array of records, as a table with these columns. Records because arrays of one
/// column each do not exist for every type.
fn records(columns: &[(String, &Column)], alias: &str) -> String {
    let columns = join(columns, ", ", |_, (name, column)| {
        let collation = match &column.collation {
            Some(collation) => format!(" COLLATE {collation}"),
            None => String::new(),
        };
        format!("{} {}{collation}", quote(name), column.type_sql)
    });
    format!("ROWS FROM (pg_catalog.unnest($1) AS ({columns})) AS {alias}")
}
