-- Joins of every kind, and what stands for a join that must not find anything.

-- inner_join
SELECT p.pk_person AS pk_inner_join, p.id, jsonb_build_object('grade', p.grade, 'team', t.name, 'size', t.size) AS data
FROM tb_person p JOIN tb_team t ON t.pk_team = p.fk_team

-- left_joins
SELECT k.pk_task AS pk_left_joins, k.id, jsonb_build_object('title', k.title, 'who', p.handle, 'team', t.name, 'land', c.name) AS data
FROM tb_task k LEFT JOIN tb_person p ON p.pk_person = k.fk_person
LEFT JOIN tb_team t ON t.pk_team = p.fk_team LEFT JOIN tb_country c ON c.code = t.code

-- right_join
SELECT p.pk_person AS pk_right_join, p.id, jsonb_build_object('code', t.code, 'name', t.name) AS data
FROM tb_team t RIGHT JOIN tb_person p ON t.pk_team = p.fk_team

-- full_join; key id
SELECT coalesce(a.id, b.id) AS id, jsonb_build_object('team', a.name, 'price', b.label, 'amount', b.amount) AS data
FROM tb_team a FULL JOIN tb_price b ON b.amount = a.pk_team

-- full_join_using
SELECT pk_asset AS pk_full_join_using, md5(pk_asset::text)::uuid AS id, jsonb_build_object('label', a.label, 'worth', b.worth, 'wheels', b.wheels) AS data
FROM ONLY tb_asset a FULL JOIN tb_vehicle b USING (pk_asset)

-- full_join_filtered
SELECT p.pk_person AS pk_full_join_filtered, p.id, jsonb_build_object('team', t.name) AS data
FROM tb_team t FULL JOIN tb_person p ON p.fk_team = t.pk_team WHERE p.pk_person IS NOT NULL

-- join_using
SELECT fk_team AS pk_join_using, md5(fk_team::text)::uuid AS id,
    jsonb_build_object('roles', jsonb_agg(m.role ORDER BY m.role, m.fk_person), 'n', count(*)) AS data
FROM tb_member m JOIN tb_person p USING (fk_team) GROUP BY fk_team

-- natural_join
SELECT pk_person AS pk_natural_join, id, jsonb_build_object('name', name, 'size', size) AS data
FROM (SELECT pk_person, id, fk_team FROM tb_person) p NATURAL JOIN (SELECT pk_team AS fk_team, name, size FROM tb_team) t

-- natural_left_join
SELECT pk_task AS pk_natural_left_join, id, jsonb_build_object('label', label, 'price', fk_price) AS data
FROM (SELECT pk_task, id, fk_price FROM tb_task) k NATURAL LEFT JOIN (SELECT amount AS fk_price, label FROM tb_price) r

-- join_with_more_conditions
SELECT p.pk_person AS pk_join_with_more_conditions, p.id, jsonb_build_object('tasks', count(k.pk_task), 'due', max(k.due)) AS data
FROM tb_person p LEFT JOIN tb_task k ON k.fk_person = p.pk_person AND k.due > p.born AND k.state <> 'low' AND k.fk_price >= p.grade
GROUP BY p.pk_person

-- join_on_own_column
SELECT p.pk_person AS pk_join_on_own_column, p.id, jsonb_build_object('team', t.name) AS data
FROM tb_person p LEFT JOIN tb_team t ON t.pk_team = p.fk_team AND p.mood = 'high'

-- join_between
SELECT t.pk_team AS pk_join_between, t.id, jsonb_build_object('spans', count(s.label), 'labels', jsonb_agg(s.label ORDER BY s.label)) AS data
FROM tb_team t LEFT JOIN tb_span s ON t.pk_team BETWEEN s.low AND s.high GROUP BY t.pk_team

-- join_not_distinct
SELECT t.pk_team AS pk_join_not_distinct, t.id, jsonb_build_object('owned', jsonb_agg(l.word ORDER BY l.word)) AS data
FROM tb_team t LEFT JOIN tb_label l ON l.owner IS NOT DISTINCT FROM t.fk_parent GROUP BY t.pk_team

-- several_column_link
SELECT b.pk_booking AS pk_several_column_link, b.id, jsonb_build_object('slot', s.label, 'seats', s.seats, 'paid', b.paid) AS data
FROM tb_booking b LEFT JOIN tb_slot s ON s.a = b.slot_a AND s.b = b.slot_b

-- row_link
SELECT b.pk_booking AS pk_row_link, b.id, jsonb_build_object('slot', s.label) AS data
FROM tb_booking b JOIN tb_slot s ON (s.a, s.b) = (b.slot_a, b.slot_b)

-- expression_link
SELECT p.pk_person AS pk_expression_link, p.id, jsonb_build_object('sum', s.sums, 'next', t.name) AS data
FROM tb_person p LEFT JOIN tb_team t ON t.pk_team = p.fk_team + 1
LEFT JOIN (SELECT base + 1 AS link, sum(twice) AS sums FROM tb_sum GROUP BY base + 1) s ON s.link = coalesce(p.share, 3)

-- text_expression_link
SELECT k.pk_task AS pk_text_expression_link, k.id, jsonb_build_object('labels', jsonb_agg(l.weight ORDER BY l.weight::text)) AS data
FROM tb_task k LEFT JOIN tb_label l ON lower(l.word) = lower(left(k.title, 1)) GROUP BY k.pk_task

-- either_link
SELECT p.pk_person AS pk_either_link, p.id, jsonb_build_object('tasks', count(k.pk_task), 'titles', jsonb_agg(k.title ORDER BY k.pk_task)) AS data
FROM tb_person p LEFT JOIN tb_task k ON k.fk_person = p.pk_person OR k.fk_second = p.pk_person GROUP BY p.pk_person

-- either_link_inner
SELECT p.pk_person AS pk_either_link_inner, p.id, jsonb_build_object('teams', jsonb_agg(t.name ORDER BY t.pk_team)) AS data
FROM tb_person p JOIN tb_team t ON t.pk_team = p.fk_team OR (t.pk_team = p.share AND t.mood = p.mood) GROUP BY p.pk_person

-- self_join_levels
SELECT p.pk_person AS pk_self_join_levels, p.id, jsonb_build_object('boss', b.handle, 'chief', c.handle, 'head', d.grade) AS data
FROM tb_person p LEFT JOIN tb_person b ON b.pk_person = p.fk_boss
LEFT JOIN tb_person c ON c.pk_person = b.fk_boss LEFT JOIN tb_person d ON d.pk_person = c.fk_boss

-- self_join_children
SELECT t.pk_team AS pk_self_join_children, t.id, jsonb_build_object('below', count(u.pk_team), 'far', count(v.pk_team)) AS data
FROM tb_team t LEFT JOIN tb_team u ON u.fk_parent = t.pk_team LEFT JOIN tb_team v ON v.fk_parent = u.pk_team GROUP BY t.pk_team

-- siblings
SELECT p.pk_person AS pk_siblings, p.id, jsonb_build_object('with', jsonb_agg(q.grade ORDER BY q.pk_person)) AS data
FROM tb_person p JOIN tb_person q ON q.fk_team = p.fk_team AND q.pk_person <> p.pk_person GROUP BY p.pk_person

-- nested_outer_joins
SELECT k.pk_task AS pk_nested_outer_joins, k.id, jsonb_build_object('who', p.handle, 'team', t.name) AS data
FROM tb_task k LEFT JOIN (tb_person p JOIN tb_team t ON t.pk_team = p.fk_team AND t.size > 1) ON p.pk_person = k.fk_person

-- outer_join_undone
SELECT k.pk_task AS pk_outer_join_undone, k.id, jsonb_build_object('who', p.handle) AS data
FROM tb_task k LEFT JOIN tb_person p ON p.pk_person = k.fk_person WHERE p.grade > 1 OR p.mood = 'low'

-- reversed; key id
SELECT k.id, jsonb_build_object('who', p.handle, 'title', k.title) AS data
FROM tb_person p LEFT JOIN tb_task k ON k.fk_person = p.pk_person WHERE k.id IS NOT NULL

-- cross_join
SELECT t.pk_team AS pk_cross_join, t.id, jsonb_build_object('prices', sum(r.amount), 'n', count(*)) AS data
FROM tb_team t CROSS JOIN tb_price r GROUP BY t.pk_team

-- link_across_types
SELECT k.pk_task AS pk_link_across_types, k.id, jsonb_build_object('price', r.label, 'same', r.amount, 'team', t.name) AS data
FROM tb_task k LEFT JOIN tb_price r ON r.amount = k.fk_price LEFT JOIN tb_team t ON t.pk_team = k.pk_task

-- collated_link
SELECT t.pk_team AS pk_collated_link, t.id, jsonb_build_object('code', t.code, 'land', c.code, 'marks', (
    SELECT jsonb_agg(l.mark ORDER BY l.mark COLLATE "C", l.word) FROM tb_label l WHERE l.mark = t.code)) AS data
FROM tb_team t LEFT JOIN tb_country c ON c.code = t.code

-- not_exists
SELECT p.id, jsonb_build_object('handle', p.handle) AS data FROM tb_person p
WHERE NOT EXISTS (SELECT FROM tb_task k WHERE k.fk_person = p.pk_person AND k.state = 'high')

-- not_exists_nested
SELECT t.pk_team AS pk_not_exists_nested, t.id, jsonb_build_object('name', t.name) AS data FROM tb_team t
WHERE NOT EXISTS (SELECT FROM tb_person p WHERE p.fk_team = t.pk_team AND NOT EXISTS (SELECT FROM tb_task k WHERE k.fk_person = p.pk_person))

-- left_join_is_null
SELECT p.id, jsonb_build_object('share', p.share) AS data FROM tb_person p
LEFT JOIN tb_task k ON k.fk_second = p.pk_person WHERE k.pk_task IS NULL

-- left_join_is_null_beyond
SELECT t.pk_team AS pk_left_join_is_null_beyond, t.id, jsonb_build_object('n', count(p.pk_person)) AS data
FROM tb_team t LEFT JOIN tb_person p ON p.fk_team = t.pk_team LEFT JOIN tb_task k ON k.fk_person = p.pk_person
WHERE k.pk_task IS NULL GROUP BY t.pk_team
