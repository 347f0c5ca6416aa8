"""What people of the demo have said to each other: about orders, before one, and among support."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from rescind.access.principal import Principal
from rescind.conversations import Saying
from rescind.core.actor import Actor, ActorKind
from rescind.core.escalation import Escalate
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.scope import Scope
from rescind.core.stage import Stage
from rescind.core.views import Filters
from rescind.demo.catalogue import load
from rescind.demo.marketplace import SUPPORTER, demo_shop_id
from rescind.demo.pictures import lantern
from rescind.demo.stall import Ground
from rescind.desk import Desk
from rescind.engine import Submission

_OPEN = (Stage.REVIEW, Stage.ALLOCATED, Stage.PREPARING, Stage.PACKING, Stage.PACKED)
_MINUTE = timedelta(minutes=1)

# (who, minutes before the demo opens, for whom, words)
_ENGLISH = (
    ("buyer", 190, "everyone", "Hello! Could you put a gift note in? “Happy birthday, Mum” would be lovely."),
    ("seller", 176, "everyone", "Of course. I will write it by hand on one of our cards."),
    ("buyer", 171, "everyone", "Thank you, that is very kind."),
    ("seller", 34, "everyone", "The card is written and lies beside your order. It goes out tomorrow morning."),
)
_CHINESE = (
    ("buyer", 400, "everyone", "您好，我好像重复下单了，这一单能帮我看一下吗？"),
    ("seller", 372, "everyone", "您好，看到您两分钟内有两笔同样的订单。这一单还没有打包。"),
    ("buyer", 365, "everyone", "那麻烦帮我取消这一单，另一单照常发货。"),
    ("seller", 360, "everyone", "好的。您的消息旁边有提交的按钮，我们收到后马上处理。"),
)
_FLAGGED = (
    ("buyer", 95, "everyone", "Any news on when this ships?"),
    ("seller", 52, "everyone", "Sorry, the supplier let us down. Could you cancel the order, please?"),
    ("buyer", 40, "buyer", "Is it right that I have to cancel when the shop has nothing to send?"),
    ("support", 22, "internal", "Second time this week at this shop. Ask them to cancel it themselves."),
)


async def play(desk: Desk, ground: Ground, opened_at: Instant) -> None:
    """Say everything, each at its time."""
    buyers = load().buyers
    await _about(desk, ground, opened_at, buyers[0].key, _ENGLISH, 0)
    flagged = await _about(desk, ground, opened_at, buyers[0].key, _FLAGGED, 1)
    if flagged is not None:
        await _called(desk, ground, flagged, opened_at - 38 * _MINUTE)
    await _about(desk, ground, opened_at, next(one.key for one in buyers if one.locale == "zh"), _CHINESE, 0)
    ground.clock.set(opened_at - 26 * 60 * _MINUTE)
    who = _person("buyer", buyers[2].key, demo_shop_id(0))
    sent = await desk.conversations.ask(
        who, demo_shop_id(0), _saying("Is the glass of the lantern clear or frosted?"), subject="Lantern, brass"
    )
    ground.clock.set(opened_at - 25 * 60 * _MINUTE)
    seller = _person("seller", "", demo_shop_id(0))
    await desk.conversations.say(seller, sent.thread, _saying("It is clear. Frosted glass comes back in spring."))
    ground.clock.set(opened_at - 200 * _MINUTE)
    photo = await desk.evidence.keep(demo_shop_id(0), who, lantern())
    words = "Could two of the lanterns be wrapped as one parcel, and would they match the one in the photo?"
    await desk.conversations.ask(
        who, demo_shop_id(0), _saying(words)._replace(evidence=(photo.ref.id,)), subject="Lantern, brass"
    )
    ground.clock.set(opened_at)


async def _about(
    desk: Desk, ground: Ground, opened_at: Instant, buyer: str, said: Sequence[tuple[str, int, str, str]], place: int
) -> Order | None:
    """Talk about the buyer's order at this place of those that have not left; None where there is none."""
    found = await desk.reads.orders(Scope(buyer=buyer), Filters(), None, 100, now=opened_at)
    rows = [one for one in found.rows if one.stage in _OPEN and one.placed_at < opened_at - said[0][1] * _MINUTE]
    if len(rows) <= place:
        return None
    order: Order = (await desk.reads.order(Scope(), rows[place].order_id)).order
    for role, minutes, audience, words in said:
        ground.clock.set(opened_at - minutes * _MINUTE)
        who = _person(role, buyer, order.shop)
        await desk.conversations.say_about(who, order, _saying(words, audience))
    ground.clock.set(opened_at)
    return order


async def _called(desk: Desk, ground: Ground, order: Order, at: Instant) -> None:
    """The buyer calls the platform, with the conversation attached as it stood then."""
    ground.clock.set(at)
    attached, since = await desk.conversations.attached(order)
    words = desk.note("The shop has nothing to send and wants me to cancel. I think that is for them to do.")
    command = Escalate(
        order=order.id, ground="asks_buyer_to_cancel", comment=words, attached=attached, unanswered_since=since
    )
    await desk.engine.handle(Submission(command=command, actor=Actor(kind=ActorKind.BUYER, id=order.buyer)))


def _person(role: str, buyer: str, shop: ShopId) -> Principal:
    match role:
        case "buyer":
            return Principal(role="buyer", id=buyer, buyer_id=buyer, credential="demo")
        case "seller":
            return Principal(role="seller", id=f"staff-{shop}", shop_id=shop, credential="demo")
        case _:
            return Principal(role="support", id=SUPPORTER, credential="demo")


def _saying(words: str, audience: str = "everyone") -> Saying:
    said = hashlib.sha256(words.encode())
    return Saying(text=words, audience=audience, key=f"demo {said.hexdigest()}", fingerprint=said.digest())
