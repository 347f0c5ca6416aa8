"""What a side has not read of the conversation that a notice tells of, as a piece of the queries that read notices."""

from __future__ import annotations

import itertools

import asyncpg

from rescind.core.conversation import SIDES, Audience, Flag, alerted
from rescind.core.notice import Unread

# Who is called by which message is said in one place; here it stands as a table.
_ALERTING = ", ".join(
    f"('{side}', '{by}', '{audience.value}', '{flag.value if flag else ''}')"
    for side, by, audience, flag in itertools.product(SIDES, SIDES, Audience, (None, *Flag))
    if alerted(side, by, audience, flag)
)
_UNREAD = """
CROSS JOIN LATERAL (
    SELECT count(*)::int AS unread, (array_agg(m.body ORDER BY m.place DESC))[1] AS newest,
           (array_agg(m.side ORDER BY m.place DESC))[1] AS newest_by,
           (SELECT c.waits_since FROM threads c
            WHERE c.shop_id = {n}.shop_id AND c.thread_id = {n}.thread_id) AS owed_since
    FROM thread_sides t
    JOIN messages m ON m.shop_id = t.shop_id AND m.thread_id = t.thread_id AND m.place > t.seen_place
    WHERE t.shop_id = {n}.shop_id AND t.thread_id = {n}.thread_id
      AND t.side = CASE {n}.role WHEN 'support' THEN 'platform' ELSE {n}.role END
      AND (m.outside_at IS NULL) = ({n}.kind = 'message')
      AND (t.side, m.side, m.audience, m.flag) IN (VALUES {alerting})
) u
"""


def unread(alias: str) -> str:
    """The piece, joined to rows of notices: one row for each, which counts none where it is of no conversation."""
    return _UNREAD.format(n=alias, alerting=_ALERTING)


def unread_of(row: asyncpg.Record) -> Unread:
    """What a row with this piece says."""
    newest = row["newest"] or ""
    if row["kind"] == "contact_note":
        # Its first line is with whom it was said.
        newest = newest.partition("\n")[2]
    return Unread(count=row["unread"], text=newest, by=row["newest_by"] or "", since=row["owed_since"])
