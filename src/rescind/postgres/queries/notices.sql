-- A page of one reader's notices (x), each with the order and what is unread of its conversation as they are now.
{matched}
SELECT x.*, o.state, s.name AS shop_name, s.zone, n.total, u.*
FROM (SELECT x.shop_id, x.notice_id, x.order_id, x.thread_id, x.role, x.kind, x.body, x.made_at, x.read_at,
             {lead} AS lead, {tie} AS tie
      FROM notices x WHERE {where} AND {beyond} ORDER BY {order} LIMIT {limit}) x
LEFT JOIN orders o ON o.shop_id = x.shop_id AND o.order_id = x.order_id
LEFT JOIN shops s ON s.shop_id = x.shop_id
{unread}
CROSS JOIN (SELECT count(*) AS total FROM (SELECT FROM notices x WHERE {where} LIMIT {counted}) counted) n
ORDER BY {order_out}
