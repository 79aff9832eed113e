"""Escalation without a database: from the journal, incident by incident, the most severe first.

Each message and email goes out once, and is noted before the next.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from weakref import WeakValueDictionary

import structlog
from cachetools import TTLCache

from bot.domain.delivery.delivery import Posted
from bot.domain.errors import BotError, DeliveryRefused, UpstreamUnavailable
from bot.domain.installation import nonce_of
from bot.domain.outage import (
    Journal,
    OfflineKind,
    OfflineMessage,
    OfflinePost,
    SeenAck,
    UnansweredPost,
    UnsentMessage,
    Watch,
    WatchStep,
)
from bot.domain.people import Person
from bot.domain.severity import Mention
from bot.runbook.model import Policy
from bot.services.acknowledging.reconciliation import READ_WITHIN_S
from bot.services.outage.journal import Logbook
from bot.services.ports import Discord, Email, EmailSender, OfflineAlerter
from bot.services.shared.access import Access
from bot.services.shared.roster import OnCall

log = structlog.get_logger(__name__)

#: How long an escalation waits for its emails, seconds. Sending them goes on afterwards.
_MAIL_S: Final = 2.0

#: How long a message that Discord refused is not sent again, seconds: many refusals lead to a ban.
_REFUSED_S: Final = 60.0
_REFUSALS: Final = 5_000

_AT_ONCE: Final = 8  # incidents

#: How long one look waits for the incidents that it has begun, seconds. They go on by themselves.
_ACT_S: Final = 1.0

#: After this time, another process may have sent a message under a nonce that Discord no longer knows.
_OLD: Final = timedelta(minutes=1)


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

    def __init__(self, channels: OutageChannels, oncall: OnCall, policy: Policy) -> None:
        self._channels = channels
        self._book = channels.book
        self._oncall = oncall
        self._policy = policy
        self._mailing: dict[str, asyncio.Task[None]] = {}
        self._refused: TTLCache[str, None] = TTLCache(_REFUSALS, _REFUSED_S)

    def load(self) -> None:
        """Let `SentDuringOutage` know what an earlier process has posted."""
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
        """Email everyone on call for it who has an address, each once; a retry has the same Message-ID.

        A slow mail server does not delay other messages.

        Args:
            then: What to do once one is accepted.
        """
        if self._channels.email_sender is None:
            return []
        first = self._nonce(f"{watch.key}:alert")
        for who in self._oncall.cached_reachable(watch.guild_id, self._policy.places_of(watch)):
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
        who = self._oncall.cached_reachable(guild_id, (place,))
        return who[0].mailbox if who else place

    def _nonce(self, key: str) -> str:
        return nonce_of(self._book.journal.installation_id, key)


async def for_a_while(mailing: Collection[asyncio.Task[None]]) -> None:
    """Wait until the emails are out, for two seconds at most. Sending them goes on afterwards."""
    if mailing:
        await asyncio.wait(mailing, timeout=_MAIL_S)


@dataclass(frozen=True, slots=True)
class _Taken:
    """Steps, and the messages that announce them.

    Attributes:
        by: The beginning of the keys of these messages.
        skipped: The steps that the message of the last one covers.
    """

    watch: Watch
    steps: tuple[WatchStep, ...]
    by: str
    skipped: tuple[WatchStep, ...] = ()


class Alarm:
    """Sends the alerts and escalations that are due by the journal, and notes them in it."""

    def __init__(
        self, discord: Discord, policy: Policy, access: Access, oncall: OnCall, channels: OutageChannels
    ) -> None:
        self._discord = discord
        self._policy = policy
        self._access = access
        self._oncall = oncall
        self._book = channels.book
        self._messenger = OutageMessenger(channels, oncall, policy)
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._begun: dict[str, asyncio.Task[None]] = {}
        self._held: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @property
    def _journal(self) -> Journal:
        return self._book.journal

    def load(self) -> None:
        """Read the journal that an earlier process has left."""
        self._book.load()
        self._messenger.load()

    def told(self, watch: Watch) -> int:
        """Return how many people a DM or an email about *watch* has reached, each person counted once."""
        return self._messenger.told(watch)

    def is_held(self, watch_key: str) -> bool:
        """Return True while an incident is being escalated or recorded."""
        lock = self._held.get(watch_key)
        return lock is not None and lock.locked()

    def has_done_more(self, watch_key: str, *, since: Journal) -> bool:
        """Return True if the journal holds more work for an incident than *since*, its earlier state."""
        return self._journal.done(watch_key) != since.done(watch_key)

    @asynccontextmanager
    async def hold(self, watch_key: str) -> AsyncIterator[None]:
        """Lock an incident for the block: no other task escalates or records it."""
        lock = self._held.setdefault(watch_key, asyncio.Lock())
        async with lock:
            yield

    async def act(self, *, is_needed: Callable[[Watch], bool]) -> None:
        """Handle every incident that is not being handled yet, several at a time, so that none waits long.

        Args:
            is_needed: Returns True if only this process can escalate an incident; asked again at its turn.
        """
        now = self._book.now()
        waiting = [
            watch for watch in self._journal.pending(now) if watch.key not in self._begun and is_needed(watch)
        ]
        for watch in sorted(waiting, key=lambda one: (self._policy.rules(one.severity).rank, _first(one))):
            handling = self._handle_in_turn(watch, is_needed)
            self._begun[watch.key] = asyncio.create_task(handling, name=f"alarm {watch.key}")
        if begun := list(self._begun.values()):
            await asyncio.wait(begun, timeout=_ACT_S)

    async def _handle_in_turn(self, watch: Watch, is_needed: Callable[[Watch], bool]) -> None:
        try:
            async with self._turns, self.hold(watch.key):
                if is_needed(watch):
                    await self._handle(watch)
        except Exception:
            log.exception("emergency.failed", watch=watch.key)
        finally:
            del self._begun[watch.key]

    async def _handle(self, watch: Watch) -> None:
        if self._journal.is_unsaid(watch):
            await self.begin(watch)
        now = self._book.now()
        owed, due = self._journal.owed(watch, now), self._journal.due(watch, now)
        if not (owed or due) or await self._was_acknowledged(watch):
            return
        if owed:
            await self._say(watch, owed, is_overtaken=due is not None)
        if due is not None:
            await self._escalate(watch, *due)

    async def begin(self, watch: Watch) -> None:
        """Post the alert of a report, with a 👀 to tap, and send its first pages."""
        key = f"{watch.key}:alert"
        if watch.to is not None:
            # The monitor's own message may have pinged people, as for `open_within`.
            is_quiet = bool(watch.places) and watch.severity not in self._policy.alerts.rings
            message = OfflineMessage(
                OfflineKind.ALERT, key, watch.to, rings=self._rings(watch) and not is_quiet
            )
            await self._messenger.alert(watch, self._sought(message, since=watch.raised_at))
        first = tuple(step for step in watch.rungs if step.due_at <= watch.raised_at)
        taken = _Taken(watch, first, by=f"{watch.key}:")
        mailing = self._messenger.mail(watch, OfflineKind.ALERT, key=key, then=partial(self._take, taken))
        pages = [page for step in first for page in self._pages(watch, step)]
        await asyncio.gather(*(self._messenger.post(watch, page) for page in pages))
        await self._take(taken)
        await for_a_while(mailing)

    async def _say(self, watch: Watch, owed: tuple[UnsentMessage, ...], *, is_overtaken: bool) -> None:
        """Send the messages that were recorded but not sent yet; also by email if Discord does not take them.

        Args:
            is_overtaken: A step is due, which mentions people instead.
        """
        is_quiet = is_overtaken or any(one.word is OfflineKind.ESCALATION for one in owed)
        for one in (one for one in owed if one.word is OfflineKind.ALERT):
            rings = one.rings and self._rings(watch) and not is_quiet
            await self._messenger.alert(watch, self._offline_message(watch, one, rings=rings))
        messages = [
            self._offline_message(
                watch, one, rings=one.word is OfflineKind.ESCALATION and one.rings and watch.rings
            )
            for one in owed
            if one.word is not OfflineKind.ALERT
        ]
        await asyncio.gather(*(self._messenger.post(watch, message) for message in messages))
        unsaid = [one for one in owed if one.key not in self._journal.posted]
        if len(unsaid) < len(owed):
            log.warning("emergency.said", watch=watch.key, count=len(owed) - len(unsaid))
        for one in [one for one in unsaid if not one.has_email][:1]:
            await for_a_while(self._messenger.mail(watch, one.word, key=one.key))

    async def _escalate(self, watch: Watch, step: WatchStep, skipped: tuple[WatchStep, ...]) -> None:
        key = watch.step_key(step)
        taken = _Taken(watch, (*skipped, step), by=f"{key}:", skipped=skipped)
        mailing = self._messenger.mail(
            watch, OfflineKind.ESCALATION, key=f"{key}:channel", then=partial(self._take, taken)
        )
        messages = self._pages(watch, step)
        if watch.to is not None:
            rings = step.mention is Mention.HERE and watch.rings
            message = OfflineMessage(
                OfflineKind.ESCALATION,
                f"{key}:channel",
                watch.to,
                rings,
                step.due_at - watch.raised_at,
            )
            messages = [self._sought(message, since=step.due_at), *messages]
        await asyncio.gather(*(self._messenger.post(watch, message) for message in messages))
        log.warning("emergency.escalated", watch=watch.key, step=step.index)
        await self._take(taken)
        await for_a_while(mailing)

    def _pages(self, watch: Watch, step: WatchStep) -> list[OfflineMessage]:
        """Return the DMs of a step; one person at two of its places gets one."""
        waited = step.due_at - watch.raised_at
        return [
            self._sought(
                OfflineMessage(
                    OfflineKind.PAGE,
                    f"{watch.step_key(step)}:dm:{place}",
                    to=f"person:{place}",
                    waited=waited,
                ),
                since=step.due_at,
            )
            for place in self._oncall.cached_distinct_places(watch.guild_id, step.dm)
        ]

    def _offline_message(self, watch: Watch, owed: UnsentMessage, *, rings: bool) -> OfflineMessage:
        waited = timedelta() if owed.word is OfflineKind.ALERT else owed.since - watch.raised_at
        message = OfflineMessage(owed.word, owed.key, owed.to, rings, waited, attempt=owed.attempt)
        return self._sought(message, since=owed.since)

    def _sought(self, message: OfflineMessage, *, since: datetime) -> OfflineMessage:
        """Have Discord searched before sending a message whose nonce may no longer prevent a second one."""
        is_old = message.waited or self._book.now() - since > _OLD
        return replace(message, sought_since=since) if is_old else message

    def _rings(self, watch: Watch) -> bool:
        return watch.rings and self._policy.rules_of(watch).mention is Mention.HERE

    async def _was_acknowledged(self, watch: Watch) -> bool:
        """Look for a 👀, note one that is found, and return True if there is one."""
        if (by := await self._acknowledger(watch)) is None:
            return False
        seen = SeenAck(by.id, by.name, self._book.now())
        await self._book.keep(
            replace(self._journal, acknowledged={**self._journal.acknowledged, watch.key: seen})
        )
        log.info("emergency.acknowledged", watch=watch.key)
        return True

    async def _acknowledger(self, watch: Watch) -> Person | None:
        """Return who may acknowledge and has put a 👀 on it; None if there is none, or Discord fails."""
        own = [where for key, where in self._journal.posted.items() if key.startswith(f"{watch.key}:")]
        places = [*watch.places, *((where.channel_id, where.message_id) for where in own)]
        try:
            async with asyncio.timeout(READ_WITHIN_S):
                async for person, message_id in self._discord.acknowledgers(places, guild_id=watch.guild_id):
                    may = self._access.allows(person, "acknowledge", about=watch)
                    if may and watch.counts(person.id, message_id):
                        return person
        except (BotError, TimeoutError) as error:
            log.warning("reconciliation.skipped", watch=watch.key, reason=type(error).__name__)
        return None

    async def _take(self, taken: _Taken) -> None:
        """Note the steps as taken if a message or email has gone out; if not, the next look tries again."""
        journal = self._journal
        if not any(key.startswith(taken.by) for key in (*journal.posted, *journal.mailed)):
            return
        steps = dict.fromkeys(map(taken.watch.step_key, taken.steps), self._book.now())
        skipped = journal.skipped | set(map(taken.watch.step_key, taken.skipped))
        await self._book.keep(replace(journal, taken={**steps, **journal.taken}, skipped=skipped))


def _first(watch: Watch) -> datetime:
    """Return when the first step or message of *watch* was due."""
    times = [*(step.due_at for step in watch.rungs), *(owed.since for owed in watch.owed)]
    return min(times, default=watch.raised_at)
