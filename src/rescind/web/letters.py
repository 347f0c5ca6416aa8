"""What mails say, in the language of whoever reads them: one meaning first, a link to it, and why it was sent."""

from __future__ import annotations

from rescind.core.documents import Content, DocumentKind
from rescind.core.errors import NotFound
from rescind.core.ids import NO_SHOP
from rescind.core.instant import Instant
from rescind.core.mail import Mail
from rescind.core.scope import Scope
from rescind.desk import Desk
from rescind.locales import Locale, locale
from rescind.mail.message import Attachment, Letter
from rescind.web import guest_letters, list_letters, notice_letters, staff_letters
from rescind.web.document import html
from rescind.web.letter import Said, letter

_EVERYBODY = Scope()


async def compose(desk: Desk, mail: Mail) -> Letter:
    """The letter that a mail names. Raises Unavailable: not now; Over: it would not be true any more."""
    match mail.kind:
        case "document":
            return await of_document(desk, mail)
        case "notice":
            return await notice_letters.of_notice(desk, mail)
        case "digest":
            return await notice_letters.of_day(desk, mail)
        case "code":
            return await notice_letters.of_code(desk, mail)
        case "staff":
            return await staff_letters.of_link(desk, mail)
        case "guest":
            return guest_letters.of_code(desk, mail)
        case "list":
            return await list_letters.of_list(desk, mail)
        case "endpoint_off":
            language = locale(mail.language)
            return letter(language, await _of_endpoint(language, mail, desk), desk.now())


async def of_document(desk: Desk, mail: Mail) -> Letter:
    """A document and what it is. Raises Unavailable where a PDF cannot be made at the moment."""
    language = locale(mail.language)
    # It was asked for by somebody who may read it; the buyer's own eyes are those it is written for.
    issued = await desk.documents.read(_EVERYBODY, mail.document)
    printed = desk.press.here
    page = html(language, issued, "buyer", printed=printed)
    data = await desk.press.print(page) if printed else page.encode()
    name = f"{issued.content.number}-{language.tag}.{'pdf' if printed else 'html'}"
    file = Attachment(name, "application/pdf" if printed else "text/html", data)
    said = _of_document(language, issued.content, mail, desk, printed=printed)
    return letter(language, said, desk.now(), (file,))


def letter_of_test(language: Locale, now: Instant) -> Letter:
    """What an operator sends to see whether mail arrives."""
    _ = language.gettext
    said = Said(
        subject=_("A test of outgoing mail"),
        lead=_("This is a test: mail from your cancellation desk arrives here."),
        more=(_("Look at the sender, and whether it was put among unwanted mail. There is nothing to answer."),),
        foot=(_("Sent because an operator asked for it on the page of mail."),),
    )
    return letter(language, said, now)


def _of_document(language: Locale, said: Content, mail: Mail, desk: Desk, *, printed: bool) -> Said:
    _ = language.gettext
    of = {"number": said.number, "order": said.order_number, "shop": said.seller.name}
    subject, lead = {
        DocumentKind.RECEIPT: (
            _("Receipt %(number)s for order %(order)s"),
            _("This is receipt %(number)s for your order %(order)s from %(shop)s."),
        ),
        DocumentKind.CREDIT_NOTE: (
            _("Credit note %(number)s for order %(order)s"),
            _("This is credit note %(number)s: what a cancellation in your order %(order)s from %(shop)s gave back."),
        ),
        DocumentKind.REVERSAL: (
            _("Credit note taken back: %(number)s for order %(order)s"),
            _(
                "This is %(number)s, which takes a credit note of your order %(order)s from %(shop)s back: the "
                "cancellation was undone."
            ),
        ),
    }[said.kind]
    attached = (
        _("It is attached as PDF, as it was issued on %(day)s.")
        if printed
        else _("It is attached as a page that every browser opens, as it was issued on %(day)s.")
    )
    support = desk.settings.support_email
    return Said(
        subject=subject % of,
        lead=lead % of,
        more=(attached % {"day": language.day(said.issued_at, said.zone)},),
        link=f"{desk.base_url}/documents/{said.id}" if desk.base_url else "",
        label=_("Look at it online"),
        foot=(_asked(language, mail), *((_("Questions: %(address)s") % {"address": support},) if support else ())),
    )


async def _of_endpoint(language: Locale, mail: Mail, desk: Desk) -> Said:
    """That nothing is sent any more; by now somebody may have removed the endpoint, or it may be on again."""
    _ = language.gettext
    try:
        found = await desk.endpoints.find(_EVERYBODY, mail.endpoint)
    except NotFound:
        found = None
    shop = await desk.reads.shop(mail.shop) if mail.shop != NO_SHOP else None
    # A shop without an address is written about to those who run it.
    theirs = shop is not None and bool(shop.contact.get("email"))
    of = {
        "url": found.url if found else mail.endpoint,
        "name": (found.about or found.url) if found else mail.endpoint,
        "when": language.instant(mail.asked_at, shop.zone if shop else "UTC"),
    }
    return Said(
        subject=_("Webhook switched off: %(name)s") % of,
        lead=_("Nothing is sent to %(url)s any more: every attempt of five days failed.") % of,
        more=(
            _("It was switched off at %(when)s. What happens since is kept for thirty days.") % of,
            _("Put the receiver right, switch the endpoint on, and send again what failed."),
        ),
        link=f"{desk.base_url}/{'seller' if theirs else 'operator'}/webhooks/{mail.endpoint}" if desk.base_url else "",
        label=_("Open the endpoint"),
        foot=(
            _("Sent once because this is the address of the shop.") if theirs else _("Sent once to those who run it."),
        ),
    )


def _asked(language: Locale, mail: Mail) -> str:
    _ = language.gettext
    return {
        "buyer": _("You asked for this document to be sent to you."),
        "seller": _("The shop sent you this document of your order."),
    }.get(mail.asked_by.partition(":")[0], _("Platform support sent you this document of your order."))
