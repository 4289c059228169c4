//! One random statement that writes, of every kind there is.

use super::Readable;
use super::rows::{free_key, new_value, value};
use crate::case::Step;
use crate::optional::{list, optional, plain};
use crate::schema::{Column, Kind, Role, TABLES, Table};
use crate::value::{chance, is_null, literal, pick, text};
use fastrand::Rng;

type Statement = (&'static str, String);

pub fn any(rng: &mut Rng, readable: &Readable) -> Statement {
    let table = pick(rng, TABLES);
    let (kind, sql) = any_of(rng, table, readable);
    let is_change = kind.starts_with("UPDATE") || kind.starts_with("DELETE");
    if table.name == "tb_event" && is_change && chance(rng, 30) {
        let partition = pick(
            rng,
            &[
                "tb_event_1",
                "tb_event_2",
                "tb_event_2_low",
                "tb_event_rest",
            ],
        );
        return (
            "a partition written by name",
            sql.replace("tb_event", partition),
        );
    }
    if table.name == "tb_price" && (is_change || kind.starts_with("INSERT")) && chance(rng, 30) {
        return ("a view written", sql.replace("tb_price", "tb_price_view"));
    }
    (kind, sql)
}

/// An UPDATE of few columns, none of which is part of the key.
pub fn change(rng: &mut Rng) -> Statement {
    let table = pick(rng, TABLES);
    let is_number = |key: &&&str| matches!(table.column(key).kind, Kind::Int | Kind::Big);
    match table.key.iter().find(is_number).filter(|_| chance(rng, 70)) {
        Some(key) => {
            let column = changed(rng, table);
            let (name, image) = (column.name, new_image(rng, table, column));
            let rows = optional(format!(" WHERE {key} % 3 = {}", rng.u32(..3)));
            let sql = format!("UPDATE {} SET {name} = {image}{rows}", table.name);
            ("UPDATE of a third", sql)
        }
        None => ("UPDATE", update(rng, table)),
    }
}

fn any_of(rng: &mut Rng, table: &Table, readable: &Readable) -> Statement {
    match rng.u32(..100) {
        0..18 => ("INSERT", insert(rng, table)),
        18..23 => (
            "INSERT ON CONFLICT DO NOTHING",
            insert(rng, table) + " ON CONFLICT DO NOTHING",
        ),
        23..29 => on_conflict_update(rng, table),
        29..34 => insert_select(rng, table, readable),
        34..38 => by_tview(rng, table, readable),
        38..60 => ("UPDATE", update(rng, table)),
        60..66 => update_key(rng, table),
        66..72 => update_from(rng, table),
        72..80 => ("DELETE", delete(rng, table)),
        80..84 => delete_using(rng, table),
        84..90 => with_writes(rng, table),
        90..98 => merge(rng, table),
        _ => truncate(rng, table),
    }
}

pub fn copy(rng: &mut Rng) -> Step {
    let table = pick(rng, TABLES);
    // A reference cannot be looked up, so that most of them are left NULL; keys are beyond those in use.
    let columns: Vec<&Column> = table
        .written()
        .filter(|column| {
            !matches!(column.role, Role::Reference { .. }) || !column.is_nullable || chance(rng, 30)
        })
        .collect();
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let lines = (0..rng.u32(1..=4))
        .map(|_| {
            let fields: Vec<String> = columns
                .iter()
                .map(|column| match column.role {
                    _ if is_null(rng, column) => "\\N".to_owned(),
                    Role::Key if matches!(column.kind, Kind::Int | Kind::Big) => {
                        rng.u32(13..60).to_string()
                    }
                    _ => text(rng, column.kind).replace('\\', "\\\\"),
                })
                .collect();
            fields.join("\t")
        })
        .collect();
    Step::Copy {
        target: format!("{} ({})", table.name, names.join(", ")),
        lines,
    }
}

fn insert(rng: &mut Rng, table: &Table) -> String {
    // Now and then some columns are left to their defaults.
    let columns: Vec<&Column> = table
        .written()
        .filter(|column| !column.is_nullable || !chance(rng, 10))
        .collect();
    if columns.is_empty() {
        return format!("INSERT INTO {} DEFAULT VALUES", table.name);
    }
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let rows: Vec<String> = (0..rng.u32(1..=4))
        .map(|nth| {
            let values: Vec<String> = columns
                .iter()
                .map(|column| new_value(rng, table, column, nth))
                .collect();
            format!("({})", values.join(", "))
        })
        .collect();
    format!(
        "INSERT INTO {} ({}) VALUES {}",
        table.name,
        names.join(", "),
        list(rows)
    )
}

fn on_conflict_update(rng: &mut Rng, table: &Table) -> Statement {
    if table.key.is_empty() {
        return ("INSERT", insert(rng, table));
    }
    let columns: Vec<&Column> = table.written().collect();
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let values: Vec<String> = columns
        .iter()
        .map(|column| match column.role {
            Role::Key => literal(rng, column.kind),
            _ => value(rng, column),
        })
        .collect();
    let shown = changed(rng, table);
    let condition = if chance(rng, 30) {
        optional(format!(
            " WHERE {}.{} IS DISTINCT FROM EXCLUDED.{}",
            table.name, shown.name, shown.name
        ))
    } else {
        String::new()
    };
    let sql = format!(
        "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO UPDATE SET {shown} = EXCLUDED.{shown}{condition}",
        table.name,
        names.join(", "),
        values.join(", "),
        table.key.join(", "),
        shown = shown.name,
    );
    ("INSERT ON CONFLICT DO UPDATE", sql)
}

/// Rows of another table, or of a TVIEW, as the source of the values.
fn insert_select(rng: &mut Rng, table: &Table, readable: &Readable) -> Statement {
    let from = match readable.tviews {
        [] => pick(rng, TABLES).name,
        tviews if chance(rng, 40) => pick(rng, tviews),
        _ => pick(rng, TABLES).name,
    };
    let columns: Vec<&Column> = table.written().collect();
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let values: Vec<String> = columns
        .iter()
        .map(|column| match (column.role, column.kind) {
            (Role::Key, Kind::Int | Kind::Big) => "100 + n".to_owned(),
            (_, Kind::Uuid) => format!("md5(n::text || '{}')::uuid", rng.u32(..)),
            _ => value(rng, column),
        })
        .collect();
    let sql = format!(
        "INSERT INTO {} ({}) SELECT {} FROM (SELECT row_number() OVER () AS n FROM {from} LIMIT {}) s ON CONFLICT DO NOTHING",
        table.name,
        names.join(", "),
        values.join(", "),
        rng.u32(1..=4),
    );
    ("INSERT SELECT", sql)
}

/// Rows and values that depend on what a TVIEW holds.
fn by_tview(rng: &mut Rng, table: &Table, readable: &Readable) -> Statement {
    let number = table.written().find(|column| {
        column.role == Role::Plain && column.kind == Kind::Int && column.is_nullable
    });
    let (Some(number), false) = (number, readable.tviews.is_empty()) else {
        return ("UPDATE", update(rng, table));
    };
    let tview = pick(rng, readable.tviews);
    let rows = few_rows(rng, table, table.name);
    let sql = format!(
        "UPDATE {} SET {} = (SELECT count(*) % 12 FROM public.{tview} v WHERE v.data IS NOT NULL){rows}",
        table.name, number.name
    );
    ("UPDATE by a TVIEW", sql)
}

fn update(rng: &mut Rng, table: &Table) -> String {
    let mut columns = vec![changed(rng, table)];
    while chance(rng, 35) {
        let more = changed(rng, table);
        if columns.iter().all(|column| column.name != more.name) {
            columns.push(more);
        }
    }
    let sets: Vec<String> = columns
        .iter()
        .map(|column| format!("{} = {}", column.name, new_image(rng, table, column)))
        .collect();
    format!(
        "UPDATE {}{} SET {}{}",
        only(rng),
        table.name,
        list(sets),
        some_rows(rng, table, table.name)
    )
}

/// Partitioned tables and families are also written without their members, or through one of them.
fn only(rng: &mut Rng) -> &'static str {
    if chance(rng, 3) { "ONLY " } else { "" }
}

fn new_image(rng: &mut Rng, table: &Table, column: &Column) -> String {
    let twin = table
        .columns
        .iter()
        .filter(|other| other.kind == column.kind && other.name != column.name)
        .nth(rng.usize(..2));
    match (column.role, twin) {
        (Role::Plain, Some(twin)) if column.is_nullable && chance(rng, 15) => twin.name.to_owned(),
        (Role::Plain, _) if column.kind == Kind::Numeric && chance(rng, 30) => {
            // The same number in another image.
            format!("round({}, {})", column.name, rng.u32(1..=3))
        }
        (Role::Plain, _)
            if matches!(column.kind, Kind::Anycase | Kind::Citext) && chance(rng, 30) =>
        {
            format!("upper({})", column.name)
        }
        (Role::Plain, _) if column.kind == Kind::Int && chance(rng, 20) => {
            format!("{} % 12 + 1", column.name)
        }
        (Role::Plain, _) if column.kind == Kind::Uuid => {
            format!("md5({}::text)::uuid", column.name)
        }
        _ => value(rng, column),
    }
}

/// Rows move between partitions, and cascades follow.
fn update_key(rng: &mut Rng, table: &Table) -> Statement {
    let Some(key) = table.columns.iter().find(|column| column.role == Role::Key) else {
        return ("UPDATE", update(rng, table));
    };
    let new = match key.kind {
        Kind::Int | Kind::Big if chance(rng, 70) => free_key(table, key, 0),
        Kind::Int if table.name == "tb_event" => rng.u32(1..=4).to_string(),
        Kind::Numeric if chance(rng, 50) => format!("round({}, {})", key.name, rng.u32(0..=3)),
        Kind::Anycase if chance(rng, 50) => format!("upper({})", key.name),
        _ => literal(rng, key.kind),
    };
    let sql = format!(
        "UPDATE {table} SET {key} = {new} WHERE {key} = (SELECT {key} FROM {table} WHERE {key} >= {from} ORDER BY {key} LIMIT 1)",
        table = table.name,
        key = key.name,
        from = literal(rng, key.kind),
    );
    ("UPDATE of a key", sql)
}

fn update_from(rng: &mut Rng, table: &Table) -> Statement {
    let Some((other, own, theirs)) = pair(rng, table) else {
        return ("UPDATE", update(rng, table));
    };
    let column = changed(rng, table);
    let source = other.columns.iter().find(|source| {
        source.kind == column.kind && column.role == Role::Plain && column.kind != Kind::Uuid
    });
    let new = match source {
        Some(source) => format!("s.{}", source.name),
        None => value(rng, column),
    };
    let sql = format!(
        "UPDATE {} d SET {} = {new} FROM {} s WHERE d.{own} = s.{theirs}{}",
        table.name,
        column.name,
        other.name,
        some_rows(rng, table, "d").replacen(" WHERE", " AND", 1),
    );
    ("UPDATE FROM", sql)
}

fn delete(rng: &mut Rng, table: &Table) -> String {
    format!(
        "DELETE FROM {}{}{}",
        only(rng),
        table.name,
        few_rows(rng, table, table.name)
    )
}

fn delete_using(rng: &mut Rng, table: &Table) -> Statement {
    let Some((other, own, theirs)) = pair(rng, table) else {
        return ("DELETE", delete(rng, table));
    };
    let sql = format!(
        "DELETE FROM {} d USING {} s WHERE d.{own} = s.{theirs}{}",
        table.name,
        other.name,
        few_rows(rng, table, "d").replacen(" WHERE", " AND", 1),
    );
    ("DELETE USING", sql)
}

fn with_writes(rng: &mut Rng, table: &Table) -> Statement {
    let other = pick(rng, TABLES);
    let second = match rng.u32(..3) {
        0 => update(rng, other),
        1 => insert(rng, other) + " ON CONFLICT DO NOTHING",
        _ => delete(rng, other),
    };
    let first = if chance(rng, 50) {
        update(rng, table)
    } else {
        delete(rng, table)
    };
    // One row must not be written twice by one statement.
    let sql = if other.name == table.name || first.contains("CASCADE") {
        format!("WITH w AS ({first} RETURNING 1) SELECT count(*) FROM w")
    } else {
        format!(
            "WITH w AS ({first} RETURNING 1), v AS ({second} RETURNING 1) SELECT (SELECT count(*) FROM w), count(*) FROM v"
        )
    };
    ("data-modifying WITH", sql)
}

fn merge(rng: &mut Rng, table: &Table) -> Statement {
    let [key] = table.key else {
        return ("INSERT", insert(rng, table));
    };
    let key = table.column(key);
    let shown = changed(rng, table);
    let columns: Vec<&Column> = table.written().collect();
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let values: Vec<String> = columns
        .iter()
        .map(|column| match column.role {
            Role::Key => "s.k".to_owned(),
            _ => value(rng, column),
        })
        .collect();
    let mut keys: Vec<String> = (0..rng.u32(1..=5))
        .map(|_| plain(&crate::value::typed(rng, key.kind)))
        .collect();
    keys.sort();
    keys.dedup();
    let sql = format!(
        "MERGE INTO {} d USING (SELECT DISTINCT k FROM unnest(ARRAY[{}]) k) s ON d.{} = s.k\n\
         WHEN MATCHED AND {} THEN DELETE\n\
         WHEN MATCHED THEN UPDATE SET {} = {}\n\
         WHEN NOT MATCHED THEN INSERT ({}) VALUES ({})",
        table.name,
        keys.join(", "),
        key.name,
        if chance(rng, 30) { "true" } else { "false" },
        shown.name,
        value(rng, shown),
        names.join(", "),
        values.join(", "),
    );
    ("MERGE", sql)
}

fn truncate(rng: &mut Rng, table: &Table) -> Statement {
    let is_referred = TABLES.iter().flat_map(|other| other.columns).any(
        |column| matches!(column.role, Role::Reference { table: target, .. } if target == table.name),
    );
    if is_referred || table.name == "tb_slot" {
        // It empties most of the schema, which leaves little to look at.
        if chance(rng, 30) {
            return (
                "TRUNCATE CASCADE",
                format!("TRUNCATE {} CASCADE", table.name),
            );
        }
        return ("INSERT", insert(rng, table));
    }
    ("TRUNCATE", format!("TRUNCATE {}", table.name))
}

/// A column that an update changes.
fn changed(rng: &mut Rng, table: &Table) -> &'static Column {
    let columns: Vec<&'static Column> = table
        .written()
        .filter(|column| !table.key.contains(&column.name) && column.role != Role::Key)
        .collect();
    pick::<&'static Column>(rng, &columns)
}

fn some_rows(rng: &mut Rng, table: &Table, alias: &str) -> String {
    if chance(rng, 10) {
        String::new()
    } else {
        few_rows(rng, table, alias)
    }
}

fn few_rows(rng: &mut Rng, table: &Table, alias: &str) -> String {
    let columns: Vec<&Column> = table
        .columns
        .iter()
        .filter(|column| !matches!(column.kind, Kind::Uuid | Kind::Json | Kind::Ints))
        .collect();
    let column = pick(rng, &columns);
    let name = format!("{alias}.{}", column.name);
    match rng.u32(..10) {
        0 if column.is_nullable => format!(" WHERE {name} IS NULL"),
        1 | 2 => format!(
            " WHERE {name} IN ({}, {})",
            literal(rng, column.kind),
            literal(rng, column.kind)
        ),
        _ => format!(" WHERE {name} = {}", literal(rng, column.kind)),
    }
}

/// Another table with columns that two rows can be joined by.
fn pair(rng: &mut Rng, table: &Table) -> Option<(&'static Table, &'static str, &'static str)> {
    let other = pick(rng, TABLES);
    let pairs: Vec<(&'static str, &'static str)> = table
        .columns
        .iter()
        .flat_map(|own| other.columns.iter().map(move |theirs| (own, theirs)))
        .filter(|(own, theirs)| own.kind.family() == theirs.kind.family() && own.kind.family() < 4)
        .map(|(own, theirs)| (own.name, theirs.name))
        .collect();
    (!pairs.is_empty()).then(|| {
        let (own, theirs) = pick(rng, &pairs);
        (other, *own, *theirs)
    })
}
