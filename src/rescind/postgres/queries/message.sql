-- What is read of a message (m) together with it: its files, who has seen it, its translations.
m.message_id, m.audience, m.side, m.author, m.body, m.salt, m.digest, m.sent_at, m.flag,
       m.outside_way, m.outside_at, m.answers,
       (SELECT json_agg(json_build_object('id', e.evidence_id, 'type', e.type, 'size', e.size, 'digest', e.digest)
                        ORDER BY array_position(m.evidence, e.evidence_id))
        FROM evidence e WHERE e.shop_id = m.shop_id AND e.evidence_id = ANY(m.evidence))::text AS files,
       (SELECT json_object_agg(r.side, r.seen_at)
        FROM (SELECT r.side, min(r.seen_at) AS seen_at FROM message_reads r
              WHERE r.shop_id = m.shop_id AND r.thread_id = m.thread_id AND r.place >= m.place AND r.side <> m.side
              GROUP BY r.side) r)::text AS seen,
       (SELECT json_object_agg(l.language, json_build_object('text', l.body, 'by', l.translator, 'at', l.translated_at))
        FROM translations l
        WHERE l.shop_id = m.shop_id AND l.message_id = m.message_id AND m.body IS NOT NULL)::text AS translated
