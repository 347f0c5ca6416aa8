"""Refunds that do not come to an end by themselves, told on the first pages of support and operators (KF-15)."""

from __future__ import annotations

from typing import Any

from rescind.doctor.finding import of_orders, of_programs
from rescind.doctor.words import advice, says
from rescind.postgres.alerts import Alert, alerts
from rescind.postgres.wanting import wanting
from rescind.web.operator.console import REFUNDS, WHERE
from rescind.web.seller.console import Console


async def standing(console: Console) -> list[dict[str, Any]]:
    """A line for each kind of trouble there is: how many, since when, how many nobody looks after, where they are.

    Operators read of keys that end and of orders that did not come in, too: nobody else can do anything about them.
    """
    lines = [_line(console, one) for one in await alerts(console.desk.pool, console.now)]
    if console.person.role == "operator":
        found = await wanting(console.desk.pool)
        told = (
            of_programs(found.keys, found.first_ends, found.first_key, console.now),
            of_orders(found.aside, found.aside_since, ordered=True),
        )
        lines += [
            {"title": says(console.language, one), "text": advice(console.language, one), "href": WHERE[one.topic]}
            for one in told
            if one.grade != "good"
        ]
    return lines


def _line(console: Console, one: Alert) -> dict[str, Any]:
    language = console.language
    _ = language.gettext
    numbers = {"num": language.number(one.count)}
    if one.kind == "failed":
        title = language.ngettext("%(num)s refund failed.", "%(num)s refunds failed.", one.count) % numbers
        what = _("Somebody has to find another way.")
    elif one.kind == "not_sent":
        title = language.ngettext("%(num)s refund cannot be sent.", "%(num)s refunds cannot be sent.", one.count)
        title %= numbers
        what = _("Somebody has to find another way.")
    elif one.kind == "not_set_up":
        title = language.ngettext(
            "%(num)s refund waits for a payment provider.", "%(num)s refunds wait for a payment provider.", one.count
        )
        title %= numbers
        what = _(
            "An operator connects the provider, puts its key right, or chooses that the marketplace pays this means of"
            " payment out itself: all on the page of payment providers."
        )
    else:
        title = language.ngettext("%(num)s refund is unclear.", "%(num)s refunds are unclear.", one.count) % numbers
        what = _("The provider gave no clear answer for more than a day.")
    since = _("The oldest since %(when)s.") % {"when": language.instant(one.since, console.zone, now=console.now)}
    nobody = _("Looked after by nobody: %(num)s.") % {"num": language.number(one.unowned)} if one.unowned else ""
    state = {"failed": "failed", "unclear": "in_doubt"}.get(one.kind, "not_sent")
    sentences = ("" if language.tag == "zh" else " ").join(filter(None, (what, since, nobody)))
    return {"title": title, "text": sentences, "href": f"{REFUNDS}?state={state}"}
