"""The living page of pieces: each one with sample matter, in the language and the density of its reader."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rescind.core.contact_card import ContactCard, Opening, OpenSpan
from rescind.core.conversation import FirstAnswer
from rescind.core.ids import OrderId, ShopId
from rescind.core.money import Money
from rescind.core.parts import Escalation
from rescind.web import contact, order_notes, talk
from rescind.web.listing.tools import Tools, count_words
from rescind.web.progress import Step
from rescind.web.rendering import Frame, render
from rescind.web.way_words import reference_of

if TYPE_CHECKING:
    from rescind.locales import Locale


def page(language: Locale, frame: Frame, *, now: datetime, zone: str) -> str:
    """The page at ``/design``. The role in the frame picks the density: buyers read wide, consoles read dense."""
    return render("design.html", language, now=now, zone=zone, frame=frame, **_sample(language, now))


def _standing(language: Locale, now: datetime) -> talk.Standing:
    """Where an order stands for its shop, on top of a conversation about it."""
    zh = language.tag == "zh"
    return talk.Standing(
        order=OrderId(""),
        reader="seller",
        title=language.gettext("Hold: the buyer asks to cancel"),
        state=("cancellation", "awaiting_seller"),
        sentence="拍错/多拍 · ¥24.90" if zh else "Ordered by mistake · £24.90",
        due=talk.Due(
            at=now + timedelta(hours=5),
            kind="seller_answer",
            since=now - timedelta(hours=19),
            then=language.term("silence", "approve"),
        ),
        step=talk.Next(label=language.gettext("Answer the request"), href="#"),
        goods="储物罐 · 白色 × 2" if zh else "Jar · white × 2",
    )


def _called(now: datetime) -> Escalation:
    opened_at, due_at = now - timedelta(hours=3), now + timedelta(hours=45)
    return Escalation(number=1, ground="shop_silent", filed_by="buyer", opened_at=opened_at, due_at=due_at)


def _conversation(language: Locale, now: datetime) -> talk.Card:
    """A wish to cancel in words, an offer between two messages, and the box below."""
    zh = language.tag == "zh"
    asked = talk.Bubble(
        id="msg-1",
        author=language.gettext("You"),
        at=now - timedelta(minutes=47),
        own=True,
        audience="everyone",
        label="",
        text="请取消订单。" if zh else "Please cancel my order.",
        erased=False,
        seen_by="海港家居" if zh else "Harbour Homeware",
        seen_at=now - timedelta(minutes=40),
        wish=talk.Wish(
            sentence=language.gettext("Writing it here does not cancel anything. This does:"),
            step=talk.Next(label=language.gettext("Request cancellation"), href="#"),
        ),
    )
    offered = talk.Step(
        at=now - timedelta(minutes=31),
        text="商家提出协商方案" if zh else "The shop offers £5.00 back if the goods are kept",
        detail="",
        icon="message-square",
        tone="wait",
        href="#",
    )
    return talk.Card(
        live="",
        entries=[asked, offered],
        earlier="#",
        transcript="",
        before=[talk.Question(href="#", text="玻璃储物罐" if zh else "Glass storage jar", files=())],
        action="#",
        choices=talk.choices(language, "buyer"),
        typed=talk.Typed(),
        field={"kept": (), "error": "", "wanted": False, "mib": 10, "most": 5},
    )


def _contact(language: Locale, now: datetime) -> contact.Shown:
    """A shop that is open until the evening."""
    card = ContactCard(
        hours=(*(OpenSpan(day=day, opens="09:00", closes="17:30") for day in range(5)),), languages=("en", "zh")
    )
    return contact.Shown(
        shop=ShopId(""),
        ways={"email": "hello@harbour.example", "phone": "+44 20 7946 0018"},
        there=Opening(open=True, until=now + timedelta(hours=3)),
        hours=contact.hours(language, card),
        zone="Europe/London",
        holidays=True,
        languages=contact.languages(language, card.languages),
        answers=FirstAnswer(seconds=5400, threads=48),
    )


def _notes(language: Locale, now: datetime) -> list[order_notes.Row]:
    """One that waits to be read, and one that was."""
    zh = language.tag == "zh"

    def note(number: int, text: str, minutes: int, read_at: datetime | None = None) -> order_notes.Row:
        return order_notes.Row(
            number=number,
            text=text,
            erased=False,
            at=now - timedelta(minutes=minutes),
            by="",
            about_address=number == 2,
            waits=read_at is None,
            read_at=read_at,
            read_by="陈" if zh else "Kim",
            key="",
        )

    return [
        note(2, "请核对地址：是 14 号，不是 41 号。" if zh else "Please check the address: number 14, not 41.", 12),
        note(3, "请放在门卫处。" if zh else "Please leave it with the porter.", 90, now - timedelta(minutes=60)),
    ]


def _tools(language: Locale) -> Tools:
    """What stands around a list of requests."""
    _ = language.gettext
    reasons = [("", _("Any")), ("duplicate", language.term("reason", "duplicate"))]
    return Tools(
        name="requests",
        path="#",
        back="#",
        kept={},
        fields=[
            {"kind": "select", "name": "reason", "label": _("Reason"), "options": reasons, "value": ""},
            {"kind": "days", "label": _("Or from day to day"), "first": "2026-11-01", "last": ""},
            {
                "kind": "amounts",
                "label": _("Amount"),
                "least": "12.50",
                "most": "",
                "currency": "GBP",
                "currencies": [("GBP", "GBP")],
            },
            {"kind": "shop", "value": "", "names": ["Lantern Lane"], "choices": []},
        ],
        chips=[{"href": "#", "label": language.term("reason", "duplicate")}],
        narrowed=True,
        views=[
            {"href": "#", "label": language.pgettext("view", "due_today"), "current": True},
            {"href": "#", "label": language.pgettext("view", "refused_this_month"), "current": False},
        ],
        columns=[
            {"name": one, "label": language.pgettext("column", one), "shown": one != "rule"}
            for one in ("number", "items", "reason", "amount", "rule")
        ],
        shown=("number", "items"),
        where="",
        files=[{"href": "#", "label": "CSV"}, {"href": "#", "label": _("Excel workbook (XLSX)")}],
        root="",
        count=count_words(language, 310),
    )


def _sample(language: Locale, now: datetime) -> dict[str, object]:
    """Matter of a shop of household goods. Words of people are data, so they are not in the catalogues."""

    def say(english: str, chinese: str) -> str:
        return chinese if language.tag == "zh" else english

    def gbp(minor: int) -> Money:
        return Money(minor, "GBP")

    def ago(**span: float) -> datetime:
        return now - timedelta(**span)

    def ahead(**span: float) -> datetime:
        return now + timedelta(**span)

    term = language.term
    jar = say("Glass storage jar", "玻璃储物罐")
    lamp = say("Bedside lamp", "床头灯")
    card = say("Visa ending 42", "Visa 尾号 42")
    points = say("Gift card", "礼品卡")
    requests = [
        {
            "id": "can_1042",
            "href": "#",
            "label": "C-1042",
            "number": "C-1042",
            "items": f"{jar} × 2",
            "reason": term("reason", "ordered_by_mistake"),
            "stage": "packing",
            "amount": gbp(2490),
            "due_at": ahead(hours=1, minutes=12),
            "since": ago(hours=22, minutes=48),
        },
        {
            "id": "can_1039",
            "href": "#",
            "label": "C-1039",
            "number": "C-1039",
            "items": f"{lamp} × 1",
            "reason": term("reason", "wrong_address"),
            "stage": "packed",
            "amount": gbp(6100),
            "due_at": ahead(hours=5, minutes=40),
            "since": ago(hours=18, minutes=20),
        },
        {
            "id": "can_1037",
            "href": "#",
            "label": "C-1037",
            "number": "C-1037",
            "items": say("Linen tablecloth, made to measure × 1", "定制亚麻桌布 × 1"),
            "reason": term("reason", "changed_mind"),
            "stage": "preparing",
            "amount": gbp(118000),
            "due_at": ahead(hours=21, minutes=5),
            "since": ago(hours=2, minutes=55),
        },
    ]
    return {
        "tools": _tools(language),
        "jar": jar,
        "shop": say("Harbour Homeware", "海港家居"),
        "in_an_hour": ahead(hours=1, minutes=12),
        "tomorrow": ahead(hours=20),
        "yesterday": ago(hours=4),
        "in_three_days": ahead(days=3, hours=4),
        "lately": ago(minutes=25),
        "steps": [
            Step("placed", "done", ago(hours=5)),
            Step("paid", "done", ago(hours=4, minutes=56)),
            Step("preparing", "now", ago(hours=2)),
            *(Step(name, "todo") for name in ("ready", "shipped", "delivered")),
        ],
        "stopped": [
            Step("placed", "done", ago(hours=5)),
            Step("paid", "done", ago(hours=4, minutes=56)),
            Step("cancelled", "stopped", ago(hours=1)),
        ],
        "lines": [
            {
                "title": jar,
                "variant": say("White, 2 litres", "白色，2 升"),
                "quantity": 2,
                "amount": gbp(1990),
                "href": "#",
            },
            {
                "title": lamp,
                "variant": say("Oak", "橡木"),
                "quantity": 1,
                "amount": gbp(6100),
                "note": say("Already shipped, it can be returned after delivery", "已发货，收货后可申请退货"),
            },
        ],
        "sums": [
            {"label": language.gettext("Goods"), "amount": gbp(1990), "note": f"{jar} × 2"},
            {
                "label": language.gettext("Discount share"),
                "amount": gbp(200),
                "minus": True,
                "note": say("10 % off the whole order", "全单 9 折"),
            },
            {"label": language.gettext("Delivery"), "amount": gbp(500)},
            {"label": language.gettext("Tax included"), "amount": gbp(382)},
            {"label": language.gettext("Fees"), "amount": gbp(0)},
        ],
        "total": gbp(2290),
        "tenders": [
            {"label": card, "amount": gbp(1790), "note": say("3 to 5 working days", "3 至 5 个工作日")},
            {"label": points, "amount": gbp(500), "note": say("At once", "即时到账")},
        ],
        "events": [
            {
                "at": ago(hours=5),
                "actor": "buyer",
                "text": say("You placed the order", "您提交了订单"),
                "icon": "receipt",
            },
            {
                "at": ago(hours=4, minutes=56),
                "actor": "buyer",
                "text": say("You paid £24.90 with Visa ending 42", "您使用尾号 42 的 Visa 支付了 £24.90"),
                "icon": "credit-card",
            },
            {
                "at": ago(hours=2),
                "actor": "seller",
                "text": say("The shop began to pack", "商家开始打包"),
                "icon": "package-open",
            },
            {
                "at": ago(minutes=48),
                "actor": "buyer",
                "text": say("You asked to cancel", "您申请取消订单"),
                "detail": term("reason", "ordered_by_mistake"),
                "icon": "undo-2",
                "tone": "wait",
                "rule": "PACKING-1",
            },
            {
                "at": ago(minutes=3),
                "actor": "system",
                "text": say("Approved, the money is on its way", "已同意，正在退款"),
                "icon": "circle-check",
                "tone": "good",
            },
        ],
        "way": {
            "heading": language.gettext("%(amount)s to %(tender)s")
            % {"amount": language.money(4000, "EUR"), "tender": "Visa ··4242"},
            "amount": Money(4000, "EUR"),
            "tender": "Visa ··4242",
            "refund": {"id": "ref_0000abcd0000000000000x", "status": "submitted"},
            "reader": "buyer",
            "instead": "",
            "trial": False,
            "otherwise": "",
            "trouble": ("", ""),
            "expected": language.gettext("Expected between %(first)s and %(last)s")
            % dict(zip(("first", "last"), language.days(ahead(days=3).date(), ahead(days=5).date()), strict=True)),
            "note": say("Usually 3 to 5 working days", "通常需要 3 至 5 个工作日"),
            "move": language.gettext("The payment provider"),
            "reference": "7KQ2-88F",
            "reference_of": reference_of(language, "", by_people=False),
            "href": "",
            "steps": [
                {"label": say("Approved", "已同意"), "state": "done", "at": ago(hours=2)},
                {
                    "label": say("Sent to the payment provider", "已提交支付机构"),
                    "state": "done",
                    "at": ago(hours=1, minutes=58),
                },
                {
                    "label": say("With your bank", "银行处理中"),
                    "state": "now",
                    "detail": say("Usually 3 to 5 working days", "通常需要 3 至 5 个工作日"),
                },
                {"label": say("On your statement", "到账"), "state": "todo"},
            ],
        },
        "papers": [
            {
                "title": language.term("document", "receipt"),
                "note": language.gettext("What was paid, cancelled and given back, as it stands now"),
                "href": "#papers",
            }
        ],
        "requests": requests,
        "options": [
            {
                "title": language.gettext("Approve"),
                "icon": "check",
                "lines": [
                    say("£24.90 goes back to Visa ending 42", "£24.90 退回尾号 42 的 Visa"),
                    say("2 × jar go back to stock", "2 件储物罐退回库存"),
                    say("No effect on your score", "不影响店铺评分"),
                ],
            },
            {
                "title": language.gettext("Refuse"),
                "icon": "x",
                "lines": [
                    say("Needs a tracking number or a reason", "须填写运单号或拒绝原因"),
                    say("The buyer may ask the platform to step in", "买家可申请平台介入"),
                    say("No effect unless overturned", "除非平台改判，否则不影响评分"),
                ],
            },
            {
                "title": say("If you do nothing", "如果不处理"),
                "icon": "clock",
                "lines": [
                    say("Approved by itself when time is up", "超时后系统自动同意"),
                    say("Counts as a late answer", "计为一次超时处理"),
                    say("Answer rate 96 % to 95 %", "按时处理率由 96% 降至 95%"),
                ],
            },
        ],
        "conversation": _conversation(language, now),
        "standing": _standing(language, now),
        "called": [{"one": _called(now), "ground": term("escalation", "shop_silent"), "outcome": ""}],
        "notes": _notes(language, now),
        "contact": _contact(language, now),
        "talk": [
            {
                "author": say("Mina K.", "林女士"),
                "at": ago(minutes=47),
                "audience": "everyone",
                "own": False,
                "text": say(
                    "Sorry, I ordered twice. Could you stop the second one?", "不好意思，我重复下单了，能取消第二单吗？"
                ),
            },
            {
                "author": say("Harbour Homeware", "海港家居"),
                "at": ago(minutes=31),
                "audience": "everyone",
                "own": True,
                "text": say(
                    "Of course. It is on the bench, I will take it off.", "可以的，订单还在打包台，我马上拦下来。"
                ),
            },
            {
                "author": say("Ren, support", "任客服"),
                "at": ago(minutes=20),
                "audience": "internal",
                "own": False,
                "text": say("Second request this month, both honest mistakes.", "该买家本月第二次申请，均为误操作。"),
            },
        ],
        "tiles": [
            {
                "href": "#",
                "label": language.gettext("Cancellation requested"),
                "count": 7,
                "tone": "urgent",
                "current": True,
            },
            {"href": "#", "label": language.gettext("Ship within 24 h"), "count": 12},
            {"href": "#", "label": language.gettext("Cancels by itself within 24 h"), "count": 2, "tone": "wait"},
            {"href": "#", "label": language.gettext("Shipping overdue"), "count": 0},
            {"href": "#", "label": language.gettext("Return or refund requested"), "count": 3},
            {"href": "#", "label": language.gettext("Appeal open"), "count": 0},
        ],
        "outcomes": [
            {"label": "C-1042", "outcome": "done", "detail": say("£24.90 on its way", "£24.90 退款中"), "href": "#"},
            {
                "label": "C-1039",
                "outcome": "skipped",
                "detail": say("Shipped a minute ago, a return is possible", "一分钟前已发货，可申请退货"),
                "href": "#",
            },
            {
                "label": "C-1037",
                "outcome": "failed",
                "detail": say("Changed since you opened this page, look again", "订单已更新，请刷新后重试"),
                "href": "#",
            },
        ],
        "reason_codes": ["changed_mind", "ordered_by_mistake", "wrong_address", "wrong_variant", "too_late", "other"],
        "week": [
            {"label": day, "value": value, "text": f"{value}"}
            for day, value in zip(
                [language.day(ago(days=6 - n), "UTC", now=now) for n in range(7)], (3, 5, 2, 8, 4, 6, 1), strict=True
            )
        ],
        "trend": [96, 97, 95, 96, 94, 93, 95, 96, 96],
        "rule": {
            "sentence": say(
                "While the shop packs, it is asked first. It has 24 hours; no answer means yes.",
                "商家打包期间，需先征得商家同意。商家须在 24 小时内处理，超时视为同意。",
            ),
            "values": [
                (say("Time to answer", "处理时限"), say("24 hours", "24 小时")),
                (say("No answer means", "超时视为"), say("Yes", "同意")),
            ],
            "why": [
                say("The order was being packed when you asked", "您申请时订单正在打包"),
                say("More than one hour had passed since you paid", "付款已超过 1 小时"),
            ],
            "others": [
                {"id": "HOLD-1", "sentence": say("Free within one hour of payment", "付款 1 小时内可直接取消")},
                {"id": "SHIPPED-1", "sentence": say("Never after hand-over", "交运后不可取消")},
            ],
        },
    }
