"""Some orders of a file at a time: their rows read, the commands they are, and what became of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from rescind.core.actor import Actor, ActorKind
from rescind.core.errors import RowDiffers
from rescind.core.fulfilment import ReportFact
from rescind.core.ids import ShopId
from rescind.core.order import Order
from rescind.core.scope import Scope
from rescind.core.views import ShopView
from rescind.engine import Outcome, Refused, Submission
from rescind.intake.columns import Header
from rescind.intake.faults import Fault, expects, fault_of
from rescind.intake.order_rows import OrderRows, Unreadable, column_of, read_order
from rescind.intake.sheet import Row
from rescind.intake.stage_rows import StageRow, read_stages
from rescind.postgres.imports import Counts, Group, Import, There

_rows = msgspec.json.Decoder(Row)


class Shops:
    """The shops a file can name, by id or by their exact name."""

    def __init__(self, shops: Sequence[ShopView]) -> None:
        self._found: dict[str, ShopView | None] = {}
        for shop in shops:
            # Two shops of one name have to be told apart by their ids.
            self._found[shop.name] = None if shop.name in self._found else shop
        self._found |= {shop.id: shop for shop in shops}

    def called(self, text: str) -> ShopView | None:
        """The shop of this id or name; None where there is none, or more than one."""
        return self._found.get(text)

    def key(self, text: str) -> str:
        """What stands for that shop in the rows of a file: its id, else the text itself."""
        found = self.called(text)
        return found.id if found else text


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """An order of a file that could be read."""

    group: Group
    shop: ShopView
    told: OrderRows


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """An order whose commands were handed over, and what each of them came from."""

    group: Group
    told: OrderRows | None = None
    facts: Sequence[ReportFact] = ()
    stages: Sequence[StageRow] = ()


class Chunk:
    """Collects what is asked of the engine, and what came of it."""

    def __init__(self, one: Import, groups: Sequence[Group], header: Header, shops: Shops) -> None:
        self.one = one
        self.counts = Counts()
        self.wrong: list[tuple[Group, list[Fault]]] = []
        self.commands: list[list[Submission]] = []
        self._asked: list[Asked] = []
        self._places = header.places
        self._groups: list[tuple[Group, ShopView, list[Row]]] = []
        for group in groups:
            rows = [_rows.decode(cells) for cells in group.rows]
            shop = shops.called(group.shop)
            if shop is None or (one.shop is not None and shop.id != one.shop):
                self.refuse(group, [_no_shop(row) for row in rows])
            else:
                self._groups.append((group, shop, rows))

    def wanted(self) -> list[tuple[ShopId, str]]:
        """Shop and number of every order that may be there already."""
        return [(shop.id, group.number) for group, shop, _ in self._groups]

    def orders(self) -> Iterator[Read]:
        """The orders that their rows make; the others are refused."""
        for group, shop, rows in self._groups:
            try:
                yield Read(group=group, shop=shop, told=read_order(rows, self._places, shop))
            except Unreadable as wrong:
                self.refuse(group, wrong.faults)

    def place(self, read: Read, placing: Submission, facts: Sequence[ReportFact]) -> None:
        """Ask for an order with everything that happened to it."""
        self.commands.append([placing, *(Submission(command=one, actor=placing.actor) for one in facts)])
        self._asked.append(Asked(group=read.group, told=read.told, facts=facts))

    def stages(self, there: Mapping[tuple[str, str], There]) -> None:
        """Ask for what happened to orders that are there."""
        actor, scope = speaker_of(self.one), Scope(shop=self.one.shop)
        for group, shop, rows in self._groups:
            known = there.get((shop.id, group.number))
            if known is None:
                self.refuse(group, [_no_order(row) for row in rows])
                continue
            try:
                told = read_stages(rows, self._places, known.order, shop.zone or "UTC", actor.kind.value)
            except Unreadable as wrong:
                self.refuse(group, wrong.faults)
                continue
            self.commands.append([Submission(command=one.command, actor=actor, scope=scope) for one in told])
            self._asked.append(Asked(group=group, stages=told))

    def differs(self, read: Read, nth: int, column: str) -> None:
        """An order that is there, and is another one: which row and column says so first."""
        error = RowDiffers(number=read.told.body.number, column=column)
        self.refuse(read.group, [fault_of(nth, column, error)])

    def is_there(self, known: There) -> None:
        """An order that is there as the file has it. What this import placed before it was stopped is its own."""
        if known.via == self.one.id:
            self._count(known.order)
        else:
            self.counts += Counts(there=1)

    def refuse(self, group: Group, faults: list[Fault]) -> None:
        """An order that stays out."""
        self.wrong.append((group, faults))
        self.counts += Counts(wrong=1, rows_wrong=len({one.nth for one in faults}))

    def answered(self, answers: Sequence[Outcome | Refused]) -> None:
        """What became of everything that was asked for, in turn."""
        for asked, answer in zip(self._asked, answers, strict=True):
            if isinstance(answer, Refused):
                self.refuse(asked.group, [_refusal(asked, answer)])
            elif answer.records:
                self._count(answer.order)
            else:
                self.counts += Counts(there=1)

    def _count(self, order: Order) -> None:
        self.counts += Counts(history=1) if order.history else Counts(live=1)


def _no_shop(row: Row) -> Fault:
    return expects(row.nth, "shop", expected="a shop of this marketplace, by its id or its exact name")


def _no_order(row: Row) -> Fault:
    return expects(row.nth, "order_number", expected="the number of an order that this shop has")


def _refusal(asked: Asked, answer: Refused) -> Fault:
    """The row and column of the command that was refused."""
    if asked.told is not None:
        return column_of(asked.told, answer.place, answer.error, asked.facts)
    row = asked.stages[answer.place]
    return fault_of(row.nth, row.column, answer.error)


def speaker_of(one: Import) -> Actor:
    """Whose word a file is: a shop's own person's, or the marketplace's. The import itself says who put it in."""
    role, _, person = one.by.partition(":")
    if role == ActorKind.SELLER:
        return Actor(kind=ActorKind.SELLER, id=person, via=one.id)
    return Actor(kind=ActorKind.HOST, id="import", via=one.id)
