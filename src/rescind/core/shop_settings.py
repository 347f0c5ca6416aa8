"""What a shop may choose of the values its preset offers: reading a choice, and saying what is wrong with one. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rescind.core.errors import InvalidField, one_of
from rescind.core.policy import Policy, Tunable
from rescind.core.policy.literal import Plain

_NUMBER = re.compile(r"[0-9]{1,15}")


def written(value: Plain) -> str:
    """A value as it is written in a form, on a command line and in a preset."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def read(policy: Policy, name: str, text: str) -> Plain:
    """A choice from its text: `true`, `3`, `24h`. Raises InvalidField as for ``require_offered``."""
    tunable = _offered(policy, name)
    for choice in tunable.choices:
        if written(choice) == text:
            return choice
    value: Plain = int(text) if isinstance(tunable.low, int) and _NUMBER.fullmatch(text) else text
    require_offered(policy, {name: value})
    return value


def require_offered(policy: Policy, chosen: Mapping[str, Plain]) -> None:
    """Every choice is one the preset offers. Raises InvalidField, which names the value and what may be chosen."""
    for name, value in chosen.items():
        tunable = _offered(policy, name)
        if not tunable.allows(value):
            raise InvalidField(field=f"/{name}", expected=range_of(tunable))


def range_of(tunable: Tunable) -> str:
    """What may be chosen, in words."""
    if tunable.choices:
        return one_of(map(written, tunable.choices))
    return f"from {written(tunable.low)} to {written(tunable.high)}"


def _offered(policy: Policy, name: str) -> Tunable:
    for tunable in policy.tunable:
        if tunable.name == name:
            return tunable
    raise InvalidField(field="/", expected=one_of(tunable.name for tunable in policy.tunable))
