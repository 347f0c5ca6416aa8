-- Refunds whose provider gave no clear answer, and since when, so that somebody is told when that lasts too long without
-- a look at every order.
CREATE TABLE unclear_refunds (
    shop_id      text COLLATE "C" NOT NULL,
    refund_id    text COLLATE "C" NOT NULL,
    order_id     text COLLATE "C" NOT NULL,
    unclear_at   timestamptz NOT NULL,
    PRIMARY KEY (shop_id, refund_id)
);
CREATE INDEX unclear_refunds_by_time ON unclear_refunds (unclear_at, refund_id);
CREATE TYPE unclear_refunds_insert AS (shop_id text, refund_id text, order_id text, unclear_at timestamptz);
CREATE TYPE unclear_refunds_delete AS (shop_id text, refund_id text);
INSERT INTO unclear_refunds (shop_id, refund_id, order_id, unclear_at)
SELECT o.shop_id, r ->> 'id', o.order_id, (r ->> 'owed_at')::timestamptz
FROM due d JOIN orders o USING (shop_id, order_id)
CROSS JOIN LATERAL jsonb_array_elements(convert_from(o.state, 'UTF8')::jsonb -> 'refunds') AS r
WHERE d.kind = 'refund' AND r ->> 'id' = d.ref AND r ->> 'status' = 'in_doubt';
GRANT SELECT, INSERT, DELETE ON unclear_refunds TO rescind_app;
