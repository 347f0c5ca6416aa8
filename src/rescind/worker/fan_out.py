"""Fan-out: what a command wrote is carried to everything that is kept from events."""

from __future__ import annotations

from rescind.core import news
from rescind.core.counting import counted
from rescind.core.fulfilment import FactReported, OrderPlaced
from rescind.core.instant import Instant
from rescind.postgres.deliveries import New
from rescind.postgres.due import DueTable, Told
from rescind.postgres.endpoints import EndpointTable, Listener
from rescind.postgres.notice_people import NoticePeople
from rescind.worker import notices

AT_ONCE = 200


async def sweep(
    due: DueTable,
    endpoints: EndpointTable | None = None,
    people: NoticePeople | None = None,
) -> int:
    """Carry every fan-out that is due; returns how many there were.

    endpoints: which systems want to be told; people: who is. Without either nobody is.
    """
    told = await due.told(AT_ONCE)
    if told:
        counts = [row for one in told for row in _counted(one)]
        payments = [row for one in told for row in _payments(one)]
        # Asked once for all of them: an installation without endpoints pays for one look into an empty table.
        listening = await endpoints.listening() if endpoints else ()
        tellings = await notices.made(people, told) if people else []
        await due.finish(told, counts, payments, [row for one in told for row in _news(one, listening)], tellings)
    return len(told)


def _counted(told: Told) -> list[tuple[str, Instant, str, int]]:
    """What counts for the buyer, for the limits that policies may set (R-122, R-215)."""
    at = told.records[-1].event.at if told.records else None
    return [(told.order.buyer, at, name, 1) for name in counted(told.order, told.records)] if at else []


def _payments(told: Told) -> list[tuple[str, str, str, str, str]]:
    """Which tenders the payments that were named now pay for, so that a provider's message finds its order (WH-03)."""
    named: set[str] = set()
    for record in told.records:
        match record.event:
            case OrderPlaced(order=order):
                named |= {tender.id for tender in order.tenders if tender.payment}
            case FactReported(payments=payments):
                named |= payments.keys()
            case _:
                pass
    order = told.order
    return [
        (tender.payment, tender.provider, order.shop, order.id, tender.id)
        for tender in order.tenders
        if tender.id in named
    ]


def _news(told: Told, listening: tuple[Listener, ...]) -> list[New]:
    """A message for every endpoint of the order's shop, and of the marketplace, that chose what happened."""
    order = told.order
    here = [one for one in listening if one.shop is None or one.shop == order.shop]
    found: list[New] = []
    for record in told.records if here else ():
        kind = news.kind_of(record)
        hears = [one for one in here if kind and news.wanted(one.events, kind)]
        if kind is None or not hears:
            continue
        name, body = news.identifier(order.id, record.seq), news.body(order, record, kind)
        found += [
            New(order.shop, name, one.id, kind, body, "waiting" if one.state == "on" else "missed") for one in hears
        ]
    return found
