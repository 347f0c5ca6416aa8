"""What every page of the operator's console shares: its navigation, who comes, and what the last form did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rescind.locales import Locale
from rescind.postgres.alerts import alerts
from rescind.postgres.publishing import Version
from rescind.postgres.wanting import wanting
from rescind.web.rendering import Link
from rescind.web.seller.console import Comes, Console, Notice
from rescind.web.session import Visit

HOME = "/operator"
REFUNDS = "/support/refunds"
POLICIES = f"{HOME}/policies"
DRAFTS = f"{HOME}/drafts"
KEYS = f"{HOME}/keys"
MANDATES = f"{HOME}/mandates"
PEOPLE = f"{HOME}/people"
PROVIDERS = f"{HOME}/providers"
SHOPS = f"{HOME}/shops"
WEBHOOKS = f"{HOME}/webhooks"
SOURCES = f"{HOME}/sources"
MAIL = f"{HOME}/mail"
IMPORTS = f"{HOME}/imports"
BOOKS = f"{HOME}/books"
INSTALLATION = f"{HOME}/installation"
CHECK_UP = f"{HOME}/check-up"
SET_UP = f"{HOME}/set-up"
EXPORTS = f"{HOME}/exports"
PAYING_OUT = "/support/refund-orders"
CALENDARS = "/support/calendars"
MONEY = (REFUNDS, PAYING_OUT, BOOKS)
"""Pages about money on its way back: one entry of the navigation, and tabs beside each other."""
WHERE = {
    "people": PEOPLE,
    "programs": KEYS,
    "provider": PROVIDERS,
    "orders": SOURCES,
    "mail": MAIL,
    "processes": INSTALLATION,
    "work": INSTALLATION,
}
"""On which page what a finding is about is put right, by its topic; the rest is done on the machine."""
TALKS = ("/support/messages", "/support/notices")
"""Pages that every role has entries of its own for."""


async def operator_console(visit: Comes) -> Console:
    """A dependency of the operator's pages. Raises Unauthenticated, Forbidden."""
    visit.require("operator")
    return Console(visit, visit.zone or "UTC", await navigation(visit))


async def navigation(visit: Visit) -> tuple[Link, ...]:
    """The way around for an operator, who has support's pages too."""
    _ = visit.locale.gettext
    path = visit.request.url.path
    waiting = sum(
        one.status == "submitted" and one.proposed_by != visit.person.id
        for one in await visit.desk.drafting.versions.all()
    )
    counts = await visit.desk.reads.case_counts(visit.scope)
    stuck = sum(one.count for one in await alerts(visit.desk.pool, visit.now))
    found = await wanting(visit.desk.pool)
    policies, money = path == HOME or path.startswith((POLICIES, DRAFTS)), path.startswith(MONEY)
    # Whatever else is the operator's is set up once: a page that is new needs no word here.
    set_up = path.startswith((HOME, CALENDARS)) and not policies and not money
    cases = path.startswith("/support") and not money and not set_up and not path.startswith(TALKS)
    return (
        Link(POLICIES, _("Policies"), count=waiting or None, current=policies),
        Link("/support", _("Cases and orders"), count=counts.get("with_platform") or None, current=cases),
        Link(REFUNDS, _("Refunds"), count=stuck or None, current=money),
        Link(SET_UP, _("Set-up"), count=(found.aside + found.keys) or None, current=set_up),
    )


async def signed(console: Console, versions: Iterable[Version]) -> Mapping[str, str]:
    """What the operators are called who wrote and answered these versions, by their ids."""
    ids = (one for each in versions for one in (each.proposed_by, each.approved_by, each.rejected_by) if one)
    return await console.desk.access.names("operator", ids)


def told(console: Console) -> Notice | None:
    """What the form before this page did, from the code its redirect left in the address."""
    said = console.query("said")
    text = _said(console.language).get(said)
    return Notice(text, "calm" if said == "unchanged" else "good") if text else None


def _said(language: Locale) -> dict[str, str]:
    _ = language.gettext
    return {
        "drafted": _("A draft was made. Nothing changes until another operator has approved it."),
        "saved": _("The draft was saved."),
        "silence_saved": _("Saved. It holds for requests from now on; what was promised for those that wait stays."),
        "unchanged": _("Nothing was changed, so nothing was saved."),
        "submitted": _("Submitted. Another operator has to approve it now."),
        "taken_back": _("Taken back. You can work on it again."),
        "approved": _("In force from now on. Orders placed before keep the rules they were bought under."),
        "rejected": _("Sent back to its author, with your reason."),
        "connected": _("Connected. The provider accepted the key."),
        "trial": _("The trial has begun: what is paid from now on is only tried. What was paid before stays owed."),
        "paid_out": _("Kept. Refunds to these are paid out by the marketplace; those that wait follow in a while."),
        "trial_ended": _("The trial has ended. What was tried stays so; what is owed waits for a provider."),
        "owed_again": _("Owed again. It is sent as money as soon as a provider takes it."),
        "mail_set_up": _("Kept. Mail goes to this server from now on; send a test to see whether it arrives."),
        "mail_removed": _("The server is forgotten. Mail waits in the outbox."),
        "mail_again": _("It is sent once more."),
        "mail_lifted": _("Mail may be sent to this address again."),
        "explained": _("The explanation is kept, with your name."),
        "revoked": _("The key opens nothing any more."),
        "secret_ended": _("Links that were signed with this secret open nothing any more."),
        "shop_added": _("The shop is there. Its orders can be placed at once."),
        "shop_changed": _("Saved. It holds from now on; orders placed before keep the terms of their day."),
        "mandate_given": _("Given. From now on the program may do so much."),
        "mandate_ended": _("Ended. The program does nothing under it any more."),
    }
