-- The last messages of a conversation before one of them, of those that a side may read; newest first.
SELECT m.message_id, m.audience, m.side, m.author, m.body, m.salt, m.digest, m.sent_at, m.flag,
       m.outside_way, m.outside_at, m.answers,
       (SELECT json_agg(json_build_object('id', e.evidence_id, 'type', e.type, 'size', e.size, 'digest', e.digest)
                        ORDER BY array_position(m.evidence, e.evidence_id))
        FROM evidence e WHERE e.shop_id = m.shop_id AND e.evidence_id = ANY(m.evidence))::text AS files,
       (SELECT json_object_agg(r.side, r.seen_at)
        FROM (SELECT r.side, min(r.seen_at) AS seen_at FROM message_reads r
              WHERE r.shop_id = m.shop_id AND r.thread_id = m.thread_id AND r.place >= m.place AND r.side <> m.side
              GROUP BY r.side) r)::text AS seen,
       (SELECT json_object_agg(t.language, json_build_object('text', t.body, 'by', t.translator, 'at', t.translated_at))
        FROM translations t
        WHERE t.shop_id = m.shop_id AND t.message_id = m.message_id AND m.body IS NOT NULL)::text AS translated
FROM messages m
WHERE m.shop_id = $1 AND m.thread_id = $2 AND m.audience = ANY($3::text[])
  AND ($4::text IS NULL OR m.place < (SELECT b.place FROM messages b
                                      WHERE b.shop_id = $1 AND b.thread_id = $2 AND b.message_id = $4))
ORDER BY m.place DESC
LIMIT $5
