-- How many orders there are of each stage, and behind each tile; every order is looked at once.
-- {shipping}: what a seller has yet to ship. {lapsing}: what silence approves soon. {unread}: a note waits to be read.
SELECT v.name, sum(v.count)::bigint AS count
FROM (SELECT 'stage:' || o.stage AS stage, count(*) AS count,
             count(*) FILTER (WHERE {shipping} AND o.dispatch_due_at >= {now} AND o.dispatch_due_at < {tomorrow}) AS within,
             count(*) FILTER (WHERE {shipping} AND o.dispatch_due_at < {now}) AS overdue,
             count(*) FILTER (WHERE {unread}) AS unread
      FROM orders o
      WHERE {where}
      GROUP BY o.stage) w
CROSS JOIN LATERAL (VALUES (w.stage, w.count), ('ship_within_24h', w.within), ('shipping_overdue', w.overdue),
                           ('notes_to_read', w.unread)) v (name, count)
GROUP BY v.name
UNION ALL
SELECT 'cancelled', count(*) FROM orders o
WHERE {where} AND o.stage <> 'cancelled'
  AND EXISTS (SELECT FROM cases c WHERE c.shop_id = o.shop_id AND c.order_id = o.order_id AND {cancelled})
UNION ALL
SELECT v.name, v.count
FROM (SELECT count(*) AS waiting, count(*) FILTER (WHERE {lapsing}) AS lapsing
      FROM cases c JOIN orders o ON o.shop_id = c.shop_id AND o.order_id = c.order_id
      WHERE {where} AND {waiting}) w
CROSS JOIN LATERAL (VALUES ('cancellation_requested', w.waiting), ('auto_cancelling_24h', w.lapsing)) v (name, count)
UNION ALL
SELECT 'contradictions', count(DISTINCT (o.shop_id, o.order_id))
FROM cases c JOIN orders o ON o.shop_id = c.shop_id AND o.order_id = c.order_id
WHERE {where} AND {contradiction}
