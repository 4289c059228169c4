-- The TVIEW of the demo: plain SQL, nothing of the extension's in it. Run by scripts/demo.

CREATE TABLE tv_product AS
SELECT p.pk_product, p.id, p.fk_category,
       jsonb_build_object(
           'id', p.id,
           'name', p.name,
           'price', p.price,
           'category', jsonb_build_object('id', c.id, 'name', c.name, 'parent', parent.name),
           'supplier', CASE WHEN s.pk_supplier IS NOT NULL
                            THEN jsonb_build_object('name', s.name, 'country', s.country) END,
           'stock', coalesce(i.quantity - i.reserved, 0),
           'rating', (SELECT jsonb_build_object('count', count(*), 'average', round(avg(r.rating), 2))
                      FROM tb_review r WHERE r.fk_product = p.pk_product),
           'latest_reviews', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                                         'author', latest.author, 'rating', latest.rating,
                                         'comment', latest.comment, 'written_on', latest.written_on)
                                         ORDER BY latest.written_on DESC, latest.pk_review DESC), '[]')
                              FROM (SELECT r.pk_review, u.name AS author, r.rating, r.comment, r.written_on
                                    FROM tb_review r JOIN tb_user u ON u.pk_user = r.fk_user
                                    WHERE r.fk_product = p.pk_product
                                    ORDER BY r.written_on DESC, r.pk_review DESC LIMIT 3) AS latest)
       ) AS data
FROM tb_product p
JOIN tb_category c ON c.pk_category = p.fk_category
LEFT JOIN tb_category parent ON parent.pk_category = c.fk_parent
LEFT JOIN tb_supplier s ON s.pk_supplier = p.fk_supplier
LEFT JOIN tb_inventory i ON i.fk_product = p.pk_product;
