"""A server of NATS, a publisher that is called by hand, and whoever reads the stream."""

import json
import os

import pytest

from rescind.jetstream import JetStream, Server
from rescind.postgres.event_streams import EventStream
from rescind.worker.publishing import Publisher
from streams.server import PROGRAM, Nats

if PROGRAM is None and os.environ.get("CI") != "true":
    pytest.skip("no nats-server on this machine: the event stream is not tried", allow_module_level=True)


class Told:
    """What a reader of the stream was given: ``ids`` in the order of the stream, ``bodies`` and ``subjects`` by id."""

    def __init__(self, messages):
        self.ids = [one.headers["Nats-Msg-Id"] for one in messages]
        self.bodies = {one.headers["Nats-Msg-Id"]: json.loads(one.data) for one in messages}
        self.subjects = {one.headers["Nats-Msg-Id"]: one.subject for one in messages}

    def of(self, order):
        """The versions of an order, in the order in which they came first."""
        return [self.bodies[one]["data"]["version"] for one in dict.fromkeys(self.ids) if order[4:] in one]


@pytest.fixture
async def nats(tmp_path):
    server = Nats(tmp_path / "nats")
    await server.start()
    yield server
    await server.kill()


@pytest.fixture
async def publishers(desk, nats):
    """Makes publishers, each a process of its own as far as PostgreSQL knows."""
    made = []

    def make(holder="one", **said):
        events = EventStream(desk.pool, desk.clock, holder)
        made.append(Publisher(events, JetStream(Server((nats.url,), **said))))
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest.fixture
async def publisher(publishers):
    """One that has begun: what happens from here on is published."""
    one = publishers()
    await one.sweep()
    return one


@pytest.fixture
def told(nats):
    """Reads the whole stream from its beginning."""

    async def read(stream="RESCIND", prefix="rescind"):
        import nats as client  # noqa: PLC0415 - an extra

        connection = await client.connect(nats.url)
        try:
            jetstream = connection.jetstream()
            total = (await jetstream.stream_info(stream)).state.messages
            reader = await jetstream.subscribe(f"{prefix}.>", stream=stream, ordered_consumer=True)
            return Told([await reader.next_msg(timeout=5) for _ in range(total)])
        finally:
            await connection.close()

    return read
