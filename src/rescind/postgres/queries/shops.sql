-- Shops, with the name of the policy their new orders are pinned to. $1: one shop's id, or null for all.
SELECT s.shop_id, s.name AS shop_name, s.preset_hash, coalesce(s.shop_hash, '') AS shop_hash,
       coalesce(y.name, '') AS preset, s.settings::text AS settings, s.zone, s.contact::text AS contact
FROM shops s LEFT JOIN policies y ON y.hash = s.preset_hash
WHERE $1::text IS NULL OR s.shop_id = $1
ORDER BY s.name, s.shop_id
