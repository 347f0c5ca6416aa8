-- What became visible after a place in the stream. Only below the oldest transaction still running: one that began
-- early may commit late, and would otherwise be passed over. $1, $2: transaction and id read last; $3: how many.
SELECT e.tx::text AS tx, e.id, o.shop_id, o.buyer_id, e.body
FROM events e JOIN orders o ON o.shop_id = e.shop_id AND o.order_id = e.order_id
WHERE (e.tx, e.id) > ($1::text::xid8, $2::bigint) AND e.tx < pg_snapshot_xmin(pg_current_snapshot()) AND {where}
ORDER BY e.tx, e.id
LIMIT $3
