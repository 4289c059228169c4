-- Grouping, DISTINCT and windows.

-- grouped_having
SELECT p.pk_person AS pk_grouped_having, p.id, jsonb_build_object('n', count(k.pk_task), 'open', count(*) FILTER (WHERE k.state = 'low')) AS data
FROM tb_person p LEFT JOIN tb_task k ON k.fk_person = p.pk_person GROUP BY p.pk_person HAVING count(*) < 3

-- grouped_by_link
SELECT k.fk_person AS pk_grouped_by_link, NULL::uuid AS id, jsonb_build_object('n', count(*), 'spent', sum(k.unshown)) AS data
FROM tb_task k WHERE k.fk_person IS NOT NULL GROUP BY k.fk_person

-- grouped_by_expression
SELECT p.share % 3 AS pk_grouped_by_expression, NULL::uuid AS id, jsonb_build_object('handles', jsonb_agg(p.handle ORDER BY p.pk_person)) AS data
FROM tb_person p WHERE p.share IS NOT NULL GROUP BY p.share % 3

-- grouped_by_number
SELECT trim_scale(k.fk_price) AS pk_grouped_by_number, NULL::uuid AS id, jsonb_build_object('titles', string_agg(k.title, ',' ORDER BY k.pk_task)) AS data
FROM tb_task k WHERE k.fk_price IS NOT NULL GROUP BY k.fk_price

-- grouped_by_collated
SELECT lower(l.mark COLLATE "C") AS pk_grouped_by_collated, NULL::uuid AS id, jsonb_build_object('n', count(*), 'weights', sum(l.weight)) AS data
FROM tb_label l WHERE l.mark IS NOT NULL GROUP BY lower(l.mark COLLATE "C")

-- grouped_by_two; key fk_team, mood
SELECT p.fk_team, p.mood, NULL::uuid AS id, jsonb_build_object('n', count(*), 'land', max(c.name)) AS data
FROM tb_person p JOIN tb_team t ON t.pk_team = p.fk_team LEFT JOIN tb_country c ON c.code = t.code
WHERE p.mood IS NOT NULL GROUP BY p.fk_team, p.mood

-- grouped_partitions
SELECT e.region AS pk_grouped_partitions, NULL::uuid AS id, jsonb_build_object('n', count(*), 'sum', sum(e.amount), 'who', jsonb_agg(p.handle ORDER BY e.pk_event)) AS data
FROM tb_event e LEFT JOIN tb_person p ON p.pk_person = e.fk_person GROUP BY e.region

-- ordered_aggregates
SELECT t.pk_team AS pk_ordered_aggregates, t.id, jsonb_build_object('h', string_agg(p.handle::text, ',' ORDER BY p.grade DESC, p.pk_person),
    'first', (array_agg(p.mood ORDER BY p.born NULLS FIRST, p.pk_person))[1], 'set', jsonb_agg(DISTINCT p.mood),
    'mode', percentile_disc(0.5) WITHIN GROUP (ORDER BY p.share)) AS data
FROM tb_team t LEFT JOIN tb_person p ON p.fk_team = t.pk_team GROUP BY t.pk_team

-- rollup; key id
SELECT md5(concat(p.fk_team, '/', p.mood, '/', GROUPING(p.fk_team, p.mood)))::uuid AS id, jsonb_build_object('n', count(*), 'g', sum(p.grade)) AS data
FROM tb_person p GROUP BY ROLLUP (p.fk_team, p.mood)

-- rollup_by_key; key fk_team, part
SELECT p.fk_team, coalesce(p.mood::text, '-') || GROUPING(p.mood) AS part, NULL::uuid AS id, jsonb_build_object('n', count(*)) AS data
FROM tb_person p WHERE p.fk_team IS NOT NULL GROUP BY p.fk_team, ROLLUP (p.mood)

-- total; key id
SELECT md5('all')::uuid AS id, jsonb_build_object('n', count(*), 'sum', sum(k.fk_price), 'people', (SELECT count(*) FROM tb_person)) AS data FROM tb_task k

-- distinct
SELECT DISTINCT p.id, jsonb_build_object('share', p.share, 'mood', p.mood) AS data FROM tb_person p JOIN tb_task k ON k.fk_person = p.pk_person

-- distinct_on_key
SELECT DISTINCT ON (p.pk_person) p.pk_person AS pk_distinct_on_key, p.id, jsonb_build_object('first', k.title, 'due', k.due) AS data
FROM tb_person p JOIN tb_task k ON k.fk_person = p.pk_person ORDER BY p.pk_person, k.due, k.pk_task

-- distinct_on_link
SELECT DISTINCT ON (k.fk_person) k.pk_task AS pk_distinct_on_link, k.id, jsonb_build_object('title', k.title) AS data
FROM tb_task k WHERE k.state <> 'mid' ORDER BY k.fk_person, k.due DESC NULLS LAST, k.pk_task

-- window_by_key
SELECT s.pk_person AS pk_window_by_key, s.id, jsonb_build_object('title', s.title, 'of', s.n) AS data
FROM (SELECT p.pk_person, p.id, k.title, row_number() OVER w AS nth, count(*) OVER (PARTITION BY p.pk_person) AS n
      FROM tb_person p JOIN tb_task k ON k.fk_person = p.pk_person WINDOW w AS (PARTITION BY p.pk_person ORDER BY k.due, k.pk_task)) s
WHERE s.nth = 1

-- window_by_team
SELECT p.id, jsonb_build_object('nth', row_number() OVER (PARTITION BY p.fk_team ORDER BY p.grade, p.pk_person),
    'before', lag(p.handle) OVER (PARTITION BY p.fk_team ORDER BY p.grade, p.pk_person)) AS data FROM tb_person p

-- window_by_nothing
SELECT k.pk_task AS pk_window_by_nothing, k.id, jsonb_build_object('rank', rank() OVER (ORDER BY k.due), 'share', sum(k.fk_price) OVER ()) AS data FROM tb_task k

-- window_over_groups
SELECT t.pk_team AS pk_window_over_groups, t.id, jsonb_build_object('n', count(p.pk_person), 'rank', rank() OVER (ORDER BY count(p.pk_person) DESC)) AS data
FROM tb_team t LEFT JOIN tb_person p ON p.fk_team = t.pk_team GROUP BY t.pk_team

-- window_ranked_join
SELECT t.pk_team AS pk_window_ranked_join, t.id, jsonb_build_object('best', g.handle) AS data
FROM tb_team t LEFT JOIN (SELECT p.fk_team, p.handle, row_number() OVER (PARTITION BY p.fk_team ORDER BY p.grade DESC NULLS LAST, p.pk_person) AS nth FROM tb_person p) g
    ON g.fk_team = t.pk_team AND g.nth = 1

-- top_rows
SELECT k.pk_task AS pk_top_rows, k.id, jsonb_build_object('title', k.title) AS data FROM tb_task k ORDER BY k.due DESC NULLS LAST, k.pk_task LIMIT 5

-- having_without_group; key id
SELECT md5('big')::uuid AS id, jsonb_build_object('n', count(*)) AS data FROM tb_person p HAVING count(*) > 5
