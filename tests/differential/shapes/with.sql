-- WITH, views, recursion, and TVIEWs over TVIEWs.

-- with_twice
WITH s AS (SELECT fk_person, count(*) AS n FROM tb_task GROUP BY fk_person)
SELECT p.pk_person AS pk_with_twice, p.id, jsonb_build_object('own', s.n, 'boss', b.n) AS data
FROM tb_person p LEFT JOIN s ON s.fk_person = p.pk_person LEFT JOIN s b ON b.fk_person = p.fk_boss

-- with_materialized
WITH s AS MATERIALIZED (SELECT p.pk_person, t.name FROM tb_person p JOIN tb_team t ON t.pk_team = p.fk_team), r AS NOT MATERIALIZED (SELECT * FROM s)
SELECT k.pk_task AS pk_with_materialized, k.id, jsonb_build_object('a', s.name, 'b', r.name) AS data
FROM tb_task k LEFT JOIN s ON s.pk_person = k.fk_person LEFT JOIN r ON r.pk_person = k.fk_second

-- with_inside
SELECT t.pk_team AS pk_with_inside, t.id, jsonb_build_object('n', (WITH w AS (SELECT p.grade FROM tb_person p WHERE p.fk_team = t.pk_team)
    SELECT sum(a.grade) FROM w a WHERE a.grade <= (SELECT max(b.grade) FROM w b))) AS data FROM tb_team t

-- view_grouped
SELECT t.pk_team AS pk_view_grouped, t.id, jsonb_build_object('members', s.members, 'grades', s.grades) AS data
FROM tb_team t LEFT JOIN team_size s ON s.fk_team = t.pk_team

-- view_over_views
SELECT t.pk_team AS pk_view_over_views, t.id, jsonb_build_object('tasks', w.tasks, 'price', w.price, 'members', w.members) AS data
FROM tb_team t JOIN team_work w ON w.fk_team = t.pk_team

-- view_as_key
SELECT s.fk_team AS pk_view_as_key, NULL::uuid AS id, jsonb_build_object('newest', p.handle) AS data
FROM team_size s JOIN tb_person p ON p.pk_person = s.newest WHERE s.fk_team IS NOT NULL

-- recursive_ancestors
SELECT t.pk_team AS pk_recursive_ancestors, t.id, jsonb_build_object('above', (
    WITH RECURSIVE up AS (
        SELECT a.pk_team, a.fk_parent, a.name, 1 AS level FROM tb_team a WHERE a.pk_team = t.fk_parent
        UNION ALL SELECT a.pk_team, a.fk_parent, a.name, up.level + 1 FROM tb_team a JOIN up ON a.pk_team = up.fk_parent WHERE up.level < 5)
    SELECT jsonb_agg(up.name ORDER BY up.level) FROM up)) AS data FROM tb_team t

-- recursive_path
SELECT t.pk_team AS pk_recursive_path, t.id, jsonb_build_object('path', (
    WITH RECURSIVE up AS (
        SELECT t.fk_parent AS above, 1 AS level
        UNION ALL SELECT a.fk_parent, up.level + 1 FROM tb_team a JOIN up ON a.pk_team = up.above WHERE up.level < 8)
    SELECT jsonb_agg(a.name ORDER BY up.level) FROM up JOIN tb_team a ON a.pk_team = up.above)) AS data FROM tb_team t

-- recursive_descendants
SELECT p.pk_person AS pk_recursive_descendants, p.id, d.data FROM tb_person p CROSS JOIN LATERAL (
    WITH RECURSIVE below AS (
        SELECT q.pk_person, q.grade FROM tb_person q WHERE q.fk_boss = p.pk_person
        UNION SELECT q.pk_person, q.grade FROM below b JOIN tb_person q ON q.fk_boss = b.pk_person)
    SELECT jsonb_build_object('count', count(*), 'grades', sum(grade)) AS data FROM below) d

-- recursive_tree_of_labels
WITH RECURSIVE tree AS (
    SELECT t.pk_team, t.id, t.name::text AS path, 1 AS depth FROM tb_team t WHERE t.fk_parent IS NULL
    UNION ALL
    SELECT t.pk_team, t.id, concat(tree.path, '/', t.name, l.words), tree.depth + 1
    FROM tree JOIN tb_team t ON t.fk_parent = tree.pk_team
    LEFT JOIN LATERAL (SELECT string_agg(word, ',' ORDER BY word) AS words FROM tb_label WHERE owner = t.pk_team) l ON true)
SELECT pk_team AS pk_recursive_tree_of_labels, id, jsonb_build_object('path', path, 'depth', depth) AS data FROM tree

-- recursive_tree; key id
WITH RECURSIVE tree AS (
    SELECT pk_team, id, name::text AS path, ARRAY[pk_team] AS way FROM tb_team WHERE fk_parent IS NULL
    UNION ALL
    SELECT t.pk_team, t.id, concat(tree.path, '/', t.name), tree.way || t.pk_team FROM tb_team t JOIN tree ON tree.pk_team = t.fk_parent
    WHERE t.pk_team <> ALL (tree.way))
SELECT id, jsonb_build_object('path', path, 'depth', cardinality(way)) AS data FROM tree

-- recursive_below
WITH RECURSIVE below AS (
    SELECT pk_person AS top, pk_person FROM tb_person
    UNION SELECT b.top, p.pk_person FROM below b JOIN tb_person p ON p.fk_boss = b.pk_person)
SELECT p.pk_person AS pk_recursive_below, p.id, jsonb_build_object('below', count(b.pk_person), 'grades', sum(q.grade)) AS data
FROM tb_person p LEFT JOIN below b ON b.top = p.pk_person LEFT JOIN tb_person q ON q.pk_person = b.pk_person GROUP BY p.pk_person

-- over_tview; reads tv_inner_join
SELECT k.pk_task AS pk_over_tview, k.id, jsonb_build_object('who', v.data, 'title', k.title) AS data
FROM tb_task k LEFT JOIN tv_inner_join v ON v.pk_inner_join = k.fk_person

-- over_two_tviews; reads tv_scalar_subquery, tv_derived_grouped
SELECT p.pk_person AS pk_over_two_tviews, p.id, jsonb_build_object('own', s.data -> 'n', 'team', d.data) AS data
FROM tb_person p JOIN tv_scalar_subquery s ON s.id = p.id LEFT JOIN tv_derived_grouped d ON d.pk_derived_grouped = p.fk_team

-- over_tview_over_tview; reads tv_inner_join, tv_over_tview
SELECT v.pk_inner_join AS pk_over_tview_over_tview, v.id, jsonb_build_object('n', count(o.id), 'docs', jsonb_agg(o.data ORDER BY o.pk_over_tview)) AS data
FROM tv_inner_join v LEFT JOIN tv_over_tview o ON o.data -> 'who' = v.data GROUP BY v.pk_inner_join, v.id

-- over_full_tview; reads tv_window_by_nothing
SELECT p.pk_person AS pk_over_full_tview, p.id, jsonb_build_object('ranks', (
    SELECT jsonb_agg(w.data ORDER BY w.pk_window_by_nothing) FROM tv_window_by_nothing w JOIN tb_task k ON k.pk_task = w.pk_window_by_nothing WHERE k.fk_person = p.pk_person)) AS data
FROM tb_person p
