"""Mail that a server took and sent back later: reports as servers write them, and everything else that lies there."""

import pytest

from mail.people import ANN
from rescind.mail.returned import LARGEST, Folder, read
from rescind.worker.returned import Returned

REPORT = """\
From: MAILER-DAEMON@mx.example.org\r
To: desk@market.test\r
Subject: Undelivered Mail Returned to Sender\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status;\r
\tboundary="b1"\r
\r
--b1\r
Content-Type: text/plain\r
\r
I am sorry.\r
--b1\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.example.org\r
\r
Final-Recipient: rfc822; {to}\r
Action: {action}\r
Status: {status}\r
Diagnostic-Code: {diagnosis}\r
\r
--b1\r
Content-Type: {kind}\r
\r
From: desk@market.test\r
Message-ID: <{mail}@market.test>\r
Subject: Receipt\r
{end}\r
--b1--\r
"""


def report(mail, **more):
    given = {
        "to": "ann@example.org",
        "action": "failed",
        "status": "5.1.1",
        "diagnosis": "smtp; 550 5.1.1 <ann@example.org>: no\r\n such mailbox",
        "kind": "message/rfc822",
        "end": "\r\nthe mail itself",
    } | more
    return REPORT.format(mail=mail, **given).encode()


@pytest.fixture
def box(tmp_path, desk):
    """A Maildir and who looks through it."""
    for name in ("new", "cur", "tmp"):
        (tmp_path / "box" / name).mkdir(parents=True)
    return Box(tmp_path / "box", desk.post.table)


class Box:
    def __init__(self, path, table):
        self.path, self.reader, self._count = path, Returned(Folder(path), table), 0

    async def gets(self, *mails):
        for one in mails:
            self._count += 1
            (self.path / "new" / f"{self._count}.M1P1.mx").write_bytes(one)
        return await self.reader.sweep()

    def left(self):
        return sorted(one.name for one in (self.path / "new").iterdir())


@pytest.fixture
async def taken(outbox, market, server):
    """A mail that the server took."""
    await outbox.goes_to(server)
    mail = await outbox.asked(ANN, await market.order("review"))
    await outbox.sweep()
    assert (await outbox.after(mail)).status == "taken"
    return mail


async def test_a_report_settles_the_mail_it_names_and_keeps_the_address(outbox, box, taken):
    assert await box.gets(report(taken.id)) == 1
    mail = await outbox.after(taken)
    assert (mail.status, mail.place, mail.code) == ("refused", "returned", 550)
    assert mail.said == "5.1.1 <a…@example.org>: no such mailbox", "the address is not shown to who need not know it"
    (bounce,) = await outbox.table.bounces()
    assert (bounce.address, bounce.code) == ("ann@example.org", 550)
    assert box.left() == []
    assert [one.name for one in (box.path / "cur").iterdir()] == ["1.M1P1.mx:2,S"]
    assert await box.gets(report(taken.id)) == 1, "again changes nothing"
    assert len(await outbox.table.bounces()) == 1


async def test_a_mail_that_is_too_large_or_unwanted_says_nothing_of_the_address(outbox, box, taken):
    await box.gets(report(taken.id, status="5.7.1", diagnosis="smtp; 554 5.7.1 taken for unwanted"))
    assert (await outbox.after(taken)).status == "refused"
    assert await outbox.table.bounces() == ()


async def test_whatever_is_no_report_of_ours_changes_nothing(outbox, box, taken):
    others = [
        report("eml_" + "0" * 22),
        report("no-id-of-ours"),
        report(taken.id, action="delayed", status="4.4.1"),
        report(taken.id, action="delivered", status="2.0.0"),
        report(taken.id, status="nonsense"),
        report(taken.id).replace(b"multipart/report", b"multipart/mixed"),
        report(taken.id).replace(b"message/delivery-status", b"text/plain"),
        b"Subject: I am away\r\n\r\n<" + taken.id.encode() + b"@market.test>",
        b"",
        b"\xff\xfe" * 5000,
        b"Content-Type: multipart/report; boundary=x\r\n\r\n" + b"--x\r\n" * 20_000,
        b"".join(b"Content-Type: multipart/report; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(15_000)),
    ]
    assert await box.gets(*others) == len(others)
    assert (await outbox.after(taken)).status == "taken"
    assert await outbox.table.bounces() == ()
    assert box.left() == [], "each is read once"


async def test_a_report_of_a_mail_that_waits_is_not_believed(outbox, box, market):
    mail = await outbox.asked(ANN, await market.order("review"))
    await box.gets(report(mail.id))
    assert (await outbox.after(mail)).status == "waiting"


async def test_a_folder_that_is_not_there_is_told_once_and_looked_for_again(box, tmp_path, outbox, taken, capsys):
    (box.path / "new").rename(tmp_path / "away")
    assert [await box.reader.sweep(), await box.reader.sweep()] == [0, 0]
    assert capsys.readouterr().out.count("mail.folder_unreadable") == 1
    (tmp_path / "away").rename(box.path / "new")
    assert await box.gets(report(taken.id)) == 1
    assert (await outbox.after(taken)).status == "refused"


def test_a_report_is_read_in_each_form_it_has():
    mail = "eml_" + "1" * 22
    heads = report(mail, kind="text/rfc822-headers", end="")
    assert read(heads) == read(report(mail))
    assert read(report(mail, diagnosis="x-unix; mail loop")) == (mail, 550, "5.1.1 mail loop")
    assert read(report(mail, diagnosis="smtp; 550 no such user")) == (mail, 550, "5.1.1 no such user")
    large = report(mail, end="\r\n" + "a" * (2 * LARGEST))
    assert read(large) == read(report(mail)), "what comes back may be long"
