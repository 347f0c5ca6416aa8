"""What anybody may read: the rules in words, who a shop is, where to get help (M-36)."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from rescind.core.policy import Policy, ResolvedPolicy
from rescind.demo.guests import SUPPORT
from rescind.locales import Locale
from rescind.web.buyer.words import waiting
from rescind.web.explain import span_words
from rescind.web.session import Html, Visit


@dataclass(frozen=True, slots=True)
class Clause:
    """One rule for a reader: what it says, the answer it gives, and the time that belongs to it."""

    id: str
    sentence: str
    verdict: str
    instead: str
    terms: str


@get("/policy")
async def policy_page(visit: NamedDependency[Visit]) -> Html:
    """The rules in force, in the order in which they are asked. ``?shop=``: with that shop's own choices."""
    shops = await visit.desk.reads.shops()
    chosen = next((shop for shop in shops if shop.id == visit.query("shop")), shops[0] if shops else None)
    clauses: list[Clause] = []
    name = ""
    if chosen is not None:
        policy: Policy | None = await visit.desk.book.policy(chosen.preset_hash)
        if policy is not None:
            name = policy.name
            clauses = [*_clauses(visit.locale, policy.at(visit.now, chosen.settings))]
    return visit.page(
        "buyer/policy.html",
        zone=chosen.zone if chosen else "UTC",
        live=False,
        shops=shops,
        chosen=chosen,
        policy=name,
        clauses=clauses,
        window=_window(visit.locale, chosen.settings) if chosen else "",
    )


@get("/shops/{shop_id:str}")
async def shop_page(visit: NamedDependency[Visit], shop_id: FromPath[str]) -> Html:
    """Who a shop is, how to reach it, and the time in which it lets orders go without asking."""
    shop = await visit.desk.reads.shop(shop_id)
    policy = await visit.desk.book.policy(shop.preset_hash)
    return visit.page(
        "buyer/shop.html",
        zone=shop.zone,
        live=False,
        shop=shop,
        policy=policy.name if policy else "",
        window=_window(visit.locale, shop.settings),
    )


@get("/help")
async def help_page(visit: NamedDependency[Visit]) -> Html:
    """The questions people have first, and whom to ask."""
    return visit.page("buyer/help.html", live=False, support=_support(visit), shops=await visit.desk.reads.shops())


def _support(visit: Visit) -> dict[str, str]:
    """How platform support is reached, by kind of address; the demo's own where its operator said nothing."""
    settings = visit.desk.settings
    ways = {"email": settings.support_email, "phone": settings.support_phone, "hours": settings.support_hours}
    return {kind: way for kind, way in ways.items() if way} or (SUPPORT if settings.demo else {})


def _clauses(locale: Locale, terms: ResolvedPolicy) -> list[Clause]:
    found: list[Clause] = []
    for rule in terms.rules_on("request"):
        deadline = rule.deadline
        found.append(
            Clause(
                id=rule.id,
                sentence=locale.pgettext("rule", rule.id),
                verdict=rule.verdict.value,
                instead=locale.term("way_on", rule.instead) if rule.instead else "",
                terms=waiting(locale, str(deadline.span), deadline.on_silence or "") if deadline else "",
            )
        )
    return found


def _window(locale: Locale, settings: dict[str, bool | int | str]) -> str:
    """The time a shop gives of its own accord, in words; empty when it gives none."""
    text = settings.get("window")
    return span_words(locale, text) if isinstance(text, str) and not text.startswith("0") else ""


ROUTES = (policy_page, shop_page, help_page)
