"""How shops answered in the month that is over, and what follows where a preset demands it (R-036)."""

from __future__ import annotations

from datetime import date

import structlog

from rescind.book import Book
from rescind.core.automation import Answered, Required, may_end_at, month_before
from rescind.core.ids import ShopId
from rescind.core.policy import Policy
from rescind.postgres.shop_versions import ShopVersions

log = structlog.get_logger()

AT_ONCE = 100


class Months:
    """Counts each shop's month once. ``automation``: what the platform agrees to in the place of a slow shop."""

    def __init__(self, versions: ShopVersions, book: Book, automation: Policy) -> None:
        self._versions = versions
        self._book = book
        self._automation = automation

    async def sweep(self) -> int:
        """Count what nobody has counted yet; returns how many months of shops there were.

        Any worker may do it, and after any stop: what was counted is in the database, and only that.
        """
        now = await self._versions.now()
        done = 0
        for digest in await self._versions.presets():
            policy = await self._book.policy(digest)
            assert policy is not None, "a shop's preset is published before the shop is"
            required = Required.of(policy.at(now).values)
            if required is None:
                continue
            first, since, until = month_before(now, policy.zone)
            for shop in await self._versions.to_count(digest, first, AT_ONCE):
                answered = await self._versions.answered(shop, first, since, until)
                # Something of the month still waits: its time was given back, or it is just being settled.
                if answered is not None:
                    done += await self._count(shop, answered, required, policy.zone)
        if done:
            await self._book.refresh()
        return done

    async def _count(self, shop: ShopId, answered: Answered, required: Required, zone: str) -> bool:
        now = await self._versions.now()
        ends = may_end_at(required, answered, now, zone)
        news = await self._versions.count(shop, answered, ends, self._automation)
        if news and ends is not None:
            log.info("automation.on", shop=shop, month=_name(answered.month), until=ends)
        return news


def _name(month: date) -> str:
    return f"{month:%Y-%m}"
