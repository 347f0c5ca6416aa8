-- What was offered stands in the conversation about its order, which it opens where nobody has said anything, and whom
-- an offer waits for has it unread. An offer takes a place in the conversation, and there is no message at it.
WITH offered AS MATERIALIZED (
    SELECT c.shop_id, c.order_id, min(e.received_at) AS first_at, max(e.received_at) AS last_at
    FROM (SELECT DISTINCT shop_id, order_id FROM cases WHERE kind = 'cancellation') c
    JOIN events e USING (shop_id, order_id)
    WHERE e.type IN ('OfferMade', 'OfferAccepted', 'OfferDeclined')
    GROUP BY c.shop_id, c.order_id
), opened AS (
    INSERT INTO threads (shop_id, thread_id, buyer_id, about, order_id, opened_at, messages)
    SELECT shop_id, 'cnv_' || substr(shop_id, 5) || (
               -- 45 bits of time and chance, then 25 of chance alone; five a letter, as all ids are written.
               SELECT string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz', (part >> 5 * place & 31)::int + 1, 1), ''
                                 ORDER BY half, place DESC)
               FROM (VALUES (1, (extract(epoch FROM first_at) * 1000)::bigint * 8 + floor(random() * 8)::bigint, 8),
                            (2, floor(random() * 33554432)::bigint, 4)) AS halves (half, part, most),
                    generate_series(0, most) AS place),
           o.buyer_id, 'order', order_id, first_at, 1
    FROM offered JOIN orders o USING (shop_id, order_id)
    ON CONFLICT (shop_id, order_id) DO UPDATE SET messages = threads.messages + 1
    RETURNING shop_id, thread_id, order_id, buyer_id, messages
)
INSERT INTO thread_sides (shop_id, thread_id, side, buyer_id, last_at, last_place, new_place)
SELECT t.shop_id, t.thread_id, one.side, t.buyer_id, f.last_at, 0,
       CASE WHEN one.side = w.waits THEN t.messages ELSE 0 END
FROM opened t
JOIN offered f USING (shop_id, order_id)
CROSS JOIN unnest(ARRAY['buyer', 'seller', 'platform']) AS one (side)
LEFT JOIN LATERAL (
    SELECT CASE WHEN e.type <> 'OfferMade' THEN NULL
                WHEN convert_from(e.body, 'UTF8')::jsonb #>> '{event,by}' = 'buyer' THEN 'seller'
                ELSE 'buyer' END AS waits
    FROM events e
    WHERE e.shop_id = t.shop_id AND e.order_id = t.order_id
      AND e.type IN ('OfferMade', 'OfferAccepted', 'OfferDeclined', 'CancellationApproved', 'CancellationRefused',
                     'CancellationWithdrawn', 'CancellationOvertaken', 'CancellationUndone')
    ORDER BY e.seq DESC LIMIT 1
) w ON true
ON CONFLICT (shop_id, thread_id, side) DO UPDATE SET
    last_at = greatest(thread_sides.last_at, excluded.last_at),
    new_place = greatest(thread_sides.new_place, excluded.new_place);

-- A file may come before there is an order. thread_id: the conversation it was sent for. Neither this nor order_id: it
-- was sent to a shop that is about to be asked something, and goes along with the first message that names it.
ALTER TABLE evidence
    ALTER COLUMN order_id DROP NOT NULL,
    ADD COLUMN thread_id text COLLATE "C",
    ADD CONSTRAINT evidence_of_one CHECK (order_id IS NULL OR thread_id IS NULL) NOT VALID,
    ADD UNIQUE (shop_id, thread_id, by_role, by_id, digest),
    ADD UNIQUE (shop_id, thread_id, by_role, place);
CREATE UNIQUE INDEX evidence_unasked ON evidence (shop_id, by_role, by_id, digest)
    WHERE order_id IS NULL AND thread_id IS NULL;
-- What somebody sent before any order, for how much of that there may be in a day.
CREATE INDEX evidence_before_orders ON evidence (shop_id, by_role, by_id, uploaded_at) WHERE order_id IS NULL;

-- Up to where somebody with an account has seen a conversation in which they have written: a note among support is new to
-- each of them. Everything else is seen by a side as a whole. note_place: of the last such note.
CREATE TABLE thread_people (
    shop_id    text COLLATE "C" NOT NULL,
    thread_id  text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    seen_place integer NOT NULL,
    PRIMARY KEY (shop_id, thread_id, account_id)
);
CREATE INDEX thread_people_by_account ON thread_people (account_id);
GRANT SELECT, INSERT, UPDATE ON thread_people TO rescind_app;
ALTER TABLE thread_sides ADD COLUMN note_place integer NOT NULL DEFAULT 0;
