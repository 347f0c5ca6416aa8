"""A WooCommerce shop of the tests' own, on real HTTP: orders that change, refunds, notes, webhooks it signs.

It is as strict as the documentation of the REST API, version 3: keys by Basic authentication, JSON bodies, amounts as
strings, a refund no larger than what is left. ``rude``: what a test wants instead of the right answer, one after
another: a status, ``"html"``, ``"hang"`` (the work is done and nothing is said), or ``("busy", seconds)``.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from aiohttp import web

KEY, SECRET = "ck_" + "a" * 40, "cs_" + "b" * 40
PLACE = "/wp-json/wc/v3"
START = datetime(2026, 5, 4, 7, tzinfo=UTC)


def gmt(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S")


def item(identifier, *, name="Mug", quantity=1, total="20.00", subtotal=None, tax="0.00", rate=1, **more):
    return {
        "id": identifier,
        "name": name,
        "product_id": 90 + identifier,
        "variation_id": 0,
        "quantity": quantity,
        "tax_class": "",
        "subtotal": subtotal or total,
        "subtotal_tax": tax,
        "total": total,
        "total_tax": tax,
        "taxes": [{"id": rate, "total": tax, "subtotal": tax}] if Decimal(tax) else [],
        "meta_data": [],
        "sku": f"SKU-{identifier}",
        "price": float(total) / quantity,
        "image": {"id": "", "src": ""},
        "parent_name": None,
        **more,
    }


def person(**more):
    return {
        "first_name": "Mia",
        "last_name": "Holm",
        "company": "",
        "address_1": "Kanalgatan 4",
        "address_2": "",
        "city": "Malmö",
        "state": "",
        "postcode": "211 41",
        "country": "SE",
        **more,
    }


class Shop:
    """The shop. now: its own clock, which a test moves."""

    def __init__(self):
        self.orders, self.bin = {}, set()
        self.refunds, self.notes = {}, {}
        self.rude, self.asked = [], []
        self.paid_back, self.restocked = [], []
        self.now = START
        self._ids = itertools.count(701)
        self._deliveries = itertools.count(1)

    # What happens at the shop.

    def order(self, identifier=None, *, items=None, status="processing", paid=True, **more):
        identifier = identifier or next(self._ids)
        items = items or [item(11)]
        lines = sum(Decimal(one["total"]) + Decimal(one["total_tax"]) for one in items)
        extra = sum(
            Decimal(one["total"]) + Decimal(one["total_tax"])
            for one in (*more.get("shipping_lines", ()), *more.get("fee_lines", ()))
        )
        self.orders[identifier] = {
            "id": identifier,
            "parent_id": 0,
            "number": str(identifier),
            "status": status,
            "currency": "EUR",
            "version": "9.4.1",
            "prices_include_tax": False,
            "date_created": gmt(self.now),
            "date_created_gmt": gmt(self.now),
            "date_modified": gmt(self.now),
            "date_modified_gmt": gmt(self.now),
            "discount_total": "0.00",
            "total": f"{lines + extra:.2f}",
            "customer_id": 0,
            "billing": person(email="mia@example.org", phone="+46 40 555 00"),
            "shipping": person(phone=""),
            "payment_method": "stripe",
            "payment_method_title": "Card",
            "transaction_id": f"ch_{identifier}abcdefghijkl" if paid else "",
            "customer_note": "",
            "date_completed_gmt": None,
            "date_paid_gmt": gmt(self.now) if paid else None,
            "cart_hash": "",
            "meta_data": [{"id": 1, "key": "_plugin", "value": {"nested": [1, 2]}}],
            "line_items": items,
            "tax_lines": [],
            "shipping_lines": [],
            "fee_lines": [],
            "coupon_lines": [],
            "refunds": [],
            **more,
        }
        return self.orders[identifier]

    def later(self, **span):
        self.now += timedelta(**span)

    def changes(self, identifier, **changed):
        self.later(minutes=1)
        self.orders[identifier] |= {**changed, "date_modified_gmt": gmt(self.now)}
        return self.orders[identifier]

    def refunded(self, identifier, amount, *, by_plugin=False, **more):
        """Somebody at the shop makes a refund."""
        refund = next(self._ids)
        self.refunds.setdefault(identifier, []).append(
            {
                "id": refund,
                "date_created_gmt": gmt(self.now),
                "amount": amount,
                "reason": "",
                "refunded_payment": by_plugin,
                "meta_data": [],
                "line_items": [],
                **more,
            }
        )
        named = [{"id": one["id"], "reason": "", "total": f"-{one['amount']}"} for one in self.refunds[identifier]]
        self.changes(identifier, refunds=named)
        return refund

    # What it sends.

    def message(self, order, topic="order.updated", *, secret, delivery=None):
        """Headers and body of a webhook."""
        body = order if isinstance(order, bytes) else json.dumps(order).encode()
        signature = base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()
        return {
            "content-type": "application/json",
            "x-wc-webhook-source": "https://shop.example/",
            "x-wc-webhook-topic": topic,
            "x-wc-webhook-signature": signature,
            "x-wc-webhook-id": "5",
            "x-wc-webhook-delivery-id": delivery or hashlib.md5(b"%d" % next(self._deliveries)).hexdigest(),
        }, body

    # What it answers.

    @web.middleware
    async def strict(self, request, handler):
        given = request.headers.get("authorization", "")
        wanted = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        self.asked.append((request.method, request.path.removeprefix(PLACE), dict(request.query)))
        if given != wanted:
            return problem(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        rude = self.rude.pop(0) if self.rude else None
        match rude:
            case None:
                return await handler(request)
            case "hang":
                await handler(request)
                await asyncio.sleep(60)
            case "html":
                return web.Response(text="<!doctype html><title>Maintenance</title>", content_type="text/html")
            case ("busy", seconds):
                return web.json_response({"code": "slow"}, status=429, headers={"Retry-After": str(seconds)})
            case int():
                return web.Response(status=rude, text="<h1>There was a critical error</h1>", content_type="text/html")
        return None

    async def list_orders(self, request):
        query = request.query
        found = [one for key, one in self.orders.items() if key not in self.bin]
        if "modified_after" in query:
            assert query["dates_are_gmt"] == "true"
            found = [one for one in found if one["date_modified_gmt"] > query["modified_after"]]
        found.sort(key=lambda one: (one["date_modified_gmt"], one["id"]), reverse=query.get("order") != "asc")
        size, page = int(query.get("per_page", 10)), int(query.get("page", 1))
        pages = max(1, -(-len(found) // size))
        headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(pages)}
        return web.json_response(found[(page - 1) * size : page * size], headers=headers)

    async def get_order(self, request):
        order = self._order(request)
        return web.json_response(order) if order else missing()

    async def put_order(self, request):
        order, body = self._order(request), await request.json()
        if order is None:
            return missing()
        assert body == {"status": "cancelled"}, body
        return web.json_response(self.changes(order["id"], **body))

    async def list_refunds(self, request):
        return web.json_response(self.refunds.get(int(request.match_info["order"]), []))

    async def make_refund(self, request):
        order, body = self._order(request), await request.json()
        if order is None:
            return missing()
        known = self.refunds.setdefault(order["id"], [])
        left = Decimal(order["total"]) - sum(Decimal(one["amount"]) for one in known)
        assert isinstance(body["amount"], str)
        assert isinstance(body["api_refund"], bool)
        if not 0 < Decimal(body["amount"]) <= left:
            return problem(400, "woocommerce_rest_invalid_order_refund", "Refund amount must be greater than zero.")
        for one in body.get("line_items", ()):
            bought = next(each for each in order["line_items"] if each["id"] == one["id"])
            assert 0 < one["quantity"] <= bought["quantity"]
            if body.get("api_restock", True):
                self.restocked.append((one["id"], one["quantity"]))
        if body["api_refund"]:
            self.paid_back.append((order["id"], body["amount"]))
        self.refunded(
            order["id"],
            body["amount"],
            by_plugin=body["api_refund"],
            meta_data=[{"id": 9, **one} for one in body["meta_data"]],
            line_items=body.get("line_items", []),
        )
        return web.json_response(self.refunds[order["id"]][-1], status=201)

    async def list_notes(self, request):
        return web.json_response(self.notes.get(int(request.match_info["order"]), []))

    async def make_note(self, request):
        body = await request.json()
        note = {"id": next(self._ids), "note": body["note"], "customer_note": body["customer_note"]}
        self.notes.setdefault(int(request.match_info["order"]), []).append(note)
        return web.json_response(note, status=201)

    def _order(self, request):
        identifier = int(request.match_info["order"])
        return None if identifier in self.bin else self.orders.get(identifier)

    def app(self):
        app = web.Application(middlewares=[self.strict])
        one = PLACE + "/orders/{order:\\d+}"
        app.add_routes(
            [
                web.get(f"{PLACE}/orders", self.list_orders),
                web.get(one, self.get_order),
                web.put(one, self.put_order),
                web.get(f"{one}/refunds", self.list_refunds),
                web.post(f"{one}/refunds", self.make_refund),
                web.get(f"{one}/notes", self.list_notes),
                web.post(f"{one}/notes", self.make_note),
            ]
        )
        return app


def problem(status, code, message):
    return web.json_response({"code": code, "message": message, "data": {"status": status}}, status=status)


def missing():
    return problem(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
