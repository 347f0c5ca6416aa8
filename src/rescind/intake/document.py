"""A JSON document from outside, read so strictly that it has one meaning.

Two readers of the same bytes must never see different things: one name twice, a byte order mark, half a surrogate pair,
a number that is no integer are refused, before anything else is looked at.
"""

from __future__ import annotations

import json
import re
from ast import literal_eval
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

from rescind.core.errors import InvalidField, MalformedBody, UnknownField, one_of
from rescind.intake.fields import WORDS_OF_PATTERN

T = TypeVar("T")

DEPTH = 32
_IN_QUOTES = re.compile(r'"(?:[^"\\]|\\.)*"')
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)`(?: - at `([^`]+)`)?")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}", re.ASCII)
_MISSING = re.compile(r"Object missing required field `(\w+)`(?: - at `(.+)`)?")
_EXPECTED = re.compile(r"Expected (.+?)(?:, got .*?)?(?: - at `(.+)`)?", re.DOTALL)
_PATTERN = re.compile(r"`str` matching regex ('.*')", re.DOTALL)
_NO_MOMENT = re.compile(r"Expected `datetime`|Invalid RFC3339 encoded datetime")
_AT = re.compile(r".* - at `(.+)`", re.DOTALL)
_STEP = re.compile(r"\.(\w+)|\[(\d+|\.\.\.)\]")

encode_sorted = msgspec.json.Encoder(order="sorted").encode


class Malformed(ValueError):
    """Something JSON allows and we do not; the message says what the document should be."""


def parse(body: bytes) -> Any:
    """Plain values from bytes. Raises MalformedBody."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedBody(expected="UTF-8 text") from None
    if text.startswith("\ufeff"):
        raise MalformedBody(expected="JSON without a byte order mark")
    if text.count("{") + text.count("[") > DEPTH and _depth(text) > DEPTH:
        raise MalformedBody(expected=f"JSON nested at most {DEPTH} deep")
    try:
        found = _decoder.decode(text)
    except Malformed as fault:
        raise MalformedBody(expected=str(fault)) from None
    except (ValueError, RecursionError):
        # ValueError: no JSON, or a number of more digits than any number has here.
        raise MalformedBody(expected="one JSON document") from None
    # Only an escape can bring these in: raw, the reader above has refused them.
    if "\\u" in text:
        _check_strings(found)
    return found


def shape(document: Any, kind: type[T], *, strict: bool = True) -> T:
    """The document as a struct. Raises InvalidField and UnknownField, each with the JSON pointer of the place."""
    try:
        return msgspec.convert(document, kind, strict=strict)
    except msgspec.ValidationError as fault:
        raise _named(str(fault), kind) from None


@cache
def _schema(kind: type[Any]) -> dict[str, Any]:
    return msgspec.json.schema(kind)


@cache
def _names(kind: type[Any]) -> frozenset[str]:
    """Every member name of a struct and of the structs inside it."""
    shapes: dict[str, Any] = _schema(kind)["$defs"]
    return frozenset(name for one in shapes.values() for name in one.get("properties", ()))


def _choices(kind: type[Any], place: str) -> tuple[str, ...]:
    """The codes that a place in a struct may hold, in their order; none when the place is no list of codes."""
    shapes: dict[str, Any] = _schema(kind)["$defs"]
    found: list[dict[str, Any]] = [_schema(kind)]
    for step in [*place.split("/")[1:], ""]:
        meant = [shapes[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in found]
        meant = [one for some in meant for one in some.get("anyOf", [some])]
        meant = [shapes[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in meant]
        if not step:
            return tuple(str(code) for one in meant for code in one.get("enum", ()))
        found = [one.get("properties", {}).get(step) or one.get("items") for one in meant]
        found = [one for one in found if one]
    return ()


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Malformed("JSON in which each member name stands once in its object")
    return members


_decoder = json.JSONDecoder(object_pairs_hook=_members)


def _depth(text: str) -> int:
    deepest = depth = 0
    for sign in _IN_QUOTES.sub("", text):
        if sign in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "}]":
            depth -= 1
    return deepest


def _check_strings(found: Any) -> None:
    waiting: list[Any] = [found]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            if "\0" in one or not _encodable(one):
                raise MalformedBody(expected="JSON whose strings are Unicode text without NUL")
        elif isinstance(one, dict):
            members = cast("dict[str, Any]", one)
            waiting.extend(members)
            waiting.extend(members.values())
        elif isinstance(one, list):
            waiting.extend(cast("list[Any]", one))


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _named(message: str, kind: type[Any]) -> InvalidField | UnknownField:
    """From the reader's message to a problem: its words hold type names and our own limits."""
    names = _names(kind)
    if message.startswith("Object contains unknown field"):
        found = _UNKNOWN.fullmatch(message)
        return UnknownField(field=f"{pointer(found[2], names)}/{named(found[1])}" if found else "")
    if found := _MISSING.fullmatch(message):
        return InvalidField(field=f"{pointer(found[2], names)}/{found[1]}", expected="present")
    at = _AT.fullmatch(message)
    place = pointer(at and at[1], names)
    if _NO_MOMENT.match(message):
        return InvalidField(field=place, expected="RFC 3339 date-time with an offset")
    found = _EXPECTED.fullmatch(message)
    if found and (pattern := _PATTERN.fullmatch(found[1])):
        told = WORDS_OF_PATTERN.get(literal_eval(pattern[1]), "a value of the documented form")
        return InvalidField(field=place, expected=told)
    if found:
        return InvalidField(field=pointer(found[2], names), expected=found[1].replace("`", ""))
    if message.startswith("Invalid enum value"):
        return InvalidField(field=place, expected=one_of(_choices(kind, place)))
    return InvalidField(field=place, expected="a value of the documented form")


def named(word: str) -> str:
    """An unknown name, to be told back: as it was sent when it is a plain short word, otherwise only as "?"."""
    return word if _PLAIN.fullmatch(word) else "?"


def pointer(path: str | None, names: frozenset[str]) -> str:
    """A JSON pointer (RFC 6901) from the reader's path: ``$.lines[0].quantity`` is ``/lines/0/quantity``.

    It ends where a step is none of ``names``: that would be the caller's own word.
    """
    parts: list[str] = []
    for name, index in _STEP.findall(path or ""):
        if index == "..." or (name and name not in names):
            break
        parts.append(name or index)
    return "".join(f"/{part}" for part in parts)
