-- A page of requests and contradictions, built like a page of orders.
{matched}
SELECT c.*, o.number, o.state, s.name AS shop_name, {buyer_name} AS buyer_name, coalesce(p.note, '') AS note, l.lines, n.total
FROM (SELECT c.shop_id, c.case_id, c.order_id, c.buyer_id, c.kind, c.status, c.reason, c.stage, c.rule, c.amount_minor,
             c.currency, c.requested_at, c.due_at, c.on_silence, c.closed_at, c.closed_by, c.filed_by, {lead} AS lead, {tie} AS tie
      FROM cases c WHERE {where} AND {beyond} ORDER BY {order} LIMIT {limit}) c
JOIN orders o ON o.shop_id = c.shop_id AND o.order_id = c.order_id
LEFT JOIN shops s ON s.shop_id = c.shop_id
LEFT JOIN buyers b ON b.buyer_id = c.buyer_id
LEFT JOIN people p ON p.shop_id = c.shop_id AND p.order_id = c.order_id
CROSS JOIN LATERAL
    (SELECT json_agg(json_build_object('line', l.line_id, 'title', l.title, 'variant', l.variant,
                                       'quantity', l.quantity, 'sku', l.sku, 'image', l.image, 'options', l.options,
                                       'cancelled', l.cancelled, 'unit_minor', l.unit_minor) ORDER BY l.place)::text
            AS lines
     FROM order_lines l WHERE l.shop_id = c.shop_id AND l.order_id = c.order_id) l
CROSS JOIN (SELECT count(*) AS total FROM (SELECT FROM cases c WHERE {where} LIMIT {counted}) counted) n
ORDER BY {order_out}
