-- A page of conversations as one side has them (x), each with the last message that this side may read, if there is one.
{matched}
SELECT x.*, t.waits_since, t.buyer_id, t.about, t.sku, t.subject, t.order_id, f.order_id AS followed_id,
       coalesce(o.number, f.number, '') AS number, o.state, s.name AS shop_name, CASE WHEN t.order_id IS NULL THEN b.name ELSE p.buyer ->> 'name' END AS buyer_name,
       n.total, {message}
FROM (SELECT x.shop_id, x.thread_id, x.last_at, x.last_place, {unread} AS unread, x.flagged,
             {lead} AS lead, {tie} AS tie
      FROM thread_sides x WHERE {where} AND {beyond} ORDER BY {order} LIMIT {limit}) x
JOIN threads t ON t.shop_id = x.shop_id AND t.thread_id = x.thread_id
LEFT JOIN messages m ON m.shop_id = x.shop_id AND m.thread_id = x.thread_id AND m.place = x.last_place
LEFT JOIN orders o ON o.shop_id = t.shop_id AND o.order_id = t.order_id
LEFT JOIN LATERAL
    (SELECT o.order_id, o.number FROM orders o
     WHERE t.order_id IS NULL AND o.shop_id = t.shop_id AND o.buyer_id = t.buyer_id AND o.placed_at >= t.opened_at
       AND o.placed_at < t.opened_at + interval '30 days'
       AND (t.about = 'shop' OR EXISTS (SELECT FROM order_lines l WHERE l.shop_id = o.shop_id
                                        AND l.order_id = o.order_id AND l.sku = t.sku))
     ORDER BY o.placed_at, o.order_id LIMIT 1) f ON true
LEFT JOIN shops s ON s.shop_id = x.shop_id
LEFT JOIN buyers b ON b.buyer_id = t.buyer_id
LEFT JOIN people p ON p.shop_id = t.shop_id AND p.order_id = t.order_id
CROSS JOIN (SELECT count(*) AS total FROM (SELECT FROM thread_sides x WHERE {where} LIMIT {counted}) counted) n
ORDER BY {order_out}
