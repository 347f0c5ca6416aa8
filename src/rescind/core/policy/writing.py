"""From a policy to the text of a file that means it, whole: what an operator reads and goes on from.

What was written by a person has comments and may extend another policy; the published form has neither. Reading the
text again gives the same policy with the same hash.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

import msgspec

from rescind.core.policy.policy import Dated, DeadlineTerms, NamedValue, Policy, Reason, Rule, Settings, Tunable

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_ROW = 100


def written(policy: Policy) -> str:
    """The policy as a TOML file."""
    return "\n".join(_lines(policy)) + "\n"


def dated_line(dated: Dated) -> str:
    """One dated meaning of a value, as it stands in the value's table."""
    parts = [f"value = {literal(dated.value)}", f"source = {literal(dated.source)}"]
    if dated.unverified:
        parts.append("unverified = true")
    return f"{dated.first_day} = {{ {', '.join(parts)} }}"


def value_table(value: NamedValue) -> list[str]:
    """A value with its whole history, as a table of a file."""
    return [f"[values.{value.name}]", *(dated_line(dated) for dated in value.history)]


def literal(content: object) -> str:
    """A value as TOML writes it. Quotes, backslashes and signs that cannot be seen are escaped."""
    match content:
        case bool():
            return "true" if content else "false"
        case int():
            return str(content)
        case str():
            return f'"{"".join(_sign(one) for one in content)}"'
        case tuple() | list():
            inside = cast("Iterable[object]", content)
            return f"[{', '.join(literal(one) for one in inside)}]"
        case _:
            return str(content)


_SIGNS = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def _sign(sign: str) -> str:
    if sign in _SIGNS:
        return _SIGNS[sign]
    return sign if sign.isprintable() else f"\\U{ord(sign):08x}"


def _lines(policy: Policy) -> Iterator[str]:
    yield from _head(policy)
    if policy.settings != Settings():
        yield from ("", "[settings]")
        # An empty list of ways says something here.
        for name, content in msgspec.structs.asdict(policy.settings).items():
            yield f"{name} = {literal(content)}"
    if policy.values:
        yield from ("", "# Values: each has a first day and a source, and is never edited, only continued.")
    for value in policy.values:
        yield from ("", *value_table(value))
    for tunable in policy.tunable:
        yield from ("", f"[tunable.{tunable.name}]", *_members(_tunable(tunable)))
    for terms in policy.deadlines:
        yield from ("", f"[deadlines.{_key(terms.name)}]", *_members(_deadline(terms)))
    if policy.rules:
        yield from ("", "# Rules: of those about one question the first that holds decides.")
    for rule in policy.rules:
        yield from ("", "[[rules]]", *_members(_rule(rule)))
    for catalogue in policy.reasons.__struct_fields__:
        for reason in getattr(policy.reasons, catalogue):
            yield from ("", f"[[reasons.{catalogue}]]", *_members(_reason(reason)))


def _head(policy: Policy) -> Iterator[str]:
    yield f"policy = {literal(policy.name)}"
    yield f"layer = {literal(policy.layer)}"
    yield from _members({name: getattr(policy, name) for name in ("region", "zone", "calendar", "currency")})
    if policy.layer == "law":
        yield f"applies = {literal(policy.applies)}"
        yield f"in_force = {policy.in_force}"
        yield from _list("countries", policy.countries)


def _tunable(tunable: Tunable) -> Mapping[str, object]:
    named = {"choices": tunable.choices} if tunable.choices else {"low": tunable.low, "high": tunable.high}
    return {**named, "cites": tunable.cites}


def _deadline(terms: DeadlineTerms) -> Mapping[str, object]:
    return {
        "from": terms.event,
        "span": terms.span,
        "on_silence": terms.on_silence.value if terms.on_silence else "",
        "then": terms.then or "",
        "cutoff": terms.cutoff,
        "cites": terms.cites,
    }


def _rule(rule: Rule) -> Mapping[str, object]:
    return {
        "id": rule.id,
        "on": rule.on,
        "when": rule.text,
        "verdict": rule.verdict.value,
        "deadline": rule.deadline,
        "instead": rule.instead,
        "lines": "" if rule.lines == "any" else rule.lines,
        "fee": rule.fee,
        "cites": rule.cites,
    }


def _reason(reason: Reason) -> Mapping[str, object]:
    return {
        "code": reason.code,
        "platform": reason.platform,
        "when": reason.text,
        "needs": reason.needs,
        "fault": reason.fault_text,
    }


def _members(members: Mapping[str, object]) -> Iterator[str]:
    """Members that say something; what is empty is left out."""
    for name, content in members.items():
        if content not in ("", ()):
            yield f"{name} = {literal(content)}"


def _list(name: str, content: tuple[str, ...]) -> Iterator[str]:
    row = f"{name} = {literal(content)}"
    if len(row) <= _LONGEST_ROW:
        yield row
        return
    yield f"{name} = ["
    for start in range(0, len(content), 12):
        yield f"    {', '.join(literal(one) for one in content[start : start + 12])},"
    yield "]"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else literal(name)
