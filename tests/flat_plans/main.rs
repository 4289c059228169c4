//! A refresh reads as many rows in large tables as in small ones, for every kind of query that has selective routes.
//!
//! Counted, not timed: the rows that the executor fetches from tables, by sequential and index scans, for one write and its
//! flush. Each product has ten reviews and each category a hundred products,
//! and ten products rest on each other, whatever the size.

#[path = "../server/mod.rs"]
mod server;
mod shapes;

use postgres::Client;
use server::Server;
use shapes::SHAPES;

/// Reviews in the small and the large schema.
const SIZES: [i32; 2] = [1_000, 400_000];

const SCHEMA: &str = "
    CREATE TABLE tb_category (pk_category int PRIMARY KEY, id uuid NOT NULL, fk_parent int, name text, unshown int);
    CREATE TABLE tb_product (pk_product int PRIMARY KEY, id uuid NOT NULL, fk_category int NOT NULL, fk_maker int, fk_base int, name text,
        tags text[], unshown int);
    CREATE TABLE tb_tag (code text PRIMARY KEY, id uuid NOT NULL, label text);
    CREATE TABLE tb_review (pk_review int PRIMARY KEY, id uuid NOT NULL, fk_product int NOT NULL, body text, stars bigint);
    INSERT INTO tb_category SELECT n, gen_random_uuid(), nullif(n / 4, 0), 'c' || n, 0 FROM generate_series(1, greatest($1 / 1000, 1)) n;
    INSERT INTO tb_product SELECT n, gen_random_uuid(), (n - 1) / 100 + 1, nullif((n - 1) / 10, 9), nullif(n % 10, 0) - n % 10 + n - 1, 'p' || n,
        ARRAY['t' || n, 't' || n + 1], 0 FROM generate_series(1, $1 / 10) n;
    INSERT INTO tb_tag SELECT 't' || n, gen_random_uuid(), 'tag ' || n FROM generate_series(1, $1 / 10) n;
    INSERT INTO tb_review SELECT n, gen_random_uuid(), (n - 1) / 10 + 1, 'r' || n, n % 5 FROM generate_series(1, $1) n;
    CREATE INDEX ON tb_category (fk_parent);
    CREATE INDEX ON tb_product (fk_category);
    CREATE INDEX ON tb_product (fk_maker);
    CREATE INDEX ON tb_product (fk_base);
    CREATE INDEX ON tb_product USING gin (tags);
    CREATE INDEX ON tb_review (fk_product);
    ANALYZE;
";

#[test]
fn a_refresh_reads_as_many_rows_in_large_tables_as_in_small_ones() {
    let server = Server::start();
    let counts = SIZES.map(|size| rows_read(&mut server.connect(), size));
    let judge = |((what, small), (_, large)): (&(String, i64), &(String, i64))| {
        let is_flat = *small > 0 && *small < 3_000 && *large <= small + small / 10 + 2;
        (!is_flat)
            .then(|| format!("{what}: {small} rows read in small tables, {large} in large ones"))
    };
    let grown: Vec<String> = counts[0].iter().zip(&counts[1]).filter_map(judge).collect();
    assert!(grown.is_empty(), "{}", grown.join("\n"));
}

/// The rows read for each write to each shape.
fn rows_read(client: &mut Client, size: i32) -> Vec<(String, i64)> {
    let schema = format!("size_{size}");
    let sources = SCHEMA.replace("$1", &size.to_string());
    client
        .batch_execute(&format!(
            "CREATE SCHEMA {schema}; SET search_path = {schema}, public; {sources}"
        ))
        .unwrap();
    let mut counts = Vec::new();
    for shape in SHAPES {
        let table = format!("tv_{}", shape.name);
        client
            .batch_execute(&format!(
                "CREATE TABLE {table} AS {}; ANALYZE {table}",
                shape.query
            ))
            .unwrap();
        assert_selective(client, &table);
        for write in shape.writes {
            counts.push((
                format!("{}: {write}", shape.name),
                rows_read_by(client, write),
            ));
        }
        client
            .batch_execute(&format!("DROP TABLE {table}"))
            .unwrap();
    }
    counts
}

fn assert_selective(client: &mut Client, table: &str) {
    let full = client
        .query(
            "SELECT source FROM pg_tviews_explain($1) WHERE route = 'full'",
            &[&table],
        )
        .unwrap();
    assert!(full.is_empty(), "{table} has a full route");
}

/// Rows fetched by the refresh alone, once its plans are made: planning reads the ends of indexes.
fn rows_read_by(client: &mut Client, write: &str) -> i64 {
    rows_read_once(client, write);
    rows_read_once(client, write)
}

fn rows_read_once(client: &mut Client, write: &str) -> i64 {
    let count = "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint
                 FROM pg_stat_xact_user_tables WHERE relname ~ '^t[bv]_'";
    client.batch_execute(&format!("BEGIN; {write}")).unwrap();
    let before: i64 = client.query_one(count, &[]).unwrap().get(0);
    client.batch_execute("SELECT pg_tviews_flush()").unwrap();
    let after: i64 = client.query_one(count, &[]).unwrap().get(0);
    client.batch_execute("ROLLBACK").unwrap();
    after - before
}
