"""What the API can do. Written by tools/write_client.py; change it there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import IO, Any, Literal

from rescind_client import models
from rescind_client.transport import Transport, segment


class Orders:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def place(self, body: models.NewOrder, *, idempotency_key: str | None = None) -> models.OrderState:
        """Place an order.

        Report an order with everything a later refund will need; its terms are those in force when it was placed.

        The automatic checks of address, recipient, telephone, e-mail, value and duplicates refuse nothing: an order
        that they stop at waits in manual review for a person, and the buyer may still cancel. The same order again,
        under another key, is `200` and changes nothing but the buyer's name and e-mail address, where they were
        wrong; the same number with other contents is a conflict.
        """
        return self._transport.call("POST", "/v1/orders", models.OrderState, body=body, key=idempotency_key, keyed=True)

    def search(
        self,
        *,
        tab: str | None = None,
        number: list[str] | None = None,
        text: str | None = None,
        reason: list[str] | None = None,
        stage: list[models.Stage] | None = None,
        placed_from: datetime | None = None,
        placed_to: datetime | None = None,
        placed: Literal["", "30d", "7d", "today"] | None = None,
        amount_min: int | None = None,
        amount_max: int | None = None,
        currency: str | None = None,
        due_before: datetime | None = None,
        due: Literal["", "24h", "overdue", "today"] | None = None,
        shop: str | None = None,
        buyer: str | None = None,
        sort: Literal["amount", "newest", "time_left"] | None = None,
        zone: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> models.OrdersTold:
        """List orders.

        The orders of the caller's scope, in pages that stay put while orders come in.

        `number` takes order numbers, ids, tracking numbers and SKUs, up to 100 of them.
        """
        return self._transport.call(
            "GET",
            "/v1/orders",
            models.OrdersTold,
            query={
                "tab": tab,
                "number": number,
                "text": text,
                "reason": reason,
                "stage": stage,
                "placed_from": placed_from,
                "placed_to": placed_to,
                "placed": placed,
                "amount_min": amount_min,
                "amount_max": amount_max,
                "currency": currency,
                "due_before": due_before,
                "due": due,
                "shop": shop,
                "buyer": buyer,
                "sort": sort,
                "zone": zone,
                "cursor": cursor,
                "limit": limit,
            },
        )

    def search_pages(
        self,
        *,
        tab: str | None = None,
        number: list[str] | None = None,
        text: str | None = None,
        reason: list[str] | None = None,
        stage: list[models.Stage] | None = None,
        placed_from: datetime | None = None,
        placed_to: datetime | None = None,
        placed: Literal["", "30d", "7d", "today"] | None = None,
        amount_min: int | None = None,
        amount_max: int | None = None,
        currency: str | None = None,
        due_before: datetime | None = None,
        due: Literal["", "24h", "overdue", "today"] | None = None,
        shop: str | None = None,
        buyer: str | None = None,
        sort: Literal["amount", "newest", "time_left"] | None = None,
        zone: str | None = None,
        limit: int | None = None,
    ) -> Iterator[models.OrdersTold]:
        """Every part of ``search``, one after the other."""
        cursor = None
        while True:
            page = self.search(
                tab=tab,
                number=number,
                text=text,
                reason=reason,
                stage=stage,
                placed_from=placed_from,
                placed_to=placed_to,
                placed=placed,
                amount_min=amount_min,
                amount_max=amount_max,
                currency=currency,
                due_before=due_before,
                due=due,
                shop=shop,
                buyer=buyer,
                sort=sort,
                zone=zone,
                limit=limit,
                cursor=cursor,
            )
            yield page
            cursor = page.next
            if cursor is None:
                return

    def read(self, order: str) -> models.OrderTold:
        """Read an order.

        One order: stage, money, parcels, requests, refunds, and whose move it is. Its `ETag` is its version.
        """
        return self._transport.call("GET", f"/v1/orders/{segment(order)}", models.OrderTold)

    def report(
        self, order: str, body: models.Fact, *, idempotency_key: str | None = None, if_match: int | str | None = None
    ) -> models.FactTold:
        """Report a fact.

        Report what happened in the world: paid, packed, tracked, handed over, delivered, charged back.

        An authentic fact is believed however late or odd it is; one that does not fit what was decided opens a case
        for a person. A parcel that will not arrive (refused at the door, failed, lost, damaged, untraceable,
        tracking stale) is cancelled and refunded on the carrier's word. A seller's own next step may be out of the
        question, and then it is a conflict. No news is `200`.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/facts",
            models.FactTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def correct(
        self,
        order: str,
        body: models.Correction,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.FactTold:
        """Correct a fact.

        Take back what was reported by mistake, or put its time right. The report stays in the history.

        What the mistake had closed opens again: the window, a request that a parcel had overtaken, a case about it.
        A seller takes back the seller's own reports, support those too, the host any. What a carrier has scanned
        stays, and of a payment only the time can have been wrong.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/corrections",
            models.FactTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def review(
        self,
        order: str,
        body: models.ReviewAct,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.FactTold:
        """Decide a manual review.

        Take the review of an order, let the order pass, or stop it and refund what was paid.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/review",
            models.FactTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def correct_recipient(
        self,
        order: str,
        body: models.NewRecipient,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.FactTold:
        """Correct the recipient.

        Put right where an order in manual review goes. What the checks find no more is off the review, which ends
        with the last of it.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/recipient",
            models.FactTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )


class Imports:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def put_in(
        self,
        content: bytes,
        *,
        name: str | None = None,
        confirmed: bool | None = None,
        content_type: str = "application/octet-stream",
    ) -> models.ImportTold:
        """Put in a file.

        Send a table of orders, or of what happened to them, as CSV or XLSX; its columns say which. It is checked
        first and waits to be confirmed, unless `confirmed=true` says that it need not.

        A file that is no such table is refused at once. Of any other each order goes in whole or stays out, and the
        same file again changes nothing. A seller's file tells what happened to the shop's own orders and places
        none.
        """
        return self._transport.call(
            "POST",
            "/v1/imports",
            models.ImportTold,
            content=content,
            content_type=content_type,
            query={"name": name, "confirmed": confirmed},
        )

    def latest(self, *, limit: int | None = None) -> models.ImportsTold:
        """List imports.

        The last files that were put in.
        """
        return self._transport.call("GET", "/v1/imports", models.ImportsTold, query={"limit": limit})

    def read(self, import_: str) -> models.ImportTold:
        """Read an import.

        How far it is, what became of its orders, and the first rows that are wrong.
        """
        return self._transport.call("GET", f"/v1/imports/{segment(import_)}", models.ImportTold)

    def confirm(self, import_: str) -> models.ImportTold:
        """Confirm an import.

        Put in what was checked; what is wrong stays out. Said again it changes nothing.
        """
        return self._transport.call("POST", f"/v1/imports/{segment(import_)}/confirm", models.ImportTold)

    def drop(self, import_: str) -> models.ImportTold:
        """Drop an import.

        Let it be: nothing of it goes in. Said again it changes nothing.
        """
        return self._transport.call("POST", f"/v1/imports/{segment(import_)}/drop", models.ImportTold)

    def stay_out(self, import_: str, *, to: IO[bytes] | None = None) -> bytes:
        """Get the rows that stay out.

        The rows of every order that stays out, as they were, with a column that says what is wrong with each: to be
        corrected and put in again. They are kept for thirty days.
        """
        return self._transport.call("GET", f"/v1/imports/{segment(import_)}/errors", bytes, to=to)


class Exports:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def orders(
        self,
        *,
        tab: str | None = None,
        number: list[str] | None = None,
        text: str | None = None,
        reason: list[str] | None = None,
        stage: list[models.Stage] | None = None,
        placed_from: datetime | None = None,
        placed_to: datetime | None = None,
        placed: Literal["", "30d", "7d", "today"] | None = None,
        amount_min: int | None = None,
        amount_max: int | None = None,
        currency: str | None = None,
        due_before: datetime | None = None,
        due: Literal["", "24h", "overdue", "today"] | None = None,
        shop: str | None = None,
        buyer: str | None = None,
        sort: Literal["amount", "newest", "time_left"] | None = None,
        zone: str | None = None,
        format_: Literal["csv", "xlsx"] | None = None,
        column: list[str] | None = None,
        to: IO[bytes] | None = None,
    ) -> bytes:
        """Export orders.

        All orders that the list would show, as a file that is written while it is read. Codes and ids are those of
        the API, amounts decimal with a currency beside them, times RFC 3339. Who took it is written down.
        """
        return self._transport.call(
            "GET",
            "/v1/orders/export",
            bytes,
            query={
                "tab": tab,
                "number": number,
                "text": text,
                "reason": reason,
                "stage": stage,
                "placed_from": placed_from,
                "placed_to": placed_to,
                "placed": placed,
                "amount_min": amount_min,
                "amount_max": amount_max,
                "currency": currency,
                "due_before": due_before,
                "due": due,
                "shop": shop,
                "buyer": buyer,
                "sort": sort,
                "zone": zone,
                "format": format_,
                "column": column,
            },
            to=to,
        )

    def requests(
        self,
        *,
        tab: str | None = None,
        number: list[str] | None = None,
        text: str | None = None,
        reason: list[str] | None = None,
        stage: list[models.Stage] | None = None,
        placed_from: datetime | None = None,
        placed_to: datetime | None = None,
        placed: Literal["", "30d", "7d", "today"] | None = None,
        amount_min: int | None = None,
        amount_max: int | None = None,
        currency: str | None = None,
        due_before: datetime | None = None,
        due: Literal["", "24h", "overdue", "today"] | None = None,
        shop: str | None = None,
        buyer: str | None = None,
        sort: Literal["amount", "newest", "time_left"] | None = None,
        zone: str | None = None,
        format_: Literal["csv", "xlsx"] | None = None,
        column: list[str] | None = None,
        to: IO[bytes] | None = None,
    ) -> bytes:
        """Export requests.

        All requests that the queue would show, in the form of exported orders.
        """
        return self._transport.call(
            "GET",
            "/v1/cancellations/export",
            bytes,
            query={
                "tab": tab,
                "number": number,
                "text": text,
                "reason": reason,
                "stage": stage,
                "placed_from": placed_from,
                "placed_to": placed_to,
                "placed": placed,
                "amount_min": amount_min,
                "amount_max": amount_max,
                "currency": currency,
                "due_before": due_before,
                "due": due,
                "shop": shop,
                "buyer": buyer,
                "sort": sort,
                "zone": zone,
                "format": format_,
                "column": column,
            },
            to=to,
        )

    def refunds(
        self,
        *,
        state: Literal["failed", "in_doubt", "not_sent", "owed", "settled", "submitted", "succeeded"]
        | Literal["all"]
        | None = None,
        number: list[str] | None = None,
        placed_from: datetime | None = None,
        placed_to: datetime | None = None,
        placed: Literal["", "30d", "7d", "today"] | None = None,
        amount_min: int | None = None,
        amount_max: int | None = None,
        currency: str | None = None,
        shop: str | None = None,
        sort: Literal["amount", "newest"] | None = None,
        zone: str | None = None,
        format_: Literal["csv", "xlsx"] | None = None,
        column: list[str] | None = None,
        to: IO[bytes] | None = None,
    ) -> bytes:
        """Export refunds.

        All refunds that the list would show, in the form of exported orders.
        """
        return self._transport.call(
            "GET",
            "/v1/refunds/export",
            bytes,
            query={
                "state": state,
                "number": number,
                "placed_from": placed_from,
                "placed_to": placed_to,
                "placed": placed,
                "amount_min": amount_min,
                "amount_max": amount_max,
                "currency": currency,
                "shop": shop,
                "sort": sort,
                "zone": zone,
                "format": format_,
                "column": column,
            },
            to=to,
        )

    def threads(
        self,
        *,
        tab: Literal["all", "flagged", "unread", "waiting"] | None = None,
        text: str | None = None,
        format_: Literal["csv", "xlsx"] | None = None,
        column: list[str] | None = None,
        to: IO[bytes] | None = None,
    ) -> bytes:
        """Export conversations.

        Your inbox with the last message of each conversation, in the form of exported orders.
        """
        return self._transport.call(
            "GET",
            "/v1/threads/export",
            bytes,
            query={"tab": tab, "text": text, "format": format_, "column": column},
            to=to,
        )

    def shops(
        self,
        *,
        text: str | None = None,
        sort: Literal["name", "newest"] | None = None,
        format_: Literal["csv", "xlsx"] | None = None,
        column: list[str] | None = None,
        to: IO[bytes] | None = None,
    ) -> bytes:
        """Export shops.

        All shops, in the form of exported orders.
        """
        return self._transport.call(
            "GET",
            "/v1/shops/export",
            bytes,
            query={"text": text, "sort": sort, "format": format_, "column": column},
            to=to,
        )

    def people(
        self,
        *,
        text: str | None = None,
        role: Literal["", "operator", "seller", "support"] | None = None,
        shop: str | None = None,
        rights: Literal["", "answer", "manage"] | None = None,
        signed_in: Literal["", "never", "yes"] | None = None,
        sort: Literal["name", "newest", "seen"] | None = None,
        format_: Literal["csv", "xlsx"] | None = None,
        column: list[str] | None = None,
        to: IO[bytes] | None = None,
    ) -> bytes:
        """Export people.

        All who work here, or the people of your shop, in the form of exported orders.
        """
        return self._transport.call(
            "GET",
            "/v1/people/export",
            bytes,
            query={
                "text": text,
                "role": role,
                "shop": shop,
                "rights": rights,
                "signed_in": signed_in,
                "sort": sort,
                "format": format_,
                "column": column,
            },
            to=to,
        )

    def taken(
        self,
        *,
        list_: str | None = None,
        via: Literal["", "api", "cli", "mail", "page"] | None = None,
        person: str | None = None,
        personal: bool | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> models.ExportsTold:
        """List what was exported.

        Who took which list away, when, and with how many rows, newest first.
        """
        return self._transport.call(
            "GET",
            "/v1/exports",
            models.ExportsTold,
            query={"list": list_, "via": via, "person": person, "personal": personal, "cursor": cursor, "limit": limit},
        )

    def taken_pages(
        self,
        *,
        list_: str | None = None,
        via: Literal["", "api", "cli", "mail", "page"] | None = None,
        person: str | None = None,
        personal: bool | None = None,
        limit: int | None = None,
    ) -> Iterator[models.ExportsTold]:
        """Every part of ``taken``, one after the other."""
        cursor = None
        while True:
            page = self.taken(list_=list_, via=via, person=person, personal=personal, limit=limit, cursor=cursor)
            yield page
            cursor = page.next
            if cursor is None:
                return


class Views:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def lists(self) -> models.ListsTold:
        """List the lists.

        Which lists you have: what each can be narrowed by, its columns and those you see, the views it comes with.
        """
        return self._transport.call("GET", "/v1/lists", models.ListsTold)

    def choose(self, list_: str, body: models.ListColumnsPut) -> models.ListTold:
        """Choose the columns of a list.

        What you see of a list on pages from now on, and what its files have where nobody says otherwise there.
        """
        return self._transport.call("PUT", f"/v1/lists/{segment(list_)}/columns", models.ListTold, body=body)

    def views(self, *, list_: str | None = None) -> models.ViewsTold:
        """List your views.

        The views that you keep, of one list or of all, and when each is mailed.
        """
        return self._transport.call("GET", "/v1/views", models.ViewsTold, query={"list": list_})

    def keep(self, body: models.NewView, *, idempotency_key: str | None = None) -> models.ViewTold:
        """Keep a view.

        Keep a list as it is narrowed under a name, for yourself alone. One of that name is kept anew.
        """
        return self._transport.call("POST", "/v1/views", models.ViewTold, body=body, key=idempotency_key, keyed=True)

    def one(self, view: str) -> models.ViewTold:
        """Read a view.

        A view that you keep, and when it is mailed.
        """
        return self._transport.call("GET", f"/v1/views/{segment(view)}", models.ViewTold)

    def mail(self, view: str, body: models.ViewMail) -> models.ViewTold:
        """Have a view mailed.

        Mail a view every day or every week, or not any more. The mail has a link and no data; the file lies behind
        sign-in for a week.
        """
        return self._transport.call("PUT", f"/v1/views/{segment(view)}/mail", models.ViewTold, body=body)

    def remove(self, view: str, body: models.Untouched, *, idempotency_key: str | None = None) -> models.ViewsTold:
        """Remove a view.

        Keep it no longer, and mail nothing of it; the answer has the views that are left.
        """
        return self._transport.call(
            "POST", f"/v1/views/{segment(view)}/remove", models.ViewsTold, body=body, key=idempotency_key, keyed=True
        )

    def files(self) -> models.ViewFilesTold:
        """List files of your views.

        What was made of your views in the last week.
        """
        return self._transport.call("GET", "/v1/view-files", models.ViewFilesTold)

    def file(self, file: str, *, to: IO[bytes] | None = None) -> bytes:
        """Fetch a file of a view.

        The file itself, in the form in which the view is mailed. Another's is as missing as one that is gone.
        """
        return self._transport.call("GET", f"/v1/view-files/{segment(file)}", bytes, to=to)


class Cancellability:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def ask(
        self, order: str, *, reason: str | None = None, line: list[str] | None = None, anyway: bool | None = None
    ) -> models.Cancellability:
        """Ask first.

        What would be decided if the caller asked to cancel now: the verdict, why, what comes back, and until when.

        A seller asks about their own cancellation, everybody else about the buyer's request. Nothing is written,
        and nothing is promised: whoever asks in earnest later is answered as things are then. Where a request could
        not even be made, it is the same problem.
        """
        return self._transport.call(
            "GET",
            f"/v1/orders/{segment(order)}/cancellability",
            models.Cancellability,
            query={"reason": reason, "line": line, "anyway": anyway},
        )


class Cancellations:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def request(
        self,
        order: str,
        body: models.NewCancellation,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.DecisionTold:
        """Ask to cancel.

        Ask to cancel an order or some of its lines; the policy answers at once, or says who must answer by when.

        From a buyer, or from support with the buyer's consent, it is a request; from a seller it is the seller's
        own cancellation. A policy's refusal is an answer like any other: `201`, with the rule and what it offers
        instead.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/cancellations",
            models.DecisionTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def of_order(self, order: str) -> models.CancellationsTold:
        """List the requests of an order.

        Every request to cancel this order and every cancellation by its seller, oldest first.
        """
        return self._transport.call("GET", f"/v1/orders/{segment(order)}/cancellations", models.CancellationsTold)

    def read(self, order: str, cancellation: str) -> models.CancellationTold:
        """Read a request.

        One request to cancel. Its `ETag` is the order's version, which answers to it may name in `If-Match`.
        """
        return self._transport.call(
            "GET", f"/v1/orders/{segment(order)}/cancellations/{segment(cancellation)}", models.CancellationTold
        )

    def approve(
        self,
        order: str,
        cancellation: str,
        body: models.Approval,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.DecisionTold:
        """Approve a request.

        Say yes to a request that waits for you, before its deadline; the refund is owed from this moment.

        A seller answers what waits for the seller, support what the policy leaves to the platform.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/cancellations/{segment(cancellation)}/approve",
            models.DecisionTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def refuse(
        self,
        order: str,
        cancellation: str,
        body: models.Refusal,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.DecisionTold:
        """Refuse a request.

        Say no to a request that waits for you, before its deadline.

        A seller gives a reason the policy lists, support one of its own list with words to the buyer.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/cancellations/{segment(cancellation)}/refuse",
            models.DecisionTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def withdraw(
        self,
        order: str,
        cancellation: str,
        body: models.Withdrawal,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.DecisionTold:
        """Withdraw a request.

        Take a request back while it waits; the order goes on.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/cancellations/{segment(cancellation)}/withdraw",
            models.DecisionTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def offer(
        self,
        order: str,
        cancellation: str,
        body: models.NewOffer,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.DecisionTold:
        """Offer something instead.

        Offer money back for keeping the goods, a share of their price, a later day to ship, or, for goods that were
        begun to be made for this buyer, to cancel and keep what material and labour cost.

        The request's deadline stays where it is, and what silence means too. A buyer may answer an open offer by
        one of their own. Another offer takes the place of the one before; there are at most six.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/cancellations/{segment(cancellation)}/offer",
            models.DecisionTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def accept(
        self,
        order: str,
        cancellation: str,
        body: models.OfferAnswer,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.DecisionTold:
        """Accept an offer.

        Take what the other side offers: the request is settled, the order goes on, and the money is owed at once.
        Of `cancel_with_costs` the order is cancelled, and what was offered to go back goes back.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/cancellations/{segment(cancellation)}/offer/accept",
            models.DecisionTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def decline(
        self,
        order: str,
        cancellation: str,
        body: models.OfferAnswer,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.DecisionTold:
        """Decline an offer.

        Leave what the other side offers: the request waits on, by the deadline it has.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/cancellations/{segment(cancellation)}/offer/decline",
            models.DecisionTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def queue(
        self,
        *,
        tab: str | None = None,
        number: list[str] | None = None,
        text: str | None = None,
        reason: list[str] | None = None,
        stage: list[models.Stage] | None = None,
        placed_from: datetime | None = None,
        placed_to: datetime | None = None,
        placed: Literal["", "30d", "7d", "today"] | None = None,
        amount_min: int | None = None,
        amount_max: int | None = None,
        currency: str | None = None,
        due_before: datetime | None = None,
        due: Literal["", "24h", "overdue", "today"] | None = None,
        shop: str | None = None,
        buyer: str | None = None,
        sort: Literal["amount", "newest", "time_left"] | None = None,
        zone: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
        kind: Literal[
            "cancellation", "contradiction", "escalation", "override", "proposal", "refund", "return", "review"
        ]
        | None = None,
    ) -> models.QueueTold:
        """List requests.

        The requests of the caller's scope, by tab: to_respond, waiting_for_buyer, with_platform, approved, and so
        on.
        """
        return self._transport.call(
            "GET",
            "/v1/cancellations",
            models.QueueTold,
            query={
                "tab": tab,
                "number": number,
                "text": text,
                "reason": reason,
                "stage": stage,
                "placed_from": placed_from,
                "placed_to": placed_to,
                "placed": placed,
                "amount_min": amount_min,
                "amount_max": amount_max,
                "currency": currency,
                "due_before": due_before,
                "due": due,
                "shop": shop,
                "buyer": buyer,
                "sort": sort,
                "zone": zone,
                "cursor": cursor,
                "limit": limit,
                "kind": kind,
            },
        )

    def queue_pages(
        self,
        *,
        tab: str | None = None,
        number: list[str] | None = None,
        text: str | None = None,
        reason: list[str] | None = None,
        stage: list[models.Stage] | None = None,
        placed_from: datetime | None = None,
        placed_to: datetime | None = None,
        placed: Literal["", "30d", "7d", "today"] | None = None,
        amount_min: int | None = None,
        amount_max: int | None = None,
        currency: str | None = None,
        due_before: datetime | None = None,
        due: Literal["", "24h", "overdue", "today"] | None = None,
        shop: str | None = None,
        buyer: str | None = None,
        sort: Literal["amount", "newest", "time_left"] | None = None,
        zone: str | None = None,
        limit: int | None = None,
        kind: Literal[
            "cancellation", "contradiction", "escalation", "override", "proposal", "refund", "return", "review"
        ]
        | None = None,
    ) -> Iterator[models.QueueTold]:
        """Every part of ``queue``, one after the other."""
        cursor = None
        while True:
            page = self.queue(
                tab=tab,
                number=number,
                text=text,
                reason=reason,
                stage=stage,
                placed_from=placed_from,
                placed_to=placed_to,
                placed=placed,
                amount_min=amount_min,
                amount_max=amount_max,
                currency=currency,
                due_before=due_before,
                due=due,
                shop=shop,
                buyer=buyer,
                sort=sort,
                zone=zone,
                limit=limit,
                kind=kind,
                cursor=cursor,
            )
            yield page
            cursor = page.next
            if cursor is None:
                return


class Bulk:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def answer(self, body: models.ManyAnswers, *, idempotency_key: str | None = None) -> models.ItemsAnswered:
        """Answer many requests.

        Up to five hundred at a time, each decided as by a call of its own: one that cannot be keeps no other from
        it, so `200` says nothing of any of them. Sent again under the same key, each tells what became of it and
        nothing happens twice; the same key for other answers is refused as a whole. A form that is not right in any
        row refuses the whole call.
        """
        return self._transport.call(
            "POST", "/v1/requests/bulk", models.ItemsAnswered, body=body, key=idempotency_key, keyed=True
        )


class RefundWays:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def of_order(self, order: str) -> models.RefundWaysTold:
        """List the refunds of an order.

        Every refund of this order with its way: approved, sent, accepted, there.
        """
        return self._transport.call("GET", f"/v1/orders/{segment(order)}/refunds", models.RefundWaysTold)

    def get(self, order: str, refund: str) -> models.RefundWayTold:
        """Read a refund.

        One refund with its way.
        """
        return self._transport.call(
            "GET", f"/v1/orders/{segment(order)}/refunds/{segment(refund)}", models.RefundWayTold
        )


class Refunds:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def give_back(
        self,
        order: str,
        body: models.NewRefund,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.RefundsTold:
        """Give money back.

        Give back the delivery alone, or an amount, while the order stays as it is.

        Above the amount of `RESCIND_REFUND_SECOND_PERSON_ABOVE`, of all that single people moved on this order, the
        answer is `202`: nothing is owed until another person confirms the `proposal`, and after two days it lapses.

        It is shared over the payments by what each took, and is never more than is left of them. What is given back
        so is not given back again when the order is cancelled later. As `credit` it is support's ruling: the same
        money, which then lies with the marketplace for the buyer's next purchase and does not go back as well.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/refunds",
            models.RefundsTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def settle(
        self,
        order: str,
        refund: str,
        body: models.FailedRefund,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.RefundsTold:
        """Settle a refund that failed.

        Send the money another way, once, as far as the policy allows; `allowed_actions` of a problem names the
        ways.

        No way takes a destination: the money goes to its own tender, into credit with the marketplace, or has been
        handed over by somebody who keeps the voucher.

        Another way than the tender takes a second person above the amount of `RESCIND_REFUND_SECOND_PERSON_ABOVE`,
        as for money that is given back.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/refunds/{segment(refund)}/settlement",
            models.RefundsTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def owe_again(
        self,
        order: str,
        refund: str,
        body: models.TriedRefund,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.RefundsTold:
        """Owe a refund that was only tried.

        Say that a payment is real whose refunds were only tried: all of them are owed again, and no longer a trial.

        Where a provider is connected that takes the payment they are sent as money; until then they wait.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/refunds/{segment(refund)}/owed-again",
            models.RefundsTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )


class Documents:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def of_order(self, order: str) -> models.DocumentsTold:
        """List the documents of an order.

        Every receipt and credit note of this order. What is due and nobody had asked for is issued by asking.

        A receipt says what was paid, cancelled and given back; when amounts have changed, asking again issues a
        later one that names it. A credit note says what one cancellation gave back. Numbers of a shop have no gaps
        within a year.
        """
        return self._transport.call("GET", f"/v1/orders/{segment(order)}/documents", models.DocumentsTold)

    def get(self, document: str) -> models.DocumentTold:
        """Get a document.

        One document as it was issued: as data, or as a page or PDF in the language of `Accept-Language`.

        The form is chosen by `Accept`, or by what stands after the id: `.json`, `.html`, `.pdf`.
        """
        return self._transport.call("GET", f"/v1/documents/{segment(document)}", models.DocumentTold)


class Mail:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def of_document(self, document: str) -> models.MailsTold:
        """List the mails of a document.

        When a document was sent to its buyer, and whether a server took it.
        """
        return self._transport.call("GET", f"/v1/documents/{segment(document)}/mails", models.MailsTold)

    def send(self, document: str, body: models.MailPost, *, idempotency_key: str | None = None) -> models.MailTold:
        """Send a document to its buyer.

        Send a document by mail to the address by which the marketplace knows its buyer; there is no other way to
        choose.

        The same idempotency key sends it once.
        """
        return self._transport.call(
            "POST",
            f"/v1/documents/{segment(document)}/mails",
            models.MailTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def outbox(
        self, *, status: Literal["", "dropped", "failed", "in_doubt", "refused", "taken", "waiting"] | None = None
    ) -> models.OutboxTold:
        """Read the outbox.

        The server, the last mails and what became of them, and the addresses that refuse mail.
        """
        return self._transport.call("GET", "/v1/mail", models.OutboxTold, query={"status": status})

    def set_up(self, body: models.ServerPut) -> models.ServerTold:
        """Set up the mail server.

        Hand mail to this server from now on; what waits is tried at once. One that the environment names stays.
        """
        return self._transport.call("PUT", "/v1/mail/server", models.ServerTold, body=body)

    def test(self, body: models.TestPost) -> models.TestedTold:
        """Send a test mail.

        Hand a test to the server now, and give its own answer.
        """
        return self._transport.call("POST", "/v1/mail/test", models.TestedTold, body=body)

    def retry(self, mail: str, body: models.RetryPost, *, idempotency_key: str | None = None) -> models.MailTold:
        """Send a mail again.

        Send once more what was refused, given up or is in doubt; any other mail is left as it is.
        """
        return self._transport.call(
            "POST", f"/v1/mail/{segment(mail)}/retry", models.MailTold, body=body, key=idempotency_key, keyed=True
        )


class Evidence:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def send(
        self,
        order: str,
        content: bytes,
        *,
        idempotency_key: str | None = None,
        content_type: str = "application/octet-stream",
    ) -> models.EvidenceTold:
        """Send a photo or document.

        Send one file as the body, and name its id in the request, refusal or return case it belongs to, within a
        day.

        What it is must show in its bytes and agree with `Content-Type`. What photos and documents say of their
        maker is removed, so that nobody tells where they live. The same file sent twice is one file. What nothing
        names is removed.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/evidence",
            models.EvidenceTold,
            content=content,
            content_type=content_type,
            key=idempotency_key,
            keyed=True,
        )

    def of_order(self, order: str) -> models.ExhibitsTold:
        """List the photos and documents of an order.

        Every file that came with a request, a refusal or a return case of this order, with a message about it, or
        with a question that it followed; with whose it is and when.
        """
        return self._transport.call("GET", f"/v1/orders/{segment(order)}/evidence", models.ExhibitsTold)

    def get(self, order: str, evidence: str, *, to: IO[bytes] | None = None) -> bytes:
        """Get a photo or document.

        The bytes of a file that is part of a case of this order or of what was said about it and before it, or that
        the caller has just sent.

        Do not show it inside a page of yours without the headers it comes with: what people send is not to be
        trusted.
        """
        return self._transport.call("GET", f"/v1/orders/{segment(order)}/evidence/{segment(evidence)}", bytes, to=to)

    def send_to_shop(
        self,
        shop: str,
        content: bytes,
        *,
        idempotency_key: str | None = None,
        content_type: str = "application/octet-stream",
    ) -> models.EvidenceTold:
        """Send a photo or document for a question.

        Send one file as the body before you ask a shop something, and name its id in the question within a day.

        It goes along with that question and with no other. Otherwise it is as with an order.
        """
        return self._transport.call(
            "POST",
            f"/v1/shops/{segment(shop)}/evidence",
            models.EvidenceTold,
            content=content,
            content_type=content_type,
            key=idempotency_key,
            keyed=True,
        )

    def get_of_shop(self, shop: str, evidence: str, *, to: IO[bytes] | None = None) -> bytes:
        """Get a photo or document of a question to come.

        The bytes of a file that you have just sent; once it was named it is read with its conversation.
        """
        return self._transport.call("GET", f"/v1/shops/{segment(shop)}/evidence/{segment(evidence)}", bytes, to=to)

    def send_to_thread(
        self,
        thread: str,
        content: bytes,
        *,
        idempotency_key: str | None = None,
        content_type: str = "application/octet-stream",
    ) -> models.EvidenceTold:
        """Send a photo or document for a conversation.

        Send one file as the body, and name its id in a message of this conversation within a day.
        """
        return self._transport.call(
            "POST",
            f"/v1/threads/{segment(thread)}/evidence",
            models.EvidenceTold,
            content=content,
            content_type=content_type,
            key=idempotency_key,
            keyed=True,
        )

    def of_thread(self, thread: str) -> models.ExhibitsTold:
        """List the photos and documents of a conversation.

        Every file that came with a message you may read, with whose it is and when.
        """
        return self._transport.call("GET", f"/v1/threads/{segment(thread)}/evidence", models.ExhibitsTold)

    def get_of_thread(self, thread: str, evidence: str, *, to: IO[bytes] | None = None) -> bytes:
        """Get a photo or document of a conversation.

        The bytes of a file that came with a message you may read, or that you have just sent.
        """
        return self._transport.call("GET", f"/v1/threads/{segment(thread)}/evidence/{segment(evidence)}", bytes, to=to)


class Threads:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def listed(
        self,
        *,
        tab: Literal["all", "flagged", "unread", "waiting"] | None = None,
        text: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> models.ThreadsTold:
        """List conversations.

        Your conversations, the latest message first. The list and its search hold only what you may read.

        `tab=waiting` lists those in which a shop owes an answer, the one that is due first at the beginning.
        """
        return self._transport.call(
            "GET", "/v1/threads", models.ThreadsTold, query={"tab": tab, "text": text, "cursor": cursor, "limit": limit}
        )

    def listed_pages(
        self,
        *,
        tab: Literal["all", "flagged", "unread", "waiting"] | None = None,
        text: str | None = None,
        limit: int | None = None,
    ) -> Iterator[models.ThreadsTold]:
        """Every part of ``listed``, one after the other."""
        cursor = None
        while True:
            page = self.listed(tab=tab, text=text, limit=limit, cursor=cursor)
            yield page
            cursor = page.next
            if cursor is None:
                return

    def ask(self, body: models.NewQuestion, *, idempotency_key: str | None = None) -> models.SentTold:
        """Ask a shop before ordering.

        Ask a shop about a product, or about itself. An order that follows within 30 days is linked to the question.
        """
        return self._transport.call("POST", "/v1/threads", models.SentTold, body=body, key=idempotency_key, keyed=True)

    def read(self, thread: str, *, before: str | None = None, limit: int | None = None) -> models.TalkTold:
        """Read a conversation.

        The last messages of a conversation, or those before one of them, and what was asked, offered and answered
        of its order meanwhile. Reading marks nothing as seen.
        """
        return self._transport.call(
            "GET", f"/v1/threads/{segment(thread)}", models.TalkTold, query={"before": before, "limit": limit}
        )

    def say(self, thread: str, body: models.NewMessage, *, idempotency_key: str | None = None) -> models.SentTold:
        """Say something.

        Say something in a conversation, to everyone in it or to one side and the platform.
        """
        return self._transport.call(
            "POST",
            f"/v1/threads/{segment(thread)}/messages",
            models.SentTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def translate(
        self, thread: str, message: str, body: models.NewTranslation, *, idempotency_key: str | None = None
    ) -> models.TranslationTold:
        """Have a message translated.

        A message in a language, by the operator's translator. It is kept beside the message, which stays as it is.
        """
        return self._transport.call(
            "POST",
            f"/v1/threads/{segment(thread)}/messages/{segment(message)}/translations",
            models.TranslationTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def seen(self, thread: str, body: models.Upto, *, idempotency_key: str | None = None) -> models.SeenNoted:
        """Mark a conversation as seen.

        Say that your side has seen a conversation. The others are shown when.
        """
        return self._transport.call(
            "POST", f"/v1/threads/{segment(thread)}/seen", models.SeenNoted, body=body, key=idempotency_key, keyed=True
        )

    def export(self, thread: str) -> models.Transcript:
        """Export a conversation.

        Everything in a conversation that you may read, with a digest of each message and of all of them.
        """
        return self._transport.call("GET", f"/v1/threads/{segment(thread)}/transcript", models.Transcript)

    def of_order(self, order: str, *, before: str | None = None, limit: int | None = None) -> models.TalkTold:
        """Read the conversation about an order.

        What was said about an order, and what its buyer had asked before it.
        """
        return self._transport.call(
            "GET", f"/v1/orders/{segment(order)}/messages", models.TalkTold, query={"before": before, "limit": limit}
        )

    def say_about(self, order: str, body: models.NewMessage, *, idempotency_key: str | None = None) -> models.SentTold:
        """Say something about an order.

        Begin or go on with the conversation about an order. Words that ask to cancel change nothing by themselves.
        """
        return self._transport.call(
            "POST", f"/v1/orders/{segment(order)}/messages", models.SentTold, body=body, key=idempotency_key, keyed=True
        )

    def note_contact(
        self, order: str, body: models.NewContactNote, *, idempotency_key: str | None = None
    ) -> models.SentTold:
        """Record what was said elsewhere.

        Record a talk on the telephone, an e-mail or a meeting in the conversation about an order, for all to read.

        It is evidence and no act: nothing is asked, answered or cancelled by it. The other side may answer it
        (`answers`).
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/contact-notes",
            models.SentTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )


class Notices:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def listed(
        self,
        *,
        tab: Literal["all", "unread"] | None = None,
        language: Literal["en", "zh"] | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> models.NoticesTold:
        """List notices.

        What you were told, the latest first, each as it stands now. A shop's people share one list, as support
        does.
        """
        return self._transport.call(
            "GET",
            "/v1/notices",
            models.NoticesTold,
            query={"tab": tab, "language": language, "cursor": cursor, "limit": limit},
        )

    def listed_pages(
        self,
        *,
        tab: Literal["all", "unread"] | None = None,
        language: Literal["en", "zh"] | None = None,
        limit: int | None = None,
    ) -> Iterator[models.NoticesTold]:
        """Every part of ``listed``, one after the other."""
        cursor = None
        while True:
            page = self.listed(tab=tab, language=language, limit=limit, cursor=cursor)
            yield page
            cursor = page.next
            if cursor is None:
                return

    def read_all(self, body: models.UptoInstant, *, idempotency_key: str | None = None) -> models.ReadTold:
        """Mark all notices as read.

        Say that everything has been read, or everything we had heard of until an instant.
        """
        return self._transport.call(
            "POST", "/v1/notices/read", models.ReadTold, body=body, key=idempotency_key, keyed=True
        )

    def one(self, notice: str, *, language: Literal["en", "zh"] | None = None) -> models.NoticeTold:
        """Read a notice.

        One notice as it stands now. Reading it here marks nothing as read.
        """
        return self._transport.call(
            "GET", f"/v1/notices/{segment(notice)}", models.NoticeTold, query={"language": language}
        )

    def read(self, notice: str, body: models.Untouched, *, idempotency_key: str | None = None) -> models.ReadTold:
        """Mark a notice as read.

        Say that it has been read; for a shop or the platform by one of them for all.
        """
        return self._transport.call(
            "POST", f"/v1/notices/{segment(notice)}/read", models.ReadTold, body=body, key=idempotency_key, keyed=True
        )

    def preferences(self) -> models.PreferencesTold:
        """Read how you are told.

        Which groups of notices go by which channel, in which language, and when the daily digest comes.
        """
        return self._transport.call("GET", "/v1/notice-preferences", models.PreferencesTold)

    def choose(self, body: models.PreferencesPut) -> models.PreferencesTold:
        """Choose how you are told.

        Choose for each group and channel: at once, in the daily digest, or off. Groups that are required stay as
        they are.
        """
        return self._transport.call("PUT", "/v1/notice-preferences", models.PreferencesTold, body=body)

    def channels(self) -> models.ChannelsTold:
        """List your addresses.

        Where you are told. A buyer's mail address is not among them: it is the one the marketplace knows.
        """
        return self._transport.call("GET", "/v1/notice-channels", models.ChannelsTold)

    def add(self, body: models.NewChannel, *, idempotency_key: str | None = None) -> models.ChannelTold:
        """Add a mail address.

        Take an address and send a code there. Notices go to it once the code was shown.
        """
        return self._transport.call(
            "POST", "/v1/notice-channels", models.ChannelTold, body=body, key=idempotency_key, keyed=True
        )

    def send_code(
        self, channel: str, body: models.Untouched, *, idempotency_key: str | None = None
    ) -> models.ChannelTold:
        """Send another code.

        Another code; the one before does not hold any more. Five a day for each address.
        """
        return self._transport.call(
            "POST",
            f"/v1/notice-channels/{segment(channel)}/code",
            models.ChannelTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def verify(self, channel: str, body: models.CodePost, *, idempotency_key: str | None = None) -> models.ChannelTold:
        """Verify an address.

        Show the code that was sent. From then on a shop's silence is an answer, where it was not.
        """
        return self._transport.call(
            "POST",
            f"/v1/notice-channels/{segment(channel)}/verify",
            models.ChannelTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def remove(self, channel: str, body: models.Removal, *, idempotency_key: str | None = None) -> models.ChannelsTold:
        """Remove an address.

        Tell nobody there any more; the answer has the addresses that are left.

        The last by which a shop can be told goes only where `last` says that this is meant: what the shop's silence
        means follows from it, for requests from then on. What was promised for those that wait stays.
        """
        return self._transport.call(
            "POST",
            f"/v1/notice-channels/{segment(channel)}/remove",
            models.ChannelsTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def silence(self, *, cursor: str | None = None, limit: int | None = None) -> models.UnreachedTold:
        """List shops that cannot be told.

        Whether the silence of a shop that cannot be told goes to the platform, and which shops these are.
        """
        return self._transport.call(
            "GET", "/v1/unreached-shops", models.UnreachedTold, query={"cursor": cursor, "limit": limit}
        )

    def silence_pages(self, *, limit: int | None = None) -> Iterator[models.UnreachedTold]:
        """Every part of ``silence``, one after the other."""
        cursor = None
        while True:
            page = self.silence(limit=limit, cursor=cursor)
            yield page
            cursor = page.next
            if cursor is None:
                return

    def set_silence(self, body: models.SilencePut) -> models.SilenceTold:
        """Say what silence of unreached shops means.

        It holds for requests from now on; what was promised for those that wait stays.
        """
        return self._transport.call("PUT", "/v1/unreached-shops", models.SilenceTold, body=body)


class Push:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def listed(self) -> models.SubscriptionsTold:
        """List your browsers.

        In which browsers you are told, and the key that another one subscribes with.
        """
        return self._transport.call("GET", "/v1/push-subscriptions", models.SubscriptionsTold)

    def subscribe(self, body: models.NewSubscription, *, idempotency_key: str | None = None) -> models.SubscriptionTold:
        """Have a browser told.

        Tell you in this browser from now on. The same browser again is the same; of a person the newest five stay.
        """
        return self._transport.call(
            "POST", "/v1/push-subscriptions", models.SubscriptionTold, body=body, key=idempotency_key, keyed=True
        )

    def remove(
        self, subscription: str, body: models.Untouched, *, idempotency_key: str | None = None
    ) -> models.SubscriptionsTold:
        """Stop telling a browser.

        Tell nothing more there; the answer has the browsers that are left.
        """
        return self._transport.call(
            "POST",
            f"/v1/push-subscriptions/{segment(subscription)}/remove",
            models.SubscriptionsTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )


class OrderNotes:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def of_order(self, order: str) -> models.NotesTold:
        """List the notes of an order.

        What the buyer asked of the shop at placement and since, and when somebody there said to have read it.
        """
        return self._transport.call("GET", f"/v1/orders/{segment(order)}/notes", models.NotesTold)

    def add(
        self, order: str, body: models.NewNote, *, idempotency_key: str | None = None, if_match: int | str | None = None
    ) -> models.NoteTold:
        """Write a note to an order.

        Ask something of the shop until the parcel is handed over. Whoever packs has to say that they have read it.

        A note changes nothing else. One that asks for another address may, where the policy lets it, have a person
        look first: then `hold` opens a manual review.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/notes",
            models.NoteTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def understood(self, order: str, body: models.NoteTried) -> models.UnderstoodTold:
        """Try how a note is understood.

        What a note would be understood to ask for, so that its writer can say whether that is meant.
        """
        return self._transport.call(
            "POST", f"/v1/orders/{segment(order)}/notes/understood", models.UnderstoodTold, body=body
        )

    def acknowledge(
        self,
        order: str,
        note: str,
        body: models.Reading,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.NoteTold:
        """Say that a note was read.

        Say that you have read it. Nothing is handed over by the shop before every note is; once is enough.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/notes/{segment(note)}/acknowledge",
            models.NoteTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )


class Escalations:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def of_order(self, order: str) -> models.EscalationsTold:
        """List the calls for the platform.

        Every call about this order, and on what grounds its buyer may call: silence and refusal when they are
        there.
        """
        return self._transport.call("GET", f"/v1/orders/{segment(order)}/escalations", models.EscalationsTold)

    def call_platform(
        self,
        order: str,
        body: models.NewEscalation,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.EscalationTold:
        """Call the platform.

        Call the platform: the shop does not answer in its time, refuses, or broke a policy that has a name.

        The conversation is attached as it stands, by its digest. A person of support moves by the deadline.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/escalations",
            models.EscalationTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def take(
        self,
        order: str,
        escalation: str,
        body: models.Taking,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.EscalationTold:
        """Take a call.

        See to it, so that nobody else does. The deadline stays.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/escalations/{segment(escalation)}/take",
            models.EscalationTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def grant(
        self,
        order: str,
        escalation: str,
        body: models.Grant,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.EscalationTold:
        """Grant a call.

        Cancel, or give money back, and end the call with that: `granted` or `refunded`, in one step.

        Where it takes a second person it is proposed, and the call stays open until a colleague has confirmed it.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/escalations/{segment(escalation)}/grant",
            models.EscalationTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def close(
        self,
        order: str,
        escalation: str,
        body: models.Ending,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.EscalationTold:
        """End a call.

        End it without doing anything: `shop_answers`, `shop_warned`, `settled` or `not_upheld`.

        `granted` and `refunded` are said only where something was cancelled or given back since it began; as a rule
        `grant` does both at once.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/escalations/{segment(escalation)}/close",
            models.EscalationTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )


class Withdrawals:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def declare(
        self,
        order: str,
        body: models.NewWithdrawal,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.WithdrawalDeclared:
        """Withdraw from the contract.

        Withdraw where a law offers it: what is in the shop is cancelled, what has left becomes a return case.

        A page that sends this has shown the statement before and had it confirmed by a button of its own.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/withdrawals",
            models.WithdrawalDeclared,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def of_order(self, order: str) -> models.WithdrawalsTold:
        """List the withdrawals of an order.

        Every withdrawal of this order with its acknowledgement.
        """
        return self._transport.call("GET", f"/v1/orders/{segment(order)}/withdrawals", models.WithdrawalsTold)


class Returns:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def open_return(
        self,
        order: str,
        body: models.NewReturn,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.ReturnTold:
        """Open a return case.

        Say what is wrong with goods that have left the shop; a person of the platform sees to it by the deadline.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/returns",
            models.ReturnTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def of_order(self, order: str) -> models.ReturnsTold:
        """List the return cases of an order.

        Every return case of this order, and what a new one may be about.
        """
        return self._transport.call("GET", f"/v1/orders/{segment(order)}/returns", models.ReturnsTold)

    def read(self, order: str, case: str) -> models.CaseInFull:
        """Read a return case.

        One case with all that was said and shown.
        """
        return self._transport.call("GET", f"/v1/orders/{segment(order)}/returns/{segment(case)}", models.CaseInFull)

    def take(
        self,
        order: str,
        case: str,
        body: models.ReturnStep,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.ReturnTold:
        """Take a return case.

        Become the one of support who sees to it.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/returns/{segment(case)}/take",
            models.ReturnTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def ask(
        self,
        order: str,
        case: str,
        body: models.ReturnQuestion,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.ReturnTold:
        """Ask the buyer for more.

        Put the move to the buyer, with a question; without an answer in time it is support's again.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/returns/{segment(case)}/ask",
            models.ReturnTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def add(
        self,
        order: str,
        case: str,
        body: models.Addition,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.ReturnTold:
        """Answer, or add to a return case.

        Say or show more, asked or unasked, as long as the case is open.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/returns/{segment(case)}/add",
            models.ReturnTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def close(
        self,
        order: str,
        case: str,
        body: models.Outcome,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.ReturnTold:
        """Close a return case.

        End a case with an outcome and the reason for it. No money moves by this.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/returns/{segment(case)}/close",
            models.ReturnTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def withdraw(
        self,
        order: str,
        case: str,
        body: models.ReturnWithdrawal,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.ReturnTold:
        """Withdraw a return case.

        End a case that needs nothing any more.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/returns/{segment(case)}/withdraw",
            models.ReturnTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )


class RefundOrders:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def to_pay_out(
        self,
        *,
        state: Literal["all", "confirmed", "declined", "frozen", "open", "overdue"] | None = None,
        method: str | None = None,
        shop: str | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> models.RefundOrdersTold:
        """List refunds to pay out.

        The refunds that the marketplace pays out itself. When one was ordered never changes, so a page read on from
        its cursor skips and repeats none while others are confirmed.
        """
        return self._transport.call(
            "GET",
            "/v1/refund-orders",
            models.RefundOrdersTold,
            query={
                "state": state,
                "method": method,
                "shop": shop,
                "since": since,
                "before": before,
                "cursor": cursor,
                "limit": limit,
            },
        )

    def to_pay_out_pages(
        self,
        *,
        state: Literal["all", "confirmed", "declined", "frozen", "open", "overdue"] | None = None,
        method: str | None = None,
        shop: str | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        limit: int | None = None,
    ) -> Iterator[models.RefundOrdersTold]:
        """Every part of ``to_pay_out``, one after the other."""
        cursor = None
        while True:
            page = self.to_pay_out(
                state=state, method=method, shop=shop, since=since, before=before, limit=limit, cursor=cursor
            )
            yield page
            cursor = page.next
            if cursor is None:
                return

    def read(self, refund: str) -> models.RefundOrderTold:
        """Read a refund to pay out.

        One refund order.
        """
        return self._transport.call("GET", f"/v1/refund-orders/{segment(refund)}", models.RefundOrderTold)

    def take(self, refund: str, body: models.TakingToPayOut) -> models.RefundOrderTold:
        """Take a refund to pay out.

        Become the one of support who pays it out. Taking what one has already changes nothing; what a colleague has
        is taken with `over` alone. Nobody takes what the buyer's bank decides about first.
        """
        return self._transport.call(
            "POST", f"/v1/refund-orders/{segment(refund)}/take", models.RefundOrderTold, body=body
        )

    def confirm(self, refund: str, body: models.PaidOut) -> models.RefundOrderTold:
        """Confirm that a refund was paid out.

        It was paid out, with its reference and day. The very same said again changes nothing, so a call whose
        answer was lost is simply repeated; another reference or day for it is refused.

        What a person of staff says of more than the amount of `RESCIND_REFUND_SECOND_PERSON_ABOVE` is a `proposal`,
        and the answer `202`, until another confirms it. What the host says has happened.
        """
        return self._transport.call(
            "POST", f"/v1/refund-orders/{segment(refund)}/confirm", models.RefundOrderTold, body=body
        )

    def decline(self, refund: str, body: models.NotPaidOut) -> models.RefundOrderTold:
        """Say that a refund was not paid out.

        It could not be paid out, and its money can be refunded again. Of one that was confirmed only `came_back` is
        taken, however late the bank sent it back. Said again it changes nothing.
        """
        return self._transport.call(
            "POST", f"/v1/refund-orders/{segment(refund)}/decline", models.RefundOrderTold, body=body
        )

    def confirm_many(self, body: models.ManyPaidOut) -> models.ResultsTold:
        """Confirm many refunds.

        Up to a hundred at a time, each by itself: one that cannot be confirmed keeps no other from it. A call whose
        answer was lost is simply repeated. A form that is not right in any row refuses the whole call.
        """
        return self._transport.call("POST", "/v1/refund-order-confirmations", models.ResultsTold, body=body)


class Proposals:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def waiting(self, *, cursor: str | None = None, limit: int | None = None) -> models.ProposalsTold:
        """List what waits for a second person.

        The money that one person wants to move by hand and another has to agree to: for staff of every shop, for a
        shop its own. Decisions against the rules are part of their orders, and of
        `/v1/cancellations?tab=second_person`.
        """
        return self._transport.call(
            "GET", "/v1/proposals", models.ProposalsTold, query={"cursor": cursor, "limit": limit}
        )

    def waiting_pages(self, *, limit: int | None = None) -> Iterator[models.ProposalsTold]:
        """Every part of ``waiting``, one after the other."""
        cursor = None
        while True:
            page = self.waiting(limit=limit, cursor=cursor)
            yield page
            cursor = page.next
            if cursor is None:
                return

    def confirm(
        self,
        order: str,
        number: int,
        body: models.ProposalAnswer,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.ProposalDecisionTold:
        """Confirm that money moves.

        Agree, as another person than who proposed it, and have it done at once.

        It is judged anew: where the order has moved on, so that less is left or somebody was quicker, nothing
        happens and the problem says why. A key of whoever proposed it is the same person.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/proposals/{segment(number)}/confirm",
            models.ProposalDecisionTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def reject(
        self,
        order: str,
        number: int,
        body: models.ProposalAnswer,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.ProposalDecisionTold:
        """Reject that money moves.

        Reject what somebody proposed, or withdraw what you proposed yourself; nothing of it happens.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/proposals/{segment(number)}/reject",
            models.ProposalDecisionTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )


class Deciders:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def carrier_answer(
        self,
        order: str,
        cancellation: str,
        body: models.CarrierAnswer,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.DecisionTold:
        """Tell the carrier's answer.

        Say whether the carrier brings the goods back, while a request waits for it.

        `yes` approves it and the refund is owed while they travel back; `no` lets the order go on, with a return as
        the way that is left. After its deadline the platform decides instead. Support says what the carrier said.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/cancellations/{segment(cancellation)}/carrier-answer",
            models.DecisionTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def override(
        self,
        order: str,
        body: models.NewOverride,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.OverrideDecisionTold:
        """Decide against the rules.

        Approve what was refused, stop an order for the platform's own reasons, or restore what was cancelled.

        Up to the amount of `RESCIND_SECOND_PERSON_ABOVE`, of all that was decided so on this order, it is done at
        once; above it, it waits two days for another person of support to confirm it, and nothing happens
        meanwhile.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/overrides",
            models.OverrideDecisionTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def confirm(
        self,
        order: str,
        number: int,
        body: models.OverrideAnswer,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.OverrideDecisionTold:
        """Confirm a decision against the rules.

        Agree, as another person than who proposed it, and have it done at once.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/overrides/{segment(number)}/confirm",
            models.OverrideDecisionTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def reject(
        self,
        order: str,
        number: int,
        body: models.OverrideAnswer,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.OverrideDecisionTold:
        """Drop a decision against the rules.

        Reject what somebody proposed, or withdraw what you proposed yourself; nothing of it happens.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/overrides/{segment(number)}/reject",
            models.OverrideDecisionTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )


class Buyers:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def read(self, buyer: str, *, shop: str | None = None) -> models.BuyerStandingTold:
        """Read how a buyer stands.

        Whether a buyer may pay at the door in a shop: ask before you offer it.

        Refusals are counted across all shops, once an order, within two seconds; each shop's policy says how many
        are too many. A buyer nobody has heard of has none.
        """
        return self._transport.call(
            "GET", f"/v1/buyers/{segment(buyer)}", models.BuyerStandingTold, query={"shop": shop}
        )

    def end_sessions(
        self, buyer: str, body: models.Untouched, *, idempotency_key: str | None = None
    ) -> models.WaysInEnded:
        """Sign a buyer out everywhere.

        End every session and every open link of one buyer at once, on the record of who did it.

        Call it when somebody else got into an account of your site. Links that your site signed itself hold until
        they are over: sign none for this buyer meanwhile, or end the secret.
        """
        return self._transport.call(
            "POST",
            f"/v1/buyers/{segment(buyer)}/sessions/end",
            models.WaysInEnded,
            body=body,
            key=idempotency_key,
            keyed=True,
        )


class Packing:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def scan(self, *, code: str | None = None) -> models.ScanTold:
        """Scan at the packing bench.

        Stop, hold, note or go: the answer of the packing page, for a scanner with software of its own.
        """
        return self._transport.call("GET", "/v1/bench", models.ScanTold, query={"code": code})

    def unpacking(self) -> models.UnpackingTold:
        """List parcels to unpack.

        Parcels packed before their order, or a part of it, was cancelled, until somebody says they are apart.
        """
        return self._transport.call("GET", "/v1/unpacking", models.UnpackingTold)

    def lease(
        self, order: str, body: models.Nothing, *, idempotency_key: str | None = None, if_match: int | str | None = None
    ) -> models.BenchDone:
        """Begin to ship.

        Say that the order is about to be handed to the carrier. It ends by itself after ten minutes.

        The buyer reads that the parcel is being handed over, and nobody else of the shop ships it meanwhile. It
        does not keep the order from being cancelled: whichever comes first counts.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/shipping-lease",
            models.BenchDone,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def give_back(
        self, order: str, body: models.Nothing, *, idempotency_key: str | None = None, if_match: int | str | None = None
    ) -> models.BenchDone:
        """Do not ship now after all.

        End a lease on shipping early, one's own or a colleague's.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/shipping-lease/give-back",
            models.BenchDone,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def ship(
        self, order: str, body: models.Leaving, *, idempotency_key: str | None = None, if_match: int | str | None = None
    ) -> models.BenchDone:
        """Ship an order.

        Hand the order to the carrier, if it may still leave. An order that was cancelled first is a conflict.

        That is the difference to reporting the fact `handed_over`, which is believed also when it should not have
        happened.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/ship",
            models.BenchDone,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def unpacked(
        self, order: str, body: models.Nothing, *, idempotency_key: str | None = None, if_match: int | str | None = None
    ) -> models.BenchDone:
        """Say that cancelled goods are unpacked.

        Everything of the order that was cancelled is out of its parcel; it leaves the list of parcels to unpack.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/unpacked",
            models.BenchDone,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def resolve(
        self,
        order: str,
        contradiction: str,
        body: models.Resolution,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.BenchDone:
        """Deal with a contradiction.

        Say what was done about a parcel that should not have left, or how it ended. Money does not move by this.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/contradictions/{segment(contradiction)}/resolve",
            models.BenchDone,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )


class Stock:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def follow_stock(self, *, after: str | None = None) -> models.InstructionsTold:
        """Follow what to do with stock.

        What became of the units of cancelled orders, for the host that owns the stock: release, restock, reserve.

        Keep `next` with what you did, and go on from there; nothing is left out that was committed late. An id is
        of one instruction for ever: who reads it again does nothing again. A cursor from before a restore is
        refused, and the feed is then read from the beginning.
        """
        return self._transport.call("GET", "/v1/stock-instructions", models.InstructionsTold, query={"after": after})

    def arrange(
        self,
        order: str,
        body: models.Arrangement,
        *,
        idempotency_key: str | None = None,
        if_match: int | str | None = None,
    ) -> models.FactTold:
        """Split or combine parcels.

        Say what goes into which parcel; it takes the place of what was said before. Parcels with a label stay.

        Units of a parcel that gets its label before the others cannot be cancelled one by one any more; the others
        can. An open request stays as it is: it is about the order. A seller cannot do it while the order is on
        hold, or when the platform ships it.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/parcels",
            models.FactTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )

    def received_back(
        self, order: str, body: models.Back, *, idempotency_key: str | None = None, if_match: int | str | None = None
    ) -> models.FactTold:
        """Say that goods came back.

        Cancelled goods that had left are in the house again: refused at the door, undeliverable, or turned back.

        `still_out` of the order says which are not. What may be sold again becomes a `restock` instruction.
        """
        return self._transport.call(
            "POST",
            f"/v1/orders/{segment(order)}/received-back",
            models.FactTold,
            body=body,
            key=idempotency_key,
            keyed=True,
            if_match=if_match,
        )


class Shops:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def settings(self, shop: str) -> models.SettingsTold:
        """Read a shop's settings.

        What the shop's preset lets it choose, what it has chosen, and whether the platform agrees in its place.
        """
        return self._transport.call("GET", f"/v1/shops/{segment(shop)}/settings", models.SettingsTold)

    def choose(self, shop: str, body: models.NewSettings, *, if_match: int | str | None = None) -> models.SettingsTold:
        """Choose settings.

        Choose some values. They hold for orders placed from now on; orders placed before keep the ones of their
        day.

        Choosing what is chosen already changes nothing, so a call whose answer was lost is simply repeated.
        """
        return self._transport.call(
            "PATCH", f"/v1/shops/{segment(shop)}/settings", models.SettingsTold, body=body, if_match=if_match
        )

    def rules(self, shop: str) -> models.RulesTold:
        """Read a shop's rules.

        The requests the shop agrees to without looking at them, and how long it may still answer first.
        """
        return self._transport.call("GET", f"/v1/shops/{segment(shop)}/rules", models.RulesTold)

    def set_rules(self, shop: str, body: models.NewRules, *, if_match: int | str | None = None) -> models.RulesTold:
        """Set a shop's rules.

        Put these rules in the place of those before. They answer requests that come from now on, whenever the order
        was placed, and only where the shop itself would be asked; they can give a buyer more and never less.
        """
        return self._transport.call(
            "PUT", f"/v1/shops/{segment(shop)}/rules", models.RulesTold, body=body, if_match=if_match
        )


class ShopLists:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def listed(
        self,
        *,
        text: str | None = None,
        sort: Literal["name", "newest"] | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> models.ShopsTold:
        """List shops.

        Every shop of the marketplace, by name or the newest first.
        """
        return self._transport.call(
            "GET", "/v1/shops", models.ShopsTold, query={"text": text, "sort": sort, "cursor": cursor, "limit": limit}
        )

    def listed_pages(
        self, *, text: str | None = None, sort: Literal["name", "newest"] | None = None, limit: int | None = None
    ) -> Iterator[models.ShopsTold]:
        """Every part of ``listed``, one after the other."""
        cursor = None
        while True:
            page = self.listed(text=text, sort=sort, limit=limit, cursor=cursor)
            yield page
            cursor = page.next
            if cursor is None:
                return


class ShopFacts:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def add(self, body: models.ShopPost, *, idempotency_key: str | None = None) -> models.ShopFactsTold:
        """Add a shop.

        Add a shop; its orders can be placed at once. The same call again gives the same shop.
        """
        return self._transport.call(
            "POST", "/v1/shops", models.ShopFactsTold, body=body, key=idempotency_key, keyed=True
        )

    def read(self, shop: str) -> models.ShopFactsTold:
        """Read a shop.

        Its name, time zone, contact, and the preset that orders placed from now on are bought under.
        """
        return self._transport.call("GET", f"/v1/shops/{segment(shop)}", models.ShopFactsTold)

    def change(self, shop: str, body: models.ShopPatch, *, if_match: int | str | None = None) -> models.ShopFactsTold:
        """Change a shop.

        Say something else of a shop. Another preset holds for orders placed from now on; older ones keep theirs.

        What the shop has chosen and the new preset has no room for falls away with it: ask for the fit before.
        """
        return self._transport.call(
            "PATCH", f"/v1/shops/{segment(shop)}", models.ShopFactsTold, body=body, if_match=if_match
        )

    def fit(self, shop: str, *, policy: str | None = None) -> models.ShopFitTold:
        """See what another preset would take from a shop.

        The settings and rules of the shop that would fall away under this preset. Nothing is changed.
        """
        return self._transport.call(
            "GET", f"/v1/shops/{segment(shop)}/fit", models.ShopFitTold, query={"policy": policy}
        )


class Contact:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def card(self, shop: str) -> models.CardTold:
        """Read how a shop is reached.

        Hours, e-mail, telephone, languages, whether somebody is there now, and how fast the shop answers.
        """
        return self._transport.call("GET", f"/v1/shops/{segment(shop)}/contact", models.CardTold)

    def set_card(self, shop: str, body: models.NewCard, *, if_match: int | str | None = None) -> models.CardTold:
        """Set how a shop is reached.

        Put this card in the place of the one before. Setting the same again changes nothing.
        """
        return self._transport.call(
            "PUT", f"/v1/shops/{segment(shop)}/contact", models.CardTold, body=body, if_match=if_match
        )

    def replies(self, shop: str) -> models.RepliesTold:
        """Read a shop's quick replies.

        The sentences that the shop's people put into a message with one press.
        """
        return self._transport.call("GET", f"/v1/shops/{segment(shop)}/quick-replies", models.RepliesTold)

    def set_replies(
        self, shop: str, body: models.NewReplies, *, if_match: int | str | None = None
    ) -> models.RepliesTold:
        """Set a shop's quick replies.

        Put these in the place of those before. Each has words in every language; the reader's is offered first.
        """
        return self._transport.call(
            "PUT", f"/v1/shops/{segment(shop)}/quick-replies", models.RepliesTold, body=body, if_match=if_match
        )


class Receipts:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def receipt(self, order: str, cancellation: str) -> models.Receipt:
        """Read the receipt of a decision.

        The decision with its rule, facts, policies, calendar, deadline arithmetic and place in the hash chain,
        signed.

        The bytes are the signed form (RFC 8785); keep them as they are, and `rescind receipt verify` checks them
        offline.
        """
        return self._transport.call(
            "GET", f"/v1/orders/{segment(order)}/cancellations/{segment(cancellation)}/receipt", models.Receipt
        )

    def receipt_keys(self) -> models.ReceiptKeysTold:
        """Read the keys of receipts.

        The public keys that receipts are signed with, retired ones among them. Keep a copy to check receipts
        offline.
        """
        return self._transport.call("GET", "/v1/receipt-keys", models.ReceiptKeysTold)


class Calendars:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def named(self) -> models.CalendarsTold:
        """List calendars.

        The calendars that business days are counted by, by the names that policies use.
        """
        return self._transport.call("GET", "/v1/calendars", models.CalendarsTold)

    def year(self, calendar: str, *, year: int | None = None) -> models.CalendarYearTold:
        """Read a calendar's year.

        The days that are not as their weekday says: holidays of the package, and what operators said and why.
        """
        return self._transport.call(
            "GET", f"/v1/calendars/{segment(calendar)}", models.CalendarYearTold, query={"year": year}
        )

    def say(
        self, calendar: str, body: models.NewWord, *, idempotency_key: str | None = None
    ) -> models.CalendarYearTold:
        """Close or open a day.

        Deadlines in business days that are promised from now on count by it. Those promised before keep their
        instant.

        Saying the same again changes nothing. Nothing is ever taken away: who said what stands in ``said``.
        """
        return self._transport.call(
            "POST",
            f"/v1/calendars/{segment(calendar)}/days",
            models.CalendarYearTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )


class Happenings:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def timeline(self, order: str) -> models.TimelineTold:
        """Read an order's timeline.

        Everything that happened to an order, oldest first: who, what, when, and which rule said so.
        """
        return self._transport.call("GET", f"/v1/orders/{segment(order)}/events", models.TimelineTold)


class Policies:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def standings(self) -> models.PoliciesTold:
        """List policies.

        Every policy with what is in force, since when and by whom, what waits, and how many orders are bound to it.
        """
        return self._transport.call("GET", "/v1/policies", models.PoliciesTold)

    def check(self, body: models.TextToCheck) -> models.FindingsTold:
        """Try a policy's text.

        Read a text and try it: what it changes, worked examples and recent requests that would be answered
        otherwise, a right that a shop's own rules would take away. Nothing is kept.
        """
        return self._transport.call("POST", "/v1/policies/check", models.FindingsTold, body=body)

    def differences(self, *, before: str | None = None, after: str | None = None) -> models.Differences:
        """Compare two policies.

        How two published texts differ, and the worked examples of the first that they answer otherwise.
        """
        return self._transport.call(
            "GET", "/v1/policies/differences", models.Differences, query={"before": before, "after": after}
        )

    def versions(
        self,
        *,
        policy: str | None = None,
        shop: str | None = None,
        status: Literal["draft", "live", "rejected", "retired", "submitted"] | None = None,
    ) -> models.VersionsTold:
        """List versions.

        Every draft and version with who wrote it and who answered, the newest first.
        """
        return self._transport.call(
            "GET", "/v1/policy-versions", models.VersionsTold, query={"policy": policy, "shop": shop, "status": status}
        )

    def draft(self, body: models.NewDraft, *, idempotency_key: str | None = None) -> models.VersionTold:
        """Begin a draft.

        Keep a text as a draft of yours. It is read as a whole; nothing follows from a draft.
        """
        return self._transport.call(
            "POST", "/v1/policy-versions", models.VersionTold, body=body, key=idempotency_key, keyed=True
        )

    def version(self, number: int) -> models.VersionRead:
        """Read a version.

        A version with its text and, while it is a draft or waits for approval, what trying it finds.
        """
        return self._transport.call("GET", f"/v1/policy-versions/{segment(number)}", models.VersionRead)

    def save(self, number: int, body: models.DraftText, *, idempotency_key: str | None = None) -> models.VersionTold:
        """Edit a draft.

        Put another text into your draft. The same call again leaves it as it is.
        """
        return self._transport.call(
            "POST",
            f"/v1/policy-versions/{segment(number)}/text",
            models.VersionTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def submit(self, number: int, body: models.Submission, *, idempotency_key: str | None = None) -> models.VersionTold:
        """Submit a draft.

        Ask for approval by another operator. Worked examples that come out otherwise have to be accepted by id.
        """
        return self._transport.call(
            "POST",
            f"/v1/policy-versions/{segment(number)}/submit",
            models.VersionTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def take_back(
        self, number: int, body: models.Untouched, *, idempotency_key: str | None = None
    ) -> models.VersionTold:
        """Take a draft back.

        Go on with your draft instead of having it approved.
        """
        return self._transport.call(
            "POST",
            f"/v1/policy-versions/{segment(number)}/take-back",
            models.VersionTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def approve(self, number: int, body: models.Untouched, *, idempotency_key: str | None = None) -> models.VersionTold:
        """Put a draft in force.

        Put in force what another operator submitted. New orders are bought under it from now on; orders that are
        under way keep theirs. The same call again gives the same answer.
        """
        return self._transport.call(
            "POST",
            f"/v1/policy-versions/{segment(number)}/approve",
            models.VersionTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def reject(self, number: int, body: models.SendBack, *, idempotency_key: str | None = None) -> models.VersionTold:
        """Send a draft back.

        Send back what another operator submitted, with the reason.
        """
        return self._transport.call(
            "POST",
            f"/v1/policy-versions/{segment(number)}/reject",
            models.VersionTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )


class Sources:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def sources(self, *, policy: str | None = None) -> models.SourcesTold:
        """List sources.

        What the shipped policies rest on: what each source says in our words, how far to trust it, the markets it
        is about and where it was read.
        """
        return self._transport.call("GET", "/v1/sources", models.SourcesTold, query={"policy": policy})


class RefundLists:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def listed(
        self,
        *,
        state: Literal["failed", "in_doubt", "not_sent", "owed", "settled", "submitted", "succeeded"]
        | Literal["all"]
        | None = None,
        number: list[str] | None = None,
        placed_from: datetime | None = None,
        placed_to: datetime | None = None,
        placed: Literal["", "30d", "7d", "today"] | None = None,
        amount_min: int | None = None,
        amount_max: int | None = None,
        currency: str | None = None,
        shop: str | None = None,
        sort: Literal["amount", "newest"] | None = None,
        zone: str | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> models.RefundsListed:
        """List refunds.

        Refunds by where they stand: `in_doubt`, `not_sent` with a cause, `failed`, `owed`, `submitted`,
        `succeeded`, `settled` another way, or `all`. Open ones come oldest first, those that failed and those that
        ended newest first.
        """
        return self._transport.call(
            "GET",
            "/v1/refunds",
            models.RefundsListed,
            query={
                "state": state,
                "number": number,
                "placed_from": placed_from,
                "placed_to": placed_to,
                "placed": placed,
                "amount_min": amount_min,
                "amount_max": amount_max,
                "currency": currency,
                "shop": shop,
                "sort": sort,
                "zone": zone,
                "after": after,
                "limit": limit,
            },
        )

    def listed_pages(
        self,
        *,
        state: Literal["failed", "in_doubt", "not_sent", "owed", "settled", "submitted", "succeeded"]
        | Literal["all"]
        | None = None,
        number: list[str] | None = None,
        placed_from: datetime | None = None,
        placed_to: datetime | None = None,
        placed: Literal["", "30d", "7d", "today"] | None = None,
        amount_min: int | None = None,
        amount_max: int | None = None,
        currency: str | None = None,
        shop: str | None = None,
        sort: Literal["amount", "newest"] | None = None,
        zone: str | None = None,
        limit: int | None = None,
    ) -> Iterator[models.RefundsListed]:
        """Every part of ``listed``, one after the other."""
        after = None
        while True:
            page = self.listed(
                state=state,
                number=number,
                placed_from=placed_from,
                placed_to=placed_to,
                placed=placed,
                amount_min=amount_min,
                amount_max=amount_max,
                currency=currency,
                shop=shop,
                sort=sort,
                zone=zone,
                limit=limit,
                after=after,
            )
            yield page
            after = page.next
            if after is None:
                return

    def take(self, refund: str, body: models.Untouched, *, idempotency_key: str | None = None) -> models.RefundTaken:
        """Look after a refund.

        Put your name to a refund that is open or failed, so that others know who looks after it.
        """
        return self._transport.call(
            "POST",
            f"/v1/refunds/{segment(refund)}/take",
            models.RefundTaken,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def stuck(self) -> models.AlertsTold:
        """Ask what refunds need somebody.

        Refunds that do not come to an end by themselves: those that failed for good, those that cannot be sent
        until support or an operator does something, and those whose provider has given no clear answer for more
        than a day. Ask every few minutes and call somebody when there is one; `/healthz` says in one word whether
        there is.
        """
        return self._transport.call("GET", "/v1/refund-alerts", models.AlertsTold)


class Reconciliations:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def listed(self) -> models.ReconciliationsTold:
        """List reconciliations.

        The latest comparisons of our refunds with a provider's.
        """
        return self._transport.call("GET", "/v1/reconciliations", models.ReconciliationsTold)

    def read(self, number: int) -> models.ReconciliationTold:
        """Read a reconciliation.

        How many agree, are on their way, were told to their orders, and differ.
        """
        return self._transport.call("GET", f"/v1/reconciliations/{segment(number)}", models.ReconciliationTold)

    def differences(
        self,
        number: int,
        *,
        state: Literal["explained", "open", "told"] | None = None,
        after: int | None = None,
        limit: int | None = None,
    ) -> models.DifferencesTold:
        """List differences.

        What differs: `missing`, `unknown`, `twice`, `payment`, `currency`, `amount`, `status`, `late`.
        """
        return self._transport.call(
            "GET",
            f"/v1/reconciliations/{segment(number)}/differences",
            models.DifferencesTold,
            query={"state": state, "after": after, "limit": limit},
        )

    def differences_pages(
        self, number: int, *, state: Literal["explained", "open", "told"] | None = None, limit: int | None = None
    ) -> Iterator[models.DifferencesTold]:
        """Every part of ``differences``, one after the other."""
        after = None
        while True:
            page = self.differences(number, state=state, limit=limit, after=after)
            yield page
            after = page.next
            if after is None:
                return

    def explain(
        self, number: int, place: int, body: models.Explanation, *, idempotency_key: str | None = None
    ) -> models.DifferenceTold:
        """Explain a difference.

        Say why it is none that matters; the explanation stands with your name. The same words again are the same.
        """
        return self._transport.call(
            "POST",
            f"/v1/reconciliations/{segment(number)}/differences/{segment(place)}/explain",
            models.DifferenceTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )


class Ledger:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def read(self, *, shop: str | None = None) -> models.BalanceTold:
        """Read the trial balance.

        What each account holds, by currency. Each currency adds up to nothing, or something is wrong with the
        books.
        """
        return self._transport.call("GET", "/v1/ledger/balance", models.BalanceTold, query={"shop": shop})


class Links:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def make(self, body: models.NewLink, *, idempotency_key: str | None = None) -> models.LinkTold:
        """Make a link for a buyer.

        A short link that signs one buyer in, once, for a minute up to a day (a quarter of an hour unless you say
        so).

        With an order, the session sees that order and nothing else of the buyer's. Send the browser there at once:
        who comes from a page of yours goes straight in, everybody else is asked first. Keep it out of logs and
        mails. The same Idempotency-Key gives the same link while it is good, and then says that it was used or is
        too old.
        """
        return self._transport.call("POST", "/v1/links", models.LinkTold, body=body, key=idempotency_key, keyed=True)


class Guests:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def send(self, body: models.GuestCodeWish, *, idempotency_key: str | None = None) -> models.GuestCodeTold:
        """Send a guest a code.

        A code of six digits goes to the address, if the order is of a buyer with this address. It holds for ten
        minutes and may be typed five times. Ten an hour for one order, five to one address. Limit it by your
        visitors' network too: we see your server's alone.
        """
        return self._transport.call(
            "POST", "/v1/guest-codes", models.GuestCodeTold, body=body, key=idempotency_key, keyed=True
        )

    def enter(self, body: models.GuestCodeTyped, *, idempotency_key: str | None = None) -> models.LinkTold:
        """Let a guest in.

        A link that signs the guest in for this one order, once. Whatever is wrong is answered alike.

        Once the code is right, `invalid-field` at `/shop` says that the guest has orders of this number in several
        shops: ask which they mean, and send the same code with the id of that shop.
        """
        return self._transport.call(
            "POST", "/v1/guest-sessions", models.LinkTold, body=body, key=idempotency_key, keyed=True
        )


class Keys:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def listed(self) -> models.KeysTold:
        """List keys.

        Who holds a key, until when, and on which day it was last used; never the key itself.
        """
        return self._transport.call("GET", "/v1/keys", models.KeysTold)

    def revoke(self, mark: str, body: models.Untouched, *, idempotency_key: str | None = None) -> models.KeyTold:
        """End a key.

        End a key now, also for whoever is using it. The same call again gives the same answer.
        """
        return self._transport.call(
            "POST", f"/v1/keys/{segment(mark)}/revoke", models.KeyTold, body=body, key=idempotency_key, keyed=True
        )


class LinkSecrets:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def listed(self) -> models.LinkSecretsTold:
        """List secrets for links.

        Which are in force, since when, and when each was last used.
        """
        return self._transport.call("GET", "/v1/link-secrets", models.LinkSecretsTold)

    def make(self, body: models.Untouched, *, idempotency_key: str | None = None) -> models.LinkSecretMade:
        """Make a secret for links.

        Make one and see it. Two may be in force: make the second, give it to your servers, end the first.
        """
        return self._transport.call(
            "POST", "/v1/link-secrets", models.LinkSecretMade, body=body, key=idempotency_key, keyed=True
        )

    def end(self, secret: str, body: models.Untouched, *, idempotency_key: str | None = None) -> models.LinkSecretTold:
        """End a secret for links.

        Let it count no more, also for links that are out already. The same call again gives the same answer.
        """
        return self._transport.call(
            "POST",
            f"/v1/link-secrets/{segment(secret)}/end",
            models.LinkSecretTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )


class Mandates:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def listed(self) -> models.MandatesTold:
        """List mandates.

        What programs may do for people, who said so, and what of it is used.

        A shop reads its own, those of the platform over its orders, and those under which something was done on
        them.
        """
        return self._transport.call("GET", "/v1/mandates", models.MandatesTold)

    def give(self, body: models.MandatePost, *, idempotency_key: str | None = None) -> models.MandateTold:
        """Give a mandate.

        Let a key that acts under mandates alone do so much; a key has one mandate at a time.
        """
        return self._transport.call(
            "POST", "/v1/mandates", models.MandateTold, body=body, key=idempotency_key, keyed=True
        )

    def read(self, mandate: str, *, after: int | None = None, limit: int | None = None) -> models.MandateActsTold:
        """Read a mandate and its acts.

        A mandate and what was done under it, also when it has ended; a shop reads what was done on its own orders.
        """
        return self._transport.call(
            "GET", f"/v1/mandates/{segment(mandate)}", models.MandateActsTold, query={"after": after, "limit": limit}
        )

    def read_pages(self, mandate: str, *, limit: int | None = None) -> Iterator[models.MandateActsTold]:
        """Every part of ``read``, one after the other."""
        after = None
        while True:
            page = self.read(mandate, limit=limit, after=after)
            yield page
            after = page.next
            if after is None:
                return

    def end(self, mandate: str) -> models.MandateTold:
        """End a mandate.

        End a mandate now, also for whoever is using it. The same call again gives the same answer.

        It takes no body and no key: whoever has to stop a program stops it. A shop ends those of its own programs.
        """
        return self._transport.call("POST", f"/v1/mandates/{segment(mandate)}/end", models.MandateTold)


class Caller:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def read(self) -> models.CallerTold:
        """Read who calls.

        As whom the desk knows you, what your key may do, and under which mandate. It takes no scope.
        """
        return self._transport.call("GET", "/v1/caller", models.CallerTold)


class People:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def listed(
        self,
        *,
        text: str | None = None,
        role: Literal["", "operator", "seller", "support"] | None = None,
        shop: str | None = None,
        rights: Literal["", "answer", "manage"] | None = None,
        signed_in: Literal["", "never", "yes"] | None = None,
        sort: Literal["name", "newest", "seen"] | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> models.PeopleTold:
        """List people.

        Who works here and who is invited: everybody for an operator, a shop's own people for the shop.
        """
        return self._transport.call(
            "GET",
            "/v1/people",
            models.PeopleTold,
            query={
                "text": text,
                "role": role,
                "shop": shop,
                "rights": rights,
                "signed_in": signed_in,
                "sort": sort,
                "cursor": cursor,
                "limit": limit,
            },
        )

    def listed_pages(
        self,
        *,
        text: str | None = None,
        role: Literal["", "operator", "seller", "support"] | None = None,
        shop: str | None = None,
        rights: Literal["", "answer", "manage"] | None = None,
        signed_in: Literal["", "never", "yes"] | None = None,
        sort: Literal["name", "newest", "seen"] | None = None,
        limit: int | None = None,
    ) -> Iterator[models.PeopleTold]:
        """Every part of ``listed``, one after the other."""
        cursor = None
        while True:
            page = self.listed(
                text=text,
                role=role,
                shop=shop,
                rights=rights,
                signed_in=signed_in,
                sort=sort,
                limit=limit,
                cursor=cursor,
            )
            yield page
            cursor = page.next
            if cursor is None:
                return

    def acts(self) -> models.ActsTold:
        """Read who did what.

        Who let whom in, who changed what they may do, who ended it.
        """
        return self._transport.call("GET", "/v1/people/acts", models.ActsTold)

    def invite(self, body: models.InvitationPost, *, idempotency_key: str | None = None) -> models.InvitedTold:
        """Invite somebody.

        Let somebody join by a link that works once, within 7 days. The same call again gives the same invitation.
        """
        return self._transport.call(
            "POST", "/v1/people/invitations", models.InvitedTold, body=body, key=idempotency_key, keyed=True
        )

    def take_back(
        self, invitation: str, body: models.Untouched, *, idempotency_key: str | None = None
    ) -> models.InvitationTold:
        """Take an invitation back.

        End an invitation that nobody has taken up; its link opens nothing any more.
        """
        return self._transport.call(
            "POST",
            f"/v1/people/invitations/{segment(invitation)}/end",
            models.InvitationTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def change(self, person: str, body: models.RightsPatch) -> models.PeopleTold:
        """Change what somebody may do in a shop.

        Manage the shop, or answer only. It holds at once; the person signs in again.
        """
        return self._transport.call("PATCH", f"/v1/people/{segment(person)}", models.PeopleTold, body=body)

    def remove(self, person: str, body: models.RolePost, *, idempotency_key: str | None = None) -> models.PeopleTold:
        """End what somebody does here.

        End a role and its sessions at once, on open pages and streams too; who has no role left is forgotten.
        """
        return self._transport.call(
            "POST",
            f"/v1/people/{segment(person)}/remove",
            models.PeopleTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def begin_anew(
        self, person: str, body: models.Untouched, *, idempotency_key: str | None = None
    ) -> models.PeopleTold:
        """Let somebody begin anew.

        For who has lost what they sign in with: it is forgotten, and a mail lets them choose anew.
        """
        return self._transport.call(
            "POST",
            f"/v1/people/{segment(person)}/begin-anew",
            models.PeopleTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )


class Sessions:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def listed(self, *, whose: Literal["all", "own"] | None = None, buyer: str | None = None) -> models.SessionsTold:
        """List sessions.

        Where one is signed in; an operator may ask where everybody is, those who work here before the buyers.
        """
        return self._transport.call("GET", "/v1/sessions", models.SessionsTold, query={"whose": whose, "buyer": buyer})

    def end_others(self, body: models.Untouched, *, idempotency_key: str | None = None) -> models.SessionsTold:
        """End all other sessions.

        End all of one's sessions but the one that asks; asked with a key, all of them.
        """
        return self._transport.call(
            "POST", "/v1/sessions/end-others", models.SessionsTold, body=body, key=idempotency_key, keyed=True
        )

    def end(self, mark: str, body: models.Untouched, *, idempotency_key: str | None = None) -> models.SessionsTold:
        """End a session.

        End a session now: one's own, or for an operator anybody's, which is kept with the operator's name.
        """
        return self._transport.call(
            "POST", f"/v1/sessions/{segment(mark)}/end", models.SessionsTold, body=body, key=idempotency_key, keyed=True
        )


class Providers:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def listed(self) -> models.ProvidersTold:
        """List providers.

        Which payment providers are connected, test or live, and what they told us that nothing could be made of.
        """
        return self._transport.call("GET", "/v1/providers", models.ProvidersTold)

    def pay_out(self, body: models.MeansByHand) -> models.MeansByHandTold:
        """Choose what the marketplace pays out itself.

        Refunds to these means of payment become refund orders, wherever they were paid; those that wait, too.

        `RESCIND_PAID_OUT_BY_HOST` goes before: where it is set nothing is chosen here.
        """
        return self._transport.call("PUT", "/v1/paid-out-by-host", models.MeansByHandTold, body=body)

    def connect(self, connection: str, body: models.NewConnection) -> models.ConnectionTold:
        """Connect a provider.

        Keep the keys of a provider once it has accepted them in a call that only reads; it replaces one of that
        name.

        The `sandbox` moves no money: with `own` a trial begins, without it the trial ends. What is paid while it
        stands is only ever tried; what was paid before stays owed. One that moves real money, or is used for
        payments that name none, ends a trial, and while it is there none begins.
        """
        return self._transport.call("PUT", f"/v1/providers/{segment(connection)}", models.ConnectionTold, body=body)

    def check(self, connection: str) -> models.CheckTold:
        """Try a provider's key.

        Ask the provider for something that only reads, and say whether the key is good and moves real money.
        """
        return self._transport.call("GET", f"/v1/providers/{segment(connection)}/check", models.CheckTold)

    def hear(self, connection: str, body: Any) -> models.ReceivedTold:
        """Tell what happened at a provider.

        For providers alone: a message they signed. It is kept before it is answered, and read afterwards.
        """
        return self._transport.call(
            "POST", f"/v1/providers/{segment(connection)}/webhooks", models.ReceivedTold, body=body
        )


class OrderSources:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def listed(self) -> models.OrderSourcesTold:
        """List order sources.

        Who sends us orders, how each source is, and what came of its messages.
        """
        return self._transport.call("GET", "/v1/order-sources", models.OrderSourcesTold)

    def create(self, body: models.NewSource, *, idempotency_key: str | None = None) -> models.SourceMade:
        """Make an order source.

        Take orders from a host that pushes them. The answer has the secret; the same call again gives the same
        answer.

        The key of a shop system is tried first, by reading only.
        """
        return self._transport.call(
            "POST", "/v1/order-sources", models.SourceMade, body=body, key=idempotency_key, keyed=True
        )

    def read(self, source: str) -> models.OrderSourceTold:
        """Read an order source.

        How a source is.
        """
        return self._transport.call("GET", f"/v1/order-sources/{segment(source)}", models.OrderSourceTold)

    def change(self, source: str, body: models.SourceChange) -> models.OrderSourceTold:
        """Change an order source.

        Another address, another key, other choices, paused, or on again.
        """
        return self._transport.call("PATCH", f"/v1/order-sources/{segment(source)}", models.OrderSourceTold, body=body)

    def rotate(self, source: str, body: models.Untouched, *, idempotency_key: str | None = None) -> models.SourceMade:
        """Give an order source a new secret.

        A new secret, shown this once. For a day messages may be signed with either, so that a sender can change
        over.
        """
        return self._transport.call(
            "POST",
            f"/v1/order-sources/{segment(source)}/rotate",
            models.SourceMade,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def check(self, source: str) -> models.SourceCheckTold:
        """Try the key of a shop system.

        Ask a shop system for something that only reads, and say whether its key is good.
        """
        return self._transport.call("GET", f"/v1/order-sources/{segment(source)}/check", models.SourceCheckTold)

    def fetch(
        self, source: str, body: models.Untouched, *, idempotency_key: str | None = None
    ) -> models.OrderSourceTold:
        """Ask a shop system for what changed.

        Catch up with it now; it is done every ten minutes by itself.
        """
        return self._transport.call(
            "POST",
            f"/v1/order-sources/{segment(source)}/fetch",
            models.OrderSourceTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def messages(
        self,
        source: str,
        *,
        told: Literal["done", "ignored", "no_news", "set_aside", "waiting"] | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> models.SourceMessagesTold:
        """List messages of an order source.

        What came and what was made of it, the newest first. What was understood is kept for thirty days.
        """
        return self._transport.call(
            "GET",
            f"/v1/order-sources/{segment(source)}/messages",
            models.SourceMessagesTold,
            query={"told": told, "after": after, "limit": limit},
        )

    def messages_pages(
        self,
        source: str,
        *,
        told: Literal["done", "ignored", "no_news", "set_aside", "waiting"] | None = None,
        limit: int | None = None,
    ) -> Iterator[models.SourceMessagesTold]:
        """Every part of ``messages``, one after the other."""
        after = None
        while True:
            page = self.messages(source, told=told, limit=limit, after=after)
            yield page
            after = page.next
            if after is None:
                return

    def message(self, source: str, message: str) -> models.SourceMessageTold:
        """Read a message of an order source.

        One message as it came, and what became of it.
        """
        return self._transport.call(
            "GET", f"/v1/order-sources/{segment(source)}/messages/{segment(message)}", models.SourceMessageTold
        )

    def retry(
        self, source: str, message: str, body: models.Untouched, *, idempotency_key: str | None = None
    ) -> models.SourceMessageTold:
        """Read a message again.

        Try again to make something of a message. What it had said already counts once.
        """
        return self._transport.call(
            "POST",
            f"/v1/order-sources/{segment(source)}/messages/{segment(message)}/retry",
            models.SourceMessageTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def ignore(
        self, source: str, message: str, body: models.MessageIgnored, *, idempotency_key: str | None = None
    ) -> models.SourceMessageTold:
        """Make nothing of a message.

        Say that nothing is to be made of a message that was set aside, and why. It can be read again all the same.
        """
        return self._transport.call(
            "POST",
            f"/v1/order-sources/{segment(source)}/messages/{segment(message)}/ignore",
            models.SourceMessageTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def count(
        self, source: str, message: str, body: models.Untouched, *, idempotency_key: str | None = None
    ) -> models.SourceMessageTold:
        """Count a refund that may have been told twice.

        Say that the refund about which a message asks (`refund_told_twice`) is money of its own.
        """
        return self._transport.call(
            "POST",
            f"/v1/order-sources/{segment(source)}/messages/{segment(message)}/count",
            models.SourceMessageTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def retry_all(
        self, source: str, body: models.Untouched, *, idempotency_key: str | None = None
    ) -> models.ReadAgainTold:
        """Read again what was set aside.

        Try again everything that nothing could be made of, as after a status was given a meaning.
        """
        return self._transport.call(
            "POST",
            f"/v1/order-sources/{segment(source)}/retry",
            models.ReadAgainTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def hear(self, source: str, body: Any) -> models.ReceivedTold:
        """Send an order, or what happened to one.

        For order sources alone: a message they signed. It is kept before it is answered, and read afterwards.

        A signed source sends `webhook-id`, `webhook-timestamp` and `webhook-signature` by Standard Webhooks, and a
        body `{"type": "order.placed", "data": …}` with an order as `POST /v1/orders` takes it, or `{"type":
        "order.fact", "number": …, "data": …}` with a fact as `POST /v1/orders/{order}/facts` does. The same id
        again changes nothing.
        """
        return self._transport.call("POST", f"/v1/intake/{segment(source)}", models.ReceivedTold, body=body)


class WebhookEndpoints:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def listed(self) -> models.EndpointsTold:
        """List webhook endpoints.

        Who is told what happened, how each endpoint is, and which kinds of events there are to choose from.
        """
        return self._transport.call("GET", "/v1/webhook-endpoints", models.EndpointsTold)

    def create(self, body: models.NewEndpoint, *, idempotency_key: str | None = None) -> models.EndpointMade:
        """Make a webhook endpoint.

        Let an address be told from now on. The answer has its secret; the same call again gives the same answer.
        """
        return self._transport.call(
            "POST", "/v1/webhook-endpoints", models.EndpointMade, body=body, key=idempotency_key, keyed=True
        )

    def read(self, endpoint: str) -> models.EndpointTold:
        """Read a webhook endpoint.

        How an endpoint is.
        """
        return self._transport.call("GET", f"/v1/webhook-endpoints/{segment(endpoint)}", models.EndpointTold)

    def change(self, endpoint: str, body: models.EndpointChange) -> models.EndpointTold:
        """Change a webhook endpoint.

        Another address, other events, paused, or on again. What waits is sent to where the endpoint is then.
        """
        return self._transport.call(
            "PATCH", f"/v1/webhook-endpoints/{segment(endpoint)}", models.EndpointTold, body=body
        )

    def public_keys(self, endpoint: str) -> models.PublicKeysTold:
        """Read the public keys of a webhook endpoint.

        What verifies the `v1a` signatures of its messages.
        """
        return self._transport.call(
            "GET", f"/v1/webhook-endpoints/{segment(endpoint)}/public-keys", models.PublicKeysTold
        )

    def rotate(
        self, endpoint: str, body: models.Untouched, *, idempotency_key: str | None = None
    ) -> models.EndpointMade:
        """Give a webhook endpoint a new secret.

        A new secret, shown this once. For a day messages carry two signatures, so that the receiver can change
        over.
        """
        return self._transport.call(
            "POST",
            f"/v1/webhook-endpoints/{segment(endpoint)}/rotate",
            models.EndpointMade,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def test(self, endpoint: str, body: models.Untouched, *, idempotency_key: str | None = None) -> models.DeliveryTold:
        """Send a test to a webhook endpoint.

        Send an `endpoint.test`, signed and tried again like any other message; what comes of it is in the log.
        """
        return self._transport.call(
            "POST",
            f"/v1/webhook-endpoints/{segment(endpoint)}/test",
            models.DeliveryTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def remove(
        self, endpoint: str, body: models.Untouched, *, idempotency_key: str | None = None
    ) -> models.EndpointTold:
        """Remove a webhook endpoint.

        Send nothing there any more. It is in no list from now on, and the same call again finds nothing.
        """
        return self._transport.call(
            "POST",
            f"/v1/webhook-endpoints/{segment(endpoint)}/remove",
            models.EndpointTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )


class WebhookDeliveries:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def listed(
        self,
        endpoint: str,
        *,
        state: Literal["delivered", "failed", "missed", "waiting"] | None = None,
        after: str | None = None,
        limit: int | None = None,
    ) -> models.DeliveriesTold:
        """List messages to a webhook endpoint.

        Every message of the last thirty days with its last attempt, the newest first.
        """
        return self._transport.call(
            "GET",
            f"/v1/webhook-endpoints/{segment(endpoint)}/deliveries",
            models.DeliveriesTold,
            query={"state": state, "after": after, "limit": limit},
        )

    def listed_pages(
        self,
        endpoint: str,
        *,
        state: Literal["delivered", "failed", "missed", "waiting"] | None = None,
        limit: int | None = None,
    ) -> Iterator[models.DeliveriesTold]:
        """Every part of ``listed``, one after the other."""
        after = None
        while True:
            page = self.listed(endpoint, state=state, limit=limit, after=after)
            yield page
            after = page.next
            if after is None:
                return

    def read(self, endpoint: str, event: str) -> models.DeliveryTold:
        """Read a message to a webhook endpoint.

        One message, byte for byte what is signed, and every attempt.
        """
        return self._transport.call(
            "GET", f"/v1/webhook-endpoints/{segment(endpoint)}/deliveries/{segment(event)}", models.DeliveryTold
        )

    def replay(
        self, endpoint: str, event: str, body: models.Untouched, *, idempotency_key: str | None = None
    ) -> models.DeliveryTold:
        """Send a message again.

        Send a message again now, whatever came of it. It has the same id, by which the receiver knows it.
        """
        return self._transport.call(
            "POST",
            f"/v1/webhook-endpoints/{segment(endpoint)}/deliveries/{segment(event)}/replay",
            models.DeliveryTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )

    def replay_since(
        self, endpoint: str, body: models.Since, *, idempotency_key: str | None = None
    ) -> models.AgainTold:
        """Send again what failed.

        Send again what failed or was missed since a time, the oldest first; what arrived is left alone.

        One call sends 50,000 again at most; the same call once more goes on with the rest.
        """
        return self._transport.call(
            "POST",
            f"/v1/webhook-endpoints/{segment(endpoint)}/replay",
            models.AgainTold,
            body=body,
            key=idempotency_key,
            keyed=True,
        )


class Robots:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def listed(self) -> models.RobotsTold:
        """List group robots.

        Which group chats are told what happens, how each robot is, and which topics there are to choose from.
        """
        return self._transport.call("GET", "/v1/robots", models.RobotsTold)

    def connect(self, body: models.NewRobot, *, idempotency_key: str | None = None) -> models.RobotTold:
        """Connect a group robot.

        Let a group be told from now on. The address is a secret: it is kept sealed and is in no answer.
        """
        return self._transport.call("POST", "/v1/robots", models.RobotTold, body=body, key=idempotency_key, keyed=True)

    def read(self, robot: str) -> models.RobotTold:
        """Read a group robot.

        How a robot is, and what came of its last message.
        """
        return self._transport.call("GET", f"/v1/robots/{segment(robot)}", models.RobotTold)

    def change(self, robot: str, body: models.RobotChange) -> models.RobotTold:
        """Change a group robot.

        Another address or secret, other topics, paused, or on again.
        """
        return self._transport.call("PATCH", f"/v1/robots/{segment(robot)}", models.RobotTold, body=body)

    def test(self, robot: str, body: models.Untouched, *, idempotency_key: str | None = None) -> models.RobotTold:
        """Try a group robot.

        Say a test in the group now; `last` has what the robot answered. It is busy for some seconds after a
        message.
        """
        return self._transport.call(
            "POST", f"/v1/robots/{segment(robot)}/test", models.RobotTold, body=body, key=idempotency_key, keyed=True
        )

    def remove(self, robot: str, body: models.Untouched, *, idempotency_key: str | None = None) -> models.RobotTold:
        """Remove a group robot.

        Say nothing there any more, and forget its address. The same call again finds nothing.
        """
        return self._transport.call(
            "POST", f"/v1/robots/{segment(robot)}/remove", models.RobotTold, body=body, key=idempotency_key, keyed=True
        )


class Installation:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def health(self) -> models.Health:
        """Ask whether it is well.

        `200` while the database answers and has the schema this program wants, otherwise `503`.
        """
        return self._transport.call("GET", "/healthz", models.Health)

    def policy(self, hash_: str, *, to: IO[bytes] | None = None) -> bytes:
        """Read a policy.

        The whole normalised policy with this SHA-256, byte for byte what is hashed: what receipts and orders name.
        """
        return self._transport.call("GET", f"/v1/policies/{segment(hash_)}", bytes, to=to)

    def check_up(self) -> models.CheckUp:
        """Look at everything the installation hangs on.

        Database, processes, clock, providers, mail, public address, backups, disk and keys, as they are now.

        It asks the mail server and the providers, which takes up to ten seconds, and sends nobody anything.
        """
        return self._transport.call("GET", "/v1/check-up", models.CheckUp)


class Reference:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def openapi(self, *, to: IO[bytes] | None = None) -> bytes:
        """Read the OpenAPI document.

        The description of this API, as OpenAPI 3.1.
        """
        return self._transport.call("GET", "/openapi.json", bytes, to=to)

    def page(self, *, to: IO[bytes] | None = None) -> bytes:
        """Read this page.

        The description of this API, to be read by people.
        """
        return self._transport.call("GET", "/docs/api", bytes, to=to)

    def problem(self, code: str, *, to: IO[bytes] | None = None) -> bytes:
        """Read about a problem.

        What a problem's `type` points to: what happened, and what to do next, in the reader's language.
        """
        return self._transport.call("GET", f"/problems/{segment(code)}", bytes, to=to)


class Operations:
    """Every operation, by what it is about."""

    def __init__(self, transport: Transport) -> None:
        self.orders = Orders(transport)
        self.imports = Imports(transport)
        self.exports = Exports(transport)
        self.views = Views(transport)
        self.cancellability = Cancellability(transport)
        self.cancellations = Cancellations(transport)
        self.bulk = Bulk(transport)
        self.refund_ways = RefundWays(transport)
        self.refunds = Refunds(transport)
        self.documents = Documents(transport)
        self.mail = Mail(transport)
        self.evidence = Evidence(transport)
        self.threads = Threads(transport)
        self.notices = Notices(transport)
        self.push = Push(transport)
        self.order_notes = OrderNotes(transport)
        self.escalations = Escalations(transport)
        self.withdrawals = Withdrawals(transport)
        self.returns = Returns(transport)
        self.refund_orders = RefundOrders(transport)
        self.proposals = Proposals(transport)
        self.deciders = Deciders(transport)
        self.buyers = Buyers(transport)
        self.packing = Packing(transport)
        self.stock = Stock(transport)
        self.shops = Shops(transport)
        self.shop_lists = ShopLists(transport)
        self.shop_facts = ShopFacts(transport)
        self.contact = Contact(transport)
        self.receipts = Receipts(transport)
        self.calendars = Calendars(transport)
        self.happenings = Happenings(transport)
        self.policies = Policies(transport)
        self.sources = Sources(transport)
        self.refund_lists = RefundLists(transport)
        self.reconciliations = Reconciliations(transport)
        self.ledger = Ledger(transport)
        self.links = Links(transport)
        self.guests = Guests(transport)
        self.keys = Keys(transport)
        self.link_secrets = LinkSecrets(transport)
        self.mandates = Mandates(transport)
        self.caller = Caller(transport)
        self.people = People(transport)
        self.sessions = Sessions(transport)
        self.providers = Providers(transport)
        self.order_sources = OrderSources(transport)
        self.webhook_endpoints = WebhookEndpoints(transport)
        self.webhook_deliveries = WebhookDeliveries(transport)
        self.robots = Robots(transport)
        self.installation = Installation(transport)
        self.reference = Reference(transport)
