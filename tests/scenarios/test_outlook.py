"""What stages to come would bring: asked quickly, and as the order would be there, it is the same."""

from datetime import timedelta

import pytest

from rescind.core.order import stage
from rescind.core.outlook import Outlook, _to_come
from rescind.core.stage import Stage
from rescind.policies import presets
from scenarios.shop import Shop, usd

STAGES = (Stage.UNPAID, Stage.REVIEW, Stage.PREPARING, Stage.PACKING, Stage.PACKED, Stage.AWAITING_COLLECTION)
LATER = (timedelta(0), timedelta(minutes=59), timedelta(hours=6), timedelta(days=4))


@pytest.mark.parametrize("name", presets())
@pytest.mark.parametrize("at_stage", STAGES)
def test_the_kind_of_a_later_answer_is_that_of_the_order_as_it_would_be(name, at_stage):
    for made in (False, True):
        shop = Shop(name)
        paid = None if at_stage is Stage.UNPAID else usd("40.00")
        shop.order(paid=paid, total=usd("40.00"), custom_made=made, stage=None if paid is None else at_stage)
        outlook = Outlook(shop.state, shop.terms, shop.calendar, cancels=3)
        for passed in LATER:
            at = shop.now + passed
            slowly = [
                (later, outlook.kind(at, order))
                for later, order in _to_come(shop.state, stage(shop.state, shop.now), shop.now)
            ]
            assert [(later, kind) for later, _, kind in outlook.kinds_to_come(shop.now, at)] == slowly
            assert slowly
