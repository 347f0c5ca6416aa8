"""Operators edit a calendar: it counts for what is decided later, and no promise and no receipt changes."""

import asyncio
import json
from datetime import UTC, date, datetime

import pytest

from postgres.market import LANTERN
from rescind.book import FRESH_S, Book
from rescind.core.policy import restore
from rescind.core.record import decode_order
from rescind.core.stage import Stage
from rescind.postgres.calendars import CalendarTable
from rescind.postgres.policies import PolicyTable
from rescind.receipts.checking import check

DAYS = "/v1/calendars/US/days"
TYPHOON = {"day": "2026-05-06", "says": "closed", "reason": "Storm, carriers do not collect"}
"""The clock of the tests begins on Monday, 4 May; in Los Angeles it is one in the morning."""


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def test_a_closed_day_moves_what_is_promised_later_and_nothing_promised_before(people, market):  # R-072, E-07
    before = await market.order(Stage.REVIEW, shop=LANTERN)
    told = await people.ops.post(DAYS, TYPHOON)
    assert told.status_code == 200, told.text
    after = await market.order(Stage.REVIEW, shop=LANTERN)
    due = {one: (await market.read(order)).dispatch_due_at for one, order in (("b", before), ("a", after))}
    assert due == {"b": at("2026-05-07T07:00"), "a": at("2026-05-08T07:00")}
    timers = {one.name: one.due_at for one in (await market.read(before)).timers}
    await market.fact(before, "paid")
    assert {one.name: one.due_at for one in (await market.read(before)).timers} == timers


async def test_a_receipt_is_checked_by_the_calendar_of_its_decision(people, market, desk):
    order = await market.order(Stage.ALLOCATED, shop=LANTERN)
    market.clock.set(at("2026-05-04T10:00"))
    asked = await people.ann.post(f"/v1/orders/{order}/cancellations", {"reason": "changed_mind"})
    old = (await people.ann.get(asked.json()["receipt"])).content
    await people.ops.post(DAYS, TYPHOON)
    await people.ops.post(DAYS, {"day": "2026-05-09", "says": "open", "reason": "Worked for Wednesday"})
    again = json.loads((await people.ann.get(asked.json()["receipt"])).content)
    assert again["calendar"] == json.loads(old)["calendar"], "as it was when it was decided"
    other = await market.order(Stage.ALLOCATED, shop=LANTERN)
    market.clock.set(at("2026-05-04T12:00"))
    later = await people.ann.post(f"/v1/orders/{other}/cancellations", {"reason": "changed_mind"})
    new = (await people.ann.get(later.json()["receipt"])).content
    days = json.loads(new)["calendar"]
    assert days["hash"] != again["calendar"]["hash"]
    assert ("2026-05-06" in days["holidays"], days["working"]) == (True, ["2026-05-09"])
    for data in (old, json.dumps(again, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(), new):
        layers = json.loads(data)["layers"]
        policies = [restore((await people.nobody.get(f"/v1/policies/{one['hash']}")).content) for one in layers]
        found = check(data, {policy.hash: policy for policy in policies}, None)
        assert found.wrong == ()
    altered = new.replace(b'"working":["2026-05-09"]', b'"working":["2026-05-16"]')
    assert "The calendar is not the one whose hash is named." in check(altered, {}, None).wrong


async def test_an_update_of_the_package_changes_no_old_receipt(people, market, desk):
    order = await market.order(Stage.ALLOCATED, shop=LANTERN)
    market.clock.set(at("2026-05-04T10:00"))
    asked = await people.ann.post(f"/v1/orders/{order}/cancellations", {"reason": "changed_mind"})
    days = (await people.ann.get(asked.json()["receipt"])).json()["calendar"]
    desk.book._counting["US", "America/Los_Angeles"] = type(desk.book.calendar(await _terms(desk, order)))("UTC")
    assert (await people.ann.get(asked.json()["receipt"])).json()["calendar"] == days


async def _terms(desk, order):
    found = await desk.pool.fetchval("SELECT state FROM orders WHERE order_id = $1", order)
    return await desk.terms(decode_order(found))


async def test_the_year_is_told_with_the_source_of_each_day(people):
    await people.ops.post(DAYS, TYPHOON)
    told = (await people.sue.get("/v1/calendars/US", year=2026)).json()
    by_day = {one["day"]: one for one in told["days"]}
    assert by_day["2026-12-25"] | {"name": ""} == {
        "day": "2026-12-25",
        "counts": False,
        "source": "package",
        "name": "",
        "word": None,
    }
    assert by_day["2026-12-25"]["name"] == "Christmas Day"
    storm = by_day["2026-05-06"]
    assert (storm["source"], storm["counts"], storm["word"]["said_by"]) == ("operator", False, "ops")
    assert storm["word"]["reason"] == TYPHOON["reason"]
    assert (await people.sue.get("/v1/calendars/US", year=2027)).json()["said"] == []
    names = [one["calendar"] for one in (await people.sue.get("/v1/calendars")).json()["calendars"]]
    assert {"US", "GB-ENG", "TH", "weekdays"} <= set(names)


async def test_a_word_is_said_once_and_taken_back_with_everything_still_there(people):
    for _ in range(2):
        assert len((await people.ops.post(DAYS, TYPHOON)).json()["said"]) == 1
    back = await people.ops.post(DAYS, TYPHOON | {"says": "package", "reason": "It passed to the north"})
    assert [one["says"] for one in back.json()["said"]] == ["closed", "package"]
    assert "2026-05-06" not in {one["day"] for one in back.json()["days"]}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"day": "2026-05-09"}, "/day"),
        ({"day": "2026-02-30"}, "/day"),
        ({"day": "1999-05-06"}, "/day"),
        ({"says": "half"}, "/says"),
        ({"reason": " "}, "/reason"),
        ({"reason": "x" * 300}, "/reason"),
        ({"zone": "UTC"}, "/zone"),
    ],
)
async def test_bad_words_are_named_and_nothing_is_written(people, desk, change, field):
    answer = await people.ops.post(DAYS, TYPHOON | change)
    assert answer.status_code == 422, answer.text
    assert [one["pointer"] for one in answer.json()["errors"]] == [field]
    assert await desk.pool.fetchval("SELECT count(*) FROM calendar_days") == 0


async def test_only_operators_say_and_only_staff_read(people, desk):
    for who in (people.ann, people.sam, people.host, people.sue):
        assert (await who.post(DAYS, TYPHOON)).status_code == 403
    for who in (people.ann, people.sam, people.host):
        assert (await who.get("/v1/calendars/US")).status_code == 403
    assert (await people.nobody.post(DAYS, TYPHOON)).status_code == 401
    assert (await people.ops.post(DAYS, TYPHOON, key=None)).status_code == 400
    assert (await people.ops.post("/v1/calendars/XX/days", TYPHOON)).status_code == 404
    assert (await people.sue.get("/v1/calendars/XX")).status_code == 404
    assert await desk.pool.fetchval("SELECT count(*) FROM calendar_days") == 0


async def test_another_process_hears_of_it(people, market, desk, pool):
    order = await market.order(Stage.REVIEW, shop=LANTERN)
    other = Book(PolicyTable(pool), CalendarTable(pool))
    await other.open(())
    await other.say("US", date(2026, 5, 6), "closed", "Storm", "somebody", market.clock.read())
    terms = await _terms(desk, order)
    for _ in range(100):
        if not desk.book.calendar(terms).counts(date(2026, 5, 6)):
            break
        await asyncio.sleep(FRESH_S / 10)
    assert not desk.book.calendar(terms).counts(date(2026, 5, 6))


async def test_words_are_kept_for_ever(desk, people):
    await people.ops.post(DAYS, TYPHOON)
    for forbidden in ("DELETE FROM calendar_days", "UPDATE calendar_days SET day = day", "DELETE FROM calendars"):
        with pytest.raises(Exception, match="permission denied"):
            await desk.pool.execute(forbidden)
