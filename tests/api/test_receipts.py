"""A receipt is signed, checks offline with the policy text alone, and fails with what differs when it was altered."""

import json
from base64 import urlsafe_b64decode
from datetime import timedelta

import msgspec
import pytest
from typer.testing import CliRunner

from rescind.cli import program
from rescind.core.instant import instant
from rescind.core.policy import restore
from rescind.core.receipt import canonical, commitment
from rescind.core.stage import Stage
from rescind.postgres.receipt_keys import ReceiptKey
from rescind.receipts.checking import NotAReceipt, check
from rescind.receipts.signing import fingerprint
from rescind.secret_keys import receipt_key


@pytest.fixture
async def asked(people, market):
    """A request of Ann's that waits for the seller: the address of its receipt."""
    order = await market.order(Stage.PREPARING)
    answer = await people.ann.post(f"/v1/orders/{order}/cancellations", {"reason": "changed_mind"})
    return answer.json()["receipt"]


async def texts(people, receipt):
    """The policy texts that a receipt names, as a stranger gets them."""
    found = [restore((await people.nobody.get(f"/v1/policies/{one['hash']}")).content) for one in receipt["layers"]]
    return {policy.hash: policy for policy in found}


async def published(people):
    told = (await people.nobody.get("/v1/receipt-keys")).json()["keys"]
    return {
        key["kid"]: ReceiptKey(
            id=fingerprint(urlsafe_b64decode(key["x"] + "=")),
            public=urlsafe_b64decode(key["x"] + "=").hex(),
            added_at=instant(key["added_at"]),
            retired_at=key["retired_at"] and instant(key["retired_at"]),
        )
        for key in told
    }


def due(receipt):
    return receipt["deadline"]["due_at"]


async def test_a_stranger_checks_a_receipt_with_the_policy_text_and_the_published_keys(people, asked):
    got = await people.ann.get(asked)
    receipt = got.json()
    assert got.content == canonical(receipt), "it leaves in its one form"
    found = check(got.content, await texts(people, receipt), await published(people))
    assert (found.wrong, found.unsure) == ((), ())
    assert found.sure[-1] == (
        f"The policy text gives again ask_seller by {receipt['rule']}, due {receipt['deadline']['due_at']}."
    )
    assert (receipt["reader"], receipt["issuer"]) == ("buyer", "http://desk.test")


async def test_every_altered_byte_is_found(people, asked):
    data = (await people.ann.get(asked)).content
    policies, keys = await texts(people, json.loads(data)), await published(people)
    assert not check(data, policies, keys).wrong
    unnoticed = []
    # Every place comes round: the days of the calendar are many and alike, so of the long part every 37th is tried.
    places = {n for n in range(len(data)) if n % 37 == 0} | set(range(len(data) - 600, len(data)))
    for place in places:
        altered = bytearray(data)
        altered[place] ^= 1
        try:
            if not check(bytes(altered), policies, keys).wrong:
                unnoticed.append(place)
        except NotAReceipt:
            continue
    assert unnoticed == []
    for rewritten in (data + b"\n", b" " + data, json.dumps(json.loads(data)).encode()):
        assert "not written as receipts are" in check(rewritten, policies, keys).wrong[0]
    with pytest.raises(NotAReceipt):
        check(data[:-1], policies, keys)


async def test_what_was_altered_is_named(people, asked):
    receipt = (await people.ann.get(asked)).json()
    policies, keys = await texts(people, receipt), await published(people)
    kinder = check(canonical({**receipt, "verdict": "approve"}), policies, keys).wrong
    assert kinder == (
        "`verdict` is not as it was signed.",
        "It says verdict approve; the policy text gives ask_seller.",
    )
    later = {**receipt["deadline"], "due_at": "2027-01-01T00:00:00Z"}
    found = check(canonical({**receipt, "deadline": later}), policies, keys).wrong
    assert found[0] == "`deadline` is not as it was signed."
    assert found[1].startswith("It says deadline due_at 2027-01-01T00:00:00Z; the policy text gives 2026-")
    moved = {**receipt, "facts": {**receipt["facts"], "stage": "review"}}
    assert any("It says rule" in said for said in check(canonical(moved), policies, keys).wrong)
    assert check(canonical({**receipt, "extra": 1}), policies, keys).wrong == ("`extra` is not as it was signed.",)
    days = {**receipt["calendar"], "weekend": [6]}
    assert (
        "The calendar is not the one whose hash is named."
        in check(canonical({**receipt, "calendar": days}), policies, keys).wrong
    )


async def test_a_receipt_somebody_signed_with_a_key_of_their_own_is_refused(people, asked, desk):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    from rescind.core.receipt import digests, signed_bytes  # noqa: PLC0415

    receipt = (await people.ann.get(asked)).json()
    policies, keys = await texts(people, receipt), await published(people)
    own = Ed25519PrivateKey.generate()
    public = own.public_key().public_bytes_raw()
    forged = {**receipt, "number": "other"}
    signature = {
        "algorithm": "Ed25519",
        "digests": digests(forged),
        "key": fingerprint(public),
        "public_key": public.hex(),
    }
    forged["signature"] = {**signature, "value": own.sign(signed_bytes(signature)).hex()}
    assert check(canonical(forged), policies, keys).wrong == ("The key is none of the published ones.",)
    alone = check(canonical(forged), policies, None)
    assert not alone.wrong
    assert "Whose key it is was not checked" in alone.unsure[0]


async def test_a_receipt_that_withholds_a_fact_says_so_and_commits_to_it(people, asked):  # I-26
    buyers, sellers = (await people.ann.get(asked)).json(), (await people.sam.get(asked)).json()
    assert sellers["withheld"] == ["buyer_cancels_30d"]
    assert "buyer_cancels_30d" not in sellers["facts"]
    assert sellers["openings"] == {}
    policies, keys = await texts(people, sellers), await published(people)
    found = check(canonical(sellers), policies, keys)
    assert found.wrong == ()
    assert found.unsure == (
        "It cannot be recomputed fully: facts are withheld (buyer_cancels_30d).",
        f"For some values of what is withheld the policy text gives ask_seller by ASK-1, due {due(sellers)}.",
    )
    # The buyer's own receipt opens what the seller's holds.
    salt = buyers["openings"]["buyer_cancels_30d"]
    assert buyers["commitments"] == sellers["commitments"]
    assert (
        commitment("buyer_cancels_30d", buyers["facts"]["buyer_cancels_30d"], salt)
        == (sellers["commitments"]["buyer_cancels_30d"])
    )
    other = {**buyers, "facts": {**buyers["facts"], "buyer_cancels_30d": 7}}
    assert (
        "The fact buyer_cancels_30d is not the one that the commitment holds."
        in check(canonical(other), policies, keys).wrong
    )
    # No reader can find the value by trying all: the salt is as long as a key.
    assert len(bytes.fromhex(salt)) == 32


async def test_a_withheld_fact_that_no_asked_rule_hangs_on_leaves_the_answer_sure(people, market):  # S-07
    order = await market.order(Stage.PACKING)
    answer = await people.ann.post(f"/v1/orders/{order}/cancellations", {"reason": "changed_mind"})
    sellers = (await people.sam.get(answer.json()["receipt"])).json()
    policies, keys = await texts(people, sellers), await published(people)
    found = check(canonical(sellers), policies, keys)
    assert found.wrong == ()
    assert found.sure[-1] == f"Whatever is withheld, the policy text gives refuse by {sellers['rule']}."
    kinder = {**sellers, "verdict": "approve"}
    assert "It says verdict approve; the policy text gives refuse." in check(canonical(kinder), policies, keys).wrong


async def test_a_rotated_key_stays_published_and_signs_nothing_more(people, asked, desk):
    before = (await people.ann.get(asked)).content
    first = json.loads(before)["signature"]["key"]
    desk.clock.advance(timedelta(hours=1))
    old_file = receipt_key(desk.settings)
    await desk.signer.rotate(desk.now())
    after = (await people.ann.get(asked)).content
    second = json.loads(after)["signature"]["key"]
    assert first != second
    keys = await published(people)
    assert [(key.id, key.retired_at is None) for key in keys.values()] == [(second, True), (first, False)]
    for data in (before, after):
        assert not check(data, await texts(people, json.loads(data)), keys).wrong
    # A machine that still has the old file does not sign with it.
    (desk.settings.data / "receipt-key").write_text(old_file.hex() + "\n")
    refused = await people.ann.get(asked)
    assert refused.json()["type"] == "/problems/unavailable"
    # And what is signed with a stolen old key carries a time after its end, or a false one that others contradict.
    late = msgspec.structs.replace(keys[first], retired_at=instant(json.loads(before)["issued_at"]))
    said = check(before, await texts(people, json.loads(before)), {first: late}).wrong
    assert said[0].startswith("The key was retired at 2026-")


def verify(*words):
    """`rescind receipt verify`, as a stranger runs it: exit status, and what it says as one text."""
    done = CliRunner().invoke(program(), ["receipt", "verify", *map(str, words)])
    return done.exit_code, done.output


@pytest.fixture
async def files(people, asked, tmp_path):
    """What a stranger downloads: the receipts of both readers, the policy's text, the keys."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    buyers = await people.ann.get(asked)
    (named,) = buyers.json()["layers"]
    for name, answer in (
        ("buyer", buyers),
        ("seller", await people.sam.get(asked)),
        ("keys", await people.nobody.get("/v1/receipt-keys")),
        ("policy", await people.nobody.get(f"/v1/policies/{named['hash']}")),
    ):
        (folder / f"{name}.json").write_bytes(answer.content)
    return folder


async def test_the_command_says_in_plain_words_whether_a_receipt_holds(files):
    receipt, policy, keys = files / "buyer.json", files / "policy.json", files / "keys.json"
    status, said = verify(receipt, "--policy", policy, "--keys", keys)
    assert (status, said.splitlines()[-1]) == (0, "The receipt holds."), said
    status, said = verify(receipt, "--policy", policy)
    assert status == 3
    assert "compare it with those at http://desk.test/v1/receipt-keys" in said
    status, said = verify(files / "seller.json", "--keys", keys)
    assert status == 3
    assert "It cannot be recomputed fully: facts are withheld (buyer_cancels_30d)." in said
    assert said.splitlines()[-1] == "Nothing is wrong with it; not everything could be checked."
    text = receipt.read_text()
    receipt.write_text(text.replace('"verdict":"ask_seller"', '"verdict":"approve"'))
    status, said = verify(receipt, "--keys", keys)
    assert status == 1
    assert "It says verdict approve; the policy text gives ask_seller." in said
    assert said.splitlines()[-1] == "The receipt does not hold."


async def test_the_command_says_which_file_is_of_no_use(files):
    receipt, policy = files / "buyer.json", files / "policy.json"
    assert verify(policy)[0] == 2
    assert "is no receipt" in verify(policy)[1]
    assert verify(files / "none.json")[0] == 2
    assert "is no policy" in verify(receipt, "--policy", receipt)[1]
    assert "holds no keys" in verify(receipt, "--keys", policy)[1]


async def test_a_policy_that_is_not_at_hand_is_asked_for_by_its_address(files):
    data = (files / "buyer.json").read_bytes()
    found = check(data, {}, None)
    assert found.wrong == ()
    digest = json.loads(data)["layers"][0]["hash"]
    assert f"http://desk.test/v1/policies/{digest}" in found.unsure[-1]


async def test_a_policy_of_other_words_does_not_pass_for_the_one_that_is_named(files):
    # The hash is worked out from the text that is given, so another text has another name.
    other = files / "other.json"
    other.write_bytes((files / "policy.json").read_bytes().replace(b'"24h"', b'"25h"'))
    text = restore(other.read_bytes())
    digest = json.loads((files / "buyer.json").read_bytes())["layers"][0]["hash"]
    assert text.hash != digest
    assert check((files / "buyer.json").read_bytes(), {text.hash: text}, None).unsure
