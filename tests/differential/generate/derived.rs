//! Subqueries in FROM.

use super::Generator;
use super::from::Matches;
use super::scope::{Relation, Scope, Term};
use crate::optional::optional;
use crate::schema::Kind;

impl Generator<'_> {
    /// A subquery in FROM; with `outer` columns it is LATERAL and depends on them.
    pub fn derived(&mut self, depth: u32, outer: &[Term]) -> Relation {
        let alias = self.alias();
        let mut scope = self.inner_scope(depth, outer);
        let (sql, columns, unique) = match self.rng.u32(..100) {
            0..35 => self.grouped(&mut scope, &alias, depth),
            35..47 => self.distinct(&scope, &alias),
            47..62 => self.numbered(&scope, &alias),
            62..72 => self.limited(&scope, &alias),
            72..88 => self.set_operation(&scope, &alias, depth),
            _ => self.shown(&scope, &alias, depth),
        };
        let mut relation = Relation {
            sql: format!("({sql}) {alias}"),
            columns,
            unique,
            identity: Vec::new(),
            is_lateral: !outer.is_empty(),
        };
        relation.identify(&alias);
        relation
    }

    /// At most one row for each of the outer rows.
    pub fn lateral_one(&mut self, depth: u32, outer: &[Term]) -> Relation {
        let alias = self.alias();
        let scope = self.inner_scope(depth, outer);
        let (sql, columns) = if self.chance(50) {
            let aggregates = self.aggregates(&scope, depth);
            named(&alias, &aggregates, |list| {
                format!("SELECT {list} FROM {}{}", scope.from, conditions(&scope))
            })
        } else {
            let terms = self.some(&scope.columns, 3);
            let order = self.order(&scope);
            named(&alias, &terms, |list| {
                format!(
                    "SELECT {list} FROM {}{} ORDER BY {order} LIMIT 1",
                    scope.from,
                    conditions(&scope)
                )
            })
        };
        Relation {
            sql: format!("({sql}) {alias}"),
            identity: columns
                .iter()
                .map(|term| format!("{}::text", term.sql))
                .collect(),
            columns,
            unique: Vec::new(),
            is_lateral: true,
        }
    }

    /// One or two relations, linked to the outer columns if there are any.
    pub fn inner_scope(&mut self, depth: u32, outer: &[Term]) -> Scope {
        let relation = self.relation(depth);
        let mut scope = Scope {
            from: relation.sql.clone(),
            ..Scope::default()
        };
        scope.add(&relation);
        let more = if self.chance(30) { 1 } else { 0 };
        self.join(&mut scope, more, Matches::Any, depth.saturating_sub(1));
        if !outer.is_empty()
            && let Some(link) = self.link(outer, &scope.columns, false, true)
        {
            scope.conditions.push(link);
        }
        if self.chance(25) {
            let predicate = self.predicate(&scope.columns.clone(), depth.min(1));
            scope.conditions.push(predicate);
        }
        scope
    }

    fn grouped(&mut self, scope: &mut Scope, alias: &str, depth: u32) -> Made {
        let keys: Vec<Term> = self
            .some(&scope.columns, 2)
            .iter()
            .filter(|term| !matches!(term.kind, Kind::Json | Kind::Ints))
            .map(Term::canonical)
            .collect();
        let aggregates = self.aggregates(scope, depth);
        let having = if self.chance(20) {
            optional(format!(" HAVING {}", self.having(scope, depth)))
        } else {
            String::new()
        };
        if keys.is_empty() {
            let (sql, columns) = named(alias, &aggregates, |list| {
                format!(
                    "SELECT {list} FROM {}{}{having}",
                    scope.from,
                    conditions(scope)
                )
            });
            return (sql, columns, Vec::new());
        }
        let by: Vec<&str> = keys.iter().map(|term| &*term.sql).collect();
        let (sql, columns) = named(alias, &[&keys[..], &aggregates].concat(), |list| {
            format!(
                "SELECT {list} FROM {}{} GROUP BY {}{having}",
                scope.from,
                conditions(scope),
                by.join(", ")
            )
        });
        let unique = columns[..keys.len()].to_vec();
        (sql, columns, unique)
    }

    fn distinct(&mut self, scope: &Scope, alias: &str) -> Made {
        let terms: Vec<Term> = self
            .some(&scope.columns, 3)
            .iter()
            .map(Term::canonical)
            .collect();
        let (sql, columns) = named(alias, &terms, |list| {
            format!(
                "SELECT DISTINCT {list} FROM {}{}",
                scope.from,
                conditions(scope)
            )
        });
        (sql, columns, Vec::new())
    }

    fn numbered(&mut self, scope: &Scope, alias: &str) -> Made {
        let mut terms = self.some(&scope.columns, 3);
        let window = self.window(scope, &[]);
        terms.push(Term::new(
            format!("row_number() OVER ({window})"),
            Kind::Big,
        ));
        let (sql, columns) = named(alias, &terms, |list| {
            format!("SELECT {list} FROM {}{}", scope.from, conditions(scope))
        });
        (sql, columns, Vec::new())
    }

    fn limited(&mut self, scope: &Scope, alias: &str) -> Made {
        let terms = self.some(&scope.columns, 3);
        let order = self.order(scope);
        let limit = self.rng.u32(1..=4);
        let offset = if self.chance(20) { " OFFSET 1" } else { "" };
        let (sql, columns) = named(alias, &terms, |list| {
            format!(
                "SELECT {list} FROM {}{} ORDER BY {order} LIMIT {limit}{offset}",
                scope.from,
                conditions(scope)
            )
        });
        (sql, columns, Vec::new())
    }

    fn set_operation(&mut self, scope: &Scope, alias: &str, depth: u32) -> Made {
        let other = self.inner_scope(depth, &[]);
        let operation = *self.pick(&[
            "UNION ALL",
            "UNION ALL",
            "UNION",
            "INTERSECT",
            "EXCEPT",
            "EXCEPT ALL",
            "INTERSECT ALL",
        ]);
        let mut pairs = Vec::new();
        for left in self.some(&scope.columns, 2) {
            let fitting: Vec<&Term> = other
                .columns
                .iter()
                .filter(|term| term.kind == left.kind)
                .collect();
            if !fitting.is_empty() {
                pairs.push((left.canonical(), self.pick(&fitting).canonical()));
            }
        }
        if pairs.is_empty() {
            return self.distinct(scope, alias);
        }
        let (left, right): (Vec<Term>, Vec<Term>) = pairs.into_iter().unzip();
        let (_, columns) = named(alias, &left, |list| list.to_owned());
        let (sql, _) = named(alias, &left, |list| {
            format!("SELECT {list} FROM {}{}", scope.from, conditions(scope))
        });
        let second: Vec<&str> = right.iter().map(|term| &*term.sql).collect();
        let sql = format!(
            "{sql} {operation} SELECT {} FROM {}{}",
            second.join(", "),
            other.from,
            conditions(&other)
        );
        (sql, columns, Vec::new())
    }

    fn shown(&mut self, scope: &Scope, alias: &str, depth: u32) -> Made {
        let terms: Vec<Term> = (0..3).map(|_| self.scalar(&scope.columns, depth)).collect();
        let (sql, columns) = named(alias, &terms, |list| {
            format!("SELECT {list} FROM {}{}", scope.from, conditions(scope))
        });
        (sql, columns, Vec::new())
    }

    /// Some of the terms, at least one, each once; those that can link are among them more often than not.
    pub fn some(&mut self, terms: &[Term], most: usize) -> Vec<Term> {
        let mut left: Vec<Term> = terms.to_vec();
        let mut some = Vec::new();
        for _ in 0..self.rng.usize(1..=most) {
            if left.is_empty() {
                break;
            }
            let mut nth = self.rng.usize(..left.len());
            if left[nth].kind != Kind::Int {
                nth = self.rng.usize(..left.len());
            }
            some.push(left.swap_remove(nth));
        }
        some
    }

    /// A total order of the scope's rows.
    pub fn order(&mut self, scope: &Scope) -> String {
        let sortable: Vec<Term> = scope
            .columns
            .iter()
            .filter(|term| term.kind != Kind::Json)
            .cloned()
            .collect();
        let mut parts = Vec::new();
        if self.chance(60) && !sortable.is_empty() {
            let how = *self.pick(&["", " DESC", " NULLS FIRST", " DESC NULLS LAST"]);
            parts.push(format!("{}{how}", self.pick(&sortable).sql));
        }
        parts.extend(scope.identity.iter().cloned());
        parts.join(", ")
    }

    /// PARTITION BY `by` or some other columns or none, in a total order.
    pub fn window(&mut self, scope: &Scope, by: &[String]) -> String {
        let order = self.order(scope);
        let parts = if by.is_empty() && self.chance(70) {
            self.some(&scope.columns, 2)
                .iter()
                .map(|term| term.sql.clone())
                .collect()
        } else {
            by.to_vec()
        };
        match &parts[..] {
            [] => format!("ORDER BY {order}"),
            parts => format!("PARTITION BY {} ORDER BY {order}", parts.join(", ")),
        }
    }
}

/// Text, columns, and those of them that are unique.
type Made = (String, Vec<Term>, Vec<Term>);

/// A select list with names, and the terms that name its columns from outside.
fn named(alias: &str, terms: &[Term], select: impl FnOnce(&str) -> String) -> (String, Vec<Term>) {
    let list: Vec<String> = terms
        .iter()
        .enumerate()
        .map(|(nth, term)| format!("{} AS c{nth}", term.sql))
        .collect();
    let columns = terms
        .iter()
        .enumerate()
        .map(|(nth, term)| Term {
            sql: format!("{alias}.c{nth}"),
            ..term.clone()
        })
        .collect();
    (select(&list.join(", ")), columns)
}

/// The WHERE of a scope.
pub fn conditions(scope: &Scope) -> String {
    match &scope.conditions[..] {
        [] => String::new(),
        all => {
            let rest: String = all
                .iter()
                .map(|condition| optional(format!(" AND {condition}")))
                .collect();
            format!(" WHERE true{rest}")
        }
    }
}
