"""Who may let whom in, and what is no password."""

import pytest

from rescind.core.errors import Forbidden, InvalidField, LastOperator
from rescind.core.staff import Grant, grant, require_may_let_in, require_operator_left, require_password

OPERATOR, SUPPORT = Grant(role="operator"), Grant(role="support")
MANAGES = Grant(role="seller", shop="shp_0000kiln")
ANSWERS = Grant(role="seller", shop="shp_0000kiln", rights="answer")
ELSEWHERE = Grant(role="seller", shop="shp_lantern0")


@pytest.mark.parametrize("whom", [OPERATOR, SUPPORT, MANAGES, ANSWERS, ELSEWHERE])
def test_an_operator_lets_anybody_in(whom):
    require_may_let_in(OPERATOR, whom)


@pytest.mark.parametrize("whom", [MANAGES, ANSWERS])
def test_whoever_manages_a_shop_lets_its_own_people_in(whom):
    require_may_let_in(MANAGES, whom)


@pytest.mark.parametrize(
    ("by", "whom"),
    [
        (MANAGES, ELSEWHERE),
        (MANAGES, SUPPORT),
        (MANAGES, OPERATOR),
        (ANSWERS, ANSWERS),
        (SUPPORT, SUPPORT),
        (SUPPORT, ANSWERS),
    ],
)
def test_nobody_lets_others_in(by, whom):
    with pytest.raises(Forbidden):
        require_may_let_in(by, whom)


def test_the_last_operator_stays_and_the_last_of_anything_else_may_go():
    with pytest.raises(LastOperator):
        require_operator_left(OPERATOR, 1)
    require_operator_left(OPERATOR, 2)
    require_operator_left(MANAGES, 1)


@pytest.mark.parametrize(
    ("role", "shop", "rights", "field"),
    [
        ("host", None, "manage", "/role"),
        ("seller", None, "manage", "/shop"),
        ("support", "shp_0000kiln", "manage", "/shop"),
        ("seller", "shp_0000kiln", "own", "/rights"),
    ],
)
def test_what_is_no_role_is_refused_by_its_field(role, shop, rights, field):
    with pytest.raises(InvalidField) as wrong:
        grant(role, shop, rights)
    assert wrong.value.params["field"] == field


def test_people_of_the_platform_have_no_lesser_rights():
    assert grant("operator", None, "answer") == OPERATOR


@pytest.mark.parametrize(
    "password", ["eleven sig.", "x" * 201, "aaaaaaaaaaaa", "kit@harbour.example", "KIT MARLOW OF HARBOUR"]
)
def test_what_is_easily_guessed_is_no_password(password):
    with pytest.raises(InvalidField):
        require_password(password, "kit@harbour.example", "Kit Marlow of Harbour")


def test_twelve_signs_that_are_not_easily_guessed_are_one():
    require_password("twelve signs", "kit@harbour.example", "Kit Marlow")
