//! The files of docs/monitoring: every query runs and gives the columns that the file says, and the dashboard and the alerts name
//! metrics that come of them.

mod server;

use postgres::Client;
use serde_json::Value;
use server::{Server, blog};
use std::collections::BTreeSet;
use std::path::Path;

/// A query of `queries.yaml`, which is written in one way throughout: two spaces for what belongs to a query.
struct Query {
    name: String,
    sql: String,
    labels: Vec<String>,
    values: Vec<String>,
}

fn read(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/monitoring");
    std::fs::read_to_string(folder.join(file)).unwrap()
}

fn queries() -> Vec<Query> {
    let mut queries: Vec<Query> = Vec::new();
    let mut column = None;
    for line in read("queries.yaml").lines() {
        let text = line.trim();
        match line.len() - line.trim_start().len() {
            0 if text.is_empty() || text.starts_with('#') => {}
            0 => queries.push(Query {
                name: text.trim_end_matches(':').to_owned(),
                sql: String::new(),
                labels: Vec::new(),
                values: Vec::new(),
            }),
            2 => {}
            4 if text.starts_with("- ") => {
                column = Some(text[2..].trim_end_matches(':').to_owned());
            }
            8 if text.starts_with("usage: ") => {
                let (query, column) = (queries.last_mut().unwrap(), column.take().unwrap());
                match text {
                    "usage: \"LABEL\"" => query.labels.push(column),
                    "usage: \"COUNTER\"" | "usage: \"GAUGE\"" => query.values.push(column),
                    other => panic!("{}: {other}", query.name),
                }
            }
            8 if text.starts_with("description: ") => {}
            _ => {
                let sql = &mut queries.last_mut().unwrap().sql;
                sql.push_str(text);
                sql.push('\n');
            }
        }
    }
    queries
}

fn metrics() -> BTreeSet<String> {
    let metrics = queries().into_iter().flat_map(|q| {
        let name = q.name.clone();
        q.values.into_iter().map(move |v| format!("{name}_{v}"))
    });
    metrics.collect()
}

/// The words of a text that look like metrics of ours.
fn named(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .filter(|word| word.starts_with("pg_tviews_"))
        .map(str::to_owned)
        .collect()
}

fn count_rows(client: &mut Client, query: &Query) -> usize {
    let statement = client.prepare(&query.sql).unwrap();
    let columns: BTreeSet<_> = statement.columns().iter().map(|c| c.name()).collect();
    let wanted = query.labels.iter().chain(&query.values);
    assert_eq!(
        columns,
        wanted.map(String::as_str).collect(),
        "{}",
        query.name
    );
    let labels: Vec<_> = query.labels.iter().map(|l| format!("{l}::text")).collect();
    let labels = labels.join(", ");
    let numbers: Vec<_> = query
        .values
        .iter()
        .map(|v| format!("{v}::float8 IS NULL"))
        .collect();
    let sql = format!(
        "SELECT count(*) = count(DISTINCT ({labels})), coalesce(bool_or({}), false), count(*) FROM ({}) q",
        numbers.join(" OR "),
        query.sql
    );
    let row = client.query_one(&sql, &[]).unwrap();
    assert!(row.get::<_, bool>(0), "{}: labels meet twice", query.name);
    assert!(!row.get::<_, bool>(1), "{}: a number is NULL", query.name);
    row.get::<_, i64>(2) as usize
}

/// While one session waits for another in the middle of a large refresh, so that every query has something to show.
#[test]
fn every_query_gives_what_it_says() {
    let server = Server::start();
    let mut holder = server.connect();
    blog::create_sources(&mut holder);
    blog::create_tview(&mut holder);
    holder
        .batch_execute(
            "BEGIN; UPDATE tb_post SET title = 'held' WHERE pk_post = 4; SELECT pg_tviews_flush()",
        )
        .unwrap();
    let mut writer = server.connect();
    let waiting = std::thread::spawn(move || {
        writer
            .batch_execute("SELECT pg_tviews_refresh('tv_post')")
            .unwrap();
    });
    let mut exporter = server.connect();
    let is_waiting = "SELECT EXISTS (SELECT FROM pg_tviews_locks WHERE NOT granted)";
    while !exporter
        .query_one(is_waiting, &[])
        .unwrap()
        .get::<_, bool>(0)
    {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }

    for query in queries() {
        let rows = count_rows(&mut exporter, &query);
        let expected = match query.name.as_str() {
            "pg_tviews_rows" | "pg_tviews_health" => 3,
            "pg_tviews_step" => 4,
            _ => 1,
        };
        assert_eq!(rows, expected, "{}", query.name);
    }

    holder.batch_execute("COMMIT").unwrap();
    waiting.join().unwrap();
}

#[test]
fn dashboard_and_alerts_name_these_metrics() {
    let known = metrics();
    assert!(!known.is_empty());
    let dashboard: Value = serde_json::from_str(&read("dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut shown = BTreeSet::new();
    for panel in panels {
        for target in panel["targets"].as_array().unwrap() {
            let metrics = named(target["expr"].as_str().unwrap());
            assert!(!metrics.is_empty(), "{}", panel["title"]);
            shown.extend(metrics);
        }
    }
    let unknown: Vec<_> = shown.difference(&known).collect();
    assert!(unknown.is_empty(), "the dashboard shows {unknown:?}");

    let readme = read("README.md");
    let alerts = readme.split("## Alerts").nth(1).unwrap();
    let expressions = alerts.lines().skip_while(|l| !l.contains("alert:"));
    let expressions: String = expressions
        .filter(|l| !l.contains("alert:") && !l.contains("annotations:"))
        .map(|l| format!("{l}\n"))
        .collect();
    let alerted = named(&expressions);
    assert!(!alerted.is_empty());
    let unknown: Vec<_> = alerted.difference(&known).collect();
    assert!(unknown.is_empty(), "the alerts name {unknown:?}");
}
