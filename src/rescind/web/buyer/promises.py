"""What a shop promises beside its answers to a request: shipping, paying, returning; a sentence each, with its source.

Everything is read from the policies that an order placed now would be bought under, so that no page can say anything
else. What a policy does not say is not said here either.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from rescind.core.instant import Instant
from rescind.core.policy import Policy, ResolvedDeadline, ResolvedPolicy
from rescind.core.policy.policy import Dated
from rescind.core.terms import Terms
from rescind.locales import Locale
from rescind.postgres.publishing import Version
from rescind.web.explain import span_words


@dataclass(frozen=True, slots=True)
class Promise:
    """One sentence. source: where it comes from; since: the day from which it has meant this, empty where unknown."""

    text: str
    source: str = ""
    since: str = ""


def window(locale: Locale, terms: Terms, now: Instant) -> Promise | None:
    """The time in which the shop lets orders go without asking (M-03); None when it gives none."""
    length = terms.preset.values.get("window")
    if not isinstance(length, str) or length.startswith("0"):
        return None
    _ = locale.gettext
    text = _("For %(time)s after ordering you can cancel without asking anybody.") % {
        "time": span_words(locale, length)
    }
    ends = (
        _("This time ends earlier when packing begins.")
        if terms.preset.values.get("closes_at_packing") is True
        else _("Packing does not end this time; handing the parcel to the carrier does.")
    )
    joint = "" if locale.tag == "zh" else " "
    if "window" in terms.preset.settings:
        return Promise(f"{text}{joint}{ends}", locale.gettext("the shop's own choice"))
    return _of_value(locale, terms.preset, "window", f"{text}{joint}{ends}", now)


def shipping(locale: Locale, terms: Terms, now: Instant) -> list[Promise]:
    """How long things take until the goods leave or arrive, and what happens when they do not (M-36)."""
    _ = locale.gettext
    found = _of_deadlines(
        locale,
        terms.preset,
        now,
        {
            "unpaid": _("An order that is not paid within %(time)s of %(event)s is cancelled."),
            "hold": _("For %(time)s from %(event)s nobody ships, so that there is time to think again."),
            "dispatch": _("The shop ships within %(time)s of %(event)s."),
            "dispatch_handling": _("Goods that are made first ship within %(time)s of %(event)s."),
            "dispatch_pre_order": _("Goods ordered in advance ship within %(time)s of %(event)s."),
            "auto_cancel": _(
                "An order that is not ready within %(time)s of %(event)s is cancelled, and all of it is paid back."
            ),
            "auto_cancel_handling": _(
                "Goods that are made first and are not ready within %(time)s of %(event)s are cancelled and paid back."
            ),
            "auto_cancel_pre_order": _(
                "Goods ordered in advance that have not left within %(time)s of %(event)s are cancelled and paid back."
            ),
            "auto_cancel_uncollected": _(
                "An order that was not collected within %(time)s of %(event)s is cancelled, and all of it is paid back."
            ),
            "undelivered": _(
                "What the shop delivers itself and has not arrived within %(time)s of %(event)s is cancelled."
            ),
            "never_arrived": _("What has not arrived within %(time)s of %(event)s is cancelled, and paid back."),
        },
    )
    if not any(name.startswith("dispatch") for name in terms.preset.deadlines):
        found.append(Promise(_("No time to ship is laid down for this shop. Ask it when you need to know.")))
    found.append(
        Promise(_("Goods that are promised for a day are not late before it, nor cancelled for not having left."))
    )
    found.append(Promise(_("The tracking number stands on your order as soon as the shop has one.")))
    found.append(
        Promise(_("A parcel that its carrier reports as lost, damaged or coming back is cancelled, and paid back."))
    )
    return found


def returns(locale: Locale, terms: Terms, now: Instant) -> list[Promise]:
    """What can be done once the goods have left: the platform's rules, and the laws beside them."""
    _ = locale.gettext
    window = {"return_window": _("After delivery you may send goods back for %(time)s.")}
    found = _spans(locale, terms.preset, now, window)
    if not found:
        found.append(
            Promise(_("Once the parcel has left, goods are sent back instead of cancelled. Ask the shop how."))
        )
    found += _of_deadlines(
        locale,
        terms.preset,
        now,
        {
            "return_case": _("Platform support takes the next step in a return within %(time)s of %(event)s."),
            "return_answer": _("When support asks you something about a return, you have %(time)s to answer."),
        },
    )
    for law in terms.laws:
        values = law.at(now).values
        withdrawal = values.get("withdrawal")
        if isinstance(withdrawal, str):
            text = (
                _("By law, buyers in %(where)s may send goods back without a reason within %(time)s of receipt.")
                if values.get("from_receipt") is True
                else _("By law, buyers in %(where)s may withdraw within %(time)s of delivery.")
            )
            said = text % {"where": _where(locale, law), "time": span_words(locale, withdrawal)}
            found.append(_of_value(locale, law.at(now), "withdrawal", said, now))
    return found


def _of_deadlines(locale: Locale, policy: ResolvedPolicy, now: Instant, sentences: dict[str, str]) -> list[Promise]:
    """The sentences whose deadline the policy has, each with its time."""
    found: list[Promise] = []
    for name, sentence in sentences.items():
        terms_of = policy.deadlines.get(name)
        if terms_of is None:
            continue
        text = sentence if terms_of.span.amount else _on_the_day(locale, terms_of, sentence)
        said = text % {
            "time": span_words(locale, str(terms_of.span)),
            "event": locale.pgettext("policy.from", terms_of.event),
        }
        written = next(one for one in policy.policy.deadlines if one.name == name)
        found.append(_sourced(locale, said, _dated(policy.policy, written.span, now), ", ".join(written.cites)))
    return found


def _on_the_day(locale: Locale, deadline: ResolvedDeadline, sentence: str) -> str:
    """The sentence of a span of no days: it ends with the day on which it begins, or with the next that is worked."""
    _ = locale.gettext
    if deadline.cutoff is not None:
        hour = {"hour": deadline.cutoff.isoformat("minutes")}
        return _("What is ordered before %(hour)s of a working day ships on that day, later on the next.") % hour
    return {
        "dispatch_handling": _("Goods that are made first ship on the day they are promised for."),
        "dispatch_pre_order": _("Goods ordered in advance ship on the day they are promised for."),
    }.get(deadline.name, sentence)


def changed(locale: Locale, terms: Terms, versions: tuple[Version, ...], now: Instant) -> str:
    """The day on which something about these promises was last another one."""
    hashes = {layer.hash for layer in terms.layers}
    days = [
        one.approved_at.date() for one in versions if one.status == "live" and one.hash in hashes and one.approved_at
    ]
    today = now.astimezone(UTC).date()
    days += [
        dated.first_day
        for layer in terms.layers
        for value in layer.policy.values
        for dated in value.history
        if dated.first_day <= today
    ]
    return _day(locale, max(days)) if days else ""


def _where(locale: Locale, law: Policy) -> str:
    if locale.has("policy.where", law.name):
        return locale.pgettext("policy.where", law.name)
    if len(law.countries) == 1:
        return locale.country(law.countries[0])
    return locale.ngettext("%(num)s country", "%(num)s countries", len(law.countries)) % {"num": len(law.countries)}


def _spans(locale: Locale, policy: ResolvedPolicy, now: Instant, sentences: dict[str, str]) -> list[Promise]:
    found: list[Promise] = []
    for name, sentence in sentences.items():
        length = policy.values.get(name)
        if isinstance(length, str):
            found.append(_of_value(locale, policy, name, sentence % {"time": span_words(locale, length)}, now))
    return found


def _of_value(locale: Locale, policy: ResolvedPolicy, name: str, text: str, now: Instant) -> Promise:
    return _sourced(locale, text, _dated(policy.policy, name, now), "")


def _sourced(locale: Locale, text: str, dated: Dated | None, cites: str) -> Promise:
    if dated is None:
        return Promise(text, cites)
    return Promise(text, dated.source, _day(locale, dated.first_day))


def _dated(policy: Policy, name: str, now: Instant) -> Dated | None:
    """What a value means today; None for a span that stands in the deadline itself."""
    value = next((one for one in policy.values if one.name == name), None)
    return value.on(now.astimezone(UTC).date()) if value else None


def _day(locale: Locale, day: date) -> str:
    return locale.day(datetime.combine(day, time(12), UTC))
