"""A shop that nobody can tell: what is promised of its silence before the request is what its silence does after."""

from __future__ import annotations

import os

import pytest
from hypothesis import assume, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from rescind.core.cancellation import LapseDeadline
from rescind.core.money import Money
from rescind.core.outlook import Outlook
from rescind.core.policy import flips
from rescind.core.policy.outline import outline
from rescind.core.stage import Stage
from rescind.policies import preset, presets
from scenarios.shop import SYSTEM, Shop, usd
from scenarios.test_outlook import orders

FULL = os.environ.get("PROOF") == "full"
NOBODY = {"approve": "approved", "refuse": "refused", "escalate": "in_review"}
"""What becomes of a request by silence, for each thing that silence can mean."""


def unheard(policy="base", **settings):
    shop = Shop(policy, **settings)
    shop.reached = False
    return shop


def outlook(shop):
    return Outlook(shop.state, shop.terms, shop.context)


@pytest.mark.parametrize(
    ("reached", "silence", "status"), [(True, "approve", "approved"), (False, "escalate", "in_review")]
)
def test_the_silence_of_a_shop_that_cannot_be_told_is_promised_to_the_platform(reached, silence, status):  # UNHEARD-1
    shop = Shop("us").order(paid=usd("40.00"), stage=Stage.PREPARING).at("Mon 10:00")
    shop.reached = reached
    told = outlook(shop).ask(shop.now)
    assert (told.kind[:2], told.said.kind[:2]) == (("ask_seller", silence),) * 2
    assert told.finding.rule == "ASK-1", "the policy decides as ever; only what silence means is another"
    assert told.finding.deadline.due_at == shop.time("Tue 10:00")
    shop.buyer.requests_cancellation()
    assert shop.at("Tue 09:59").cancellation.status == "awaiting_seller"
    assert shop.at("Tue 10:00").cancellation.status == status


def test_a_favour_is_left_to_the_platform_too():  # UNHEARD-1, ANYWAY-1
    shop = unheard().order(paid=usd("40.00"), stage=Stage.PACKING).at("Mon 10:00")
    assert outlook(shop).ask(shop.now, anyway=True).kind[:2] == ("ask_seller", "escalate")
    assert outline(shop.terms.layers, reached=False).late.deadline.on_silence == "escalate"
    assert outline(shop.terms.layers).late.deadline.on_silence == "refuse"


def test_what_the_policy_answers_at_once_is_answered_at_once():  # UNHEARD-1
    shop = unheard("us").order(paid=usd("40.00"))
    assert outlook(shop).ask(shop.now).kind[0] == "approve"
    shop.buyer.requests_cancellation()
    assert shop.cancellation.status == "approved"


@pytest.mark.parametrize("name", presets())
def test_nothing_that_is_told_of_a_policy_promises_what_such_a_shop_cannot(name):  # UNHEARD-1
    shop = unheard(name)
    shop.order(paid=Money(4000, preset(name).currency or "USD"), stage=Stage.PREPARING).at("Mon 10:00")
    layers = shop.terms.layers
    found = outline(layers, reached=False)
    rules = [*(one.rule for one in (*found.steps, *found.special)), *([found.late] if found.late else [])]
    rules += [one.early.rule for one in found.steps if one.early]
    said = {rule.deadline.on_silence for rule in rules if rule.verdict == "ask_seller"}
    would = flips(layers, "request", outlook(shop).ask(shop.now).ground.facts, reached=False)
    said |= {one.on_silence for one in would if one.verdict == "ask_seller"}
    said |= {row.said.kind[1] for row in outlook(shop).ahead(shop.now) if row.said.kind[0] == "ask_seller"}
    assert said <= {"escalate"}


@pytest.mark.parametrize("name", presets())
@given(data=st.data(), reached=st.booleans(), anyway=st.booleans())
@tries(max_examples=400 if FULL else 20)
def test_what_was_promised_of_silence_is_what_happens_at_the_deadline(name, data, reached, anyway):  # UNHEARD-1
    shop = data.draw(orders(name))
    shop.reached = reached
    listed = outlook(shop).reasons(shop.now)
    assume(listed)
    reason = data.draw(st.sampled_from([one.code for one in listed]))
    told = outlook(shop).ask(shop.now, reason=reason, anyway=anyway)
    assume(told is not None)
    shop.buyer.requests_cancellation(reason=reason, anyway=anyway, comment="words")
    asked = shop.state.cancellations[-1]
    verdict, silence, _ = told.kind
    assert (asked.verdict, asked.on_silence if asked.status.waiting else "") == (verdict, silence)
    assert asked.unreached is (verdict == "ask_seller" and not reached)
    assert shop.decision.finding.deadline == told.finding.deadline
    if asked.status != "awaiting_seller":
        return
    assert reached or silence == "escalate"
    # The shop says nothing until then; that the order's own time may be over before is another rule's.
    shop.now = told.finding.deadline.due_at
    shop.handle(LapseDeadline(order=shop.state.id, cancellation=asked.id), SYSTEM)
    one = shop.state.cancellations[-1]
    assert (one.status, one.closed_by) == (NOBODY[silence], None if silence == "escalate" else "silence")
