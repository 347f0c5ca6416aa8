"""A provider's list of refunds as a file: both forms read the same, and a line that cannot be read is named."""

import json
from datetime import UTC, datetime

import pytest

from rescind.core.ports import ProviderRefund
from rescind.core.refund import ProviderOutcome
from rescind.providers.exported import STATUSES, BadExport, refunds

HEAD = "created,reference,amount,currency,status,refund\n"
GOOD = "2026-05-01T12:00:00+02:00,re_1,19.99,eur,Succeeded,ref_00000001d24g9bjyem6797\n"
READ = ProviderRefund(
    reference="re_1",
    refund="ref_00000001d24g9bjyem6797",
    payment="",
    amount_minor=1999,
    currency="EUR",
    status=ProviderOutcome.SUCCEEDED,
    at=datetime(2026, 5, 1, 10, tzinfo=UTC),
)


def read(file, text):
    file.write_text(text)
    return list(refunds(file, {"at": "created"}))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "list"


def test_both_forms_say_the_same(file):
    assert read(file, HEAD + GOOD) == [READ]
    said = dict(zip(HEAD.strip().split(","), GOOD.strip().split(","), strict=True))
    assert read(file, json.dumps(said | {"amount": "-19.99", "fee": None, "more": [1]}) + "\n\n") == [READ]
    by_minor = {name: text for name, text in said.items() if name != "amount"} | {"amount_minor": 1999}
    assert read(file, json.dumps(by_minor)) == [READ]
    # An id that is none of ours is as good as none.
    assert read(file, HEAD + GOOD.replace("ref_00000001d24g9bjyem6797", "order 7"))[0].refund == ""
    # No decimals where the currency has none.
    assert read(file, HEAD + GOOD.replace("19.99,eur", "1999,jpy"))[0].amount_minor == 1999
    assert {read(file, HEAD + GOOD.replace("Succeeded", one))[0].status for one in STATUSES} == set(STATUSES.values())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (GOOD.replace("+02:00", ""), "line 3: created must be RFC 3339"),
        (GOOD.replace("19.99", "19.999"), "line 3: amount must be a decimal amount"),
        (GOOD.replace("19.99", "0"), "line 3: amount must be above zero"),
        (GOOD.replace("19.99", ""), "line 3: amount must be"),
        (GOOD.replace("eur", "Euro"), "line 3: currency must be"),
        (GOOD.replace("Succeeded", "maybe"), "line 3: status must be one of: succeeded"),
        (GOOD.replace("re_1", "").replace("ref_00000001d24g9bjyem6797", ""), "line 3: reference must be there"),
        (GOOD.replace("re_1", "re" * 200), "line 3: reference must be at most 255"),
        ('"open\n', "line 3"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(file, line, said):
    with pytest.raises(BadExport, match=said):
        read(file, HEAD + GOOD + line)


def test_a_file_that_is_no_list_is_refused(file, tmp_path):
    for text, said in (
        ("one,two\n", "no column currency, status, created"),
        ("{}\n[]\n", "line 1: currency must be"),
        ('{"reference": \n', "line 1: this is no JSON object"),
    ):
        with pytest.raises(BadExport, match=said):
            read(file, text)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(BadExport, match="UTF-8"):
        list(refunds(file))
    with pytest.raises(BadExport, match="cannot be read"):
        list(refunds(tmp_path / "absent"))
