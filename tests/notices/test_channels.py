"""The port that every way of telling fits: what each of its answers leads to, and that none holds up another."""

import asyncio
from datetime import timedelta

import pytest

from mail.people import SAM
from rescind.core.stage import Stage
from rescind.inbox import owner
from rescind.notices import Refused, Sent, Unclear
from rescind.worker import notices
from rescind.worker.notices import LADDER, Messenger


class Pigeon:
    """A channel of the test's own, which really waits, refuses and takes: addresses say what it does."""

    def __init__(self, name="pigeon"):
        self.name = name
        self.taken = []
        self.answers = {}

    async def send(self, words, address):
        if address == "hangs":
            await asyncio.sleep(60)
        if address == "breaks":
            raise RuntimeError("a mistake of ours")
        answer = self.answers.get(address, Sent())
        if isinstance(answer, Sent):
            self.taken.append((address, words))
        return answer


@pytest.fixture
def pigeon():
    return Pigeon()


@pytest.fixture
async def flying(teller, pigeon):
    """The desk with that channel and no other, and a shop that is told by it."""
    desk = teller.desk
    channels = {pigeon.name: pigeon, "owl": Pigeon("owl")}
    teller.messenger = Messenger(
        desk.inbox.sends, desk.inbox.people, channels, desk.post.table, desk.prospects, desk.base_url
    )
    return teller


async def lives_at(teller, *addresses, channel="pigeon"):
    return [(await teller.people.add(owner(SAM), channel, one, verified=True)).id for one in addresses]


async def asked(teller, number="1001"):
    order = await teller.market.order(Stage.PACKING, number=number)
    await teller.market.asks(order, anyway=True)
    await teller.carry()


async def states(teller):
    rows = await teller.desk.pool.fetch("SELECT recipient, state, tries FROM notice_sends ORDER BY recipient, due_at")
    return [(row["recipient"], row["state"], row["tries"]) for row in rows if not row["recipient"].startswith("buyer:")]


async def test_one_that_hangs_delays_no_other_address_and_no_other_channel(flying, pigeon, monkeypatch):
    monkeypatch.setattr(notices, "SEND_S", 0.3)
    await lives_at(flying, "hangs", "home", "breaks")
    await lives_at(flying, "tree", channel="owl")
    for number in ("1001", "1002", "1003", "1004", "1005", "1006"):
        await asked(flying, number)
    slow = asyncio.create_task(flying.messenger.sweep("pigeon"))
    await asyncio.sleep(0.05)
    assert await flying.messenger.sweep("owl") > 0, "another channel does not wait for it"
    assert {address for address, _words in pigeon.taken} == {"home"}
    await asyncio.wait_for(slow, 3)
    while await flying.messenger.sweep("pigeon"):
        pass
    asks = [words for address, words in pigeon.taken if words.subject.startswith("A buyer asks")]
    assert len(asks) == 6, "and all of it arrives where somebody takes it"


async def test_what_is_unclear_is_tried_again_up_the_ladder_and_ends(flying, pigeon, clock):
    (home,) = await lives_at(flying, "home")
    pigeon.answers["home"] = Unclear("not now")
    await asked(flying)
    for span in (*LADDER, timedelta()):
        assert await flying.messenger.sweep("pigeon") > 0
        assert await flying.messenger.sweep("pigeon") == 0
        # The request is answered at its own time by then, so that what is asked is over: it waits all the same here.
        clock.advance(span)
    assert {(who, state) for who, state, _tries in await states(flying)} <= {(home, "failed"), (home, "dropped")}


async def test_a_receiver_that_says_when_is_not_asked_before(flying, pigeon, clock):
    await lives_at(flying, "home")
    pigeon.answers["home"] = Unclear("too many", wait_s=600)
    await asked(flying)
    await flying.messenger.sweep("pigeon")
    pigeon.answers.clear()
    clock.advance(timedelta(seconds=599))
    assert await flying.messenger.sweep("pigeon") == 0
    clock.advance(timedelta(seconds=1))
    assert await flying.messenger.sweep("pigeon") > 0


async def test_an_address_that_is_gone_gets_nothing_more_and_reaches_nobody(flying, pigeon):
    (home,) = await lives_at(flying, "home")
    pigeon.answers["home"] = Refused("moved away", gone=True)
    await asked(flying)
    await flying.messenger.sweep("pigeon")
    pigeon.answers.clear()
    await asked(flying, "1002")
    assert await flying.messenger.sweep("pigeon") == 0
    # What was about to go there at the same moment is let go as well.
    ended = {state for who, state, _tries in await states(flying) if who == home}
    assert "refused" in ended
    assert ended <= {"refused", "dropped"}
    assert (await flying.people.by_id(home)).gone_at is not None


async def test_a_worker_that_slept_past_its_lease_changes_nothing(flying, clock):
    await lives_at(flying, "home")
    await asked(flying)
    (slept, *_rest) = await flying.sends.lease("pigeon", timedelta(seconds=60), each=4, most=8)
    clock.advance(timedelta(seconds=61))
    (again, *_rest) = await flying.sends.lease("pigeon", timedelta(seconds=60), each=4, most=8)
    assert (again.notice, again.fence) == (slept.notice, slept.fence + 1)
    await flying.sends.end(slept, "refused")
    assert "refused" not in {state for _who, state, _tries in await states(flying)}
    await flying.sends.end(again, "sent")
    assert "sent" in {state for _who, state, _tries in await states(flying)}
