-- What people are told of conversations. thread_id: whose messages a notice tells of, empty for what an event tells;
-- order_id is empty before there is an order. quiet_until: when it goes out, unless it was read by then; nothing once it
-- went, or where it went with the event.
ALTER TABLE notices
    ADD COLUMN thread_id   text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN quiet_until timestamptz;
CREATE INDEX notices_of_threads ON notices (shop_id, thread_id) WHERE thread_id <> '' AND read_at IS NULL;
CREATE INDEX notices_quiet ON notices (quiet_until) WHERE quiet_until IS NOT NULL;
