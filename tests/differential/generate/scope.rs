//! What a query level can name: relations, and terms over their columns.

use crate::schema::{Kind, Table};

/// A value that a query can show, compare or link.
#[derive(Clone, Debug)]
pub struct Term {
    pub sql: String,
    pub kind: Kind,
    /// Whether equal values can look different.
    pub is_ambiguous: bool,
}

impl Term {
    pub fn new(sql: impl Into<String>, kind: Kind) -> Self {
        Self {
            sql: sql.into(),
            kind,
            is_ambiguous: kind.is_ambiguous(),
        }
    }

    /// The same for all equal values, so that a group can show it.
    pub fn canonical(&self) -> Term {
        let sql = &self.sql;
        if !self.is_ambiguous {
            return self.clone();
        }
        let (sql, kind) = match self.kind {
            Kind::Numeric => (format!("trim_scale({sql})"), Kind::Numeric),
            Kind::Anycase | Kind::Citext => {
                (format!("lower(({sql})::text COLLATE \"C\")"), Kind::Text)
            }
            _ => (format!("({sql})::text"), Kind::Text),
        };
        Term {
            sql,
            kind,
            is_ambiguous: false,
        }
    }
}

/// An item of FROM.
#[derive(Clone, Debug)]
pub struct Relation {
    /// With its alias.
    pub sql: String,
    pub columns: Vec<Term>,
    /// Columns that no two rows have in common; empty where there are none.
    pub unique: Vec<Term>,
    /// What tells its rows apart, or at least those that look different.
    pub identity: Vec<String>,
    pub is_lateral: bool,
}

impl Relation {
    pub fn of_table(table: &Table, alias: &str) -> Self {
        let term = |name: &str| Term::new(format!("{alias}.{name}"), table.column(name).kind);
        let unique: Vec<Term> = table.key.iter().map(|name| term(name)).collect();
        let mut relation = Self {
            sql: format!("{} {alias}", table.name),
            columns: table
                .columns
                .iter()
                .map(|column| term(column.name))
                .collect(),
            unique,
            identity: Vec::new(),
            is_lateral: false,
        };
        relation.identify(alias);
        relation
    }

    /// By its unique columns, else by the text of the whole row.
    pub fn identify(&mut self, alias: &str) {
        self.identity = if self.unique.is_empty() {
            vec![format!("{alias}::text COLLATE \"C\"")]
        } else {
            self.unique.iter().map(|term| term.sql.clone()).collect()
        };
    }

    /// The same relation under another alias, where `from` named its columns.
    pub fn renamed(&self, name: &str, from: &str, to: &str) -> Self {
        let rename = |sql: &String| match sql.strip_prefix(from) {
            Some(rest) if rest.starts_with('.') || rest.starts_with("::") => format!("{to}{rest}"),
            _ => sql.clone(),
        };
        let terms = |terms: &[Term]| -> Vec<Term> {
            terms
                .iter()
                .map(|term| Term {
                    sql: rename(&term.sql),
                    ..term.clone()
                })
                .collect()
        };
        Self {
            sql: format!("{name} {to}"),
            columns: terms(&self.columns),
            unique: terms(&self.unique),
            identity: self.identity.iter().map(rename).collect(),
            is_lateral: false,
        }
    }
}

/// The relations of one query level, and the conditions that belong in its WHERE.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    pub from: String,
    pub conditions: Vec<String>,
    pub columns: Vec<Term>,
    pub identity: Vec<String>,
    /// FROM has commas.
    pub is_list: bool,
    /// How many relations multiply rows without an equality.
    pub wide: u32,
}

impl Scope {
    pub fn add(&mut self, relation: &Relation) {
        self.columns.extend(relation.columns.iter().cloned());
        self.identity.extend(relation.identity.iter().cloned());
    }
}
