"""Where an order stands for its buyer: on its own page, and beside what is said about it."""

from __future__ import annotations

from rescind.core.cancellation import Said
from rescind.core.cancellation.said import asked_since
from rescind.core.conversation import Message
from rescind.core.ids import OrderId
from rescind.core.outlook import Answer
from rescind.core.stage import Stage
from rescind.core.timers import pay_by
from rescind.locales import Locale
from rescind.web.buyer import words
from rescind.web.buyer.matter import Matter, load
from rescind.web.rendering import address
from rescind.web.session import Visit
from rescind.web.talk.standing import Around, Due, Next, Standing, Wish, goods


async def around(visit: Visit, order: OrderId) -> Around:
    """What a conversation's page shows of the order. Raises NotFound."""
    found = await load(visit, order)
    return Around(standing=standing(visit.locale, found), wish=lambda message: wish(visit.locale, found, message))


def standing(locale: Locale, found: Matter) -> Standing:
    """The request that waits, that it is cancelled, or what the policy says of cancelling it now."""
    _ = locale.gettext
    order, waiting = found.order, found.order.open_cancellation
    last = order.cancellations[-1] if order.cancellations else None
    line = goods(locale, found.view)
    if waiting is not None:
        pill = words.pill_key(waiting)
        offered = pill == "offer_made"
        due = (
            Due(
                at=waiting.due_at,
                kind=words.deadline_kind(waiting),
                since=waiting.waits_since,
                then=locale.term("silence", waiting.on_silence) if waiting.on_silence else "",
            )
            if waiting.due_at
            else None
        )
        return Standing(
            order=order.id,
            reader="buyer",
            title=_("The shop has made you an offer") if offered else _("You asked to cancel"),
            state=("cancellation", pill),
            sentence=words.request_sentence(locale, waiting, order),
            due=due,
            step=Next(
                label=_("Answer the offer") if offered else _("View request"),
                href=f"{found.path}/requests/{waiting.id}",
            ),
            goods=line,
        )
    title, state = words.title(locale, found.stage, reviewed=found.reviewed), ("stage", found.stage.value)
    if found.stage is Stage.CANCELLED:
        approved = last is not None and last.status == "approved"
        return Standing(
            order=order.id,
            reader="buyer",
            title=title,
            state=state,
            sentence=words.request_sentence(locale, last, order) if last and approved else "",
            step=Next(label=_("View cancellation"), href=f"{found.path}/requests/{last.id}") if last else None,
            goods=line,
        )
    offer = _offer(locale, found, found.answer)
    return Standing(
        order=order.id,
        reader="buyer",
        title=title,
        state=state,
        sentence=offer.sentence if offer else "",
        due=_until(locale, found),
        step=_step(offer) if offer else None,
        goods=line,
    )


def wish(locale: Locale, found: Matter, message: Message) -> Wish:
    """Beside a wish to cancel: the latest request that was made since, else what the order's page offers now."""
    _ = locale.gettext
    asked = asked_since(found.order, message.sent_at)
    if asked is not None:
        told = _("You asked to cancel after this, %(when)s: %(state)s")
        when = locale.instant(asked.requested_at, found.zone, now=found.now)
        sentence = told % {"when": when, "state": locale.term("cancellation", words.pill_key(asked), "buyer")}
        step = Next(label=_("View request"), href=f"{found.path}/requests/{asked.id}", kind="secondary")
        return Wish(sentence=sentence, step=step)
    # Where the policy gives messages time, it is answered as of then (M-17).
    answer = found.outlook.ask(found.now, said=Said(message=message.id, at=message.sent_at))
    offer = _offer(locale, found, answer)
    if offer is None:
        return Wish(sentence=standing(locale, found).title)
    step = _step(offer)
    if step is None or not offer.href.partition("?")[0].endswith("/cancel"):
        return Wish(sentence=offer.sentence, step=step)
    return Wish(
        sentence=_("Writing it here does not cancel anything. This does:"),
        step=Next(label=offer.label, href=address(offer.href, said=message.id), kind="secondary"),
    )


def _offer(locale: Locale, found: Matter, answer: Answer | None) -> words.Offer | None:
    if answer is None:
        return None
    return words.offer(locale, answer, found.path, arrived=found.arrived, reached=found.outlook.reached)


def _step(offer: words.Offer) -> Next | None:
    return Next(label=offer.label, href=offer.href, kind=offer.kind, note=offer.note) if offer.href else None


def _until(locale: Locale, found: Matter) -> Due | None:
    """The time to pay, until when cancelling stays as it is, or when it will likely be too late."""
    if found.stage is Stage.UNPAID and (limit := pay_by(found.order)):
        then = locale.gettext("Otherwise the order ends by itself.")
        return Due(at=limit.due_at, kind="pay_by", since=found.order.placed_at, then=then)
    if found.until and found.answer and found.answer.kind[0] == "approve":
        return Due(at=found.until.at, kind="free_until", then=words.then_line(locale, found.until.then))
    return Due(at=found.likely.at, kind="likely_until") if found.likely else None
