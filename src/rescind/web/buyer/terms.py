"""What anybody may read: the rules in words, who a shop is, where to get help (M-36)."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from rescind.core.policy import Atom, Policy, ResolvedPolicy, ResolvedRule, as_heard
from rescind.core.policy.outline import Special, Step, outline
from rescind.demo.guests import SUPPORT
from rescind.locales import Locale
from rescind.web import contact
from rescind.web.buyer import promises
from rescind.web.buyer.words import rule_line, waiting
from rescind.web.explain import atom_words, seconds_words, span_words
from rescind.web.policy_words import rule_words
from rescind.web.session import Html, Visit


@dataclass(frozen=True, slots=True)
class Clause:
    """One rule for a reader: what it says, the answer it gives, and the time that belongs to it."""

    id: str
    sentence: str
    verdict: str
    instead: str
    terms: str


@dataclass(frozen=True, slots=True)
class Row:
    """A step or a circumstance, the answer to a request then, and the kinder one to those who are quick."""

    when: str
    answer: str
    verdict: str
    note: str = ""
    source: str = ""


@get("/policy")
async def policy_page(visit: NamedDependency[Visit]) -> Html:
    """The rules in force, in the order in which they are asked, of ``?shop=``; without it a list of the shops."""
    shops = await visit.desk.reads.shops()
    chosen = next((shop for shop in shops if shop.id == visit.query("shop")), None)
    if chosen is None and len(shops) == 1:
        chosen = shops[0]
    clauses: list[Clause] = []
    name = ""
    if chosen is not None:
        policy: Policy | None = await visit.desk.book.policy(chosen.preset_hash)
        if policy is not None:
            name = policy.name
            reached = visit.desk.book.reached(chosen.id)
            clauses = [*_clauses(visit.locale, policy.at(visit.now, chosen.settings), reached=reached)]
    return visit.page(
        "buyer/policy.html",
        zone=chosen.zone if chosen else "UTC",
        live=False,
        shops=shops,
        chosen=chosen,
        policy=name,
        clauses=clauses,
        window=_window(visit.locale, chosen.settings) if chosen else "",
        unreached=chosen is not None and not visit.desk.book.reached(chosen.id),
    )


@get("/shops/{shop_id:str}")
async def shop_page(visit: NamedDependency[Visit], shop_id: FromPath[str]) -> Html:
    """For anybody: what happens when an order of this shop is to be cancelled, who the shop is, how to reach it.

    Made from the policy that an order placed now would be bought under, so that it cannot say anything else.
    """
    shop = await visit.desk.reads.shop(shop_id)
    terms = await visit.desk.book.terms(visit.desk.pins(shop), visit.now, shop.id)
    # What the shop agrees to in advance, or the platform for it, is asked with each decision and so belongs here too.
    agreed = (terms.standing.at(visit.now),) if terms.standing else ()
    reached = visit.desk.book.reached(shop.id)
    found = outline((*terms.layers, *agreed), reached=reached)
    return visit.page(
        "buyer/shop.html",
        zone=shop.zone,
        live=False,
        shop=shop,
        unreached=not reached,
        contact=await contact.shown(visit, shop),
        policies=[one.policy for one in terms.layers],
        steps=[step_row(visit.locale, one) for one in found.steps],
        special=[special_row(visit.locale, one) for one in found.special],
        late=rule_line(visit.locale, found.late) if found.late else "",
        window=promises.window(visit.locale, terms, visit.now),
        own=[
            rule_words(visit.locale, layer.policy, rule, layer.values, reached=reached)
            for layer in (*terms.others, *agreed)
            for rule in layer.policy.rules_on("request")
        ],
        shipping=promises.shipping(visit.locale, terms, visit.now),
        returns=promises.returns(visit.locale, terms, visit.now),
        changed=promises.changed(visit.locale, terms, await visit.desk.drafting.versions.all(), visit.now),
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


def _clauses(locale: Locale, terms: ResolvedPolicy, *, reached: bool) -> list[Clause]:
    found: list[Clause] = []
    for rule in terms.rules_on("request"):
        deadline = as_heard(rule, reached=reached).deadline
        found.append(
            Clause(
                id=rule.id,
                sentence=locale.rule(rule.id),
                verdict=rule.verdict.value,
                instead=locale.term("way_on", rule.instead) if rule.instead else "",
                terms=waiting(locale, str(deadline.span), deadline.on_silence or "") if deadline else "",
            )
        )
    return found


def step_row(locale: Locale, step: Step) -> Row:
    """One step of the outline in words."""
    early = step.early
    note, _ = "", locale.gettext
    if early is not None:
        time = seconds_words(locale, early.seconds)
        since = (
            locale.gettext("in the first %(time)s after the payment")
            if early.since == "since_paid"
            else locale.gettext("in the first %(time)s after ordering")
        )
        note = locale.gettext("%(answer)s %(since)s") % {
            "answer": rule_line(locale, early.rule),
            "since": since % {"time": time},
        }
    return Row(
        locale.term("stage", step.stage.value),
        rule_line(locale, step.rule),
        step.rule.verdict.value,
        note,
        _("; ").join(_source(rule) for rule in step.deciders),
    )


def special_row(locale: Locale, one: Special) -> Row:
    """One circumstance of the outline in words."""
    if one.count is None:
        atom = Atom(one.circumstance, "is", wanted=True, actual=True, held=True)
    else:
        atom = Atom(one.circumstance, ">=", wanted=one.count, actual=one.count, held=True, unit="pieces")
    when = atom_words(locale, atom)
    if one.by:
        by = locale.gettext("%(who)s ships") % {"who": locale.term("shipping_by", one.by)}
        when = locale.gettext("; ").join((when, by))
    return Row(when, rule_line(locale, one.rule), one.rule.verdict.value, source=_source(one.rule))


def _source(rule: ResolvedRule) -> str:
    """The rule that says so, and where that comes from."""
    return f"{rule.id} · {', '.join(rule.rule.cites)}"


def _window(locale: Locale, settings: dict[str, bool | int | str]) -> str:
    """The time a shop gives of its own accord, in words; empty when it gives none."""
    text = settings.get("window")
    return span_words(locale, text) if isinstance(text, str) and not text.startswith("0") else ""


ROUTES = (policy_page, shop_page, help_page)
