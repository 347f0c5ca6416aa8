"""From an address to what can be done there: a tree with one step for each part between slashes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from litestar.types import ASGIApp, Receive, Scope, Send

from rescind.api.endpoint import Endpoint, Operation, is_small

if TYPE_CHECKING:
    from rescind.desk import Desk

ROOT = "v1"
"""Every address below this one is ours, also those that do not exist."""


@dataclass(slots=True)
class _Place:
    """One step down an address: the next by its word, or whatever stands there as a parameter."""

    words: dict[str, _Place] = field(default_factory=dict[str, "_Place"])
    parameter: str = ""
    rest: _Place | None = None
    endpoint: Endpoint | None = None


class Api:
    """All operations as one ASGI application, in front of another that answers everywhere else."""

    def __init__(self, desk: Desk, operations: Sequence[Operation], described: Any, elsewhere: ASGIApp) -> None:
        self._elsewhere = elsewhere
        self._root = _Place()
        self._nothing = Endpoint(desk, (), described)
        addresses: dict[str, list[Operation]] = {}
        for one in operations:
            addresses.setdefault(one.path, []).append(one)
        for path, here in addresses.items():
            self._add(path).endpoint = Endpoint(desk, here, described)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on what is not the API's."""
        if scope["type"] != "http":
            return await self._elsewhere(scope, receive, send)
        endpoint, parameters = self.find(scope["path"])
        if endpoint is None:
            if is_small(scope):
                return await self._elsewhere(scope, receive, send)
            endpoint = self._nothing
        scope["path_params"] = parameters
        return await endpoint(scope, receive, send)

    def find(self, path: str) -> tuple[Endpoint | None, Mapping[str, str]]:
        """What answers at an address, and its parameters. None: not one of ours."""
        steps = path.split("/")[1:]
        place: _Place | None = self._root
        parameters: dict[str, str] = {}
        for step in steps:
            if further := place.words.get(step):
                place = further
            elif place.rest and step:
                parameters[place.parameter] = step
                place = place.rest
            else:
                place = None
                break
        if place and place.endpoint:
            return place.endpoint, parameters
        return (self._nothing if steps[0] == ROOT else None), {}

    def _add(self, path: str) -> _Place:
        place = self._root
        for step in path.split("/")[1:]:
            if step.startswith("{"):
                name = step.strip("{}")
                assert place.parameter in {"", name}, f"{path}: {place.parameter} and {name} stand at one place"
                place.parameter = name
                place.rest = place.rest or _Place()
                place = place.rest
            else:
                place = place.words.setdefault(step, _Place())
        return place
