"""A small identity provider over real HTTP on loopback: it signs real tokens, and misbehaves where a test says so."""

import base64
import hashlib
import secrets
import time
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import msgspec
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

CLIENT, SECRET = "rescind", "a secret that both know, and nobody else"


class Provider:
    """``async with Provider() as provider``: ``issuer`` is its address. says: members that replace those of a token.

    signs: how a token is made; asked: how often each address was called.
    """

    def __init__(self):
        self.keys = [RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})]
        self.email, self.subject = "kit@harbour.example", "kit-of-harbour"
        self.says, self.asked, self.signs = {}, [], self.signed
        self.discovered = {}
        self._codes = {}

    async def __aenter__(self):
        app = web.Application()
        app.add_routes(
            [
                web.get("/.well-known/openid-configuration", self._discover),
                web.get("/keys", self._keys),
                web.get("/authorize", self._authorize),
                web.post("/token", self._token),
            ]
        )
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.issuer = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_):
        await self._runner.cleanup()

    def turn(self, kid):
        """Sign with another key from now on, and show it alone."""
        self.keys = [ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"})]

    def agree(self, address):
        """What a person does there: the address that a browser is sent back to."""
        query = dict(parse_qsl(urlsplit(address).query))
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe()
        self._codes[code] = query
        return f"{urlsplit(query['redirect_uri']).path}?{urlencode({'code': code, 'state': query['state']})}"

    def signed(self, claims):
        key = self.keys[0]
        return jwt.encode({"alg": key.as_dict()["alg"], "kid": key.kid}, claims, key)

    def unsigned(self, claims):
        """``alg`` none: nobody signed it."""
        parts = ({"alg": "none", "kid": self.keys[0].kid}, claims)
        return ".".join(base64.urlsafe_b64encode(msgspec.json.encode(one)).decode().rstrip("=") for one in parts) + "."

    def signed_with_what_is_public(self, claims):
        """A symmetric signature whose secret everybody knows: the provider's public key."""
        public = self.keys[0].as_pem(private=False)
        return jwt.encode({"alg": "HS256", "kid": self.keys[0].kid}, claims, OctKey.import_key(public.hex()))

    def signed_by_a_stranger(self, claims):
        key = RSAKey.generate_key(2048, {"kid": self.keys[0].kid})
        return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)

    async def _discover(self, _):
        self.asked.append("discovery")
        return web.json_response(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                **self.discovered,
            }
        )

    async def _keys(self, _):
        self.asked.append("keys")
        return web.json_response({"keys": [key.as_dict(private=False) for key in self.keys]})

    async def _authorize(self, request):
        return web.Response(text=str(request.url))

    async def _token(self, request):
        self.asked.append("token")
        form = dict(await request.post())
        right = "Basic " + base64.b64encode(f"{CLIENT}:{quote(SECRET)}".encode()).decode()
        asked = self._codes.pop(form["code"], None)
        made = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        if request.headers.get("authorization") != right or asked is None or asked["code_challenge"] != made:
            return web.json_response({"error": "invalid_grant"}, status=400)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": self.subject,
            "nonce": asked["nonce"],
            "email": self.email,
            "email_verified": True,
            "iat": now,
            "exp": now + 300,
            **self.says,
        }
        return web.json_response({"id_token": self.signs(claims), "token_type": "Bearer", "access_token": "x"})
