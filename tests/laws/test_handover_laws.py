"""Links that the marketplace signs: what was signed is what is read, and nothing else is."""

import hashlib
import hmac
import string
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rescind.core.errors import InvalidField, LinkAltered, LinkExpired
from rescind.core.handover import LONGEST, NAMES, Handover, SignedLink, origin, read, signature, signed

NOW = datetime(2026, 5, 4, 8, tzinfo=UTC)
SECRET, OTHER = "rsh_" + "a" * 43, "rsh_" + "b" * 43
WORDS = st.text(string.ascii_letters + string.digits + "=&\n #%é中", max_size=12)


def link(**said):
    given_ = {"buyer": "b-7", "order": "100234", "to": "cancel", **said}
    return SignedLink(handover=Handover(**given_), expires_at=NOW + timedelta(minutes=15), nonce="n" * 20)


def query(text):
    return dict(parse_qsl(text, keep_blank_values=True))


@given(WORDS, st.sampled_from(("order", "cancel", "conversation", "fragment")), st.sampled_from(("", "en", "zh")))
def test_what_was_signed_is_read_as_it_was_signed(buyer, to, language):
    said = link(buyer=buyer, to=to, language=language, back_to="https://market.example/orders?page=2")
    if "\n" in buyer:
        with pytest.raises(LinkAltered):
            read(query(signed(SECRET, said)), (SECRET,), NOW)
    else:
        assert read(query(signed(SECRET, said)), (OTHER, SECRET), NOW) == said


def test_a_link_that_names_a_shop_is_signed_with_it_and_others_as_they_always_were():
    named, bare = link(shop="shp_0000abcd"), link()
    assert read(query(signed(SECRET, named)), (SECRET,), NOW) == named
    pairs = query(signed(SECRET, bare))
    assert "shop" not in pairs
    text = (
        "rescind link 1\nbuyer=b-7\norder=100234\nto=cancel\nlanguage=\nreturn=\nexpires=1777882500\nnonce=" + "n" * 20
    )
    assert pairs["signature"] == hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    with pytest.raises(LinkAltered):
        read(pairs | {"shop": "shp_0000abcd"}, (SECRET,), NOW)
    without = {name: value for name, value in query(signed(SECRET, named)).items() if name != "shop"}
    with pytest.raises(LinkAltered):
        read(without, (SECRET,), NOW)


@given(st.data())
def test_a_link_that_was_altered_anywhere_is_refused(data):
    text = signed(SECRET, link(language="en", back_to="https://market.example/"))
    pairs = query(text)
    match data.draw(st.sampled_from(("value", "leave out", "add", "sign"))):
        case "value":
            name = data.draw(st.sampled_from(sorted(pairs)))
            pairs[name] = data.draw(WORDS.filter(lambda word: word != pairs[name]))
        case "leave out":
            del pairs[data.draw(st.sampled_from(sorted(pairs)))]
        case "add":
            pairs[data.draw(WORDS.filter(lambda word: word not in {*NAMES, "signature"}))] = "1"
        case _:
            at = data.draw(st.integers(0, 63))
            sign = data.draw(
                st.sampled_from("0123456789abcdefABCDEF").filter(lambda one: one != pairs["signature"][at])
            )
            pairs["signature"] = pairs["signature"][:at] + sign + pairs["signature"][at + 1 :]
    with pytest.raises(LinkAltered):
        read(pairs, (SECRET, OTHER), NOW)


@given(st.dictionaries(st.sampled_from(NAMES), WORDS.map(lambda word: word.replace("\n", ""))), st.data())
def test_two_links_that_say_other_things_have_other_signatures(one, data):
    two = data.draw(st.dictionaries(st.sampled_from(NAMES), WORDS.map(lambda word: word.replace("\n", ""))))
    same = all(one.get(name, "") == two.get(name, "") for name in NAMES)
    assert (signature(SECRET, one) == signature(SECRET, two)) == same


def test_a_secret_that_is_not_in_force_signs_nothing():
    with pytest.raises(LinkAltered):
        read(query(signed(SECRET, link())), (OTHER,), NOW)
    with pytest.raises(LinkAltered):
        read(query(signed(SECRET, link())), (), NOW)


def test_a_link_is_good_until_its_last_second_and_never_longer_than_a_day():
    text = query(signed(SECRET, link()))
    assert read(text, (SECRET,), NOW + timedelta(minutes=15, microseconds=-1))
    with pytest.raises(LinkExpired):
        read(text, (SECRET,), NOW + timedelta(minutes=15))
    late = SignedLink(handover=link().handover, expires_at=NOW + LONGEST, nonce="n" * 20)
    assert read(query(signed(SECRET, late)), (SECRET,), NOW)
    with pytest.raises(InvalidField):
        read(query(signed(SECRET, late)), (SECRET,), NOW - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("to", "https://evil.example"),
        ("nonce", "short"),
        ("nonce", "n" * 15 + "!"),
        ("expires", "soon"),
        ("to", "orders"),
    ],
)
def test_a_link_that_was_signed_wrongly_says_what_is_wrong(name, value):
    values = query(signed(SECRET, link())) | {name: value}
    values["signature"] = signature(SECRET, values)
    with pytest.raises(InvalidField) as told:
        read(values, (SECRET,), NOW)
    assert told.value.params["field"].strip("/?") == name


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("https://market.example/orders?a=b", "https://market.example"),
        ("https://MARKET.example:443/", "https://market.example"),
        ("http://127.0.0.1:8123/x", "http://127.0.0.1:8123"),
        ("https://market.example.evil.example/", "https://market.example.evil.example"),
        ("https://market.example@evil.example/", ""),
        ("//market.example/", ""),
        ("javascript:alert(1)", ""),
        ("https:market.example", ""),
        ("https://[::1", ""),
        ("https://market.example:99999/", ""),
        ("", ""),
    ],
)
def test_of_an_address_counts_what_a_browser_would_go_to(address, site):
    assert origin(address) == site


def test_the_query_leaves_out_what_is_empty():
    assert "language" not in query(signed(SECRET, link()))
