//! FROM: relations of every kind, and the joins between them.

use super::scope::{Relation, Scope, Term};
use super::{Generator, With};
use crate::optional::optional;
use crate::schema::{Kind, Role, TABLES, Table, VIEWS};
use crate::value::typed;

/// Whether a joined relation may match several rows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Matches {
    Any,
    AtMostOne,
}

impl Generator<'_> {
    /// A table whose keys can be those of a TVIEW.
    pub fn keyed_table(&mut self) -> &'static Table {
        let keyed: Vec<&'static Table> = TABLES
            .iter()
            .filter(|table| !table.key.is_empty())
            // Equal keys that look different leave the one that a group shows open.
            .filter(|table| !table.column(table.key[0]).kind.is_ambiguous())
            .collect();
        // Those that the others refer to are read most.
        let favourites = ["tb_person", "tb_team", "tb_task"];
        if self.chance(50) {
            let name = *self.pick(&favourites);
            return keyed
                .into_iter()
                .find(|table| table.name == name)
                .expect("it is keyed");
        }
        self.pick::<&'static Table>(&keyed)
    }

    pub fn table(&mut self, table: &'static Table) -> Relation {
        let alias = self.alias();
        Relation::of_table(table, &alias)
    }

    /// Anything that can stand in FROM without looking at its neighbours.
    pub fn relation(&mut self, depth: u32) -> Relation {
        match self.rng.u32(..100) {
            0..8 => {
                let view = self.pick(VIEWS);
                self.table(view)
            }
            8..16 if !self.tviews.is_empty() => self.tview_relation(),
            16..24 if !self.with.is_empty() || depth > 0 => self.with_relation(depth),
            24..44 if depth > 0 => self.derived(depth - 1, &[]),
            44..47 => self.values(),
            _ => {
                let table = self.pick(TABLES);
                self.table(table)
            }
        }
    }

    fn tview_relation(&mut self) -> Relation {
        let nth = self.rng.usize(..self.tviews.len());
        let tview = self.tviews[nth].clone();
        let alias = self.alias();
        if !self.read.contains(&tview.name) {
            self.read.push(tview.name.clone());
        }
        let term = |term: &Term| Term {
            sql: format!("{alias}.{}", term.sql),
            ..term.clone()
        };
        let columns: Vec<Term> = tview.columns.iter().map(term).collect();
        let mut relation = Relation {
            sql: format!("{} {alias}", tview.name),
            unique: tview.key.iter().map(|nth| columns[*nth].clone()).collect(),
            columns,
            identity: Vec::new(),
            is_lateral: false,
        };
        relation.identify(&alias);
        relation
    }

    /// A WITH query, one that is there already or a new one.
    fn with_relation(&mut self, depth: u32) -> Relation {
        if self.with.is_empty() || self.with.len() < 3 && depth > 0 && self.chance(50) {
            let relation = self.derived(depth - 1, &[]);
            let name = format!("w{}", self.with.len() + 1);
            let (sql, _) = relation
                .sql
                .rsplit_once(' ')
                .expect("a subquery and its alias");
            let how = *self.pick(&["", "", "MATERIALIZED ", "NOT MATERIALIZED "]);
            self.with.push(With {
                sql: format!("{name} AS {how}{sql}"),
                name,
                relation,
            });
        }
        let nth = self.rng.usize(..self.with.len());
        let With { name, relation, .. } = self.with[nth].clone();
        let (_, from) = relation
            .sql
            .rsplit_once(' ')
            .expect("a subquery and its alias");
        let to = self.alias();
        relation.renamed(&name, from, &to)
    }

    fn values(&mut self) -> Relation {
        let alias = self.alias();
        let rows: Vec<String> = (1..=self.rng.u32(2..=4))
            .map(|n| format!("({}, {})", n * 2, typed(self.rng, Kind::Text)))
            .collect();
        let columns = vec![
            Term::new(format!("{alias}.n"), Kind::Int),
            Term::new(format!("{alias}.word"), Kind::Text),
        ];
        let mut relation = Relation {
            sql: format!("(VALUES {}) AS {alias} (n, word)", rows.join(", ")),
            unique: vec![columns[0].clone()],
            columns,
            identity: Vec::new(),
            is_lateral: false,
        };
        relation.identify(&alias);
        relation
    }

    /// The members of an array or a document of the relations before it, or a series.
    fn members(&mut self, scope: &Scope) -> Option<Relation> {
        let of_kind = |kind: Kind| -> Vec<Term> {
            scope
                .columns
                .iter()
                .filter(|term| term.kind == kind)
                .cloned()
                .collect()
        };
        let arrays = of_kind(Kind::Ints);
        let documents = of_kind(Kind::Json);
        let numbers = of_kind(Kind::Int);
        let alias = self.alias();
        let (call, kind) = match self.rng.u32(..3) {
            0 if !arrays.is_empty() => (format!("unnest({})", self.pick(&arrays).sql), Kind::Int),
            1 if !documents.is_empty() => {
                let sql = &self.pick(&documents).sql;
                let members = format!(
                    "CASE jsonb_typeof({sql} -> 'links') WHEN 'array' THEN {sql} -> 'links' END"
                );
                (format!("jsonb_array_elements({members})"), Kind::Json)
            }
            _ if !numbers.is_empty() => (
                format!("generate_series(1, least({}, 4))", self.pick(&numbers).sql),
                Kind::Int,
            ),
            _ => return None,
        };
        let mut relation = Relation {
            sql: format!("{call} WITH ORDINALITY AS {alias} (member, nth)"),
            columns: vec![
                Term::new(format!("{alias}.member"), kind),
                Term::new(format!("{alias}.nth"), Kind::Big),
            ],
            unique: Vec::new(),
            identity: vec![format!("{alias}.nth")],
            is_lateral: true,
        };
        relation.identity = vec![format!("{alias}.nth")];
        Some(relation)
    }

    /// Joins `count` more relations to those of the scope.
    pub fn join(&mut self, scope: &mut Scope, count: u32, matches: Matches, depth: u32) {
        for _ in 0..count {
            match matches {
                Matches::Any => self.join_any(scope, depth),
                Matches::AtMostOne => self.join_one(scope, depth),
            }
        }
    }

    fn join_any(&mut self, scope: &mut Scope, depth: u32) {
        let relation = match self.rng.u32(..100) {
            0..8 => self.members(scope),
            8..16 if depth > 0 => {
                let columns = scope.columns.clone();
                Some(self.derived(depth - 1, &columns))
            }
            _ => None,
        };
        let relation = match relation {
            Some(relation) => relation,
            None if depth > 0 && self.chance(10) => self.nested_join(depth - 1),
            None => self.relation(depth),
        };
        let kind = match self.rng.u32(..100) {
            _ if relation.is_lateral => *self.pick(&["JOIN", "LEFT JOIN"]),
            0..35 => "JOIN",
            35..80 => "LEFT JOIN",
            80..87 => "RIGHT JOIN",
            87..93 => "FULL JOIN",
            _ => ",",
        };
        // A JOIN after a comma cannot name what stands before it.
        let kind = match kind {
            _ if scope.is_list => ",",
            "," if scope.from.contains(" JOIN ") => "JOIN",
            kind => kind,
        };
        let mut condition = self.link(
            &scope.columns.clone(),
            &relation.columns,
            kind == "FULL JOIN",
            scope.wide < 1,
        );
        if condition.is_none() {
            scope.wide += 1;
            if scope.wide > 1 {
                return;
            }
            condition = Some("true".to_owned());
        }
        let mut condition = condition.expect("it is set");
        if kind != "FULL JOIN" && self.chance(20) {
            let both = [&scope.columns[..], &relation.columns].concat();
            let more = self.predicate(&both, depth.min(1));
            condition += &optional(format!(" AND {more}"));
        }
        let lateral = if relation.is_lateral { "LATERAL " } else { "" };
        if kind == "," {
            scope.is_list = true;
            scope.from += &optional(format!(", {lateral}{}", relation.sql));
            scope.conditions.push(condition);
        } else {
            scope.from += &optional(format!("\n{kind} {lateral}{} ON {condition}", relation.sql));
        }
        scope.add(&relation);
    }

    /// Two relations joined in parentheses.
    fn nested_join(&mut self, depth: u32) -> Relation {
        let first = self.relation(depth);
        let second = self.relation(depth);
        let Some(condition) = self.link(&first.columns, &second.columns, true, false) else {
            return first;
        };
        let kind = *self.pick(&["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN"]);
        Relation {
            sql: format!("({} {kind} {} ON {condition})", first.sql, second.sql),
            columns: [first.columns, second.columns].concat(),
            unique: Vec::new(),
            identity: [first.identity, second.identity].concat(),
            is_lateral: false,
        }
    }

    /// A join that keeps each row of the scope single.
    fn join_one(&mut self, scope: &mut Scope, depth: u32) {
        let relation = if depth > 0 && self.chance(25) {
            let columns = scope.columns.clone();
            self.lateral_one(depth - 1, &columns)
        } else {
            self.relation(depth)
        };
        let kind = *self.pick(&["JOIN", "LEFT JOIN", "LEFT JOIN"]);
        let condition = if relation.is_lateral {
            Some("true".to_owned())
        } else {
            self.link_to_key(&scope.columns.clone(), &relation)
        };
        let Some(mut condition) = condition else {
            return;
        };
        if self.chance(20) {
            let both = [&scope.columns[..], &relation.columns].concat();
            let more = self.predicate(&both, depth.min(1));
            condition += &optional(format!(" AND {more}"));
        }
        let lateral = if relation.is_lateral { "LATERAL " } else { "" };
        scope.from += &optional(format!("\n{kind} {lateral}{} ON {condition}", relation.sql));
        scope.add(&relation);
    }

    fn link_to_key(&mut self, own: &[Term], relation: &Relation) -> Option<String> {
        if relation.unique.is_empty() {
            return None;
        }
        let mut parts = Vec::new();
        for key in &relation.unique {
            let fitting: Vec<&Term> = own
                .iter()
                .filter(|term| term.kind.family() == key.kind.family())
                .collect();
            if fitting.is_empty() {
                return None;
            }
            let term = (*self.pick(&fitting)).clone();
            parts.push(format!("{} = {}", key.sql, self.shifted(&term)));
        }
        Some(parts.join(" AND "))
    }

    /// A condition between two sides, mostly an equality. `is_plain` allows no other.
    pub fn link(
        &mut self,
        left: &[Term],
        right: &[Term],
        is_plain: bool,
        may_be_wide: bool,
    ) -> Option<String> {
        let pairs: Vec<(&Term, &Term)> = left
            .iter()
            .flat_map(|left| right.iter().map(move |right| (left, right)))
            .filter(|(left, right)| left.kind.family() == right.kind.family())
            .filter(|(left, _)| !matches!(left.kind, Kind::Uuid | Kind::Json | Kind::Bool))
            .collect();
        if pairs.is_empty() {
            return None;
        }
        // Most numbers that are not keys or references to them meet by chance alone.
        let likely: Vec<(&Term, &Term)> = pairs
            .iter()
            .filter(|(left, right)| left.kind == right.kind && left.kind == Kind::Int)
            .copied()
            .collect();
        let one = |generator: &mut Self| {
            let (left, right) = if likely.is_empty() || generator.chance(35) {
                *generator.pick(&pairs)
            } else {
                *generator.pick(&likely)
            };
            if is_plain {
                format!("{} = {}", left.sql, right.sql)
            } else {
                let left = generator.shifted(left);
                format!("{left} = {}", right.sql)
            }
        };
        let first = one(self);
        let second = one(self);
        let arrays: Vec<&Term> = left.iter().filter(|term| term.kind == Kind::Ints).collect();
        let numbers: Vec<&Term> = right.iter().filter(|term| term.kind == Kind::Int).collect();
        Some(match self.rng.u32(..100) {
            0..70 => first,
            _ if is_plain => first,
            70..82 => format!("{first}{}", optional(format!(" AND {second}"))),
            82..90 => format!("({first}{})", optional(format!(" OR {second}"))),
            90..95 if !arrays.is_empty() && !numbers.is_empty() => {
                format!(
                    "{} = ANY ({})",
                    self.pick(&numbers).sql,
                    self.pick(&arrays).sql
                )
            }
            95..98 if may_be_wide => first.replacen(" = ", " IS NOT DISTINCT FROM ", 1),
            98.. if may_be_wide => first.replacen(" = ", " < ", 1),
            _ => first,
        })
    }

    /// The term, or an expression of its family over it.
    fn shifted(&mut self, term: &Term) -> String {
        let sql = &term.sql;
        match (self.rng.u32(..10), term.kind) {
            (0, kind) if kind.is_number() => format!("{sql} + 1"),
            (1, Kind::Int | Kind::Big) => format!("coalesce({sql}, 3)"),
            (0, Kind::Text) => format!("lower({sql})"),
            (1, Kind::Text) => format!("coalesce({sql}, 'a')"),
            _ => sql.clone(),
        }
    }
}

/// The uuid that a table's rows have, if they do.
pub fn uuid_of(table: &Table) -> Option<&'static str> {
    table
        .columns
        .iter()
        .find(|column| column.kind == Kind::Uuid && column.role == Role::Plain)
        .map(|column| column.name)
}
