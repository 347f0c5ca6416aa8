"""What goes wrong goes wrong as scripted, and the books know what was done all the same."""

import asyncio
import time

import aiohttp
import pytest

from provider.client import STORM

KEY = {"Authorization": "Bearer sk_test_fake"}


async def refund(session, provider, paid, amount=100, key="k"):
    """Ask as an adapter would, and give the status, or what happened instead."""
    form = {"payment_intent": paid.id, "amount": str(amount)}
    headers = KEY | ({"Idempotency-Key": key} if key else {})
    try:
        async with session.post(f"{provider.url}/v1/refunds", data=form, headers=headers) as answer:
            return answer.status, await answer.json()
    except (aiohttp.ClientError, TimeoutError, ValueError) as wrong:
        return type(wrong).__name__, None


@pytest.fixture
async def session():
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as opened:
        yield opened


@pytest.mark.parametrize(
    ("fault", "seen", "refunds", "again"),
    [
        ("drop_before", "ServerDisconnectedError", 0, 200),
        ("drop_after", "ServerDisconnectedError", 1, 200),
        ("hang_before", "TimeoutError", 0, 200),
        ("hang_after", "TimeoutError", 1, 200),
        ("error_before", 503, 0, 200),
        ("error_after", 500, 1, 500),  # Stripe keeps a 5xx under the key
        ("rate_limited", 429, 0, 200),
        ("truncated", "ClientPayloadError", 1, 200),
        ("garbled", "JSONDecodeError", 1, 200),
        ("html", "ContentTypeError", 1, 200),
        ("slow", 200, 1, 200),
        ("drip", 200, 1, 200),
    ],
)
async def test_each_fault_and_the_try_after_it(provider, session, fault, seen, refunds, again):
    paid = provider.capture(4000)
    provider.script(fault)
    status, _ = await refund(session, provider, paid)
    assert (status, len(provider.ledger()["refunds"])) == (seen, refunds)
    status, _ = await refund(session, provider, paid)
    assert (status, len(provider.ledger()["refunds"])) == (again, 1)
    assert [each["fault"] for each in provider.fired()] == [fault]


async def test_what_was_given_up_may_still_be_done(provider, session):  # I-07
    paid = provider.capture(4000)
    provider.script("late", seconds=60)
    assert (await refund(session, provider, paid))[0] == "TimeoutError"
    assert provider.ledger()["refunds"] == [], "a look-up finds nothing yet"
    assert (await refund(session, provider, paid))[0] == 409
    provider.advance(60)
    status, body = await refund(session, provider, paid)
    assert (status, body["id"]) == (200, provider.ledger()["refunds"][0]["id"])
    assert len(provider.ledger()["refunds"]) == 1


async def test_a_huge_body_is_huge(provider, session):
    provider.script("huge")
    paid = provider.capture(4000)
    timeout = aiohttp.ClientTimeout(total=20)
    form = {"payment_intent": paid.id}
    async with session.post(f"{provider.url}/v1/refunds", data=form, headers=KEY, timeout=timeout) as answer:
        assert len(await answer.read()) > 32 << 20


async def test_too_many_requests_say_when_to_come_again(provider, session):
    provider.script("rate_limited", retry_after=7)
    form = {"payment_intent": provider.capture(4000).id}
    async with session.post(f"{provider.url}/v1/refunds", data=form, headers=KEY) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    provider.set(requests_per_second=5)
    answers = await asyncio.gather(*(refund(session, provider, provider.capture(1), 1, None) for _ in range(12)))
    assert 1 <= sum(status == 429 for status, _ in answers) < 12


async def test_a_drip_takes_its_time(provider, session):
    provider.script("drip", seconds=0.5)
    began = time.monotonic()
    assert (await refund(session, provider, provider.capture(4000)))[0] == 200
    assert time.monotonic() - began >= 0.4


async def test_a_rule_is_for_the_nth_call_of_one_payment(provider, session):
    one, other = provider.captures(2, 4000)
    provider.script("error_after", of=one.charge, nth=3, status=502)
    seen = [(await refund(session, provider, paid, key=f"{paid.id}{turn}"))[0]
            for turn in range(4) for paid in (one, other)]  # fmt: skip
    assert seen == [200, 200, 200, 200, 502, 200, 200, 200]
    assert len(provider.ledger()["refunds"]) == 8


async def test_a_failure_before_the_providers_own_programs_hides_a_good_answer(provider, session):
    paid = provider.capture(4000)
    provider.script("error_after", status=504, stored=False)
    assert (await refund(session, provider, paid))[0] == 504
    status, body = await refund(session, provider, paid)
    assert (status, body["id"]) == (200, provider.ledger()["refunds"][0]["id"])


async def test_the_same_seed_does_the_same_to_the_same_calls_in_any_order(provider, session):
    weights = {"drop_after": 0.2, "error_after": 0.2, "error_before": 0.2, "slow": 0.1, "pending": 0.3, "failed": 0.2}

    async def play(seed, order):
        provider.clear()
        paid = provider.captures(30, 4000)
        provider.chance(seed, weights, seconds=0.01, then="")
        for _ in range(2):
            await asyncio.gather(*(refund(session, provider, paid[number], key=f"{number}") for number in order))
        fired = sorted((each["key"], each["attempt"], each["fault"]) for each in provider.fired())
        return fired, sorted((each["key"], each["status"]) for each in provider.ledger()["refunds"])

    first = await play(1, range(30))
    assert first == await play(1, range(29, -1, -1))
    assert first != await play(2, range(30))
    assert {fault for _, _, fault in first[0]} == set(weights)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whoever_insists_under_one_key_pays_once_whatever_the_weather(provider, session, seed):  # I-05, ID-05
    paid = provider.captures(60, 4000)
    operations = ("refund", "refunds.list", "refund.read")
    provider.chance(seed, STORM, operations=operations, seconds=0.1)

    async def look_up(each):
        url, query = f"{provider.url}/v1/refunds", {"payment_intent": each.id}
        try:
            async with session.get(url, params=query, headers=KEY) as answer:
                return (await answer.json())["data"] if answer.status == 200 else []
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return []

    async def insist(each):
        for _ in range(40):
            if (await refund(session, provider, each, key=each.id))[0] == 200 or await look_up(each):
                return
            await asyncio.sleep(0.02)
        raise AssertionError("no end")

    await asyncio.gather(*(insist(each) for each in paid))
    await asyncio.sleep(0.2)
    assert sorted(each["capture"] for each in provider.ledger()["refunds"]) == sorted(each.id for each in paid)
    assert {each["fault"] for each in provider.fired()} > {"drop_after", "error_after", "hang_after", "late", "slow"}


@pytest.mark.parametrize("wrong", [{"fault": "boom"}, {"fault": "slow", "second": 1}])
def test_a_script_with_a_slip_is_refused(provider, wrong):
    with pytest.raises(Exception, match="boom|second"):
        provider.script(**wrong)
