-- The most acts of one day, for those who set one; used_acts: of the day used_on.
ALTER TABLE mandates ADD COLUMN acts_a_day bigint CHECK (acts_a_day > 0);
ALTER TABLE mandates ADD COLUMN used_acts bigint NOT NULL DEFAULT 0;
ALTER TABLE mandates ADD CONSTRAINT mandates_acts_of_a_day CHECK (acts_a_day IS NULL OR used_acts <= acts_a_day);
GRANT UPDATE (used_acts) ON mandates TO rescind_app;

-- What was done under which mandate. seq: the first record of the act in its order. worth_minor: what it was about;
-- counted_minor: what of it counted against the day. Both in minor units of the mandate's currency.
CREATE TABLE mandate_acts (
    shop_id       text COLLATE "C" NOT NULL,
    order_id      text COLLATE "C" NOT NULL,
    seq           integer NOT NULL CHECK (seq > 0),
    mandate_id    text COLLATE "C" NOT NULL REFERENCES mandates,
    act           text NOT NULL,
    worth_minor   bigint NOT NULL CHECK (worth_minor >= 0),
    counted_minor bigint NOT NULL CHECK (counted_minor BETWEEN 0 AND worth_minor),
    done_at       timestamptz NOT NULL,
    id            bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (shop_id, order_id, seq)
);
CREATE INDEX mandate_acts_of_mandate ON mandate_acts (mandate_id, id DESC);
CREATE INDEX mandate_acts_of_shop ON mandate_acts (shop_id, mandate_id, id DESC);
GRANT SELECT, INSERT ON mandate_acts TO rescind_app;

-- What was done so far, from the records that name a mandate. They say what went back or would, which is what was
-- counted then. Where nobody was given a mandate yet, no record is looked at.
INSERT INTO mandate_acts (shop_id, order_id, seq, mandate_id, act, worth_minor, counted_minor, done_at)
SELECT e.shop_id, e.order_id, e.seq, m.mandate_id,
       CASE
           WHEN e.type = 'OfferMade' THEN 'offer'
           WHEN e.type = 'CancellationWithdrawn' THEN 'withdraw'
           WHEN f.event ? 'request' THEN 'cancel'
           WHEN e.type = 'CancellationRefused' THEN 'refuse'
           ELSE 'approve'
       END,
       f.worth, CASE WHEN e.type IN ('CancellationRefused', 'CancellationWithdrawn') THEN 0 ELSE f.worth END,
       e.received_at
FROM events e
CROSS JOIN LATERAL (SELECT convert_from(e.body, 'UTF8')::jsonb AS record) AS r
JOIN mandates m ON m.mandate_id = r.record -> 'actor' ->> 'mandate'
CROSS JOIN LATERAL (
    SELECT r.record -> 'event' AS event,
           greatest(
               coalesce((SELECT sum((one ->> 'amount_minor')::bigint)
                         FROM jsonb_array_elements(r.record -> 'event' -> 'refunds') AS one), 0),
               coalesce((r.record -> 'event' -> 'request' ->> 'refund_minor')::bigint, 0),
               coalesce((r.record -> 'event' ->> 'amount_minor')::bigint, 0),
               coalesce((r.record -> 'event' ->> 'refund_minor')::bigint, 0),
               CASE WHEN e.type IN ('CancellationHeld', 'CancellationRefused', 'CancellationWithdrawn') THEN
                   coalesce((SELECT (one ->> 'refund_minor')::bigint
                             FROM orders o, jsonb_array_elements(convert_from(o.state, 'UTF8')::jsonb -> 'cancellations') AS one
                             WHERE (o.shop_id, o.order_id) = (e.shop_id, e.order_id)
                               AND one ->> 'id' = r.record -> 'event' ->> 'cancellation'), 0)
               ELSE 0 END
           ) AS worth
) AS f
WHERE e.received_at >= (SELECT min(made_at) FROM mandates)
  AND position('"mandate":"man_'::bytea IN e.body) > 0
  AND e.type IN ('CancellationApproved', 'SellerAsked', 'CancellationHeld', 'CancellationRefused',
                 'CancellationWithdrawn', 'OfferMade')
ORDER BY e.received_at, e.id;
