//! One round: a database of odd names, from its creation to its end.

use crate::names::{Names, literal, quote};
use crate::server::Server;
use postgres::{Client, NoTls, SimpleQueryMessage};

/// Every name of the database, unquoted.
struct Place {
    extension: String,
    owner: String,
    writer: String,
    schema: String,
    parent: String,
    child: String,
    part: String,
    key: String,
    label: String,
    text: String,
    link: String,
    kind: String,
    values: [String; 2],
    function: String,
    aliases: [String; 2],
    byline: String,
    extra: String,
    /// By CREATE TABLE AS, by pg_tviews_create, over a view of the user's, and over the first of them.
    tviews: [String; 4],
    given_view: String,
}

impl Place {
    fn by_chance(names: &mut Names, seed: u64) -> Self {
        let tviews = [(); 4].map(|()| names.after("tv_"));
        Self {
            extension: names.any(),
            owner: names.global(seed),
            writer: names.global(seed),
            schema: names.any(),
            parent: names.any(),
            child: names.any(),
            part: names.any(),
            key: names.any(),
            label: names.any(),
            text: names.any(),
            link: names.any(),
            kind: names.any(),
            values: [names.any(), names.any()],
            function: names.any(),
            aliases: [names.any(), names.any()],
            byline: names.any(),
            extra: names.any(),
            given_view: format!("v_{}", &tviews[2][3..]),
            tviews,
        }
    }

    fn within(&self, name: &str) -> String {
        format!("{}.{}", quote(&self.schema), quote(name))
    }

    fn call(&self, function: &str) -> String {
        format!("{}.{function}", quote(&self.extension))
    }

    /// Documents of parents with their children, by way of a type, a function, an operator and a view.
    fn query(&self) -> String {
        let [p, c] = self.aliases.each_ref().map(|a| quote(a));
        let (key, text, link) = (quote(&self.key), quote(&self.text), quote(&self.link));
        format!(
            "SELECT {p}.{key}, {p}.id, jsonb_build_object({label}, {p}.{kind}::text, 'said', {function}({p}.{text}) OPERATOR({schema}.||#) 'x', \
             'below', (SELECT jsonb_agg({c}.{text} ORDER BY {c}.{key}) FROM {child} AS {c} WHERE {c}.{link} = {p}.{key})) AS data, \
             {p}.{text} AS {extra} FROM {byline} AS {p} WHERE {p}.{kind} <> {other}::{type_}",
            label = literal(&self.label),
            kind = quote(&self.label),
            function = self.within(&self.function),
            schema = quote(&self.schema),
            child = self.within(&self.child),
            extra = quote(&self.extra),
            byline = self.within(&self.byline),
            other = literal(&self.values[1]),
            type_ = self.within(&self.kind),
        )
    }

    fn query_above(&self) -> String {
        format!(
            "SELECT {t}.{key}, {t}.id, {t}.data AS data FROM {below} AS {t}",
            t = quote(&self.aliases[0]),
            key = quote(&self.key),
            below = self.within(&self.tviews[0]),
        )
    }

    fn queries(&self) -> [(&str, String); 4] {
        let [first, second, third, fourth] = self.tviews.each_ref().map(String::as_str);
        [
            (first, self.query()),
            (second, self.query()),
            (third, self.query()),
            (fourth, self.query_above()),
        ]
    }
}

/// A session that tells the seed and the statement with each failure.
struct Session {
    client: Client,
    seed: u64,
}

impl Session {
    fn open(server: &Server, database: &str, seed: u64) -> Self {
        let mut config = server.config();
        let client = config.dbname(database).connect(NoTls);
        Self {
            client: client.expect("connect to the round's database"),
            seed,
        }
    }

    fn run(&mut self, sql: &str) {
        if let Err(error) = self.client.batch_execute(sql) {
            panic!("seed {}: {error:?}\n{sql}", self.seed);
        }
    }

    /// The first column of each row, as text.
    fn column(&mut self, sql: &str) -> Vec<String> {
        let messages = self.client.simple_query(sql);
        let messages =
            messages.unwrap_or_else(|error| panic!("seed {}: {error:?}\n{sql}", self.seed));
        let value = |message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        };
        messages.into_iter().filter_map(value).collect()
    }

    fn expect(&mut self, sql: &str, expected: &[&str]) {
        let found = self.column(sql);
        assert_eq!(found, expected, "seed {}\n{sql}", self.seed);
    }
}

pub fn run(server: &Server, seed: u64) {
    let mut names = Names::new(seed);
    let database = names.global(seed);
    let mut place = Place::by_chance(&mut names, seed);
    let mut outside = Session::open(server, "postgres", seed);
    outside.run(&format!("CREATE DATABASE {}", quote(&database)));
    let mut session = Session::open(server, &database, seed);

    create_roles_and_extension(&mut session, &place);
    create_sources(&mut session, &place, &mut names);
    create_tviews(&mut session, &place, &mut names);
    write(&mut session, &place);
    check(&mut session, &place);
    run_what_is_printed(&mut session, &place);
    rename(&mut session, &mut place, &mut names, seed);
    write(&mut session, &place);
    check(&mut session, &place);
    run_what_is_printed(&mut session, &place);
    drop_all(&mut session, &place);

    drop(session);
    outside.run(&format!("DROP DATABASE {}", quote(&database)));
    for role in [&place.owner, &place.writer] {
        outside.run(&format!("DROP ROLE {}", quote(role)));
    }
}

/// In a schema where somebody else has operators that would fit the extension's views better than PostgreSQL's own.
fn create_roles_and_extension(session: &mut Session, place: &Place) {
    let schema = quote(&place.extension);
    session.run(&format!(
        "CREATE ROLE {owner}; CREATE ROLE {writer}; CREATE SCHEMA {schema}; GRANT USAGE ON SCHEMA {schema} TO PUBLIC;
         CREATE FUNCTION {schema}.hijacked(oid, regclass) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END $$;
         CREATE FUNCTION {schema}.hijacked(regclass, regclass) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hijacked'; END $$;
         CREATE OPERATOR {schema}.= (LEFTARG = oid, RIGHTARG = regclass, FUNCTION = {schema}.hijacked);
         CREATE OPERATOR {schema}.= (LEFTARG = regclass, RIGHTARG = regclass, FUNCTION = {schema}.hijacked);
         CREATE EXTENSION pg_tviews SCHEMA {schema};
         CREATE SCHEMA {place} AUTHORIZATION {owner}; GRANT USAGE ON SCHEMA {place} TO PUBLIC",
        owner = quote(&place.owner),
        writer = quote(&place.writer),
        place = quote(&place.schema),
    ));
}

fn create_sources(session: &mut Session, place: &Place, names: &mut Names) {
    let [parent, child, part] =
        [&place.parent, &place.child, &place.part].map(|table| place.within(table));
    let (key, kind, text, link) = (
        quote(&place.key),
        place.within(&place.kind),
        quote(&place.text),
        quote(&place.link),
    );
    let values = place.values.each_ref().map(|value| literal(value));
    session.run(&format!(
        "SET ROLE {owner};
         CREATE TYPE {kind} AS ENUM ({first}, {second});
         CREATE FUNCTION {function}(text) RETURNS text LANGUAGE sql IMMUTABLE AS $f$ SELECT '<' || $1 || '>' $f$;
         CREATE FUNCTION {schema}.{joined}(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS $f$ SELECT $1 || $2 $f$;
         CREATE OPERATOR {schema}.||# (LEFTARG = text, RIGHTARG = text, FUNCTION = {schema}.{joined});
         CREATE TABLE {parent} ({key} int CONSTRAINT {primary} PRIMARY KEY, id uuid NOT NULL, {label} {kind} NOT NULL,
             {text} text CONSTRAINT {checked} CHECK ({text} <> 'never')) PARTITION BY RANGE ({key});
         CREATE TABLE {part} PARTITION OF {parent} FOR VALUES FROM (0) TO (100);
         CREATE TABLE {child} ({key} int PRIMARY KEY, {link} int REFERENCES {parent}, {text} text NOT NULL);
         CREATE INDEX {index} ON {child} ({link});
         CREATE INDEX ON {parent} (id);
         CREATE VIEW {byline} AS SELECT * FROM {parent};
         CREATE FUNCTION {schema}.{fired}() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RETURN NULL; END $f$;
         CREATE TRIGGER {trigger} AFTER INSERT ON {child} FOR EACH ROW EXECUTE FUNCTION {schema}.{fired}();
         GRANT SELECT, INSERT, UPDATE, DELETE ON {parent}, {child} TO {writer};
         RESET ROLE;
         CREATE PUBLICATION {publication} FOR TABLE {child}",
        owner = quote(&place.owner),
        writer = quote(&place.writer),
        schema = quote(&place.schema),
        function = place.within(&place.function),
        byline = place.within(&place.byline),
        label = quote(&place.label),
        first = values[0],
        second = values[1],
        joined = quote(&names.any()),
        primary = quote(&names.any()),
        checked = quote(&names.any()),
        index = quote(&names.any()),
        fired = quote(&names.any()),
        trigger = quote(&names.any()),
        publication = quote(&names.any()),
    ));
}

fn create_tviews(session: &mut Session, place: &Place, names: &mut Names) {
    let [first, second, third, fourth] = place.tviews.each_ref().map(|t| place.within(t));
    let key = quote(&place.key);
    session.run(&format!("SET ROLE {}", quote(&place.owner)));
    session.run(&format!(
        "BEGIN; CREATE TABLE {first} AS {query}; ALTER TABLE {first} ADD CONSTRAINT {constraint} PRIMARY KEY ({key}); COMMIT",
        query = place.query(),
        constraint = quote(&names.any()),
    ));
    session.run(&format!(
        "SELECT {}({}, {})",
        place.call("pg_tviews_create"),
        literal(&second),
        literal(&place.query()),
    ));
    session.run(&format!(
        "CREATE VIEW {} AS {}; CREATE TABLE {third} AS SELECT * FROM {}; SELECT {}({})",
        place.within(&place.given_view),
        place.query(),
        place.within(&place.given_view),
        place.call("pg_tviews_convert_existing_table"),
        literal(&third),
    ));
    session.run(&format!(
        "BEGIN; CREATE TABLE {fourth} AS {query}; ALTER TABLE {fourth} ADD PRIMARY KEY ({key}); COMMIT; RESET ROLE",
        query = place.query_above(),
    ));
}

/// By a role that has no right but on the sources. Keys are multiples of what is there, so that it can be called again.
fn write(session: &mut Session, place: &Place) {
    let [parent, child] = [&place.parent, &place.child].map(|table| place.within(table));
    let (key, text, link) = (quote(&place.key), quote(&place.text), quote(&place.link));
    session.run(&format!(
        "SET ROLE {writer};
         INSERT INTO {parent} SELECT k, md5(k::text)::uuid, {value}, 'text ' || k
         FROM (SELECT n + (SELECT count(*) FROM {parent})::int AS k FROM generate_series(1, 5) n) keys;
         INSERT INTO {child} SELECT k, 1 + k % 3, {odd} || k
         FROM (SELECT n + (SELECT count(*) FROM {child})::int AS k FROM generate_series(1, 9) n) keys;
         BEGIN;
         UPDATE {parent} SET {text} = {text} || {odd} WHERE {key} % 2 = 0;
         UPDATE {child} SET {link} = 2 WHERE {key} % 4 = 1;
         SELECT {flush}();
         UPDATE {child} SET {text} = {text} || '!' WHERE {link} = 2;
         COMMIT;
         DELETE FROM {child} WHERE {key} = (SELECT max({key}) FROM {child});
         RESET ROLE",
        writer = quote(&place.writer),
        value = literal(&place.values[0]),
        odd = literal(&place.text),
        flush = place.call("pg_tviews_flush"),
    ));
}

fn check(session: &mut Session, place: &Place) {
    for (tview, query) in place.queries() {
        let tview = place.within(tview);
        session.expect(
            &format!(
                "SELECT count(*) FROM ((TABLE {tview} EXCEPT ALL {query}) UNION ALL ({query} EXCEPT ALL TABLE {tview})) AS different"
            ),
            &["0"],
        );
    }
    let verify = place.call("pg_tviews_verify");
    session.expect(
        &format!(
            "SELECT count(*) || ' verified, ' || sum(missing + extra + different) || ' wrong' FROM {verify}()"
        ),
        &["4 verified, 0 wrong"],
    );
    let metadata = place.call("pg_tviews_metadata");
    session.expect(
        &format!("SELECT count(*) FROM {metadata} WHERE owner = {} AND schema_name = {} AND cardinality(sources) > 0 AND definition <> ''",
            literal(&place.owner), literal(&place.schema)),
        &["4"],
    );
}

/// Key queries and statements for missing indexes, as a reader would copy them; diagrams and the rest.
fn run_what_is_printed(session: &mut Session, place: &Place) {
    for (tview, query) in place.queries() {
        let qualified = literal(&place.within(tview));
        let explain = place.call("pg_tviews_explain");
        let graph = place.call("pg_tviews_graph");
        for key_query in session.column(&format!(
            "SELECT key_query FROM {explain}({qualified}) WHERE route = 'lookup' AND key_query IS NOT NULL"
        )) {
            session.run(&format!("PREPARE printed(record[]) AS {key_query}; EXECUTE printed(ARRAY[]::record[]); DEALLOCATE printed"));
        }
        for index in session.column(&format!(
            "SELECT unnest(missing_indexes) FROM {explain}({qualified})"
        )) {
            session.run(&index);
        }
        session.expect(
            &format!("SELECT count(*) FROM {explain}({qualified}) WHERE missing_indexes <> '{{}}' OR route = 'full'"),
            &["0"],
        );
        session.expect(
            &format!(
                "SELECT count(*) FROM {}({}, {qualified}) WHERE severity = 'error'",
                place.call("pg_tviews_check_query"),
                literal(&query)
            ),
            &["0"],
        );
        session.run(&format!(
            "SELECT {graph}({qualified}, 'mermaid'), {graph}({qualified}, 'dot'), {}({qualified})",
            place.call("pg_tviews_explain_json")
        ));
        session.expect(
            &format!("SELECT {}({qualified})", place.call("pg_tviews_refresh")),
            &["0"],
        );
    }
}

fn rename(session: &mut Session, place: &mut Place, names: &mut Names, seed: u64) {
    let old = |place: &Place, name: &str| place.within(name);
    macro_rules! renamed {
        ($field:ident, $new:expr, $statement:literal $(, $of:expr)*) => {{
            let new = $new;
            session.run(&format!($statement $(, $of)*, from = quote(&place.$field), to = quote(&new)));
            place.$field = new;
        }};
    }
    renamed!(
        text,
        names.any(),
        "ALTER TABLE {} RENAME {from} TO {to}",
        old(place, &place.parent)
    );
    // The child and the view keep the old name of their column: they are read by their own.
    let text = place.text.clone();
    for (kind, relation) in [("TABLE", &place.child), ("VIEW", &place.byline)] {
        let of = old(place, relation);
        let columns = session.column(&format!(
            "SELECT attname FROM pg_attribute WHERE attrelid = {}::regclass AND atttypid = 'text'::regtype AND attnum > 0",
            literal(&of)
        ));
        assert_eq!(columns.len(), 1, "seed {seed}: {columns:?}");
        session.run(&format!(
            "ALTER {kind} {of} RENAME COLUMN {} TO {}",
            quote(&columns[0]),
            quote(&text)
        ));
    }
    renamed!(
        link,
        names.any(),
        "ALTER TABLE {} RENAME {from} TO {to}",
        old(place, &place.child)
    );
    renamed!(
        parent,
        names.any(),
        "ALTER TABLE {}.{from} RENAME TO {to}",
        quote(&place.schema)
    );
    renamed!(
        child,
        names.any(),
        "ALTER TABLE {}.{from} RENAME TO {to}",
        quote(&place.schema)
    );
    renamed!(
        part,
        names.any(),
        "ALTER TABLE {}.{from} RENAME TO {to}",
        quote(&place.schema)
    );
    renamed!(
        byline,
        names.any(),
        "ALTER VIEW {}.{from} RENAME TO {to}",
        quote(&place.schema)
    );
    renamed!(
        function,
        names.any(),
        "ALTER FUNCTION {}.{from}(text) RENAME TO {to}",
        quote(&place.schema)
    );
    renamed!(
        kind,
        names.any(),
        "ALTER TYPE {}.{from} RENAME TO {to}",
        quote(&place.schema)
    );
    let value = names.any();
    session.run(&format!(
        "ALTER TYPE {} RENAME VALUE {} TO {}",
        place.within(&place.kind),
        literal(&place.values[0]),
        literal(&value)
    ));
    place.values[0] = value;
    for tview in &mut place.tviews {
        let new = names.after("tv_");
        session.run(&format!(
            "ALTER TABLE {}.{} RENAME TO {}",
            quote(&place.schema),
            quote(tview),
            quote(&new)
        ));
        *tview = new;
    }
    renamed!(schema, names.any(), "ALTER SCHEMA {from} RENAME TO {to}");
    renamed!(extension, names.any(), "ALTER SCHEMA {from} RENAME TO {to}");
    renamed!(
        owner,
        names.global(seed),
        "ALTER ROLE {from} RENAME TO {to}"
    );
    // Triggers that are off for a while, and TVIEWs that change hands.
    for table in [&place.parent, &place.child] {
        let table = place.within(table);
        session.run(&format!(
            "ALTER TABLE {table} DISABLE TRIGGER USER; ALTER TABLE {table} ENABLE TRIGGER USER"
        ));
    }
    for tview in &place.tviews {
        let (tview, owner) = (place.within(tview), quote(&place.owner));
        session.run(&format!(
            "ALTER TABLE {tview} OWNER TO postgres; ALTER TABLE {tview} OWNER TO {owner}"
        ));
    }
    // A partition that joins, under a name of its own.
    session.run(&format!(
        "CREATE TABLE {} PARTITION OF {} FOR VALUES FROM (100) TO (200)",
        place.within(&names.any()),
        place.within(&place.parent)
    ));
}

fn drop_all(session: &mut Session, place: &Place) {
    let drop = place.call("pg_tviews_drop");
    let [first, second, third, fourth] = place.tviews.each_ref().map(|t| place.within(t));
    session.expect(&format!("SELECT {drop}({})", literal(&fourth)), &["t"]);
    session.run(&format!("DROP TABLE {first}"));
    session.expect(&format!("SELECT {drop}({})", literal(&second)), &["t"]);
    session.run(&format!("DROP TABLE {third}"));
    session.expect(
        "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'pg\\_tviews\\_%'",
        &[],
    );
    session.expect(
        &format!("SELECT tview FROM {}", place.call("pg_tviews_catalog")),
        &[],
    );
    session.run(&format!(
        "DROP SCHEMA {} CASCADE; DROP EXTENSION pg_tviews",
        quote(&place.schema)
    ));
}
