"""Email, against a real SMTP server."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any, cast

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import DiscordAway, UpstreamUnavailable
from bot.domain.oncall.people import OnCallPerson, Who
from bot.domain.outage import OfflineKind
from bot.domain.people import Person
from bot.integrations.addresses import SmtpServer
from bot.integrations.mail import SmtpEmailSender
from bot.services.ports import Email, EmailRecipient
from bot.ui.posts.mails import PlainEmailWriter, emergency_mail
from tests.cogs.oncall.acts import oncall_of
from tests.integration.outbound.certificates import make_certificate, server_side
from tests.services.database import Database
from tests.services.desk import Desk
from tests.unit.ui.samples import JA, PLACED, POLICY, TEXTS, delivery, watch

MAIL = Email(
    to=("primary@example.com", "secondary@example.com"),
    subject="🔴 SEV1 · INC-42 決済 API が 5xx",
    body="Discord に投稿できませんでした。\nack 期限 14:20 JST\n",
    message_id="<inc-42-alert@incident-bot>",
)


class Inbox:
    """What the server accepted; refuses the recipients it is told to."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.refuse: set[str] = set()
        self.tls: list[bool] = []
        self.authenticated: list[bool] = []

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refuse:
            return "550 5.1.1 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 -- aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        parsed = BytesParser(policy=default).parsebytes(cast("bytes", envelope.content))
        self.mails.append(parsed)
        self.recipients.append(list(envelope.rcpt_tos))
        self.tls.append(session.ssl is not None)
        self.authenticated.append(bool(session.authenticated))
        return "250 OK"


@asynccontextmanager
async def smtp_server(inbox: Inbox, **options: Any) -> AsyncIterator[SmtpServer]:
    """A server on a port of its own, in this event loop."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(inbox, loop=loop, **options), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield SmtpServer.parse(f"smtp://127.0.0.1:{port}?from=bot@example.com")
    finally:
        server.close()


def password_is(expected: bytes) -> Callable[..., AuthResult]:
    """An authenticator for one password."""

    def check(_server: SMTP, _session: Session, _envelope: Envelope, _kind: str, data: object) -> AuthResult:
        right = isinstance(data, LoginPassword) and data.password == expected
        return AuthResult(success=right, handled=False)  # the server answers

    return check


async def test_a_japanese_mail_arrives() -> None:
    """Subject and body survive the way, to everyone at once."""
    inbox = Inbox()
    async with smtp_server(inbox) as server:
        await SmtpEmailSender(server).send(MAIL)
    (mail,) = inbox.mails
    assert mail["Subject"] == MAIL.subject
    assert mail.get_content().splitlines() == MAIL.body.splitlines()
    assert mail["From"] == "bot@example.com"
    assert inbox.recipients == [list(MAIL.to)]
    assert mail["Auto-Submitted"] == "auto-generated"


async def test_each_attempt_is_the_same_mail() -> None:
    """A second attempt carries the same Message-ID, so that a mail program shows one."""
    inbox = Inbox()
    async with smtp_server(inbox) as server:
        await SmtpEmailSender(server).send(MAIL)
        await SmtpEmailSender(server).send(MAIL)
    assert [mail["Message-ID"] for mail in inbox.mails] == [MAIL.message_id] * 2


#: What people are called in Discord; what a header cannot hold is among it.
NAMES = ("田中 太郎", "🦊 kit", "Taro Tanaka (ops)", "a@b>\r\nBcc: x@y")
ADMIN = Person(id=9, name="admin", roles=frozenset({"admin"}))
OUTAGE = DiscordAway("HTTP 503", http_status=503, retry_after_s=30.0)


@pytest.mark.parametrize("name", NAMES)
async def test_whatever_somebody_is_called_each_kind_of_mail_reaches_them(name: str) -> None:
    """The alert's, one that answers it, and those without a database have whole, plain headers."""
    to = OnCallPerson("1" * 18, name, "primary@example.com")
    mails = PlainEmailWriter(TEXTS, POLICY)
    later = replace(delivery(DeliveryKind.ESCALATION), nonce="f" * 24)
    written = [
        mails.write(delivery(DeliveryKind.ALERT), PLACED, EmailRecipient(to, None, "d1nonce")),
        mails.write(later, PLACED, EmailRecipient(to, None, "d1nonce")),
        emergency_mail(JA, watch(), OfflineKind.ESCALATION, to=to, nonce="e" * 24, first="d1nonce"),
    ]
    inbox = Inbox()
    async with smtp_server(inbox) as server:
        for mail in written:
            await SmtpEmailSender(server).send(mail)
    ids = [mail["Message-ID"] for mail in inbox.mails]
    assert ids == [mail.message_id for mail in written]
    assert all(re.fullmatch(r"<[a-z0-9.]+@incident-bot\.invalid>", each) for each in ids)
    assert [mail["In-Reply-To"] for mail in inbox.mails] == [None, ids[0], ids[0]]
    assert [mail["References"] for mail in inbox.mails] == [None, ids[0], ids[0]]
    assert all(mail["Bcc"] is None for mail in inbox.mails)


@pytest.mark.parametrize("name", NAMES)
async def test_a_stand_in_set_from_chat_is_mailed_in_an_outage(database: Database, name: str) -> None:
    """In an outage primary and secondary get one email each, whatever the stand-in from chat is called."""
    inbox = Inbox()
    async with smtp_server(inbox) as server:
        desk = Desk(database, writer=PlainEmailWriter(TEXTS, POLICY), mailer=SmtpEmailSender(server))
        stand_in = Who(123456789012345678, "kit", name)
        await oncall_of(desk).schedules.set_person(desk.guild_id, "primary", stand_in, by=ADMIN)
        desk.discord.failures = [OUTAGE] * 500
        await desk.open("SEV1")
        await desk.pass_time(minutes=1)
    assert sorted(inbox.recipients) == [["primary@example.com"], ["secondary@example.com"]]


async def test_a_line_break_starts_no_header() -> None:
    """A subject is one line, whatever was in it."""
    inbox = Inbox()
    async with smtp_server(inbox) as server:
        await SmtpEmailSender(server).send(replace(MAIL, subject="a\r\nBcc: everyone@example.com"))
    (mail,) = inbox.mails
    assert mail["Bcc"] is None
    assert mail["Subject"] == "a Bcc: everyone@example.com"


async def test_login() -> None:
    """The right password is let in, `check` included; the wrong one is no mail and no secret."""
    inbox = Inbox()
    options = {"authenticator": password_is(b"hunter2"), "auth_require_tls": False}
    async with smtp_server(inbox, **options) as server:
        right = replace(server, username="bot", password="hunter2")
        await SmtpEmailSender(right).check()
        await SmtpEmailSender(right).send(MAIL)
        with pytest.raises(UpstreamUnavailable, match="answered 535") as caught:
            await SmtpEmailSender(replace(right, password="wrong-secret")).send(MAIL)
    assert inbox.authenticated == [True]
    assert "wrong-secret" not in str(caught.value)


async def test_one_refused_recipient_does_not_stop_the_other() -> None:
    """An address that has gone leaves the rest of the on-call with their mail."""
    inbox = Inbox()
    inbox.refuse = {"primary@example.com"}
    async with smtp_server(inbox) as server:
        await SmtpEmailSender(server).send(MAIL)
    assert inbox.recipients == [["secondary@example.com"]]


async def test_nobody_accepted() -> None:
    """An email whose every recipient is refused counts as not sent."""
    inbox = Inbox()
    inbox.refuse = set(MAIL.to)
    async with smtp_server(inbox) as server:
        with pytest.raises(UpstreamUnavailable, match="every recipient was refused: 550"):
            await SmtpEmailSender(server).send(MAIL)


async def test_nobody_listens() -> None:
    """A server that is down is unavailable, at once."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    sender = SmtpEmailSender(SmtpServer.parse(f"smtp://127.0.0.1:{port}?from=bot@example.com"))
    with pytest.raises(UpstreamUnavailable, match="no mail can be sent"):
        await sender.send(MAIL)


async def test_a_silent_server() -> None:
    """One that accepts the connection and says nothing costs our deadline and not a minute."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        sender = SmtpEmailSender(
            SmtpServer.parse(f"smtp://127.0.0.1:{port}?from=bot@example.com"), deadline_s=0.2
        )
        with pytest.raises(UpstreamUnavailable, match="in time"):
            await sender.send(MAIL)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return an untrusted certificate for 127.0.0.1 with its key."""
    return make_certificate(tmp_path)


async def test_starttls_is_used_when_offered(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An offered STARTTLS is taken without being asked for."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    inbox = Inbox()
    async with smtp_server(inbox, tls_context=server_side(certificate)) as server:
        await SmtpEmailSender(server).send(MAIL)
    assert inbox.tls == [True]


async def test_a_certificate_that_nobody_vouches_for(certificate: Path) -> None:
    """A mail server whose certificate cannot be verified gets no mail."""
    inbox = Inbox()
    async with smtp_server(inbox, tls_context=server_side(certificate)) as server:
        with pytest.raises(UpstreamUnavailable, match="certificate verify failed"):
            await SmtpEmailSender(server).send(MAIL)
    assert inbox.mails == []


async def test_a_password_does_not_leave_the_machine_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    """If another host offers no STARTTLS, neither the password nor the email is sent to it."""
    inbox, tried = Inbox(), list[object]()
    # A name that is not loopback's and still leads here: what matters is how the address looks.
    real = asyncio.get_running_loop().getaddrinfo

    async def resolve(host: str, *arguments: Any, **options: Any) -> Any:
        return await real("127.0.0.1" if host == "mail.example.com" else host, *arguments, **options)

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)

    def note(*asked: object) -> AuthResult:
        tried.append(asked)
        return AuthResult(success=True)

    async with smtp_server(inbox, authenticator=note, auth_require_tls=False) as server:
        away = replace(server, host="mail.example.com", username="bot", password="hunter2")
        with pytest.raises(UpstreamUnavailable, match="STARTTLS"):
            await SmtpEmailSender(away).send(MAIL)
    assert (tried, inbox.mails) == ([], [])
