//! The statements that compare a TVIEW with its query and write what differs.

use super::patch::PartSql;
use super::{every, join, list, records};
use crate::name::{Column, Name, literal, quote};
use crate::sabotage::{Rule, breaks};

/// A TVIEW as its statements need it.
pub(crate) struct Table {
    pub(crate) name: Name,
    pub(crate) view: Name,
    /// The columns that the query gives.
    pub(crate) columns: Vec<Column>,
    /// Where it gives each of them, from 1.
    pub(crate) positions: Vec<i16>,
    /// All columns of the table, users' own among them, in its order.
    pub(crate) all: Vec<Column>,
    pub(crate) key: Vec<Column>,
    /// The equality of each key column, as `OPERATOR(schema.=)`.
    pub(crate) equals: Vec<String>,
    /// Columns of other unique indexes. A row that changes one is deleted and inserted: two rows
    /// that swap values would collide as updates.
    pub(crate) unique: Vec<Column>,
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

impl Table {
    /// The column that the query gives at a position.
    pub(crate) fn at(&self, position: i16) -> Option<&Column> {
        let found = self.positions.iter().position(|p| *p == position)?;
        self.columns.get(found)
    }

    /// The same, where it may be set without the others: the key and unique indexes have no part of it.
    pub(crate) fn free_at(&self, position: i16) -> Option<&Column> {
        let is_bound = |c: &&Column| self.key.contains(c) || self.unique.contains(c);
        self.at(position).filter(|c| !is_bound(c))
    }

    /// Where the query gives the columns of the key.
    pub(crate) fn key_positions(&self) -> Vec<i16> {
        let position = |c: &Column| self.positions[self.position(c)];
        self.key.iter().map(position).collect()
    }

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
    fn compared(&self, from: &str) -> String {
        let fresh = list(&self.columns, |i, _| format!("n.c{i}"));
        let stored = list(&self.columns, |_, c| format!("t.{}", quote(&c.name)));
        let first = quote(&self.key[0].name);
        let row_type = self.name.sql();
        let key = list(&self.key, |_, c| format!("n.c{}", self.position(c)));
        // What the user keeps in columns of their own is not written; NULL need not be a value of their types.
        let row = list(&self.all, |_, c| match self.shown(c) {
            Some(i) => format!("n.c{i}"),
            None => format!("t.{}", quote(&c.name)),
        });
        let moved = match self.unique.is_empty() {
            true => String::new(),
            false => format!(
                "WHEN pg_catalog.record_image_ne(ROW({}), ROW({})) THEN 'm' ",
                list(&self.unique, |_, c| format!("n.c{}", self.position(c))),
                list(&self.unique, |_, c| format!("t.{}", quote(&c.name)))
            ),
        };
        format!(
            "SELECT CASE WHEN n.copies IS NULL THEN 'd' WHEN t.{first} IS NULL THEN 'i' {moved}ELSE 'u' END, \
             CASE WHEN n.copies IS NULL THEN t.* ELSE ROW({row})::{row_type} END, n.copies, \
             CASE WHEN n.copies > 1 THEN pg_catalog.concat_ws(', ', {key}) END \
             {from} \
             WHERE n.copies > 1 OR (n.copies IS NULL) <> (t.{first} IS NULL) \
             OR pg_catalog.record_image_ne(ROW({fresh}), ROW({stored}))"
        )
    }

    /// Compares the rows of some keys, which are the parameter, an array of records.
    ///
    /// The lateral subquery keeps its own level (OFFSET 0), so that its restriction is an equality
    /// with a parameter, which the planner pushes where it would not push a join. Where it would not
    /// push that either, `restricted` is the query with restrictions put inside it, by further
    /// parameters.
    pub(crate) fn compare_keys(&self, restricted: Option<&str>) -> String {
        let columns = list(&self.columns, |_, c| format!("v.{}", quote(&c.name)));
        let fresh = list(&self.columns, |i, _| format!("c{i}"));
        let rows = match restricted {
            None => format!(
                "LATERAL (SELECT {columns}, pg_catalog.count(*) OVER () FROM {view} AS v WHERE {on_view} OFFSET 0) AS n({fresh}, copies) ON true",
                view = self.view.sql(),
                on_view = self.on_key("v"),
            ),
            Some(query) => format!(
                "(SELECT {columns}, pg_catalog.count(*) OVER (PARTITION BY {key}) FROM ({query}) AS v) AS n({fresh}, copies) ON {on}",
                key = list(&self.key, |_, c| format!("v.{}", quote(&c.name))),
                on = every(&self.key, |i, c| format!(
                    "n.c{} {} k.k{i}",
                    self.position(c),
                    self.equals[i]
                )),
            ),
        };
        let from = format!(
            "FROM {keys} LEFT JOIN {rows} LEFT JOIN {table} AS t ON {on_table}",
            keys = self.keys(),
            table = self.name.sql(),
            on_table = self.on_key("t"),
        );
        self.compared(&from)
    }

    /// The columns of the row that the query gives for one key, whose columns are the parameters.
    pub(crate) fn compute_key(&self) -> String {
        let columns = list(&self.columns, |_, c| format!("v.{}", quote(&c.name)));
        format!(
            "SELECT {columns} FROM {} AS v WHERE {}",
            self.view.sql(),
            self.is_key("v")
        )
    }

    /// [`Table::compute_key`] and [`Table::compare_keys`] where all but some leaves is as the table has it. `query` gives
    /// these as p0, p1, … and the key as k0, k1, …. Nothing comes of a key that the query or the table does not have.
    pub(crate) fn in_part(&self, query: &str, leaves: &[(&Column, &[String])]) -> [String; 2] {
        let part = |(n, (column, path)): (usize, &(&Column, &[String]))| {
            PartSql::new(quote(&column.name), path, &format!("v.p{n}"))
        };
        let parts: Vec<PartSql> = leaves.iter().enumerate().map(part).collect();
        let columns = list(&self.columns, |_, c| {
            PartSql::set(&quote(&c.name), parts.iter())
        });
        let table = self.name.sql();
        let compute = format!(
            "SELECT {columns} FROM ({query}) AS v, {table} AS t WHERE {} AND {}",
            every(&self.key, |i, _| format!(
                "v.k{i} {} ${}",
                self.equals[i],
                i + 1
            )),
            self.is_key("t")
        );
        let compare = self.compared(&format!(
            "FROM {keys} JOIN {table} AS t ON {on_table} JOIN LATERAL (SELECT {columns}, pg_catalog.count(*) OVER () \
             FROM ({query}) AS v WHERE {on_query} OFFSET 0) AS n({fresh}, copies) ON true",
            keys = self.keys(),
            on_table = self.on_key("t"),
            on_query = every(&self.key, |i, _| format!("v.k{i} {} k.k{i}", self.equals[i])),
            fresh = list(&self.columns, |i, _| format!("c{i}")),
        ));
        [compute, compare]
    }

    fn is_key(&self, table: &str) -> String {
        every(&self.key, |i, c| {
            format!("{table}.{} {} ${}", quote(&c.name), self.equals[i], i + 1)
        })
    }

    /// The parameter, an array of keys, as table `k` with columns k0, k1, …
    pub(super) fn keys(&self) -> String {
        let columns: Vec<(String, &Column)> =
            (0..).map(|i| format!("k{i}")).zip(&self.key).collect();
        let keys = records(&columns, "k");
        match self.has_loose_key {
            true => format!("(SELECT DISTINCT k.* FROM {keys}) AS k"),
            false => keys,
        }
    }

    fn on_key(&self, table: &str) -> String {
        every(&self.key, |i, c| {
            format!("{table}.{} {} k.k{i}", quote(&c.name), self.equals[i])
        })
    }

    /// The whole keys for parts of them, which `found` gives as columns k0, k1, …: of the rows that the
    /// table has, and of those that the query gives.
    pub(super) fn complete(&self, found: &str, parts: &[usize]) -> String {
        let key = |of: &str| list(&self.key, |_, c| format!("{of}.{}", quote(&c.name)));
        let on = |of: &str| {
            join(parts, " AND ", |_, part| {
                let name = quote(&self.key[*part].name);
                format!("{of}.{name} {} p.k{part}", self.equals[*part])
            })
        };
        let table = format!(
            "SELECT {} FROM ({found}) AS p JOIN {} AS t ON {}",
            key("t"),
            self.name.sql(),
            on("t")
        );
        let query = format!(
            "SELECT f.* FROM ({found}) AS p CROSS JOIN LATERAL (SELECT {} FROM {} AS v WHERE {} OFFSET 0) AS f",
            key("v"),
            self.view.sql(),
            on("v")
        );
        match (breaks(Rule::PartsInTable), breaks(Rule::PartsInQuery)) {
            (true, _) => query,
            (_, true) => table,
            _ => format!("{table} UNION ALL {query}"),
        }
    }

    fn everything(&self) -> String {
        format!(
            "FROM (SELECT {columns}, pg_catalog.count(*) OVER (PARTITION BY {key}) FROM {view} AS v) AS n({fresh}, copies) \
             FULL JOIN {table} AS t ON {on}",
            columns = list(&self.columns, |_, c| format!("v.{}", quote(&c.name))),
            key = list(&self.key, |_, c| format!("v.{}", quote(&c.name))),
            view = self.view.sql(),
            fresh = list(&self.columns, |i, _| format!("c{i}")),
            table = self.name.sql(),
            on = every(&self.key, |i, c| {
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
        self.compared(&self.everything())
    }

    /// Counts rows missing, extra and different.
    pub(crate) fn count_differences(&self) -> String {
        let first = quote(&self.key[0].name);
        let fresh = list(&self.columns, |i, _| format!("n.c{i}"));
        let stored = list(&self.columns, |_, c| format!("t.{}", quote(&c.name)));
        format!(
            "SELECT pg_catalog.count(*) FILTER (WHERE t.{first} IS NULL), \
             pg_catalog.count(*) FILTER (WHERE n.copies IS NULL), \
             pg_catalog.count(*) FILTER (WHERE t.{first} IS NOT NULL AND n.copies IS NOT NULL \
             AND pg_catalog.record_image_ne(ROW({fresh}), ROW({stored}))) {}",
            self.everything()
        )
    }

    /// The keys of all rows that the query gives, in their order.
    pub(crate) fn all_keys(&self) -> String {
        let key = list(&self.key, |_, c| format!("v.{}", quote(&c.name)));
        format!("SELECT {key} FROM {} AS v ORDER BY {key}", self.view.sql())
    }

    /// As many keys as $1 says, whichever the query gives first.
    pub(crate) fn some_keys(&self) -> String {
        let key = list(&self.key, |_, c| format!("v.{}", quote(&c.name)));
        format!("SELECT {key} FROM {} AS v LIMIT $1", self.view.sql())
    }

    /// One key of the table, to try the comparison with; one row of NULLs if it is empty.
    pub(crate) fn any_key(&self) -> String {
        let key = list(&self.key, |_, c| format!("t.{}", quote(&c.name)));
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
        every(&self.key, |i, c| {
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
            list(&self.columns, |_, c| format!("{0} = r.{0}", quote(&c.name))),
            self.same_key()
        )
    }

    pub(crate) fn insert(&self) -> String {
        format!(
            "INSERT INTO {} ({}) SELECT {} FROM pg_catalog.unnest($1) AS r",
            self.name.sql(),
            list(&self.columns, |_, c| quote(&c.name)),
            list(&self.columns, |_, c| format!("r.{}", quote(&c.name)))
        )
    }
}

/// Columns of up to $1 random rows of a table, from about as many of its blocks.
pub(crate) fn sample(table: &Name, columns: &[&str]) -> String {
    let columns: Vec<String> = columns.iter().map(|c| format!("s.{}", quote(c))).collect();
    let (name, literal) = (table.sql(), literal(&table.sql()));
    let bytes = format!(
        "GREATEST(pg_catalog.pg_relation_size({literal}), \
         (SELECT pg_catalog.sum(pg_catalog.pg_relation_size(t.relid)) FROM pg_catalog.pg_partition_tree({literal}) AS t), 1)"
    );
    format!(
        "SELECT {} FROM {name} AS s TABLESAMPLE system ((SELECT LEAST(100, \
         100.0 * $1 * pg_catalog.current_setting('block_size')::pg_catalog.int8 / {bytes})::pg_catalog.float4)) \
         ORDER BY pg_catalog.random() LIMIT $1",
        columns.join(", ")
    )
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
            is_not_null: false,
            collation: None,
        }
    }

    #[test]
    fn identifiers_are_quoted() {
        let name = Name {
            schema: "a\"b".into(),
            name: "c d".into(),
        };
        assert_eq!(name.sql(), "\"a\"\"b\".\"c d\"");
        let columns = vec![column(1, "pk"), column(2, "o\"dd")];
        let table = Table {
            view: name.clone(),
            name,
            all: columns.clone(),
            key: columns[..1].to_vec(),
            positions: vec![1, 2],
            columns,
            equals: vec!["OPERATOR(pg_catalog.=)".to_owned()],
            unique: Vec::new(),
            has_loose_key: false,
        };
        assert_eq!(
            table.insert(),
            "INSERT INTO \"a\"\"b\".\"c d\" (\"pk\", \"o\"\"dd\") \
             SELECT r.\"pk\", r.\"o\"\"dd\" FROM pg_catalog.unnest($1) AS r"
        );
    }
}
