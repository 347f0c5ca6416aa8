"""Who reads what is said, and what a message plainly says (R-038)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rescind.core.conversation import (
    SIDES,
    Audience,
    Flag,
    addressed,
    alerted,
    audiences,
    first_answer,
    may_know_seen,
    may_read,
    readers,
    side_of,
)
from rescind.core.errors import Forbidden, InvalidField
from rescind.core.plain_words import plainly

sides, all_audiences = st.sampled_from(SIDES), st.sampled_from(list(Audience))


@given(sides, all_audiences)
def test_nobody_reads_what_is_not_for_them_and_the_platform_reads_everything(side, audience):
    for_them = {"everyone": {"buyer", "seller"}, "buyer": {"buyer"}, "seller": {"seller"}, "internal": set()}
    assert may_read(side, audience) == (side == "platform" or side in for_them[audience.value])
    assert (side in readers(audience)) == may_read(side, audience)


@given(sides, sides, all_audiences, st.sampled_from([None, *Flag]))
def test_nothing_tells_a_side_of_a_message_that_it_may_not_read(side, by, audience, flag):
    if not may_read(side, audience):
        assert not alerted(side, by, audience, flag)
        assert not may_know_seen(by, side, audience)
    assert not alerted(side, side, audience, flag), "what one said oneself is no news"


@given(sides, all_audiences)
def test_whoever_writes_could_read_it_themselves(side, audience):
    if may_read(side, audience):
        assert addressed(side, audience.value) is audience
    else:
        with pytest.raises(InvalidField):
            addressed(side, audience.value)
    assert audience in audiences(side) or not may_read(side, audience)


def test_the_host_has_no_part_in_conversations():
    assert [side_of(role) for role in ("buyer", "seller", "support", "operator")] == [*SIDES, "platform"]
    with pytest.raises(Forbidden):
        side_of("host")


def test_support_overhears_and_is_called_only_by_what_it_should_see():
    assert not alerted("platform", "buyer", Audience.EVERYONE, None)
    assert alerted("platform", "buyer", Audience.BUYER, None)
    assert alerted("platform", "seller", Audience.EVERYONE, Flag.ASKS_BUYER_TO_CANCEL)
    assert alerted("seller", "buyer", Audience.EVERYONE, Flag.WANTS_TO_CANCEL)
    assert not may_know_seen("buyer", "platform", Audience.EVERYONE)


@pytest.mark.parametrize(
    "text",
    [
        "Please cancel.",
        "hi, pls cancel my order, I found it cheaper",
        "I ordered twice by accident. Please cancel the second one",
        "I'd like to cancel this order",
        "We want to cancel",
        "Could you cancel my order?",
        "cancel my order",
        "I don't need it any more, please cancel",
        "请取消订单",
        "不想要了，麻烦帮我取消一下",
        "我要取消这个订单",
        "申请退单",
        "取消订单吧",
    ],
)
def test_a_plain_wish_to_cancel_is_understood(text):
    assert plainly("buyer", text) is Flag.WANTS_TO_CANCEL


@pytest.mark.parametrize(
    "text",
    [
        "Please do not cancel my order",
        "please don't cancel",
        "How do I cancel?",
        "What happens if I want to cancel later?",
        "Can I cancel after it ships?",
        "My last order was cancelled, please tell me why",
        "Please cancel the invoice",
        "Is there a cancellation policy?",
        "Please send it soon",
        "请不要取消订单",
        "别取消",
        "如果我想取消怎么办",
        "能不能取消",
        "怎么申请取消",
        "请取消发票",
        "订单已经被取消了",
        "",
    ],
)
def test_a_doubt_is_no_wish_to_cancel(text):
    assert plainly("buyer", text) is None


ASKS = (
    "Out of stock, please cancel the order",
    "Sorry, we are out of stock. Please cancel.",
    "Could you cancel it, we have none left",
    "Can you please cancel the order on your side?",
    "Would you mind cancelling the order? We cannot deliver.",
    "You need to cancel on your side",
    "You have to cancel it yourself",
    "Please request a cancellation",
    "Please submit a cancellation request and we refund you",
    "Kindly cancel this order and order again next week",
    "We don't have it any more so please cancel the order",
    "It was damaged in our warehouse, you must cancel the order",
    "We would like to ask you to cancel this order",
    "We need you to cancel, the supplier let us down",
    "Just cancel it yourself, then you get the money today",
    "Please go to your order and cancel",
    "Please choose changed my mind as the reason and cancel",
    "The price was a mistake. Pls cancel",
    "Would you please cancel? The colour is gone.",
    "I must ask you to cancel the order",
    "Please cancel before we pack it, we cannot deliver this week",
    "没货了，请您申请取消",
    "亲，麻烦取消一下订单",
    "您自行取消吧",
    "亲亲，仓库缺货了呢，麻烦您这边取消下",
    "请您在订单页面点取消",
    "建议您先取消订单，重新下单",
    "亲，可以帮忙取消一下吗",
    "能麻烦您取消订单吗",
    "缺货了，需要您取消一下",
    "辛苦您取消订单，原因选不想要了",
    "劳烦您申请退单哦",
    "你自己取消一下吧，钱马上退",
    "价格标错了，请取消",
    "请您取消后重新下单",
)
LEAVES_ALONE = (
    "We will cancel it for you today",
    "Shall we cancel?",
    "Please do not cancel, it ships tomorrow",
    "Please don't cancel yet",
    "You cannot cancel after it was shipped",
    "I have cancelled your order",
    "You can cancel it on the order's page at any time",
    "Please note that you can cancel until we pack",
    "Would you like us to cancel the order?",
    "Could you tell us whether you want to cancel?",
    "Please wait, we cancel it on our side",
    "Please let us know if you want to cancel",
    "If you no longer want it, please cancel",
    "You must cancel before we ship",
    "To get all of it back you have to cancel within 14 days",
    "You wrote “please cancel”, is that right?",
    "Your message says please cancel. Shall we?",
    "You asked us to please cancel",
    "Please cancel your cancellation request, it ships today",
    "Please cancel the return, you keep the goods",
    "Please cancel my last message, it was for another buyer",
    "Once you cancel the order on your side the money goes back",
    "You need not cancel it yourself",
    "There is no need to please cancel anything",
    "We can't ask you to cancel, so we did it ourselves",
    "Should you cancel the order yourself, the money goes back today",
    "The carrier can cancel the collection",
    "请稍等，我们为您取消",
    "请不要取消，马上发货",
    "请稍等马上给您取消",
    "您申请取消的订单我们正在处理",
    "看到您申请取消了，马上处理",
    "您的取消申请已收到，请稍等",
    "您需要取消吗",
    "请问您要取消吗",
    "请问是否需要取消",
    "需要取消的话请在发货前告诉我们",
    "如果不想要了，请取消",
    "如需取消，请在订单页面操作",
    "您可以申请取消，也可以等补货",
    "您自己取消了吗",
    "您自行取消的订单已退款",
    "请取消退款申请，我们马上补发",
    "麻烦您看一下取消进度",
    "请放心我们会取消",
    "我们已请仓库取消发货",
    "请勿取消",
    "麻烦您先别取消",
    "订单已经被系统取消，请重新下单",
)


@pytest.mark.parametrize("text", ASKS)
def test_a_seller_who_asks_the_buyer_to_cancel_is_noticed(text):
    assert plainly("seller", text) is Flag.ASKS_BUYER_TO_CANCEL
    assert plainly("platform", text) is None


@pytest.mark.parametrize("text", LEAVES_ALONE)
def test_a_seller_who_does_it_themselves_is_left_alone(text):
    assert plainly("seller", text) is None


def test_of_too_few_answers_no_answer_time_is_told():
    assert first_answer([60] * 19) is None
    told = first_answer([600, 60, 120, 10_000, 300] * 4)
    assert (told.seconds, told.threads) == (300, 20)
