-- A page of refunds, built like a page of cases.
{matched}
SELECT r.*, o.number, s.name AS shop_name, d.due_at, w.owner, n.total
FROM (SELECT r.*, {lead} AS lead, {tie} AS tie
      FROM refunds r WHERE {where} AND {beyond} ORDER BY {order} LIMIT {limit}) r
JOIN orders o ON o.shop_id = r.shop_id AND o.order_id = r.order_id
LEFT JOIN shops s ON s.shop_id = r.shop_id
LEFT JOIN due d ON d.shop_id = r.shop_id AND d.kind = 'refund' AND d.ref = r.refund_id
LEFT JOIN refund_owners w ON w.shop_id = r.shop_id AND w.refund_id = r.refund_id
CROSS JOIN (SELECT count(*) AS total FROM (SELECT FROM refunds r WHERE {where} LIMIT {counted}) counted) n
ORDER BY {order_out}
