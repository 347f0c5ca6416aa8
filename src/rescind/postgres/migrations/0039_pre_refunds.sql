-- Every refund as it stands in its order, so that all of them can be listed, narrowed and counted without a look at the
-- orders. place: as of core.views.RefundPlace; it says of one that failed whether somebody has settled it.
CREATE TABLE refunds (
    shop_id      text COLLATE "C" NOT NULL,
    refund_id    text COLLATE "C" NOT NULL,
    order_id     text COLLATE "C" NOT NULL,
    tender_id    text COLLATE "C" NOT NULL,
    method       text NOT NULL,
    currency     char(3) NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    place        text COLLATE "C" NOT NULL,
    status       text COLLATE "C" NOT NULL,
    cause        text NOT NULL,
    reference    text COLLATE "C" NOT NULL,
    owed_at      timestamptz NOT NULL,
    settled_at   timestamptz,
    PRIMARY KEY (shop_id, refund_id)
);
CREATE INDEX refunds_by_time ON refunds (owed_at DESC, refund_id DESC);
CREATE INDEX refunds_by_shop_time ON refunds (shop_id, owed_at DESC, refund_id DESC);
CREATE INDEX refunds_by_place ON refunds (place, owed_at, refund_id);
CREATE INDEX refunds_by_shop_place ON refunds (shop_id, place, owed_at, refund_id);
CREATE INDEX refunds_by_amount ON refunds (amount_minor DESC, refund_id DESC);
CREATE INDEX refunds_by_shop_amount ON refunds (shop_id, amount_minor DESC, refund_id DESC);
CREATE INDEX refunds_by_currency ON refunds (currency, owed_at DESC, refund_id DESC);
CREATE INDEX refunds_of_order ON refunds (shop_id, order_id);
CREATE INDEX refunds_by_reference ON refunds (reference) WHERE reference <> '';
CREATE TYPE refunds_upsert AS (
    shop_id text, refund_id text, order_id text, tender_id text, method text, currency char(3), amount_minor bigint,
    place text, status text, cause text, reference text, owed_at timestamptz, settled_at timestamptz
);
INSERT INTO refunds (shop_id, refund_id, order_id, tender_id, method, currency, amount_minor, place, status, cause,
                     reference, owed_at, settled_at)
SELECT o.shop_id, r ->> 'id', o.order_id, r ->> 'tender', t.method, o.currency, (r ->> 'amount_minor')::bigint,
       CASE coalesce(r ->> 'status', 'owed')
           WHEN 'owed' THEN CASE WHEN coalesce(r ->> 'cause', '') = '' THEN 'owed' ELSE 'not_sent' END
           WHEN 'failed' THEN CASE WHEN f.refund_id IS NULL THEN 'settled' ELSE 'failed' END
           WHEN 'taken_elsewhere' THEN 'settled'
           ELSE r ->> 'status'
       END,
       coalesce(r ->> 'status', 'owed'), coalesce(r ->> 'cause', ''), coalesce(r ->> 'reference', ''),
       (r ->> 'owed_at')::timestamptz, (r ->> 'settled_at')::timestamptz
FROM orders o
CROSS JOIN LATERAL jsonb_array_elements(convert_from(o.state, 'UTF8')::jsonb -> 'refunds') AS r
JOIN tenders t ON t.shop_id = o.shop_id AND t.order_id = o.order_id AND t.tender_id = r ->> 'tender'
LEFT JOIN failed_refunds f ON f.shop_id = o.shop_id AND f.refund_id = r ->> 'id'
WHERE position('"refunds":[{'::bytea IN o.state) > 0;
GRANT SELECT, INSERT, UPDATE ON refunds TO rescind_app;

-- A message that nothing could be made of and that somebody has looked at: who said that nothing is to be made of it, and
-- why. counts: refunds there, by their ids there, of which somebody said that they are money of their own.
ALTER TABLE source_messages ADD COLUMN counts text[] NOT NULL DEFAULT '{}';
ALTER TABLE source_messages ADD COLUMN ignored_by text NOT NULL DEFAULT '';
ALTER TABLE source_messages ADD COLUMN ignored_why text NOT NULL DEFAULT '' CHECK (length(ignored_why) <= 500);
ALTER TABLE source_messages DROP CONSTRAINT source_messages_outcome_check;
ALTER TABLE source_messages ADD CONSTRAINT source_messages_outcome_check
    CHECK (outcome IN ('', 'done', 'no_news', 'set_aside', 'ignored')) NOT VALID;
