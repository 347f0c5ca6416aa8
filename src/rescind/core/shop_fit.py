"""What of a shop's own choices stays when it comes under another preset, and what falls away. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from rescind.core.automation import SETTING
from rescind.core.errors import CurrencyMismatch, InvalidField
from rescind.core.policy import Policy, ResolvedPolicy
from rescind.core.policy.literal import Plain
from rescind.core.standing import StandingRule, policy_of


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """Settings by name, and rules, that stay and that fall away.

    standing: the policy that the rules which stay are, None for none. automation: whether the platform may go on
    agreeing for the shop.
    """

    settings: dict[str, Plain]
    rules: tuple[StandingRule, ...]
    lost_settings: dict[str, Plain]
    lost_rules: tuple[StandingRule, ...]
    standing: Policy | None
    automation: bool

    @property
    def whole(self) -> bool:
        """Whether nothing of the shop's own falls away."""
        return not self.lost_settings and not self.lost_rules


def fit(settings: Mapping[str, Plain], rules: Sequence[StandingRule], preset: ResolvedPolicy, zone: str) -> Fit:
    """Hold what a shop has chosen against a preset. zone: the shop's, for the days of its rules.

    A choice that the preset does not offer, or not to that extent, falls away rather than being bent into another.
    """
    offered = {one.name: one for one in preset.policy.tunable}
    kept = {name: value for name, value in settings.items() if name in offered and offered[name].allows(value)}
    fitting = tuple(one for one in rules if _fits(one, preset, zone))
    return Fit(
        settings=kept,
        rules=fitting,
        lost_settings={name: value for name, value in settings.items() if name not in kept},
        lost_rules=tuple(one for one in rules if one not in fitting),
        standing=policy_of(fitting, preset, zone) if fitting else None,
        automation=SETTING in offered,
    )


def _fits(rule: StandingRule, preset: ResolvedPolicy, zone: str) -> bool:
    try:
        policy_of((rule,), preset, zone)
    except (InvalidField, CurrencyMismatch):
        return False
    return True
