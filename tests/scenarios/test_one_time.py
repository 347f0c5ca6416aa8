"""Codes of an authenticator app, by the examples of RFC 6238, and when one counts."""

import pytest

from rescind.core.one_time import address, code, matching_step, plain, typed_seed

SEED = b"12345678901234567890"


@pytest.mark.parametrize(
    ("at", "digits"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_a_code_is_that_of_the_standard(at, digits):
    """Appendix B gives eight digits; six are the last six of them."""
    assert code(SEED, at // 30) == digits


def test_a_clock_may_be_one_step_off_and_not_two():
    now = 1_111_111_111
    here = now // 30
    typed = {off: code(SEED, here + off) for off in range(-2, 3)}
    found = {off: matching_step(SEED, one, now, 0) for off, one in typed.items()}
    assert found == {-2: None, -1: here - 1, 0: here, 1: here + 1, 2: None}


def test_a_code_counts_once_and_none_before_it_counts_after():
    now = 1_111_111_111
    here = now // 30
    assert matching_step(SEED, code(SEED, here), now, here) is None
    assert matching_step(SEED, code(SEED, here - 1), now, here) is None
    assert matching_step(SEED, code(SEED, here + 1), now, here) == here + 1


def test_what_people_type_between_the_signs_does_not_matter():
    assert plain(" 287 082 ") == "287082"
    assert plain("A1B2C-D3E4F") == plain("a1b2cd3e4f")


def test_the_seed_is_shown_as_apps_read_it():
    assert typed_seed(SEED) == "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
    assert address(SEED, "Rescind", "kit@harbour.example") == (
        "otpauth://totp/Rescind:kit@harbour.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Rescind"
    )
