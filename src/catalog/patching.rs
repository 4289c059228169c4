//! Owns how [`crate::lineage::patch`] learns of indexes and types, and how its answers become something to run.

use super::{Array, Locking, Patcher};
use crate::lineage::model::{Graph, Part, Route};
use crate::lineage::patch::{self, Tables};
use crate::lineage::sql::Table;
use crate::lineage::sql::patch::Patching;
use crate::name::{Index, IndexColumn};
use crate::pg::value::Storage;
use crate::pg::{function, relation};
use pgrx::pg_sys::{self, Oid};
use std::collections::BTreeMap;

/// Per source. `own` are the TVIEW's table and its backing view.
pub(super) fn patches(
    graph: &Graph,
    routes: &[Route],
    locking: &Locking,
    table: &Table<'_>,
    own: (Oid, Oid),
) -> Vec<Option<Patcher>> {
    let given = relation::columns(own.1);
    let shown = |name: &String| table.columns.iter().any(|c| c.name == *name);
    let given = given.into_iter().filter(|c| shown(&c.name));
    let names: BTreeMap<i16, String> = given.map(|c| (c.attribute, c.name)).collect();
    let bound = |name: &String| {
        table
            .key
            .iter()
            .chain(table.unique)
            .any(|c| c.name == *name)
    };
    let free: Vec<i16> = (names.iter().filter(|(_, name)| !bound(name)))
        .map(|(position, _)| *position)
        .collect();
    let tables = Tables {
        indexes_of: &|relid| relation::indexes(Oid::from(relid)),
        own_indexes: &own_indexes(own.0, table, &names),
        free: &free,
    };
    let found = patch::patches(graph, routes, &tables).into_iter();
    let patcher = |(source, patch): (usize, Option<patch::Patch>)| {
        let patch = patch?;
        let equals = equalities(graph, source, &patch.unique)?;
        let array = array(graph, source, &patch.unique, &locking.captured[source]);
        let patching = Patching {
            graph,
            source,
            patch: &patch,
            captured: &locking.captured[source],
            table,
            names: &names,
            equals: &equals,
            is_array: array.is_some(),
        };
        let exact = |(place, part): (usize, &usize)| u64::from(is_exact(graph, *part)) << place;
        Some(Patcher {
            statements: patching.statements(),
            exact: patch.parts.iter().enumerate().map(exact).sum(),
            array,
            patch,
        })
    };
    found.enumerate().map(patcher).collect()
}

/// The TVIEW's indexes over columns that the query gives, by their positions there.
fn own_indexes(oid: Oid, table: &Table<'_>, names: &BTreeMap<i16, String>) -> Vec<Index> {
    let position = |attribute: i16| {
        let column = table.columns.iter().find(|c| c.attribute == attribute)?;
        let mut names = names.iter();
        names
            .find(|(_, name)| **name == column.name)
            .map(|(p, _)| *p)
    };
    let given = |index: Index| {
        let columns = index.columns.iter();
        let columns = columns.map(|c| {
            let attribute = position(c.attribute)?;
            Some(IndexColumn { attribute, ..*c })
        });
        let columns = columns.collect::<Option<_>>()?;
        Some(Index { columns, ..index })
    };
    relation::indexes(oid)
        .into_iter()
        .filter_map(given)
        .collect()
}

/// The place among captured values of the only one that tells rows apart, and its type's storage, where there are arrays of it.
fn array(graph: &Graph, source: usize, unique: &[i16], captured: &[i16]) -> Option<Array> {
    let [only] = unique else {
        return None;
    };
    let place = captured.iter().position(|a| a == only)?;
    let column = graph.sources[source].column(*only)?;
    let storage = Storage::of(Oid::from(column.type_oid));
    let array_type = storage.array_type()?;
    Some(Array {
        place,
        storage,
        array_type,
    })
}

/// The equality of each attribute as SQL.
fn equalities(graph: &Graph, source: usize, attributes: &[i16]) -> Option<Vec<String>> {
    let equality = |attribute: &i16| {
        let column = graph.sources[source].column(*attribute)?;
        let (equality, _) = function::default_equality(Oid::from(column.type_oid))?;
        Some(equality.sql)
    };
    attributes.iter().map(equality).collect()
}

/// Whether a part shows each image of its column differently.
fn is_exact(graph: &Graph, part: usize) -> bool {
    let Part { source, bare, .. } = graph.parts[part];
    let column = bare.and_then(|a| graph.sources[source].column(a));
    column.is_some_and(|c| {
        let type_oid = Oid::from(c.type_oid);
        let exact = [
            pg_sys::TEXTOID,
            pg_sys::VARCHAROID,
            pg_sys::NUMERICOID,
            pg_sys::TIMESTAMPTZOID,
        ];
        function::is_image_equal(type_oid) || exact.contains(&type_oid)
    })
}
