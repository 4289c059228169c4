//! The statements that write patches: see [`crate::lineage::patch`].

use super::key::{along, captured, condition};
use super::{Table, join};
use crate::lineage::model::{Condition, Graph, Link, Side, tag};
use crate::lineage::patch::{Patch, Reach};
use crate::name::{literal, quote};
use std::collections::BTreeSet;

/// What it takes to write the statements of one source.
pub(crate) struct Patching<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) source: usize,
    pub(crate) patch: &'a Patch,
    /// The attributes that are captured.
    pub(crate) captured: &'a [i16],
    pub(crate) table: &'a Table,
    /// The equality of each attribute in [`Patch::unique`].
    pub(crate) equals: &'a [String],
    /// There are arrays of its only one.
    pub(crate) is_array: bool,
}

/// Statements over captured values: an array of those that tell rows apart, or of records of all.
#[derive(Debug)]
pub(crate) struct PatchStatements {
    /// The keys of the rows that the TVIEW has for them, where the route's own query would read more.
    pub(crate) keys: Option<String>,
    table: String,
    /// FROM and WHERE.
    clauses: (String, String),
    parts: Vec<PartSql>,
}

/// A new value of a part of the table's row, and where it belongs.
#[derive(Debug)]
pub(super) struct PartSql {
    column: String,
    /// An array; `None` for the whole column.
    path: Option<String>,
    value: String,
}

impl PatchStatements {
    /// Writes the parts at these places of [`Patch::parts`], as bits. With `is_checked`, rows stay as they are in which
    /// all of them are equal already.
    pub(crate) fn update(&self, places: u64, is_checked: bool) -> String {
        let chosen = (self.parts.iter().enumerate()).filter(|(n, _)| places & (1 << n) != 0);
        let parts: Vec<&PartSql> = chosen.map(|(_, part)| part).collect();
        let columns: BTreeSet<&String> = parts.iter().map(|p| &p.column).collect();
        let columns: Vec<&String> = columns.into_iter().collect();
        let set = join(&columns, ", ", |_, column| {
            format!("{column} = {}", PartSql::set(column, parts.iter().copied()))
        });
        let check = match is_checked {
            true => format!(
                " AND pg_catalog.record_image_ne(ROW({}), ROW({}))",
                join(&parts, ", ", |_, part| part.stored()),
                join(&parts, ", ", |_, part| part.value.clone())
            ),
            false => String::new(),
        };
        let (from, on) = &self.clauses;
        let table = &self.table;
        format!("UPDATE {table} AS t SET {set} FROM {from} WHERE {on}{check}")
    }
}

/// The values of all parts, for a row of the source.
pub(crate) fn values(graph: &Graph, source: usize, parts: &[usize]) -> String {
    let table = graph.sources[source].name.sql();
    let values = join(parts, ", ", |_, p| {
        let part = &graph.parts[*p];
        value(&part.path, &part.sql)
    });
    format!("SELECT {values} FROM {table} AS {}", tag(source))
}

/// In an object, as jsonb_build_object() makes values of it.
fn value(path: &[String], sql: &str) -> String {
    match path.is_empty() {
        true => sql.to_owned(),
        false => format!("COALESCE(pg_catalog.to_jsonb({sql}), 'null')"),
    }
}

impl PartSql {
    /// `column` is quoted.
    pub(super) fn new(column: String, path: &[String], sql: &str) -> PartSql {
        let keys = join(path, ", ", |_, key| literal(key));
        PartSql {
            column,
            path: (!path.is_empty()).then(|| format!("ARRAY[{keys}]::pg_catalog.text[]")),
            value: value(path, sql),
        }
    }

    /// Puts those of a column that belong there in their places.
    pub(super) fn set<'p>(column: &str, parts: impl Iterator<Item = &'p PartSql>) -> String {
        let of_column = parts.filter(|p| p.column == column);
        of_column.fold(format!("t.{column}"), |before, part| part.put_into(before))
    }

    /// The column's value with the part in its place.
    fn put_into(&self, before: String) -> String {
        match &self.path {
            None => self.value.clone(),
            Some(path) => format!("pg_catalog.jsonb_set({before}, {path}, {})", self.value),
        }
    }

    /// The part as the TVIEW has it.
    fn stored(&self) -> String {
        match &self.path {
            None => format!("t.{}", self.column),
            Some(path) => format!("t.{} OPERATOR(pg_catalog.#>) {path}", self.column),
        }
    }
}

impl Patching<'_> {
    pub(crate) fn statements(&self) -> PatchStatements {
        let part = |p: &usize| {
            let part = &self.graph.parts[*p];
            PartSql::new(self.column(part.position), &part.path, &part.sql)
        };
        PatchStatements {
            keys: self.keys(),
            table: self.table.name.sql(),
            clauses: self.clauses(),
            parts: self.patch.parts.iter().map(part).collect(),
        }
    }

    fn keys(&self) -> Option<String> {
        let Reach::Carried { hops, links } = &self.patch.reach else {
            return None;
        };
        let keys = join(&self.table.key, ", ", |_, c| {
            format!("t.{}", quote(&c.name))
        });
        let table = self.table.name.sql();
        let from_where = match (hops.as_slice(), links.as_slice()) {
            ([], [(link, position)]) if self.is_array => {
                let own = format!("t.{}", self.column(*position));
                format!("{table} AS t WHERE {}", is_any(link, &own)?)
            }
            _ => {
                let (start, is_row) = self.start();
                let from = along(self.graph, &start, hops);
                format!(
                    "{from} JOIN {table} AS t ON {} WHERE {is_row}",
                    self.carried(links)
                )
            }
        };
        Some(format!("SELECT {keys} FROM {from_where}"))
    }

    /// The rows as they are now of which values were captured.
    fn start(&self) -> (String, String) {
        let source = &self.graph.sources[self.source];
        let row = tag(self.source);
        let name = |attribute: &i16| {
            let column = source.column(*attribute);
            column.map_or_else(String::new, |c| quote(&c.name))
        };
        let table = format!("{} AS {row}", source.name.sql());
        match (self.is_array, self.patch.unique.as_slice()) {
            (true, [only]) => {
                let is_row = format!("{row}.{} {} ANY ($1)", name(only), self.equals[0]);
                (table, is_row)
            }
            (_, unique) => {
                let is_row = join(unique, " AND ", |n, attribute| {
                    format!("{row}.{1} {0} c.{1}", self.equals[n], name(attribute))
                });
                let values = captured(source, "c", self.captured);
                (format!("{values} CROSS JOIN {table}"), is_row)
            }
        }
    }

    /// From the rows to those of the TVIEW.
    fn clauses(&self) -> (String, String) {
        let (start, is_row) = self.start();
        let (from, on) = match &self.patch.reach {
            Reach::Carried { hops, links } => {
                (along(self.graph, &start, hops), self.carried(links))
            }
            Reach::Key(chain) => {
                let on = join(&chain.key, " AND ", |_, (part, side)| {
                    let key = quote(&self.table.key[*part].name);
                    format!("t.{key} {} {}", self.table.equals[*part], side.sql)
                });
                (along(self.graph, &start, &chain.hops), on)
            }
        };
        (from, format!("{is_row} AND {on}"))
    }

    fn column(&self, position: i16) -> String {
        let column = self.table.at(position);
        column.map_or_else(String::new, |c| quote(&c.name))
    }

    /// The links with columns of the TVIEW on their parents' side.
    fn carried(&self, links: &[(Link, i16)]) -> String {
        join(links, " AND ", |_, (link, position)| {
            let sql = format!("t.{}", self.column(*position));
            let parent = Side {
                sql,
                ..link.parent.clone()
            };
            condition(&Link {
                parent,
                ..link.clone()
            })
        })
    }
}

/// A link to the parent's side, `own`, from any child's in an array; `None` where it is not that of one column's values.
fn is_any(link: &Link, own: &str) -> Option<String> {
    let Condition::Equal(equality) = &link.condition else {
        return None;
    };
    let collation = match &equality.collation_sql {
        Some(name) => format!(" COLLATE {name}"),
        None => String::new(),
    };
    Some(format!(
        "{own}{collation} {} ANY ($1)",
        equality.from(false)
    ))
}
