//! Aggregates whose result does not depend on the order in which rows are read.

use super::Generator;
use super::scope::{Scope, Term};
use crate::optional::{optional, or_simply};
use crate::schema::Kind;

impl Generator<'_> {
    pub fn aggregates(&mut self, scope: &Scope, depth: u32) -> Vec<Term> {
        (0..self.rng.u32(1..=3))
            .map(|_| self.aggregate(scope, depth))
            .collect()
    }

    pub fn aggregate(&mut self, scope: &Scope, depth: u32) -> Term {
        let term = self.scalar(&scope.columns, depth.min(1));
        let canonical = term.canonical();
        let sql = &term.sql;
        let (call, kind) = match self.rng.u32(..100) {
            0..15 => ("count(*)".to_owned(), Kind::Big),
            15..28 => (format!("count({sql})"), Kind::Big),
            28..34 => (format!("count(DISTINCT {sql})"), Kind::Big),
            34..50 if matches!(term.kind, Kind::Int | Kind::Percent) => {
                (format!("sum({sql})"), Kind::Big)
            }
            34..50 if term.kind == Kind::Numeric => (format!("sum({sql})"), Kind::Numeric),
            34..65 if is_ordered(canonical.kind) => {
                let which = *self.pick(&["min", "max"]);
                let kind = canonical.kind;
                (format!("{which}({})", canonical.sql), kind)
            }
            65..72 => (
                format!(
                    "coalesce(bool_or({}), false)",
                    self.predicate(&scope.columns, 0)
                ),
                Kind::Bool,
            ),
            72..80 if term.kind == Kind::Text => (
                format!("string_agg({sql}, ',' ORDER BY {})", self.order(scope)),
                Kind::Text,
            ),
            80..84 => (format!("jsonb_agg(DISTINCT {})", canonical.sql), Kind::Json),
            84..90 if depth > 0 => {
                let by = self.scalar_subquery(&scope.columns, depth - 1);
                let order = scope.identity.join(", ");
                (
                    format!(
                        "jsonb_agg({sql} ORDER BY {}{order})",
                        optional(format!("{}::text COLLATE \"C\", ", by.sql))
                    ),
                    Kind::Json,
                )
            }
            _ => (
                format!("jsonb_agg({sql} ORDER BY {})", self.order(scope)),
                Kind::Json,
            ),
        };
        let filter = if !call.starts_with("coalesce") && self.chance(15) {
            optional(format!(
                " FILTER (WHERE {})",
                self.predicate(&scope.columns, 0)
            ))
        } else {
            String::new()
        };
        let mut term = Term::new(format!("{call}{filter}"), kind);
        term.is_ambiguous = matches!(kind, Kind::Json | Kind::Numeric);
        term
    }

    pub fn having(&mut self, scope: &Scope, depth: u32) -> String {
        let aggregate = self.aggregate(scope, 0);
        match self.rng.u32(..4) {
            0 if aggregate.kind == Kind::Big && depth > 0 => {
                let subquery = self.scalar_subquery(&[], depth - 1);
                let plain = format!("{} > 0", aggregate.sql);
                or_simply(
                    format!("({} > 1 OR {} IS NULL)", aggregate.sql, subquery.sql),
                    &plain,
                )
            }
            0 | 1 if matches!(aggregate.kind, Kind::Big | Kind::Numeric) => {
                format!("{} > {}", aggregate.sql, self.rng.u32(..3))
            }
            2 => format!("{} IS NOT NULL", aggregate.sql),
            _ => format!("count(*) <= {}", self.rng.u32(1..=6)),
        }
    }
}

/// Has a min() and max().
fn is_ordered(kind: Kind) -> bool {
    kind.family() < 3 || matches!(kind, Kind::Time | Kind::Date | Kind::Mood)
}
