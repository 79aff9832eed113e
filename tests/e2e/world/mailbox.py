"""A real SMTP server for the bot's emails."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.patience import PATIENCE_S


class Mailbox:
    """What the server accepted.

    Attributes:
        url: For SMTP_URL.
        now: By whose clock mails arrive.
        arrived: When each of `mails` did.
    """

    def __init__(self) -> None:
        self.url = ""
        self.mails: list[EmailMessage] = []
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.arrived: list[datetime] = []
        self.recipients: list[list[str]] = []
        self._arrived = asyncio.Event()

    async def handle_DATA(  # noqa: N802 -- aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        parsed = BytesParser(policy=default).parsebytes(cast("bytes", envelope.content))
        self.mails.append(parsed)
        self.arrived.append(self.now())
        self.recipients.append(list(envelope.rcpt_tos))
        self._arrived.set()
        return "250 OK"

    async def first(self, *, within_s: float = PATIENCE_S) -> EmailMessage:
        """The first mail, waited for."""
        async with asyncio.timeout(within_s):
            await self._arrived.wait()
        return self.mails[0]


@asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    """A server on a port of its own, in this event loop."""
    box, loop = Mailbox(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, loop=loop), "127.0.0.1", 0)
    box.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}?from=bot@example.com"
    try:
        yield box
    finally:
        server.close()
