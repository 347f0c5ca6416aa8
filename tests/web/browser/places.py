"""Every page there is, in the states that look different, for whoever goes through all of them.

A place is a name and how to get there from an open page of its role. Reading changes nothing; a form is only sent
where it is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import expect

from web.browser.program import Marketplace, Placed, Program

Page = Any
BUYER = "scene"
PEOPLE = {"nobody": "", "buyer": f"buyer:{BUYER}", "seller": "seller", "support": "support", "operator": "operator"}
"""Who goes where: what ``visit`` calls them."""


@dataclass
class Scene:
    """Orders in every stage and state, all of one buyer at one shop."""

    orders: dict[str, Placed] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)
    withdrawal: str = ""
    robot: str = ""
    """A group robot of the demo's first shop, and below another that was tried in vain."""
    tried: str = ""
    endpoint: str = ""
    """A webhook endpoint of the demo's first shop, and below a message that waits there."""
    message: str = ""

    def order(self, name: str) -> str:
        return f"/orders/{self.orders[name].id}"

    def request(self, name: str) -> str:
        return f"{self.order(name)}/requests/{self.requests[name]}"

    def bench(self, name: str) -> str:
        return f"/seller/packing?code={self.orders[name].number}"

    def contradiction(self, name: str) -> str:
        return f"{self.order(name)}/contradictions/{self.cases[name]}"

    def case(self, name: str) -> str:
        return f"/seller/requests/{self.requests[name]}"


def set_scene(marketplace: Marketplace) -> Scene:
    scene = Scene()
    for stage in ("unpaid", "review", "preparing", "packed", "shipped", "delivered"):
        scene.orders[stage] = marketplace.place(stage, buyer=BUYER)
    for name, stage, anyway in (
        ("waiting", "preparing", False),
        ("favour", "packed", True),
        ("approved", "preparing", False),
        ("refused", "preparing", False),
        ("withdrawn", "preparing", False),
        ("stopped", "review", False),
    ):
        scene.orders[name] = marketplace.place(stage, buyer=BUYER)
        scene.requests[name] = marketplace.ask(scene.orders[name], anyway=anyway)
    marketplace.approve(scene.orders["approved"], scene.requests["approved"])
    marketplace.refuse(scene.orders["refused"], scene.requests["refused"])
    marketplace.withdraw(scene.orders["withdrawn"], scene.requests["withdrawn"])
    for name in ("unpack", "left"):
        scene.orders[name] = marketplace.place("packed", buyer=BUYER)
        marketplace.stop(scene.orders[name])
    scene.cases["left"] = marketplace.leave(scene.orders["left"])
    scene.orders["offered"] = marketplace.place("preparing", buyer=BUYER)
    scene.requests["offered"] = marketplace.ask(scene.orders["offered"])
    marketplace.offer(scene.orders["offered"], scene.requests["offered"])
    scene.orders["leaving"] = marketplace.place("packed", buyer=BUYER)
    marketplace.lease(scene.orders["leaving"])
    scene.orders["dear"] = marketplace.place("delivered", buyer=BUYER, units=40)
    marketplace.propose(scene.orders["dear"])
    for name in ("talked", "called"):
        scene.orders[name] = marketplace.place("preparing", buyer=BUYER)
        marketplace.talk(scene.orders[name])
    marketplace.call_platform(scene.orders["called"])
    scene.orders["noted"] = marketplace.place("preparing", buyer=BUYER)
    marketplace.note(scene.orders["noted"])
    for name, stage in (("contract", "delivered"), ("left contract", "preparing")):
        scene.orders[name] = marketplace.place(stage, buyer=BUYER, country="DE")
    scene.withdrawal = marketplace.withdraw_from(scene.orders["left contract"])
    scene.endpoint, scene.message = marketplace.hears()
    scene.robot, scene.tried = marketplace.robots()
    return scene


@dataclass(frozen=True)
class Place:
    """``path``: its address; ``then``: what brings the page into this state; ``status``: of the last answer."""

    name: str
    path: str
    then: Callable[[Page], None] = lambda _page: None
    status: int = 200


def _send_empty(form: str) -> Callable[[Page], None]:
    """Send a form as a browser without its own checks would."""

    def send(page: Page) -> None:
        page.locator(form).evaluate("form => { form.noValidate = true }")
        with page.expect_navigation():
            # A button may stand beside its form.
            page.locator(f":is({form}, main) :is({form} *, [form]):is(button.primary, button.danger)").last.click()

    return send


def _say_nothing(page: Page) -> None:
    """Send a message without words; it goes from the page itself, which stays."""
    page.locator("#say").evaluate("form => { form.noValidate = true }")
    with page.expect_response(lambda answer: answer.status == 422):
        page.locator(":is(#say, main) :is(#say *, [form]):is(button.primary, button.danger)").last.click()
    expect(page.locator("[aria-busy]")).to_have_count(0)


def _send_unnamed(page: Page) -> None:
    page.locator("#name").fill("")
    _send_empty("#declare")(page)


def _note_the_address(page: Page) -> None:
    page.locator("#note").fill("Please change the address.")
    with page.expect_navigation():
        page.locator("#note-form button").click()


def _send_nothing_offered(page: Page) -> None:
    page.locator(".offer summary").click()
    page.locator("#offering").evaluate("form => { form.noValidate = true }")
    with page.expect_navigation():
        page.locator("#offering button").last.click()


def _choose(name: str, number: int = 2) -> Callable[[Page], None]:
    def choose(page: Page) -> None:
        for box in page.locator("tr[data-row] input[type=checkbox]").all()[-number:]:
            box.check()
        with page.expect_navigation():
            page.locator(f"[form=bulk][value={name}]").click()

    return choose


def _press(selector: str) -> Callable[[Page], None]:
    return lambda page: page.locator(selector).first.click()


def _open_conversation(page: Page) -> None:
    with page.expect_navigation():
        page.locator(".inbox a").first.click()


def _open_transcript(page: Page) -> None:
    _open_conversation(page)
    with page.expect_navigation():
        page.locator("a[href$='/transcript']").click()


def places(role: str, scene: Scene, program: Program) -> list[Place]:
    """All places of ``nobody`` or of one of the demo's people."""
    found = {"nobody": _nobody, "buyer": _buyer, "seller": _seller, "support": _support, "operator": _operator}
    return found[role](scene, program)


def _sign_in_wrongly(page: Page) -> None:
    page.locator("#email").fill("nobody@harbour.example")
    page.locator("#password").fill("nothing of ours")
    with page.expect_navigation():
        page.locator("main form.stack button").click()


def _type_wrong_code(page: Page) -> None:
    page.locator("#code").fill("000000")
    with page.expect_navigation():
        page.locator("main form.stack button").click()


def _ask_before_going_on(page: Page) -> None:
    # By its address and from nowhere, as out of a mail.
    page.goto(page.locator(".rescind-button").first.get_attribute("href"))


def _make_program(page: Page) -> None:
    """Make a key that acts under a mandate alone, and go where it is given one."""
    page.locator("#make #name").fill("night-desk")
    page.locator("label[for=mandated]").click()
    with page.expect_navigation():
        page.locator("#make button.primary").click()
    with page.expect_navigation():
        page.locator("a[href='/operator/mandates']").first.click()


def _invitation(program: Program) -> str:
    return program.invite("support", "Kit Marlow", "kit@harbour.example").removeprefix(program.address)


def _nobody(_scene: Scene, program: Program) -> list[Place]:
    return [
        Place("start", "/"),
        Place("sign in", program.links["buyer"].removeprefix(program.address)),
        Place("sign in with an account", "/sign-in"),
        Place("sign in and fail", "/sign-in", _sign_in_wrongly, 422),
        Place("code of the app", "/sign-in/code"),
        Place("forgotten password", "/sign-in/forgotten"),
        Place("invitation", _invitation(program)),
        Place("used link", "/sign-in/rso_" + "x" * 43, status=401),
        Place("find an order", "/find-order"),
        Place("code of a guest", "/find-order/code"),
        Place("wrong code of a guest", "/find-order/code", _type_wrong_code, 422),
        Place("link that was altered", "/enter?buyer=ann&to=orders", status=403),
        Place("handed over", "/demo/market", _ask_before_going_on),
        Place("the marketplace's own page", "/demo/market"),
        Place("signed out", "/orders", status=401),
        Place("help", "/help"),
        Place("policy", "/policy"),
        Place("rule explained", "/rules/ASK-1"),
        Place("source explained", "/rules/R-040"),
        Place("law explained", "/rules/LAW-EU-1"),
        Place("nothing here", "/no/such/page", status=404),
        Place("pieces", "/design"),
    ]


def _buyer(scene: Scene, _program: Program) -> list[Place]:
    of = scene.order
    return [
        Place("list", "/orders"),
        Place("messages on this device", "/push"),
        Place("notices", "/notices"),
        Place("how people are told", "/notices/preferences"),
        Place("notices that are new", "/notices?tab=unread"),
        Place("inbox", "/messages"),
        Place("inbox without what is looked for", "/messages?q=nothing+like+this"),
        Place("conversation", "/messages", _open_conversation),
        Place("conversation for paper", "/messages", _open_transcript),
        Place("order that is talked about", of("talked")),
        Place("nothing to say", of("talked"), _say_nothing, 422),
        Place("question", f"/shops/shp_{scene.orders['unpaid'].id[4:12]}/ask?product=Mug"),
        Place("calling the platform", of("talked") + "/platform"),
        Place("calling without a reason", of("talked") + "/platform", _send_empty("#platform"), 422),
        Place("order with a call", of("called")),
        Place("order with a note", of("noted")),
        Place("note about the address", of("noted"), _note_the_address),
        Place("what was said elsewhere", of("noted") + "/contact-notes"),
        Place("empty search", "/orders?q=nothing+like+this"),
        Place("list of the cancelled", "/orders?tab=cancelled"),
        *(
            Place(f"order {name}", of(name))
            for name in ("unpaid", "review", "preparing", "packed", "shipped", "delivered")
        ),
        *(
            Place(f"order {name}", of(name))
            for name in ("waiting", "approved", "refused", "stopped", "left", "leaving")
        ),
        Place("rule opened", of("preparing"), _press("#rule summary")),
        Place("cancel at once", of("review") + "/cancel"),
        Place("cancel by asking", of("preparing") + "/cancel"),
        Place("cancel as a favour", of("packed") + "/cancel?anyway=1"),
        Place("cancel impossible", of("shipped") + "/cancel"),
        Place("cancel without a reason", of("preparing") + "/cancel", _send_empty("#cancel"), 422),
        *(
            Place(f"request {name}", scene.request(name))
            for name in ("waiting", "approved", "refused", "withdrawn", "offered")
        ),
        Place("withdraw", scene.request("waiting") + "/withdraw"),
        Place("receipt", scene.request("approved") + "/receipt"),
        Place("return", of("delivered") + "/return"),
        Place("receipt of payment", "/documents" + of("shipped").replace("/orders", "/of") + "/receipt"),
        Place("order with a right of withdrawal", of("contract")),
        Place("withdrawal", of("contract") + "/withdrawal"),
        Place("withdrawal without a name", of("contract") + "/withdrawal", _send_unnamed, 422),
        Place("acknowledgement", f"{of('left contract')}/withdrawals/{scene.withdrawal}"),
        Place("policy of a shop", f"/policy?shop=shp_{scene.orders['unpaid'].id[4:12]}"),
        Place("shop", f"/shops/shp_{scene.orders['unpaid'].id[4:12]}"),
        Place("help", "/help"),
        Place("nothing here", "/orders/ord_00000000000000000000ab", status=404),
    ]


def _seller(scene: Scene, _program: Program) -> list[Place]:
    def of(name: str) -> str:
        return "/seller" + scene.order(name)

    waiting = scene.requests["waiting"]
    return [
        Place("board", "/seller/orders"),
        Place("notices", "/seller/notices"),
        Place("how people are told", "/seller/notices/preferences"),
        Place("no address", "/seller/notices/preferences", _send_empty("#new-address"), 422),
        Place("inbox", "/seller/messages"),
        Place("conversation", "/seller/messages", _open_conversation),
        Place("order that is talked about", of("talked")),
        Place("order with a call", of("called")),
        Place("empty search", "/seller/orders?q=nothing+like+this"),
        Place("sheet to ship", f"/seller/orders?q={scene.orders['packed'].number}", _press("[popovertarget^=ship-]")),
        Place("board with filters", "/seller/orders?placed=7d", _press("details.more summary")),
        Place("board with a filter that is wrong", "/seller/orders?least=much&currency=EUR"),
        Place("columns of the board", "/seller/orders", _press("[popovertarget=columns-sheet]")),
        Place("view of the board to keep", "/seller/orders", _press("[popovertarget=keep-sheet]")),
        Place("export of the board", "/seller/orders", _press("[popovertarget=file-sheet]")),
        Place("saved views", "/seller/views"),
        Place("queue", "/seller/requests"),
        Place("queue ticked", "/seller/requests", _press("tr[data-row] input[type=checkbox]")),
        Place("queue opened", f"/seller/requests?open={waiting}&act=approve"),
        Place("queue empty", "/seller/requests?q=nothing+like+this"),
        *(Place(f"queue {tab}", f"/seller/requests?tab={tab}") for tab in ("with_platform", "second_person", "all")),
        Place("approve many", "/seller/requests", _choose("approve")),
        Place("refuse many", "/seller/requests", _choose("refuse")),
        Place("request waiting", scene.case("waiting")),
        Place("request refused", scene.case("refused")),
        Place("request with an offer", scene.case("offered"), _press(".offer summary")),
        Place("offer of nothing", scene.case("waiting"), _send_nothing_offered, 422),
        Place("refuse without a reason", scene.case("waiting"), _send_empty("form[action$='/refuse']"), 422),
        *(
            Place(f"order {name}", of(name))
            for name in ("review", "preparing", "packed", "shipped", "waiting", "stopped", "dear")
        ),
        Place("cancel", of("preparing") + "/cancel"),
        Place("cancel without a reason", of("preparing") + "/cancel", _send_empty("main form"), 422),
        Place("settings", "/seller/settings"),
        Place("automatic approval", "/seller/rules"),
        Place("how buyers reach the shop", "/seller/contact"),
        Place("people of the shop", "/seller/people"),
        Place("quick replies", "/seller/replies", _press("details.card summary")),
        Place("order with a note", of("noted"), _press("[data-replies] summary")),
        Place("orders by file", "/seller/imports"),
        Place("webhooks", "/seller/webhooks"),
        Place("webhook without an address", "/seller/webhooks", _send_empty("#add form"), 422),
        Place("webhook endpoint", f"/seller/webhooks/{scene.endpoint}"),
        Place("webhook endpoint to remove", f"/seller/webhooks/{scene.endpoint}", _press("#end summary >> nth=-1")),
        Place("webhook messages of no kind", f"/seller/webhooks/{scene.endpoint}?state=delivered"),
        Place("webhook message", f"/seller/webhooks/{scene.endpoint}/{scene.message}"),
        Place("messages on this device", "/push"),
        Place("group robots", "/seller/robots"),
        Place("group robot without an address", "/seller/robots", _send_empty("#add form"), 422),
        Place("group robot", f"/seller/robots/{scene.robot}"),
        Place("group robot to remove", f"/seller/robots/{scene.robot}", _press("#end summary >> nth=-1")),
        Place("programs", "/seller/programs"),
        Place("group robot that was tried", f"/seller/robots/{scene.tried}"),
        Place("bench", "/seller/packing"),
        Place("refunds", "/seller/refunds?state=failed"),
        *(
            Place(f"bench {name}", scene.bench(name))
            for name in (
                "preparing",
                "packed",
                "noted",
                "waiting",
                "unpack",
                "unpaid",
                "review",
                "shipped",
                "leaving",
                "left",
            )
        ),
        Place("bench of an unknown number", "/seller/packing?code=nothing"),
        Place("contradiction", "/seller" + scene.contradiction("left")),
        Place(
            "contradiction without an outcome", "/seller" + scene.contradiction("left"), _send_empty("#resolve"), 422
        ),
        Place("nothing here", "/seller/orders/ord_00000000000000000000ab", status=404),
    ]


def _support(scene: Scene, _program: Program) -> list[Place]:
    def of(name: str) -> str:
        return "/support" + scene.order(name)

    return [
        Place("cases", "/support"),
        Place("notices", "/support/notices"),
        Place("how people are told", "/support/notices/preferences"),
        Place("inbox", "/support/messages"),
        Place("inbox of what to look at", "/support/messages?tab=flagged"),
        Place("all orders", "/support/orders?stage=packed"),
        Place("all requests and cases", "/support/requests"),
        Place("shops", "/support/shops"),
        Place("saved views", "/support/views"),
        Place("conversation", "/support/messages?tab=flagged", _open_conversation),
        Place("order with a call", of("called")),
        Place("nothing said to nobody", of("talked"), _say_nothing, 422),
        Place("calendar", "/support/calendars?calendar=TH&year=2026"),
        Place("found", "/support?q=" + "+".join(one.number for one in scene.orders.values())),
        Place("empty search", "/support?q=nothing+like+this"),
        *(Place(f"order {name}", of(name)) for name in ("preparing", "shipped", "waiting", "approved", "dear")),
        Place("what waits for a second person", "/support?tab=second_person"),
        Place("contradiction", "/support" + scene.contradiction("left")),
        *(Place(f"refunds {state}", f"/support/refunds?state={state}") for state in ("in_doubt", "failed")),
        *(Place(f"refund orders {state}", f"/support/refund-orders?state={state}") for state in ("open", "all")),
        Place("preview", of("preparing") + "?reason=wrong_address"),
        Place("preview of a no", of("packed") + "?reason=changed_mind"),
        Place(
            "file without consent",
            of("preparing") + "?reason=wrong_address",
            _send_empty("form[action$='/file']"),
            422,
        ),
        Place("nothing here", "/support/orders/ord_00000000000000000000ab", status=404),
    ]


def _break(page: Page) -> None:
    """Send the text of a policy with a word that nobody knows."""
    text = page.locator("#text")
    text.fill(text.input_value().replace("stage = 'cancelled'", "stadge = 'cancelled'", 1))
    with page.expect_navigation():
        page.locator("form.edit button.primary").click()


def _add_nothing(page: Page) -> None:
    page.locator("#value-answer_span summary").click()
    with page.expect_navigation():
        page.locator("#value-answer_span form").evaluate("form => form.submit()")


def _operator(scene: Scene, _program: Program) -> list[Place]:
    return [
        Place("policies", "/operator"),
        Place("policy in words", "/operator/policies/base"),
        Place("value to add", "/operator/policies/base", _press("#value-answer_span summary")),
        Place("value without a day", "/operator/policies/base", _add_nothing, 422),
        Place("law in words", "/operator/policies/law-eu-withdrawal"),
        Place("policy as text", "/operator/policies/base/text"),
        Place("text to edit", "/operator/policies/base/edit"),
        Place("text with a mistake", "/operator/policies/base/edit", _break, 422),
        Place("history", "/operator/policies/base/versions"),
        Place("comparison", "/operator/policies/base/compare"),
        Place("draft of one's own", "/operator/drafts/2"),
        Place("draft in words", "/operator/drafts/2/words"),
        Place("shop rule in force", "/operator/drafts/1"),
        Place("set-up", "/operator/set-up"),
        Place("people", "/operator/people"),
        Place("invited without an address", "/operator/people", _send_empty("#invite form"), 422),
        Place("account of who came by a link", "/account"),
        Place("sessions", "/account/sessions"),
        Place("keys", "/operator/keys"),
        Place("shops", "/operator/shops"),
        Place("mandates", "/operator/mandates"),
        Place("mandate to give", "/operator/keys", _make_program),
        Place("lists taken away", "/operator/exports"),
        Place("installation", "/operator/installation"),
        Place("books", "/operator/books"),
        Place("reconciliation", "/operator/books/1"),
        Place("difference to explain", "/operator/books/1", _press("td details summary")),
        Place("providers", "/operator/providers"),
        Place("PayPal to connect", "/operator/providers?kind=paypal"),
        Place("orders by file", "/operator/imports"),
        Place("orders by file without one", "/operator/imports", _send_empty("#put-in form"), 422),
        Place("webhooks", "/operator/webhooks"),
        Place("order sources", "/operator/sources"),
        Place("shop system to add", "/operator/sources?kind=woocommerce"),
        Place("source", "/operator/sources/lantern_shop"),
        Place("message not understood", "/operator/sources/lantern_shop/demo-3"),
        Place("webhook endpoint", f"/operator/webhooks/{scene.endpoint}"),
        Place("mail", "/operator/mail"),
        Place("mail server without a name", "/operator/mail", _send_empty("#set-up form"), 422),
        Place("cases", "/support"),
        Place("no such draft", "/operator/drafts/999", status=404),
    ]
