-- Refunds that are owed and cannot be sent, why, and since when, so that whoever can do something about it is told
-- without a look at every order.
CREATE TABLE unsent_refunds (
    shop_id      text COLLATE "C" NOT NULL,
    refund_id    text COLLATE "C" NOT NULL,
    order_id     text COLLATE "C" NOT NULL,
    cause        text NOT NULL,
    unsent_at    timestamptz NOT NULL,
    PRIMARY KEY (shop_id, refund_id)
);
CREATE INDEX unsent_refunds_by_time ON unsent_refunds (unsent_at, refund_id);
CREATE TYPE unsent_refunds_upsert AS (
    shop_id text, refund_id text, order_id text, cause text, unsent_at timestamptz
);
CREATE TYPE unsent_refunds_delete AS (shop_id text, refund_id text);
INSERT INTO unsent_refunds (shop_id, refund_id, order_id, cause, unsent_at)
SELECT o.shop_id, r ->> 'id', o.order_id, r ->> 'cause', (r ->> 'owed_at')::timestamptz
FROM due d JOIN orders o USING (shop_id, order_id)
CROSS JOIN LATERAL jsonb_array_elements(convert_from(o.state, 'UTF8')::jsonb -> 'refunds') AS r
WHERE d.kind = 'refund' AND r ->> 'id' = d.ref AND coalesce(r ->> 'status', 'owed') = 'owed'
  AND r ->> 'cause' IN ('account_missing', 'details_invalid', 'not_set_up');
GRANT SELECT, INSERT, UPDATE, DELETE ON unsent_refunds TO rescind_app;
