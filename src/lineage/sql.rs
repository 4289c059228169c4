//! Owns the text of every statement that depends on a TVIEW's shape. Values are parameters;
//! identifiers go through [`quote`]; everything is qualified.

use super::model::{Form, Hop, Link, Route, Side, Source, tag};
use crate::name::{Column, Name, quote};

/// A TVIEW as its statements need it.
pub(crate) struct Table<'a> {
    pub(crate) name: &'a Name,
    pub(crate) view: &'a Name,
    /// The columns that the query gives.
    pub(crate) columns: &'a [Column],
    /// All columns of the table, users' own among them, in its order.
    pub(crate) all: &'a [Column],
    pub(crate) key: &'a [Column],
    /// The equality of each key column, as `OPERATOR(schema.=)`.
    pub(crate) equals: &'a [String],
    /// Columns of other unique indexes. A row that changes one is deleted and inserted: two rows
    /// that swap values would collide as updates.
    pub(crate) unique: &'a [Column],
    /// Keys are made distinct first: equal ones may have different images.
    pub(crate) has_loose_key: bool,
}

/// The columns of a compared row's result: what to do, then the row to write as the table's type.
pub(crate) const ACTION: i32 = 1;
pub(crate) const ROW: i32 = 2;
/// How often the query gives the key.
pub(crate) const COPIES: i32 = 3;
/// The key as text, where the query gives it more than once.
pub(crate) const KEY: i32 = 4;

fn list(columns: &[Column], render: impl Fn(usize, &Column) -> String) -> String {
    columns
        .iter()
        .enumerate()
        .map(|(i, c)| render(i, c))
        .collect::<Vec<_>>()
        .join(", ")
}

fn every(columns: &[Column], render: impl Fn(usize, &Column) -> String) -> String {
    columns
        .iter()
        .enumerate()
        .map(|(i, c)| render(i, c))
        .collect::<Vec<_>>()
        .join(" AND ")
}

impl Table<'_> {
    /// Where the query gives a column; `None` for a column of the user's own.
    fn shown(&self, column: &Column) -> Option<usize> {
        self.columns
            .iter()
            .position(|c| c.attribute == column.attribute)
    }

    fn position(&self, key: &Column) -> usize {
        self.shown(key).unwrap_or(0)
    }

    /// `n` is a row of the query with columns c0, c1, … and copies; `t` one of the table.
    fn compared(&self) -> String {
        let fresh = list(self.columns, |i, _| format!("n.c{i}"));
        let stored = list(self.columns, |_, c| format!("t.{}", quote(&c.name)));
        let first = quote(&self.key[0].name);
        let row_type = self.name.sql();
        let key = list(self.key, |_, c| format!("n.c{}", self.position(c)));
        let row = list(self.all, |_, c| match self.shown(c) {
            Some(i) => format!("n.c{i}"),
            None => "NULL".to_owned(),
        });
        let moved = match self.unique.is_empty() {
            true => String::new(),
            false => format!(
                "WHEN pg_catalog.record_image_ne(ROW({}), ROW({})) THEN 'm' ",
                list(self.unique, |_, c| format!("n.c{}", self.position(c))),
                list(self.unique, |_, c| format!("t.{}", quote(&c.name)))
            ),
        };
        format!(
            "SELECT CASE WHEN n.copies IS NULL THEN 'd' WHEN t.{first} IS NULL THEN 'i' {moved}ELSE 'u' END, \
             CASE WHEN n.copies IS NULL THEN t ELSE ROW({row})::{row_type} END, n.copies, \
             CASE WHEN n.copies > 1 THEN pg_catalog.concat_ws(', ', {key}) END \
             %FROM% \
             WHERE n.copies > 1 OR (n.copies IS NULL) <> (t.{first} IS NULL) \
             OR pg_catalog.record_image_ne(ROW({fresh}), ROW({stored}))"
        )
    }

    /// Compares the rows of some keys: parameters are one array per key column.
    ///
    /// The lateral subquery keeps its own level (OFFSET 0), so that its restriction is an
    /// equality with a parameter, which the planner pushes where it would not push a join.
    pub(crate) fn compare_keys(&self) -> String {
        let names = list(self.key, |i, _| format!("k{i}"));
        let keys = format!("{} AS k({names})", unnest(self.key.iter()));
        let keys = match self.has_loose_key {
            true => {
                let collated = list(self.key, |i, c| match &c.collation {
                    Some(collation) => format!("k{i} COLLATE {collation} AS k{i}"),
                    None => format!("k{i}"),
                });
                format!("(SELECT DISTINCT {collated} FROM {keys}) AS k")
            }
            false => keys,
        };
        let from = format!(
            "FROM {keys} LEFT JOIN LATERAL (SELECT {columns}, pg_catalog.count(*) OVER () FROM {view} AS v WHERE {on_view} OFFSET 0) AS n({fresh}, copies) ON true \
             LEFT JOIN {table} AS t ON {on_table}",
            columns = list(self.columns, |_, c| format!("v.{}", quote(&c.name))),
            view = self.view.sql(),
            on_view = every(self.key, |i, c| format!(
                "v.{} {} k.k{i}",
                quote(&c.name),
                self.equals[i]
            )),
            fresh = list(self.columns, |i, _| format!("c{i}")),
            table = self.name.sql(),
            on_table = every(self.key, |i, c| format!(
                "t.{} {} k.k{i}",
                quote(&c.name),
                self.equals[i]
            )),
        );
        self.compared().replace("%FROM%", &from)
    }

    fn everything(&self) -> String {
        format!(
            "FROM (SELECT {columns}, pg_catalog.count(*) OVER (PARTITION BY {key}) FROM {view} AS v) AS n({fresh}, copies) \
             FULL JOIN {table} AS t ON {on}",
            columns = list(self.columns, |_, c| format!("v.{}", quote(&c.name))),
            key = list(self.key, |_, c| format!("v.{}", quote(&c.name))),
            view = self.view.sql(),
            fresh = list(self.columns, |i, _| format!("c{i}")),
            table = self.name.sql(),
            on = every(self.key, |i, c| {
                format!(
                    "n.c{} {} t.{}",
                    self.position(c),
                    self.equals[i],
                    quote(&c.name)
                )
            }),
        )
    }

    /// Compares all rows.
    pub(crate) fn compare_all(&self) -> String {
        self.compared().replace("%FROM%", &self.everything())
    }

    /// Counts rows missing, extra and different.
    pub(crate) fn count_differences(&self) -> String {
        let first = quote(&self.key[0].name);
        let fresh = list(self.columns, |i, _| format!("n.c{i}"));
        let stored = list(self.columns, |_, c| format!("t.{}", quote(&c.name)));
        format!(
            "SELECT pg_catalog.count(*) FILTER (WHERE t.{first} IS NULL), \
             pg_catalog.count(*) FILTER (WHERE n.copies IS NULL), \
             pg_catalog.count(*) FILTER (WHERE t.{first} IS NOT NULL AND n.copies IS NOT NULL \
             AND pg_catalog.record_image_ne(ROW({fresh}), ROW({stored}))) {}",
            self.everything()
        )
    }

    /// One key of the table, to try the comparison with; one row of NULLs if it is empty.
    pub(crate) fn any_key(&self) -> String {
        let key = list(self.key, |_, c| format!("t.{}", quote(&c.name)));
        format!(
            "SELECT {key} FROM (VALUES (1)) AS o LEFT JOIN {} AS t ON true LIMIT 1",
            self.name.sql()
        )
    }

    /// Whether the query gives a row without a key.
    pub(crate) fn null_key(&self) -> String {
        let is_null: Vec<String> = self
            .key
            .iter()
            .map(|c| format!("v.{} IS NULL", quote(&c.name)))
            .collect();
        format!(
            "SELECT FROM {} AS v WHERE {} LIMIT 1",
            self.view.sql(),
            is_null.join(" OR ")
        )
    }

    fn same_key(&self) -> String {
        every(self.key, |i, c| {
            format!("t.{0} {1} r.{0}", quote(&c.name), self.equals[i])
        })
    }

    /// Writes go by one parameter, an array of the table's rows.
    pub(crate) fn delete(&self) -> String {
        format!(
            "DELETE FROM {} AS t USING pg_catalog.unnest($1) AS r WHERE {}",
            self.name.sql(),
            self.same_key()
        )
    }

    pub(crate) fn update(&self) -> String {
        format!(
            "UPDATE {} AS t SET {} FROM pg_catalog.unnest($1) AS r WHERE {}",
            self.name.sql(),
            list(self.columns, |_, c| format!("{0} = r.{0}", quote(&c.name))),
            self.same_key()
        )
    }

    pub(crate) fn insert(&self) -> String {
        format!(
            "INSERT INTO {} ({}) SELECT {} FROM pg_catalog.unnest($1) AS r",
            self.name.sql(),
            list(self.columns, |_, c| quote(&c.name)),
            list(self.columns, |_, c| format!("r.{}", quote(&c.name)))
        )
    }
}

/// The query from captured values (one array per start column) to keys; `None` where the values
/// are the keys.
pub(crate) fn key_query(sources: &[Source], source: usize, route: &Route) -> Option<String> {
    let (hops, key): (&[Hop], &[Side]) = match route {
        Route::Direct(key) if key.iter().all(|s| s.form == Form::Column) => return None,
        Route::Direct(key) => (&[], key),
        Route::Lookup { hops, key } => (hops, key),
        Route::Full(_) => return None,
    };
    let keys = key
        .iter()
        .map(|s| s.sql.clone())
        .collect::<Vec<_>>()
        .join(", ");
    let mut sql = format!(
        "SELECT DISTINCT {keys} FROM {}",
        captured(&sources[source], source, &route.start())
    );
    for hop in hops {
        let on: Vec<String> = hop.links.iter().map(condition).collect();
        sql += &format!(
            " JOIN {} AS {} ON {}",
            sources[hop.source].name.sql(),
            tag(hop.source),
            on.join(" AND ")
        );
    }
    Some(sql)
}

fn condition(link: &Link) -> String {
    let (left, right) = match link.child_is_left {
        true => (&link.child, &link.parent),
        false => (&link.parent, &link.child),
    };
    let collation = match &link.collation_sql {
        Some(name) => format!(" COLLATE {name}"),
        None => String::new(),
    };
    format!("{}{collation} {} {}", left.sql, link.operator, right.sql)
}

/// Array parameters side by side, one per column.
fn unnest<'a>(columns: impl Iterator<Item = &'a Column>) -> String {
    let each: Vec<String> = columns
        .enumerate()
        .map(|(i, c)| format!("pg_catalog.unnest(${}::{}[])", i + 1, c.type_sql))
        .collect();
    format!("ROWS FROM ({})", each.join(", "))
}

/// Captured values as a table that has the source's tag and column names.
fn captured(source: &Source, index: usize, start: &[i16]) -> String {
    let columns: Vec<&Column> = start.iter().filter_map(|a| source.column(*a)).collect();
    let names: Vec<String> = columns.iter().map(|c| quote(&c.name)).collect();
    let unnest = format!(
        "{} AS u({})",
        unnest(columns.iter().copied()),
        names.join(", ")
    );
    let selected: Vec<String> = columns
        .iter()
        .map(|c| match &c.collation {
            Some(collation) => format!("u.{0} COLLATE {collation} AS {0}", quote(&c.name)),
            None => format!("u.{}", quote(&c.name)),
        })
        .collect();
    format!(
        "(SELECT {} FROM {unnest}) AS {}",
        selected.join(", "),
        tag(index)
    )
}

/// A route as a sentence.
pub(crate) fn path(sources: &[Source], source: usize, route: &Route) -> String {
    let label = |s: usize| match sources[s].alias == sources[s].name.name {
        true => sources[s].name.name.clone(),
        false => format!("{} {}", sources[s].name.name, sources[s].alias),
    };
    let keys = |key: &[Side]| {
        key.iter()
            .map(|s| s.text.clone())
            .collect::<Vec<_>>()
            .join(", ")
    };
    match route {
        Route::Direct(key) => format!("{} -> key {}", label(source), keys(key)),
        Route::Lookup { hops, key } => {
            let mut text = label(source);
            for hop in hops {
                let on: Vec<String> = hop
                    .links
                    .iter()
                    .map(|l| format!("{} = {}", l.parent.text, l.child.text))
                    .collect();
                text += &format!(" -> {} on {}", label(hop.source), on.join(" and "));
            }
            format!("{text} -> key {}", keys(key))
        }
        Route::Full(reason) => {
            format!("{} -> all rows, because {}", label(source), reason.text())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(attribute: i16, name: &str) -> Column {
        Column {
            attribute,
            name: name.into(),
            type_oid: 23,
            type_sql: "pg_catalog.int4".into(),
            typmod: -1,
            is_computed: false,
            collation: None,
        }
    }

    fn source(name: &str, columns: Vec<Column>) -> Source {
        Source {
            relid: 1,
            name: Name {
                schema: "s".into(),
                name: name.into(),
            },
            alias: "x".into(),
            columns,
            used: Default::default(),
            is_read_whole: false,
            obstacle: None,
        }
    }

    fn side(source: usize, attribute: i16, name: &str) -> Side {
        Side {
            source,
            attributes: vec![attribute],
            sql: format!("t{source}.\"{name}\""),
            text: format!("x.{name}"),
            type_oid: 23,
            form: Form::Column,
            grouped_by: None,
        }
    }

    fn sources() -> Vec<Source> {
        vec![
            source("tb_post", vec![column(1, "pk"), column(2, "fk_user")]),
            source("tb_user", vec![column(1, "pk"), column(2, "o\"dd")]),
        ]
    }

    #[test]
    fn captured_keys_need_no_query() {
        assert_eq!(
            key_query(&sources(), 0, &Route::Direct(vec![side(0, 1, "pk")])),
            None
        );
    }

    #[test]
    fn a_lookup_joins_captured_values_along_its_links() {
        let link = Link {
            child: side(1, 1, "pk"),
            parent: side(0, 2, "fk_user"),
            operator: "OPERATOR(pg_catalog.=)".into(),
            child_is_left: false,
            families: vec![],
            collation: 0,
            collation_sql: Some("\"s\".\"ci\"".into()),
        };
        let route = Route::Lookup {
            hops: vec![Hop {
                source: 0,
                links: vec![link],
            }],
            key: vec![side(0, 1, "pk")],
        };
        assert_eq!(
            key_query(&sources(), 1, &route).unwrap(),
            "SELECT DISTINCT t0.\"pk\" FROM (SELECT u.\"pk\" FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.int4[])) AS u(\"pk\")) AS t1 \
             JOIN \"s\".\"tb_post\" AS t0 ON t0.\"fk_user\" COLLATE \"s\".\"ci\" OPERATOR(pg_catalog.=) t1.\"pk\""
        );
    }

    #[test]
    fn identifiers_are_quoted() {
        let name = Name {
            schema: "a\"b".into(),
            name: "c d".into(),
        };
        assert_eq!(name.sql(), "\"a\"\"b\".\"c d\"");
        let columns = [column(1, "pk"), column(2, "o\"dd")];
        let equals = ["OPERATOR(pg_catalog.=)".to_string()];
        let table = Table {
            name: &name,
            view: &name,
            columns: &columns,
            all: &columns,
            key: &columns[..1],
            equals: &equals,
            unique: &[],
            has_loose_key: false,
        };
        assert_eq!(
            table.insert(),
            "INSERT INTO \"a\"\"b\".\"c d\" (\"pk\", \"o\"\"dd\") \
             SELECT r.\"pk\", r.\"o\"\"dd\" FROM pg_catalog.unnest($1) AS r"
        );
    }
}
