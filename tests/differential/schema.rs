//! What the generators know of the tables in schema.sql: columns, kinds of values, references. Plain constants, read by
//! whatever makes rows, queries and writes.

/// The statements of schema.sql, and the extensions they need.
pub fn statements() -> Vec<String> {
    ["CREATE EXTENSION citext", "CREATE EXTENSION pg_tviews"]
        .into_iter()
        .chain(
            include_str!("schema.sql")
                .split("\n\n")
                .filter(|statement| !statement.starts_with("--"))
                .map(str::trim),
        )
        .map(str::to_owned)
        .collect()
}

/// Decides which literals, links and functions a column can have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Int,
    Big,
    Numeric,
    Text,
    /// Text whose nondeterministic collation holds 'a' equal to 'A'.
    Anycase,
    Citext,
    Uuid,
    Time,
    Date,
    Interval,
    Mood,
    Percent,
    Ints,
    Json,
    Bytes,
    Float,
    Bool,
}

impl Kind {
    /// Whether equal values can look different, so that which of them a group shows is left open.
    pub fn is_ambiguous(self) -> bool {
        matches!(
            self,
            Kind::Numeric | Kind::Anycase | Kind::Citext | Kind::Interval | Kind::Json
        )
    }

    /// Kinds of one family can be compared by `=`.
    pub fn family(self) -> u8 {
        match self {
            Kind::Int | Kind::Big | Kind::Numeric | Kind::Percent => 0,
            Kind::Text => 1,
            Kind::Anycase => 2,
            Kind::Citext => 3,
            Kind::Time | Kind::Date => 4,
            other => 10 + other as u8,
        }
    }

    pub fn is_number(self) -> bool {
        self.family() == 0
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    Plain,
    Key,
    Reference {
        table: &'static str,
        column: &'static str,
    },
    Generated,
}

#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    pub role: Role,
    pub is_nullable: bool,
}

const fn plain(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        role: Role::Plain,
        is_nullable: true,
    }
}

const fn key(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        role: Role::Key,
        is_nullable: false,
    }
}

const fn reference(
    name: &'static str,
    kind: Kind,
    table: &'static str,
    column: &'static str,
) -> Column {
    Column {
        name,
        kind,
        role: Role::Reference { table, column },
        is_nullable: true,
    }
}

const fn generated(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        role: Role::Generated,
        is_nullable: true,
    }
}

const fn required(column: Column) -> Column {
    Column {
        is_nullable: false,
        ..column
    }
}

const fn uuid(name: &'static str) -> Column {
    Column {
        name,
        kind: Kind::Uuid,
        role: Role::Plain,
        is_nullable: false,
    }
}

#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    pub columns: &'static [Column],
    /// Unique and never NULL; empty where the table has no such columns.
    pub key: &'static [&'static str],
}

impl Table {
    pub fn column(&self, name: &str) -> &'static Column {
        self.columns
            .iter()
            .find(|column| column.name == name)
            .expect("a column of the table")
    }

    /// Every column but those that PostgreSQL computes.
    pub fn written(&self) -> impl Iterator<Item = &'static Column> {
        self.columns
            .iter()
            .filter(|column| column.role != Role::Generated)
    }
}

/// Parents before the tables that refer to them.
pub const TABLES: &[Table] = &[
    Table {
        name: "tb_country",
        key: &["code"],
        columns: &[
            key("code", Kind::Anycase),
            uuid("id"),
            plain("name", Kind::Text),
            plain("weight", Kind::Numeric),
        ],
    },
    Table {
        name: "tb_team",
        key: &["pk_team"],
        columns: &[
            key("pk_team", Kind::Int),
            uuid("id"),
            reference("fk_parent", Kind::Int, "tb_team", "pk_team"),
            reference("code", Kind::Anycase, "tb_country", "code"),
            plain("name", Kind::Text),
            plain("size", Kind::Numeric),
            plain("mood", Kind::Mood),
            plain("unshown", Kind::Int),
        ],
    },
    Table {
        name: "tb_person",
        key: &["pk_person"],
        columns: &[
            key("pk_person", Kind::Int),
            uuid("id"),
            reference("fk_team", Kind::Int, "tb_team", "pk_team"),
            reference("fk_boss", Kind::Int, "tb_person", "pk_person"),
            plain("handle", Kind::Citext),
            plain("grade", Kind::Numeric),
            plain("tags", Kind::Ints),
            plain("doc", Kind::Json),
            plain("born", Kind::Time),
            plain("mood", Kind::Mood),
            plain("share", Kind::Percent),
            plain("unshown", Kind::Text),
        ],
    },
    Table {
        name: "tb_price",
        key: &["amount"],
        columns: &[
            key("amount", Kind::Numeric),
            uuid("id"),
            plain("label", Kind::Text),
        ],
    },
    Table {
        name: "tb_task",
        key: &["pk_task"],
        columns: &[
            key("pk_task", Kind::Big),
            uuid("id"),
            reference("fk_person", Kind::Int, "tb_person", "pk_person"),
            reference("fk_second", Kind::Int, "tb_person", "pk_person"),
            reference("fk_price", Kind::Numeric, "tb_price", "amount"),
            plain("title", Kind::Text),
            plain("state", Kind::Mood),
            plain("due", Kind::Time),
            plain("spent", Kind::Interval),
            plain("unshown", Kind::Int),
        ],
    },
    Table {
        name: "tb_member",
        key: &["fk_team", "fk_person"],
        columns: &[
            required(reference("fk_team", Kind::Int, "tb_team", "pk_team")),
            required(reference("fk_person", Kind::Int, "tb_person", "pk_person")),
            plain("role", Kind::Text),
            plain("joined", Kind::Date),
        ],
    },
    Table {
        name: "tb_slot",
        key: &["a", "b"],
        columns: &[
            key("a", Kind::Int),
            key("b", Kind::Text),
            plain("label", Kind::Text),
            plain("seats", Kind::Int),
        ],
    },
    Table {
        name: "tb_booking",
        key: &["pk_booking"],
        columns: &[
            key("pk_booking", Kind::Int),
            uuid("id"),
            plain("slot_a", Kind::Int),
            plain("slot_b", Kind::Text),
            plain("fk_person", Kind::Int),
            plain("paid", Kind::Numeric),
        ],
    },
    Table {
        name: "tb_event",
        key: &["region", "pk_event"],
        columns: &[
            key("region", Kind::Int),
            key("pk_event", Kind::Int),
            uuid("id"),
            reference("fk_person", Kind::Int, "tb_person", "pk_person"),
            plain("at", Kind::Time),
            plain("amount", Kind::Numeric),
            plain("payload", Kind::Json),
        ],
    },
    Table {
        name: "tb_label",
        key: &[],
        columns: &[
            plain("owner", Kind::Int),
            plain("word", Kind::Text),
            plain("mark", Kind::Anycase),
            plain("weight", Kind::Numeric),
        ],
    },
    Table {
        name: "tb_span",
        key: &[],
        columns: &[
            plain("low", Kind::Int),
            plain("high", Kind::Int),
            plain("label", Kind::Text),
        ],
    },
    Table {
        name: "tb_sum",
        key: &["pk_sum"],
        columns: &[
            key("pk_sum", Kind::Int),
            uuid("id"),
            plain("base", Kind::Int),
            generated("twice", Kind::Int),
            generated("link", Kind::Int),
            plain("note", Kind::Text),
            plain("raw", Kind::Bytes),
            plain("ratio", Kind::Float),
        ],
    },
    Table {
        name: "\"tb_Odd Name\"",
        key: &["\"pk Odd\""],
        columns: &[
            key("\"pk Odd\"", Kind::Int),
            uuid("\"Id\""),
            reference("\"fk Team\"", Kind::Int, "tb_team", "pk_team"),
            plain("\"select\"", Kind::Text),
            plain("\"it's \"\"so\"\"\"", Kind::Numeric),
        ],
    },
    // The key of each member of the family is unique, that of all together is not.
    Table {
        name: "tb_asset",
        key: &[],
        columns: &[
            key("pk_asset", Kind::Int),
            plain("owner", Kind::Int),
            plain("label", Kind::Text),
            plain("worth", Kind::Numeric),
        ],
    },
    Table {
        name: "tb_vehicle",
        key: &["pk_asset"],
        columns: &[
            key("pk_asset", Kind::Int),
            plain("owner", Kind::Int),
            plain("label", Kind::Text),
            plain("worth", Kind::Numeric),
            plain("wheels", Kind::Int),
        ],
    },
];

/// What queries can read besides; their key is unique and may be NULL.
pub const VIEWS: &[Table] = &[
    Table {
        name: "team_size",
        key: &["fk_team"],
        columns: &[
            plain("fk_team", Kind::Int),
            plain("members", Kind::Big),
            plain("grades", Kind::Numeric),
            plain("newest", Kind::Int),
        ],
    },
    Table {
        name: "person_task",
        key: &["pk_task"],
        columns: &[
            plain("pk_person", Kind::Int),
            plain("fk_team", Kind::Int),
            plain("grade", Kind::Numeric),
            plain("pk_task", Kind::Big),
            plain("title", Kind::Text),
            plain("fk_price", Kind::Numeric),
        ],
    },
    Table {
        name: "team_work",
        key: &["fk_team"],
        columns: &[
            plain("fk_team", Kind::Int),
            plain("members", Kind::Big),
            plain("tasks", Kind::Big),
            plain("price", Kind::Numeric),
        ],
    },
];
