"""Payment providers: which there are, test or live; connecting one, trying its key, and messages to look at."""

from __future__ import annotations

import re
from http import HTTPStatus

from litestar import get, post
from litestar.params import FromPath

from rescind.api import problems
from rescind.connections import Secrets
from rescind.core.errors import InvalidField, InvalidText, InvalidTransition, TrialRefused, Unavailable
from rescind.core.ids import OrderId, RefundId, canonical, shop_of
from rescind.core.ports import Checked
from rescind.core.refund import HOST, SANDBOX
from rescind.core.tried import OweTried
from rescind.locales import Locale
from rescind.postgres.tried import tried, waiting
from rescind.providers.kinds import KINDS, POINTERS, Kind
from rescind.providers.paths import NOBODY, path
from rescind.setting_values import EVERY_MEANS
from rescind.web import typed
from rescind.web.operator.console import PROVIDERS, told
from rescind.web.seller.console import Console, Fields, Here, Notice, new_key
from rescind.web.session import Html
from rescind.web.tender import method_name

SHOWN = (
    *("card", "paypal", "alipay", "wechat_pay", "bank_transfer", "cash_on_delivery"),
    *("gift_card", "balance", "store_credit", "voucher", "points"),
)
"""Means of payment of which the page says where they go."""
_BY_HAND = ("bank_transfer", "cash_on_delivery", "alipay", "wechat_pay", "card", "paypal")
"""Those that are offered to be paid out by the marketplace itself."""


@get("/providers")
async def read(console: Here) -> Html:
    """Every connection, and what providers told us that nothing could be made of. A key is nowhere."""
    kept = typed.kept(console.visit)
    page = await _page(console, form=Fields(kept, ()) if kept else None)
    return typed.forget(console.visit, page, PROVIDERS)


@post("/providers", status_code=200)
async def connect(console: Here) -> Html:
    """Try the key by reading only, and keep it."""
    form = await console.form()
    secret = {name for kind in KINDS.values() for name in _hidden(console.language, kind)}
    typed.keep(console.visit, PROVIDERS, form.values, secret)
    console.person.require_fresh()
    _ = console.language.gettext
    try:
        await console.desk.connected.connect(
            form.text("name"),
            form.text("kind"),
            Secrets(form.text("key"), tuple(form.text("webhook_secrets").split()), client=form.text("client_id")),
            f"operator:{console.person.id}",
            own=bool(form.text("own")),
            direct=bool(form.text("direct")),
        )
    except TrialRefused as refused:
        notice = Notice(problems.detail(refused, console.language), "urgent")
        return await _page(console, form=form, notice=notice, status=HTTPStatus.CONFLICT)
    except InvalidField as wrong:
        field = str(wrong.params["field"]).strip("/")
        said = console.language.expected(str(wrong.params["expected"]))
        return await _page(
            console,
            form=form,
            errors={field: _("Write %(expected)s.") % {"expected": said}},
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
        )
    except Unavailable:
        errors = {"key": _("The provider cannot be reached now. Try again in a moment.")}
        return await _page(console, form=form, errors=errors, status=HTTPStatus.SERVICE_UNAVAILABLE)
    said = "trial" if form.text("kind") == SANDBOX else "connected"
    return console.go(f"{PROVIDERS}?said={said}")


@post("/providers/{name:str}/check", status_code=200)
async def check(console: Here, name: FromPath[str]) -> Html:
    """Try a key that is kept."""
    await console.form()
    checked = await console.desk.connected.check(name)
    return await _page(console, notice=_checked(console.language, name, checked))


@post("/providers/sandbox/end", status_code=200)
async def end_trial(console: Here) -> Html:
    """End the trial; to press it twice ends it once."""
    await console.form()
    console.person.require_fresh()
    if await console.desk.connected.trial():
        await console.desk.connected.end_trial(f"operator:{console.person.id}")
    return console.go(f"{PROVIDERS}?said=trial_ended")


@post("/providers/tried/{order_id:str}/{refund:str}", status_code=200)
async def owe_again(console: Here, order_id: FromPath[str], refund: FromPath[str]) -> Html:
    """Say that the payment behind a refund that was only tried is real."""
    form = await console.form()
    console.person.require_fresh()
    try:
        order = OrderId(canonical("ord", order_id))
        command = OweTried(
            order=order, refund=RefundId(canonical("ref", refund)), comment=console.note(form.text("why"), "why")
        )
        await console.submit(command, shop_of(order), f"owe_again:{refund}", form.text("key"))
    except (InvalidTransition, InvalidText) as wrong:
        notice = Notice(problems.detail(wrong, console.language), "urgent")
        return await _page(console, notice=notice, status=problems.status(wrong))
    return console.go(f"{PROVIDERS}?said=owed_again")


@post("/providers/paid-out", status_code=200)
async def pay_out(console: Here) -> Html:
    """Choose which means of payment the marketplace pays out itself."""
    form = await console.form()
    console.person.require_fresh()
    others = [one for one in re.split(r"[\s,，、]+", form.text("others")) if one]
    chosen = [one for one in (*_BY_HAND, EVERY_MEANS) if form.text(f"pays_{one}")]
    if EVERY_MEANS in chosen:
        chosen, others = [EVERY_MEANS], []
    try:
        await console.desk.connected.pay_out([*chosen, *others], f"operator:{console.person.id}")
    except InvalidField as wrong:
        said = console.language.expected(str(wrong.params["expected"]))
        errors = {"others": console.language.gettext("Write %(expected)s.") % {"expected": said}}
        return await _page(console, errors=errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return console.go(f"{PROVIDERS}?said=paid_out#otherwise")


ROUTES = (read, pay_out, connect, check, end_trial, owe_again)


def _hidden(language: Locale, kind: Kind) -> set[str]:
    return {str(field["name"]) for field in _fields(language, kind) if field["hidden"]}


async def _page(
    console: Console,
    *,
    form: Fields | None = None,
    errors: dict[str, str] | None = None,
    notice: Notice | None = None,
    status: int = HTTPStatus.OK,
) -> Html:
    connected = console.desk.connected
    known = await connected.all()
    paid_out = await connected.paid_out()
    asked = form.text("kind") if form else console.query("kind")
    kind = KINDS.get(asked) or next(iter(KINDS.values()))
    fields = _fields(console.language, kind)
    # What was typed into the fields of secrets is not shown again.
    hidden = _hidden(console.language, kind)
    values = {name: value for name, value in form.values.items() if name not in hidden} if form else {}
    return console.page(
        "operator/providers.html",
        status=status,
        here=PROVIDERS,
        notice=notice or told(console),
        errors=errors or {},
        values=values,
        rows=[{"id": one.name, "one": one} for one in known],
        demo=console.desk.settings.demo,
        chosen=any(one.own for one in known),
        trial=any(one.own and one.name == SANDBOX for one in known) and not console.desk.settings.demo,
        owed=[
            console.language.ngettext("%(amount)s in %(num)s refund", "%(amount)s in %(num)s refunds", one.count)
            % {"amount": console.language.money(one.amount), "num": one.count}
            for one in await waiting(console.desk.pool)
        ],
        tried=[
            {"id": one.refund, "one": one, "amount": console.language.money(one.amount), "key": new_key()}
            for one in (() if console.desk.settings.demo else await tried(console.desk.pool))
        ],
        host_pays=[_means(console.language, one) for one in paid_out],
        paid_out=paid_out,
        paid_out_set=bool(connected.paid_out_set),
        means=[(one, _means(console.language, one)) for one in (*_BY_HAND, EVERY_MEANS)],
        other_means=", ".join(one for one in paid_out if one not in {*_BY_HAND, EVERY_MEANS}),
        where=await _where(console),
        aside=[{"id": f"{one.connection}:{one.message_id}", "one": one} for one in await connected.aside()],
        kinds=[
            {
                "label": console.language.term("provider", name),
                "href": f"{PROVIDERS}?kind={name}#connect",
                "current": name == kind.name,
            }
            for name in KINDS
        ],
        kind=kind.name,
        messages=kind.messages,
        fields=fields,
        address=console.desk.base_url,
    )


def _fields(language: Locale, kind: Kind) -> list[dict[str, object]]:
    """What this kind asks for, each in its own words."""
    return [
        {
            "name": POINTERS[field.name].strip("/"),
            "label": language.term("provider field", f"{kind.name}.{field.name}"),
            "hint": language.term("provider hint", f"{kind.name}.{field.name}"),
            "hidden": field.hidden,
        }
        for field in kind.fields
    ]


async def _where(console: Console) -> list[tuple[str, str]]:
    """Which means of payment go through which connection where none is named: (where to, means)."""
    language = console.language
    known = await console.desk.connected.known()
    by_place: dict[str, list[str]] = {}
    for method in (one for one in SHOWN if language.has("tender", one)):
        place = path(method, "", known)
        by_place.setdefault(place, []).append(language.term("tender", method))
    words = {
        HOST: language.gettext("the marketplace itself"),
        SANDBOX: language.gettext("the sandbox, which moves no money"),
        NOBODY: language.gettext("nowhere yet: refunds wait"),
    }
    between = language.gettext(", ")
    return [(words.get(place, place), between.join(means)) for place, means in by_place.items()]


def _means(language: Locale, method: str) -> str:
    return language.gettext("Every means of payment") if method == EVERY_MEANS else method_name(language, method)


def _checked(language: Locale, name: str, checked: Checked) -> Notice:
    _ = language.gettext
    if checked.trouble:
        said = language.term("provider trouble", checked.trouble)
        return Notice(_("%(name)s: %(trouble)s") % {"name": name, "trouble": said}, "urgent")
    money = _("test, no real money") if checked.test else _("live, real money")
    return Notice(_("%(name)s: the key is good (%(money)s).") % {"name": name, "money": money})
