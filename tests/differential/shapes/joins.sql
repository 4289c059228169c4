-- Joins of every kind. A shape opens with `-- name`, which is that of its TVIEW, and its key if the name does not give it.

-- inner_join
SELECT p.pk_person AS pk_inner_join, p.id, jsonb_build_object('grade', p.grade, 'team', t.name, 'size', t.size) AS data
FROM tb_person p JOIN tb_team t ON t.pk_team = p.fk_team

-- left_join
SELECT k.pk_task AS pk_left_join, k.id, jsonb_build_object('title', k.title, 'who', p.handle, 'team', t.name, 'land', c.name) AS data
FROM tb_task k LEFT JOIN tb_person p ON p.pk_person = k.fk_person
LEFT JOIN tb_team t ON t.pk_team = p.fk_team LEFT JOIN tb_country c ON c.code = t.code

-- right_join
SELECT p.pk_person AS pk_right_join, p.id, jsonb_build_object('code', t.code, 'name', t.name) AS data
FROM tb_team t RIGHT JOIN tb_person p ON t.pk_team = p.fk_team

-- full_join: id
SELECT coalesce(a.id, b.id) AS id, jsonb_build_object('team', a.name, 'price', b.label, 'amount', b.amount) AS data
FROM tb_team a FULL JOIN tb_price b ON b.amount = a.pk_team

-- not_exists
SELECT p.id, jsonb_build_object('handle', p.handle) AS data FROM tb_person p
WHERE NOT EXISTS (SELECT FROM tb_task k WHERE k.fk_person = p.pk_person AND k.state = 'high')

-- left_join_is_null
SELECT p.id, jsonb_build_object('share', p.share) AS data FROM tb_person p
LEFT JOIN tb_task k ON k.fk_second = p.pk_person WHERE k.pk_task IS NULL

-- not_in
SELECT p.id, jsonb_build_object('born', p.born) AS data FROM tb_person p
WHERE p.pk_person NOT IN (SELECT k.fk_second FROM tb_task k WHERE k.unshown < 6)

-- any_array
SELECT t.pk_team AS pk_any_array, t.id, jsonb_build_object('tagged', (SELECT jsonb_agg(p.pk_person ORDER BY p.pk_person)
    FROM tb_person p WHERE t.pk_team = ANY (p.tags))) AS data
FROM tb_team t

-- grouped_having
SELECT p.pk_person AS pk_grouped_having, p.id, jsonb_build_object('n', count(k.pk_task), 'open', count(*) FILTER (WHERE k.state = 'low')) AS data
FROM tb_person p LEFT JOIN tb_task k ON k.fk_person = p.pk_person GROUP BY p.pk_person HAVING count(*) < 3

-- window_by_team
SELECT p.id, jsonb_build_object('nth', row_number() OVER (PARTITION BY p.fk_team ORDER BY p.grade, p.pk_person)) AS data FROM tb_person p
