//! The written queries, one file a theme in shapes/. Every round takes some, beside generated ones.

use crate::case::Tview;
use crate::oracle::SETTINGS;
use std::sync::LazyLock;

const FILES: [&str; 9] = [
    include_str!("shapes/joins.sql"),
    include_str!("shapes/subqueries.sql"),
    include_str!("shapes/arrays.sql"),
    include_str!("shapes/grouping.sql"),
    include_str!("shapes/sets.sql"),
    include_str!("shapes/with.sql"),
    include_str!("shapes/keys.sql"),
    include_str!("shapes/patches.sql"),
    include_str!("shapes/leaves.sql"),
];

/// A TVIEW comes after those it reads.
pub static SHAPES: LazyLock<Vec<Tview>> = LazyLock::new(|| {
    FILES
        .iter()
        .flat_map(|file| file.split("\n\n").skip(1))
        .map(shape)
        .collect()
});

/// A head `-- name; …` and the query. The head has what the query does not tell: `key a, b`, unless it is `pk_<name>` or `id`;
/// `reads tv_a, tv_b`, all of them, at any depth; `with setting = value`; `index a`, one on that column
/// of the TVIEW; `loose` where the query may repeat keys or give NULL.
fn shape(text: &'static str) -> Tview {
    let (head, query) = text.split_once('\n').expect("a head and a query");
    let mut parts = head.strip_prefix("-- ").expect("a head").split("; ");
    let name = parts.next().expect("a name");
    let by_name = format!("pk_{name}");
    let query = query.trim().to_owned();
    let is_keyed_by_name = query.contains(&format!("AS {by_name},"));
    let mut tview = Tview {
        name: format!("tv_{name}"),
        query,
        key: if is_keyed_by_name {
            by_name
        } else {
            "id".to_owned()
        },
        settings: Vec::new(),
        indexes: Vec::new(),
        reads: Vec::new(),
        is_key_certain: true,
        is_generated: false,
    };
    for part in parts {
        match part.split_once(' ') {
            Some(("key", key)) => tview.key = key.to_owned(),
            Some(("index", column)) => tview.indexes.push(column),
            Some(("reads", names)) => tview.reads = names.split(", ").map(str::to_owned).collect(),
            Some(("with", setting)) => {
                let (name, value) = setting.split_once(" = ").expect("a setting and its value");
                let (name, _) = *SETTINGS
                    .iter()
                    .find(|(known, _)| *known == name)
                    .expect("a setting of the oracle");
                tview.settings.push((name, value));
            }
            _ if part == "loose" => tview.is_key_certain = false,
            _ => panic!("what is \"{part}\"?"),
        }
    }
    tview
}
