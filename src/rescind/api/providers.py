"""Payment providers: connecting one, trying its key, and hearing from it."""

from __future__ import annotations

from typing import Annotated

import msgspec

from rescind.api.endpoint import Answer, Call, operation
from rescind.api.policies import OPERATOR
from rescind.api.told import Told
from rescind.connections import Secrets
from rescind.core import errors
from rescind.core.instant import Instant
from rescind.intake.fields import Code, Incoming
from rescind.postgres.connections import ConnectionView

_Secret = Annotated[str, msgspec.Meta(max_length=250)]


class ConnectionTold(Told, frozen=True, kw_only=True):
    """A connected provider, never its keys. test: it moves no real money. own: for payments that name no connection.

    direct: sellers take payments on accounts of their own.
    """

    name: str
    kind: str
    test: bool
    account: str
    own: bool
    direct: bool
    changed_at: Instant
    changed_by: str


class AsideTold(Told, frozen=True, kw_only=True):
    """A message that nothing could be made of. cause: a code, such as unknown_payment, shared_payment, does_not_fit."""

    connection: str
    message: str
    type: str
    received_at: Instant
    cause: str


class ProvidersTold(Told, frozen=True, kw_only=True):
    """Connected providers by name, what the marketplace pays out itself, by the codes of its means of payment, and the
    latest messages that a person has to look at.
    """

    providers: tuple[ConnectionTold, ...]
    paid_out_by_host: tuple[str, ...]
    set_aside: tuple[AsideTold, ...]


class CheckTold(Told, frozen=True, kw_only=True):
    """What the provider says to the key. trouble: refused, forbidden, unreachable, or empty where it is good."""

    trouble: str
    account: str
    test: bool


class ReceivedTold(Told, frozen=True, kw_only=True):
    """The message is kept."""

    received: bool = True


class MeansByHand(Incoming, frozen=True, kw_only=True):
    """Means of payment by the codes that orders use, such as bank_transfer; all alone for every one; none for none."""

    means: Annotated[tuple[Code, ...], msgspec.Meta(max_length=50)]


class MeansByHandTold(Told, frozen=True, kw_only=True):
    """Means of payment whose refunds the marketplace pays out itself, by their codes."""

    means: tuple[str, ...]


class NewConnection(Incoming, frozen=True, kw_only=True):
    """A provider to connect. kind: such as stripe or paypal, or sandbox, which moves no money and is called so. key:
    empty keeps the one of a connection that is there.

    client_id: of PayPal's application, whose secret is the key; other kinds have none. webhook_secrets: what its
    messages are signed with, or the ids of the webhooks they are signed for; two while one takes over from the other.
    own: use it for payments that name no connection. direct: sellers take payments on accounts of their own, which
    tenders name.
    """

    kind: Code
    client_id: _Secret = ""
    key: _Secret = ""
    webhook_secrets: Annotated[tuple[_Secret, ...], msgspec.Meta(max_length=2)] = ()
    own: bool = False
    direct: bool = False


def _told(view: ConnectionView) -> ConnectionTold:
    return ConnectionTold(
        name=view.name,
        kind=view.kind,
        test=view.test,
        account=view.account,
        own=view.own,
        direct=view.direct,
        changed_at=view.changed_at,
        changed_by=view.changed_by,
    )


@operation("GET", "/v1/providers", may=OPERATOR, through="scope", summary="List providers", gives=ProvidersTold)
async def listed(call: Call) -> Answer:
    """Which payment providers are connected, test or live, and what they told us that nothing could be made of."""
    connected = call.desk.connected
    aside = tuple(
        AsideTold(
            connection=one.connection,
            message=one.message_id,
            type=one.type,
            received_at=one.received_at,
            cause=one.cause,
        )
        for one in await connected.aside()
    )
    return Answer(
        body=ProvidersTold(
            providers=tuple(map(_told, await connected.all())),
            paid_out_by_host=await connected.paid_out(),
            set_aside=aside,
        )
    )


@operation(
    "PUT",
    "/v1/paid-out-by-host",
    may=OPERATOR,
    through="scope",
    summary="Choose what the marketplace pays out itself",
    body=MeansByHand,
    gives=MeansByHandTold,
    changes=True,
    fresh=True,
    keyed=False,
    fails=(errors.InvalidField,),
)
async def pay_out(call: Call) -> Answer:
    """Refunds to these means of payment become refund orders, wherever they were paid; those that wait, too.

    `RESCIND_PAID_OUT_BY_HOST` goes before: where it is set nothing is chosen here.
    """
    connected = call.desk.connected
    await connected.pay_out(call.body.means, f"operator:{call.principal.id}")
    return Answer(body=MeansByHandTold(means=await connected.paid_out()))


@operation(
    "PUT",
    "/v1/providers/{connection}",
    may=OPERATOR,
    through="scope",
    summary="Connect a provider",
    body=NewConnection,
    gives=ConnectionTold,
    changes=True,
    fresh=True,
    keyed=False,
    fails=(errors.InvalidField, errors.Unavailable, errors.TrialRefused),
)
async def connect(call: Call) -> Answer:
    """Keep the keys of a provider once it has accepted them in a call that only reads; it replaces one of that name.

    The `sandbox` moves no money: with `own` a trial begins, without it the trial ends. What is paid while it stands is
    only ever tried; what was paid before stays owed. One that moves real money, or is used for payments that name none,
    ends a trial, and while it is there none begins.
    """
    new: NewConnection = call.body
    view = await call.desk.connected.connect(
        call.ids["connection"],
        new.kind,
        Secrets(new.key, new.webhook_secrets, client=new.client_id),
        f"operator:{call.principal.id}",
        own=new.own,
        direct=new.direct,
    )
    return Answer(body=_told(view))


@operation(
    "GET",
    "/v1/providers/{connection}/check",
    may=OPERATOR,
    through="scope",
    summary="Try a provider's key",
    gives=CheckTold,
    fails=(errors.NotFound,),
)
async def check(call: Call) -> Answer:
    """Ask the provider for something that only reads, and say whether the key is good and moves real money."""
    checked = await call.desk.connected.check(call.ids["connection"])
    return Answer(body=CheckTold(trouble=checked.trouble, account=checked.account, test=checked.test))


@operation(
    "POST",
    "/v1/providers/{connection}/webhooks",
    may=None,
    through="public",
    summary="Tell what happened at a provider",
    takes=("application/json",),
    gives=ReceivedTold,
    changes=True,
    keyed=False,
    fails=(errors.Unauthenticated, errors.Unavailable),
)
async def hear(call: Call) -> Answer:
    """For providers alone: a message they signed. It is kept before it is answered, and read afterwards."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in call.headers.items()}
    await call.desk.connected.receive(call.ids["connection"], headers, call.body)
    return Answer(body=ReceivedTold())


OPERATIONS = (listed, pay_out, connect, check, hear)
