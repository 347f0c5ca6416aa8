"""Whether what is sealed in the database opens under the secret key that is there: after a restore it may not."""

from __future__ import annotations

from collections.abc import Sequence

from rescind import endpoints, order_sources, pushing, robots
from rescind.access import signing_in
from rescind.doctor.finding import Finding
from rescind.postgres.sealed import Kept, Sealed
from rescind.sealing import Sealer


def of_sealed(kept: Kept, secret: bytes) -> tuple[Finding, ...]:
    """People who cannot sign in, and how much else is shut; nothing where all opens. secret: the installation's."""
    people = _shut(secret, signing_in.PURPOSE, kept.apps)
    things = (
        _shut(secret, order_sources.PURPOSE, kept.sources)
        + _shut(secret, endpoints.PURPOSE, kept.endpoints)
        + _shut(secret, robots.PURPOSE, kept.robots)
        + _shut(secret, pushing.PURPOSE, kept.push)
    )
    found: list[Finding] = []
    if people:
        found.append(Finding(topic="people", code="apps_sealed", grade="broken", params={"count": people}))
    if things:
        found.append(Finding(topic="keys", code="secrets_sealed", grade="broken", params={"count": things}))
    return tuple(found)


def _shut(secret: bytes, purpose: str, kept: Sequence[Sealed]) -> int:
    sealer = Sealer(secret, purpose)
    return sum(not sealer.opens(one.whose, one.sealed) for one in kept)
