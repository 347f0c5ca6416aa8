-- Everything that happened to one order, and the words said about it.
SELECT e.body,
       CASE WHEN e.seq = 1 THEN
           (SELECT json_object_agg(t.text_id, coalesce(t.body, ''))
            FROM texts t WHERE t.shop_id = o.shop_id AND t.order_id = o.order_id)::text
       END AS notes
FROM orders o JOIN events e ON e.shop_id = o.shop_id AND e.order_id = o.order_id
WHERE {where}
ORDER BY e.seq
