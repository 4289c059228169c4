//! The written queries, one file a theme in shapes/. Each is tried in every so many rounds, beside generated ones.

use crate::case::Tview;
use std::sync::LazyLock;

const FILES: [&str; 1] = [include_str!("shapes/joins.sql")];

pub static SHAPES: LazyLock<Vec<Tview>> = LazyLock::new(|| {
    FILES
        .iter()
        .flat_map(|file| file.split("\n\n").skip(1))
        .map(shape)
        .collect()
});

/// `-- name` or `-- name: key`, what it reads, and the query.
fn shape(text: &str) -> Tview {
    let (head, query) = text.split_once('\n').expect("a head and a query");
    let head = head.strip_prefix("-- ").expect("a head");
    let (name, key) = head.split_once(": ").unwrap_or((head, ""));
    let query = query.trim().to_owned();
    let by_name = format!("pk_{name}");
    let key = match key {
        "" if query.contains(&format!("AS {by_name},")) => by_name,
        "" => "id".to_owned(),
        key => key.to_owned(),
    };
    Tview {
        name: format!("tv_{name}"),
        query,
        key,
        settings: Vec::new(),
        reads: Vec::new(),
        is_key_certain: true,
        is_generated: false,
    }
}
