-- Subqueries in every position.

-- scalar_subquery
SELECT p.pk_person AS pk_scalar_subquery, p.id, jsonb_build_object('n', (SELECT count(*) FROM tb_task k WHERE k.fk_person = p.pk_person),
    'last', (SELECT k.title FROM tb_task k WHERE k.fk_person = p.pk_person ORDER BY k.due DESC NULLS LAST, k.pk_task LIMIT 1)) AS data
FROM tb_person p

-- nested_subqueries
SELECT t.pk_team AS pk_nested_subqueries, t.id, jsonb_build_object('people', (
    SELECT jsonb_agg(jsonb_build_object('h', p.handle, 'tasks', (
        SELECT jsonb_agg(k.title ORDER BY k.pk_task) FROM tb_task k WHERE k.fk_person = p.pk_person AND k.fk_price > t.size))
        ORDER BY p.pk_person) FROM tb_person p WHERE p.fk_team = t.pk_team)) AS data
FROM tb_team t

-- not_in
SELECT p.id, jsonb_build_object('born', p.born) AS data FROM tb_person p
WHERE p.pk_person NOT IN (SELECT k.fk_second FROM tb_task k WHERE k.unshown < 6)

-- not_in_correlated
SELECT p.id, jsonb_build_object('share', p.share) AS data FROM tb_person p
WHERE p.share NOT IN (SELECT k.unshown FROM tb_task k WHERE k.fk_person = p.pk_person)

-- in_where
SELECT t.pk_team AS pk_in_where, t.id, jsonb_build_object('name', t.name) AS data FROM tb_team t
WHERE t.pk_team IN (SELECT p.fk_team FROM tb_person p WHERE p.grade >= 2)

-- in_correlated
SELECT p.pk_person AS pk_in_correlated, p.id, jsonb_build_object('doc', p.doc) AS data FROM tb_person p
WHERE p.share IN (SELECT b.slot_a FROM tb_booking b WHERE b.fk_person = p.pk_person)

-- in_select_list
SELECT p.pk_person AS pk_in_select_list, p.id, jsonb_build_object('second', p.pk_person IN (SELECT k.fk_second FROM tb_task k)) AS data FROM tb_person p

-- in_under_or
SELECT p.pk_person AS pk_in_under_or, p.id, jsonb_build_object('grade', p.grade) AS data FROM tb_person p
WHERE p.mood = 'mid' OR p.fk_team IN (SELECT m.fk_team FROM tb_member m WHERE m.role = 'a')

-- exists_under_or
SELECT p.pk_person AS pk_exists_under_or, p.id, jsonb_build_object('tags', p.tags) AS data FROM tb_person p
WHERE p.grade IS NULL OR EXISTS (SELECT FROM tb_booking b WHERE b.fk_person = p.pk_person AND b.paid > 1)

-- exists_in_case
SELECT t.pk_team AS pk_exists_in_case, t.id, jsonb_build_object('state',
    CASE WHEN EXISTS (SELECT FROM tb_person p WHERE p.fk_team = t.pk_team AND p.mood = 'high') THEN 'high'
         WHEN NOT EXISTS (SELECT FROM tb_person p WHERE p.fk_team = t.pk_team) THEN 'empty'
         ELSE (SELECT l.word FROM tb_label l WHERE l.owner = t.pk_team ORDER BY l.word LIMIT 1) END) AS data
FROM tb_team t

-- subquery_in_on
SELECT p.pk_person AS pk_subquery_in_on, p.id, jsonb_build_object('team', t.name) AS data
FROM tb_person p LEFT JOIN tb_team t ON t.pk_team = p.fk_team AND t.size >= (SELECT avg(r.amount) FROM tb_price r)

-- subquery_in_on_correlated
SELECT p.pk_person AS pk_subquery_in_on_correlated, p.id, jsonb_build_object('team', t.name) AS data
FROM tb_person p LEFT JOIN tb_team t ON t.pk_team = (SELECT max(m.fk_team) FROM tb_member m WHERE m.fk_person = p.pk_person)

-- subquery_in_having
SELECT t.pk_team AS pk_subquery_in_having, t.id, jsonb_build_object('n', count(p.pk_person)) AS data
FROM tb_team t LEFT JOIN tb_person p ON p.fk_team = t.pk_team GROUP BY t.pk_team
HAVING count(p.pk_person) >= (SELECT count(*) FROM tb_label l WHERE l.owner = t.pk_team)

-- subquery_in_aggregate
SELECT t.pk_team AS pk_subquery_in_aggregate, t.id, jsonb_build_object('sum',
    sum((SELECT count(*) FROM tb_task k WHERE k.fk_person = p.pk_person))) AS data
FROM tb_team t LEFT JOIN tb_person p ON p.fk_team = t.pk_team GROUP BY t.pk_team

-- subquery_in_aggregate_order
SELECT t.pk_team AS pk_subquery_in_aggregate_order, t.id, jsonb_build_object('handles',
    jsonb_agg(p.handle ORDER BY (SELECT count(*) FROM tb_task k WHERE k.fk_person = p.pk_person), p.pk_person)) AS data
FROM tb_team t JOIN tb_person p ON p.fk_team = t.pk_team GROUP BY t.pk_team

-- uncorrelated
SELECT t.pk_team AS pk_uncorrelated, t.id, jsonb_build_object('top', (SELECT max(k.due) FROM tb_task k), 'size', t.size) AS data FROM tb_team t

-- uncorrelated_exists
SELECT t.pk_team AS pk_uncorrelated_exists, t.id, jsonb_build_object('name', t.name) AS data FROM tb_team t
WHERE EXISTS (SELECT FROM tb_sum s WHERE s.link = 3)

-- all_of
SELECT t.pk_team AS pk_all_of, t.id, jsonb_build_object('size', t.size) AS data FROM tb_team t
WHERE t.size >= ALL (SELECT p.grade FROM tb_person p WHERE p.fk_team = t.pk_team)

-- array_subquery
SELECT t.pk_team AS pk_array_subquery, t.id, to_jsonb(ARRAY(SELECT p.grade FROM tb_person p WHERE p.fk_team = t.pk_team ORDER BY p.pk_person)) AS data
FROM tb_team t

-- row_subquery
SELECT b.pk_booking AS pk_row_subquery, b.id, jsonb_build_object('open', (b.slot_a, b.slot_b) IN (SELECT s.a, s.b FROM tb_slot s WHERE s.seats > 4)) AS data
FROM tb_booking b

-- lateral_latest
SELECT p.pk_person AS pk_lateral_latest, p.id, jsonb_build_object('two', l.two) AS data
FROM tb_person p CROSS JOIN LATERAL (SELECT jsonb_agg(x.title ORDER BY x.due, x.pk_task) AS two FROM (
    SELECT k.pk_task, k.title, k.due FROM tb_task k WHERE k.fk_person = p.pk_person ORDER BY k.due DESC, k.pk_task LIMIT 2) x) l

-- lateral_one
SELECT t.pk_team AS pk_lateral_one, t.id, jsonb_build_object('oldest', l.handle, 'boss', b.handle) AS data
FROM tb_team t LEFT JOIN LATERAL (SELECT p.handle, p.fk_boss FROM tb_person p WHERE p.fk_team = t.pk_team ORDER BY p.born, p.pk_person LIMIT 1) l ON true
LEFT JOIN tb_person b ON b.pk_person = l.fk_boss

-- lateral_offset
SELECT t.pk_team AS pk_lateral_offset, t.id, jsonb_build_object('second', l.grade) AS data
FROM tb_team t LEFT JOIN LATERAL (SELECT p.grade FROM tb_person p WHERE p.fk_team = t.pk_team ORDER BY p.pk_person OFFSET 1 LIMIT 1) l ON true

-- lateral_inner
SELECT p.pk_person AS pk_lateral_inner, p.id, jsonb_build_object('team', l.name) AS data
FROM tb_person p, LATERAL (SELECT t.name FROM tb_team t WHERE t.pk_team = p.fk_team OR t.pk_team = p.share ORDER BY t.pk_team LIMIT 1) l

-- derived_limit
SELECT p.pk_person AS pk_derived_limit, p.id, jsonb_build_object('top', g.pk_task) AS data
FROM tb_person p LEFT JOIN (SELECT k.pk_task, k.fk_person FROM tb_task k ORDER BY k.fk_price DESC NULLS LAST, k.pk_task LIMIT 1) g ON g.fk_person = p.pk_person

-- joined_on_aggregate
SELECT p.pk_person AS pk_joined_on_aggregate, p.id, jsonb_build_object('n', count(g.fk_team)) AS data
FROM tb_person p JOIN (SELECT q.fk_team, max(q.pk_person) AS newest FROM tb_person q GROUP BY q.fk_team) g ON g.newest = p.pk_person GROUP BY p.pk_person

-- derived_grouped
SELECT t.pk_team AS pk_derived_grouped, t.id, jsonb_build_object('grades', g.grades, 'n', g.n) AS data
FROM tb_team t LEFT JOIN (SELECT p.fk_team, sum(p.grade) AS grades, count(*) AS n FROM tb_person p GROUP BY p.fk_team) g ON g.fk_team = t.pk_team

-- derived_distinct
SELECT t.pk_team AS pk_derived_distinct, t.id, jsonb_build_object('moods', count(d.mood)) AS data
FROM tb_team t LEFT JOIN (SELECT DISTINCT p.fk_team, p.mood FROM tb_person p) d ON d.fk_team = t.pk_team GROUP BY t.pk_team

-- values_list
SELECT t.pk_team AS pk_values_list, t.id, jsonb_build_object('grade', v.grade) AS data
FROM tb_team t LEFT JOIN (VALUES (1, 'one'), (2, 'two'), (5, NULL)) AS v (n, grade) ON v.n = t.pk_team
