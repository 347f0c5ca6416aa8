"""What may be called, and what may not however it is written or whatever it means a moment later (WH-14)."""

import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from unittest import mock

import pytest

from rescind.webhooks.egress import Egress, is_public
from rescind.webhooks.posting import Poster, Refused, _Resolver
from webhooks.receiver import Receiver

OPEN, HERE = Egress(), Egress(loopback=True)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "64:ff9b::5db8:d822", "223.255.255.254"]
)
def test_the_public_internet_is_called(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7"),
        *("203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.88.99.1"),
        *("::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1", "3fff::1"),
        # IPv4 inside of IPv6: mapped, compatible, NAT64, of one's own network, 6to4, Teredo.
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1"),
        *("2002:7f00:1::", "2002:5db8:d822::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "100::1", "5f00::1"),
    ],
)
def test_what_is_no_address_of_the_public_internet_is_not_called(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("https://hooks.example.com/rescind?token=a%20b", None),
        ("https://hooks.example.com:443/", None),
        ("https://xn--bcher-kva.example/", None),
        ("https://93.184.216.34/hook", None),
        ("https://[2606:4700::1111]/hook", None),
        ("http://hooks.example.com/", "scheme"),
        ("ftp://hooks.example.com/", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("hooks.example.com", "scheme"),
        ("", "scheme"),
        ("https://user@hooks.example.com/", "credentials"),
        ("https://user:word@hooks.example.com/", "credentials"),
        ("https://@hooks.example.com/", "credentials"),
        ("https://hooks.example.com:8443/", "port"),
        ("https://hooks.example.com:0/", "port"),
        ("https://hooks.example.com:99999/", "form"),
        ("https://hooks.example.com:/", "form"),
        ("https://hooks.example.com/#part", "form"),
        ("https://hooks.example.com/a b", "form"),
        ("https://hooks.example.com\\@127.0.0.1/", "form"),
        ("https://hooks.example.com/\r\nx: y", "form"),
        ("https://b\u00fccher.example/", "form"),
        ("https://[fe80::1%25eth0]/", "form"),
        ("https://hooks.example.com/" + "a" * 1000, "form"),
        ("https://localhost/", "host"),
        ("https://intranet/", "host"),
        ("https://2130706433/", "host"),
        ("https://0x7f000001/", "host"),
        ("https://0x7f.1/", "host"),
        ("https://0177.0.0.1/", "host"),
        ("https://127.1/", "host"),
        ("https://127.0.0.1./", "host"),
        ("https://127.0.0.1/", "private"),
        ("https://10.0.0.8/", "private"),
        ("https://[::1]/", "private"),
        ("https://[::ffff:169.254.169.254]/", "private"),
    ],
)
def test_an_address_is_told_what_is_wrong_with_it_when_it_is_entered(url, wrong):
    assert OPEN.wrong(url) == wrong


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("http://127.0.0.1:8080/hook", None),
        ("http://localhost:8080/hook", None),
        ("http://[::1]:8080/hook", None),
        ("http://10.0.0.8/hook", "scheme"),
        ("http://hooks.example.com/", "scheme"),
        ("https://127.0.0.1/", "private"),
    ],
)
def test_for_development_this_machine_is_called_by_plain_http_and_nothing_else_is(url, wrong):
    assert HERE.wrong(url) == wrong


class Trusting(Egress):
    """Finds nothing wrong with any address, so that the connection itself has to."""

    def wrong(self, url):  # noqa: ARG002 - it trusts any
        return None


@pytest.fixture
async def listener():
    async with Receiver() as running:
        yield running


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0x7f.1", "[64:ff9b::7f00:1]"]
)
async def test_a_connection_to_this_machine_is_not_made_whoever_let_the_address_through(listener, host):
    async with Poster(Trusting(), timeout_s=2) as poster:
        posted = await poster.post(f"https://{host}:{listener.port}/hook", {}, b"{}")
    assert (posted.status, posted.fault) == (0, "refused")
    assert listener.asked == {}


@contextmanager
def names(answers):
    """What names stand for, in one look-up after another: the system's resolver is the world outside."""
    looked_up = []

    def resolve(host, port, family=0, kind=0, *_, **__):
        looked_up.append(host)
        given = answers[min(len(looked_up), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in given]

    with mock.patch("rescind.webhooks.posting.socket.getaddrinfo", resolve):
        yield looked_up


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["169.254.169.254"]])
async def test_a_name_that_leads_home_is_not_called(listener, answers):
    with names([answers]) as looked_up:
        async with Poster(Egress(ports=frozenset({listener.port})), timeout_s=2) as poster:
            posted = await poster.post(f"https://rebind.example:{listener.port}/hook", {}, b"{}")
    assert (posted.fault, looked_up) == ("refused", ["rebind.example"])
    assert listener.asked == {}


async def test_a_name_of_which_one_number_is_private_is_refused_whole():
    with names([["93.184.216.34", "10.0.0.1"]]), ThreadPoolExecutor(1) as threads, pytest.raises(Refused):
        await _Resolver(is_public, threads).resolve("mixed.example", 443)
    with names([["93.184.216.34", "1.1.1.1"]]), ThreadPoolExecutor(1) as threads:
        found = await _Resolver(is_public, threads).resolve("good.example", 443)
        assert [one["host"] for one in found] == ["93.184.216.34", "1.1.1.1"]


async def test_a_name_that_changes_its_meaning_is_looked_up_once_for_check_and_connection(listener):
    """Good for the check and bad for the connection is how rebinding works; here there is one look-up for both."""
    with names([["93.184.216.34"], ["127.0.0.1"]]) as looked_up:
        async with Poster(Egress(ports=frozenset({listener.port})), timeout_s=0.3) as poster:
            await poster.post(f"https://rebind.example:{listener.port}/hook", {}, b"{}")
            assert looked_up == ["rebind.example"]
            posted = await poster.post(f"https://rebind.example:{listener.port}/hook", {}, b"{}")
    assert posted.fault == "refused", "each attempt looks again"
    assert listener.asked == {}


async def test_the_client_for_development_reaches_this_machine_alone():
    with names([["93.184.216.34"]]):
        async with Poster(HERE, timeout_s=2) as poster:
            posted = await poster.post("http://localhost:9/hook", {}, b"{}")
    assert posted.fault == "refused"
