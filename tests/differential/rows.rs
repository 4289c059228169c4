//! The rows that a round starts with. Tables are small, now and then empty, and refer to each other.

use crate::optional::list;
use crate::schema::{Column, Role, TABLES, Table};
use crate::value::{chance, is_null, literal, pick};
use fastrand::Rng;
use std::collections::{BTreeMap, BTreeSet};

/// By table, the first column of the keys that it has got.
type Keys = BTreeMap<&'static str, Vec<String>>;

pub fn rows(rng: &mut Rng) -> Vec<String> {
    let mut keys = Keys::new();
    TABLES
        .iter()
        .filter_map(|table| insert(rng, table, &mut keys))
        .collect()
}

fn insert(rng: &mut Rng, table: &'static Table, keys: &mut Keys) -> Option<String> {
    if chance(rng, 4) {
        return None;
    }
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for _ in 0..rng.u32(3..=16) {
        let values: Vec<String> = table
            .written()
            .map(|column| value(rng, column, keys))
            .collect();
        let key: Vec<String> = table
            .written()
            .zip(&values)
            .filter(|(column, _)| table.key.contains(&column.name) || column.role == Role::Key)
            // Two keys of a case-insensitive column must differ in more than case, numbers in more than scale.
            .map(|(_, value)| folded(value))
            .collect();
        if values.contains(&String::new()) || !key.is_empty() && !seen.insert(key) {
            continue;
        }
        if let Some(first) = table.written().position(|column| column.role == Role::Key) {
            keys.entry(table.name)
                .or_default()
                .push(values[first].clone());
        }
        rows.push(format!("({})", values.join(", ")));
    }
    if rows.is_empty() {
        return None;
    }
    let columns: Vec<&str> = table.written().map(|column| column.name).collect();
    Some(format!(
        "INSERT INTO {} ({}) VALUES\n{}",
        table.name,
        columns.join(", "),
        list(rows)
    ))
}

fn folded(value: &str) -> String {
    let value = value.trim_matches('\'').to_lowercase();
    match value.parse::<f64>() {
        Ok(number) => number.to_string(),
        Err(_) => value,
    }
}

/// Empty where there is nothing to refer to.
fn value(rng: &mut Rng, column: &Column, keys: &Keys) -> String {
    if is_null(rng, column) {
        return "NULL".to_owned();
    }
    match column.role {
        Role::Reference { table, .. } => match keys.get(table) {
            Some(keys) => pick(rng, keys).clone(),
            None if column.is_nullable => "NULL".to_owned(),
            None => String::new(),
        },
        _ => literal(rng, column.kind),
    }
}
