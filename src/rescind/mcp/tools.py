"""What a tool is: its name and shapes as data, who may have it, and the function that makes its calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import msgspec

from rescind.locales import Locale
from rescind.mcp.answers import Answer
from rescind_client import AsyncRescind, models

T = TypeVar("T", bound=Answer)

ANYBODY = frozenset({"buyer", "seller", "support", "operator", "host"})
ACTING = frozenset({"buyer", "seller", "support", "operator"})
ANSWERING = frozenset({"seller", "support", "operator"})


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what tools take. language: of the text form of the answer."""

    language: Literal["en", "zh"] | None = None


@dataclass(frozen=True, slots=True)
class Here:
    """One call of a tool: the desk by its public API, with the program's own key, and the language to answer in."""

    desk: AsyncRescind
    language: Locale


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """roles, scope: whose keys have it. act: what a mandate has to allow; None: it only reads."""

    name: str
    about: str
    takes: type[Asked]
    gives: type[Answer]
    roles: frozenset[str]
    scope: str
    act: str | None = None
    run: Callable[[Here, Any], Awaitable[Answer]]
    says: Callable[[Any, Locale], list[str]]

    def given_to(self, caller: models.CallerTold) -> bool:
        """Whether this key has it; acting ones only while a mandate names the act and holds."""
        if caller.role not in self.roles or (self.scope and self.scope not in caller.scopes):
            return False
        if self.act is None:
            return True
        mandate = caller.mandate
        return caller.mandated and mandate is not None and mandate.holds and self.act in mandate.acts
