"""Signatures that a public key verifies: beside the others, for those who want them, and by whoever has the key."""

import base64
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from rescind.core.errors import NotFound
from rescind.webhooks.signing import KeyPairs
from webhooks.conftest import EVERYTHING, LOUS, SAMS


def signed(receiver, keys, name="hook"):
    """Which of these public keys verify the last message, by the standard's own words and by nothing of ours."""
    headers, body = receiver.last[name]
    said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    found = [one.removeprefix("v1a,") for one in headers["webhook-signature"].split(" ") if one.startswith("v1a,")]
    verified = []
    for key in keys:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.removeprefix("whpk_")))
        for one in found:
            try:
                public.verify(base64.b64decode(one), said)
            except InvalidSignature:
                continue
            verified.append(key)
    return len(found), verified


async def test_who_wants_it_gets_a_signature_that_the_public_key_verifies(post, market, receiver):  # WH-10
    endpoint = await post.endpoint(events=("order.placed",), asymmetric=True)
    await post.endpoint("plain", events=("order.placed",))
    (key,) = await post.endpoints.public_keys(SAMS, endpoint.id)
    assert (key.key.startswith("whpk_"), key.until) == (True, None)
    await market.order()
    await post.sent()
    assert signed(receiver, [key.key]) == (1, [key.key])
    assert "v1," in receiver.last["hook"][0]["webhook-signature"], "and the other kind beside it"
    assert signed(receiver, [], "plain") == (0, [])
    headers, body = receiver.last["hook"]
    receiver.last["hook"] = (headers, body.replace(b"placed", b"shipped"))
    assert signed(receiver, [key.key]) == (1, [])


async def test_with_a_new_secret_both_key_pairs_sign_for_a_day(post, market, receiver):
    endpoint = await post.endpoint(events=("order.placed",), asymmetric=True)
    (old,) = await post.endpoints.public_keys(EVERYTHING, endpoint.id)
    made = await post.endpoints.rotate(EVERYTHING, endpoint.id, "test", "once")
    new, before = await post.endpoints.public_keys(EVERYTHING, endpoint.id)
    assert (before.key, before.until) == (old.key, made.endpoint.old_until)
    assert new.key != old.key
    receiver.secrets["hook"] = [made.secret]
    await market.order()
    await post.sent()
    assert signed(receiver, [new.key, old.key]) == (2, [new.key, old.key])
    post.passes(timedelta(hours=25))
    assert [one.key for one in await post.endpoints.public_keys(EVERYTHING, endpoint.id)] == [new.key]
    await market.order()
    await post.sent()
    assert signed(receiver, [new.key, old.key]) == (1, [new.key])


async def test_the_choice_can_be_changed_and_foreign_keys_are_not_found(post):
    endpoint = await post.endpoint()
    assert await post.endpoints.public_keys(SAMS, endpoint.id) == ()
    await post.endpoints.change(SAMS, endpoint.id, "test", asymmetric=True)
    (key,) = await post.endpoints.public_keys(SAMS, endpoint.id)
    await post.endpoints.change(SAMS, endpoint.id, "test", about="Books")
    assert await post.endpoints.public_keys(SAMS, endpoint.id) == (key,)
    with pytest.raises(NotFound):
        await post.endpoints.public_keys(LOUS, endpoint.id)


def test_a_key_pair_follows_from_both_secrets_and_from_the_endpoint():
    pairs = KeyPairs(b"installation")
    one = pairs.public("hook_1", b"secret")
    assert one == KeyPairs(b"installation").public("hook_1", b"secret")
    others = (
        pairs.public("hook_2", b"secret"),
        pairs.public("hook_1", b"another"),
        KeyPairs(b"other").public("hook_1", b"secret"),
    )
    assert one not in others
    assert len(set(others)) == 3
