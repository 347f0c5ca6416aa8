"""Every statement of the write path: one a table, for a whole batch at a time.

Each takes its rows as one parameter, a list of a type of its own; the types are in the migrations.
"""

from collections.abc import Sequence

# One statement sees one moment: an order and the key that changed it are found both or neither.
# clock_timestamp(): now() is when the transaction began, which may be before it was granted its locks.
READ = """
SELECT w.place, coalesce(n.state, o.state), coalesce(n.head, o.head), coalesce(n.updated_at, o.updated_at),
       i.fingerprint, i.order_id, i.first_seq, i.last_seq, c.count, coalesce($2, clock_timestamp())
FROM unnest($1::orders_read[]) AS w
LEFT JOIN orders o ON o.shop_id = w.shop_id AND o.order_id = w.order_id
LEFT JOIN orders n ON n.shop_id = w.shop_id AND n.number = w.number
LEFT JOIN LATERAL (
    SELECT fingerprint, order_id, first_seq, last_seq FROM idempotency
    WHERE shop_id = w.key_shop AND principal = w.principal AND route = w.route AND key = w.key
    LIMIT 1
) i ON true
LEFT JOIN LATERAL (
    SELECT sum(count)::int AS count FROM buyer_counters
    WHERE buyer_id = o.buyer_id AND name = 'cancellations'
      AND day > (coalesce($2::timestamptz, clock_timestamp()) AT TIME ZONE 'UTC')::date - 30
) c ON true
ORDER BY w.place
"""

# NO KEY UPDATE: others may still insert rows that refer to the order. UNION: an OR of the two would read every order.
GIVE = """
INSERT INTO daily_refunds AS d (actor, day, currency, acts, amount_minor)
SELECT $1, $2, $3, 1, $4 WHERE coalesce($5::integer >= 1, true) AND coalesce($4::bigint <= $6::bigint, true)
ON CONFLICT (actor, day, currency) DO UPDATE
SET acts = d.acts + 1, amount_minor = d.amount_minor + excluded.amount_minor
WHERE coalesce(d.acts < $5, true) AND coalesce(d.amount_minor + excluded.amount_minor <= $6, true)
RETURNING 1
"""
"""Counts what somebody gives back on a day, if it is within the limits; those at once take turns at the row's lock."""

LOCK = """
SELECT FROM orders o
WHERE (o.shop_id, o.order_id) IN (
    SELECT * FROM unnest($1::text[], $2::text[])
    UNION
    SELECT shop_id, n.order_id FROM unnest($1::text[], $3::text[]) AS w (shop_id, number)
    JOIN orders n USING (shop_id, number)
)
ORDER BY o.shop_id, o.order_id
FOR NO KEY UPDATE OF o
"""

ASKED = """
SELECT ref, attempts FROM due WHERE shop_id = $1 AND kind = 'refund' AND ref = ANY($2::text[]) ORDER BY ref FOR UPDATE
"""
"""How often refunds were taken up to be sent; nobody takes one up before the transaction ends."""

RECORDS = "SELECT body FROM events WHERE shop_id = $1 AND order_id = $2 AND seq <= $3 ORDER BY seq"

INSERT_ORDERS = """
INSERT INTO orders (shop_id, order_id, number, buyer_id, version, state, head, stage, case_status, due_at, total_minor,
                    currency, placed_at, updated_at, dispatch_due_at)
SELECT * FROM unnest($1::orders_insert[])
"""

UPDATE_ORDERS = """
UPDATE orders o
SET version = w.version, state = w.state, head = w.head, stage = w.stage, case_status = w.case_status,
    due_at = w.due_at, updated_at = w.updated_at, dispatch_due_at = w.dispatch_due_at
FROM unnest($1::orders_update[]) AS w
WHERE o.shop_id = w.shop_id AND o.order_id = w.order_id AND o.version = w.version_before
"""

INSERT_LINES = """
INSERT INTO order_lines (shop_id, order_id, line_id, place, sku, title, variant, options, image, quantity, unit_minor,
                         discount_minor, tax_minor)
SELECT shop_id, order_id, line_id, place, sku, title, variant, options::jsonb, image, quantity, unit_minor,
       discount_minor, tax_minor
FROM unnest($1::order_lines_insert[]) AS w
"""

UPDATE_LINES = """
UPDATE order_lines l SET cancelled = w.cancelled
FROM unnest($1::order_lines_update[]) AS w
WHERE l.shop_id = w.shop_id AND l.order_id = w.order_id AND l.line_id = w.line_id
"""

UPSERT_PARCELS = """
INSERT INTO parcels (shop_id, order_id, parcel_id, carrier, tracking)
SELECT * FROM unnest($1::parcels_upsert[])
ON CONFLICT (shop_id, order_id, parcel_id) DO UPDATE SET carrier = excluded.carrier, tracking = excluded.tracking
"""

INSERT_TENDERS = """
INSERT INTO tenders (shop_id, order_id, tender_id, method, label, currency, amount_minor, captured_minor,
                     reserved_minor, refunded_minor, taken_elsewhere_minor)
SELECT * FROM unnest($1::tenders_insert[])
"""

UPDATE_TENDERS = """
UPDATE tenders t
SET captured_minor = w.captured_minor, reserved_minor = w.reserved_minor, refunded_minor = w.refunded_minor,
    taken_elsewhere_minor = w.taken_elsewhere_minor
FROM unnest($1::tenders_update[]) AS w
WHERE t.shop_id = w.shop_id AND t.order_id = w.order_id AND t.tender_id = w.tender_id
"""

INSERT_PEOPLE = """
INSERT INTO people (shop_id, order_id, recipient, note, buyer)
SELECT shop_id, order_id, recipient::jsonb, note, buyer::jsonb
FROM unnest($1::people_told[]) AS w
ON CONFLICT (shop_id, order_id) DO UPDATE SET recipient = excluded.recipient
"""

INSERT_EVENTS = """
INSERT INTO events (shop_id, order_id, seq, type, body, hash, received_at)
SELECT * FROM unnest($1::events_insert[])
"""

INSERT_TEXTS = """
INSERT INTO texts (shop_id, order_id, text_id, body, salt)
SELECT * FROM unnest($1::texts_insert[])
"""

INSERT_LEDGER = """
INSERT INTO ledger (shop_id, order_id, seq, place, account, tender_id, currency, amount_minor)
SELECT * FROM unnest($1::ledger_insert[])
"""

UPSERT_DUE = """
INSERT INTO due (shop_id, kind, ref, order_id, due_at, slice)
SELECT * FROM unnest($1::due_upsert[])
ON CONFLICT (shop_id, kind, ref) DO UPDATE SET due_at = excluded.due_at, lease_until = NULL
"""

DELETE_DUE = """
DELETE FROM due d USING unnest($1::due_delete[]) AS w
WHERE d.shop_id = w.shop_id AND d.kind = w.kind AND d.ref = w.ref
"""

UPSERT_CASES = """
INSERT INTO cases (shop_id, case_id, order_id, buyer_id, kind, status, reason, stage, rule, amount_minor, currency,
                   requested_at, due_at, on_silence, closed_at, closed_by, filed_by)
SELECT * FROM unnest($1::cases_upsert[])
ON CONFLICT (shop_id, case_id) DO UPDATE
SET status = excluded.status, amount_minor = excluded.amount_minor, due_at = excluded.due_at,
    on_silence = excluded.on_silence, closed_at = excluded.closed_at, closed_by = excluded.closed_by
"""

UPSERT_UNPACKING = """
INSERT INTO unpacking (shop_id, order_id, since, done_at)
SELECT * FROM unnest($1::unpacking_upsert[])
ON CONFLICT (shop_id, order_id) DO UPDATE SET since = excluded.since, done_at = excluded.done_at
"""

UPSERT_REFUNDS = """
INSERT INTO refunds (shop_id, refund_id, order_id, tender_id, method, currency, amount_minor, place, status, cause,
                     reference, owed_at, settled_at)
SELECT * FROM unnest($1::refunds_upsert[])
ON CONFLICT (shop_id, refund_id) DO UPDATE
SET amount_minor = excluded.amount_minor, place = excluded.place, status = excluded.status, cause = excluded.cause,
    reference = excluded.reference, settled_at = excluded.settled_at
"""

# What was told twice failed once.
INSERT_FAILED = """
INSERT INTO failed_refunds (shop_id, refund_id, order_id, failed_at)
SELECT * FROM unnest($1::failed_refunds_insert[])
ON CONFLICT (shop_id, refund_id) DO NOTHING
"""

DELETE_FAILED = """
DELETE FROM failed_refunds f USING unnest($1::failed_refunds_delete[]) AS w
WHERE f.shop_id = w.shop_id AND f.refund_id = w.refund_id
"""

# Since the first unclear answer, however many follow.
INSERT_UNCLEAR = """
INSERT INTO unclear_refunds (shop_id, refund_id, order_id, unclear_at)
SELECT * FROM unnest($1::unclear_refunds_insert[])
ON CONFLICT (shop_id, refund_id) DO NOTHING
"""

DELETE_UNCLEAR = """
DELETE FROM unclear_refunds u USING unnest($1::unclear_refunds_delete[]) AS w
WHERE u.shop_id = w.shop_id AND u.refund_id = w.refund_id
"""

# Since it first could not be sent, whatever is in the way by now.
UPSERT_UNSENT = """
INSERT INTO unsent_refunds (shop_id, refund_id, order_id, cause, unsent_at)
SELECT * FROM unnest($1::unsent_refunds_upsert[])
ON CONFLICT (shop_id, refund_id) DO UPDATE SET cause = excluded.cause
"""

DELETE_UNSENT = """
DELETE FROM unsent_refunds u USING unnest($1::unsent_refunds_delete[]) AS w
WHERE u.shop_id = w.shop_id AND u.refund_id = w.refund_id
"""

INSERT_PAYMENTS = """
INSERT INTO payments (payment, provider, shop_id, order_id, tender_id)
SELECT * FROM unnest($1::payments_insert[]) ON CONFLICT DO NOTHING
"""

INSERT_KEYS = """
INSERT INTO idempotency (shop_id, principal, route, key, fingerprint, order_id, first_seq, last_seq, created_at)
SELECT * FROM unnest($1::idempotency_insert[])
"""

SHARED: dict[str, tuple[int, ...]] = {UPDATE_ORDERS: (0, 1), INSERT_ORDERS: (0, 2), INSERT_KEYS: (0, 1, 2, 3)}
"""Columns of the key of rows that another batch may want as well. In this order everybody takes them: two batches that
took them crosswise would wait for each other.
"""


def together(parts: Sequence[str]) -> str:
    """One statement that runs all of these, in one trip to the server and one transaction.

    Its parameters are the rows of each part, in order, and how many the first part must touch, or nothing is written.
    They all see the same moment, so no two may touch the same row.
    """
    named = [
        f"w{place} AS ({part.replace('$1', f'${place}')}{' RETURNING 1' if place == 1 else ''})"
        for place, part in enumerate(parts, start=1)
    ]
    return f"WITH {', '.join(named)} SELECT require_rows(count(*), ${len(parts) + 1}) FROM w1"  # noqa: S608 - all of it is our own text
