-- Keys of every kind, columns of every kind, names that need quotes, and settings that shape text.

-- key_of_two_tables; key pk_person, pk_team
SELECT p.pk_person, t.pk_team, p.id, jsonb_build_object('handle', p.handle, 'name', t.name) AS data
FROM tb_person p JOIN tb_team t ON t.size >= p.grade

-- key_of_two_linked_tables; key pk_person, pk_task
SELECT p.pk_person, k.pk_task, k.id, jsonb_build_object('handle', p.handle, 'title', k.title) AS data
FROM tb_person p JOIN tb_task k ON k.fk_person = p.pk_person OR k.fk_second = p.pk_person

-- key_of_members; key fk_team, fk_person
SELECT m.fk_team, m.fk_person, NULL::uuid AS id, jsonb_build_object('role', m.role, 'joined', m.joined, 'team', t.name, 'who', p.handle) AS data
FROM tb_member m JOIN tb_team t ON t.pk_team = m.fk_team JOIN tb_person p ON p.pk_person = m.fk_person

-- key_swapped; key who, team
SELECT p.pk_person AS who, t.pk_team AS team, p.id, jsonb_build_object('role', m.role) AS data
FROM tb_team t JOIN tb_member m ON m.fk_team = t.pk_team JOIN tb_person p ON p.pk_person = m.fk_person

-- key_of_partitions; key region, pk_event
SELECT e.region, e.pk_event, e.id, jsonb_build_object('at', e.at, 'amount', e.amount, 'who', p.handle, 'payload', e.payload) AS data
FROM tb_event e LEFT JOIN tb_person p ON p.pk_person = e.fk_person

-- key_of_one_partition
SELECT e.pk_event AS pk_key_of_one_partition, e.id, jsonb_build_object('amount', e.amount) AS data FROM tb_event_1 e

-- key_of_slots; key a, b
SELECT s.a, s.b, NULL::uuid AS id, jsonb_build_object('label', s.label, 'paid', sum(b.paid), 'n', count(b.pk_booking)) AS data
FROM tb_slot s LEFT JOIN tb_booking b ON b.slot_a = s.a AND b.slot_b = s.b GROUP BY s.a, s.b

-- key_expression
SELECT p.pk_person * 10 + 1 AS pk_key_expression, p.id, jsonb_build_object('n', (SELECT count(*) FROM tb_task k WHERE k.fk_person = p.pk_person)) AS data FROM tb_person p

-- key_hashed; key id
SELECT md5(concat(e.region, '-', e.pk_event))::uuid AS id, jsonb_build_object('amount', e.amount) AS data FROM tb_event e

-- key_numeric
SELECT r.amount AS pk_key_numeric, r.id, jsonb_build_object('label', r.label, 'tasks', (SELECT count(*) FROM tb_task k WHERE k.fk_price = r.amount)) AS data FROM tb_price r

-- key_collated; key code
SELECT c.code, c.id, jsonb_build_object('teams', jsonb_agg(t.name ORDER BY t.pk_team), 'codes', jsonb_agg(t.code ORDER BY t.pk_team)) AS data
FROM tb_country c LEFT JOIN tb_team t ON t.code = c.code GROUP BY c.code

-- key_of_the_other_side
SELECT t.pk_team AS pk_key_of_the_other_side, p.id, jsonb_build_object('handle', p.handle) AS data
FROM tb_person p JOIN tb_team t ON t.pk_team = p.pk_person

-- key_may_repeat; loose
SELECT l.owner AS pk_key_may_repeat, NULL::uuid AS id, jsonb_build_object('word', l.word) AS data FROM tb_label l WHERE l.word = 'c'

-- key_may_be_null; loose
SELECT s.low AS pk_key_may_be_null, NULL::uuid AS id, jsonb_build_object('n', count(*)) AS data FROM tb_span s GROUP BY s.low

-- generated_columns
SELECT s.pk_sum AS pk_generated_columns, s.id, jsonb_build_object('twice', s.twice, 'team', t.name, 'ratio', s.ratio, 'raw', s.raw) AS data
FROM tb_sum s LEFT JOIN tb_team t ON t.pk_team = s.link

-- grouped_by_generated
SELECT s.link AS pk_grouped_by_generated, NULL::uuid AS id, jsonb_build_object('n', count(*), 'sum', sum(s.twice)) AS data
FROM tb_sum s WHERE s.link IS NOT NULL GROUP BY s.link

-- quoted_names
SELECT "o o"."pk Odd" AS pk_quoted_names, "o o"."Id" AS id, jsonb_build_object('it''s', "o o"."it's ""so""", 'select', "o o"."select", 'team', "T".name) AS data
FROM "tb_Odd Name" "o o" LEFT JOIN tb_team "T" ON "T".pk_team = "o o"."fk Team"

-- quoted_names_grouped
SELECT t.pk_team AS pk_quoted_names_grouped, t.id, jsonb_build_object('n', count("Id"), 'all', jsonb_agg("select" ORDER BY "pk Odd")) AS data
FROM tb_team t LEFT JOIN "tb_Odd Name" ON "fk Team" = pk_team GROUP BY pk_team

-- inherited; key id
SELECT md5(concat(p.pk_person, '.', sum(a.worth)))::uuid AS id, jsonb_build_object('n', count(a.pk_asset), 'who', p.handle) AS data
FROM tb_person p LEFT JOIN tb_asset a ON a.owner = p.pk_person GROUP BY p.pk_person

-- only_parent
SELECT a.pk_asset AS pk_only_parent, NULL::uuid AS id, jsonb_build_object('label', a.label, 'owner', p.handle) AS data
FROM ONLY tb_asset a LEFT JOIN tb_person p ON p.pk_person = a.owner

-- columns_of_every_kind
SELECT p.pk_person AS pk_columns_of_every_kind, p.id, p.grade, p.handle, p.tags, p.born, p.mood, p.share, t.code, t.size, to_jsonb(p.doc) AS data
FROM tb_person p LEFT JOIN tb_team t ON t.pk_team = p.fk_team

-- local_time; with TimeZone = Asia/Kolkata; with DateStyle = German
SELECT k.pk_task AS pk_local_time, k.id, jsonb_build_object('due', k.due, 'text', k.due::text, 'day', k.due::date::text, 'born', p.born::text) AS data
FROM tb_task k LEFT JOIN tb_person p ON p.pk_person = k.fk_person

-- local_text; with IntervalStyle = sql_standard; with extra_float_digits = -3; with bytea_output = escape
SELECT s.pk_sum AS pk_local_text, s.id, jsonb_build_object('ratio', s.ratio::text, 'raw', s.raw::text,
    'spent', (SELECT jsonb_agg(k.spent::text ORDER BY k.pk_task) FROM tb_task k WHERE k.unshown = s.base)) AS data
FROM tb_sum s

-- grouped_by_local_day; with TimeZone = America/New_York; key day
SELECT k.due::date AS day, NULL::uuid AS id, jsonb_build_object('titles', jsonb_agg(k.title ORDER BY k.pk_task)) AS data
FROM tb_task k WHERE k.due IS NOT NULL GROUP BY k.due::date
