"""What holds of notices in every history: whose move it is was told, nothing is told twice, and nothing too early."""

from hypothesis import given
from hypothesis import strategies as st

from laws.histories import WHOLE, histories, play, shops
from rescind.core import escalation, lifecycle
from rescind.core.notice import GROUPS, NoticeKind, as_of, notices_of
from rescind.core.parts import CancellationStatus, FactKind, RefundStatus, ReturnStatus
from rescind.core.refund import ProviderOutcome
from rescind.locales import locale
from rescind.notices import words
from rescind.notices.sentences import SENTENCES, said

LANGUAGES = [locale("en"), locale("zh")]


ENDINGS = st.lists(
    st.one_of(
        st.tuples(st.just("asks"), st.none(), st.just(True), st.just("changed_mind")),
        st.tuples(st.just("approves")),
        st.tuples(st.just("happens"), st.just(FactKind.HANDED_OVER), st.just(WHOLE), st.just("JD1"), st.just("host")),
        st.tuples(st.just("corrects"), st.integers(0, 9), st.none(), st.just("host")),
        st.tuples(st.just("provider"), st.sampled_from(ProviderOutcome), st.integers(0, 2), st.just(0)),
        st.tuples(st.just("passes"), st.just(200_000)),
    ),
    min_size=2,
    max_size=8,
)
"""What most histories are too short for: that a request is answered, and a refund goes its way."""


def told(shop):
    """Every notice of a history, made when its event was."""
    events = [record.event for record in shop.records]
    return [
        notice
        for place, record in enumerate(shop.records, start=1)
        for notice in notices_of((record,), lifecycle.replay(tuple(events[:place])))
    ]


@given(shops(), histories(), ENDINGS)
def test_whose_move_it_is_has_been_told_until_when(shop, history, ending):
    play(shop, [*history, *ending])
    standing = [as_of(one, shop.state, shop.now) for one in told(shop)]
    asked = {(one.role, one.about, one.due_at) for one in standing if one.yours and not one.over}
    waiting = shop.state.open_cancellation
    if waiting is not None:
        role = "seller" if waiting.status is CancellationStatus.AWAITING_SELLER else "support"
        moves = {(one.role, one.about, one.due_at) for one in standing if one.move and not one.over}
        assert (role, waiting.id, waiting.due_at) in moves
    for one in shop.state.open_returns:
        role = "buyer" if one.status is ReturnStatus.WITH_BUYER else "support"
        assert (role, one.id, one.due_at) in asked
    called = escalation.current(shop.state)
    assert called is None or ("support", str(called.number), called.due_at) in asked
    for one in shop.state.open_contradictions:
        assert {("seller", one.id, None), ("support", one.id, None)} <= asked


@given(shops(), histories(), ENDINGS)
def test_kf_15_no_notice_says_refunded_while_the_provider_has_not(shop, history, ending):
    play(shop, [*history, *ending])
    status = {one.id: one.status for one in shop.state.refunds}
    for one in told(shop):
        if one.kind is NoticeKind.REFUNDED and not as_of(one, shop.state, shop.now).over:
            assert status[one.about] is RefundStatus.SUCCEEDED
        if one.kind is NoticeKind.APPROVED and not as_of(one, shop.state, shop.now).over:
            case = next(each for each in shop.state.cancellations if each.id == one.about)
            assert case.status is CancellationStatus.APPROVED


@given(shops(), histories(), ENDINGS)
def test_every_notice_has_its_words_in_both_languages_and_a_key_of_its_own(shop, history, ending):
    play(shop, [*history, *ending])
    found = told(shop)
    keys = [one.key for one in found if not one.key.partition(":")[0].isalpha()]
    assert len(keys) == len(set(keys))
    for one in found:
        assert one.group in GROUPS[one.role]
        for notice in (one, as_of(one, shop.state, shop.now)):
            needs = "%(amount)s" in said(notice).sentence
            assert not needs or notice.amount is not None, notice.kind
            for language in LANGUAGES:
                text = words(notice, language, shop="Kiln & Co")
                assert "%(" not in text.subject + text.sentence + text.move
                assert text.link.startswith(
                    {"buyer": "/orders/", "seller": "/seller/", "support": "/support/"}[one.role]
                )


def test_every_sentence_is_translated_and_leaves_the_same_gaps():
    chinese = locale("zh")
    assert {key[0] for key in SENTENCES} == set(NoticeKind), "a kind without words"
    for key, (subject, sentence) in SENTENCES.items():
        assert NoticeKind(key[0]) in NoticeKind
        for text in (subject, sentence):
            translated = chinese.gettext(text)
            assert translated != text, key
            for gap in ("%(number)s", "%(shop)s", "%(amount)s"):
                assert (gap in translated) == (gap in text), (key, gap)
