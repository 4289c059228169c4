//! Owns names and columns as every room speaks of them, and how they are written in SQL.

/// A name in a schema.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name {
    pub(crate) schema: String,
    pub(crate) name: String,
}

impl Name {
    /// Quoted and qualified, for SQL.
    pub(crate) fn sql(&self) -> String {
        format!("{}.{}", quote(&self.schema), quote(&self.name))
    }
}

/// An identifier in double quotes, always: reserved words then need no list.
pub(crate) fn quote(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// A string as an SQL literal, for settings with standard_conforming_strings on or off.
pub(crate) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    match quoted.contains('\\') {
        true => format!("E'{}'", quoted.replace('\\', "\\\\")),
        false => format!("'{quoted}'"),
    }
}

/// A column as SQL and capture need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) attribute: i16,
    pub(crate) name: String,
    pub(crate) type_oid: u32,
    /// The type by name, qualified.
    pub(crate) type_sql: String,
    pub(crate) typmod: i32,
    /// A generated or identity column.
    pub(crate) is_computed: bool,
    pub(crate) is_not_null: bool,
    /// Quoted and qualified, where it is not the type's own.
    pub(crate) collation: Option<String>,
}

/// An index over plain columns of all rows of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Index {
    pub(crate) oid: u32,
    pub(crate) columns: Vec<IndexColumn>,
    /// No two rows agree in all of them, at any time.
    pub(crate) is_unique: bool,
}

/// A column of a btree index: its attribute, and by which operator family and collation it is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IndexColumn {
    pub(crate) attribute: i16,
    pub(crate) family: u32,
    pub(crate) collation: u32,
}
