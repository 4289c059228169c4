//! A refresh reads as many rows in large tables as in small ones, for every kind of query that has selective routes.
//!
//! Counted, not timed: the rows that the executor fetches from tables, by sequential and index scans, for one write and its
//! flush. Each product has ten reviews and each category a hundred products, whatever the size.

mod server;

use postgres::Client;
use server::Server;

/// Reviews in the small and the large schema.
const SIZES: [i32; 2] = [1_000, 1_000_000];

const SCHEMA: &str = "
    CREATE TABLE tb_category (pk_category int PRIMARY KEY, id uuid NOT NULL, name text, unshown int);
    CREATE TABLE tb_product (pk_product int PRIMARY KEY, id uuid NOT NULL, fk_category int NOT NULL, name text, unshown int);
    CREATE TABLE tb_review (pk_review int PRIMARY KEY, id uuid NOT NULL, fk_product int NOT NULL, body text, stars bigint);
    INSERT INTO tb_category SELECT n, gen_random_uuid(), 'c' || n, 0 FROM generate_series(1, greatest($1 / 1000, 1)) n;
    INSERT INTO tb_product SELECT n, gen_random_uuid(), (n - 1) / 100 + 1, 'p' || n, 0 FROM generate_series(1, $1 / 10) n;
    INSERT INTO tb_review SELECT n, gen_random_uuid(), (n - 1) / 10 + 1, 'r' || n, n % 5 FROM generate_series(1, $1) n;
    CREATE INDEX ON tb_product (fk_category);
    CREATE INDEX ON tb_review (fk_product);
    ANALYZE;
";

/// A defining query of `tv_<name>`, keyed by product unless its key says otherwise.
struct Shape {
    name: &'static str,
    query: &'static str,
    writes: &'static [&'static str],
}

const PRODUCT: &str = "UPDATE tb_product SET name = 'changed' WHERE pk_product = 7";
const CATEGORY: &str = "UPDATE tb_category SET name = 'changed' WHERE pk_category = 1";
const REVIEW: &str = "UPDATE tb_review SET body = 'changed', stars = 9 WHERE pk_review = 65";
const NEW_REVIEW: &str = "INSERT INTO tb_review VALUES (-1, gen_random_uuid(), 7, 'new', 1)";
const MOVED_REVIEW: &str = "UPDATE tb_review SET fk_product = 8 WHERE pk_review = 65";
const GONE_REVIEWS: &str = "DELETE FROM tb_review WHERE fk_product = 7";

const SHAPES: &[Shape] = &[
    Shape {
        name: "inner_join",
        query: "SELECT p.pk_product AS pk_inner_join, p.id, jsonb_build_object('name', p.name, 'category', c.name) AS data
                FROM tb_product p JOIN tb_category c ON c.pk_category = p.fk_category",
        writes: &[PRODUCT, CATEGORY],
    },
    Shape {
        name: "left_join",
        query: "SELECT r.pk_review AS pk_left_join, r.id, jsonb_build_object('body', r.body, 'product', p.name, 'category', c.name) AS data
                FROM tb_review r LEFT JOIN tb_product p ON p.pk_product = r.fk_product
                LEFT JOIN tb_category c ON c.pk_category = p.fk_category",
        writes: &[REVIEW, PRODUCT],
    },
    Shape {
        name: "right_join",
        query: "SELECT p.pk_product AS pk_right_join, p.id, jsonb_build_object('name', p.name, 'category', c.name) AS data
                FROM tb_category c RIGHT JOIN tb_product p ON c.pk_category = p.fk_category",
        writes: &[PRODUCT, CATEGORY],
    },
    Shape {
        name: "same_table_twice",
        query: "SELECT r.pk_review AS pk_same_table_twice, r.id, jsonb_build_object('a', p.name, 'b', q.name) AS data
                FROM tb_review r JOIN tb_product p ON p.pk_product = r.fk_product JOIN tb_product q ON q.pk_product = r.stars",
        writes: &[REVIEW, NEW_REVIEW, MOVED_REVIEW],
    },
    Shape {
        name: "scalar_subquery",
        query: "SELECT p.pk_product AS pk_scalar_subquery, p.id, jsonb_build_object('name', p.name,
                'reviews', (SELECT jsonb_agg(r.body ORDER BY r.pk_review) FROM tb_review r WHERE r.fk_product = p.pk_product)) AS data
                FROM tb_product p",
        writes: &[PRODUCT, REVIEW, NEW_REVIEW, MOVED_REVIEW, GONE_REVIEWS],
    },
    Shape {
        name: "exists",
        query: "SELECT p.pk_product AS pk_exists, p.id, jsonb_build_object('name', p.name) AS data FROM tb_product p
                WHERE EXISTS (SELECT FROM tb_review r WHERE r.fk_product = p.pk_product AND r.stars > 2)",
        writes: &[PRODUCT, REVIEW, GONE_REVIEWS],
    },
    Shape {
        name: "in_subquery",
        query: "SELECT p.pk_product AS pk_in_subquery, p.id, jsonb_build_object('name', p.name) AS data FROM tb_product p
                WHERE p.pk_product IN (SELECT r.fk_product FROM tb_review r WHERE r.stars > 2)",
        writes: &[PRODUCT, REVIEW, GONE_REVIEWS],
    },
    Shape {
        name: "lateral",
        query: "SELECT p.pk_product AS pk_lateral, p.id, jsonb_build_object('name', p.name, 'latest', l.reviews) AS data
                FROM tb_product p CROSS JOIN LATERAL (SELECT jsonb_agg(x.body) AS reviews FROM
                (SELECT r.body FROM tb_review r WHERE r.fk_product = p.pk_product ORDER BY r.pk_review DESC LIMIT 3) x) l",
        writes: &[PRODUCT, REVIEW, NEW_REVIEW, GONE_REVIEWS],
    },
    Shape {
        name: "grouped",
        query: "SELECT r.fk_product AS pk_grouped, '00000000-0000-0000-0000-000000000000'::uuid AS id,
                jsonb_build_object('count', count(*), 'stars', sum(r.stars)) AS data FROM tb_review r GROUP BY r.fk_product",
        writes: &[REVIEW, NEW_REVIEW, MOVED_REVIEW, GONE_REVIEWS],
    },
    Shape {
        name: "grouped_subquery",
        query: "SELECT p.pk_product AS pk_grouped_subquery, p.id, jsonb_build_object('name', p.name, 'stars', s.stars) AS data
                FROM tb_product p LEFT JOIN (SELECT fk_product, sum(stars) AS stars FROM tb_review GROUP BY fk_product) s
                ON s.fk_product = p.pk_product",
        writes: &[PRODUCT, REVIEW, NEW_REVIEW, MOVED_REVIEW, GONE_REVIEWS],
    },
    Shape {
        name: "with_query",
        query: "WITH s AS (SELECT fk_product, sum(stars) AS stars FROM tb_review GROUP BY fk_product)
                SELECT p.pk_product AS pk_with_query, p.id, jsonb_build_object('n', s.stars, 'again', t.stars) AS data
                FROM tb_product p LEFT JOIN s ON s.fk_product = p.pk_product LEFT JOIN s t ON t.fk_product = p.pk_product",
        writes: &[REVIEW, NEW_REVIEW, GONE_REVIEWS],
    },
    Shape {
        name: "across_types",
        query: "SELECT r.pk_review AS pk_across_types, r.id, jsonb_build_object('n', p.name) AS data
                FROM tb_review r LEFT JOIN tb_product p ON p.pk_product = r.stars WHERE r.pk_review < 1000",
        writes: &[REVIEW, NEW_REVIEW],
    },
];

#[test]
fn a_refresh_reads_as_many_rows_in_large_tables_as_in_small_ones() {
    let server = Server::start();
    let counts = SIZES.map(|size| rows_read(&mut server.connect(), size));
    for ((what, small), (_, large)) in counts[0].iter().zip(&counts[1]) {
        assert!(
            *small > 0,
            "{what}: nothing was read, so nothing was refreshed"
        );
        assert!(*small < 3_000, "{what}: {small} rows read in small tables");
        assert!(
            *large <= small + small / 10 + 2,
            "{what}: {small} rows read in small tables, {large} in large ones"
        );
    }
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
