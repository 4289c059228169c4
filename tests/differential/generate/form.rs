//! The top of a defining query: where its key comes from and what keeps it unique.

use super::derived::conditions;
use super::from::{Matches, uuid_of};
use super::scope::{Relation, Scope, Term};
use super::{Generator, Keys};
use crate::optional::{list, optional};
use crate::schema::{Kind, TABLES, Table};

pub struct Form {
    pub sql: String,
    /// Of the result, by name.
    pub columns: Vec<Term>,
    /// Which of them are the key.
    pub key: Vec<usize>,
    pub key_names: String,
}

/// What a query shows as its key and id, before its data.
struct Head {
    select: String,
    columns: Vec<Term>,
    key: Vec<String>,
    key_names: Vec<String>,
}

const DEPTH: u32 = 2;

impl Generator<'_> {
    pub fn form(&mut self, entity: &str, keys: Keys) -> Form {
        let (head, body) = match self.rng.u32(..100) {
            _ if keys == Keys::Uncertain => self.multiplied(entity),
            0..28 => self.flat(entity),
            28..56 => self.grouped_by_key(entity),
            56..66 => self.grouped_by_link(entity),
            66..78 => self.arms(entity),
            78..86 => self.distinct_on(entity),
            _ => self.pairs(entity),
        };
        let with = match &self.with[..] {
            [] => String::new(),
            with => {
                let queries: Vec<&str> = with.iter().map(|with| &*with.sql).collect();
                format!("WITH {}\n", queries.join(",\n"))
            }
        };
        let key = (0..head.key.len()).collect();
        Form {
            sql: self.wrapped(format!("{with}{body}")),
            columns: head.columns,
            key,
            key_names: head.key_names.join(", "),
        }
    }

    /// Now and then the query is a subquery, under a condition.
    fn wrapped(&mut self, sql: String) -> String {
        match self.rng.u32(..100) {
            0..6 => format!(
                "SELECT * FROM (\n{sql}\n) q{}",
                optional(" WHERE q.data IS NOT NULL")
            ),
            6..9 => format!("SELECT * FROM (\n{sql}\n) q OFFSET 0"),
            _ => sql,
        }
    }

    fn head(&mut self, entity: &str, relation: &Relation, table: Option<&Table>) -> Head {
        let key: Vec<String> = relation
            .unique
            .iter()
            .map(|term| term.sql.clone())
            .collect();
        let (shown, key_names) = match &key[..] {
            [one] => {
                let name = format!("pk_{entity}");
                let shown = if relation.unique[0].kind == Kind::Int && self.chance(10) {
                    format!("{one} * 10 + 1")
                } else {
                    one.clone()
                };
                (vec![shown], vec![name])
            }
            several => {
                let names = (1..=several.len()).map(|nth| format!("k{nth}")).collect();
                (several.to_vec(), names)
            }
        };
        let id = match table.and_then(uuid_of) {
            Some(name) => {
                let alias = relation
                    .sql
                    .rsplit_once(' ')
                    .expect("a table and its alias")
                    .1;
                format!("{alias}.{name}")
            }
            None => "NULL::uuid".to_owned(),
        };
        let list: Vec<String> = shown
            .iter()
            .zip(&key_names)
            .map(|(shown, name)| format!("{shown} AS {name}"))
            .collect();
        let mut columns: Vec<Term> = key_names
            .iter()
            .zip(&relation.unique)
            .map(|(name, term)| Term::new(name.clone(), term.kind))
            .collect();
        columns.push(Term::new("id", Kind::Uuid));
        columns.push(Term::new("data", Kind::Json));
        Head {
            select: format!("{}, {id} AS id", list.join(", ")),
            columns,
            key,
            key_names,
        }
    }

    fn start(&mut self) -> (&'static Table, Relation, Scope) {
        let table = self.keyed_table();
        let relation = self.table(table);
        let mut scope = Scope {
            from: relation.sql.clone(),
            ..Scope::default()
        };
        scope.add(&relation);
        (table, relation, scope)
    }

    fn document(&mut self, items: Vec<Term>) -> String {
        let pairs = items
            .iter()
            .enumerate()
            .map(|(nth, term)| format!("'{}', {}", char::from(b'a' + nth as u8), term.sql));
        format!("jsonb_build_object({})", list(pairs))
    }

    fn filter(&mut self, scope: &mut Scope) {
        let count = *self.pick(&[0, 0, 0, 1, 1, 2]);
        for _ in 0..count {
            let predicate = self.predicate(&scope.columns.clone(), DEPTH);
            scope.conditions.push(predicate);
        }
    }

    /// A row for each row of a table that passes.
    fn flat(&mut self, entity: &str) -> (Head, String) {
        let (table, relation, mut scope) = self.start();
        let joins = self.rng.u32(..=3);
        self.join(&mut scope, joins, Matches::AtMostOne, DEPTH);
        self.filter(&mut scope);
        let head = self.head(entity, &relation, Some(table));
        let mut items: Vec<Term> = (0..self.rng.u32(1..=4))
            .map(|_| self.scalar(&scope.columns, DEPTH))
            .collect();
        if self.chance(25) {
            items.push(self.window_function(&scope, &head.key));
        }
        let data = self.document(items);
        let limit = if self.chance(5) {
            let order = self.order(&scope);
            optional(format!(" ORDER BY {order} LIMIT {}", self.rng.u32(2..=8)))
        } else {
            String::new()
        };
        let sql = format!(
            "SELECT {}, {data} AS data\nFROM {}{}{limit}",
            head.select,
            scope.from,
            conditions(&scope)
        );
        (head, sql)
    }

    /// Rows that a join may repeat, or lose the key of.
    fn multiplied(&mut self, entity: &str) -> (Head, String) {
        let (table, relation, mut scope) = self.start();
        self.join(&mut scope, 1, Matches::Any, 1);
        for _ in 0..2 {
            let predicate = self.predicate(&scope.columns.clone(), 1);
            scope.conditions.push(predicate);
        }
        let head = self.head(entity, &relation, Some(table));
        let item = self.scalar(&scope.columns, 1);
        let data = self.document(vec![item]);
        let sql = format!(
            "SELECT {}, {data} AS data\nFROM {}{}",
            head.select,
            scope.from,
            conditions(&scope)
        );
        (head, sql)
    }

    fn window_function(&mut self, scope: &Scope, key: &[String]) -> Term {
        let by = if self.chance(40) { key } else { &[] };
        let window = self.window(scope, by);
        let term = self.pick(&scope.columns).clone();
        let call = match self.rng.u32(..4) {
            0 => "row_number()".to_owned(),
            1 => "count(*)".to_owned(),
            2 => format!("lag({})", term.sql),
            _ => format!("first_value({})", term.sql),
        };
        Term::new(format!("{call} OVER ({window})"), Kind::Json)
    }

    /// A row for each row of a table, over whatever joins it.
    fn grouped_by_key(&mut self, entity: &str) -> (Head, String) {
        let (table, relation, mut scope) = self.start();
        let joins = self.rng.u32(1..=3);
        self.join(&mut scope, joins, Matches::Any, DEPTH);
        self.filter(&mut scope);
        let head = self.head(entity, &relation, Some(table));
        if scope.from.contains("RIGHT JOIN") || scope.from.contains("FULL JOIN") {
            scope
                .conditions
                .insert(0, format!("{} IS NOT NULL", head.key[0]));
        }
        let mut items = self.aggregates(&scope, DEPTH);
        if self.chance(40) {
            // The key determines the other columns of its table.
            items.push(self.scalar(&relation.columns, DEPTH));
        }
        let having = if self.chance(25) {
            optional(format!(" HAVING {}", self.having(&scope, DEPTH)))
        } else {
            String::new()
        };
        let data = self.document(items);
        let sql = format!(
            "SELECT {}, {data} AS data\nFROM {}{} GROUP BY {}{having}",
            head.select,
            scope.from,
            conditions(&scope),
            head.key.join(", ")
        );
        (head, sql)
    }

    /// A row for each value of a column that is no key.
    fn grouped_by_link(&mut self, entity: &str) -> (Head, String) {
        let first = {
            let table = self.pick(TABLES);
            self.table(table)
        };
        let mut scope = Scope {
            from: first.sql.clone(),
            ..Scope::default()
        };
        scope.add(&first);
        let joins = self.rng.u32(..=2);
        self.join(&mut scope, joins, Matches::Any, DEPTH);
        self.filter(&mut scope);
        let by: Vec<Term> = self
            .some(&scope.columns, 2)
            .iter()
            .map(Term::canonical)
            .filter(|term| {
                !matches!(
                    term.kind,
                    Kind::Json | Kind::Ints | Kind::Bytes | Kind::Float
                )
            })
            .collect();
        if by.is_empty() {
            return self.grouped_by_key(entity);
        }
        let grouped = Relation {
            unique: by,
            ..first
        };
        let head = self.head(entity, &grouped, None);
        for key in &head.key {
            // The key must not be lost with a part that is shrunk away, so that it is no part.
            scope.from = scope.from.clone();
            scope.conditions.push(format!("{key} IS NOT NULL"));
        }
        let items = self.aggregates(&scope, DEPTH);
        let data = self.document(items);
        let sql = format!(
            "SELECT {}, {data} AS data\nFROM {}{} GROUP BY {}",
            head.select,
            scope.from,
            conditions(&scope),
            head.key.join(", ")
        );
        (head, sql)
    }

    /// Set operations: arms over the same table, which show the same of it or have different rows of it.
    fn arms(&mut self, entity: &str) -> (Head, String) {
        let (table, relation, scope) = self.start();
        let head = self.head(entity, &relation, Some(table));
        let parity = |rest: u32| match relation.unique[0].kind {
            Kind::Int | Kind::Big => format!("{} % 2 = {rest}", head.key[0]),
            _ => format!(
                "({} > 'a') IS {}",
                head.key[0],
                if rest == 0 { "TRUE" } else { "NOT TRUE" }
            ),
        };
        let operation = *self.pick(&["UNION ALL", "UNION", "INTERSECT", "EXCEPT", "EXCEPT ALL"]);
        let shown = {
            let items = (0..2).map(|_| self.scalar(&relation.columns, 1)).collect();
            self.document(items)
        };
        let mut arms = Vec::new();
        for nth in 0..2 {
            let mut scope = scope.clone();
            let joins = self.rng.u32(..=2);
            let is_apart = operation == "UNION ALL";
            let matches = if is_apart || operation == "EXCEPT ALL" {
                Matches::AtMostOne
            } else {
                Matches::Any
            };
            self.join(&mut scope, joins, matches, 1);
            self.filter(&mut scope);
            if scope.from.contains("RIGHT JOIN") || scope.from.contains("FULL JOIN") {
                scope
                    .conditions
                    .insert(0, format!("{} IS NOT NULL", head.key[0]));
            }
            let data = if is_apart {
                scope.conditions.insert(0, parity(nth));
                let items = (0..2).map(|_| self.scalar(&scope.columns, 1)).collect();
                self.document(items)
            } else {
                shown.clone()
            };
            arms.push(format!(
                "SELECT {}, {data} AS data\nFROM {}{}",
                head.select,
                scope.from,
                conditions(&scope)
            ));
        }
        (head, arms.join(&format!("\n{operation}\n")))
    }

    fn distinct_on(&mut self, entity: &str) -> (Head, String) {
        let (table, relation, mut scope) = self.start();
        let head = self.head(entity, &relation, Some(table));
        let is_by_key = self.chance(60);
        let joins = self.rng.u32(1..=2);
        let matches = if is_by_key {
            Matches::Any
        } else {
            Matches::AtMostOne
        };
        self.join(&mut scope, joins, matches, DEPTH);
        self.filter(&mut scope);
        if scope.from.contains("RIGHT JOIN") || scope.from.contains("FULL JOIN") {
            scope
                .conditions
                .insert(0, format!("{} IS NOT NULL", head.key[0]));
        }
        let by = if is_by_key {
            head.key.clone()
        } else {
            let sortable: Vec<Term> = scope
                .columns
                .iter()
                .filter(|term| term.kind != Kind::Json)
                .cloned()
                .collect();
            self.some(&sortable, 2)
                .into_iter()
                .map(|term| term.sql)
                .collect()
        };
        let items = (0..self.rng.u32(1..=3))
            .map(|_| self.scalar(&scope.columns, DEPTH))
            .collect();
        let data = self.document(items);
        let order = self.order(&scope);
        let by = by.join(", ");
        let sql = format!(
            "SELECT DISTINCT ON ({by}) {}, {data} AS data\nFROM {}{} ORDER BY {by}, {order}",
            head.select,
            scope.from,
            conditions(&scope)
        );
        (head, sql)
    }

    /// A row for each pair of rows that meet.
    fn pairs(&mut self, entity: &str) -> (Head, String) {
        let (table, first, mut scope) = self.start();
        let second = {
            let other = self.keyed_table();
            self.table(other)
        };
        let Some(link) = self.link(&first.columns, &second.columns, false, true) else {
            return self.flat(entity);
        };
        scope.from += &format!("\nJOIN {} ON {link}", second.sql);
        scope.add(&second);
        let joins = self.rng.u32(..=1);
        self.join(&mut scope, joins, Matches::AtMostOne, DEPTH);
        self.filter(&mut scope);
        let both = Relation {
            unique: [first.unique.clone(), second.unique].concat(),
            ..first
        };
        let head = self.head(entity, &both, Some(table));
        let items = (0..self.rng.u32(1..=3))
            .map(|_| self.scalar(&scope.columns, DEPTH))
            .collect();
        let data = self.document(items);
        let sql = format!(
            "SELECT {}, {data} AS data\nFROM {}{}",
            head.select,
            scope.from,
            conditions(&scope)
        );
        (head, sql)
    }
}
