"""Tracking numbers that come from the marketplace or a seller's program."""

import pytest

from rescind.core.errors import InvalidField
from rescind.intake.tracking import tracking_number


@pytest.mark.parametrize("text", ["8R41592653589", "RM 1234 5678 9GB", "1Z999AA1", "A-1/2.3", "1234", ""])
def test_what_carriers_print_is_taken_as_it_stands(text):
    assert tracking_number(f" {text} ", field="/tracking") == text


@pytest.mark.parametrize("text", ["123", "posted", "1" * 61, "🚚1234", "12\n34", "１２３４", "<b>1234</b>"])
def test_anything_else_is_refused_by_its_field(text):
    with pytest.raises(InvalidField) as refused:
        tracking_number(text, field="/tracking")
    assert refused.value.params["field"] == "/tracking"
