//! The queries whose refreshes are counted, and the writes.

/// A defining query of `tv_<name>`, keyed by product unless its key says otherwise.
pub struct Shape {
    pub name: &'static str,
    pub query: &'static str,
    pub writes: &'static [&'static str],
}

const PRODUCT: &str = "UPDATE tb_product SET name = 'changed' WHERE pk_product = 7";
const CATEGORY: &str = "UPDATE tb_category SET name = 'changed' WHERE pk_category = 1";
const REVIEW: &str = "UPDATE tb_review SET body = 'changed', stars = 9 WHERE pk_review = 65";
const NEW_REVIEW: &str = "INSERT INTO tb_review VALUES (-1, gen_random_uuid(), 7, 'new', 1)";
const MOVED_REVIEW: &str = "UPDATE tb_review SET fk_product = 8 WHERE pk_review = 65";
const MOVED_PRODUCT: &str = "UPDATE tb_product SET fk_maker = 3 WHERE pk_product = 7";
const RETAGGED: &str = "UPDATE tb_product SET tags = '{t3,t50}' WHERE pk_product = 7";
const TAG: &str = "UPDATE tb_tag SET label = 'changed' WHERE code = 't8'";
const GONE_REVIEWS: &str = "DELETE FROM tb_review WHERE fk_product = 7";

pub const SHAPES: &[Shape] = &[
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
    Shape {
        name: "full_join",
        query: "SELECT pk_product AS pk_full_join, coalesce(p.id, s.id) AS id, jsonb_build_object('name', p.name, 'body', s.body) AS data
                FROM tb_product p FULL JOIN (SELECT DISTINCT ON (fk_product) fk_product AS pk_product, id, body
                FROM tb_review ORDER BY fk_product, pk_review) s USING (pk_product)",
        writes: &[PRODUCT, REVIEW, NEW_REVIEW, MOVED_REVIEW, GONE_REVIEWS],
    },
    Shape {
        name: "reduced_join",
        query: "SELECT p.pk_product AS pk_reduced_join, p.id, jsonb_build_object('name', p.name, 'category', c.name) AS data
                FROM tb_category c LEFT JOIN tb_product p ON p.fk_category = c.pk_category WHERE p.pk_product > 0",
        writes: &[PRODUCT, CATEGORY],
    },
    Shape {
        name: "not_in",
        query: "SELECT p.pk_product AS pk_not_in, p.id, jsonb_build_object('name', p.name) AS data FROM tb_product p
                WHERE p.pk_product NOT IN (SELECT r.fk_product FROM tb_review r WHERE r.fk_product = p.pk_product AND r.stars > 2)",
        writes: &[PRODUCT, REVIEW, GONE_REVIEWS],
    },
    Shape {
        name: "either_link",
        query: "SELECT p.pk_product AS pk_either_link, p.id, jsonb_build_object('name', p.name, 'n', (SELECT count(*) FROM tb_category c
                WHERE c.pk_category = p.fk_category OR c.pk_category = p.fk_maker)) AS data FROM tb_product p",
        writes: &[PRODUCT],
    },
    Shape {
        name: "array",
        query: "SELECT p.pk_product AS pk_array, p.id, jsonb_build_object('name', p.name, 'tags',
                (SELECT jsonb_agg(t.label ORDER BY t.code) FROM tb_tag t WHERE t.code = ANY (p.tags))) AS data FROM tb_product p",
        writes: &[PRODUCT, TAG],
    },
    Shape {
        name: "array_key",
        query: "SELECT t.code AS pk_array_key, t.id, jsonb_build_object('label', t.label, 'products',
                (SELECT count(*) FROM tb_product p WHERE p.tags @> ARRAY[t.code] AND t.code = ANY (p.tags))) AS data FROM tb_tag t",
        writes: &[TAG, RETAGGED],
    },
    Shape {
        name: "window",
        query: "SELECT p.pk_product AS pk_window, p.id, jsonb_build_object('name', p.name,
                'place', row_number() OVER (PARTITION BY p.fk_maker ORDER BY p.name, p.pk_product)) AS data FROM tb_product p",
        writes: &[PRODUCT, MOVED_PRODUCT],
    },
    Shape {
        name: "first_of_group",
        query: "SELECT DISTINCT ON (p.fk_maker) p.pk_product AS pk_first_of_group, p.id, jsonb_build_object('name', p.name) AS data
                FROM tb_product p ORDER BY p.fk_maker, p.name, p.pk_product",
        writes: &[PRODUCT, MOVED_PRODUCT],
    },
    Shape {
        name: "except_arm",
        query: "SELECT p.pk_product AS pk_except_arm, p.id, jsonb_build_object('name', p.name) AS data FROM tb_product p
                EXCEPT SELECT p.pk_product, p.id, jsonb_build_object('name', p.name) FROM tb_product p WHERE p.name = 'p9'",
        writes: &[PRODUCT],
    },
    Shape {
        name: "ancestors",
        query: "SELECT p.pk_product AS pk_ancestors, p.id, jsonb_build_object('name', p.name, 'path', (WITH RECURSIVE up AS (
                SELECT c.pk_category, c.fk_parent, c.name FROM tb_category c WHERE c.pk_category = p.fk_category
                UNION ALL SELECT c.pk_category, c.fk_parent, c.name FROM tb_category c JOIN up ON c.pk_category = up.fk_parent)
                SELECT jsonb_agg(name ORDER BY pk_category) FROM up)) AS data FROM tb_product p",
        writes: &[PRODUCT],
    },
    Shape {
        name: "tree",
        query: "WITH RECURSIVE t AS (SELECT p.pk_product, p.id, p.name AS path FROM tb_product p WHERE p.fk_base IS NULL
                UNION ALL SELECT p.pk_product, p.id, t.path || '/' || p.name FROM tb_product p JOIN t ON t.pk_product = p.fk_base)
                SELECT t.pk_product AS pk_tree, t.id, jsonb_build_object('path', t.path) AS data FROM t",
        writes: &[PRODUCT],
    },
];
