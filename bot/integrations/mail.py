"""Email over SMTP: the way round Discord."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, localtime
from typing import Final

import aiosmtplib
import structlog

from bot.domain.errors import UpstreamUnavailable
from bot.integrations.addresses import SmtpServer
from bot.services.ports import Email

log = structlog.get_logger(__name__)

#: A whole mail, from the connection to the acceptance. The queue comes back for one that takes longer.
DEADLINE_S: Final = 20.0

_POLICY = SMTP.clone(cte_type="7bit")  # base64 goes through every relay; 8BITMIME does not


class SmtpEmailSender:
    """Hands mails to one SMTP server, a connection each: they are rare, and the server may restart."""

    def __init__(self, server: SmtpServer, *, deadline_s: float = DEADLINE_S) -> None:
        self._server = server
        self._deadline_s = deadline_s

    async def send(self, email: Email) -> None:
        """Hand the email to the SMTP server; one accepted recipient is enough.

        Raises:
            UpstreamUnavailable: not accepted now.
        """
        async with self._connected() as client:
            refused, _response = await client.send_message(
                _message(email, sender=self._server.sender),
                sender=self._server.sender,
                recipients=list(email.to),
            )
        if refused:
            log.warning(
                "email.recipients_refused", refused=len(refused), accepted=len(email.to) - len(refused)
            )

    async def check(self) -> None:
        """Connect and log in as for a mail, and send none.

        Raises:
            UpstreamUnavailable: the server is away, or refuses the login.
        """
        async with self._connected() as client:
            await client.noop()

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """Connect with TLS and login; errors in the block are translated."""
        try:
            async with asyncio.timeout(self._deadline_s), self._client() as client:
                yield client
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = ", ".join(sorted({str(each.code) for each in error.recipients}))
            raise UpstreamUnavailable(f"every recipient was refused: {codes}") from error
        except aiosmtplib.SMTPResponseException as error:
            raise UpstreamUnavailable(
                f"the SMTP server answered {error.code} {_one_line(error.message)}"
            ) from error
        except TimeoutError as error:
            raise UpstreamUnavailable("the SMTP server did not answer in time") from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise UpstreamUnavailable(f"no mail can be sent: {_one_line(str(error))}") from error

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username if server.password is not None else None,
            password=server.password,
            use_tls=server.implicit_tls,
            start_tls=False if server.implicit_tls else server.demands_tls or None,  # None: if it is offered
            local_hostname=socket.gethostname(),  # its default asks the DNS, which may be what is down
            timeout=self._deadline_s,
        )


def _message(email: Email, *, sender: str) -> EmailMessage:
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = ", ".join(email.to)
    message["Subject"] = _one_line(email.subject)
    message["Message-ID"] = email.message_id
    if email.thread_id is not None:
        message["In-Reply-To"] = message["References"] = email.thread_id
    message["Date"] = format_datetime(localtime())
    message["Importance"] = "high"  # RFC 2156; what a phone may let through at night
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    message.set_content(email.body)
    return message


def _one_line(text: str) -> str:
    return " ".join(text.split())
