-- A page of the record of lists that were taken away, built like a page of shops.
SELECT o.*, coalesce(s.name, '') AS shop_name, n.total
FROM (SELECT o.export_id, o.role, o.shop_id, o.person, o.credential, o.via, o.list, o.query, o.columns, o.personal,
             o.format, o.rows, o.began_at, o.ended_at, {lead} AS lead, {tie} AS tie
      FROM list_exports o WHERE {where} AND {beyond} ORDER BY {order} LIMIT {limit}) o
LEFT JOIN shops s ON s.shop_id = o.shop_id
CROSS JOIN (SELECT count(*) AS total FROM (SELECT FROM list_exports o WHERE {where} LIMIT {counted}) counted) n
ORDER BY {order_out}
