"""How shops of the demo are reached, what they keep ready, what buyers asked of them, and what was said elsewhere."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

from rescind.access.principal import Principal
from rescind.conversations import Saying
from rescind.core.actor import Actor, ActorKind
from rescind.core.contact_card import ContactCard, OpenSpan, checked
from rescind.core.conversation import Outside, Way
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.order_note import AddNote
from rescind.core.quick_reply import QuickReply
from rescind.core.scope import Scope
from rescind.core.stage import Stage
from rescind.core.views import Filters
from rescind.demo.catalogue import Shop, load
from rescind.demo.marketplace import demo_shop_id
from rescind.demo.stall import Ground
from rescind.desk import Desk
from rescind.engine import Submission

_OPEN = (Stage.REVIEW, Stage.ALLOCATED, Stage.PREPARING, Stage.PACKING)
_MINUTE = timedelta(minutes=1)
_HOURS = re.compile(r"Mon\u2013(?P<last>Fri|Sat) (?P<opens>\d{1,2}:\d\d)\u2013(?P<closes>\d{1,2}:\d\d)")
_REPLIES = (
    QuickReply(
        title="Goes out tomorrow",
        texts={
            "en": "Your order is packed and goes out tomorrow morning.",
            "zh": "您的订单已打包，明天上午发出。",
        },
    ),
    QuickReply(
        title="Which address?",
        texts={
            "en": "Which part of the address should be different? You can put it right on the order's page.",
            "zh": "请问地址需要修改哪一部分？您也可以在订单页面自行更正。",
        },
    ),
    QuickReply(
        title="How to cancel",
        texts={
            "en": "You can still ask to cancel with the button on the order's page; we answer within the day.",
            "zh": "您仍可在订单页面点击按钮申请取消，我们会在一天内处理。",
        },
    ),
)


async def play(desk: Desk, ground: Ground, opened_at: Instant) -> None:
    """Set it all up. Every shop has its card; two buyers have asked for something, and two calls were written down."""
    demo = load()
    for place, shop in enumerate(demo.shops):
        who = f"seller:staff-{demo_shop_id(place)}"
        await desk.versions.put_contact(demo_shop_id(place), _card(shop), who)
        await desk.versions.put_replies(demo_shop_id(place), _REPLIES, who)
    english, chinese = demo.buyers[0].key, next(one.key for one in demo.buyers if one.locale == "zh")
    await _asks(desk, ground, opened_at - 55 * _MINUTE, english, "Please check the address: the bell says Osei.")
    await _asks(desk, ground, opened_at - 80 * _MINUTE, chinese, "麻烦附一张手写的生日卡片，谢谢！")
    await _called(
        desk,
        ground,
        (opened_at - 150 * _MINUTE, opened_at - 130 * _MINUTE),
        english,
        ("Kim of the shop", "Kim said that the card is written by hand and that it goes out tomorrow."),
        "Nearly: it goes out tomorrow if the courier still comes today.",
    )
    await _called(
        desk,
        ground,
        (opened_at - 380 * _MINUTE, opened_at - 363 * _MINUTE),
        chinese,
        ("店内客服", "客服说今天先不打包，等我确认是否重复下单。"),
        "是的，我们先放在一边，等您确认。",
    )
    ground.clock.set(opened_at)


def _card(shop: Shop) -> ContactCard:
    told = _HOURS.search(shop.hours)
    last = {"Fri": 5, "Sat": 6}[told["last"]] if told else 0
    opens, closes = (told[end].rjust(5, "0") for end in ("opens", "closes")) if told else ("", "")
    languages = ("en", "zh") if shop.zone == "Asia/Shanghai" or shop.key == load().shops[0].key else ("en",)
    return checked(
        ContactCard(
            email=shop.email,
            phone=shop.phone,
            languages=languages,
            zone=shop.zone,
            hours=tuple(OpenSpan(day=day, opens=opens, closes=closes) for day in range(last)),
        )
    )


async def _order_of(desk: Desk, buyer: str, at: Instant) -> Order | None:
    """The buyer's latest order that nobody has closed the parcel of and that was there at this time."""
    found = await desk.reads.orders(Scope(buyer=buyer), Filters(), None, 100, now=at)
    return next((one.order for one in found.rows if one.stage in _OPEN and one.placed_at < at), None)


async def _asks(desk: Desk, ground: Ground, at: Instant, buyer: str, words: str) -> None:
    order = await _order_of(desk, buyer, at)
    if order is None:
        return
    ground.clock.set(at)
    command = AddNote(order=order.id, comment=desk.note(words))
    await desk.engine.handle(Submission(command=command, actor=Actor(kind=ActorKind.BUYER, id=buyer)))


async def _called(
    desk: Desk, ground: Ground, when: tuple[Instant, Instant], buyer: str, said: tuple[str, str], answer: str
) -> None:
    """The buyer writes down a call, and the shop says what it remembers."""
    order = await _order_of(desk, buyer, when[0])
    if order is None:
        return
    ann = Principal(role="buyer", id=buyer, buyer_id=buyer, credential="demo")
    sam = Principal(role="seller", id=f"staff-{order.shop}", shop_id=order.shop, credential="demo")
    ground.clock.set(when[1])
    outside = Outside(way=Way.TELEPHONE, at=when[0], whom=said[0])
    sent = await desk.conversations.note_contact(ann, order, _saying(said[1])._replace(outside=outside), when[1])
    ground.clock.set(when[1] + 9 * _MINUTE)
    await desk.conversations.say_about(sam, order, _saying(answer)._replace(answers=sent.message))


def _saying(words: str) -> Saying:
    said = hashlib.sha256(words.encode())
    return Saying(text=words, audience="everyone", key=f"demo {said.hexdigest()}", fingerprint=said.digest())
