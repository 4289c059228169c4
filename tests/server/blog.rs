//! Users and their posts, the TVIEW `tv_post` over both, and the oracle that compares it with its query. What the
//! out-of-process tests work on.

use postgres::Client;

/// The defining query of `tv_post`, as the oracle runs it: nothing of the extension's is in it.
pub const QUERY: &str = "\
    SELECT p.pk_post, p.id, jsonb_build_object('title', p.title, 'author', u.name) AS data \
    FROM public.tb_post p JOIN public.tb_user u ON u.pk_user = p.fk_user";

pub fn create_sources(client: &mut Client) {
    client
        .batch_execute(
            "CREATE TABLE tb_user (pk_user int PRIMARY KEY, name text NOT NULL);
             CREATE TABLE tb_post (
                 pk_post int PRIMARY KEY,
                 id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
                 fk_user int NOT NULL REFERENCES tb_user,
                 title text NOT NULL
             );
             CREATE INDEX ON tb_post (fk_user);
             INSERT INTO tb_user VALUES (1, 'Ada'), (2, 'Bea');
             INSERT INTO tb_post (pk_post, fk_user, title)
             SELECT n, 1 + n % 2, 'post ' || n FROM generate_series(1, 20) n;",
        )
        .expect("create the source tables");
}

pub fn create_tview(client: &mut Client) {
    client
        .batch_execute(&format!("CREATE TABLE tv_post AS {QUERY}"))
        .expect("create tv_post");
}

/// Both ways, with multiplicity, and as text: jsonb takes 1.0 and 1.00 for equal. Where every row is right because every
/// write recomputed the whole table, that is no success either.
pub fn assert_equals_query(client: &mut Client) {
    let wrong: i64 = client
        .query_one(
            &format!(
                "WITH present AS (SELECT t::text FROM tv_post t), wanted AS (SELECT q::text FROM ({QUERY}) q)
                 SELECT (SELECT count(*) FROM (TABLE present EXCEPT ALL TABLE wanted) extra)
                      + (SELECT count(*) FROM (TABLE wanted EXCEPT ALL TABLE present) missing)"
            ),
            &[],
        )
        .expect("compare tv_post with its query")
        .get(0);
    assert_eq!(wrong, 0, "rows of tv_post that differ from its query");
    let full: i64 = client
        .query_one(
            "SELECT count(*) FROM pg_tviews_explain('tv_post') WHERE route = 'full'",
            &[],
        )
        .expect("explain tv_post")
        .get(0);
    assert_eq!(full, 0, "sources of tv_post that take the full route");
}

pub fn title(client: &mut Client, post: i32) -> String {
    client
        .query_one(
            "SELECT data ->> 'title' FROM tv_post WHERE pk_post = $1",
            &[&post],
        )
        .expect("read tv_post")
        .get(0)
}
