"""The books of every history prove right, and every other amount, account or column in them is found."""

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from laws.histories import histories, play, shops
from rescind.core import lifecycle
from rescind.core.books import Kept, prove
from rescind.core.ledger import postings
from rescind.core.record import ROOT, chain, encode, encode_order


def kept(shop):
    """What a database keeps of the shop's order."""
    order, head, events, ledger = None, ROOT, [], []
    for record in shop.records:
        data = encode(record)
        head = chain(head, data)
        events.append((record.seq, data, head))
        made = postings(order, record.event)
        order = lifecycle.apply(order, record.event)
        ledger += [
            (record.seq, place, one.account, one.tender, order.currency, one.amount_minor)
            for place, one in enumerate(made)
        ]
    return Kept(
        shop=order.shop,
        order=order.id,
        number=order.number,
        version=order.version,
        currency=order.currency,
        state=encode_order(order),
        head=head,
        events=events,
        postings=ledger,
        tenders=[
            (
                one.id,
                one.method,
                order.currency,
                one.amount_minor,
                one.captured_minor,
                one.reserved_minor,
                one.refunded_minor,
                one.taken_elsewhere_minor,
            )
            for one in order.tenders
        ],
    )


@given(shops(), histories())
def test_the_books_of_every_history_prove_right_and_add_up_to_nothing(shop, history):  # I-06
    play(shop, history)
    found = kept(shop)
    assert list(prove(found)) == []
    assert sum(amount for *_, amount in found.postings) == 0


@given(shops(), histories(), st.data())
def test_no_single_change_of_the_ledger_goes_unnoticed(shop, history, data):  # I-06
    play(shop, history)
    found = kept(shop)
    assume(found.postings)
    place = data.draw(st.integers(0, len(found.postings) - 1))
    rows = list(found.postings)
    match data.draw(st.sampled_from(("gone", "again", "amount", "account", "tender", "currency"))):
        case "gone":
            del rows[place]
        case "again":
            rows.append((rows[place][0], 99, *rows[place][2:]))
        case "amount":
            rows[place] = (*rows[place][:5], rows[place][5] + data.draw(st.sampled_from((-1, 1, 100))))
        case "account":
            rows[place] = (
                *rows[place][:2],
                "elsewhere" if rows[place][2] != "elsewhere" else "seller",
                *rows[place][3:],
            )
        case "tender":
            rows[place] = (*rows[place][:3], "another", *rows[place][4:])
        case "currency":
            rows[place] = (*rows[place][:4], "XAU", rows[place][5])
    faults = list(prove(msgspec.structs.replace(found, postings=rows)))
    assert faults
    assert faults[0].kind.startswith("posting_")
    assert faults[0].seq == found.postings[place][0]


@given(shops(), histories(), st.data())
def test_no_single_change_of_a_tender_goes_unnoticed(shop, history, data):  # I-02
    play(shop, history)
    found = kept(shop)
    rows = list(found.tenders)
    place, column = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(3, 7))
    rows[place] = (*rows[place][:column], rows[place][column] + 1, *rows[place][column + 1 :])
    (fault,) = prove(msgspec.structs.replace(found, tenders=rows))
    assert (fault.kind, fault.tender) == ("tender_differs", rows[place][0])
    assert fault.found == fault.expected + 1
