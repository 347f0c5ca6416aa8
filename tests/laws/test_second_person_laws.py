"""Whoever proposes, confirms and waits, in whatever order: one person never moves more by hand than they may."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from laws.histories import check_money
from rescind.core.actor import Actor, ActorKind
from rescind.core.errors import RescindError
from rescind.core.failed_refund import FailedRefundSettled
from rescind.core.money import Money
from rescind.core.refund import RefundOwed
from rescind.core.second_person import ProposalConfirmed
from scenarios.shop import Agent, Seller, Shop, eur

ALONE = 1500
PEOPLE = ("sue", "cal", "sam", "sid", "twin")


def moves():
    people, minors = st.sampled_from(PEOPLE), st.sampled_from((1, 700, 1500, 1501, 4000, 9000))
    return st.one_of(
        st.tuples(st.just("gives"), people, minors, st.booleans()),
        st.tuples(st.just("gives"), people, minors, st.booleans()),
        st.tuples(
            st.just("answers"), people, st.sampled_from((1, 1, 1, 2, 2, 3)), st.sampled_from((True, True, False))
        ),
        st.tuples(
            st.just("answers"), people, st.sampled_from((1, 1, 1, 2, 2, 3)), st.sampled_from((True, True, False))
        ),
        st.tuples(st.just("settles"), st.sampled_from(("sue", "cal")), st.sampled_from(("again", "paid_out"))),
        st.tuples(st.just("cancels")),
        st.tuples(st.just("provider"), st.sampled_from(("succeeded", "declined", "submitted"))),
        st.tuples(st.just("passes"), st.sampled_from((3600, 86_400, 172_800))),
    )


def begin():
    """A shop of two people, support of two, and somebody who is of both under one name."""
    shop = Shop()
    shop.alone = eur("15.00")
    shop.order(paid=eur("80.00"), shipping=eur("5.00"))
    people = {"sue": shop.agent, "cal": shop.colleague, "sam": shop.seller}
    people["sid"] = Seller(shop, Actor(kind=ActorKind.SELLER, id="sid"))
    people["twin"] = Agent(shop, Actor(kind=ActorKind.SUPPORT, id="sam"))
    return shop, people


def play(shop, people, move, *said):
    match move:
        case "gives":
            who, minor, shipping = said
            people[who].gives_back(Money(minor, "EUR"), shipping=shipping)
        case "answers":
            who, number, yes = said
            people[who].agrees(number) if yes else people[who].disagrees(number)
        case "settles":
            who, way = said
            if any(one.status == "failed" for one in shop.state.refunds):
                people[who].settles(way, voucher="V-1" if way == "paid_out" else "")
        case "cancels":
            shop.buyer.requests_cancellation()
        case "provider":
            shop.provider.answers(said[0])
        case "passes":
            shop.at(shop.now + timedelta(seconds=said[0]))


def check(shop):
    """What single people moved by hand is within the amount; what is above it has two names that differ."""
    alone, before = 0, None
    for record in shop.records:
        event = record.event
        match event:
            case RefundOwed(by=by) if by and not isinstance(before, ProposalConfirmed):
                alone += sum(one.amount_minor for one in event.refunds)
            case FailedRefundSettled(way="paid_out") if not isinstance(before, ProposalConfirmed):
                alone += sum(one.amount_minor for one in event.refunds)
            case ProposalConfirmed():
                assert event.by != event.confirmed_by
                assert event.side == "seller" or record.actor.kind == ActorKind.SUPPORT
            case _:
                pass
        before = event
    assert alone == shop.state.alone_minor <= ALONE
    waits = [one for one in shop.state.proposals if one.outcome == "proposed"]
    assert {one.ref.rpartition(":")[2] for one in shop.due if one.kind == "proposal"} == {
        str(one.number) for one in waits
    }
    assert len({(one.side, one.terms.act, one.terms.refund) for one in waits}) == len(waits)


@given(st.lists(moves(), max_size=25))
def test_no_history_moves_more_by_one_persons_word_than_the_amount(history):
    shop, people = begin()
    for move in history:
        before = shop.state
        try:
            play(shop, people, *move)
        except RescindError:
            assert shop.state == before, "what is refused leaves no trace"
        check(shop)
        check_money(shop)
