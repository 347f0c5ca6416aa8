"""What was said, in the reader's language: asked for, kept beside the words, gone with them, and never in the way."""

import asyncio
import hashlib
import ipaddress
import json

import pytest

from api.translator import Translator
from postgres.market import KILN
from rescind.app import make_app
from rescind.core.errors import Unavailable
from rescind.core.stage import Stage
from rescind.locales import locale
from rescind.setting_values import TranslationServer
from rescind.settings import Settings, SettingsError
from rescind.translator import LibreTranslate
from rescind.web.translating import reads_as
from web.consoles import Person


@pytest.fixture
async def translator():
    async with Translator() as running:
        yield running
    assert running.wrong == [], "asked as the API is documented, every time"


@pytest.fixture
def chosen(translator):
    return {"translator_url": translator.url, "translator_private": True, "translator_name": "Babel"}


@pytest.fixture
async def said(people, market):
    """A German message of the buyer's about an order: the order, the conversation, the message."""
    order = await market.order(Stage.PREPARING)
    answer = await people.ann.post(f"/v1/orders/{order}/messages", {"text": "Wo ist es?", "audience": "everyone"})
    return order, answer.json()["thread"], answer.json()["message"]


async def asks(who, said, language="en"):
    _, thread, message = said
    return await who.post(f"/v1/threads/{thread}/messages/{message}/translations", {"language": language})


async def messages(who, said):
    return (await who.get(f"/v1/threads/{said[1]}")).json()["messages"]


async def test_a_translation_is_kept_beside_the_words_and_the_next_reader_has_it(people, said, translator, clock):
    made = await asks(people.sam, said)
    assert made.status_code == 201, made.text
    told = {"language": "en", "text": "?se tsi oW", "by": "Babel"}
    assert made.json() == told | {"at": clock.read().isoformat().replace("+00:00", "Z")}
    (one,) = await messages(people.sue, said)
    assert (one["text"], one["translations"]) == ("Wo ist es?", [made.json()])
    assert (await asks(people.sue, said)).json() == made.json()
    assert len(translator.asked) == 1, "who comes later waits for nobody"
    assert translator.asked[0] == {"q": "Wo ist es?", "source": "auto", "target": "en", "format": "text"}
    await asks(people.sue, said, "zh")
    assert [each["language"] for each in (await messages(people.ann, said))[0]["translations"]] == ["en", "zh"]


async def test_it_decides_nothing_and_stands_in_a_transcript_below_the_original(people, said):
    order, thread, _ = said
    before = (await people.ann.get(f"/v1/threads/{thread}/transcript")).json()
    await asks(people.sam, said)
    after = (await people.ann.get(f"/v1/threads/{thread}/transcript")).json()
    assert after["digest"] == before["digest"], "what a case keeps of it stays as it was"
    assert after["whole"] != before["whole"]
    (one,) = after["messages"]
    (told,) = one["translations"]
    assert (one["text"], told["text"], told["by"], told["language"]) == ("Wo ist es?", "?se tsi oW", "Babel", "en")
    words = json.dumps([one["digest"], "en", "Babel", told["at"], told["text"]], separators=(",", ":"))
    assert hashlib.sha256(words.encode()).hexdigest() == told["digest"]
    found = await people.sam.get("/v1/threads?text=tsi%20oW")
    assert found.json()["rows"] == []
    assert (await people.ann.get(f"/v1/orders/{order}")).json()["status"]


async def test_words_that_are_erased_are_erased_in_every_language(people, said, desk, translator):
    await asks(people.sam, said)
    await asks(people.sam, said, "zh")
    await desk.pool.execute("UPDATE messages SET body = NULL, salt = NULL WHERE message_id = $1", said[2])
    assert await desk.pool.fetchval("SELECT count(*) FROM translations") == 0
    assert (await messages(people.sam, said))[0]["translations"] == []
    assert (await asks(people.sam, said)).status_code == 404
    with pytest.raises(Exception, match="permission denied"):
        await desk.pool.execute("UPDATE translations SET body = 'another'")


async def test_words_that_are_erased_while_they_are_translated_are_not_written_down_again(
    people, said, desk, translator
):
    translator.holds = asyncio.Event()
    asking = asyncio.create_task(asks(people.sam, said))
    async with asyncio.timeout(10):
        while not translator.asked:  # noqa: ASYNC110 - a translator tells nobody that it was asked
            await asyncio.sleep(0.01)
    await desk.pool.execute("UPDATE messages SET body = NULL, salt = NULL WHERE message_id = $1", said[2])
    translator.holds.set()
    assert (await asking).status_code == 404
    assert await desk.pool.fetchval("SELECT count(*) FROM translations") == 0


async def test_only_who_reads_a_message_has_it_translated(people, said, market, translator):
    order = said[0]
    answer = await people.sam.post(f"/v1/orders/{order}/messages", {"text": "Unter uns", "audience": "seller"})
    among = (order, said[1], answer.json()["message"])
    assert (await asks(people.sue, among)).status_code == 201
    assert (await asks(people.ann, among)).status_code == 404, "also now that there is one"
    for who in (people.bob, people.lou):
        assert (await asks(who, said)).status_code == 404
    assert (await asks(people.host, said)).status_code == 403
    missing = (order, said[1], "msg_" + "0" * 22)
    assert (await asks(people.sam, missing)).status_code == 404
    assert (await asks(people.sam, said, "de")).status_code == 422
    assert len(translator.asked) == 1


@pytest.mark.parametrize(
    "fault", ["status", "redirect", "no json", "another form", "nothing", "too long", "no end", "cut", "silent"]
)
async def test_a_translator_that_fails_changes_nothing(people, said, desk, translator, fault):
    translator.fault = fault
    desk.translations._translator._patience_s = 0.4
    failed = await asks(people.sam, said)
    assert (failed.status_code, failed.json()["type"]) == (503, "/problems/unavailable")
    assert await desk.pool.fetchval("SELECT count(*) FROM translations") == 0
    assert (await messages(people.sam, said))[0]["text"] == "Wo ist es?"
    translator.fault = ""
    assert (await asks(people.sam, said)).status_code == 201


async def test_what_comes_back_is_text_without_signs_that_are_not_to_be_seen(people, said, translator):
    translator.fault = "signs"
    assert (await asks(people.sam, said)).json()["text"] == "abc\n<b>d</b>"


async def test_a_key_is_told_to_a_translator_that_wants_one(translator, tmp_path):
    translator.key, file = "k3y", tmp_path / "key"
    file.write_text("k3y\n")
    ours = LibreTranslate(TranslationServer(translator.url, "Babel", file, private=True))
    assert await ours.translate("Ja", "en") == "aJ"
    ours.close()


@pytest.mark.parametrize(
    ("url", "private", "address", "allowed"),
    [
        ("https://a.example", False, "8.8.8.8", True),
        ("https://a.example", False, "10.0.0.4", False),
        ("https://a.example", True, "10.0.0.4", True),
        ("https://a.example", True, "8.8.8.8", True),
        ("http://a.example", True, "10.0.0.4", True),
        ("http://a.example", True, "127.0.0.1", True),
        ("http://a.example", True, "fd00::4", True),
        ("http://a.example", True, "8.8.8.8", False),
        ("http://a.example", True, "169.254.169.254", False),
        ("http://a.example", True, "fe80::1", False),
        ("http://a.example", True, "::ffff:169.254.169.254", False),
        ("http://a.example", True, "64:ff9b::a9fe:a9fe", False),
        ("http://a.example", True, "0.0.0.0", False),
        ("http://a.example", True, "224.0.0.1", False),
    ],
)
async def test_by_plain_http_it_is_reached_in_ones_own_network_alone(url, private, address, allowed):
    ours = LibreTranslate(TranslationServer(url, "Babel", private=private))
    assert ours._allowed(ipaddress.ip_address(address)) is allowed
    ours.close()


async def test_a_translator_where_none_may_be_is_not_called(translator):
    ours = LibreTranslate(TranslationServer(translator.url, "Babel", private=False))
    with pytest.raises(Unavailable):
        await ours.translate("Ja", "en")
    named = LibreTranslate(TranslationServer(translator.url.replace("127.0.0.1", "localhost"), "Babel", private=False))
    with pytest.raises(Unavailable):
        await named.translate("Ja", "en")
    assert translator.asked == []
    ours.close()
    named.close()


def test_plain_http_is_for_ones_own_network():
    with pytest.raises(SettingsError, match="RESCIND_TRANSLATOR_PRIVATE"):
        Settings.read({"RESCIND_TRANSLATOR_URL": "http://10.0.0.4:5000"})
    for wrong in ("ftp://a.example", "https://user:secret@a.example", "https://a.example/?key=1"):
        with pytest.raises(SettingsError):
            Settings.read({"RESCIND_TRANSLATOR_URL": wrong})
    assert Settings.read({}).translator is None


async def test_a_reader_asks_on_the_page_and_the_original_stays(desk, people, said, translator):
    order, thread, message = said
    sam = await Person(make_app(desk)).sign_in(desk, "seller", "sam", shop_id=KILN)
    page = await sam.see(f"/seller/orders/{order}")
    assert "Show in English" in page.text
    done = await sam.press(page, f"/seller/messages/{thread}/translations/{message}")
    assert (done.status, done.to) == (303, f"/seller/orders/{order}#{message}")
    page = await sam.see(f"/seller/orders/{order}")
    for words in ("Wo ist es?", "?se tsi oW", "Translated by Babel", "What counts is the original."):
        assert words in page.text
    assert "Show in English" not in page.text
    chinese = await sam.see((await sam.see(f"/seller/messages/{thread}?lang=zh")).to)
    assert "用中文显示" in chinese.text
    translator.fault = "status"
    done = await sam.press(chinese, f"/seller/messages/{thread}/translations/{message}")
    failed = await sam.see(done.to.partition("#")[0])
    assert "暂时无法翻译" in failed.text
    translator.fault = ""
    done = await sam.press(failed, f"/seller/messages/{thread}/translations/{message}")
    assert done.to == f"/seller/messages/{thread}#{message}"
    assert "中文译文" in (await sam.see(f"/seller/messages/{thread}")).text


async def test_nobody_is_offered_their_own_words_or_what_they_read_already(desk, people, said):
    order, thread, _ = said
    ann = await Person(make_app(desk)).sign_in(desk, "buyer", "ann", buyer_id="ann")
    assert "Show in English" not in (await ann.see(f"/messages/{thread}")).text
    await people.sam.post(f"/v1/orders/{order}/messages", {"text": "明天发货 ok", "audience": "everyone"})
    assert "Show in English" in (await ann.see(f"/messages/{thread}")).text
    chinese = await ann.see((await ann.see(f"/messages/{thread}?lang=zh")).to)
    assert "用中文显示" not in chinese.text


@pytest.mark.parametrize(
    ("tag", "text", "plainly"),
    [
        ("en", "Is the glass of the lantern clear or frosted?", True),
        ("en", "Please cancel my order", True),
        ("en", "It's fine, thanks", True),
        ("en", "Wo ist es?", False),
        ("en", "Waar is mijn bestelling?", False),
        ("en", "¿Dónde está mi pedido?", False),
        ("en", "明天发货吗？", False),
        ("en", "12345", False),
        ("zh", "明天发货吗？", True),
        ("zh", "订单 A-100 收到了 ok", True),
        ("zh", "Where is my order?", False),
        ("zh", "はい、そうです", False),
    ],
)
def test_what_is_plainly_in_ones_language_is_not_offered_in_it(tag, text, plainly):
    assert reads_as(locale(tag), text) is plainly


class TestWithout:
    """An operator who has no translator."""

    @pytest.fixture
    def chosen(self):
        return {}

    async def test_nobody_is_offered_one(self, desk, people, said):
        answer = await asks(people.sam, said)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/no-translator")
        sam = await Person(make_app(desk)).sign_in(desk, "seller", "sam", shop_id=KILN)
        assert "Show in English" not in (await sam.see(f"/seller/messages/{said[1]}")).text
