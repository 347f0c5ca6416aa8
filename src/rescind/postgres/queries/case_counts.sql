-- How many cases of each kind and status there are.
SELECT c.kind, c.status, count(*) AS count FROM cases c WHERE {where} GROUP BY c.kind, c.status
