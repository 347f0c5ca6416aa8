"""What operators are told of the installation by the API."""

from rescind.mail.smtp import Patience


async def test_an_operator_reads_what_is_to_be_done_and_nobody_else_does(people, desk):
    desk.post._patience = Patience(2, 4, 4)
    told = (await people.ops.get("/v1/check-up")).json()
    assert told["grade"] == "broken"
    by_code = {one["code"]: one for one in told["findings"]}
    assert by_code["mail_none"]["advice"].startswith("Set one up")
    assert by_code["database_embedded"]["advice"] == ""
    chinese = (await people.ops.get("/v1/check-up", headers={"accept-language": "zh-CN"})).json()
    assert "从未做过备份。" in {one["says"] for one in chinese["findings"]}
    for other in (people.sue, people.sam, people.ann):
        assert (await other.get("/v1/check-up")).status_code == 403
