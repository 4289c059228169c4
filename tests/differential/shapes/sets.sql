-- Set operations, with the key in each arm.

-- union_all
SELECT id, jsonb_build_object('team', name) AS data FROM tb_team
UNION ALL
SELECT p.id, jsonb_build_object('person', p.handle, 'team', t.name) FROM tb_person p LEFT JOIN tb_team t ON t.pk_team = p.fk_team

-- union_all_halves
SELECT pk_person AS pk_union_all_halves, id, jsonb_build_object('even', handle) AS data FROM tb_person WHERE pk_person % 2 = 0
UNION ALL
SELECT p.pk_person, p.id, jsonb_build_object('odd', count(k.pk_task)) FROM tb_person p LEFT JOIN tb_task k ON k.fk_person = p.pk_person WHERE p.pk_person % 2 = 1 GROUP BY p.pk_person

-- union
SELECT pk_team AS pk_union, id, jsonb_build_object('name', name) AS data FROM tb_team WHERE mood = 'low'
UNION
SELECT pk_team, id, jsonb_build_object('name', name) FROM tb_team WHERE fk_parent IS NULL

-- union_of_joins
SELECT p.pk_person AS pk_union_of_joins, p.id, jsonb_build_object('born', p.born) AS data FROM tb_person p JOIN tb_task k ON k.fk_person = p.pk_person
UNION
SELECT p.pk_person, p.id, jsonb_build_object('born', p.born) FROM tb_person p JOIN tb_booking b ON b.fk_person = p.pk_person

-- intersect
SELECT id, jsonb_build_object('share', share) AS data FROM tb_person WHERE mood = 'high'
INTERSECT
SELECT p.id, jsonb_build_object('share', p.share) FROM tb_person p JOIN tb_team t ON t.pk_team = p.fk_team

-- except
SELECT id, jsonb_build_object('tags', tags) AS data FROM tb_person
EXCEPT
SELECT p.id, jsonb_build_object('tags', p.tags) FROM tb_person p JOIN tb_task k ON k.fk_second = p.pk_person

-- except_all
SELECT pk_team AS pk_except_all, id, jsonb_build_object('name', name) AS data FROM tb_team
EXCEPT ALL
SELECT t.pk_team, t.id, jsonb_build_object('name', t.name) FROM tb_team t JOIN tb_team u ON u.fk_parent = t.pk_team

-- set_operations_nested
(SELECT pk_person AS pk_set_operations_nested, id, jsonb_build_object('n', share) AS data FROM tb_person WHERE mood IS NOT NULL
 EXCEPT SELECT pk_person, id, jsonb_build_object('n', share) FROM tb_person WHERE fk_team IN (SELECT fk_parent FROM tb_team))
UNION
(SELECT p.pk_person, p.id, jsonb_build_object('n', p.share) FROM tb_person p WHERE p.grade > 2
 INTERSECT SELECT p.pk_person, p.id, jsonb_build_object('n', p.share) FROM tb_person p, tb_task k WHERE k.fk_person = p.pk_person)

-- joined_union
SELECT p.pk_person AS pk_joined_union, p.id, jsonb_build_object('things', jsonb_agg(u.what ORDER BY u.what)) AS data
FROM tb_person p LEFT JOIN (SELECT fk_person, title AS what FROM tb_task UNION ALL SELECT fk_person, slot_b FROM tb_booking
    UNION ALL SELECT fk_person, role FROM tb_member) u ON u.fk_person = p.pk_person GROUP BY p.pk_person

-- joined_except
SELECT t.pk_team AS pk_joined_except, t.id, jsonb_build_object('n', count(x.fk_team)) AS data
FROM tb_team t LEFT JOIN (SELECT fk_team, pk_person FROM tb_person EXCEPT SELECT fk_team, fk_person FROM tb_member) x ON x.fk_team = t.pk_team GROUP BY t.pk_team
