-- Parcels to be taken apart, the one that has waited longest first, and how many there are. {where}: through whose eyes.
SELECT o.state, u.since, l.lines, count(*) OVER () AS total
FROM unpacking u
JOIN orders o ON o.shop_id = u.shop_id AND o.order_id = u.order_id
CROSS JOIN LATERAL
    (SELECT json_agg(json_build_object('line', l.line_id, 'title', l.title, 'variant', l.variant,
                                       'quantity', l.quantity, 'sku', l.sku, 'image', l.image, 'options', l.options,
                                       'cancelled', l.cancelled, 'unit_minor', l.unit_minor) ORDER BY l.place)::text
            AS lines
     FROM order_lines l WHERE l.shop_id = o.shop_id AND l.order_id = o.order_id) l
WHERE u.done_at IS NULL AND {where}
ORDER BY u.since, u.order_id
LIMIT {limit}
