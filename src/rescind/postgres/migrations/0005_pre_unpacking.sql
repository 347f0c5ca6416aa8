-- Parcels of cancelled orders that somebody must take apart; done_at: when that was said.
CREATE TABLE unpacking (
    shop_id  text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    since    timestamptz NOT NULL,
    done_at  timestamptz,
    PRIMARY KEY (shop_id, order_id)
);
CREATE INDEX unpacking_waiting ON unpacking (shop_id, since) WHERE done_at IS NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON unpacking TO rescind_app;
