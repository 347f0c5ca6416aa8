"""Turning a template into a page: one Jinja environment a language, and the pieces every page is made of.

Templates import nothing. They find the macros of ``templates/pieces/*.html`` under ``ui``, the reader's language in
``_``, ``ngettext``, ``pgettext``, ``term``, and what is true of this very page (time, zone, frame) under ``reading``.
"""

from __future__ import annotations

import hashlib
import re
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Literal, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from rescind.locales import DAY, HOUR, LANGUAGE_NAMES, Locale, locale
from rescind.web.citations import linked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rescind.core.money import Money

HERE = Path(__file__).parent
STATIC = HERE / "static"


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the navigation. ``count``: how many things wait behind it; None where nothing is counted.

    live: what brings it anew, alone and from ``src``; empty where it comes anew with its page.
    """

    href: str
    label: str
    count: int | None = None
    current: bool = False
    icon: str = ""
    live: str = ""
    src: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the content of a page.

    role: buyer, seller, support, or empty before sign-in; it decides the width of the page. here: path and query of
    this page, to which the language switch returns. account_href: of whoever works here. trial: refunds are only tried
    here, and no money moves. events: address of the live stream, empty on a page that is not live. cursor: where in
    that stream this page was rendered. back: to the site of the marketplace, for a buyer who came from there.
    others: to the other orders of a buyer who came for one.
    """

    role: Literal["", "buyer", "seller", "support"] = ""
    name: str = ""
    nav: tuple[Link, ...] = ()
    here: str = "/"
    csrf: str = ""
    csrf_name: str = "_csrf_token"
    operator: str = ""
    home: str = "/"
    help_href: str = "/help"
    policy_href: str = "/policy"
    sign_out_href: str = "/sign-out"
    account_href: str = ""
    back: Link | None = None
    others: Link | None = None
    demo: bool = False
    trial: bool = False
    events: str = ""
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of one page: when, in whose zone, within which frame."""

    now: datetime
    zone: str
    frame: Frame


_reading: ContextVar[Reading] = ContextVar("reading")


def render(
    template: str,
    language: Locale,
    /,
    *,
    now: datetime,
    zone: str = "UTC",
    frame: Frame | None = None,
    **context: object,
) -> str:
    """Render a page or a fragment. ``now``: aware; every "time left" is counted from it. ``zone``: the reader's, IANA.

    Raises jinja2.UndefinedError for a name the template reads and nobody gave.
    """
    frame = frame or Frame()
    token = _reading.set(Reading(now, zone, frame))
    try:
        return environment(language.tag).get_template(template).render(frame=frame, **context)
    finally:
        _reading.reset(token)


@cache
def environment(tag: str) -> Environment:
    """The Jinja environment of one language, with filters and pieces bound to it."""
    language = locale(tag)
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    install = cast("Callable[..., None]", getattr(env, "install_gettext_callables"))  # noqa: B009 - the extension adds it
    install(
        language.gettext, language.ngettext, newstyle=True, pgettext=language.pgettext, npgettext=language.npgettext
    )
    env.filters.update(_filters(language))
    ui = SimpleNamespace()
    known = cast("dict[str, object]", env.globals)
    known.update(
        ui=ui,
        locale=language,
        language_names=LANGUAGE_NAMES,
        reading=_CurrentReading(),
        term=_term(language),
        tone_of=tone_of,
        icon_of=icon_of,
        urgency=urgency,
        address=address,
        static=static,
        csrf_field=csrf_field,
        line_points=line_points,
        live_words=live_words(language),
    )
    for path in sorted((HERE / "templates/pieces").glob("*.html")):
        module = env.get_template(f"pieces/{path.name}").module
        for name, piece in vars(module).items():
            if not name.startswith("_"):
                setattr(ui, name, piece)
    return env


class _CurrentReading:
    """``reading`` in templates: the reading under way, also inside macros, which see no page context."""

    def __getattr__(self, name: str) -> object:
        return getattr(_reading.get(), name)


def _filters(language: Locale) -> dict[str, Callable[..., object]]:
    def time_tag(moment: datetime, text: str) -> Markup:
        return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
            utc(moment), moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M"), text
        )

    def instant(moment: datetime, *, zone: bool = False, day: bool = True) -> Markup:
        reading = _reading.get()
        text = language.instant(moment, reading.zone, now=reading.now) if day else language.clock(moment, reading.zone)
        return time_tag(moment, f"{text} {language.zone(moment, reading.zone)}" if zone else text)

    def day(moment: datetime) -> Markup:
        reading = _reading.get()
        return time_tag(moment, language.day(moment, reading.zone, now=reading.now))

    def money(amount: Money, *, minus: bool = False) -> Markup:
        text = language.money(-amount.minor if minus else amount.minor, amount.currency)
        return Markup('<span class="money">{}</span>').format(text)

    return {
        "instant": instant,
        "day": day,
        "money": money,
        "time_left": language.time_left,
        "number": language.number,
        "percent": language.percent,
        "short_id": short_id,
        "mail_address": mail_address,
        "utc": utc,
        "cited": partial(linked, language),
    }


def utc(moment: datetime) -> str:
    """RFC 3339, to the second: what ``datetime`` attributes and our scripts read."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def mail_address(address: str) -> Markup:
    """A mail address that breaks behind its ``@`` and its dots, where it has to."""
    return Markup("<wbr>").join(re.split(r"(?<=[@.])", address))


def short_id(identifier: str) -> Markup:
    """Prefix and last six characters, the whole id in the tooltip."""
    prefix, _, rest = identifier.partition("_")
    return Markup('<span class="id" title="{}">{}_…{}</span>').format(identifier, prefix, rest[-6:])


def _term(language: Locale) -> Callable[..., str]:
    def term(context: str, key: str, reader: str = "", **values: object) -> str:
        text = language.term(context, str(key), reader)
        return escape(text) % values if values else text

    return term


def csrf_field() -> Markup:
    """The hidden field that every form with POST carries; nothing where the frame has no token."""
    frame = _reading.get().frame
    if not frame.csrf:
        return Markup()
    return Markup('<input type="hidden" name="{}" value="{}">').format(frame.csrf_name, frame.csrf)


def address(path: str, **changes: object) -> str:
    """``path`` with query parameters replaced; None removes one, and a tuple gives it several values. What stands there
    several times stays so. Order is kept, so that an address is stable.
    """
    parts = urlsplit(path)
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        query.setdefault(name, []).append(value)
    for name, value in changes.items():
        several = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
        query[name] = [str(one) for one in several if one is not None]
    said = urlencode(query, doseq=True)
    return parts.path + (f"?{said}" if said else "")


@cache
def static(name: str) -> str:
    """Address of a static file that changes with its contents, so that a browser may keep it for ever."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def urgency(left: float, total: float | None = None) -> str:
    """Tone of a countdown: seconds left, of how many. Calm while more than half is left, urgent under two hours."""
    if left <= 0:
        return "urgent"
    if total and left > total / 2:
        return "calm"
    if left < 2 * HOUR:
        return "urgent"
    if left < DAY or (total and left < total / 4):
        return "wait"
    return "calm"


def live_words(language: Locale) -> dict[str, object]:
    """The words our scripts need, in the page's language."""
    _ = language.gettext
    return {
        "units": [_("%(n)s d"), _("%(n)s h"), _("%(n)s min")],
        "moment": _("less than a minute"),
        "left": _("%(time)s left"),
        "passed": _("Time is up, the result is on its way"),
        "updated": _("Updated just now"),
        "lost": _("Connection lost"),
        "signed_out": _("Sign in again to see what is new."),
        "polled": _("Live updates are interrupted. This page is read again every 20 seconds."),
        "unsent": _("There is no connection. Nothing was sent; what you typed stays here."),
        "not_sent": {
            "refused": _("It could not be sent. It stays here; send it again in a moment."),
            "unknown": _(
                "It was not sent: you are not signed in here any more. Copy what you typed, and sign in again."
            ),
            "too_large": _("It was not sent: the files are too large together."),
        },
        "copied": _("Copied"),
    }


# What a state means to the eye: (tone, icon). A state that waits is calm to everybody but the one who must act.
_MOOD: dict[tuple[str, str], tuple[str, str]] = {
    ("cancellation", "awaiting_seller"): ("calm", "hourglass"),
    ("cancellation", "awaiting_seller@seller"): ("wait", "hourglass"),
    ("cancellation", "awaiting_carrier"): ("calm", "truck"),
    ("cancellation", "in_review"): ("calm", "eye"),
    ("cancellation", "in_review@support"): ("wait", "eye"),
    ("cancellation", "awaiting_buyer"): ("calm", "hourglass"),
    ("cancellation", "awaiting_buyer@buyer"): ("wait", "hourglass"),
    ("cancellation", "offer_made@buyer"): ("wait", "message-square"),
    ("cancellation", "approved"): ("good", "circle-check"),
    ("cancellation", "approved_by_rule"): ("good", "circle-check"),
    ("cancellation", "approved_on_silence"): ("good", "circle-check"),
    ("cancellation", "approved_by_system"): ("calm", "ban"),
    ("cancellation", "refused"): ("urgent", "circle-x"),
    ("cancellation", "refused@seller"): ("calm", "circle-x"),
    ("cancellation", "refused@support"): ("calm", "circle-x"),
    ("cancellation", "withdrawn"): ("calm", "undo-2"),
    ("cancellation", "overtaken"): ("calm", "truck"),
    ("cancellation", "undone"): ("calm", "undo-2"),
    ("refund", "owed"): ("calm", "banknote"),
    ("refund", "submitted"): ("calm", "banknote"),
    ("refund", "succeeded"): ("good", "circle-check"),
    ("refund", "failed"): ("urgent", "triangle-alert"),
    ("refund", "in_doubt"): ("wait", "circle-alert"),
    ("mail", "waiting"): ("calm", "clock"),
    ("mail", "taken"): ("good", "circle-check"),
    ("mail", "refused"): ("urgent", "circle-x"),
    ("mail", "failed"): ("urgent", "triangle-alert"),
    ("mail", "in_doubt"): ("wait", "circle-help"),
    ("source.grade", "official"): ("good", "circle-check"),
    ("source.grade", "unverified"): ("wait", "circle-help"),
    ("mail", "dropped"): ("calm", "minus"),
    ("verdict", "approve"): ("good", "circle-check"),
    ("verdict", "refuse"): ("urgent", "circle-x"),
    ("outcome", "done"): ("good", "circle-check"),
    ("outcome", "skipped"): ("calm", "minus"),
    ("outcome", "failed"): ("urgent", "circle-x"),
    ("webhook", "on"): ("good", "circle-check"),
    ("webhook", "troubled"): ("wait", "circle-alert"),
    ("webhook", "paused"): ("calm", "pause"),
    ("webhook", "gone"): ("urgent", "circle-x"),
    ("webhook", "failing"): ("urgent", "triangle-alert"),
    ("source state", "on"): ("good", "circle-check"),
    ("source state", "odd"): ("wait", "circle-alert"),
    ("source state", "troubled"): ("urgent", "triangle-alert"),
    ("source state", "paused"): ("calm", "pause"),
    ("source message", "waiting"): ("calm", "hourglass"),
    ("source message", "done"): ("good", "circle-check"),
    ("source message", "no_news"): ("calm", "minus"),
    ("source message", "set_aside"): ("urgent", "circle-help"),
    ("source message", "ignored"): ("calm", "minus"),
    ("robot", "on"): ("good", "circle-check"),
    ("robot", "untried"): ("wait", "circle-help"),
    ("robot", "troubled"): ("wait", "circle-alert"),
    ("robot", "paused"): ("calm", "pause"),
    ("robot", "gone"): ("urgent", "circle-x"),
    ("robot", "failing"): ("urgent", "triangle-alert"),
    ("robot_message", "waiting"): ("calm", "hourglass"),
    ("robot_message", "said"): ("good", "circle-check"),
    ("robot_message", "over"): ("calm", "minus"),
    ("robot_message", "failed"): ("urgent", "circle-x"),
    ("delivery", "waiting"): ("calm", "hourglass"),
    ("delivery", "delivered"): ("good", "circle-check"),
    ("delivery", "failed"): ("urgent", "circle-x"),
    ("delivery", "missed"): ("wait", "minus"),
    ("return", "with_support"): ("calm", "headset"),
    ("return", "with_support@support"): ("wait", "headset"),
    ("return", "with_buyer"): ("calm", "hourglass"),
    ("return", "with_buyer@buyer"): ("wait", "message-square"),
    ("return", "escalated"): ("urgent", "triangle-alert"),
    ("return", "closed"): ("calm", "circle-check"),
    ("stage", "unpaid"): ("calm", "credit-card"),
    ("stage", "on_hold"): ("calm", "circle-pause"),
    ("stage", "review"): ("calm", "eye"),
    ("stage", "cancelled"): ("calm", "ban"),
    ("stage", "in_transit"): ("calm", "truck"),
    ("stage", "partially_shipping"): ("calm", "truck"),
    ("stage", "delivered"): ("calm", "house"),
    ("stage", "completed"): ("calm", "check"),
    ("status", "unpaid"): ("calm", "credit-card"),
    ("status", "on_hold"): ("calm", "circle-pause"),
    ("status", "cancelled"): ("calm", "ban"),
    ("status", "in_transit"): ("calm", "truck"),
    ("status", "partially_shipping"): ("calm", "truck"),
    ("status", "delivered"): ("calm", "house"),
    ("status", "completed"): ("calm", "check"),
}
_DEFAULT_ICON = {"stage": "package", "status": "package"}


def tone_of(context: str, key: str, reader: str = "") -> str:
    """Tone of a state's pill for this reader."""
    return _mood(context, key, reader)[0]


def icon_of(context: str, key: str, reader: str = "") -> str:
    """Icon of a state's pill for this reader; state is never told by colour alone (A11Y-04)."""
    return _mood(context, key, reader)[1]


def _mood(context: str, key: str, reader: str) -> tuple[str, str]:
    plain = _MOOD.get((context, key), ("calm", _DEFAULT_ICON.get(context, "")))
    return _MOOD.get((context, f"{key}@{reader}"), plain)


def line_points(values: Sequence[float], width: int = 120, height: int = 28) -> str:
    """The values as points of an SVG polyline in width and height, with a margin of two; one value is a flat line."""
    low, high = min(values), max(values)
    spread = (high - low) or 1
    step = (width - 4) / max(1, len(values) - 1)
    flat = height / 2 if high == low else None
    points = [
        (2 + index * step, flat if flat is not None else height - 2 - (value - low) / spread * (height - 4))
        for index, value in enumerate(values)
    ]
    if len(points) == 1:
        points.append((width - 2, points[0][1]))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
