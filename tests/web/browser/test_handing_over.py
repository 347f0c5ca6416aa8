"""The marketplace's own site on another port: a fragment in its page, the way to the desk, and the way back."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlencode

import pytest

from web.browser.conftest import LOCALES, in_turn

STATIC = Path(__file__).parents[3] / "src" / "rescind" / "web" / "static"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>The Market</title>
<link rel="icon" href="data:,"><meta name="referrer" content="no-referrer">
<meta name="htmx-config" content='{{"mode": "cors", "prefix": "hx-"}}'><script src="/htmx.js" defer></script></head>
<body><h1>My order</h1><div id="desk" hx-get="{fragment}" hx-trigger="load">Loading</div>
<iframe src="{framed}" title="framed"></iframe></body></html>"""


@pytest.fixture
def site(program, marketplace):
    """The marketplace's server, which shows one page; ``site(fragment, framed)`` gives its address."""
    shown = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            script = self.path == "/htmx.js"
            if script:
                body = (STATIC / "htmx.min.js").read_bytes()
            elif self.path.startswith("/embed/"):
                body = marketplace.fragment(self.path)
            else:
                body = PAGE.format(**shown).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if script else "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    address = program.site.getsockname()
    server = HTTPServer(address, Handler, bind_and_activate=False)
    server.socket.close()
    server.socket = program.site.dup()
    server.server_address = address
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()

    def opened(fragment, framed):
        shown.update(fragment=fragment, framed=framed)
        return f"http://127.0.0.1:{address[1]}/orders/7"

    yield opened
    server.shutdown()


@pytest.mark.parametrize("lang", in_turn("zh"))
def test_a_buyer_sees_the_fragment_follows_its_button_cancels_and_comes_back(browser, program, marketplace, site, lang):
    order = marketplace.place()
    home = site("", "")
    # The site's own server asks for the fragment, with a key that may make links, and puts it into its page.
    asked = urlencode({"language": lang, "return": home})
    site(f"/embed/orders/{order.id}?{asked}", f"{program.address}/find-order")
    context = browser.new_context(locale=LOCALES[lang])
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.goto(home)
    button = page.locator("#desk .rescind-button")
    button.wait_for()
    assert page.locator("#desk .rescind-order").get_attribute("lang").startswith(lang)
    framed = next(frame for frame in page.frames if frame.parent_frame)
    assert framed.locator("form").count() == 0, "no page of ours is shown in a frame"
    assert context.cookies() == [], "a fragment signs nobody in"
    # The site says to nobody whence its buyers come; the button says it for itself, so nothing is asked.
    with page.expect_navigation():
        button.click()
    assert page.url == f"{program.address}/orders/{order.id}/cancel"
    page.locator("label[for=reason-changed_mind]").click()
    with page.expect_navigation():
        page.locator("main button.primary").last.click()
    assert "/requests/" in page.url
    with page.expect_navigation():
        page.locator(".site-back a").click()
    assert page.url == home
    button.wait_for()
    asked = {"en": "You asked to cancel", "zh": "您申请取消订单"}[lang]
    assert asked in page.locator("#desk").inner_text()
    context.close()


def test_the_button_of_a_fragment_that_a_browser_fetched_leads_to_the_page_for_guests(
    browser, program, marketplace, site
):
    order = marketplace.place()
    wanted = {"buyer": order.buyer, "order": order.id, "to": "fragment", "return_to": site("", "")}
    link = marketplace.send("/v1/links", wanted, ("host", "till"))["url"]
    context = browser.new_context()
    page = context.new_page()
    page.goto(site(link.replace("&", "&amp;"), f"{program.address}/find-order"))
    with page.expect_navigation():
        page.locator("#desk .rescind-button").click()
    assert page.url == f"{program.address}/find-order?number={order.number}"
    assert not [one for one in context.cookies() if "session" in one["name"]], "whoever reads the page has the button"
    context.close()


def test_a_page_of_another_site_cannot_read_a_fragment(browser, program, marketplace):
    order = marketplace.place()
    link = marketplace.send("/v1/links", {"buyer": order.buyer, "order": order.id, "to": "fragment"}, ("host", "till"))
    context = browser.new_context()
    page = context.new_page()
    # Another origin: the same program by another name.
    page.goto(program.address.replace("127.0.0.1", "localhost") + "/static/mark.svg")
    tried = page.evaluate("url => fetch(url).then(answer => answer.text()).catch(fault => fault.name)", link["url"])
    assert tried == "TypeError"
    context.close()
