-- A page of refunds that the marketplace pays out itself, built like a page of cases.
SELECT c.*, o.state, s.name AS shop_name, {buyer_name} AS buyer_name, n.total
FROM (SELECT c.shop_id, c.case_id, c.order_id, c.buyer_id, {lead} AS lead, {tie} AS tie
      FROM cases c WHERE {where} AND {beyond} ORDER BY {order} LIMIT {limit}) c
JOIN orders o ON o.shop_id = c.shop_id AND o.order_id = c.order_id
LEFT JOIN shops s ON s.shop_id = c.shop_id
LEFT JOIN buyers b ON b.buyer_id = c.buyer_id
LEFT JOIN people p ON p.shop_id = c.shop_id AND p.order_id = c.order_id
CROSS JOIN (SELECT count(*) AS total FROM (SELECT FROM cases c WHERE {where} LIMIT {counted}) counted) n
ORDER BY {order_out}
