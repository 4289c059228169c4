-- Documents with parts that subqueries give, which decide about nothing else, and with those that seem to.

-- leaves_several
SELECT t.pk_team AS pk_leaves_several, t.id, jsonb_build_object('name', t.name, 'people', (SELECT jsonb_agg(jsonb_build_object('h', p.handle, 'grade', p.grade) ORDER BY p.pk_person) FROM tb_person p WHERE p.fk_team = t.pk_team),
    'deep', jsonb_build_object('members', (SELECT coalesce(jsonb_agg(m.role ORDER BY m.fk_person), '[]') FROM tb_member m WHERE m.fk_team = t.pk_team), 'land', c.name,
        'any', EXISTS (SELECT FROM tb_team s WHERE s.fk_parent = t.pk_team AND s.size > 1))) AS data
FROM tb_team t LEFT JOIN tb_country c ON c.code = t.code

-- leaves_lateral
SELECT p.pk_person AS pk_leaves_lateral, p.id, k.n AS tasks, jsonb_build_object('grade', p.grade, 'last', k.last, 'both', concat(k.n, b.paid), 'paid', jsonb_build_object('sum', b.paid)) AS data
FROM tb_person p CROSS JOIN LATERAL (SELECT count(*) AS n, max(k.due) AS last FROM tb_task k WHERE k.fk_person = p.pk_person) k
LEFT JOIN LATERAL (SELECT sum(b.paid) AS paid FROM tb_booking b WHERE b.fk_person = p.pk_person) b ON p.grade > 1

-- leaves_lateral_filtered
SELECT p.pk_person AS pk_leaves_lateral_filtered, p.id, jsonb_build_object('n', k.n, 'last', k.last) AS data
FROM tb_person p CROSS JOIN LATERAL (SELECT count(*) AS n, max(k.due) AS last FROM tb_task k WHERE k.fk_person = p.pk_person) k
WHERE k.n > 1

-- leaves_lateral_joined
SELECT p.pk_person AS pk_leaves_lateral_joined, p.id, jsonb_build_object('n', k.n, 'price', r.label) AS data
FROM tb_person p CROSS JOIN LATERAL (SELECT count(*) AS n, max(k.fk_price) AS price FROM tb_task k WHERE k.fk_person = p.pk_person) k
JOIN tb_price r ON r.amount = k.price

-- leaves_lateral_rows
SELECT p.pk_person AS pk_leaves_lateral_rows, p.id, jsonb_build_object('grade', p.grade, 'n', k.n, 'last', l.title) AS data
FROM tb_person p JOIN LATERAL (SELECT k.fk_person, count(*) AS n FROM tb_task k WHERE k.fk_person = p.pk_person GROUP BY k.fk_person) k ON true
LEFT JOIN LATERAL (SELECT k.title FROM tb_task k WHERE k.fk_second = p.pk_person ORDER BY k.pk_task LIMIT 1) l ON true

-- leaves_lateral_having
SELECT t.pk_team AS pk_leaves_lateral_having, t.id, jsonb_build_object('name', t.name, 'n', p.n) AS data
FROM tb_team t CROSS JOIN LATERAL (SELECT count(*) AS n FROM tb_person p WHERE p.fk_team = t.pk_team HAVING count(*) > 1) p

-- leaves_grouped
SELECT t.pk_team AS pk_leaves_grouped, t.id, jsonb_build_object('name', t.name, 'people', jsonb_agg(jsonb_build_object('h', p.handle, 'n', (SELECT count(*) FROM tb_task k WHERE k.fk_person = p.pk_person)) ORDER BY p.pk_person),
    'members', (SELECT jsonb_agg(m.role ORDER BY m.fk_person) FROM tb_member m WHERE m.fk_team = t.pk_team)) AS data
FROM tb_team t LEFT JOIN tb_person p ON p.fk_team = t.pk_team
GROUP BY t.pk_team HAVING count(t.size) >= 0

-- leaves_nested; reads tv_leaves_several
SELECT v.pk_leaves_several AS pk_leaves_nested, v.id, jsonb_build_object('first', v.data -> 'deep', 'own', w.doc, 'more', jsonb_build_object('n', w.n)) AS data
FROM tv_leaves_several v JOIN (
    SELECT t.pk_team, jsonb_build_object('n', (SELECT count(*) FROM tb_person p WHERE p.fk_team = t.pk_team), 'name', t.name) AS doc, l.n
    FROM tb_team t CROSS JOIN LATERAL (SELECT count(*) AS n FROM tb_member m WHERE m.fk_team = t.pk_team) l WHERE t.unshown IS DISTINCT FROM 3) w ON w.pk_team = v.pk_leaves_several

-- leaves_sorted
SELECT p.pk_person AS pk_leaves_sorted, p.id, (SELECT count(*) FROM tb_task k WHERE k.fk_person = p.pk_person) AS n, jsonb_build_object(
    'titles', ARRAY(SELECT k.title FROM tb_task k WHERE k.fk_person = p.pk_person ORDER BY k.pk_task), 'in', p.pk_person IN (SELECT k.fk_second FROM tb_task k WHERE k.spent IS NOT NULL)) AS data
FROM tb_person p ORDER BY n

-- leaves_member; key fk_team, fk_person
SELECT m.fk_team, m.fk_person, md5(m.fk_team || ' ' || m.fk_person)::uuid AS id, jsonb_build_object('role', m.role, 'tasks', (SELECT jsonb_agg(k.title ORDER BY k.pk_task) FROM tb_task k JOIN tb_price r ON r.amount = k.fk_price WHERE k.fk_person = m.fk_person),
    'others', (SELECT count(*) FROM tb_member o WHERE o.fk_team = m.fk_team)) AS data
FROM tb_member m

-- leaves_twice
SELECT w.pk_person AS pk_leaves_twice, w.id, w.s AS a, jsonb_build_object('s', w.s, 'grade', w.grade) AS data
FROM (SELECT p.pk_person, p.id, p.grade, (SELECT count(*) FROM tb_booking b WHERE b.fk_person = p.pk_person AND b.paid < k.n) AS s
    FROM tb_person p CROSS JOIN LATERAL (SELECT count(*) AS n FROM tb_task k WHERE k.fk_person = p.pk_person) k) w
