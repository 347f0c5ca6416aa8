"""The books: what each account holds."""

from __future__ import annotations

from collections.abc import Sequence

from rescind.api.endpoint import Answer, Call, operation
from rescind.api.policies import OPERATOR
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.ids import ShopId, canonical
from rescind.core.money import Money
from rescind.intake.fields import Incoming
from rescind.postgres.ledger import Balance, balance


class OfShop(Incoming, frozen=True, kw_only=True):
    """shop: one shop's books; otherwise those of all shops together."""

    shop: str | None = None


class AccountTold(Told, frozen=True, kw_only=True):
    """What an account holds. provider: with payment providers; credit: owed to buyers as credit of the marketplace;
    seller: owed to sellers; buyer: on its way back; elsewhere: left by a way that is not ours.
    """

    account: str
    holds: Money
    postings: int


class CurrencyTold(Told, frozen=True, kw_only=True):
    """The accounts of one currency. total: of all of them, which is nothing while the books are right."""

    currency: str
    total: Money
    accounts: list[AccountTold]


class BalanceTold(Told, frozen=True, kw_only=True):
    """The trial balance."""

    currencies: list[CurrencyTold]


@operation(
    "GET",
    "/v1/ledger/balance",
    may=OPERATOR,
    through="scope",
    summary="Read the trial balance",
    query=OfShop,
    gives=BalanceTold,
    fails=(errors.NotFound,),
)
async def read(call: Call) -> Answer:
    """What each account holds, by currency. Each currency adds up to nothing, or something is wrong with the books."""
    shop = None
    if call.query.shop is not None:
        shop = (await call.desk.reads.shop(ShopId(canonical("shp", call.query.shop)))).id
    rows = await balance(call.desk.pool, shop)
    return Answer(body=_told([one for one in rows if bool(one.shop) == bool(shop)]))


def _told(rows: Sequence[Balance]) -> BalanceTold:
    currencies = dict.fromkeys(one.currency for one in rows)
    return BalanceTold(
        currencies=[
            CurrencyTold(
                currency=currency,
                total=Money(sum(one.amount_minor for one in rows if one.currency == currency), currency),
                accounts=[
                    AccountTold(account=one.account, holds=Money(one.amount_minor, currency), postings=one.postings)
                    for one in rows
                    if one.currency == currency
                ],
            )
            for currency in currencies
        ]
    )


OPERATIONS = (read,)
