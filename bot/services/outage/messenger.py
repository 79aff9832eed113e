"""Messages and emails without a database: each once, and noted before the next."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

import structlog
from cachetools import TTLCache

from bot.domain.delivery.delivery import Posted
from bot.domain.errors import BotError, DeliveryRefused, UpstreamUnavailable
from bot.domain.installation import nonce_of
from bot.domain.outage import OfflineKind, OfflineMessage, OfflinePost, UnansweredPost, Watch
from bot.services.outage.logbook import Logbook
from bot.services.ports import Email, EmailSender, OfflineAlerter
from bot.services.shared.roster import OnCall

log = structlog.get_logger(__name__)

#: How long an escalation waits for its emails, seconds. Sending them goes on afterwards.
_MAIL_S: Final = 2.0

#: How long a message that Discord refused is not sent again, seconds: many refusals lead to a ban.
_REFUSED_S: Final = 60.0
_REFUSALS: Final = 5_000


@dataclass(frozen=True, slots=True)
class OutageChannels:
    """The ways to reach people without a database.

    Attributes:
        email_sender: None when the bot sends no email.
        meanwhile: The messages posted here, by the key of the delivery that each replaces.
        begun: The attempts that this process has begun with the database, by nonce.
    """

    offline_alerter: OfflineAlerter
    book: Logbook
    email_sender: EmailSender | None
    meanwhile: dict[str, OfflinePost]
    begun: Mapping[str, UnansweredPost]


class OutageMessenger:
    """Sends messages and emails, and notes each in the journal."""

    def __init__(self, channels: OutageChannels, oncall: OnCall) -> None:
        self._channels = channels
        self._book = channels.book
        self._oncall = oncall
        self._mailing: dict[str, asyncio.Task[None]] = {}
        self._refused: TTLCache[str, None] = TTLCache(_REFUSALS, _REFUSED_S)

    def load(self) -> None:
        """Let `AlreadyTold` know what an earlier process has posted."""
        for key, where in self._book.journal.posted.items():
            self._channels.meanwhile[key] = OfflinePost(self._nonce(key), where)

    async def post(self, watch: Watch, message: OfflineMessage) -> Posted | None:
        """Post a message once, and return where it is; None if Discord does not take it now."""
        key = message.key
        if key in self._book.journal.posted or key in self._refused:
            return self._book.journal.posted.get(key)
        nonce = self._nonce(key)
        if message.attempt is None:  # the mirror may have been read before it
            message = replace(message, attempt=self._channels.begun.get(nonce))
        try:
            posted = await self._channels.offline_alerter.post(watch, message, nonce=nonce)
        except BotError as error:
            log.warning("emergency.not_posted", word=message.kind, reason=type(error).__name__)
            if isinstance(error, DeliveryRefused):
                self._refused[key] = None
            return None
        self._channels.meanwhile[key] = OfflinePost(nonce, posted)
        journal = self._book.journal
        said = {**journal.said, key: self._book.now()}
        await self._book.keep(replace(journal, posted={**journal.posted, key: posted}, said=said))
        return posted

    async def alert(self, watch: Watch, message: OfflineMessage) -> None:
        """Post the alert as `post` does, and add the bot's own 👀."""
        if (alert := await self.post(watch, message)) is None:
            return
        try:
            await self._channels.offline_alerter.seed(alert)
        except BotError as error:
            log.info("emergency.not_seeded", reason=type(error).__name__)

    def mail(
        self,
        watch: Watch,
        kind: OfflineKind,
        *,
        key: str,
        then: Callable[[], Awaitable[None]] | None = None,
    ) -> list[asyncio.Task[None]]:
        """Email everyone on call who has an address, each once; a retry has the same Message-ID.

        A slow mail server does not delay other messages.

        Args:
            then: What to do once one is accepted.
        """
        if self._channels.email_sender is None:
            return []
        first = self._nonce(f"{watch.key}:alert")
        for who in self._oncall.cached_reachable(watch.guild_id):
            mark = f"{key}:mail:{who.mailbox}"
            if mark not in self._book.journal.mailed and mark not in self._mailing:
                mail = self._channels.offline_alerter.mail(
                    watch, kind, to=who, nonce=self._nonce(key), first=first
                )
                sending = self._send(self._channels.email_sender, mail, watch, mark=mark, then=then)
                self._mailing[mark] = asyncio.create_task(sending, name="email")
        return [task for mark, task in self._mailing.items() if mark.startswith(f"{key}:mail:")]

    async def _send(
        self,
        email_sender: EmailSender,
        mail: Email,
        watch: Watch,
        *,
        mark: str,
        then: Callable[[], Awaitable[None]] | None,
    ) -> None:
        try:
            await email_sender.send(mail)
        except UpstreamUnavailable as away:
            log.warning("email.attempt_failed", watch=watch.key, reason=away.reason)
        except Exception:
            log.exception("email.attempt_broken", watch=watch.key)
        else:
            log.info("email.sent", watch=watch.key)
            journal = self._book.journal
            if watch.label is None and watch.key not in journal.watches:
                return  # the report has become an incident: a note under its old key would not be found
            said = {**journal.said, mark: self._book.now()}
            await self._book.keep(replace(journal, mailed=journal.mailed | {mark}, said=said))
            if then is not None:
                await then()
        finally:
            del self._mailing[mark]

    def told(self, watch: Watch) -> int:
        """Return how many people a DM or an email about *watch* has reached, each person counted once."""
        begin, journal = f"{watch.key}:", self._book.journal
        mailed = {key.rpartition(":mail:")[2] for key in journal.mailed if key.startswith(begin)}
        posted = (key.rpartition(":dm:") for key in journal.posted if key.startswith(begin))
        places = {place for _, is_page, place in posted if is_page}
        return len(mailed | {self._mailbox_at(place, watch.guild_id) for place in places})

    def _mailbox_at(self, place: str, guild_id: int) -> str:
        who = self._oncall.cached_reachable(guild_id, place)
        return who[0].mailbox if who else place

    def _nonce(self, key: str) -> str:
        return nonce_of(self._book.journal.installation_id, key)


async def for_a_while(mailing: Collection[asyncio.Task[None]]) -> None:
    """Wait until the emails are out, for two seconds at most. Sending them goes on afterwards."""
    if mailing:
        await asyncio.wait(mailing, timeout=_MAIL_S)
