-- Since when a shop owes an answer in a conversation: the first message of the buyer's to everyone after the shop's last
-- one. It is kept, so that a list of those that wait begins with the oldest and reads no message.
ALTER TABLE threads ADD COLUMN waits_since timestamptz;
UPDATE threads t SET waits_since = (
    SELECT min(m.sent_at) FROM messages m
    WHERE m.shop_id = t.shop_id AND m.thread_id = t.thread_id AND m.side = 'buyer' AND m.audience = 'everyone'
      AND m.outside_way IS NULL AND m.place > coalesce((
          SELECT max(a.place) FROM messages a
          WHERE a.shop_id = t.shop_id AND a.thread_id = t.thread_id AND a.side = 'seller' AND a.audience = 'everyone'
            AND a.outside_way IS NULL), 0)
);
CREATE INDEX threads_waiting ON threads (shop_id, waits_since, thread_id) WHERE waits_since IS NOT NULL;
