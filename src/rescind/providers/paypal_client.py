"""PayPal's own client in threads, because it blocks; and what its answers and faults come to.

Its requests go out through a session of ours: an answer is read no longer and no further than an answer can be, no
redirect is followed, and nothing of the machine's environment (netrc, proxies) gets into a request. It reads answers
with a library that takes YAML for JSON and makes Python objects of members named ``py/…``; what is not plain JSON does
not get that far.
"""

from __future__ import annotations

import asyncio
import base64
import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar, cast

import msgspec
import requests
import structlog
from apimatic_core.authentication.multiple.single_auth import Single
from apimatic_core.exceptions.auth_validation_exception import AuthValidationException
from apimatic_core.request_builder import RequestBuilder
from apimatic_core.response_handler import ResponseHandler
from apimatic_core.types.parameter import Parameter
from paypalserversdk.configuration import Configuration, Server
from paypalserversdk.controllers.base_controller import BaseController
from paypalserversdk.exceptions.api_exception import ApiException
from paypalserversdk.http.auth.o_auth_2 import ClientCredentialsAuthCredentials
from paypalserversdk.http.http_method_enum import HttpMethodEnum
from paypalserversdk.paypal_serversdk_client import PaypalServersdkClient
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

log = structlog.get_logger()

# What they leave untyped is Any here.
_Request, _Parameter, _Handler = cast("Any", RequestBuilder), cast("Any", Parameter), cast("Any", ResponseHandler)

THREADS = 32
"""As many calls as a worker makes at once."""
CONNECT_S = 5.0
LARGEST_ANSWER = 4 << 20
SOON_S, AGAIN_S = 30, 3600
_PART = 1 << 16
_SPARE_S = 1.0
_SKEW_S = 60
"""A token is given up this long before it ends, for their clock and ours."""

T = TypeVar("T")


class Unclear(Exception):
    """No answer that says what happened. after_s: when to come again, if they said."""

    def __init__(self, after_s: int = SOON_S) -> None:
        super().__init__(after_s)
        self.after_s = after_s


class Refused(Exception):
    """They said no, and did nothing. issue: their word for why."""

    def __init__(self, status: int, issue: str) -> None:
        super().__init__(status, issue)
        self.status, self.issue = status, issue


class _Detail(msgspec.Struct):
    issue: str = ""


class _Problem(msgspec.Struct):
    name: str = ""
    error: str = ""
    details: list[_Detail] = []


class _Bounded(requests.Session):
    """Reads no more of an answer, and no longer, than an answer can be."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__()
        self.trust_env = False
        self._timeout_s = timeout_s
        for scheme in ("https://", "http://"):
            # A try of theirs would be one that we know nothing of.
            self.mount(scheme, HTTPAdapter(pool_maxsize=THREADS, max_retries=0))

    def send(self, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        ends = time.monotonic() + self._timeout_s
        wait = (min(CONNECT_S, self._timeout_s), self._timeout_s)
        answer = super().send(request, **more | {"stream": True, "allow_redirects": False, "timeout": wait})
        body = bytearray()
        try:
            while part := answer.raw.read1(_PART, decode_content=True):
                body += part
                if len(body) > LARGEST_ANSWER or time.monotonic() > ends:
                    raise requests.ConnectionError
        except HTTPError as broken:
            raise requests.ConnectionError from broken
        finally:
            answer.close()
        answer._content = self.kept(bytes(body))  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - read already
        return answer

    def kept(self, body: bytes) -> bytes:
        """What of an answer is passed on."""
        return body


class PlainJson(_Bounded):
    """Passes on JSON that is nothing but JSON, and nothing in place of anything else."""

    def kept(self, body: bytes) -> bytes:
        """Nothing, unless every reader of JSON would read the same in it."""

        def members(pairs: list[tuple[str, object]]) -> None:
            if any(name.startswith("py/") for name, _ in pairs):
                raise ValueError(pairs)

        try:
            json.loads(body, object_pairs_hook=members)
        except (ValueError, RecursionError):
            return b""
        return body


class _Place(Configuration):
    """Where PayPal answers; theirs knows two places by name."""

    def __init__(self, base: str, **more: Any) -> None:
        self._base = base
        cast("Any", super()).__init__(**more)

    def get_base_uri(self, server: object = Server.DEFAULT) -> str:  # noqa: ARG002 - there is one
        return self._base


class _Reads(BaseController):
    """What can be read there and their client has no call for, or none for a seller's account."""

    def read(self, path: str, query: dict[str, object], merchant: str) -> Any:
        request = _Request().server(Server.DEFAULT).path(path).http_method(HttpMethodEnum.GET)
        for name, value in query.items():
            request = request.query_param(_Parameter().key(name).value(value))
        for name, value in (("PayPal-Auth-Assertion", merchant or None), ("accept", "application/json")):
            request = request.header_param(_Parameter().key(name).value(value))
        call: Any = self.new_api_call_builder
        handler = _Handler().is_api_response(is_api_response=True)
        return call.request(request.auth(Single("Oauth2"))).response(handler).execute()


class Client:
    """One application at PayPal. base: where it answers, without a slash at the end."""

    def __init__(self, client_id: str, secret: str, *, base: str, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._client_id = client_id
        self._places = asyncio.Semaphore(THREADS)
        self._session, self._files = PlainJson(timeout_s), _Bounded(timeout_s)
        self._lock = threading.Lock()
        self._token: Any = None
        self._no_token_at = 0.0
        self._place = _Place(
            base,
            http_client_instance=self._session,
            client_credentials_auth_credentials=ClientCredentialsAuthCredentials(
                client_id, secret, o_auth_token_provider=self._granted, o_auth_clock_skew=_SKEW_S
            ),
        )
        self._sdk: Any = PaypalServersdkClient(config=self._place)

    async def close(self) -> None:
        """Give up the connections. What is under way ends by itself."""
        self._session.close()
        self._files.close()

    def acts_for(self, merchant: str) -> str:
        """The assertion by which a platform acts for one of its sellers: unsigned, because the token vouches for it."""
        claims = {"iss": self._client_id, "payer_id": merchant}
        parts = [base64.urlsafe_b64encode(msgspec.json.encode(one)).rstrip(b"=") for one in ({"alg": "none"}, claims)]
        return b".".join([*parts, b""]).decode()

    async def ask(self, shape: type[T], call: Callable[[Any], Any]) -> T:
        """One request by their client. Raises Refused where they said that nothing was done, Unclear for all else."""
        return self._read(shape, await self._in_thread(lambda: self._asked(call)))

    async def read(self, shape: type[T], path: str, merchant: str = "", **query: object) -> T:
        """One reading request to a path. Raises as ``ask``."""
        return await self.ask(shape, lambda sdk: _Reads(sdk.global_configuration).read(path, query, merchant))

    async def fetch(self, url: str) -> bytes:
        """What anybody may read at an address of theirs. Raises as ``ask``."""

        def got() -> bytes:
            try:
                answer = self._files.get(url)
            except requests.RequestException as away:
                raise Unclear from away
            if answer.status_code == requests.codes.ok:
                return answer.content
            raise Refused(answer.status_code, "") if answer.status_code in {400, 403, 404} else Unclear()

        return await self._in_thread(got)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """The outcome of work that blocks. A thread is never joined, so that one which hangs keeps no process alive."""
        await self._places.acquire()
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[T] = loop.create_future()

        def ended(told: Callable[[], None]) -> None:
            self._places.release()
            if not outcome.done():
                told()

        def run() -> None:
            try:
                found = work()
            except Exception as fault:  # noqa: BLE001 - it is told to whoever waits, whatever it is
                told = partial(outcome.set_exception, fault)
            else:
                told = partial(outcome.set_result, found)
            with suppress(RuntimeError):  # The program has ended meanwhile.
                loop.call_soon_threadsafe(ended, told)

        threading.Thread(target=run, name="paypal", daemon=True).start()
        try:
            # A thread cannot be stopped, and a drop at a time keeps one busy; but nobody has to wait for it.
            async with asyncio.timeout(2 * self._timeout_s + _SPARE_S):
                return await outcome
        except TimeoutError as late:
            raise Unclear from late

    # In a thread.

    def _asked(self, call: Callable[[Any], Any]) -> str:
        try:
            return self._once(call)
        except Refused as refused:
            if (refused.status, refused.issue) != (401, "invalid_token"):
                raise
        # They forgot the token before its time. Without one nothing was done, so it is asked again with a new one.
        self._token = None
        self._sdk = PaypalServersdkClient(config=self._place)
        return self._once(call)

    def _once(self, call: Callable[[Any], Any]) -> str:
        try:
            return call(self._sdk).text or ""
        except ApiException as error:
            raise _meant(error) from error
        except (
            requests.RequestException,
            AuthValidationException,
            OSError,
            ValueError,
            TypeError,
            AttributeError,
            KeyError,
        ) as unclear:
            # The line broke, or the answer is nothing that they would say: their reader stumbles over it.
            log.info("provider.unclear", fault=type(unclear).__name__)
            raise Unclear from unclear

    def _granted(self, _: object, manager: Any) -> Any:
        """The token in use, or a new one. Whoever comes meanwhile waits for that, and for no second try."""
        began = time.monotonic()
        if not self._lock.acquire(timeout=self._timeout_s):
            raise Unclear
        try:
            if self._token is None or manager.is_token_expired(self._token):
                if self._no_token_at > began:
                    raise Unclear
                try:
                    self._token = manager.fetch_token()
                except ApiException:
                    raise
                except Exception:
                    self._no_token_at = time.monotonic()
                    raise
            return self._token
        finally:
            self._lock.release()

    @staticmethod
    def _read(shape: type[T], text: str) -> T:
        try:
            return msgspec.json.decode(text or "null", type=shape)
        except (msgspec.DecodeError, ValueError) as odd:
            raise Unclear from odd


def _meant(error: ApiException) -> Exception:
    """What an answer that is none of 2xx comes to. A 4xx counts only in their own words: it may be a proxy's."""
    said = cast("Any", error)
    status = int(said.response_code)
    if status == requests.codes.too_many_requests:
        after = str(said.response.headers.get("retry-after", ""))
        return Unclear(min(int(after), AGAIN_S) if after.isdecimal() and int(after) else 5)
    if status in {400, 401, 403, 404, 415, 422}:
        try:
            problem = msgspec.json.decode(said.response.text or "", type=_Problem)
        except msgspec.DecodeError:
            problem = _Problem()
        issue = next((one.issue for one in problem.details if one.issue), "") or problem.name or problem.error
        if issue:
            log.info("provider.refused", status=status, issue=issue)
            return Refused(status, issue)
    log.info("provider.unclear", status=status)
    return Unclear()
