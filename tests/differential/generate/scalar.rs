//! Expressions over columns, and subqueries that give one value.

use super::Generator;
use super::derived::conditions;
use super::scope::Term;
use crate::optional::or_simply;
use crate::schema::Kind;
use crate::value::typed;

impl Generator<'_> {
    /// A value over these columns; subqueries down to `depth`.
    pub fn scalar(&mut self, columns: &[Term], depth: u32) -> Term {
        if depth > 0 && self.chance(22) {
            return self.scalar_subquery(columns, depth - 1);
        }
        if columns.is_empty() {
            return Term::new(typed(self.rng, Kind::Int), Kind::Int);
        }
        let term = self.pick(columns).clone();
        match self.rng.u32(..100) {
            0..60 => term,
            60..70 => {
                let other = typed(self.rng, term.kind);
                self.over(&term, format!("coalesce({}, {other})", term.sql))
            }
            70..80 => {
                let fitting: Vec<&Term> = columns
                    .iter()
                    .filter(|other| other.kind == term.kind)
                    .collect();
                let other = self.pick(&fitting).sql.clone();
                let condition = self.predicate(columns, depth.min(1));
                self.over(
                    &term,
                    format!("CASE WHEN {condition} THEN {other} ELSE {} END", term.sql),
                )
            }
            80..85 => Term::new(self.predicate(columns, depth), Kind::Bool),
            _ => self.function(&term),
        }
    }

    /// Something of the term's kind made of it, for which the term itself can stand.
    fn over(&self, term: &Term, sql: String) -> Term {
        Term {
            sql: or_simply(sql, &term.sql),
            kind: term.kind,
            is_ambiguous: term.kind.is_ambiguous(),
        }
    }

    fn function(&mut self, term: &Term) -> Term {
        let sql = &term.sql;
        let (made, kind) = match (term.kind, self.rng.u32(..3)) {
            (Kind::Int | Kind::Big, 0) => (format!("({sql} % 5)"), term.kind),
            (Kind::Int | Kind::Percent, 1) => (format!("({sql} * 10 + 1)"), Kind::Int),
            (Kind::Numeric, 0) => (format!("round({sql}, 1)"), Kind::Numeric),
            (Kind::Numeric, 1) => (format!("({sql} * 2.0)"), Kind::Numeric),
            (Kind::Text, 0) => (format!("upper({sql})"), Kind::Text),
            (Kind::Text, 1) => (format!("length({sql})"), Kind::Int),
            (Kind::Anycase | Kind::Citext, _) => {
                (format!("({sql})::text COLLATE \"C\""), Kind::Text)
            }
            (Kind::Time, 0) => (format!("({sql})::date"), Kind::Date),
            (Kind::Time, 1) => (format!("({sql} + interval '1 day')"), Kind::Time),
            (Kind::Time | Kind::Date | Kind::Interval | Kind::Float | Kind::Bytes, _) => {
                (format!("({sql})::text"), Kind::Text)
            }
            (Kind::Ints, 0) => (format!("{sql}[1]"), Kind::Int),
            (Kind::Ints, _) => (format!("cardinality({sql})"), Kind::Int),
            (Kind::Json, 0) => (format!("({sql} -> 'n')"), Kind::Json),
            (Kind::Json, 1) => (format!("({sql} ->> 't')"), Kind::Text),
            (Kind::Mood, _) => (format!("({sql})::text"), Kind::Text),
            _ => (format!("({sql} IS NULL)"), Kind::Bool),
        };
        let mut made = Term::new(made, kind);
        // Subscripts bind to names only.
        if term.kind == Kind::Ints && !is_name(sql) {
            made = Term::new(format!("cardinality({sql})"), Kind::Int);
        }
        made
    }

    /// An aggregate, or the first row in a total order, mostly of rows that are linked to the columns.
    pub fn scalar_subquery(&mut self, columns: &[Term], depth: u32) -> Term {
        let outer = if self.chance(85) { columns } else { &[] };
        let scope = self.inner_scope(depth, outer);
        let (value, rest) = if self.chance(60) {
            (self.aggregate(&scope, depth), String::new())
        } else {
            let value = self.scalar(&scope.columns, depth);
            let order = self.order(&scope);
            (value, format!(" ORDER BY {order} LIMIT 1"))
        };
        let sql = format!(
            "(SELECT {} FROM {}{}{rest})",
            value.sql,
            scope.from,
            conditions(&scope)
        );
        Term { sql, ..value }
    }
}

fn is_name(sql: &str) -> bool {
    sql.chars()
        .all(|c| c.is_alphanumeric() || c == '_' || c == '.')
}
