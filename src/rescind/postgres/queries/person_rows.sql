-- A page of those who work here, built like a page of orders; a person with two roles stands there twice.
WITH everybody AS (
    SELECT a.account_id AS id, a.email, a.name, r.role, r.shop_id AS shop, r.rights, r.given_at, r.used_at,
           a.totp IS NOT NULL AS app, a.identity <> '' AS identity, coalesce(s.name, '') AS shop_name,
           a.account_id || ' ' || r.role || ' ' || r.shop_id AS place
    FROM account_roles r JOIN accounts a USING (account_id) LEFT JOIN shops s ON s.shop_id = r.shop_id
)
SELECT o.*, (SELECT count(*) FROM passkeys p WHERE p.account_id = o.id) AS passkeys, n.total
FROM (SELECT o.*, {lead} AS lead, {tie} AS tie
      FROM everybody o WHERE {where} AND {beyond} ORDER BY {order} LIMIT {limit}) o
CROSS JOIN (SELECT count(*) AS total FROM (SELECT FROM everybody o WHERE {where} LIMIT {counted}) counted) n
ORDER BY {order_out}
