-- A page of the shops without a verified address (s), each with the requests that wait for its answer.
WITH unreached AS (
    SELECT s.shop_id, s.name, k.waiting, k.since
    FROM shops s CROSS JOIN LATERAL (
        SELECT count(*)::int AS waiting, min(c.requested_at) AS since FROM cases c
        WHERE c.shop_id = s.shop_id AND c.kind = 'cancellation' AND c.status = 'awaiting_seller') k
    WHERE NOT EXISTS (
        SELECT FROM notice_channels c
        WHERE c.shop_id = s.shop_id AND c.verified_at IS NOT NULL AND c.gone_at IS NULL))
SELECT s.*, n.total
FROM (SELECT s.*, {lead} AS lead, {tie} AS tie
      FROM unreached s WHERE {where} AND {beyond} ORDER BY {order} LIMIT {limit}) s
CROSS JOIN (SELECT count(*) AS total FROM (SELECT FROM unreached s WHERE {where} LIMIT {counted}) counted) n
ORDER BY {order_out}
