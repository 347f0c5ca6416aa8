"""Stories played through the running program: a real server on a socket, a real database, its worker, its API.

``rescind.core.playing`` plays the same stories on the decisions alone. Here everybody speaks with a key of their own,
time passes on the clock of the program, and the worker does what is due at the instant at which it is. What must be
true is read from what the API answers; the database is asked for one thing: when the worker has something to do next.
"""

from __future__ import annotations

import itertools
import secrets
from datetime import UTC, timedelta

import msgspec

from api.conftest import Caller
from rescind.book import calendar
from rescind.core.automation import SETTING, month_before
from rescind.core.deadline import zone_of
from rescind.core.ids import shop_id
from rescind.core.instant import instant
from rescind.core.playing import FOR_CARRIER
from rescind.core.ports import ProviderReply
from rescind.core.refund import ProviderOutcome
from rescind.policies import automation, names, preset
from rescind.postgres.due import DueTable
from rescind.providers.sandbox import Sandbox
from rescind.receipts.checking import check
from rescind.worker import deadlines, fan_out, payments, refunds
from rescind.worker.months import Months
from scenarios.files import png

_NEXT = "SELECT min(due_at) FROM due WHERE order_id = $1 AND kind NOT IN ('refund', 'fan_out')"
_REFUNDS = "SELECT min(due_at) FROM due WHERE order_id = $1 AND kind = 'refund'"
_shops = itertools.count(1001)
_CONSENT = {"way": "phone", "remark": "Named street and number."}
_WAITS_FOR = {"awaiting_seller": "seller", "awaiting_carrier": "carrier", "in_review": "support"}


class Wrong(AssertionError):
    """A story did not come out: what was expected and what came, at which step."""


class Recorded:
    """A provider that gives one recorded reply, whatever it is asked."""

    name = "recorded"

    def __init__(self, outcome):
        self.reply = ProviderReply(outcome=ProviderOutcome(outcome), reference="recorded-1", check_after_s=60)

    async def refund(self, *_):
        return self.reply

    async def look_up(self, _):
        return self.reply


class Program:
    """The running program as the stories use it: where it answers, its clock, its worker."""

    def __init__(self, desk, client):
        self.desk, self.client = desk, client
        self.clock = desk.clock
        self.due = DueTable(desk.pool, desk.clock)
        self.policies = {policy.hash: policy for policy in map(preset, names())}

    async def opens(self):
        """Those who speak in every story."""
        self.support, self.host = await self.key("support", "support"), await self.key("host", "host")
        return self

    async def key(self, role, who, **more):
        return Caller(self.client, await self.desk.access.issue_key(role, who, **more))

    async def works(self):
        """Everything that is due by the clock, but the refunds."""
        for _ in range(50):
            done = await deadlines.sweep(self.desk.engine, self.due) + await fan_out.sweep(self.due)
            # Before an order counts as unpaid the provider is asked; it knows of nothing that the story does not tell.
            if not done + await payments.sweep(self.desk.engine, self.due, Sandbox()):
                return
        message = "the work does not end"
        raise AssertionError(message)

    async def counts(self):
        """What a month that is over says about shops."""
        desk = self.desk
        while await Months(desk.versions, desk.book, automation()).sweep():
            pass

    async def refunds(self, provider):
        await refunds.sweep(self.desk.engine, self.due, provider)


async def play(story, program):
    """Play a story to its end, and whatever still waits after it. Raises Wrong."""
    player = Player(story, program)
    await player.opens()
    for step in story.steps:
        try:
            await player.moves_to(player.instant(step.at))
            await player.does(step)
            await player.looks(step.then)
        except Wrong as wrong:
            message = f"{step.at:%a %Y-%m-%d %H:%M:%S}: {wrong}"
            raise Wrong(message) from None
    await player.tells_everybody()
    await player.ends()


class Player:
    """One story: a shop with its settings, its people, one order. ``VERBS`` has a method for each word of the steps."""

    def __init__(self, story, program):
        self.story, self.bought, self.program = story, story.order, program
        self.policy = preset(story.policy)
        self.zone = zone_of(self.policy.zone)

    def instant(self, local):
        return local.replace(tzinfo=self.zone).astimezone(UTC)

    def money(self, minor):
        return {"amount": minor, "currency": self.policy.currency or "USD"}

    async def opens(self):
        """The shop, its people, and the order as the host places it."""
        program, story = self.program, self.story
        counted = calendar(self.policy.calendar, self.policy.zone).holidays
        assert set(story.holidays) <= counted, "a story's holidays are those of its calendar"
        self.shop = shop_id(next(_shops))
        await program.desk.directory.put_shop(
            self.shop,
            name=story.id,
            preset_hash=self.policy.hash,
            settings=dict(story.settings),
            zone=self.policy.zone,
            contact={"email": "shop@example.org"},
        )
        buyer = f"buyer-{self.shop[-4:]}"
        self.people = {
            "buyer": await program.key("buyer", buyer, buyer_id=buyer),
            "seller": await program.key("seller", f"seller-{buyer}", shop_id=self.shop),
            "support": program.support,
            "host": program.host,
            # The carrier speaks to the host, and the host to us.
            "carrier": program.host,
        }
        placed = self.instant(self.bought.placed)
        await self.cancels_before(buyer, placed - timedelta(days=1))
        await self.answers_before(placed)
        await self.refuses_before(buyer, placed)
        program.clock.set(placed)
        self.order = (await self.places(buyer, placed, self.document()))["id"]
        self.path = f"/v1/orders/{self.order}"
        await program.works()

    async def places(self, buyer, placed, document):
        head = {
            "shop": self.shop,
            "number": f"{self.shop[-4:]}-{secrets.token_hex(4)}",
            "buyer": {"id": buyer, "name": "Ann Lee", "country": self.bought.country},
            "currency": self.money(0)["currency"],
            "placed_at": placed.isoformat(),
        }
        answer = await self.people["host"].post("/v1/orders", head | document)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def document(self):
        bought = self.bought
        return {
            "lines": [
                {
                    "id": line.id,
                    "sku": line.sku,
                    "title": f"A {line.id}",
                    "quantity": line.quantity,
                    "unit_price": self.money(line.unit_minor),
                    "discount": self.money(line.discount_minor),
                    "tax": self.money(line.tax_minor),
                    "custom_made": line.custom_made,
                    "special": line.special,
                }
                for line in bought.bought()
            ],
            "tenders": [
                {"id": name, "method": name, "amount": self.money(minor)} for name, minor in bought.paid().items()
            ],
            "shipping": self.money(bought.shipping),
            "shipping_by": bought.shipping_by,
            "handling": bought.handling,
            "promised_at": bought.promised and self.instant(bought.promised).isoformat(),
            "deliver_by": bought.deliver_by and self.instant(bought.deliver_by).isoformat(),
            "cross_border": bought.cross_border,
        }

    async def cancels_before(self, buyer, placed):
        """As many orders of this buyer, cancelled before anybody had paid them, as the story says there were."""
        if not self.bought.cancels_30d:
            return
        self.program.clock.set(placed)
        line = {"id": "1", "sku": "cup", "title": "A cup", "quantity": 1, "unit_price": self.money(1000)}
        for number in range(self.bought.cancels_30d):
            tender = {"id": "card", "method": "card", "amount": self.money(1000 + number)}
            lines = [line | {"tax": self.money(number)}]
            order = await self.places(buyer, placed, {"lines": lines, "tenders": [tender]})
            path = f"/v1/orders/{order['id']}/cancellations"
            answer = await self.people["buyer"].post(path, {"reason": "ordered_by_mistake"})
            assert answer.json()["cancellation"]["status"] == "approved", answer.text
        await self.program.works()

    async def answers_before(self, placed):
        """The month's requests of others, as many as the story says, answered in time or left to silence."""
        month = self.story.answered
        if month is None:
            return
        at = placed - timedelta(days=10)
        line = {"id": "1", "sku": "cup", "title": "A cup", "quantity": 1, "unit_price": self.money(1000)}
        tender = {"id": "card", "method": "card", "amount": self.money(1000)}
        for number in range(month.asked):
            self.program.clock.set(at)
            buyer = f"other-{self.shop[-4:]}-{number}"
            other = await self.program.key("buyer", buyer, buyer_id=buyer)
            order = await self.places(buyer, at, {"lines": [line], "tenders": [tender]})
            path = f"/v1/orders/{order['id']}"
            await self.people["host"].post(f"{path}/facts", {"fact": "paid", "occurred_at": at.isoformat()})
            self.program.clock.set(at + timedelta(hours=2))
            asked = await other.post(f"{path}/cancellations", {"reason": "better_price"})
            assert asked.json()["cancellation"]["status"] == "awaiting_seller", asked.text
            if number < month.in_time:
                case = asked.json()["cancellation"]["id"]
                answer = await self.people["seller"].post(f"{path}/cancellations/{case}/approve", {})
                assert answer.status_code == 200, answer.text
        self.program.clock.set(at + timedelta(days=3))
        await self.program.works()

    async def refuses_before(self, buyer, placed):
        """As many orders of this buyer that were not taken at the door, to be paid there, as the story says."""
        self.program.clock.set(placed)
        line = {"id": "1", "sku": "cup", "title": "A cup", "quantity": 1, "unit_price": self.money(1000)}
        for _ in range(self.bought.door_refusals):
            tender = {"id": "door", "method": "cash_on_delivery", "amount": self.money(1000)}
            order = await self.places(buyer, placed, {"lines": [line], "tenders": [tender]})
            for fact in ("handed_over", "refused"):
                told = {"fact": fact, "occurred_at": placed.isoformat(), "carrier": "carrier", "tracking": "T100200"}
                answer = await self.people["host"].post(f"/v1/orders/{order['id']}/facts", told)
                assert answer.status_code < 300, answer.text
        await self.program.works()

    async def at_the_door(self, buyer):
        """How the buyer stands with paying at the door, as the host reads it."""
        answer = await self.people["host"].get(f"/v1/buyers/{buyer}", shop=self.shop)
        assert answer.status_code == 200, answer.text
        return answer.json()["cash_on_delivery"]

    # --- time ---

    async def moves_to(self, until):
        """Let time pass; the worker does what is due until then, each thing at its own time."""
        program = self.program
        if self.story.answered is not None:
            month_over = month_before(self.instant(self.bought.placed) + timedelta(days=31), self.policy.zone)[2]
            if program.clock.read() < month_over < until:
                await self.moves_to(month_over)
        while (due_at := await program.desk.pool.fetchval(_NEXT, self.order)) is not None and due_at <= until:
            program.clock.set(max(program.clock.read(), due_at))
            await program.works()
            again = await program.desk.pool.fetchval(_NEXT, self.order)
            assert again is None or again > due_at, "the worker left what was due"
        program.clock.set(until)
        await program.works()
        if self.story.answered is not None:
            await program.counts()

    # --- what people do: one method a verb ---

    async def does(self, step):
        """Do what the step says. Raises Wrong when it met another problem than it was to meet, or none."""
        if not step.does:
            return
        if step.does not in VERBS:
            message = f"nobody says over HTTP how somebody {step.does}"
            raise Wrong(message)
        answer = await VERBS[step.does](self, step)
        met = ""
        if answer is not None and answer.status_code >= 400:
            assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
            met = answer.json()["type"].removeprefix("/problems/")
        if met != step.problem:
            detail = answer.json().get("detail", "") if met else ""
            message = f"Expected {step.problem or 'no problem'}; it met {met or 'none'}. {detail}"
            raise Wrong(message)
        await self.program.works()

    async def requests(self, step):
        who, body = self.people[step.who], {"reason": step.reason, "anyway": step.anyway} | _said(step)
        if step.lines is not None:
            body["lines"] = _units(step.lines)
        foretold = await who.get(
            f"{self.path}/cancellability",
            reason=step.reason,
            anyway=str(step.anyway).lower(),
            line=[f"{line}:{count}" for line, count in (step.lines or {}).items()],
        )
        answer = await who.post(f"{self.path}/cancellations", body | self.consent(step) | await self.shown(step))
        if answer.status_code == 201:
            told, asked = foretold.json(), answer.json()["cancellation"]
            same(("verdict", "rule", "instead"), told, asked, "what was foretold")
            same(("due_at", "if_silent"), told["deadline"] or {}, _waiting(asked), "the deadline foretold")
            same(("total",), told["quote"], {"total": asked["refund"]}, "the quote")
        return answer

    async def withdraws(self, step):
        return await self.people[step.who].post(f"{await self.last()}/withdraw", self.consent(step))

    async def approves(self, step):
        if step.who in FOR_CARRIER:
            return await self.people["host"].post(
                f"{await self.last()}/carrier-answer", {"answer": "yes"} | _said(step)
            )
        return await self.people[step.who].post(f"{await self.last()}/approve", _said(step))

    async def refuses(self, step):
        if step.who in FOR_CARRIER:
            return await self.carrier_says("no", step)
        gone = {"carrier": "carrier", "tracking": step.tracking} if step.tracking else {}
        body = {"reason": step.reason} | gone | _said(step) | await self.shown(step)
        return await self.people[step.who].post(f"{await self.last()}/refuse", body)

    async def shown(self, step):
        """The photo that comes with a step, sent ahead of it."""
        if not step.evidence:
            return {}
        photo = {"content": png(), "headers": {"content-type": "image/png"}}
        file = await self.people[step.who].post(f"{self.path}/evidence", **photo)
        return {"evidence": [file.json()["id"]]}

    async def carrier_says(self, answer, step):
        return await self.people["host"].post(f"{await self.last()}/carrier-answer", {"answer": answer} | _said(step))

    async def cancels(self, step):
        body = {"reason": step.reason} | _said(step)
        if step.lines is not None:
            body["lines"] = _units(step.lines)
        return await self.people[step.who].post(f"{self.path}/cancellations", body | await self.shown(step))

    async def reports(self, step):
        body = {"fact": step.fact, "occurred_at": self.when(step)}
        if step.parcel:
            body["parcel"] = step.parcel
        if step.lines:
            body["lines"] = _units(step.lines)
        if step.tracking:
            body |= {"tracking": step.tracking, "carrier": "carrier"}
        if step.tender:
            body["tender"] = step.tender
        if step.amount is not None:
            body["amount"] = self.money(step.amount)
        return await self.people[step.who].post(f"{self.path}/facts", body)

    async def corrects(self, step):
        """The last report of the fact that stands, as the timeline numbers it."""
        who = self.people[step.who]
        rows = (await who.get(f"{self.path}/events")).json()["rows"]
        gone = {row["corrects"] for row in rows if row["type"] == "FactCorrected" and not row["occurred_at"]}
        told = [
            row["seq"]
            for row in rows
            if row["type"] == "FactReported" and row["fact"] == step.fact and row["seq"] not in gone
            if step.parcel in {"", row["parcel"]}
        ]
        body = {"event": told[-1], "reason": "wrong_time" if step.happened else "mistake"}
        if step.happened:
            body["occurred_at"] = self.when(step)
        return await who.post(f"{self.path}/corrections", body)

    async def replies(self, step):
        """The worker asks the provider, and gets this answer."""
        due_at = await self.program.desk.pool.fetchval(_REFUNDS, self.order)
        if due_at is None or due_at > self.program.clock.read():
            message = "the worker does not ask the provider now"
            raise Wrong(message)
        await self.program.refunds(Recorded(step.outcome))

    async def offers(self, step):
        body = {"kind": step.act} | _said(step)
        if step.amount is not None:
            body["amount"] = self.money(step.amount)
        if step.ship_by:
            body["ship_by"] = self.instant(step.ship_by).isoformat()
        return await self.people[step.who].post(f"{await self.last()}/offer", body)

    async def accepts(self, step):
        return await self.answers_offer(step, "accept")

    async def declines(self, step):
        return await self.answers_offer(step, "decline")

    async def answers_offer(self, step, answer):
        who, path = self.people[step.who], await self.last()
        number = (await who.get(path)).json()["offer"]["number"]
        return await who.post(f"{path}/offer/{answer}", {"number": number} | self.consent(step))

    async def reviews(self, step):
        return await self.people[step.who].post(f"{self.path}/review", {"act": step.act})

    async def switches_off(self, step):
        body = {"settings": {SETTING: False}}
        return await self.people[step.who].send("PATCH", f"/v1/shops/{self.shop}/settings", body)

    def when(self, step):
        return (self.instant(step.happened) if step.happened else self.program.clock.read()).isoformat()

    def consent(self, step):
        if step.who != "support":
            return {}
        return {"consent": _CONSENT | {"agreed_at": self.program.clock.read().isoformat()}}

    async def last(self):
        rows = (await self.people["support"].get(f"{self.path}/cancellations")).json()["rows"]
        if not rows:
            message = "nobody has asked for anything"
            raise Wrong(message)
        return f"{self.path}/cancellations/{rows[-1]['id']}"

    # --- what must be true ---

    async def looks(self, then):
        """Compare with what the API tells. Raises Wrong with the first thing that differs."""
        found = await self.found(reasoned=then.layer is not None or then.fault is not None)
        for name, wanted in msgspec.structs.asdict(then).items():
            if wanted is None:
                continue
            expected = self.instant(wanted) if name == "due" else wanted
            if found[name] != expected:
                message = f"Expected {name} to be {expected}; it is {found[name]!r}."
                raise Wrong(message)

    async def found(self, *, reasoned):
        """What a story may speak of, read as support. reasoned: with what only the receipt tells."""
        order = await self.read(self.people["support"])
        last = order["cancellations"][-1] if order["cancellations"] else {}
        whose_move(order, last)
        receipt = await self.receipt(last) if last and reasoned else {}
        door = await self.at_the_door(order["buyer"]["id"])
        return {
            "stage": order["stage"],
            "requests": len(order["cancellations"]),
            "cancellation": last.get("status", ""),
            "by": last.get("closed_by") or "",
            "rule": last.get("rule", ""),
            "layer": receipt.get("layer", ""),
            "instead": last.get("instead", ""),
            "due": last["deadline"] and instant(last["deadline"]) if last else None,
            "on_silence": last.get("if_silent", ""),
            "fault": last.get("fault") or receipt.get("fault") or "nobody",
            "refunded": order["refunded"]["amount"] + order["on_its_way_back"]["amount"],
            "refund": order["refunds"][-1]["status"] if order["refunds"] else "",
            "noted": order["contradictions"][-1]["kind"] if order["contradictions"] else "",
            "door_refusals": f"{door['refused']} of {door['limit']}" if door["limit"] else "",
            "at_the_door": door["allowed"],
            "back": {
                one["id"]: minor
                for one in order["tenders"]
                if (minor := one["on_its_way_back"]["amount"] + one["refunded"]["amount"])
            },
        }

    async def read(self, who):
        answer = await who.get(self.path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def receipt(self, cancellation):
        """The receipt of the last decision, checked offline; the system's own cancellations have none."""
        answer = await self.people["support"].get(f"{self.path}/cancellations/{cancellation['id']}/receipt")
        if answer.status_code == 404 and cancellation["filed_by"] == "system":
            return {}
        assert answer.status_code == 200, answer.text
        checked = check(answer.content, self.program.policies, None)
        assert checked.wrong == (), checked.wrong
        return answer.json()

    async def tells_everybody(self):
        """Everybody is told the same of the order, and every decision of a policy has a receipt that checks."""
        order = await self.read(self.people["support"])
        for role in ("buyer", "seller", "host"):
            seen = await self.read(self.people[role])
            told = ("version", "stage", "refunded", "cancellations", "next_actions")
            same(told, order, seen, f"what the {role} sees")
        for one in order["cancellations"]:
            await self.receipt(one)

    async def ends(self):
        """Nothing waits for ever: let everything lapse that still would, and the money arrive where it came from."""
        clock, pool = self.program.clock, self.program.desk.pool
        for _ in range(30):
            waiting = [await pool.fetchval(query, self.order) for query in (_NEXT, _REFUNDS)]
            if not any(waiting):
                break
            await self.moves_to(max(clock.read(), min(one for one in waiting if one)))
            await self.program.refunds(Sandbox())
        else:
            message = "The story does not end: something is due again and again."
            raise Wrong(message)
        order = await self.read(self.people["support"])
        # While a bank has not said its last word, what it decides about waits.
        refunds = [one for one in order["refunds"] if not one["waits_for"]]
        if open_refunds := [one["status"] for one in refunds if one["status"] not in {"succeeded", "failed"}]:
            message = f"Refunds are left {open_refunds}."
            raise Wrong(message)
        for tender in order["tenders"]:
            gone = tender["refunded"]["amount"] + tender["taken_elsewhere"]["amount"]
            if tender["refunded"]["amount"] > tender["captured"]["amount"]:
                message = f"{gone} went back to {tender['id']}, which had paid {tender['captured']['amount']}."
                raise Wrong(message)


VERBS = {
    "requests": Player.requests,
    "withdraws": Player.withdraws,
    "approves": Player.approves,
    "refuses": Player.refuses,
    "cancels": Player.cancels,
    "reports": Player.reports,
    "corrects": Player.corrects,
    "replies": Player.replies,
    "offers": Player.offers,
    "accepts": Player.accepts,
    "declines": Player.declines,
    "reviews": Player.reviews,
    "switches_off": Player.switches_off,
}
"""Every verb a step may have, and who says it over HTTP. Each gives the API's answer, or None where nobody is asked."""


def whose_move(order, last):
    """A request that waits is somebody's move, by its deadline; no other is anybody's."""
    answers = {"approve_or_refuse", "stop_the_parcel", "decide"}
    moves = [one for one in order["next_actions"] if one["action"] in answers]
    if last.get("status") not in _WAITS_FOR:
        if moves:
            message = f"Nothing waits for an answer, and it is the move of {[one['actor'] for one in moves]}."
            raise Wrong(message)
        return
    wanted = {
        "actor": _WAITS_FOR[last["status"]],
        "about": last["id"],
        "deadline": last["deadline"],
        "if_silent": last["if_silent"],
    }
    if len(moves) != 1:
        message = f"Expected one move; there are {len(moves)}."
        raise Wrong(message)
    same(tuple(wanted), wanted, moves[0], "whose move it is")


def same(names, wanted, found, about):
    """The members of these names are equal in both. Raises Wrong."""
    for name in names:
        if wanted.get(name) != found.get(name):
            message = f"{about}: expected {name} to be {wanted.get(name)!r}; it is {found.get(name)!r}."
            raise Wrong(message)


def _waiting(asked):
    return {"due_at": asked["deadline"], "if_silent": asked["if_silent"]} if asked["deadline"] else {}


def _units(lines):
    return [{"line": line, "quantity": count} for line, count in lines.items()]


def _said(step):
    return {"comment": step.comment} if step.comment else {}
