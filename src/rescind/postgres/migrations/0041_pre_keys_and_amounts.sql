-- What a key of a program keeps stands under key: and its name from now on. What was kept under the bare name is the
-- key's where nobody signs in by that name, and stays with the person where somebody does.
CREATE TEMPORARY TABLE keys_apart ON COMMIT DROP AS
SELECT DISTINCT CASE k.role WHEN 'operator' THEN 'support' ELSE k.role END AS role, coalesce(k.shop_id, '') AS shop_id,
       k.principal AS person
FROM credentials k
WHERE k.kind = 'key' AND k.role IN ('seller', 'support', 'operator') AND NOT EXISTS (
    SELECT FROM credentials p WHERE p.kind <> 'key' AND p.role <> 'buyer' AND p.principal = k.principal);

UPDATE saved_views t SET person = 'key:' || t.person FROM keys_apart k
WHERE t.role = k.role AND t.shop_id = k.shop_id AND t.person = k.person;
UPDATE list_columns t SET person = 'key:' || t.person FROM keys_apart k
WHERE t.role = k.role AND t.shop_id = k.shop_id AND t.person = k.person;
UPDATE list_files t SET person = 'key:' || t.person FROM keys_apart k
WHERE t.role = k.role AND t.shop_id = k.shop_id AND t.person = k.person;
UPDATE notice_channels t SET person = 'key:' || t.person FROM keys_apart k
WHERE t.role = k.role AND t.shop_id = k.shop_id AND t.person = k.person;
UPDATE notice_preferences t SET person = 'key:' || t.person FROM keys_apart k
WHERE t.role = k.role AND t.shop_id = k.shop_id AND t.person = k.person;
UPDATE push_subscriptions t SET person = 'key:' || t.person FROM keys_apart k
WHERE t.role = k.role AND t.shop_id = k.shop_id AND t.person = k.person;

-- Amounts are compared within their currency: lists are sorted by it and then by the amount, the largest first, and
-- narrowed by both, from one index (postgres/reads/amounts.py).
DROP INDEX orders_by_amount, orders_by_shop_amount;
CREATE INDEX orders_by_amount ON orders (((currency || lpad((1000000000000000 - total_minor)::text, 16, '0')) COLLATE "C"), order_id);
CREATE INDEX orders_by_shop_amount ON orders (shop_id, ((currency || lpad((1000000000000000 - total_minor)::text, 16, '0')) COLLATE "C"), order_id);
DROP INDEX cases_by_amount, cases_by_shop_amount;
CREATE INDEX cases_by_amount ON cases (((currency || lpad((1000000000000000 - amount_minor)::text, 16, '0')) COLLATE "C"), case_id);
CREATE INDEX cases_by_shop_amount ON cases (shop_id, ((currency || lpad((1000000000000000 - amount_minor)::text, 16, '0')) COLLATE "C"), case_id);
DROP INDEX refunds_by_amount, refunds_by_shop_amount;
CREATE INDEX refunds_by_amount ON refunds (((currency || lpad((1000000000000000 - amount_minor)::text, 16, '0')) COLLATE "C"), refund_id);
CREATE INDEX refunds_by_shop_amount ON refunds (shop_id, ((currency || lpad((1000000000000000 - amount_minor)::text, 16, '0')) COLLATE "C"), refund_id);
