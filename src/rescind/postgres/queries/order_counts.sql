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
SELECT v.name, v.count
FROM (SELECT count(DISTINCT (o.shop_id, o.order_id)) FILTER (WHERE {cancelled} AND o.stage <> 'cancelled') AS cancelled,
             count(*) FILTER (WHERE {waiting}) AS waiting,
             count(*) FILTER (WHERE {lapsing}) AS lapsing,
             count(DISTINCT (o.shop_id, o.order_id)) FILTER (WHERE {contradiction}) AS contradictions
      FROM cases c JOIN orders o ON o.shop_id = c.shop_id AND o.order_id = c.order_id
      WHERE {where} AND ({cancelled} OR {contradiction})) w
CROSS JOIN LATERAL (VALUES ('cancelled', w.cancelled), ('cancellation_requested', w.waiting),
                           ('auto_cancelling_24h', w.lapsing), ('contradictions', w.contradictions)) v (name, count)
