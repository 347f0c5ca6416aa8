-- How many orders there are of each stage, and behind each tile. {shipping}: what a seller has yet to ship.
-- OFFSET 0: their date is read once for each, not once for each use.
SELECT 'stage:' || o.stage AS name, count(*) AS count FROM orders o WHERE {where} GROUP BY o.stage
UNION ALL
SELECT v.name, v.count
FROM (SELECT count(*) FILTER (WHERE d.dispatch_due_at >= {now} AND d.dispatch_due_at < {tomorrow}) AS within,
             count(*) FILTER (WHERE d.dispatch_due_at < {now}) AS overdue
      FROM orders o CROSS JOIN LATERAL (SELECT {dispatch_due_at} AS dispatch_due_at OFFSET 0) d
      WHERE {where} AND {shipping}) w
CROSS JOIN LATERAL (VALUES ('ship_within_24h', w.within), ('shipping_overdue', w.overdue)) v (name, count)
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
