//! Owns how [`crate::lineage::patch`] learns of indexes and types, and how its answers become something to run.

use super::{Array, Direct, Locking, Patcher, Single};
use crate::lineage::model::{Condition, Graph, Part, Route};
use crate::lineage::patch::{self, Patch, Reach, Tables};
use crate::lineage::sql::Table;
use crate::lineage::sql::patch::{Patching, values};
use crate::name::{Column, Index, IndexColumn};
use crate::pg::direct::{Access, Place};
use crate::pg::value::Storage;
use crate::pg::{function, relation, table};
use pgrx::pg_sys::{self, Oid};
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The TVIEW's table.
pub(super) struct Own {
    pub(super) table: Oid,
    /// No code of users hangs on the table, and it has no partitions.
    pub(super) may_write_directly: bool,
    pub(super) indexes: Indexes,
}

/// What is known of a TVIEW meanwhile.
struct Making<'a> {
    graph: &'a Graph,
    locking: &'a Locking,
    table: &'a Table,
    own: &'a Own,
}

/// The indexes of tables, of each read once, when they are needed first.
#[derive(Default)]
pub(super) struct Indexes(RefCell<BTreeMap<u32, Rc<[Index]>>>);

impl Indexes {
    fn of(&self, relid: u32) -> Rc<[Index]> {
        let mut known = self.0.borrow_mut();
        let read = || table::plain_indexes(Oid::from(relid)).into();
        known.entry(relid).or_insert_with(read).clone()
    }
}

/// Per source.
pub(super) fn patches(
    graph: &Graph,
    routes: &[Route],
    locking: &Locking,
    table: &Table,
    own: &Own,
) -> Vec<Option<Patcher>> {
    let making = Making {
        graph,
        locking,
        table,
        own,
    };
    let positions = table.positions.iter().copied();
    let free: Vec<i16> = positions.filter(|p| table.free_at(*p).is_some()).collect();
    let tables = Tables {
        indexes_of: &|relid| own.indexes.of(relid),
        own_indexes: &|| making.own_indexes(),
        free: &free,
    };
    let found = patch::patches(graph, routes, &tables).into_iter();
    let patcher = |(source, patch): (usize, Option<Patch>)| making.patcher(source, patch?);
    found.enumerate().map(patcher).collect()
}

impl Making<'_> {
    fn patcher(&self, source: usize, patch: Patch) -> Option<Patcher> {
        let equals = self.equalities(source, &patch.unique)?;
        let array = self.array(source, &patch);
        let patching = Patching {
            graph: self.graph,
            source,
            patch: &patch,
            captured: &self.locking.captured[source],
            table: self.table,
            equals: &equals,
            is_array: array.is_some(),
        };
        let settled =
            |(place, part): (usize, &usize)| u64::from(is_settled(self.graph, *part)) << place;
        let exact =
            |(place, part): (usize, &usize)| u64::from(is_exact(self.graph, *part)) << place;
        Some(Patcher {
            statements: patching.statements(),
            exact: patch.parts.iter().enumerate().map(exact).sum(),
            settled: patch.parts.iter().enumerate().map(settled).sum(),
            direct: match &array {
                Some(array) if self.own.may_write_directly => self.direct(source, &patch, array),
                _ => None,
            },
            array,
            patch,
        })
    }

    /// The TVIEW's indexes over columns that the query gives, by their positions there.
    fn own_indexes(&self) -> Vec<Index> {
        let position = |attribute: i16| {
            let mut columns = self.table.columns.iter().zip(&self.table.positions);
            columns
                .find(|(c, _)| c.attribute == attribute)
                .map(|(_, position)| *position)
        };
        let given = |index: &Index| {
            let columns = index.columns.iter();
            let columns = columns.map(|c| {
                let attribute = position(c.attribute)?;
                Some(IndexColumn { attribute, ..*c })
            });
            Some(Index {
                columns: columns.collect::<Option<_>>()?,
                ..*index
            })
        };
        let own = self.own.indexes.of(self.own.table.to_u32());
        own.iter().filter_map(given).collect()
    }

    /// The equality of each attribute as SQL.
    fn equalities(&self, source: usize, attributes: &[i16]) -> Option<Vec<String>> {
        let equality = |attribute: &i16| {
            let column = self.graph.sources[source].column(*attribute)?;
            let (equality, _) = function::default_equality(Oid::from(column.type_oid))?;
            Some(equality.sql)
        };
        attributes.iter().map(equality).collect()
    }

    /// The place among captured values of the only one that tells rows apart, where there are arrays of its type.
    fn array(&self, source: usize, patch: &Patch) -> Option<Array> {
        let [only] = patch.unique.as_slice() else {
            return None;
        };
        let captured = &self.locking.captured[source];
        let column = self.graph.sources[source].column(*only)?;
        let storage = Storage::of(Oid::from(column.type_oid));
        Some(Array {
            place: captured.iter().position(|a| a == only)?,
            array_type: storage.array_type()?,
            storage,
        })
    }

    fn direct(&self, source: usize, patch: &Patch, array: &Array) -> Option<Direct> {
        let (from, to, collation) = self.ends(source, patch)?;
        let family = function::default_family(from.type_oid);
        let relid = Oid::from(self.graph.sources[source].relid);
        let is_table = relation::class(relid).is_some_and(|c| c.kind == b'r');
        let indexes = self.own.indexes.of(relid.to_u32());
        let mut of_one = indexes
            .iter()
            .filter(|i| i.is_unique && i.columns.len() == 1);
        // Another equality than the query's would find other rows.
        let is_meant = |index: &Index, column: &Column| {
            let first = index.columns[0];
            first.attribute == column.attribute
                && first.family == family
                && first.collation == collation
        };
        let source_index = of_one.find(|i| is_meant(i, from));
        let source_index = source_index.filter(|_| is_table)?;
        let own_indexes = self.own.indexes.of(self.own.table.to_u32());
        let own_index = own_indexes.iter().find(|i| is_meant(i, to))?;
        let key = self.table.key.iter();
        Some(Direct {
            place: array.place,
            source: access(relid, source_index, from)?,
            own: access(self.own.table, own_index, to)?,
            key: key
                .map(|c| (c.attribute, Storage::of(Oid::from(c.type_oid))))
                .collect(),
            places: patch
                .parts
                .iter()
                .map(|p| self.place(*p))
                .collect::<Option<_>>()?,
            query: values(self.graph, source, &patch.parts),
            formulas: OnceCell::new(),
        })
    }

    /// The column that tells rows of the source apart, and the TVIEW's that has the same values in the rows that show them;
    /// under which collation they are the same. The type's own equality says so.
    fn ends(&self, source: usize, patch: &Patch) -> Option<(&Column, &Column, u32)> {
        let from = self.graph.sources[source].column(*patch.unique.first()?)?;
        let (side, to, families, collation) = match &patch.reach {
            Reach::Key(chain) if chain.hops.is_empty() => match chain.key.as_slice() {
                [(part, side)] => {
                    let key = &self.graph.key[*part];
                    (side, &self.table.key[*part], &key.families, key.collation)
                }
                _ => return None,
            },
            Reach::Carried { hops, links } if hops.is_empty() => match links.as_slice() {
                [(link, position)] => {
                    let Condition::Equal(equality) = &link.condition else {
                        return None;
                    };
                    let to = self.table.at(*position)?;
                    (&link.child, to, &equality.families, equality.collation)
                }
                _ => return None,
            },
            _ => return None,
        };
        let is_same = side.attributes == patch.unique
            && from.type_oid == to.type_oid
            && families.contains(&function::default_family(from.type_oid));
        is_same.then_some((from, to, collation))
    }

    fn place(&self, part: usize) -> Option<Place> {
        let part = &self.graph.parts[part];
        let column = self.table.at(part.position)?;
        Some(Place {
            attribute: column.attribute,
            storage: Storage::of(Oid::from(column.type_oid)),
            path: part.path.clone(),
        })
    }
}

/// How the row of one key is found and written.
pub(super) fn single(own: &Own, table: &Table) -> Option<Single> {
    let [key] = table.key.as_slice() else {
        return None;
    };
    let family = function::default_family(key.type_oid);
    let is_key = |i: &&Index| {
        let first = i.columns[0];
        let is_own = first.attribute == key.attribute && first.family == family;
        i.is_unique && i.columns.len() == 1 && is_own
    };
    let indexes = own.indexes.of(own.table.to_u32());
    let storage = |c: &Column| (c.attribute, Storage::of(Oid::from(c.type_oid)));
    let place = table
        .columns
        .iter()
        .position(|c| c.attribute == key.attribute)?;
    Some(Single {
        access: access(own.table, indexes.iter().find(is_key)?, key)?,
        columns: table.columns.iter().map(storage).collect(),
        key_column: place as i32 + 1,
    })
}

/// By the equality that is the type's own, and that the index answers: PostgreSQL's, since none of a user's is to run
/// with rights and settings that happen to be in force.
fn access(table: Oid, index: &Index, column: &Column) -> Option<Access> {
    let (first, type_oid) = (index.columns[0], Oid::from(column.type_oid));
    let by_code =
        function::is_compared_by_code(type_oid) || function::is_user_defined(first.family);
    Some(Access {
        table,
        index: Oid::from(index.oid),
        equality: function::equality_function(type_oid).filter(|_| !by_code)?,
        collation: Oid::from(first.collation),
    })
}

/// Types of which each image has a text of its own, whatever the settings.
const PLAIN: [Oid; 11] = [
    pg_sys::BOOLOID,
    pg_sys::INT2OID,
    pg_sys::INT4OID,
    pg_sys::INT8OID,
    pg_sys::OIDOID,
    pg_sys::NUMERICOID,
    pg_sys::UUIDOID,
    pg_sys::TEXTOID,
    pg_sys::VARCHAROID,
    pg_sys::DATEOID,
    pg_sys::TIMESTAMPOID,
];

/// Whether a part shows each image of its column differently.
fn is_exact(graph: &Graph, part: usize) -> bool {
    bare_type(graph, part).is_some_and(|t| PLAIN.contains(&t) || t == pg_sys::TIMESTAMPTZOID)
}

/// Whether no setting shapes a part.
fn is_settled(graph: &Graph, part: usize) -> bool {
    let is_whole = graph.parts[part].path.is_empty();
    bare_type(graph, part).is_some_and(|t| is_whole || PLAIN.contains(&t) || t == pg_sys::JSONBOID)
}

/// The type of a part that is a column as it is.
fn bare_type(graph: &Graph, part: usize) -> Option<Oid> {
    let part: &Part = &graph.parts[part];
    let column = graph.sources[part.source].column(part.bare?)?;
    Some(Oid::from(column.type_oid))
}
