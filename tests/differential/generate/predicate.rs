//! Conditions, with subqueries in them.

use super::Generator;
use super::derived::conditions;
use super::scope::Term;
use crate::optional::{optional, or_simply};
use crate::schema::Kind;
use crate::value::typed;

impl Generator<'_> {
    pub fn predicate(&mut self, columns: &[Term], depth: u32) -> String {
        if depth > 0 {
            match self.rng.u32(..100) {
                0..14 => return self.exists(columns, depth - 1),
                14..26 => return self.in_subquery(columns, depth - 1),
                26..40 => {
                    let first = self.predicate(columns, depth - 1);
                    let second = self.predicate(columns, depth - 1);
                    let word = *self.pick(&["OR", "OR", "AND"]);
                    return format!("({first}{})", optional(format!(" {word} {second}")));
                }
                40..45 => {
                    let inner = self.predicate(columns, depth - 1);
                    return or_simply(format!("(NOT {inner})"), &inner);
                }
                45..50 => {
                    let subquery = self.scalar_subquery(columns, depth - 1);
                    let value = typed(self.rng, subquery.kind);
                    let operator = if is_sortable(subquery.kind) {
                        ">="
                    } else {
                        "="
                    };
                    return format!("{} {operator} {value}", subquery.sql);
                }
                _ => {}
            }
        }
        self.simple(columns)
    }

    fn simple(&mut self, columns: &[Term]) -> String {
        if columns.is_empty() {
            return "true".to_owned();
        }
        let term = self.pick(columns).clone();
        let sql = &term.sql;
        let fitting: Vec<&Term> = columns
            .iter()
            .filter(|other| other.kind == term.kind && other.sql != term.sql)
            .collect();
        match self.rng.u32(..100) {
            0..10 => format!("{sql} IS NULL"),
            10..22 => format!("{sql} IS NOT NULL"),
            22..35 if !fitting.is_empty() && is_sortable(term.kind) => {
                let operator = *self.pick(&["=", "<>", "<", ">=", "IS DISTINCT FROM"]);
                format!("{sql} {operator} {}", self.pick(&fitting).sql)
            }
            35..42 if term.kind == Kind::Int => {
                let low = self.rng.u32(1..6);
                format!("{sql} BETWEEN {low} AND {}", low + 4)
            }
            42..50 if term.kind.is_number() => format!("{sql} NOT IN (1, 3, 5)"),
            _ if term.kind == Kind::Ints => {
                let numbers: Vec<&Term> = columns
                    .iter()
                    .filter(|other| other.kind == Kind::Int)
                    .collect();
                let member = match &numbers[..] {
                    [] => "3".to_owned(),
                    numbers => self.pick(numbers).sql.clone(),
                };
                format!("{member} = ANY ({sql})")
            }
            _ if term.kind == Kind::Bool => format!("{sql} IS TRUE"),
            _ if is_sortable(term.kind) => {
                let operator = *self.pick(&["=", "<>", "<", ">", "<=", ">="]);
                format!("{sql} {operator} {}", typed(self.rng, term.kind))
            }
            _ => format!("{sql} IS NOT NULL"),
        }
    }

    fn exists(&mut self, columns: &[Term], depth: u32) -> String {
        let scope = self.inner_scope(depth, columns);
        let not = *self.pick(&["", "NOT "]);
        format!(
            "{not}EXISTS (SELECT FROM {}{})",
            scope.from,
            conditions(&scope)
        )
    }

    fn in_subquery(&mut self, columns: &[Term], depth: u32) -> String {
        let outer = if self.chance(30) { columns } else { &[] };
        let scope = self.inner_scope(depth, outer);
        let pairs: Vec<(&Term, &Term)> = columns
            .iter()
            .flat_map(|own| scope.columns.iter().map(move |inner| (own, inner)))
            .filter(|(own, inner)| {
                own.kind.family() == inner.kind.family() && own.kind.family() < 4
            })
            .collect();
        if pairs.is_empty() {
            return self.simple(columns);
        }
        let (own, inner) = *self.pick(&pairs);
        let word = *self.pick(&["IN", "IN", "NOT IN"]);
        format!(
            "{} {word} (SELECT {} FROM {}{})",
            own.sql,
            inner.sql,
            scope.from,
            conditions(&scope)
        )
    }
}

fn is_sortable(kind: Kind) -> bool {
    !matches!(kind, Kind::Json | Kind::Ints | Kind::Bytes)
}
