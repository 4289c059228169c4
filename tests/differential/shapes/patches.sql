-- Documents that show columns which decide about nothing else, and those that seem to.

-- patched_nested; index fk_person; index fk_price
SELECT k.pk_task AS pk_patched_nested, k.id, k.fk_person, k.fk_price, jsonb_build_object(
    'task', jsonb_build_object('title', k.title, 'spent', k.spent, 'due', k.due, 'state', k.state),
    'price', jsonb_build_object('label', r.label, 'deep', jsonb_build_object('begin', left(r.label, 2), 'amount', r.amount)),
    'who', jsonb_build_object('grade', p.grade, 'born', p.born, 'doc', p.doc, 'tags', p.tags, 'handle', p.handle)) AS data
FROM tb_task k LEFT JOIN tb_price r ON r.amount = k.fk_price LEFT JOIN tb_person p ON p.pk_person = k.fk_person

-- patched_over; reads tv_patched_nested
SELECT v.pk_patched_nested AS pk_patched_over, v.id, v.data -> 'task' AS task, jsonb_build_object('whole', v.data, 'grade', v.data #> '{who, grade}', 'second', s.grade) AS data
FROM tv_patched_nested v JOIN tb_task k ON k.pk_task = v.pk_patched_nested LEFT JOIN tb_person s ON s.pk_person = k.fk_second

-- patched_columns; index fk_team
SELECT p.pk_person AS pk_patched_columns, p.id, p.fk_team, p.grade, p.born::text AS born, t.name AS team, t.size + 1 AS size, p.doc -> 'a' AS a,
    jsonb_build_object('grade', p.grade, 'tags', p.tags, 'size', t.size, 'both', concat(p.grade, t.size), 'share', coalesce(p.share, -1)) AS data
FROM tb_person p JOIN tb_team t ON t.pk_team = p.fk_team

-- patched_filtered
SELECT p.pk_person AS pk_patched_filtered, p.id, jsonb_build_object('grade', p.grade, 'born', p.born, 'team', t.name, 'size', t.size, 'land', c.name, 'weight', c.weight) AS data
FROM tb_person p JOIN tb_team t ON t.pk_team = p.fk_team AND t.size > 1 LEFT JOIN tb_country c ON c.code = t.code
WHERE p.born IS NOT NULL AND c.weight IS DISTINCT FROM 1

-- patched_twice; index fk_person; index fk_second
SELECT k.pk_task AS pk_patched_twice, k.id, k.fk_person, k.fk_second, jsonb_build_object('first', jsonb_build_object('grade', a.grade, 'born', a.born),
    'second', jsonb_build_object('grade', b.grade, 'tags', b.tags), 'boss', jsonb_build_object('grade', c.grade)) AS data
FROM tb_task k JOIN tb_person a ON a.pk_person = k.fk_person LEFT JOIN tb_person b ON b.pk_person = k.fk_second LEFT JOIN tb_person c ON c.pk_person = a.fk_boss

-- patched_further
SELECT k.pk_task AS pk_patched_further, k.id, jsonb_build_object('title', k.title, 'on child', p.grade, 'on parent', s.grade, 'beyond', t.name, 'through', u.name, 'price', r.label) AS data
FROM tb_task k LEFT JOIN tb_person p ON p.pk_person = k.fk_person AND p.mood = 'low' LEFT JOIN tb_person s ON s.pk_person = k.fk_second AND k.state = 'high'
LEFT JOIN tb_team t ON t.pk_team = p.fk_team LEFT JOIN (tb_person q JOIN tb_team u ON u.pk_team = q.fk_team) ON q.pk_person = k.fk_person
LEFT JOIN tb_price r ON r.amount = k.fk_price AND r.amount = k.fk_second

-- patched_first
SELECT p.pk_person AS pk_patched_first, p.id, jsonb_build_object('title', k.title, 'due', k.due, 'grade', p.grade) AS data
FROM tb_person p JOIN tb_task k ON k.fk_person = p.pk_person
WHERE k.pk_task = (SELECT min(m.pk_task) FROM tb_task m WHERE m.fk_person = p.pk_person)

-- patched_last
SELECT t.pk_team AS pk_patched_last, t.id, jsonb_build_object('name', t.name, 'grade', p.grade, 'born', p.born, 'mood', p.mood, 'tags', p.tags) AS data
FROM tb_team t JOIN tb_person p ON p.fk_team = t.pk_team AND p.pk_person IN (SELECT max(m.pk_person) FROM tb_person m GROUP BY m.fk_team)

-- patched_only
SELECT k.pk_task AS pk_patched_only, k.id, jsonb_build_object('spent', k.spent, 'seats', s.seats, 'label', s.label, 'paid', b.paid) AS data
FROM tb_task k JOIN tb_booking b ON b.fk_person = k.fk_person AND NOT EXISTS (SELECT FROM tb_booking c WHERE c.fk_person = b.fk_person AND c.pk_booking < b.pk_booking)
LEFT JOIN tb_slot s ON s.a = b.slot_a AND s.b = b.slot_b AND s.seats > 3

-- patched_if
SELECT p.pk_person AS pk_patched_if, p.id, jsonb_build_object('name', t.name, 'size', t.size, 'boss', b.grade, 'chief', b.born, 'land', c.name, 'weight', c.weight) AS data
FROM tb_person p LEFT JOIN tb_team t ON t.pk_team = p.fk_team AND t.pk_team > p.pk_person LEFT JOIN tb_person b ON b.pk_person = p.fk_boss AND b.fk_team = p.fk_team AND b.unshown IS NULL
LEFT JOIN tb_country c ON c.code = t.code AND p.share IS NULL

-- patched_never
SELECT k.pk_task AS pk_patched_never, k.id, jsonb_build_object('grade', p.grade, 'born', p.born, 'tags', p.tags, 'doc', p.doc, 'share', coalesce(s.share, 1),
    'second', s.grade, 'label', r.label, 'team', t.name, 'size', t.size) AS data
FROM tb_task k LEFT JOIN tb_person p ON p.pk_person = k.fk_person AND k.pk_task < 0 LEFT JOIN tb_person s ON s.pk_person = k.fk_second AND k.pk_task % 3 = 0
LEFT JOIN tb_price r ON r.amount = k.fk_price AND r.amount < 0 LEFT JOIN tb_team t ON t.pk_team = k.pk_task AND t.pk_team > 40

-- patched_slot
SELECT b.pk_booking AS pk_patched_slot, b.id, b.slot_b, jsonb_build_object('label', s.label, 'seats', s.seats, 'paid', b.paid, 'who', p.grade) AS data
FROM tb_booking b LEFT JOIN tb_slot s ON s.a = b.slot_a AND s.b = b.slot_b LEFT JOIN tb_person p ON p.pk_person = b.fk_person

-- patched_member; key fk_team, fk_person
SELECT m.fk_team, m.fk_person, md5(m.fk_team || ' ' || m.fk_person)::uuid AS id, jsonb_build_object('role', m.role, 'joined', m.joined, 'grade', p.grade, 'name', t.name) AS data
FROM tb_member m JOIN tb_person p ON p.pk_person = m.fk_person JOIN tb_team t ON t.pk_team = m.fk_team

-- patched_event; key region, pk_event; index fk_person
SELECT e.region, e.pk_event, e.id, e.fk_person, jsonb_build_object('amount', e.amount, 'at', e.at, 'payload', e.payload, 'who', p.born) AS data
FROM tb_event e LEFT JOIN tb_person p ON p.pk_person = e.fk_person

-- patched_group
SELECT t.pk_team AS pk_patched_group, t.id, t.mood, jsonb_build_object('name', t.name, 'size', t.size, 'n', count(p.pk_person), 'land', c.name, 'grades', jsonb_agg(p.grade ORDER BY p.pk_person)) AS data
FROM tb_team t LEFT JOIN tb_person p ON p.fk_team = t.pk_team LEFT JOIN tb_country c ON c.code = t.code
GROUP BY t.pk_team, t.mood, c.code HAVING count(t.size) >= 0

-- patched_view
SELECT w.pk_task AS pk_patched_view, md5(w.pk_task::text)::uuid AS id, jsonb_build_object('title', w.title, 'grade', w.grade, 'next', lower(w.title), 'team', q.name, 'price', v.label) AS data
FROM person_task w JOIN (SELECT pk_team, name, size > 0 AS is_big FROM tb_team WHERE unshown IS DISTINCT FROM 3) q ON q.pk_team = w.fk_team
LEFT JOIN tb_price_view v ON v.amount = w.fk_price

-- patched_subquery
SELECT p.pk_person AS pk_patched_subquery, p.id, jsonb_build_object('grade', p.grade, 'born', p.born, 'tasks', (
    SELECT jsonb_agg(jsonb_build_object('title', k.title, 'price', r.label) ORDER BY k.pk_task) FROM tb_task k LEFT JOIN tb_price r ON r.amount = k.fk_price
    WHERE k.fk_person = p.pk_person AND k.due IS DISTINCT FROM p.born)) AS data
FROM tb_person p

-- patched_odd
SELECT o."pk Odd" AS pk_patched_odd, o."Id" AS id, jsonb_build_object('it''s "so"', o."it's ""so""", 'select', o."select", '', jsonb_build_object('ключ', t.name, '\', t.size)) AS data
FROM "tb_Odd Name" o LEFT JOIN tb_team t ON t.pk_team = o."fk Team"

-- patched_sum; with extra_float_digits = 0
SELECT s.pk_sum AS pk_patched_sum, s.id, s.note, s.raw, jsonb_build_object('base', s.base, 'twice', s.twice, 'ratio', s.ratio, 'raw', s.raw, 'text', s.ratio::text, 'note', CASE WHEN s.base > 3 THEN s.note END) AS data
FROM tb_sum s

-- patched_asset
SELECT a.pk_asset AS pk_patched_asset, md5(a.pk_asset::text)::uuid AS id, jsonb_build_object('label', a.label, 'worth', a.worth) AS data FROM ONLY tb_asset a

-- patched_code; key code
SELECT c.code, c.id, jsonb_build_object('name', c.name, 'weight', c.weight) AS data FROM tb_country c

-- patched_zone; with TimeZone = Asia/Kolkata
SELECT k.pk_task AS pk_patched_zone, k.id, k.due::text AS due, jsonb_build_object('due', k.due, 'day', to_char(k.due, 'YYYY-MM-DD HH24 TZ'), 'born', p.born, 'spent', k.spent) AS data
FROM tb_task k LEFT JOIN tb_person p ON p.pk_person = k.fk_person
