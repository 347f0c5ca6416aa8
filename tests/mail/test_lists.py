"""A view that is mailed: a link to a file, at the hour that was chosen, once, and to nobody who may not read it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from mail.people import SAM
from postgres.market import KILN
from rescind.app import mailing, make_app
from rescind.core.schedule import Schedule
from rescind.core.views import ExportFilters
from rescind.exporting import csv_file
from rescind.inbox import owner
from rescind.postgres.exports import KEPT_FOR
from web.consoles import Person

AT_EIGHT = Schedule(rhythm="daily", hour=8, zone="Europe/London")


@pytest.fixture
async def sam(desk, market):
    return await Person(make_app(desk)).sign_in(desk, "seller", "sam", shop_id=KILN)


@pytest.fixture
async def view(desk, market, sam):
    """Sam's view of all orders of the shop, mailed at eight."""
    address = await desk.inbox.people.add(owner(SAM), "email", "sam@example.org", verified=True)
    kept = await desk.views.put(owner(SAM), "orders", "Zoë's parcels", "stage=allocated", ())
    await desk.views.mail(owner(SAM), kept.view_id, AT_EIGHT, "csv", "en", address.id, AT_EIGHT.next(desk.clock.read()))
    return kept.view_id


async def mailed(desk, view, *, days=1):
    """Let it be time, and the worker look."""
    desk.clock.set((await desk.views.by_id(view)).next_at + timedelta(days=days - 1))
    return await mailing(desk).sweep()


@pytest.mark.parametrize(
    ("schedule", "now", "then"),
    [
        (AT_EIGHT, (2026, 5, 4, 6, 59), (2026, 5, 4, 7)),
        (AT_EIGHT, (2026, 5, 4, 7), (2026, 5, 5, 7)),
        # The clocks go back on 25 October.
        (AT_EIGHT, (2026, 10, 24, 12), (2026, 10, 25, 8)),
        (Schedule(rhythm="weekly", hour=9, zone="Asia/Shanghai", weekday=0), (2026, 5, 4, 1), (2026, 5, 11, 1)),
        (Schedule(rhythm="weekly", hour=9, zone="Asia/Shanghai", weekday=0), (2026, 5, 4, 0, 59), (2026, 5, 4, 1)),
    ],
)
def test_it_is_made_at_its_hour_by_its_persons_clock(schedule, now, then):
    assert schedule.next(datetime(*now, tzinfo=UTC)) == datetime(*then, tzinfo=UTC)


async def test_a_link_goes_out_without_anything_personal_and_the_file_lies_behind_sign_in(
    desk, outbox, server, view, sam, market
):
    await outbox.goes_to(server)
    await market.order(number="1001")
    assert await mailing(desk).sweep() == 0, "not before its hour"
    assert await mailed(desk, view) == 1
    assert await outbox.sweep() == 1
    (mail,) = server.mails()
    text = mail.get_body(("plain",)).get_content()
    assert mail["Subject"] == "Your list is ready: Orders"
    assert "Orders, 1 row" in text
    file = next(line for line in text.splitlines() if "/views/files/" in line).removeprefix("http://desk.test")
    # Its address is of letters and digits at random, in which anything may stand.
    words = text.replace(file, "")
    assert "1001" not in words
    assert "Zo" not in words, "neither the rows nor the name of the view are in it"
    got = await sam.client.get(file)
    assert b"1001" in got.content
    assert got.headers["content-type"] == csv_file.MEDIA_TYPE
    other = await Person(make_app(desk)).sign_in(desk, "seller", "sid", shop_id=KILN)
    assert (await other.client.get(file)).status_code == 404
    assert (await Person(make_app(desk)).client.get(file)).status_code == 401
    assert (await desk.reads.exports(ExportFilters())).rows[0].via == "mail"
    desk.clock.advance(KEPT_FOR)
    await mailing(desk).tidy()
    assert (await sam.client.get(file)).status_code == 200, "a week is a whole one"
    desk.clock.advance(timedelta(seconds=1))
    await mailing(desk).tidy()
    assert (await sam.client.get(file)).status_code == 404
    assert await desk.files.get(file.rpartition("/")[2]) is None


async def test_many_workers_mail_it_once_and_a_day_missed_is_not_made_up_for(desk, view, market):
    desk.clock.set((await desk.views.by_id(view)).next_at + timedelta(days=3))
    await asyncio.gather(*(mailing(desk).sweep() for _ in range(4)))
    assert await desk.pool.fetchval("SELECT count(*) FROM mails WHERE kind = 'list'") == 1
    assert await desk.pool.fetchval("SELECT count(*) FROM list_files") == 1
    assert (await desk.views.by_id(view)).next_at == AT_EIGHT.next(desk.clock.read())


async def test_a_worker_that_slept_past_its_lease_leaves_nothing(desk, view, market, monkeypatch):
    desk.clock.set((await desk.views.by_id(view)).next_at)
    slow, original = mailing(desk), desk.files.put_file

    async def overtaken(name, path):
        await original(name, path)
        await desk.pool.execute("UPDATE saved_views SET lease_until = clock_timestamp(), fence = fence + 1")

    monkeypatch.setattr(desk.files, "put_file", overtaken)
    await slow.sweep()
    assert await desk.pool.fetchval("SELECT count(*) FROM mails WHERE kind = 'list'") == 0
    assert await desk.pool.fetchval("SELECT count(*) FROM list_files") == 0


async def test_it_pauses_when_its_person_may_not_come_any_more(desk, view, sam, market):
    await desk.access.revoke_principal("seller", "sam")
    paused = await desk.views.by_id(view)
    assert (paused.paused, paused.next_at) == ("no_access", None)
    desk.clock.advance(timedelta(days=2))
    assert await mailing(desk).sweep() == 0


async def test_it_pauses_when_its_person_was_not_here_for_long_or_has_no_address(desk, view, market):
    seen = await desk.views.seen(owner(SAM))
    await desk.pool.execute("UPDATE saved_views SET next_at = $1", seen + timedelta(days=91))
    await mailed(desk, view)
    assert (await desk.views.by_id(view)).paused == "not_seen"
    (address,) = await desk.inbox.people.of(owner(SAM))
    await desk.views.mail(owner(SAM), view, AT_EIGHT, "csv", "en", address.id, seen)
    await desk.inbox.people.gone(address.id)
    desk.clock.set(seen)
    await mailing(desk).sweep()
    assert (await desk.views.by_id(view)).paused == "no_address"
    assert await desk.pool.fetchval("SELECT count(*) FROM mails WHERE kind = 'list'") == 0


async def test_one_click_in_a_mail_program_ends_it(desk, view, market):
    token = desk.inbox.unsubscribing.of_view(owner(SAM), view)
    anybody = Person(make_app(desk))
    page = await anybody.see(f"/unsubscribe/{token}")
    assert "a list that is mailed to you" in page.text
    assert (await desk.views.by_id(view)).rhythm == "daily", "looking ends nothing"
    await anybody.client.post(f"/unsubscribe/{token}", content="List-Unsubscribe=One-Click")
    assert (await desk.views.by_id(view)).rhythm == ""


async def test_when_it_is_mailed_is_said_on_the_page_of_views(desk, view, sam, market):
    page = await sam.see("/seller/views")
    form = f"/seller/views/{view}/mail"
    (address,) = await desk.inbox.people.of(owner(SAM))
    done = await sam.press(page, form, when="weekly-4", hour="17", format="xlsx", address=address.id)
    assert done.to.endswith("said=mailed"), done.text
    kept = await desk.views.by_id(view)
    assert (kept.rhythm, kept.weekday, kept.hour, kept.format, kept.zone) == ("weekly", 4, 17, "xlsx", "UTC")
    stranger = await sam.press(page, form, when="daily", hour="8", address="ntf_other")
    assert (stranger.status, "Choose an address" in stranger.text) == (422, True)
    await sam.press(page, form, when="", hour="8")
    assert (await desk.views.by_id(view)).next_at is None
