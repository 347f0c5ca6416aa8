"""After we were away, the program gives the buyer's window back, to whoever looks and to whoever asks (I-38)."""

from datetime import timedelta

from postgres.market import LANTERN
from rescind.core.stage import Stage


async def test_the_hold_hour_of_a_buyer_who_could_not_ask_is_an_hour_all_the_same(people, market, desk):
    order = await market.order(Stage.REVIEW, shop=LANTERN)
    placed, path = desk.now(), f"/v1/orders/{order}"
    desk.clock.set(placed + timedelta(minutes=62))
    assert (await people.ann.get(f"{path}/cancellability")).json()["rule"] == "ASK-1"
    minutes = [placed + timedelta(minutes=one) for one in (55, 60)]
    await market.pool.execute("INSERT INTO outages VALUES ($1, $2)", *minutes)
    await desk.book.refresh()
    told = (await people.ann.get(f"{path}/cancellability")).json()
    assert (told["rule"], told["verdict"]) == ("HOLD-1", "approve")
    assert told["until"] == f"{placed + timedelta(minutes=65):%Y-%m-%dT%H:%M:%SZ}", "and so much longer is told"
    answer = await people.ann.post(f"{path}/cancellations", {"reason": "changed_mind"})
    assert answer.json()["cancellation"]["status"] == "approved"
