"""The OpenAPI 3.1 document, worked out from the operations' declarations; what is declared is what is enforced."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from rescind import __version__
from rescind.access.request import CrossSite
from rescind.api import problems
from rescind.api.endpoint import ADDRESS_BYTES, BODY_BYTES, Operation, scope_of
from rescind.api.problems import PROBLEMS
from rescind.core import errors
from rescind.core.errors import RescindError

_REF = "#/components/schemas/{name}"
_ABOUT = f"""\
The cancellation desk: orders and facts come in, requests to cancel are decided by the policy the order was bought
under, and every answer says why, by when, and what happens otherwise.

Amounts are whole minor units with their currency: `{{"amount": 1999, "currency": "EUR"}}` is 19.99. Times are RFC 3339
with an offset. Members and parameters that are not documented are refused. A body is at most {BODY_BYTES // 1024} KiB,
an address at most {ADDRESS_BYTES // 1024} KiB.

Every call that changes something carries an `Idempotency-Key` of 16 to 255 visible ASCII characters. The same key with
the same request gives the first answer again, byte for byte, marked `Idempotent-Replay: true`; so a call whose answer
was lost is simply repeated. Reads of an order carry its version as `ETag`; a change that names it in `If-Match` is made
only if the order has not moved on since.

Problems are `application/problem+json` (RFC 9457), told in the language of `Accept-Language`. A policy's refusal is no
problem but an answer: `201`, with the rule and what is offered instead.
"""

_OWN_RULES = """\
policy = "kiln"
layer = "shop"
zone = "Europe/London"

[[rules]]
id = "KILN-1"
on = "request"
when = "stage = 'packing'"
verdict = "approve"
cites = ["our page of 1 May"]
"""

EXAMPLES: Mapping[str, Any] = {
    "links_make": {"buyer": "b-7", "order": "100234", "to": "cancel", "language": "en"},
    "guests_send": {"number": "100234", "email": "ada@example.com"},
    "guests_enter": {"step": "rsi_" + "x" * 43, "code": "048213"},
    "link_secrets_make": {},
    "link_secrets_end": {},
    "order_sources_create": {"name": "erp", "kind": "signed", "shop": "shp_0000abcd"},
    "order_sources_change": {"state": "paused"},
    "order_sources_rotate": {},
    "order_sources_fetch": {},
    "order_sources_retry": {},
    "order_sources_ignore": {"reason": "A trial of ours; nobody bought anything."},
    "order_sources_count": {},
    "order_sources_retry_all": {},
    "webhook_endpoints_create": {
        "url": "https://example.com/hooks/rescind",
        "events": ["cancellation.*", "refund.answered"],
        "about": "Warehouse",
    },
    "webhook_endpoints_change": {"events": ["cancellation.approved"], "state": "on"},
    "webhook_endpoints_rotate": {},
    "webhook_endpoints_test": {},
    "webhook_endpoints_remove": {},
    "webhook_deliveries_replay": {},
    "webhook_deliveries_replay_since": {"since": "2026-05-01T00:00:00Z"},
    "robots_connect": {
        "kind": "dingtalk",
        "url": f"https://oapi.dingtalk.com/robot/send?access_token={'5f' * 32}",
        "secret": "SEC0000000000000000example",
        "topics": ["requests", "money"],
        "language": "zh",
        "about": "Shipping desk",
    },
    "robots_change": {"topics": [], "state": "on"},
    "robots_test": {},
    "robots_remove": {},
    "orders_place": {
        "shop": "shp_0000abcd",
        "number": "100234",
        "buyer": {"id": "b-7", "name": "Ada Moreau", "email": "ada@example.com"},
        "currency": "EUR",
        "placed_at": "2026-03-02T09:30:00+01:00",
        "lines": [
            {
                "id": "1",
                "sku": "LAMP-2",
                "title": "Brass desk lamp",
                "variant": "Green",
                "options": {"Engraving": "For Lena"},
                "quantity": 2,
                "unit_price": {"amount": 1999, "currency": "EUR"},
                "discount": {"amount": 200, "currency": "EUR"},
                "tax": {"amount": 722, "currency": "EUR"},
            }
        ],
        "shipping": {"amount": 490, "currency": "EUR"},
        "tenders": [
            {"id": "card", "method": "card", "label": "Visa 4242", "amount": {"amount": 5010, "currency": "EUR"}}
        ],
        "recipient": {"name": "Lena Moreau", "street": "1 Quay", "city": "Brest", "postcode": "29200", "country": "FR"},
    },
    "orders_report": {"fact": "paid", "occurred_at": "2026-03-02T09:31:07+01:00"},
    "orders_review": {"act": "take"},
    "orders_correct_recipient": {
        "name": "Lena Moreau",
        "street": "1 Quay",
        "city": "Brest",
        "postcode": "29200",
        "country": "FR",
    },
    "orders_correct": {
        "event": 2,
        "reason": "wrong_time",
        "occurred_at": "2026-03-02T09:31:00+01:00",
        "comment": "The bank's own time.",
    },
    "cancellations_request": {
        "reason": "changed_mind",
        "lines": [{"line": "1", "quantity": 1}],
        "comment": "One is enough after all.",
    },
    "refund_orders_take": {},
    "refund_orders_confirm": {
        "reference": "SEPA-88121-20",
        "paid_on": "2026-05-04",
        "amount": {"amount": 4000, "currency": "EUR"},
    },
    "refund_orders_decline": {"code": "account_closed"},
    "refund_orders_confirm_many": {
        "rows": [
            {
                "refund_order": "ref_00000001cxy805000000z8",
                "reference": "SEPA-88121-20",
                "paid_on": "2026-05-04",
                "amount": {"amount": 4000, "currency": "EUR"},
            }
        ]
    },
    "views_choose": {"columns": ["number", "total", "placed"]},
    "views_keep": {"list": "orders", "name": "Packed this week", "where": "stage=packed&placed=7d"},
    "views_mail": {"rhythm": "weekly", "weekday": 0, "hour": 8, "zone": "Europe/London", "channel": "chn_4f1d9c"},
    "views_remove": {},
    "bulk_answer": {
        "answers": [
            {"request": "can_00000001cxy805000000z8", "answer": "approve"},
            {"request": "can_00000001cxy805000000z9", "answer": "refuse", "reason": "other", "comment": "Sorry."},
        ]
    },
    "cancellations_approve": {},
    "cancellations_refuse": {
        "reason": "already_shipped",
        "carrier": "Colissimo",
        "tracking": "8R41592653589",
    },
    "cancellations_withdraw": {},
    "cancellations_offer": {"kind": "partial_refund", "amount": {"amount": 500, "currency": "EUR"}},
    "cancellations_accept": {"number": 1},
    "cancellations_decline": {"number": 1},
    "threads_ask": {
        "shop": "shp_0000abcd",
        "sku": "LAMP-2",
        "subject": "Brass desk lamp",
        "text": "Does the lamp come with a bulb?",
    },
    "threads_say": {"text": "It does, and with a spare one."},
    "threads_say_about": {"text": "Could you check the house number before you ship?"},
    "threads_note_contact": {
        "way": "telephone",
        "at": "2026-05-04T07:40:00Z",
        "with": "Sam of Kiln & Co",
        "text": "Sam said that it goes out tomorrow, with the card in the parcel.",
    },
    "contact_set_card": {
        "email": "hello@kiln.example",
        "phone": "+44 20 7946 0018",
        "languages": ["en", "zh"],
        "zone": "Europe/London",
        "hours": [{"day": day, "opens": "09:00", "closes": "17:30"} for day in range(5)],
    },
    "contact_set_replies": {
        "replies": [
            {
                "title": "Goes out tomorrow",
                "texts": {"en": "It goes out tomorrow morning.", "zh": "明天上午发出。"},
            }
        ]
    },
    "threads_seen": {},
    "threads_translate": {"language": "en"},
    "notices_read": {},
    "notices_read_all": {"upto": "2026-05-01T00:00:00Z"},
    "notices_choose": {
        "language": "en",
        "zone": "Europe/Berlin",
        "hour": 8,
        "choices": {"email": {"orders": "digest", "deliveries": "off"}},
    },
    "notices_add": {"address": "orders@kiln.example", "language": "en"},
    "notices_send_code": {},
    "notices_verify": {"code": "12345678"},
    "notices_remove": {},
    "notices_set_silence": {"goes_to": "platform"},
    "push_subscribe": {
        "endpoint": "https://push.example.net/send/0123456789abcdef",
        "keys": {
            "p256dh": "BOaSV6-FXJjQdS5N5PP2yQpgRp_UKszgZj6nl1tG9kBVsl-uZzZi5Dh0aQDJLBcExGyzknnI7DCe7V0glylTc5k",
            "auth": "r16injDfvDc-U5NAwOlhXw",
        },
        "browser": "Firefox · Linux",
        "language": "en",
    },
    "push_remove": {},
    "escalations_call_platform": {"ground": "pressure", "comment": "They ask me to pay by other means."},
    "order_notes_add": {"text": "Please check the address: it is number 14, not 41.", "hold": True},
    "order_notes_understood": {"text": "Please check the address."},
    "order_notes_acknowledge": {},
    "escalations_take": {},
    "escalations_grant": {
        "act": "cancel",
        "reason": "seller_unreachable",
        "comment": "The shop has not answered us either, so we have cancelled your order.",
    },
    "escalations_close": {"outcome": "shop_warned", "comment": "We told the shop that this is not allowed."},
    "returns_open_return": {
        "reason": "no_longer_wanted",
        "wish": "return_refund",
        "lines": [{"line": "1", "quantity": 1}],
        "comment": "It is too large for the desk.",
    },
    "returns_take": {},
    "returns_ask": {"comment": "Which of the two lamps is it?"},
    "returns_add": {"comment": "The green one."},
    "returns_close": {"outcome": "return_agreed", "comment": "The shop sends you a label today."},
    "returns_withdraw": {},
    "withdrawals_declare": {"name": "Ann Müller", "acknowledge_to": "ann@example.org"},
    "calendars_say": {"day": "2026-09-08", "says": "closed", "reason": "Typhoon signal 10, carriers do not collect"},
    "refunds_give_back": {"shipping": True, "comment": "The parcel came a week late."},
    "providers_pay_out": {"means": ["bank_transfer", "cash_on_delivery"]},
    "refunds_owe_again": {"comment": "The buyer showed the statement of her card."},
    "refunds_settle": {
        "way": "store_credit",
        "consent": "On the telephone: the card is closed, credit is fine.",
    },
    "deciders_carrier_answer": {"answer": "yes", "comment": "Case 4711: it turns round at the Lyon depot tonight."},
    "deciders_override": {
        "act": "cancel",
        "reason": "fraud",
        "comment": "The card's owner called: she did not order this.",
    },
    "deciders_confirm": {"comment": "Called her back; it is so."},
    "deciders_reject": {"comment": "The owner's son ordered it; she agrees now."},
    "proposals_confirm": {"comment": "Called the buyer; it is so."},
    "proposals_reject": {"comment": "The shop has sent a new lamp already."},
    "packing_lease": {},
    "packing_give_back": {},
    "packing_ship": {"carrier": "Colissimo", "tracking": "8R41592653589"},
    "policies_check": {"text": _OWN_RULES, "shop": "shp_0000abcd"},
    "policies_draft": {"text": _OWN_RULES, "shop": "shp_0000abcd", "note": "The shop asked for it."},
    "policies_save": {"text": _OWN_RULES.replace("packing", "packed")},
    "policies_submit": {"accepted": ["M-01-before"]},
    "policies_take_back": {},
    "policies_approve": {},
    "policies_reject": {"reason": "Ask the shops first."},
    "refund_lists_take": {},
    "reconciliations_explain": {"why": "Settled by hand with the buyer on 3 May; the provider's case is 4711."},
    "keys_revoke": {},
    "mandates_give": {
        "key": "5f0c1b7a9d3e2468",
        "acts": ["approve", "refuse"],
        "each": {"amount": 4000, "currency": "EUR"},
        "a_day": {"amount": 20000, "currency": "EUR"},
        "until": "2026-06-01T00:00:00Z",
        "because": "Small requests are answered at night.",
    },
    "people_invite": {
        "name": "Kit Marlow",
        "email": "kit@harbour.example",
        "role": "seller",
        "shop": "shp_00000001",
        "rights": "answer",
    },
    "people_take_back": {},
    "people_change": {"shop": "shp_00000001", "rights": "manage"},
    "people_remove": {"role": "support"},
    "people_begin_anew": {},
    "sessions_end_others": {},
    "sessions_end": {},
    "providers_connect": {
        "kind": "stripe",
        "key": "rk_test_51example",
        "webhook_secrets": ["whsec_example1"],
        "own": True,
    },
    "mail_send": {"language": "zh"},
    "mail_set_up": {
        "host": "smtp.marketplace.example",
        "security": "tls",
        "sender": "desk@marketplace.example",
        "port": 465,
        "user": "desk",
        "password": "an example of a password",
        "name": "Marketplace cancellations",
    },
    "mail_retry": {},
    "buyers_end_sessions": {},
    "mail_test": {"address": "ines@marketplace.example"},
    "packing_unpacked": {},
    "stock_arrange": {
        "parcels": [
            {"id": "p1", "lines": [{"line": "1", "quantity": 1}]},
            {"id": "p2", "lines": [{"line": "1", "quantity": 1}]},
        ]
    },
    "stock_received_back": {"lines": [{"line": "1", "quantity": 1}]},
    "shop_facts_add": {
        "name": "Kiln & Co",
        "policy": "uk",
        "zone": "Europe/London",
        "contact": {"email": "hello@kiln.example", "trader": "Kiln & Company Ltd"},
        "settings": {"closes_at_packing": True},
    },
    "shop_facts_change": {"policy": "eu", "zone": "Europe/Paris", "contact": {"phone": "+33 1 99 00 12 34"}},
    "shops_choose": {"settings": {"window": "24h"}},
    "shops_set_rules": {
        "rules": [
            {
                "name": "Ordered by mistake",
                "reasons": ["ordered_by_mistake"],
                "most": {"amount": 5000, "currency": "USD"},
                "wait": "2h",
            }
        ]
    },
    "packing_resolve": {"outcome": "carrier_asked", "comment": "Called at 14:10; they will turn it back tonight."},
}
"""One body for each operation that takes one; a test sends them."""


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where the fault is: a JSON pointer into the body, a query parameter or a header, and the code of the fault."""

    code: str
    pointer: str = ""
    parameter: str = ""
    header: str = ""
    expected: str = ""
    known: list[str] = []


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong (RFC 9457); problems bring members of their own, which their pages describe."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[Place] = []


def _anything(kind: type[Any]) -> dict[str, Any]:
    """A fact may be a flag, a number, a word, or a list of what each line has."""
    if kind is object:
        return {"type": ["boolean", "integer", "string", "array", "object"]}
    raise NotImplementedError(kind)


def describe(operations: Sequence[Operation], server: str) -> dict[str, Any]:
    """The whole document. ``server``: the address it is reached at."""
    shapes: list[type[Any]] = [kind for one in operations for kind in (one.body, one.gives) if kind]
    queries: list[type[Any]] = [one.query for one in operations if one.query]
    made, schemas = msgspec.json.schema_components(
        [Problem, *shapes, *queries], schema_hook=_anything, ref_template=_REF
    )
    by_kind = dict(zip((Problem, *shapes, *queries), made, strict=True))
    for kind in queries:
        # A query is told parameter by parameter, not as a body.
        schemas.pop(kind.__name__, None)
    parameters = {kind: _query(kind) for kind in queries}
    paths: dict[str, dict[str, Any]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, by_kind, parameters)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Rescind",
            "version": __version__,
            "summary": "The cancellation desk of a marketplace",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server or "/"}],
        "security": [{"key": []}, {"session": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(one.tag for one in operations)],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key, `rsk_…`."},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "rescind_session",
                    "description": "The session of somebody signed in; changes also want `X-CSRF-Token`. "
                    "Over https the cookie is called `__Host-rescind_session`.",
                },
            },
        },
    }


def _operation(one: Operation, by_kind: Mapping[type[Any], Any], queries: Mapping[type[Any], Any]) -> dict[str, Any]:
    parameters = [*_path_parameters(one.path), *(queries[one.query] if one.query else ()), *_headers(one)]
    described: dict[str, Any] = {
        "operationId": one.name,
        "tags": [one.tag],
        "summary": one.summary,
        "description": inspect.cleandoc(one.about),
        "responses": _responses(one, by_kind),
    }
    if one.may is None:
        described["security"] = []
    else:
        described["x-roles"] = sorted(one.may)
        if scope := scope_of(one):
            described["x-scope"] = scope
    if parameters:
        described["parameters"] = parameters
    if one.body:
        content: dict[str, Any] = {"schema": by_kind[one.body]}
        if one.name in EXAMPLES:
            content["example"] = EXAMPLES[one.name]
        described["requestBody"] = {"required": True, "content": {"application/json": content}}
    if one.takes:
        file = {kind: {"schema": {"type": "string", "contentMediaType": kind}} for kind in one.takes}
        described["requestBody"] = {"required": True, "content": file}
    return described


def _path_parameters(path: str) -> list[dict[str, Any]]:
    prefixes = {
        "order": "ord_",
        "cancellation": "can_",
        "case": "ret_",
        "evidence": "evd_",
        "refund": "ref_",
        "thread": "cnv_",
        "person": "psn_",
        "invitation": "stl_",
        "import": "imp_",
    }
    others = {
        "shop": {"type": "string", "pattern": "^shp_[0-9a-hjkmnp-tv-z]{8}$"},
        "document": {"type": "string", "pattern": "^doc_[0-9a-hjkmnp-tv-z]{22}(\\.(json|html|pdf))?$"},
        "calendar": {"type": "string", "pattern": "^(weekdays|[A-Z]{2}(-[A-Z0-9]{1,3})?)$"},
        "number": {"type": "integer", "minimum": 1},
        "place": {"type": "integer", "minimum": 1},
        "mark": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
        "source": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,31}$"},
        "message": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$"},
    }
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": f"^{prefixes[name]}[0-9a-hjkmnp-tv-z]{{22}}$"}
            if name in prefixes
            else others.get(name, {"type": "string", "pattern": "^[0-9a-f]{64}$"}),
        }
        for name in names
    ]


def _query(kind: type[msgspec.Struct]) -> list[dict[str, Any]]:
    _, schemas = msgspec.json.schema_components([kind], ref_template=_REF)
    fields = schemas[kind.__name__]["properties"]
    return [
        {"name": name, "in": "query", "required": False, "schema": _plain(field), **_style(field)}
        for name, field in fields.items()
    ]


def _plain(field: dict[str, Any]) -> dict[str, Any]:
    """A parameter's schema without the null that only says it may be left out."""
    kinds = [one for one in field.get("anyOf", ()) if one != {"type": "null"}]
    if len(kinds) == 1:
        return kinds[0]
    return {name: value for name, value in field.items() if not (name == "default" and value is None)}


def _style(field: dict[str, Any]) -> dict[str, Any]:
    return {"style": "form", "explode": True} if field.get("type") == "array" else {}


def _headers(one: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if one.changes and one.keyed:
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "description": "Chosen by the caller, new for each new request, the same when it is repeated.",
                "schema": {"type": "string", "minLength": 16, "maxLength": 255, "pattern": "^[!-~]+$"},
            }
        )
    if one.versioned:
        found.append(
            {
                "name": "If-Match",
                "in": "header",
                "required": False,
                "description": "The ETag as last read; if what it is about has moved on, nothing is done.",
                "schema": {"type": "string", "pattern": '^("[0-9]{1,13}"|\\*)$'},
            }
        )
    if one.media_type == "text/event-stream":
        found.append(
            {
                "name": "Last-Event-ID",
                "in": "header",
                "required": False,
                "description": "The id of the last message seen.",
                "schema": {"type": "string"},
            }
        )
    return found


def _responses(one: Operation, by_kind: Mapping[type[Any], Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"schema": by_kind[one.gives] if one.gives else {}}
    found: dict[str, Any] = {
        str(status): {"description": _STATUS[status], "content": {one.media_type: answer, **_also(one)}}
        for status in one.statuses
    }
    problem = {"application/problem+json": {"schema": by_kind[Problem]}}
    by_status: dict[int, list[str]] = {}
    for fault in (*_always(one), *one.fails):
        codes = by_status.setdefault(PROBLEMS[fault][0], [])
        if fault.code not in codes:
            codes.append(fault.code)
    for status, codes in sorted(by_status.items()):
        found[str(status)] = {"description": "Problem: " + ", ".join(f"`{code}`" for code in codes), "content": problem}
    return found


def _also(one: Operation) -> dict[str, Any]:
    return {kind: {"schema": {"type": "string", "contentMediaType": kind}} for kind in one.also}


def _always(one: Operation) -> tuple[type[RescindError], ...]:
    """What any call of this make can meet."""
    found: list[type[RescindError]] = [problems.NotAcceptable, errors.UnknownField, problems.AddressTooLong]
    if one.may is not None:
        found += [errors.Unauthenticated, errors.Forbidden, errors.OutsideScope, errors.RateLimited]
    if one.fresh:
        found.append(errors.SignInAgain)
    if one.query is not None:
        found.append(errors.InvalidField)
    if one.changes:
        found += [CrossSite, errors.MandateNeeded, errors.OutsideMandate]
    if one.changes and one.keyed:
        found += [errors.IdempotencyKeyRequired, errors.IdempotencyKeyInvalid, errors.IdempotencyKeyReused]
    if one.body is not None:
        found += [errors.MalformedBody, errors.InvalidField, problems.TooLarge, problems.UnsupportedMediaType]
    if one.takes:
        found += [errors.MalformedBody, errors.FileRefused, problems.TooLarge, problems.UnsupportedMediaType]
    if one.versioned:
        found += [errors.StaleOrder, errors.OrderFull] if isinstance(one.versioned, bool) else [one.versioned]
    return (*found, errors.Unavailable)


_STATUS = {
    200: "As it is now, or nothing new",
    201: "Done and recorded",
    202: "Proposed: nothing happens until a second person confirms it",
}
