-- A page of shops, built like a page of orders.
SELECT o.*, coalesce(y.name, '') AS preset, w.waiting, n.total
FROM (SELECT o.shop_id, o.name AS shop_name, o.preset_hash, coalesce(o.shop_hash, '') AS shop_hash,
             o.settings::text AS settings, o.zone, o.contact::text AS contact, o.created_at,
             {lead} AS lead, {tie} AS tie
      FROM shops o WHERE {where} AND {beyond} ORDER BY {order} LIMIT {limit}) o
LEFT JOIN policies y ON y.hash = o.preset_hash
CROSS JOIN LATERAL
    (SELECT count(*) AS waiting FROM cases c
     WHERE c.shop_id = o.shop_id AND c.kind = 'cancellation' AND c.status = 'awaiting_seller') w
CROSS JOIN (SELECT count(*) AS total FROM (SELECT FROM shops o WHERE {where} LIMIT {counted}) counted) n
ORDER BY {order_out}
