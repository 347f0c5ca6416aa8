"""The payment provider of the tests and benches, as a process of its own.

    python -m provider [PORT]        with the tests folder on PYTHONPATH

Says ``ready PORT`` when it listens, and ends when its standard input does: whoever started it is gone then.
"""

import asyncio
import gc
import os
import signal
import sys
import traceback

from provider.control import Control
from provider.fake import Fake
from provider.paypal_form import PayPalForm
from provider.serving import Answer, Request, json, listen
from provider.stripe_form import StripeForm
from provider.webhooks import Webhooks, certificates

PAYPAL = {"oauth2", "customer", "reporting", "notifications"}


class House:
    """Sends each request to the face it belongs to."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.fake = Fake(loop)
        self.webhooks = Webhooks(self.fake)
        self._stripe = StripeForm(self.fake)
        self._paypal = PayPalForm(self.fake, self.webhooks.verify_paypal, certificates)
        self._control = Control(self.fake, self.webhooks)

    def opens(self, port: int) -> None:
        self.webhooks.base = f"http://127.0.0.1:{port}"
        self._paypal.opens(self.webhooks.base)

    def handle(self, request: Request) -> Answer:
        path = request.path
        try:
            if path.startswith("/_"):
                return self._control.handle(request)
            self.fake.requests += 1
            if path.startswith("/v2/") or (path.startswith("/v1/") and path.split("/")[2] in PAYPAL):
                return self._paypal.handle(request)
            return self._stripe.handle(request)
        except UnicodeDecodeError:
            return json(400, {"error": {"type": "invalid_request_error", "message": "The request is not UTF-8."}})
        except Exception:  # noqa: BLE001  counted, so that no test passes on it
            traceback.print_exc()
            self.fake.broken += 1
            return json(500, {"error": {"type": "fake_broke", "message": traceback.format_exc()}})


async def main(port: int) -> None:
    loop, ends = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ends.set)
    loop.add_reader(sys.stdin.fileno(), lambda: os.read(sys.stdin.fileno(), 4096) or ends.set())
    house = House(loop)
    server = await listen(house.handle, port)
    port = server.sockets[0].getsockname()[1]
    house.opens(port)
    print(f"ready {port}", flush=True)  # noqa: T201
    await ends.wait()
    server.close()
    await house.webhooks.close()


if __name__ == "__main__":
    # Nothing here dies young but what reference counting finds; walking the books again and again costs a tenth.
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    try:
        import uvloop
    except ImportError:
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
    else:
        uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
