"""What stands around every answer: all roles, pages, forms, files, errors, redirects, the API and the event stream."""

import http.client
import re
from collections import deque
from urllib.parse import urljoin, urlsplit

import pytest

from web.browser.places import PEOPLE, places

pytestmark = pytest.mark.xdist_group("browser")

LINK = re.compile(r'(?:href|src|action|data-events)="([^"#]*)')
OURS = re.compile(r"(ord|can|shp|ref)_[0-9a-z]{8,}|rs[lo]_[\w-]+|[0-9a-f]{12,}")
EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
ANY_POLICY = ("default-src 'none'", "frame-ancestors 'none'")
PAGE_POLICY = (
    *ANY_POLICY,
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "object-src 'none'",
    "require-trusted-types-for 'script'",
)
PUBLISHED = ("/docs/", "/openapi.json", "/problems/", "/v1/policies/")
MOST = 150


class Caller:
    """Speaks HTTP by hand: nothing follows a redirect, nothing hides a header."""

    def __init__(self, program, cookies) -> None:
        self.address = urlsplit(program.address)
        self.cookies = "; ".join(f"{one['name']}={one['value']}" for one in cookies)

    def ask(self, path, method="GET", body=None, **headers):
        line = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=20)
        sent = {"Sec-Fetch-Site": "same-origin", "Cookie": self.cookies, **headers}
        line.request(method, path, body, {name: value for name, value in sent.items() if value})
        answer = line.getresponse()
        kind = answer.getheader("content-type") or ""
        text = "" if "event-stream" in kind else answer.read().decode("utf-8", "replace")
        line.close()
        return answer, text


def faults(path, answer):
    """What is wrong with the headers of one answer."""
    headers = {name.lower(): value for name, value in answer.getheaders()}
    kind = headers.get("content-type", "")
    found = [f"{name}: {headers.get(name)}" for name, value in EVERYWHERE.items() if headers.get(name) != value]
    is_ours = kind.startswith("text/html") and not path.startswith(PUBLISHED)
    found += _policy(headers.get("content-security-policy", ""), PAGE_POLICY if is_ours else ANY_POLICY)
    is_page = kind.startswith("text/html")
    if is_page and headers.get("cross-origin-opener-policy") != "same-origin":
        found.append("a page that others may hold on to")
    if is_page and "camera=()" not in headers.get("permissions-policy", ""):
        found.append("no permissions policy")
    if kind.startswith("text/") and kind.count("charset=utf-8") != 1:
        found.append(f"content-type: {kind}")
    if "server" in headers or "x-powered-by" in headers:
        found.append("tells what it runs on")
    for cookie in answer.headers.get_all("set-cookie", []):
        parts = {part.strip().lower() for part in cookie.split(";")[1:]}
        strict = parts & {"samesite=lax", "samesite=strict"}
        if not strict or not {"httponly", "path=/"} <= parts or any(part.startswith("domain") for part in parts):
            found.append(f"a loose cookie: {cookie.partition('=')[0]} {parts}")
    return [f"{answer.status} {path}: {one}" for one in found]


def _policy(policy, wanted):
    parts = policy.split("; ")
    holes = [loose for loose in ("unsafe-inline", "unsafe-eval", "http:", "https:", "*") if loose in policy]
    missing = [part for part in wanted if part not in parts]
    return [f"a policy with {hole}" for hole in holes] + [f"a policy without {part}" for part in missing]


def _kept(path, status, kept):
    """What may be kept, by whom: files with their print in the address for ever, published texts, nothing else."""
    if path.startswith("/static/") and status in {200, 304}:
        return [] if ("immutable" in kept) == ("?v=" in path) and kept else [f"a file with cache-control: {kept}"]
    if path.startswith(PUBLISHED):
        return []
    return [] if kept == "no-store" else [f"cache-control: {kept}"]


def signed_in(visit, role):
    if PEOPLE[role]:
        visit(PEOPLE[role], path="/")
    return visit.cookies_of(PEOPLE[role])


@pytest.mark.parametrize("role", PEOPLE)
def test_every_answer_carries_the_safe_headers(visit, program, scene, role):
    caller = Caller(program, signed_in(visit, role))
    start = [place.path for place in places(role, scene, program)]
    start += ["/", "/static/no-such-file", "/live", "/sign-in", "/?lang=zh", "/docs/api", "/openapi.json", "/healthz"]
    start += ["/v1/orders", "/v1/nothing", "/problems/not-found"]
    waiting, seen, found = deque(start), set(), []
    while waiting and len(seen) < MOST:
        path = waiting.popleft()
        # One page of each kind: ids and searches do not make another.
        kind = OURS.sub("…", re.sub(r"=[^&]*", "=…", path))
        if kind in seen:
            continue
        seen.add(kind)
        answer, text = caller.ask(path)
        found += faults(path, answer)
        if "text/html" in (answer.getheader("content-type") or ""):
            links = (urljoin(path, link.replace("&amp;", "&")) for link in LINK.findall(text))
            waiting.extend(link for link in links if link.startswith("/"))
    assert len(seen) > 25
    assert not found, "\n".join(found)


@pytest.mark.parametrize("role", ["buyer", "seller", "support"])
def test_a_form_of_another_site_changes_nothing(visit, program, scene, role):
    caller = Caller(program, signed_in(visit, role))
    path = {
        "buyer": scene.request("waiting") + "/withdraw",
        "seller": scene.case("waiting") + "/approve",
        "support": f"/support{scene.order('waiting')}/withdraw",
    }[role]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "", "Origin": "https://elsewhere.example"},
        {"Sec-Fetch-Site": ""},
        {},  # our own page, but without its token
    ):
        answer, _ = caller.ask(path, "POST", "agreed=1&way=phone", **form, **headers)
        assert answer.status == 403, headers
        assert faults(path, answer) == []
    answer, text = Caller(program, signed_in(visit, "buyer")).ask(scene.request("waiting"))
    assert answer.status == 200
    assert f"{scene.request('waiting')}/withdraw" in text


def test_a_file_that_has_not_changed_is_not_sent_again(program):
    caller = Caller(program, [])
    _, text = caller.ask("/")
    path = next(link for link in LINK.findall(text) if "rescind.css?v=" in link)
    answer, _ = caller.ask(path)
    again, body = caller.ask(path, **{"If-None-Match": answer.getheader("etag")})
    assert (again.status, body) == (304, "")
    assert faults(path, again) == []


def test_signing_out_leaves_nothing_behind(visit, program):
    page = visit("buyer:leaves", path="/orders")
    with page.expect_response(lambda answer: answer.url.endswith("/sign-out")) as sent:
        page.locator("form.who button").click()
    headers = sent.value.all_headers()
    assert {'"cache"', '"storage"'} <= set(headers["clear-site-data"].split(", "))
    assert "max-age=0" in headers["set-cookie"].lower()
    with visit.watch.refusal(401):
        assert page.goto("/orders").status == 401
    answer, _ = Caller(program, visit.cookies_of("buyer:leaves")).ask("/orders")
    assert answer.status == 401
