//! Names by chance, and how SQL quotes them.

use fastrand::Rng;
use std::collections::HashSet;

/// PostgreSQL cuts longer names off.
const MAX_BYTES: usize = 63;

/// What could mean something to a lexer, a template, a format or a person.
const PARTS: &[&str] = &[
    "\"", "\"\"", "'", "''", "\\", "\\\\", "\\\"", "$", "$$", "$1", "$q$", "{schema}", "{table}",
    "{oid}", "{", "}", "{0}", "%", "%s", "%I", "%1$s", "\n", "\r", "\t", ";", "--", "/*", "*/",
    ".", ",", "(", ")", "[", "]", "=", "::", ":x", "?", "*", "&", "&lt;", "#", "<b>", "|", "->",
    "@", "~", "`", " ", "  ", "E'", "U&\"", "é", "漢字", "😀", "e\u{301}", "\u{200b}", "\u{a0}",
    "Ä", "ß", "A", "zz", "0", "1e3", "select", "FROM", "NULL", "old", "new", "_", "k0", "t0", "n",
    "v", "data",
];

/// Names that are something by themselves.
const WHOLE: &[&str] = &[
    "select",
    "table",
    "user",
    "all",
    "1",
    "007",
    " ",
    "\"",
    "'",
    ".",
    "*",
    "$1",
    "{table}",
    "{schema}.{table}",
    "NULL",
    "true",
    "t0",
    "k0",
    "r",
    "up",
    "copies",
    "ROW",
    "ctid2",
    "\\",
    "%",
    "--",
    "/*",
];

/// Names, none twice.
pub struct Names {
    pub rng: Rng,
    taken: HashSet<String>,
}

impl Names {
    pub fn new(seed: u64) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            taken: HashSet::new(),
        }
    }

    pub fn any(&mut self) -> String {
        self.after("")
    }

    /// A name that begins with something.
    pub fn after(&mut self, prefix: &str) -> String {
        self.distinct(|rng| format!("{prefix}{}", body(rng)))
    }

    /// A name of a role or a database, which share theirs with those of other rounds; `pg_...` and words such as
    /// PUBLIC are no names for them.
    pub fn global(&mut self, seed: u64) -> String {
        self.after(&format!("n{seed}"))
    }

    fn distinct(&mut self, make: impl Fn(&mut Rng) -> String) -> String {
        loop {
            let mut name = make(&mut self.rng);
            name.truncate(name.floor_char_boundary(MAX_BYTES));
            let is_system = name.starts_with("pg_") || SYSTEM_COLUMNS.contains(&name.as_str());
            // A table's array type has its name behind "_", cut off: no table can be called so.
            let is_cut_to_itself = name == "_".repeat(MAX_BYTES);
            if !is_system && !is_cut_to_itself && self.taken.insert(name.clone()) {
                return name;
            }
        }
    }
}

const SYSTEM_COLUMNS: &[&str] = &[
    "id", "data", "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid",
];

fn body(rng: &mut Rng) -> String {
    match rng.u32(..8) {
        0 => (*rng.choice(WHOLE).expect("a name")).to_owned(),
        1 => (*rng.choice(PARTS).expect("a part")).repeat(MAX_BYTES),
        _ => {
            let count = rng.usize(1..9);
            (0..count)
                .map(|_| *rng.choice(PARTS).expect("a part"))
                .collect()
        }
    }
}

pub fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
