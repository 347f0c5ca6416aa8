"""A push service on a real HTTP server, and browsers that subscribe there: what comes is decrypted, or refused.

Strict as RFC 8030, 8291 and 8292 are: who speaks is checked by the token's signature, audience and end, against the key
that the browser subscribed with; a body that does not open with the browser's own keys counts as broken.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

DAY_S = 24 * 3600


def plain64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def text64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def expand(secret, salt, info, length):
    """HKDF with SHA-256 of one block, written out."""
    key = hmac.new(salt, secret, hashlib.sha256).digest()
    return hmac.new(key, info + b"\x01", hashlib.sha256).digest()[:length]


class Browser:
    """One that subscribed. shown: the messages that it could read. answers: statuses to give instead of 201."""

    def __init__(self, service, server_key):
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.auth = secrets.token_bytes(16)
        self.server_key = server_key
        self.name = secrets.token_urlsafe(24)
        self.endpoint = f"{service.url}/push/{self.name}"
        self.shown, self.headers, self.answers = [], [], []

    @property
    def fields(self):
        """What its page's script would put into the form."""
        return {"endpoint": self.endpoint, "point": text64(self.point), "auth": text64(self.auth)}

    def read(self, body):
        """Decrypt one record, by RFC 8188 and 8291."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        theirs, cipher = body[21 : 21 + length], body[21 + length :]
        assert size >= len(cipher), "one record"
        shared = self.private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
        secret = expand(shared, self.auth, b"WebPush: info\x00" + self.point + theirs, 32)
        key = expand(secret, salt, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = expand(secret, salt, b"Content-Encoding: nonce\x00", 12)
        padded = AESGCM(key).decrypt(nonce, cipher, None)
        text, mark, rest = padded.rpartition(b"\x02")
        assert (mark, rest.strip(b"\x00")) == (b"\x02", b""), "the last record, and nothing behind it"
        return json.loads(text)


class Service:
    """The server. refused: why it took nothing, one line a message."""

    def __init__(self):
        self._browsers = {}
        self.refused = []

    async def __aenter__(self):
        app = web.Application()
        app.router.add_post("/push/{name}", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_):
        await self._runner.cleanup()

    def browser(self, server_key):
        """One that subscribed with this key of a site."""
        browser = Browser(self, server_key)
        self._browsers[browser.name] = browser
        return browser

    async def _take(self, request):
        browser = self._browsers.get(request.match_info["name"])
        if browser is None:
            return web.Response(status=404)
        if browser.answers:
            status = browser.answers.pop(0)
            return web.Response(status=status, headers={"Retry-After": "120"} if status == 429 else {})
        body = await request.read()
        try:
            self._check(browser, request)
        except AssertionError as why:
            self.refused.append(str(why))
            return web.Response(status=403 if "token" in str(why) else 400, text=str(why))
        if len(body) > 4096:
            return web.Response(status=413)
        browser.headers.append(dict(request.headers))
        browser.shown.append(browser.read(body))
        return web.Response(status=201, headers={"Location": f"{self.url}/message/{secrets.token_hex(8)}"})

    def _check(self, browser, request):
        assert request.headers.get("TTL", "").isdigit(), "a time to live"
        assert request.headers.get("Content-Encoding") == "aes128gcm", "encrypted"
        assert request.headers.get("Urgency", "normal") in {"very-low", "low", "normal", "high"}, "an urgency"
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        assert scheme == "vapid", "a token"
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        assert parts["k"] == browser.server_key, "a token of the site that the browser subscribed to"
        head, claims, signature = parts["t"].split(".")
        assert json.loads(plain64(head)) == {"typ": "JWT", "alg": "ES256"}, "a token of that form"
        told = json.loads(plain64(claims))
        assert told["aud"] == self.url, "a token for this service"
        assert 0 < told["exp"] - time.time() <= DAY_S, "a token that ends within a day"
        assert told["sub"].startswith(("https:", "mailto:")), "a token that says whom to write to"
        raw = plain64(signature)
        assert len(raw) == 64, "a token with a plain signature"
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), plain64(parts["k"]))
        numbers = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
        try:
            public.verify(encode_dss_signature(*numbers), f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
        except InvalidSignature:
            raise AssertionError("a token that was signed with its key") from None
