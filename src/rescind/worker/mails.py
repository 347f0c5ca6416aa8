"""Mails that wait: handed to the server outside any transaction, and what it said is kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from rescind.core.errors import Unavailable
from rescind.core.mail import Answer, Mail, MailStatus, judge, wait_after
from rescind.mail.message import Letter, Over
from rescind.mail.post import AT_ONCE, Post
from rescind.mail.smtp import Server
from rescind.postgres.due import LeaseLost
from rescind.postgres.mails import Leased
from rescind.worker.each import each

log = structlog.get_logger()

LEASE = timedelta(minutes=15)
"""Longer than the most patient talk with a server, and making a PDF before it."""

Compose = Callable[[Mail], Awaitable[Letter]]
"""Makes what a mail says from what it names. Raises Unavailable: not now; Over: not any more."""

_SETTLED = {"taken": MailStatus.TAKEN, "refused": MailStatus.REFUSED, "in_doubt": MailStatus.IN_DOUBT}


async def sweep(post: Post, compose: Compose) -> int:
    """Hand over every mail that is due; returns how many. Without a server nothing is touched, and mail waits."""
    await post.table.left_behind()
    try:
        server = await post.server()
    except Unavailable:
        # Its password cannot be opened, which has been told.
        return 0
    if server is None:
        return 0
    leased = await post.table.lease(LEASE, AT_ONCE)
    await each(_send(post, compose, server, one) for one in leased)
    return len(leased)


async def _send(post: Post, compose: Compose, server: Server, leased: Leased) -> None:
    mail = leased.mail
    try:
        letter = await compose(mail)
    except Over:
        await post.table.settle(leased, MailStatus.DROPPED, judge("compose", 0))
        return
    except Unavailable as busy:
        after = busy.params.get("retry_after")
        span = timedelta(seconds=after if isinstance(after, int) else 30)
        # Nobody was asked anything, so it does not count as a try.
        await post.table.postpone(leased, span, judge("compose", 0), tries=mail.tries - 1)
        return
    except Exception:
        # A mistake of ours: it is told, and what comes of it is seen in the outbox.
        log.exception("mail.not_made", mail=mail.id)
        await _not_now(post, leased, judge("compose", 0))
        return
    try:
        answer = await post.hand_over(
            server, letter, post.envelope(server, mail.id, mail.address), lambda: post.table.handing(leased)
        )
    except LeaseLost:
        log.warning("mail.lease_lost", mail=mail.id)
        return
    if answer.how == "not_now":
        await _not_now(post, leased, answer)
        return
    await post.table.settle(leased, _SETTLED[answer.how], answer)
    log.info("mail.settled", mail=mail.id, how=answer.how, code=answer.code)


async def _not_now(post: Post, leased: Leased, answer: Answer) -> None:
    span = wait_after(leased.mail.tries)
    log.info("mail.not_now", mail=leased.mail.id, place=answer.place, code=answer.code, again=span is not None)
    if span is None:
        await post.table.settle(leased, MailStatus.FAILED, answer)
    else:
        await post.table.postpone(leased, span, answer)
