"""What stands behind the question mark of an address, read as strictly as a document: it has one meaning."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, get_args, get_origin
from urllib.parse import parse_qsl, urlencode

import msgspec

from rescind.core import errors
from rescind.intake import document

PARAMETERS = 100


def read(raw: bytes, kind: type[msgspec.Struct] | None) -> Any:
    """Query parameters as a struct. Raises UnknownField, InvalidField; one that stands twice has no one meaning."""
    if kind is None:
        if raw:
            raise errors.UnknownField(field="?", known=())
        return None
    known, many = _parameters(kind)
    found: dict[str, Any] = {}
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(raw),
            errors="strict",
            max_num_fields=PARAMETERS,
        )
    except ValueError:
        raise errors.InvalidField(field="?", expected=f"at most {PARAMETERS} name=value pairs in UTF-8") from None
    for name, value in pairs:
        if name not in known:
            raise errors.UnknownField(field=f"?{document.named(name)}", known=known)
        if name in found and name not in many:
            raise errors.InvalidField(field=f"?{name}", expected="given once")
        if "\0" in value:
            raise errors.InvalidText(field=f"?{name}", expected="text without control characters")
        if name in many:
            found.setdefault(name, []).append(value)
        else:
            found[name] = value
    try:
        return document.shape(found, kind, strict=False)
    except (errors.InvalidField, errors.UnknownField) as fault:
        first = str(fault.params["field"]).lstrip("/").partition("/")[0]
        raise type(fault)(**fault.params | {"field": f"?{first}"}) from None


def names(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """The parameters that an address may have."""
    return _parameters(kind)[0]


@cache
def _parameters(kind: type[msgspec.Struct]) -> tuple[tuple[str, ...], frozenset[str]]:
    """The names of a query's parameters, and of those among them that may stand several times."""
    fields = msgspec.structs.fields(kind)
    many = frozenset(one.encode_name for one in fields if get_origin(_bare(one.type)) is tuple)
    return tuple(one.encode_name for one in fields), many


def _bare(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def only(raw: str, kind: type[msgspec.Struct]) -> str:
    """What of an address narrows a list, in one spelling: the struct's own parameters that say something, sorted."""
    known = names(kind)
    pairs = parse_qsl(raw, max_num_fields=PARAMETERS)
    return urlencode(sorted((name, value) for name, value in pairs if name in known))
