"""What a key may be made to do and no more: groups of calls, each to read or to change."""

from __future__ import annotations

from collections.abc import Iterable

from rescind.core.errors import InvalidField, one_of

GROUPS = ("orders", "money", "talk", "shop", "policy", "desk", "links")
"""Orders and what is asked about them; refunds and the books; what is said and told; a shop's own settings and
connections; rules and calendars; the installation, its people and keys; handing buyers over."""
SCOPES = tuple(f"{group}:{act}" for group in GROUPS for act in ("read", "write"))
OF_THE_SHOP = frozenset({"shop", "desk"})
"""What is not for who answers only."""


def scopes(asked: Iterable[str]) -> tuple[str, ...]:
    """The scopes of a key, each once and in their order; none for all that its role may. Raises InvalidField.

    Whoever may change something may read it too.
    """
    wanted = set(asked)
    if not wanted <= set(SCOPES):
        raise InvalidField(field="/scopes", expected=one_of(SCOPES))
    wanted |= {one.replace(":write", ":read") for one in wanted}
    return tuple(one for one in SCOPES if one in wanted)
