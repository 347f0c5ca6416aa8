"""Refunds: by where they stand, how old, who looks after each, and when its provider is asked."""

from __future__ import annotations

from typing import Final

from litestar import get, post
from litestar.params import FromPath

from rescind.core.ids import RefundId, canonical
from rescind.core.views import RefundState
from rescind.locales import Locale
from rescind.postgres.refunds import RefundOwners
from rescind.web.rendering import address
from rescind.web.seller.console import Here, Notice
from rescind.web.seller.refund_lists import by_state, ended, names
from rescind.web.session import Html

PATH: Final = "/support/refunds"


@get("/refunds")
async def read(console: Here) -> Html:
    """One list of them; the address says which."""
    taken = Notice(console.language.gettext("Noted: you look after this refund."))
    said = taken if console.query("said") == "taken" else None
    return await by_state(console, PATH, _about(console.language), staff=True, notice=said)


@post("/refunds/{refund:str}/take", status_code=200)
async def take(console: Here, refund: FromPath[str]) -> Html:
    """Somebody of support puts their name to it."""
    form = await console.form()
    await RefundOwners(console.desk.pool).take(RefundId(canonical("ref", refund)), console.person.id)
    state = form.text("state")
    return console.go(address(PATH, state=state if state in names(console.language) else None, said="taken"))


ROUTES = (read, take)


def _about(language: Locale) -> dict[RefundState, str]:
    _ = language.gettext
    return {
        "in_doubt": _("The provider gave no clear answer. It is asked again by itself; nothing is paid twice."),
        "not_sent": _(
            "Something is in the way before anything can be sent. It is tried again by itself; until then support can"
            " send the money another way, on the order's page."
        ),
        "failed": _("The provider declined, or the bank sent the money back. Somebody has to find another way."),
        "owed": _("Decided, and to be sent in a moment. After a restore they wait here until refunds are released."),
        "submitted": _("The provider has them. They arrive in the bank's own time."),
        **ended(language),
    }
