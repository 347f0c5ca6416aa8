-- Rows as a batch brings them, one type a statement: a list of rows travels as one parameter, and nobody takes it apart
-- into a list for each column first. A type is never altered, because a process of before may still be writing with it:
-- what another release brings gets a type of its own, and the old one is dropped after it.
CREATE TYPE orders_read AS (
    place int, shop_id text, order_id text, number text, key_shop text, principal text, route text, key text
);
CREATE TYPE orders_insert AS (
    shop_id text, order_id text, number text, buyer_id text, version int, state bytea, head bytea, stage text,
    case_status text, due_at timestamptz, total_minor bigint, currency text, placed_at timestamptz,
    updated_at timestamptz, dispatch_due_at timestamptz
);
CREATE TYPE orders_update AS (
    shop_id text, order_id text, version_before int, version int, state bytea, head bytea, stage text,
    case_status text, due_at timestamptz, updated_at timestamptz, dispatch_due_at timestamptz
);
CREATE TYPE order_lines_insert AS (
    shop_id text, order_id text, line_id text, place smallint, sku text, title text, variant text, options text,
    image text, quantity int, unit_minor bigint, discount_minor bigint, tax_minor bigint
);
CREATE TYPE order_lines_update AS (shop_id text, order_id text, line_id text, cancelled int);
CREATE TYPE parcels_upsert AS (shop_id text, order_id text, parcel_id text, carrier text, tracking text);
CREATE TYPE tenders_insert AS (
    shop_id text, order_id text, tender_id text, method text, label text, currency text, amount_minor bigint,
    captured_minor bigint, reserved_minor bigint, refunded_minor bigint, taken_elsewhere_minor bigint
);
CREATE TYPE tenders_update AS (
    shop_id text, order_id text, tender_id text, captured_minor bigint, reserved_minor bigint, refunded_minor bigint,
    taken_elsewhere_minor bigint
);
CREATE TYPE people_upsert AS (shop_id text, order_id text, recipient text, note text);
CREATE TYPE events_insert AS (
    shop_id text, order_id text, seq int, type text, body bytea, hash bytea, received_at timestamptz
);
CREATE TYPE texts_insert AS (shop_id text, order_id text, text_id text, body text, salt text);
CREATE TYPE ledger_insert AS (
    shop_id text, order_id text, seq int, place smallint, account text, tender_id text, currency text,
    amount_minor bigint
);
CREATE TYPE cases_upsert AS (
    shop_id text, case_id text, order_id text, buyer_id text, kind text, status text, reason text, stage text,
    rule text, amount_minor bigint, currency text, requested_at timestamptz, due_at timestamptz, on_silence text,
    closed_at timestamptz, closed_by text, filed_by text
);
CREATE TYPE unpacking_upsert AS (shop_id text, order_id text, since timestamptz, done_at timestamptz);
CREATE TYPE due_upsert AS (
    shop_id text, kind text, ref text, order_id text, due_at timestamptz, slice smallint
);
CREATE TYPE due_delete AS (shop_id text, kind text, ref text);
CREATE TYPE idempotency_insert AS (
    shop_id text, principal text, route text, key text, fingerprint bytea, order_id text, first_seq int, last_seq int,
    created_at timestamptz
);
