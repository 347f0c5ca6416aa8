-- One order with everything a page about it shows. {where}: which one, and through whose eyes. {since}: the day after
-- which the buyer's counted cancellations are wanted, NULL where nobody asks.
SELECT o.state, o.updated_at, p.recipient::text AS recipient, coalesce(p.note, '') AS note,
       s.shop_id, s.name AS shop_name, s.preset_hash, coalesce(s.shop_hash, '') AS shop_hash,
       coalesce(y.name, '') AS preset, s.settings::text AS settings, s.zone, s.contact::text AS contact,
       o.buyer_id, {buyer_name} AS buyer_name, {email} AS email, {locale} AS locale, p.buyer::text AS buyer,
       (SELECT json_agg(json_build_object('line', l.line_id, 'title', l.title, 'variant', l.variant,
                                          'options', l.options, 'image', l.image) ORDER BY l.place)
        FROM order_lines l WHERE l.shop_id = o.shop_id AND l.order_id = o.order_id)::text AS lines,
       (SELECT json_object_agg(t.text_id, coalesce(t.body, ''))
        FROM texts t WHERE t.shop_id = o.shop_id AND t.order_id = o.order_id)::text AS notes,
       (SELECT coalesce(sum(c.count), 0)::int FROM buyer_counters c
        WHERE c.buyer_id = o.buyer_id AND c.name = 'cancellations' AND c.day > {since}) AS counted
FROM orders o
JOIN shops s ON s.shop_id = o.shop_id
LEFT JOIN policies y ON y.hash = s.preset_hash
LEFT JOIN people p ON p.shop_id = o.shop_id AND p.order_id = o.order_id
LEFT JOIN buyers b ON b.buyer_id = o.buyer_id
WHERE {where}
LIMIT 2
