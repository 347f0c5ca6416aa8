"""What holds of stock instructions, whatever happens to an order."""

from collections import Counter
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from laws.histories import histories, play, shops
from rescind.core.errors import RescindError
from rescind.core.lifecycle import apply
from rescind.core.parcels import ArrangeParcels
from rescind.core.stock import InstructionKind, ReceiveBack, back_on_shelf, instructions, outside, released
from scenarios.shop import Shop, eur, item
from scenarios.warehouse import Warehouse

COUNTS_UP = {InstructionKind.RELEASE, InstructionKind.RESTOCK}


def told(shop):
    """Every instruction of an order's history, in order."""
    found, order = [], None
    for record in shop.records:
        after = apply(order, record.event)
        if order is not None:
            found.extend(instructions(order, after))
        order = after
    return found


@given(shops(), histories())
def test_no_more_becomes_free_than_was_cancelled_and_what_is_free_is_the_sum_of_what_was_said(shop, history):
    play(shop, history)  # KF-18 KF-19
    said = told(shop)
    assert len({one.id for one in said}) == len(said)
    free = Counter()
    for one in said:
        free[one.line] += one.quantity if one.kind in COUNTS_UP else -one.quantity
        assert 0 <= free[one.line] <= next(line.quantity for line in shop.state.lines if line.id == one.line)
    for line in shop.state.lines:
        stayed, back = released(shop.state).get(line.id, 0), back_on_shelf(shop.state).get(line.id, 0)
        assert free[line.id] == stayed + back
        assert 0 <= stayed + back <= line.cancelled
        assert stayed + back + outside(shop.state).get(line.id, 0) <= line.cancelled


@given(shops(), histories())
def test_what_was_never_set_aside_is_never_released(shop, history):  # KF-20
    play(shop, history)
    order = shop.state
    began = (order.progress.paid_at, order.progress.allocated_at, order.progress.preparation_started_at)
    packed = (order.progress.packing_started_at, order.progress.packed_at, *(one.labelled_at for one in order.parcels))
    if not order.cash_on_delivery and not any((*began, *packed)):
        assert not any(one.kind is InstructionKind.RELEASE for one in told(shop))


@given(shops(), histories())
def test_of_an_order_that_never_left_everything_cancelled_after_it_was_paid_is_free_again(shop, history):
    paid_at = shop.state.progress.paid_at
    play(shop, history)
    order = shop.state
    if paid_at is None or any(one.gone or one.ended for one in order.parcels) or order.came_back:
        return
    if order.progress.paid_at != paid_at:
        return  # Its payment was corrected to another time.
    assert released(order) == {line.id: line.cancelled for line in order.lines if line.cancelled}


# --- a host that keeps its own books, and an order that goes its way one step at a time -----------------------------

STEPS = st.one_of(
    st.tuples(st.just("cancels"), st.dictionaries(st.sampled_from("ab"), st.integers(1, 3), min_size=1)),
    st.tuples(st.just("cancels"), st.none()),
    st.tuples(st.just("splits"), st.integers(1, 4), st.sampled_from(("host", "seller"))),
    st.tuples(st.just("labels"), st.integers(0, 3)),
    st.tuples(st.just("ships"), st.dictionaries(st.sampled_from("ab"), st.integers(1, 3), min_size=1)),
    st.tuples(st.just("ships"), st.none()),
    st.tuples(st.just("ends"), st.sampled_from(("refused", "delivery_failed")), st.integers(0, 3)),
    st.tuples(st.just("returns"), st.dictionaries(st.sampled_from("ab"), st.integers(1, 3), min_size=1)),
)


class Host:
    """Sets aside on payment, counts out on hand-over, and follows instructions. Ten of each are in the house."""

    def __init__(self, quantities):
        self.shop = Shop("base")
        self.shop.order(lines=[item(name, eur("5.00"), count) for name, count in quantities.items()])
        self.shop.host.reports("paid")
        self.house = Warehouse(a=10, b=10)
        self.house.sets_aside(**quantities)
        self.left, self.damaged = Counter(), Counter()

    def step(self, move, *said):
        self.shop.at(self.shop.now + timedelta(minutes=1))
        shop, order = self.shop, self.shop.state
        match move:
            case "cancels":
                shop.seller.cancels("out_of_stock", said[0])
            case "splits":
                units = [{line: 1} for line, count in order.unlabelled_units().items() for _ in range(count)]
                parts = [*units[: said[0]], _sum(units[said[0] :])]
                parcels = {f"s{order.version}-{place}": one for place, one in enumerate(parts) if one}
                getattr(shop, said[1]).says(ArrangeParcels, parcels=parcels)
            case "labels":
                parcel = order.arranged[said[0] % len(order.arranged)] if order.arranged else None
                if parcel:
                    shop.host.reports("tracking_added", parcel=parcel.id, tracking="JD1")
            case "ships":
                self._ships(order, said[0])
            case "ends":
                away = [one for one in order.travelling if one.handed_over_at]
                if away:
                    shop.host.reports(said[0], parcel=away[said[1] % len(away)].id)
            case "returns":
                lines = {line: min(count, outside(order).get(line, 0)) for line, count in said[0].items()}
                lines = {line: count for line, count in lines.items() if count}
                shop.seller.says(ReceiveBack, lines=lines)
                self.left.subtract(lines)

    def _ships(self, order, lines):
        ready = [one for one in order.parcels if one.labelled_at and not one.gone and not one.ended]
        if ready:
            lines, parcel = ready[0].lines, ready[0].id
        elif order.arranged:
            lines, parcel = order.arranged[0].lines, order.arranged[0].id
        else:
            left = order.unlabelled_units()
            lines = {line: min(count, left.get(line, 0)) for line, count in (lines or left).items() if left.get(line)}
            parcel = f"x{order.version}"
        if lines:
            self.shop.host.reports("handed_over", parcel=parcel, lines=lines, tracking=f"JD{order.version}")
            self.house.counts_out(**lines)
            self.left.update(lines)


def _sum(parts):
    whole = Counter()
    for part in parts:
        whole.update(part)
    return dict(whole)


@given(st.fixed_dictionaries({"a": st.integers(1, 5), "b": st.integers(1, 5)}), st.lists(STEPS, max_size=12))
def test_the_hosts_own_books_agree_at_every_step(quantities, steps):  # KF-18 KF-19 KF-20 KF-21
    host = Host(quantities)
    for step in steps:
        try:
            host.step(*step)
        except RescindError:
            continue
        host.house.catches_up(host.shop)
        open_units = host.shop.state.open_units()
        for line in host.shop.state.lines:
            assert host.house.on_hand[line.id] == 10 - host.left[line.id]
            assert host.house.reserved[line.id] == open_units.get(line.id, 0)
