"""Laws of refunds that fail: whatever is cancelled before and after, every cent is in one place and credited once."""

from hypothesis import given
from hypothesis import strategies as st

from laws.histories import orders
from rescind.core.documents import DocumentKind, draft
from rescind.core.failed_refund import unsettled
from rescind.core.quote import quote
from rescind.core.stage import Stage, rank
from scenarios.shop import STEPS, Shop
from scenarios.test_documents import KILN, WORDS

ENDS = ("declined", "declined", "succeeded", "submitted", "in_doubt")


@st.composite
def keeping(draw):
    """A packed order of a shop that keeps a little of what a buyer cancels then."""
    told = draw(orders())
    told["tenders"] = {{"cash_on_delivery": "points"}.get(name, name): paid for name, paid in told["tenders"].items()}
    shop = Shop(restocking_bps=draw(st.sampled_from((0, 700))), restocking_minor=draw(st.sampled_from((0, 130))))
    shop.handle(shop.placing(**told), shop.host.actor)
    for reached, fact in STEPS:
        if rank(reached) <= rank(Stage.PACKED):
            shop.host.reports(fact)
    return shop


def whereabouts(shop):
    """Minor units of what was captured: quoted still, failed and open, back or on its way, kept."""
    state = shop.state
    units = state.open_units()
    return (
        quote(state, units).total_minor if units else 0,
        sum(one.amount_minor for one in unsettled(state)),
        sum(one.refunded_minor + one.reserved_minor for one in state.tenders),
        state.kept_minor,
    )


def something_happens(shop, data):
    """A provider answers, a bank sends money back, support settles what failed; or nothing."""
    state = shop.state
    for one in state.refunds:
        if one.status in {"owed", "submitted", "in_doubt"} and data.draw(st.booleans()):
            shop.provider.answers(data.draw(st.sampled_from(ENDS)), one.id)
        elif one.status == "succeeded" and one.into == "" and data.draw(st.booleans()):
            shop.provider.answers("declined", one.id)
    for one in unsettled(shop.state):
        if data.draw(st.sampled_from((False, False, True))):
            way = data.draw(st.sampled_from(("again", "store_credit", "paid_out")))
            said = {"store_credit": {"consent": "Yes."}, "paid_out": {"voucher": "V-1"}}.get(way, {})
            shop.agent.settles(way, one.id, **said)


@given(keeping(), st.data())
def test_every_cent_is_quoted_or_failed_or_back_or_kept_and_the_notes_say_so(shop, data):  # I-02, I-06, KF-01, KF-15
    captured = shop.state.paid.minor
    assert sum(whereabouts(shop)) == captured
    for _ in range(30):
        units = shop.state.open_units()
        if not units:
            break
        chosen = data.draw(st.dictionaries(st.sampled_from(sorted(units)), st.integers(1, 7), min_size=1, max_size=3))
        chosen = {line: min(count, units[line]) for line, count in chosen.items()}
        if data.draw(st.booleans()):
            shop.seller.cancels(lines=chosen)
        else:
            shop.buyer.requests_cancellation(lines=chosen, anyway=True)
            if shop.cancellation.status.waiting:
                shop.seller.approves()
        assert sum(whereabouts(shop)) == captured
        something_happens(shop, data)
        assert sum(whereabouts(shop)) == captured
    state = shop.state
    given = {one.cancellation for one in state.refunds}
    notes = [
        draft(DocumentKind.CREDIT_NOTE, one.id, state, WORDS, KILN, shop.records)
        for one in state.cancellations
        if one.id in given
    ]
    _, failed, back, kept = whereabouts(shop)
    assert [note.other_minor for note in notes] == [0] * len(notes)
    assert sum(note.total_minor for note in notes) == back + failed
    if not state.open_units():
        assert sum(note.total_minor for note in notes) + kept == captured
