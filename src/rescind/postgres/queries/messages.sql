-- The last messages of a conversation before one of them, of those that a side may read; newest first.
SELECT {message}
FROM messages m
WHERE m.shop_id = $1 AND m.thread_id = $2 AND m.audience = ANY($3::text[])
  AND ($4::text IS NULL OR m.place < (SELECT b.place FROM messages b
                                      WHERE b.shop_id = $1 AND b.thread_id = $2 AND b.message_id = $4))
ORDER BY m.place DESC
LIMIT $5
