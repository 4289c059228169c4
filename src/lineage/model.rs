//! Owns the data of the analysis: sources, the links between them and the key, and routes.
//! Plain owned data; made by `query`, completed by `route`, read by everything above.

use crate::name::{Column, Name};
use std::collections::BTreeSet;

/// One occurrence of a table in the defining query.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) relid: u32,
    pub(crate) name: Name,
    /// What the query calls it.
    pub(crate) alias: String,
    pub(crate) columns: Vec<Column>,
    /// Attributes the query uses anywhere.
    pub(crate) used: BTreeSet<i16>,
    /// The query reads rows of it as a whole, so that a new column shows.
    pub(crate) is_read_whole: bool,
    /// Where the query makes its rows depend on rows that no link reaches.
    pub(crate) obstacle: Option<Reason>,
}

impl Source {
    pub(crate) fn column(&self, attribute: i16) -> Option<&Column> {
        self.columns.iter().find(|c| c.attribute == attribute)
    }
}

/// What a source is called inside the statements made here.
pub(crate) fn tag(source: usize) -> String {
    format!("t{source}")
}

/// One side of an equality: an expression over columns of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) source: usize,
    /// The columns it reads, in ascending order.
    pub(crate) attributes: Vec<i16>,
    /// SQL over the source's [`tag`].
    pub(crate) sql: String,
    /// The same over the query's own alias, for people.
    pub(crate) text: String,
    pub(crate) type_oid: u32,
    pub(crate) form: Form,
    /// Reached through grouping (or DISTINCT, PARTITION BY, a set operation) by this collation: rows
    /// that are equal there may look different, so only the same equality may restrict them.
    pub(crate) grouped_by: Option<u32>,
}

/// What a side makes of its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The column and nothing else.
    Column,
    /// The column in another type: NULL where the column is.
    Cast,
    /// Anything else, which may have a value where a column is NULL.
    Computed,
}

/// An equality that must hold for a row of `child` to matter to a row of `parent`.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) child: Side,
    pub(crate) parent: Side,
    /// `OPERATOR(schema.=)`.
    pub(crate) operator: String,
    pub(crate) child_is_left: bool,
    /// Operator families that make it an equality; two links with a common one are transitive.
    pub(crate) families: Vec<u32>,
    pub(crate) collation: u32,
    /// The collation by name, quoted and qualified; `None` where the type has none.
    pub(crate) collation_sql: Option<String>,
}

/// A source that holds a part of the key, restricted by it.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    /// Which key column, from 0.
    pub(crate) part: usize,
    pub(crate) side: Side,
}

/// What the analysis of a defining query gives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graph {
    pub(crate) sources: Vec<Source>,
    pub(crate) links: Vec<Link>,
    pub(crate) roots: Vec<Root>,
    pub(crate) key: Vec<KeyPart>,
    /// Why a key column has no root.
    pub(crate) key_obstacle: Option<Reason>,
}

impl Graph {
    /// The tables that the query reads, in the order of their OIDs.
    pub(crate) fn tables(&self) -> Vec<u32> {
        let mut relids: Vec<u32> = self.sources.iter().map(|s| s.relid).collect();
        relids.sort_unstable();
        relids.dedup();
        relids
    }
}

/// A key column of the TVIEW.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyPart {
    pub(crate) name: String,
    pub(crate) type_oid: u32,
    /// Families of the type's default equality.
    pub(crate) families: Vec<u32>,
    pub(crate) collation: u32,
}

/// Why a source has no selective route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Recursive,
    KeyIsComputed,
    KeyIsNullable,
    RowsDepend,
    KeyFromSeveralTables,
    NoLink,
}

impl Reason {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Reason::Recursive => "it is read by a recursive query",
            Reason::KeyIsComputed => "the key is not a column of a source table",
            Reason::KeyIsNullable => "an outer join can make the key NULL",
            Reason::RowsDepend => {
                "rows of different keys depend on each other (LIMIT, or a window, grouping or set operation apart from the key)"
            }
            Reason::KeyFromSeveralTables => "the key columns come from several tables",
            Reason::NoLink => "no equality that must hold leads from it to the key",
        }
    }
}

/// How a changed row of a source finds the keys it affects.
#[derive(Clone, Debug)]
pub(crate) enum Route {
    /// The key is in the row: one side per key column.
    Direct(Vec<Side>),
    /// Through other tables, nearest first; the last one holds the key.
    Lookup { hops: Vec<Hop>, key: Vec<Side> },
    /// By comparing the whole TVIEW.
    Full(Reason),
}

/// A step of a lookup: to rows of `source` for which all conditions hold.
#[derive(Clone, Debug)]
pub(crate) struct Hop {
    pub(crate) source: usize,
    pub(crate) links: Vec<Link>,
}

impl Route {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Route::Direct(_) => "direct",
            Route::Lookup { .. } => "lookup",
            Route::Full(_) => "full",
        }
    }

    fn start_sides(&self) -> Vec<&Side> {
        match self {
            Route::Direct(sides) => sides.iter().collect(),
            Route::Lookup { hops, .. } => match hops.first() {
                Some(hop) => hop.links.iter().map(|l| &l.child).collect(),
                None => Vec::new(),
            },
            Route::Full(_) => Vec::new(),
        }
    }

    /// The attributes of the changed row that the route starts from; empty for full.
    pub(crate) fn start(&self) -> Vec<i16> {
        let mut found: Vec<i16> = Vec::new();
        for attribute in self.start_sides().into_iter().flat_map(|s| &s.attributes) {
            if !found.contains(attribute) {
                found.push(*attribute);
            }
        }
        found
    }

    /// For each attribute of [`Route::start`], whether the route leads nowhere if it is NULL.
    pub(crate) fn is_strict(&self) -> Vec<bool> {
        let sides = self.start_sides();
        let is_bare = |a: &i16| {
            sides
                .iter()
                .any(|s| s.form != Form::Computed && s.attributes.contains(a))
        };
        self.start().iter().map(is_bare).collect()
    }
}
