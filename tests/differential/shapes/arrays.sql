-- Arrays, documents and functions that return rows.

-- any_array
SELECT t.pk_team AS pk_any_array, t.id, jsonb_build_object('tagged', (SELECT jsonb_agg(p.pk_person ORDER BY p.pk_person)
    FROM tb_person p WHERE t.pk_team = ANY (p.tags))) AS data
FROM tb_team t

-- any_own_array
SELECT p.pk_person AS pk_any_own_array, p.id, jsonb_build_object('teams', jsonb_agg(t.name ORDER BY t.pk_team)) AS data
FROM tb_person p LEFT JOIN tb_team t ON t.pk_team = ANY (p.tags) GROUP BY p.pk_person

-- unnest_lateral
SELECT p.pk_person AS pk_unnest_lateral, p.id, jsonb_build_object('names', jsonb_agg(t.name ORDER BY u.nth)) AS data
FROM tb_person p CROSS JOIN LATERAL unnest(p.tags) WITH ORDINALITY AS u (tag, nth) LEFT JOIN tb_team t ON t.pk_team = u.tag GROUP BY p.pk_person

-- unnest_from
SELECT p.pk_person AS pk_unnest_from, p.id, jsonb_build_object('n', count(t.pk_team)) AS data
FROM tb_person p, unnest(p.tags) u JOIN tb_team t ON t.pk_team = u GROUP BY p.pk_person

-- unnest_key
SELECT u.tag AS pk_unnest_key, md5(u.tag::text)::uuid AS id, jsonb_build_object('people', jsonb_agg(p.pk_person ORDER BY p.pk_person)) AS data
FROM tb_person p, unnest(p.tags) AS u (tag) WHERE u.tag IS NOT NULL GROUP BY u.tag

-- unnest_select_list
SELECT s.pk_person AS pk_unnest_select_list, s.id, jsonb_build_object('sum', sum(t.size), 'n', count(s.tag)) AS data
FROM (SELECT p.pk_person, p.id, unnest(p.tags) AS tag FROM tb_person p) s LEFT JOIN tb_team t ON t.pk_team = s.tag GROUP BY s.pk_person, s.id

-- json_elements
SELECT p.pk_person AS pk_json_elements, p.id, jsonb_build_object('links', jsonb_agg(t.name ORDER BY e.nth)) AS data
FROM tb_person p CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(p.doc -> 'links') WHEN 'array' THEN p.doc -> 'links' END)
    WITH ORDINALITY AS e (link, nth)
LEFT JOIN tb_team t ON t.pk_team::text = e.link #>> '{}' GROUP BY p.pk_person

-- json_field_link
SELECT p.pk_person AS pk_json_field_link, p.id, jsonb_build_object('price', r.label, 'n', p.doc -> 'n') AS data
FROM tb_person p LEFT JOIN tb_price r ON r.amount = (p.doc ->> 'n')::numeric

-- json_contains
SELECT t.pk_team AS pk_json_contains, t.id, jsonb_build_object('n', count(p.pk_person)) AS data
FROM tb_team t LEFT JOIN tb_person p ON p.doc -> 'links' @> to_jsonb(t.pk_team) GROUP BY t.pk_team

-- series
SELECT s.pk_sum AS pk_series, s.id, jsonb_build_object('teams', (SELECT jsonb_agg(t.name ORDER BY n) FROM generate_series(1, s.link) n LEFT JOIN tb_team t ON t.pk_team = n)) AS data
FROM tb_sum s

-- series_of_spans
SELECT n AS pk_series_of_spans, md5(n::text)::uuid AS id, jsonb_build_object('labels', jsonb_agg(s.label ORDER BY s.label)) AS data
FROM tb_span s CROSS JOIN LATERAL generate_series(s.low, s.high) n GROUP BY n

-- whole_row
SELECT p.pk_person AS pk_whole_row, p.id, jsonb_build_object('row', to_jsonb(p), 'team', to_jsonb(t) - 'unshown') AS data
FROM tb_person p LEFT JOIN tb_team t ON t.pk_team = p.fk_team
