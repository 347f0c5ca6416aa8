"""Mail that comes back later: reports in the operator's folder are told to the mails that they are about."""

from __future__ import annotations

import asyncio

import structlog

from rescind.core.mail import judge
from rescind.mail.returned import Folder, read
from rescind.postgres.mails import MailTable

log = structlog.get_logger()


class Returned:
    """Looks through the folder. A report is put aside once what it says is written."""

    def __init__(self, folder: Folder, table: MailTable) -> None:
        self._folder = folder
        self._table = table
        self._told = False

    async def sweep(self) -> int:
        """Read what is new; how many mails it was."""
        try:
            found = await asyncio.to_thread(self._folder.new)
            for path, data in found:
                # Anybody may write to that mailbox; what cannot be read as a report is none.
                report = await asyncio.to_thread(read, data)
                if report is not None:
                    answer = judge("returned", report.code, report.said)
                    done = await self._table.came_back(report.mail, answer)
                    log.info("mail.came_back", mail=report.mail, code=report.code, known=done)
                await asyncio.to_thread(self._folder.done, path)
        except OSError as fault:
            if not self._told:
                log.warning("mail.folder_unreadable", fault=str(fault))
            self._told = True
            return 0
        self._told = False
        return len(found)
