"""What policies cite, for whoever reads a rule, a policy or a receipt: each source in words, and where it was read."""

from __future__ import annotations

from datetime import date

from rescind.api.endpoint import Answer, Call, operation
from rescind.api.told import Told
from rescind.core import errors
from rescind.intake.fields import Incoming
from rescind.locales import LANGUAGE_NAMES, locale
from rescind.policies import names, preset
from rescind.policies.sources import Grade, Source, catalogue, cited


class SourcesAsked(Incoming, frozen=True, kw_only=True):
    """Only what this shipped policy or law rests on, in the sequence in which it cites it."""

    policy: str | None = None


class PageTold(Told, frozen=True, kw_only=True):
    """Where it was read. printed: the day, month or year on the page; copied: day of the copy that was read."""

    address: str
    printed: str | None
    copied: date | None
    since: date | None


class SourceTold(Told, frozen=True, kw_only=True):
    """One source. code: as policies cite it, or an article of a law. says: our sentence for it, by language. markets:
    regions of the CLDR, such as `US`, `EU` or `035`; none: every market.
    """

    code: str
    says: dict[str, str]
    grade: Grade
    markets: tuple[str, ...]
    pages: tuple[PageTold, ...]


class SourcesTold(Told, frozen=True, kw_only=True):
    """Sources, as policies name them."""

    sources: tuple[SourceTold, ...]


@operation(
    "GET",
    "/v1/sources",
    may=None,
    through="public",
    summary="List sources",
    query=SourcesAsked,
    gives=SourcesTold,
    fails=(errors.NotFound,),
)
async def sources(call: Call) -> Answer:
    """What the shipped policies rest on: what each source says in our words, how far to trust it, the markets it is
    about and where it was read.
    """
    asked: SourcesAsked = call.query
    known = catalogue()
    if asked.policy is None:
        return Answer(body=SourcesTold(sources=tuple(map(_told, known.values()))))
    if asked.policy not in names():
        raise errors.NotFound(kind="policy")
    return Answer(body=SourcesTold(sources=tuple(_told(known[one]) for one in cited(preset(asked.policy)))))


def _told(source: Source) -> SourceTold:
    return SourceTold(
        code=source.code,
        says={tag: locale(tag).source(source.code) for tag in LANGUAGE_NAMES},
        grade=source.grade,
        markets=source.markets,
        pages=tuple(
            PageTold(address=page.at, printed=page.printed or None, copied=page.copied, since=page.since)
            for page in source.pages
        ),
    )


OPERATIONS = (sources,)
