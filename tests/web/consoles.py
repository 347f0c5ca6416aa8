"""Somebody at a console: reads pages as text, fills in the forms they find there, and sends them as a browser would."""

import html
import re
from html.parser import HTMLParser
from urllib.parse import urlencode

import httpx

ORIGIN = "http://desk.test"


class _Forms(HTMLParser):
    """Every form of a page: its address, and the fields it sends when nothing is typed. ``form=`` is honoured."""

    def __init__(self):
        super().__init__()
        self.forms, self._ids, self._stack, self._later = [], {}, [], []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            form = {
                "action": given.get("action", ""),
                "method": given.get("method", "get"),
                "fields": [],
                "buttons": [],
            }
            self.forms.append(form)
            self._stack.append(form)
            if "id" in given:
                self._ids[given["id"]] = form
        if tag in {"input", "textarea", "select", "button"} and given.get("name"):
            self._later.append((given.get("form"), self._stack[-1] if self._stack else None, tag, given))

    def handle_endtag(self, tag):
        if tag == "form":
            self._stack.pop()

    def close(self):
        super().close()
        for elsewhere, inside, tag, given in self._later:
            form = self._ids.get(elsewhere, inside)
            if form is None:
                continue
            if tag == "button":
                form["buttons"].append((given["name"], given.get("value", "")))
            elif given.get("type") not in {"radio", "checkbox"} or "checked" in given:
                form["fields"].append((given["name"], given.get("value") or ""))


class Page:
    """An answer as somebody reads it."""

    def __init__(self, response):
        self.status, self.raw = response.status_code, response.text
        self.to = response.headers.get("location", "")
        words = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.text)).split())
        # A link ends before the comma that follows it.
        self.text = re.sub(r"(?<=-\d\d) (?=,)|(?<=-\d\d\d) (?=,)", "", words)
        parser = _Forms()
        parser.feed(response.text)
        parser.close()
        self.forms = parser.forms

    def form(self, action):
        """The form with this address; exactly one."""
        found = [one for one in self.forms if one["action"] == action]
        # A search and what adds to the list go to one address: what changes something is meant.
        (found,) = [one for one in found if one["method"] == "post"] if len(found) > 1 else found
        return found

    def has_form(self, action):
        return any(form["action"] == action for form in self.forms)


class Person:
    """One browser, signed in."""

    def __init__(self, app, language="en"):
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url=ORIGIN, headers={"accept-language": language}
        )

    async def sign_in(self, desk, role, who, **more):
        link = await desk.access.issue_link(role, who, name=who.title(), **more)
        await self.client.post(link.removeprefix(ORIGIN), headers={"origin": ORIGIN})
        return self

    async def see(self, path):
        return Page(await self.client.get(path))

    async def press(self, page, action, **typed):
        """Fill in a form of the page and send it; a list sends one name several times."""
        form = page.form(action)
        pairs = [(name, value) for name, value in form["fields"] if name not in typed]
        for name, value in typed.items():
            pairs += [(name, one) for one in (value if isinstance(value, list) else [value])]
        return await self.send(action, pairs)

    async def send(self, path, pairs):
        response = await self.client.post(
            path,
            content=urlencode(pairs),
            headers={"origin": ORIGIN, "content-type": "application/x-www-form-urlencoded"},
        )
        return Page(response)
