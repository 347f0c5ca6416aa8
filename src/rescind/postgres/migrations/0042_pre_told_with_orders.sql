-- buyer: name, e-mail address and language of the buyer as they were told with this very order.
ALTER TABLE people ADD COLUMN buyer jsonb NOT NULL DEFAULT '{}';
CREATE TYPE people_told AS (shop_id text, order_id text, recipient text, note text, buyer text);

-- Until now the last order of a buyer, whosever it was, said what held of all of them; nobody knows any more which said
-- what.
UPDATE people p SET buyer = jsonb_build_object('name', b.name, 'email', b.email, 'locale', b.locale)
FROM orders o JOIN buyers b ON b.buyer_id = o.buyer_id
WHERE o.shop_id = p.shop_id AND o.order_id = p.order_id;

-- told_at: when the order was placed with which the marketplace told this; what comes late from before it changes nothing.
ALTER TABLE buyers ADD COLUMN told_at timestamptz NOT NULL DEFAULT '-infinity';

-- When all sessions and links of a buyer were ended: what was signed here before that opens nothing any more.
CREATE TABLE buyer_endings (
    buyer_id text COLLATE "C" PRIMARY KEY,
    ended_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE ON buyer_endings TO rescind_app;
