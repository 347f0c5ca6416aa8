-- A page of orders: the rows first, then what is shown of each, and how many there are (counted up to a limit).
-- {matched}: what was searched for. {buyer_name}: as its reader may know it. {beyond}: past the last row seen. {lead}, {tie}: what the list is sorted by.
{matched}
SELECT o.*, s.name AS shop_name, {buyer_name} AS buyer_name, l.lines, n.total
FROM (SELECT o.shop_id, o.order_id, o.buyer_id, o.state, o.updated_at, {lead} AS lead, {tie} AS tie
      FROM orders o WHERE {where} AND {beyond} ORDER BY {order} LIMIT {limit}) o
LEFT JOIN shops s ON s.shop_id = o.shop_id
LEFT JOIN buyers b ON b.buyer_id = o.buyer_id
LEFT JOIN people p ON p.shop_id = o.shop_id AND p.order_id = o.order_id
CROSS JOIN LATERAL
    (SELECT json_agg(json_build_object('line', l.line_id, 'title', l.title, 'variant', l.variant,
                                       'quantity', l.quantity, 'sku', l.sku, 'image', l.image, 'options', l.options,
                                       'cancelled', l.cancelled, 'unit_minor', l.unit_minor) ORDER BY l.place)::text
            AS lines
     FROM order_lines l WHERE l.shop_id = o.shop_id AND l.order_id = o.order_id) l
CROSS JOIN (SELECT count(*) AS total FROM (SELECT FROM orders o WHERE {where} LIMIT {counted}) counted) n
ORDER BY {order_out}
