"""The page of business days: whose word every day is, and an operator's form for one."""

import pytest

from rescind.app import make_app
from web.consoles import Person

PATH = "/support/calendars"


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def ines(app, desk):
    return await Person(app).sign_in(desk, "operator", "ines")


def day(**more):
    return {"day": "2026-09-08", "says": "closed", "reason": "Typhoon signal 10"} | more


async def says(person, **more):
    page = await person.see(f"{PATH}?calendar=TH&year=2026")
    return await person.press(page, f"{PATH}/days", **day(**more))


async def test_an_operator_closes_a_day_and_everybody_reads_whose_word_it_is(ines, app, desk):
    assert "Songkran" in (await ines.see(f"{PATH}?calendar=TH&year=2026")).text
    done = await says(ines)
    assert done.status == 303
    page = await ines.see(done.to)
    assert "Noted. What is promised from now on counts by it." in page.text
    assert "Tue 8 Sep does not count Typhoon signal 10 ines" in page.text
    robin = await Person(app).sign_in(desk, "support", "robin")
    read = await robin.see(f"{PATH}?calendar=TH&year=2026")
    assert "Typhoon signal 10" in read.text
    assert "Operators close and open days." in read.text
    assert not read.has_form(f"{PATH}/days")
    token = read.form("/sign-out")["fields"]
    assert (await robin.send(f"{PATH}/days", [*token, *day(day="2026-09-09").items()])).status == 403
    assert [one.day.day for one in desk.book.said("TH")] == [8]


async def test_the_same_press_twice_says_it_once(ines, desk):
    for said in ("yes", "again"):
        assert f"said={said}" in (await says(ines)).to
    assert len(desk.book.said("TH")) == 1


async def test_a_mistake_is_named_beside_its_field_and_nothing_is_lost(ines, desk):
    for change, words in (
        ({"day": "2026-09-12"}, "It must be: a day that counts now."),
        ({"day": "soon"}, "Choose a day and what holds for it."),
        ({"says": "half"}, "Choose a day and what holds for it."),
        ({"reason": ""}, "It must be: at least one visible character."),
    ):
        answer = await says(ines, **change)
        assert answer.status == 422
        assert words in answer.text
    assert 'value="Typhoon signal 10"' in (await says(ines, day="2026-09-12")).raw
    assert desk.book.said("TH") == ()


async def test_the_page_reads_in_chinese(app, desk):
    ines = await Person(app, "zh").sign_in(desk, "operator", "ines")
    page = await ines.see(f"{PATH}?calendar=TH&year=2026")
    assert "休息：不算工作日" in page.text
    assert "泰国 · TH" in page.text  # a code alone says little


async def test_an_address_that_makes_no_sense(ines):
    assert (await ines.see(f"{PATH}?calendar=XX")).status == 404
    assert (await ines.see(f"{PATH}?calendar=US&year=abc")).status == 200
    assert (await ines.see(f"{PATH}?calendar=US&year=1900")).status == 200
