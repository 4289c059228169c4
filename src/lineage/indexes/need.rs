//! Owns what a step asks of an index, and whether an index gives it.

use super::expression::{is_call, without_parentheses};
use super::{Existing, Method, Missing, Server};
use crate::name::Name;
use std::collections::BTreeSet;

/// A step's columns: any of them, as the first of an index, will do.
#[derive(Clone, Debug)]
pub(super) struct Need {
    pub(super) source: usize,
    pub(super) relid: u32,
    pub(super) table: Name,
    pub(super) method: Method,
    pub(super) terms: Vec<Term>,
}

/// A column or an expression, compared by an equality.
#[derive(Clone, Debug)]
pub(super) struct Term {
    /// 0 for an expression.
    pub(super) attribute: i16,
    /// A column quoted if need be; an expression without parentheses around it.
    pub(super) sql: String,
    pub(super) families: Vec<u32>,
    pub(super) collation: u32,
    /// To be written, since it is not what an index would have by itself.
    pub(super) collate: Option<String>,
}

impl Need {
    pub(super) fn is_served_by(&self, index: &Existing) -> bool {
        let in_place = match self.method {
            Method::Value => index.place == 1,
            Method::Element => true,
        };
        index.relid == self.relid
            && index.method == self.method
            && in_place
            && self.terms.iter().any(|t| t.is_in(index, self.method))
    }

    /// Whether an index that another step asks for serves this one.
    pub(super) fn is_served_with(&self, chosen: &Need) -> bool {
        chosen.relid == self.relid
            && chosen.method == self.method
            && self.terms.iter().any(|t| t.is_same(&chosen.terms[0]))
    }

    pub(super) fn suggest(self, sources: BTreeSet<usize>, server: &Server) -> Missing {
        let columns: Vec<String> = self.terms.iter().map(Term::definition).collect();
        let columns = columns.join(", ");
        let table = (server.quote_name)(&self.table);
        let using = match self.method {
            Method::Value => "",
            Method::Element => "USING gin ",
        };
        Missing {
            statement: format!("CREATE INDEX ON {table} {using}({columns});"),
            has_expression: self.terms.iter().any(|t| t.attribute == 0),
            table: self.table,
            columns,
            sources,
        }
    }
}

impl Term {
    pub(super) fn is_same(&self, other: &Term) -> bool {
        self.sql == other.sql && self.collation == other.collation
    }

    fn is_in(&self, index: &Existing, method: Method) -> bool {
        let is_same = match self.attribute {
            0 => {
                index.attribute == 0
                    && without_parentheses(&index.definition) == without_parentheses(&self.sql)
            }
            attribute => index.attribute == attribute,
        };
        let knows_equality =
            method == Method::Element || index.families.iter().any(|f| self.families.contains(f));
        is_same && knows_equality && (index.collation == 0 || index.collation == self.collation)
    }

    fn definition(&self) -> String {
        let sql = match self.attribute != 0 || is_call(&self.sql) {
            true => self.sql.clone(),
            false => format!("({})", self.sql),
        };
        match &self.collate {
            Some(collation) => format!("{sql} COLLATE {collation}"),
            None => sql,
        }
    }
}
