-- A file may come before there is an order. thread_id: the conversation it was sent for. Neither this nor order_id: it was
-- sent to a shop that is about to be asked something, and goes along with the first message that names it.
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
