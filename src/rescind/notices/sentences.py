"""What each notice says, a subject and a sentence for each kind and reader; in Chinese in the catalogue.

A third member of a key is the notice's own code, where one sentence would not do for all of them. Of a conversation
``topic`` is the order or what was asked about, ``from`` who wrote last, ``unread`` how many messages wait, and ``text``
how the last begins.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rescind.core.notice import Notice, NoticeKind, NoticeRole


def marked(sentence: str) -> str:
    """A sentence that is translated where it is shown."""
    return sentence


class Said(NamedTuple):
    """subject: what a list and the head of a mail show. sentence: the one meaning."""

    subject: str
    sentence: str


_Key = tuple[NoticeKind, NoticeRole] | tuple[NoticeKind, NoticeRole, str]
K = NoticeKind

SENTENCES: Mapping[_Key, Said] = {
    # --- the order ---------------------------------------------------------------------------------------------------
    (K.ORDER_TO_PAY, "buyer"): Said(
        marked("Order %(number)s waits for your payment"),
        marked("Order %(number)s at %(shop)s is not paid yet."),
    ),
    (K.ORDER_PLACED, "buyer"): Said(
        marked("Order %(number)s is placed"),
        marked("%(shop)s has your order %(number)s."),
    ),
    (K.ORDER_PAID, "buyer"): Said(
        marked("Order %(number)s is paid"),
        marked("Your payment for order %(number)s is there."),
    ),
    (K.ORDER_TO_SHIP, "seller"): Said(
        marked("Order %(number)s is to be shipped"),
        marked("Order %(number)s is settled and can be prepared."),
    ),
    (K.ORDER_TO_SHIP, "seller", "held"): Said(
        marked("Order %(number)s is on hold"),
        marked("Order %(number)s has to be checked before anything of it moves."),
    ),
    (K.PREPARING, "buyer"): Said(
        marked("%(shop)s prepares order %(number)s"),
        marked("%(shop)s has begun to prepare order %(number)s."),
    ),
    (K.PACKING, "buyer"): Said(
        marked("%(shop)s packs order %(number)s"),
        marked("%(shop)s has begun to pack order %(number)s."),
    ),
    (K.ADDRESS_WANTED, "buyer"): Said(
        marked("The address of order %(number)s needs you"),
        marked("Order %(number)s cannot be delivered to the address it has: please put it right."),
    ),
    (K.REVIEW_WANTED, "support"): Said(
        marked("Order %(number)s is to be looked at"),
        marked("The checks stopped at order %(number)s of %(shop)s: a person lets it pass or stops it."),
    ),
    # --- the delivery ------------------------------------------------------------------------------------------------
    (K.SHIPPED, "buyer"): Said(
        marked("Order %(number)s is on its way"),
        marked("A parcel of order %(number)s is with the carrier."),
    ),
    (K.DELIVERED, "buyer"): Said(
        marked("Order %(number)s was delivered"),
        marked(
            "A parcel of order %(number)s was delivered; if something is wrong with it, say so on the order's page."
        ),
    ),
    (K.DELIVERY_ENDED, "buyer"): Said(
        marked("A parcel of order %(number)s does not arrive"),
        marked("The carrier reports that a parcel of order %(number)s does not arrive."),
    ),
    (K.SHIPPING_LATE, "buyer"): Said(
        marked("Order %(number)s is late"),
        marked("%(shop)s has not shipped order %(number)s in time."),
    ),
    (K.SHIPPING_LATE, "seller"): Said(
        marked("Order %(number)s is overdue"),
        marked("Order %(number)s should have been shipped by now."),
    ),
    # --- the request -------------------------------------------------------------------------------------------------
    (K.REQUEST_ASKED, "buyer"): Said(
        marked("%(shop)s was asked to cancel order %(number)s"),
        marked("Your request to cancel order %(number)s is with %(shop)s."),
    ),
    (K.REQUEST_ASKED, "seller"): Said(
        marked("A buyer asks to cancel order %(number)s"),
        marked("A buyer asks to cancel order %(number)s; agreeing gives back %(amount)s."),
    ),
    (K.REQUEST_HELD, "buyer"): Said(
        marked("The platform looks at your request for order %(number)s"),
        marked("Your request to cancel order %(number)s is with the platform."),
    ),
    (K.REQUEST_HELD, "buyer", "awaiting_carrier"): Said(
        marked("The carrier is asked to stop order %(number)s"),
        marked("Your request to cancel order %(number)s waits for the carrier's word."),
    ),
    (K.REQUEST_HELD, "buyer", "seller_silent"): Said(
        marked("The platform decides on order %(number)s"),
        marked("%(shop)s has not answered your request to cancel order %(number)s, so the platform decides."),
    ),
    (K.REQUEST_HELD, "seller", "seller_silent"): Said(
        marked("The platform decides on order %(number)s"),
        marked("The request to cancel order %(number)s was not answered in time, so the platform decides it."),
    ),
    (K.REQUEST_HELD, "support"): Said(
        marked("A request for order %(number)s is to be decided"),
        marked("The platform decides on a request to cancel order %(number)s of %(shop)s."),
    ),
    (K.REQUEST_HELD, "support", "awaiting_carrier"): Said(
        marked("The carrier is to be asked about order %(number)s"),
        marked("A request to cancel order %(number)s of %(shop)s waits for the carrier's word."),
    ),
    (K.REQUEST_HELD, "support", "seller_silent"): Said(
        marked("A shop was silent on order %(number)s"),
        marked("%(shop)s has not answered a request to cancel order %(number)s: the platform decides."),
    ),
    (K.APPROVED, "buyer"): Said(
        marked("Your request for order %(number)s is approved"),
        marked("What you asked to cancel of order %(number)s is cancelled; %(amount)s goes back to you."),
    ),
    (K.APPROVED, "buyer", "system"): Said(
        marked("Order %(number)s is cancelled"),
        marked("Order %(number)s, or a part of it, was cancelled; %(amount)s goes back to you."),
    ),
    (K.APPROVED, "buyer", "support"): Said(
        marked("Order %(number)s is cancelled"),
        marked("The platform has cancelled order %(number)s, or a part of it; %(amount)s goes back to you."),
    ),
    (K.APPROVED, "buyer", "seller"): Said(
        marked("%(shop)s has cancelled order %(number)s"),
        marked("%(shop)s has cancelled order %(number)s, or what you asked for of it; %(amount)s goes back to you."),
    ),
    (K.APPROVED, "buyer", "trial"): Said(
        marked("Trial: order %(number)s is cancelled"),
        marked("Order %(number)s, or a part of it, is cancelled. Its refund of %(amount)s is only tried."),
    ),
    (K.APPROVED, "seller"): Said(
        marked("Stop: order %(number)s is cancelled"),
        marked("Order %(number)s, or a part of it, is cancelled and must not ship; %(amount)s goes back to the buyer."),
    ),
    (K.REFUSED, "buyer"): Said(
        marked("Your request for order %(number)s is declined"),
        marked("Order %(number)s goes on; why, and what you can do now, stands on the page of your request."),
    ),
    (K.REFUSED, "seller"): Said(
        marked("Order %(number)s goes on"),
        marked("The request to cancel order %(number)s was declined; the order goes on."),
    ),
    (K.WITHDRAWN, "seller"): Said(
        marked("The request for order %(number)s was withdrawn"),
        marked("The buyer has withdrawn the request to cancel order %(number)s; the order goes on."),
    ),
    (K.OVERTAKEN, "buyer"): Said(
        marked("Order %(number)s left before it was answered"),
        marked("Order %(number)s left before your request was answered; once it arrives you can send it back."),
    ),
    (K.OVERTAKEN, "seller"): Said(
        marked("Nothing to answer any more for order %(number)s"),
        marked("Order %(number)s left before you answered the request to cancel it, so the request is over."),
    ),
    (K.OVERTAKEN, "support"): Said(
        marked("Nothing to decide any more for order %(number)s"),
        marked("Order %(number)s of %(shop)s left before the request to cancel it was decided: the request is over."),
    ),
    (K.EXTENDED, "buyer"): Said(
        marked("The answer for order %(number)s has a later limit"),
        marked("These pages were away for a while, so the time to answer your request for order %(number)s is longer."),
    ),
    (K.EXTENDED, "seller"): Said(
        marked("You have longer to answer for order %(number)s"),
        marked("These pages were away for a while, so you have longer to answer the request for order %(number)s."),
    ),
    (K.EXTENDED, "support"): Said(
        marked("The answer for order %(number)s has a later limit"),
        marked("These pages were away for a while, so the request for order %(number)s waits longer."),
    ),
    (K.REOPENED, "buyer"): Said(
        marked("Your request for order %(number)s waits again"),
        marked("Order %(number)s had not left after all, so your request waits again for an answer."),
    ),
    (K.REOPENED, "seller"): Said(
        marked("The request for order %(number)s waits again"),
        marked("Order %(number)s had not left after all, so the request to cancel it waits for your answer again."),
    ),
    (K.REOPENED, "support"): Said(
        marked("The request for order %(number)s waits again"),
        marked("Order %(number)s of %(shop)s had not left after all, so the request to cancel it waits again."),
    ),
    (K.UNDONE, "buyer"): Said(
        marked("Order %(number)s goes on after all"),
        marked("The cancellation in order %(number)s was taken back: the order goes on."),
    ),
    (K.UNDONE, "seller"): Said(
        marked("Order %(number)s goes on after all"),
        marked("The cancellation in order %(number)s was taken back: it is to be shipped again."),
    ),
    (K.OFFER_MADE, "buyer"): Said(
        marked("%(shop)s offers you something for order %(number)s"),
        marked("%(shop)s has answered your request for order %(number)s with an offer: take it or decline it."),
    ),
    (K.OFFER_MADE, "seller"): Said(
        marked("The buyer of order %(number)s offers something else"),
        marked("The buyer of order %(number)s has answered your offer with another: take it or decline it."),
    ),
    (K.OFFER_ACCEPTED, "buyer"): Said(
        marked("%(shop)s took your offer for order %(number)s"),
        marked("%(shop)s has accepted what you offered for order %(number)s."),
    ),
    (K.OFFER_ACCEPTED, "seller"): Said(
        marked("Your offer for order %(number)s was taken"),
        marked("The buyer has accepted what you offered for order %(number)s."),
    ),
    (K.OFFER_DECLINED, "buyer"): Said(
        marked("%(shop)s declined your offer for order %(number)s"),
        marked("%(shop)s has declined what you offered for order %(number)s; your request waits on."),
    ),
    (K.OFFER_DECLINED, "seller"): Said(
        marked("Your offer for order %(number)s was declined"),
        marked("The buyer has declined what you offered for order %(number)s; the request waits for your answer."),
    ),
    # --- the money ---------------------------------------------------------------------------------------------------
    (K.REFUND_OWED, "buyer"): Said(
        marked("%(amount)s of order %(number)s comes back to you"),
        marked("You get back %(amount)s of order %(number)s; it has not been sent yet."),
    ),
    (K.REFUND_SENT, "buyer"): Said(
        marked("%(amount)s of order %(number)s is on its way to you"),
        marked("%(amount)s of order %(number)s was handed to the payment provider and has not arrived yet."),
    ),
    (K.REFUND_SENT, "buyer", "trial"): Said(
        marked("Trial: the refund of order %(number)s was tried"),
        marked("A refund of %(amount)s of order %(number)s was tried. No money moves in a trial."),
    ),
    (K.REFUNDED, "buyer", "trial"): Said(
        marked("Trial: the refund of order %(number)s was tried"),
        marked("A refund of %(amount)s of order %(number)s was tried. No money moves in a trial."),
    ),
    (K.REFUNDED, "buyer"): Said(
        marked("%(amount)s of order %(number)s was refunded"),
        marked("The payment provider has paid back %(amount)s of order %(number)s."),
    ),
    (K.REFUNDED, "buyer", "release"): Said(
        marked("%(amount)s of order %(number)s was released"),
        marked("%(amount)s that were held for order %(number)s were released: nothing was taken."),
    ),
    (K.REFUND_FAILED, "buyer"): Said(
        marked("The refund of order %(number)s did not go through"),
        marked("%(amount)s of order %(number)s could not be paid back that way; it is still owed to you."),
    ),
    (K.REFUND_FAILED, "support"): Said(
        marked("A refund of order %(number)s failed"),
        marked("%(amount)s of order %(number)s of %(shop)s could not be paid back: it needs another way."),
    ),
    (K.REFUND_UNCLEAR, "support"): Said(
        marked("A refund of order %(number)s is unclear"),
        marked("The provider has not said what became of %(amount)s of order %(number)s of %(shop)s."),
    ),
    (K.REFUND_SETTLED, "buyer", "only_tried"): Said(
        marked("%(amount)s of order %(number)s is owed to you"),
        marked("The refund of %(amount)s of order %(number)s was only tried; it is owed to you, and will be sent."),
    ),
    (K.REFUND_SETTLED, "buyer"): Said(
        marked("The refund of order %(number)s goes another way"),
        marked("%(amount)s of order %(number)s is given back another way, which stands on the order's page."),
    ),
    (K.PAY_OUT, "support"): Said(
        marked("%(amount)s of order %(number)s is to be paid out"),
        marked("%(amount)s of order %(number)s of %(shop)s is to be paid out by the marketplace and confirmed."),
    ),
    (K.PAY_OUT_LATE, "support"): Said(
        marked("Nobody has paid out order %(number)s"),
        marked("Nobody has confirmed in time that %(amount)s of order %(number)s of %(shop)s was paid out."),
    ),
    (K.CHARGEBACK, "seller"): Said(
        marked("A bank took back money of order %(number)s"),
        marked(
            "The buyer's bank has taken back %(amount)s of order %(number)s; refunds of it wait for the bank's word."
        ),
    ),
    (K.CHARGEBACK, "support"): Said(
        marked("A bank took back money of order %(number)s"),
        marked("A bank has taken back %(amount)s of order %(number)s of %(shop)s; refunds of it wait for its word."),
    ),
    # --- cases -------------------------------------------------------------------------------------------------------
    (K.RETURN_OPENED, "support"): Said(
        marked("Something is wrong with order %(number)s"),
        marked("A buyer has opened a case about what arrived of order %(number)s of %(shop)s."),
    ),
    (K.RETURN_QUESTIONED, "buyer"): Said(
        marked("Support has a question about order %(number)s"),
        marked("Platform support needs your answer to go on with your case about order %(number)s."),
    ),
    (K.RETURN_ANSWERED, "support"): Said(
        marked("The buyer of order %(number)s has answered"),
        marked("The buyer has added something to the case about order %(number)s of %(shop)s."),
    ),
    (K.RETURN_LATE, "support"): Said(
        marked("The case about order %(number)s waits too long"),
        marked("Nobody has moved in time in the case about order %(number)s of %(shop)s."),
    ),
    (K.RETURN_CLOSED, "buyer"): Said(
        marked("Your case about order %(number)s is closed"),
        marked("Platform support has closed your case about order %(number)s; the page of the case says how and why."),
    ),
    (K.RETURN_CLOSED, "seller"): Said(
        marked("The case about order %(number)s is closed"),
        marked("Platform support has closed the case about order %(number)s; its page says what is agreed."),
    ),
    (K.CALLED, "support"): Said(
        marked("The platform was called about order %(number)s"),
        marked("A buyer has called the platform about order %(number)s of %(shop)s."),
    ),
    (K.CALLED, "seller"): Said(
        marked("The buyer of order %(number)s has called the platform"),
        marked("The buyer of order %(number)s has called the platform, which can read what was said."),
    ),
    (K.CALLED_LATE, "support"): Said(
        marked("A call about order %(number)s waits too long"),
        marked("Nobody has answered in time the call about order %(number)s of %(shop)s."),
    ),
    (K.CALLED_CLOSED, "buyer"): Said(
        marked("The platform has answered about order %(number)s"),
        marked(
            "The platform has closed what you called it for in order %(number)s; the order's page says how and why."
        ),
    ),
    (K.CALLED_CLOSED, "seller"): Said(
        marked("The platform has answered about order %(number)s"),
        marked("The platform has closed the call about order %(number)s; the order's page says how and why."),
    ),
    # --- what is said ------------------------------------------------------------------------------------------------
    (K.MESSAGE, "buyer"): Said(
        marked("%(from)s wrote to you about %(topic)s"),
        marked("%(unread)s about %(topic)s. %(from)s wrote last: “%(text)s”"),
    ),
    (K.MESSAGE, "buyer", "read"): Said(
        marked("You were written to about %(topic)s"),
        marked("You have read what was written to you about %(topic)s."),
    ),
    (K.MESSAGE, "seller"): Said(
        marked("%(from)s wrote about %(topic)s"),
        marked("%(unread)s about %(topic)s. %(from)s wrote last: “%(text)s”"),
    ),
    (K.MESSAGE, "seller", "read"): Said(
        marked("Your shop was written to about %(topic)s"),
        marked("What was written about %(topic)s has been read."),
    ),
    (K.MESSAGE, "support"): Said(
        marked("%(from)s wrote about %(topic)s"),
        marked("%(unread)s about %(topic)s at %(shop)s. %(from)s wrote last: “%(text)s”"),
    ),
    (K.MESSAGE, "support", "read"): Said(
        marked("Support was written to about %(topic)s"),
        marked("What was written about %(topic)s at %(shop)s has been read."),
    ),
    (K.CONTACT_NOTE, "buyer"): Said(
        marked("%(from)s recorded what was said about %(topic)s"),
        marked("It was said elsewhere, and you can answer it if it was not so: “%(text)s”"),
    ),
    (K.CONTACT_NOTE, "buyer", "read"): Said(
        marked("What was said about %(topic)s was recorded"),
        marked("You have read what was recorded about %(topic)s."),
    ),
    (K.CONTACT_NOTE, "seller"): Said(
        marked("%(from)s recorded what was said about %(topic)s"),
        marked("It was said elsewhere, and you can answer it if it was not so: “%(text)s”"),
    ),
    (K.CONTACT_NOTE, "seller", "read"): Said(
        marked("What was said about %(topic)s was recorded"),
        marked("What was recorded about %(topic)s has been read."),
    ),
    (K.ORDER_NOTE, "seller"): Said(
        marked("A note for whoever packs order %(number)s"),
        marked("The buyer has added a note to order %(number)s: it has to be read before the parcel leaves."),
    ),
    # --- checks ------------------------------------------------------------------------------------------------------
    (K.CONTRADICTION, "seller"): Said(
        marked("Something about order %(number)s does not fit"),
        marked("What was reported of order %(number)s does not fit what was decided: look at what to do."),
    ),
    (K.CONTRADICTION, "support"): Said(
        marked("Something about order %(number)s does not fit"),
        marked("What was reported of order %(number)s of %(shop)s does not fit what was decided."),
    ),
    (K.SECOND_WANTED, "seller"): Said(
        marked("Order %(number)s needs a second person"),
        marked("A colleague wants to give back money of order %(number)s, and a second person has to agree."),
    ),
    (K.SECOND_WANTED, "support"): Said(
        marked("Order %(number)s needs a second person"),
        marked(
            "A colleague has proposed something for order %(number)s of %(shop)s, and a second person has to agree."
        ),
    ),
}
"""Everything that is told to anybody."""


def said(notice: Notice) -> Said:
    """The subject and the sentence of a notice, in English and with their gaps."""
    own = SENTENCES.get((notice.kind, notice.role, notice.code))
    return own or SENTENCES[notice.kind, notice.role]
