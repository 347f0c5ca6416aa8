"""What a shop decides in advance: the values it chooses, and the requests it agrees to by rule."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec

from rescind.api.endpoint import Answer, Call, operation
from rescind.api.told import Told
from rescind.core import automation, errors
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.policy import ResolvedPolicy
from rescind.core.shop_settings import require_offered
from rescind.core.standing import AT_ONCE, LISTED, StandingRule, allowed, policy_of, rule_id, waits
from rescind.core.views import ShopView
from rescind.intake.fields import Amount, Category, Code, Incoming, Words
from rescind.intake.text import label
from rescind.postgres.credentials import Role
from rescind.postgres.shop_versions import Automation, Choices

READS: frozenset[Role] = frozenset({"seller", "host", "support", "operator"})
CHANGES: frozenset[Role] = frozenset({"seller", "operator"})


class NewSettings(Incoming, frozen=True, kw_only=True):
    """The values to be chosen, by name; what is not named stays as it is."""

    settings: Annotated[dict[str, bool | int | str], msgspec.Meta(min_length=1, max_length=50)]


class NewRule(Incoming, frozen=True, kw_only=True):
    """Requests the shop agrees to. What is not said does not matter; all that is said must fit.

    categories: every line of the request is of one of them. least, most: what the request would give back, both
    included. first_day, last_day: both included, where the shop is. wait: how long the seller may still answer.
    """

    name: Words
    reasons: Annotated[tuple[Code, ...], msgspec.Meta(max_length=LISTED)] = ()
    categories: Annotated[tuple[Category, ...], msgspec.Meta(max_length=LISTED)] = ()
    least: Amount | None = None
    most: Amount | None = None
    first_day: date | None = None
    last_day: date | None = None
    wait: str = AT_ONCE


class NewRules(Incoming, frozen=True, kw_only=True):
    """All rules of the shop, in the order in which they are asked; none ends them."""

    rules: tuple[NewRule, ...]


class SettingTold(Told, frozen=True, kw_only=True):
    """One value that the preset lets shops choose. default: what holds without a choice. cites: rows it comes from.

    locked_until: before this the shop cannot change it; null when it can.
    """

    name: str
    value: bool | int | str
    default: bool | int | str
    choices: list[bool | int | str]
    low: bool | int | str
    high: bool | int | str
    cites: list[str]
    locked_until: Instant | None


class AutomationTold(Told, frozen=True, kw_only=True):
    """That the platform agrees for the shop. month: first day of the one it follows from; until: may end from then."""

    since: Instant
    until: Instant
    month: date
    asked: int
    in_time: int


class SettingsTold(Told, frozen=True, kw_only=True):
    """What the shop has chosen. ``version`` is the ETag; 0 when it has chosen nothing since it was added."""

    shop: str
    preset: str
    policy: str
    version: int
    settings: list[SettingTold]
    automation: AutomationTold | None


class RuleTold(Told, frozen=True, kw_only=True):
    """One rule. id: as decisions name it; condition: what it means, in the language of policies."""

    id: str
    name: str
    reasons: list[str]
    categories: list[str]
    least: Money | None
    most: Money | None
    first_day: date | None
    last_day: date | None
    wait: str
    condition: str


class RulesTold(Told, frozen=True, kw_only=True):
    """The shop's rules. offered: whether its preset has such rules at all. waits: how long a rule may let wait."""

    shop: str
    version: int
    offered: bool
    waits: list[str]
    rules: list[RuleTold]


@operation(
    "GET",
    "/v1/shops/{shop}/settings",
    may=READS,
    through="shop",
    summary="Read a shop's settings",
    gives=SettingsTold,
    fails=(errors.NotFound,),
)
async def settings(call: Call) -> Answer:
    """What the shop's preset lets it choose, what it has chosen, and whether the platform agrees in its place."""
    shop = await shop_of(call)
    return await _settings(call, shop, await call.desk.versions.choices(shop.id))


@operation(
    "PATCH",
    "/v1/shops/{shop}/settings",
    may=CHANGES,
    through="shop",
    summary="Choose settings",
    body=NewSettings,
    gives=SettingsTold,
    changes=True,
    keyed=False,
    versioned=errors.StaleShop,
    fails=(errors.NotFound, automation.AutomationRequired),
)
async def choose(call: Call) -> Answer:
    """Choose some values. They hold for orders placed from now on; orders placed before keep the ones of their day.

    Choosing what is chosen already changes nothing, so a call whose answer was lost is simply repeated.
    """
    shop = await shop_of(call)
    policy = (await _preset(call, shop)).policy
    try:
        require_offered(policy, call.body.settings)
    except errors.InvalidField as error:
        raise errors.InvalidField(
            field=f"/settings{error.params['field']}".rstrip("/"), expected=error.params["expected"]
        ) from None
    chosen = await call.desk.versions.put_settings(
        shop.id, call.body.settings, policy, changed_by(call), expected=call.expected_version()
    )
    await call.desk.book.refresh()
    return await _settings(call, shop, chosen)


@operation(
    "GET",
    "/v1/shops/{shop}/rules",
    may=READS,
    through="shop",
    summary="Read a shop's rules",
    gives=RulesTold,
    fails=(errors.NotFound,),
)
async def rules(call: Call) -> Answer:
    """The requests the shop agrees to without looking at them, and how long it may still answer first."""
    shop = await shop_of(call)
    return await _rules(call, shop, await call.desk.versions.choices(shop.id))


@operation(
    "PUT",
    "/v1/shops/{shop}/rules",
    may=CHANGES,
    through="shop",
    summary="Set a shop's rules",
    body=NewRules,
    gives=RulesTold,
    changes=True,
    keyed=False,
    versioned=errors.StaleShop,
    fails=(errors.NotFound, errors.InvalidText, errors.CurrencyMismatch),
)
async def set_rules(call: Call) -> Answer:
    """Put these rules in the place of those before. They answer requests that come from now on, whenever the order was
    placed, and only where the shop itself would be asked; they can give a buyer more and never less.
    """
    shop = await shop_of(call)
    written = tuple(_rule(one, f"/rules/{place}") for place, one in enumerate(call.body.rules))
    preset = await _preset(call, shop)
    policy = policy_of(written, preset, shop.zone) if written else None
    chosen = await call.desk.versions.put_rules(
        shop.id, written, policy, changed_by(call), expected=call.expected_version()
    )
    await call.desk.book.refresh()
    return await _rules(call, shop, chosen)


async def shop_of(call: Call) -> ShopView:
    """The shop of the address, seen through the caller's scope. Raises NotFound."""
    identifier = ShopId(call.identifier("shop", "shp"))
    own = call.principal.scope.shop
    if own is not None and own != identifier:
        raise errors.NotFound(kind="shop")
    return await call.desk.reads.shop(identifier)


async def _preset(call: Call, shop: ShopView) -> ResolvedPolicy:
    policy = await call.desk.book.policy(shop.preset_hash)
    assert policy is not None, "a shop's preset is published before the shop is"
    return policy.at(call.desk.now())


def changed_by(call: Call) -> str:
    """Who changes something, as the versions of a shop name them."""
    return f"{call.principal.role}:{call.principal.id}"


def _rule(one: NewRule, at: str) -> StandingRule:
    currency = next((amount.currency for amount in (one.least, one.most) if amount), "")
    if one.least and one.most and one.least.currency != one.most.currency:
        raise errors.CurrencyMismatch(expected=one.least.currency, actual=one.most.currency)
    return StandingRule(
        name=label(one.name, field=f"{at}/name", blank=False),
        reasons=one.reasons,
        categories=tuple(filter(None, one.categories)),
        least_minor=one.least.amount if one.least else None,
        most_minor=one.most.amount if one.most else None,
        currency=currency,
        first_day=one.first_day,
        last_day=one.last_day,
        wait=one.wait,
    )


async def _settings(call: Call, shop: ShopView, choices: Choices) -> Answer:
    preset = await _preset(call, shop)
    told = [
        SettingTold(
            name=one.name,
            value=choices.settings.get(one.name, preset.values[one.name]),
            default=preset.values[one.name],
            choices=list(one.choices),
            low=one.low,
            high=one.high,
            cites=list(one.cites),
            locked_until=locked_until(one.name, choices.automation, call.desk.now()),
        )
        for one in preset.policy.tunable
    ]
    body = SettingsTold(
        shop=shop.id,
        preset=shop.preset,
        policy=shop.preset_hash,
        version=choices.settings_version,
        settings=told,
        automation=_automation(choices.automation),
    )
    return Answer(body=body, version=choices.settings_version)


def locked_until(name: str, running: Automation | None, now: Instant) -> Instant | None:
    """Until when the shop cannot change a value, because the platform has set it."""
    return running.until if running and name == automation.SETTING and now < running.until else None


def _automation(running: Automation | None) -> AutomationTold | None:
    if running is None:
        return None
    answered = running.answered
    return AutomationTold(
        since=running.since,
        until=running.until,
        month=answered.month,
        asked=answered.asked,
        in_time=answered.in_time,
    )


async def _rules(call: Call, shop: ShopView, choices: Choices) -> Answer:
    preset = await _preset(call, shop)
    told = [
        RuleTold(
            id=rule_id(place),
            name=one.name,
            reasons=list(one.reasons),
            categories=list(one.categories),
            least=None if one.least_minor is None else Money(one.least_minor, one.currency),
            most=None if one.most_minor is None else Money(one.most_minor, one.currency),
            first_day=one.first_day,
            last_day=one.last_day,
            wait=one.wait,
            condition=one.condition(""),
        )
        for place, one in enumerate(choices.rules)
    ]
    body = RulesTold(
        shop=shop.id,
        version=choices.rules_version,
        offered=allowed(preset),
        waits=list(waits(preset)),
        rules=told,
    )
    return Answer(body=body, version=choices.rules_version)


OPERATIONS = (settings, choose, rules, set_rules)
