"""Telling people without a database: posts, DMs and emails, each noted in the journal before the next."""

import asyncio
from collections.abc import Collection, Coroutine
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import structlog

from bot.domain.delivery import Posted
from bot.domain.emergency import Attempt, Journal, Owed, Rung, Told, Watch, Word
from bot.domain.errors import BotError, DeliveryRefused, UpstreamUnavailable
from bot.domain.installation import nonce_of
from bot.runbook.model import Policy
from bot.services.access import Access
from bot.services.emergency_logbook import Logbook
from bot.services.oncall import OnCall
from bot.services.ports import Discord, Mail, Mailer, Siren
from bot.services.reading_ahead import READ_WITHIN_S

log = structlog.get_logger(__name__)

_AT_ONCE: Final = 8  # incidents

#: How long an email holds up what comes after it, seconds; it goes on by itself, as long as the server takes.
_MAIL_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Means:
    """How somebody is told without a database.

    Attributes:
        mailer: None when the bot sends no email.
        meanwhile: What was posted here, by the key of the delivery that it stands in for.
    """

    siren: Siren
    book: Logbook
    mailer: Mailer | None
    meanwhile: dict[str, Told]


@dataclass(frozen=True, slots=True)
class _Taken:
    """The steps that some messages take.

    Attributes:
        by: How the keys of the messages begin that say so.
        skipped: Those of the steps that the last one speaks for.
    """

    watch: Watch
    rungs: tuple[Rung, ...]
    by: str
    skipped: tuple[Rung, ...] = ()


class Alarm:
    """Does what the journal says, and notes it there."""

    def __init__(
        self, discord: Discord, policy: Policy, access: Access, oncall: OnCall, means: Means
    ) -> None:
        self._discord = discord
        self._policy = policy
        self._access = access
        self._oncall = oncall
        self._means = means
        self._book = means.book
        self._mailing: dict[str, asyncio.Task[None]] = {}
        self._refused: set[str] = set()

    @property
    def _journal(self) -> Journal:
        return self._book.journal

    def load(self) -> None:
        """Read what an earlier process has left."""
        self._book.load()
        for key, where in self._journal.posted.items():
            self._means.meanwhile[key] = Told(self._nonce(key), where)

    async def act(self) -> None:
        """Take the steps that are due, several incidents at a time; one that goes wrong holds up no other."""
        hands = asyncio.Semaphore(_AT_ONCE)
        reported = [self._journal.watches[key] for key in self._journal.reports]
        unsaid = [watch for watch in reported if f"{watch.key}:alert" not in self._journal.posted]
        await asyncio.gather(*(self._guarded(self.begin(watch), watch, hands) for watch in unsaid))
        owed = self._journal.unsaid(self._book.now())
        await asyncio.gather(*(self._guarded(self._say(*each), each[0], hands) for each in owed))
        due = self._journal.due(self._book.now())
        await asyncio.gather(*(self._guarded(self._escalate(*each), each[0], hands) for each in due))

    async def _guarded(self, work: Coroutine[Any, Any, None], watch: Watch, hands: asyncio.Semaphore) -> None:
        async with hands:
            try:
                await work
            except Exception:
                log.exception("emergency.failed", watch=watch.key)

    async def begin(self, watch: Watch) -> None:
        """The alert of a report, with a 👀 to tap, and its first pages."""
        await self._alert(watch, key=f"{watch.key}:alert", to=watch.to)
        first = [rung for rung in watch.rungs if rung.due_at <= watch.raised_at]
        pages = [(key, place) for rung in first for key, place in self._pages(watch, rung).items()]
        step = _Taken(watch, tuple(first), by=f"{watch.key}:")
        mailing = self._mail(step, Word.ALERT, key=f"{watch.key}:alert")
        await asyncio.gather(
            *(self._post(watch, Word.PAGE, key=key, to=f"person:{place}") for key, place in pages)
        )
        await self._take(step)
        await _for_a_while(mailing)

    async def _alert(self, watch: Watch, *, key: str, to: str | None, attempt: Attempt | None = None) -> None:
        alert = await self._post(watch, Word.ALERT, key=key, to=to, attempt=attempt)
        if alert is not None:
            try:
                await self._means.siren.seed(alert)
            except BotError as error:
                log.info("emergency.not_seeded", reason=type(error).__name__)

    async def _say(self, watch: Watch, owed: tuple[Owed, ...]) -> None:
        """What was recorded and has not been said; by email, too, if Discord does not take it."""
        if await self._was_acknowledged(watch):
            return
        left = [each for each in owed if each.key not in self._refused]
        for alert in (each for each in left if each.word is Word.ALERT):
            await self._alert(watch, key=alert.key, to=alert.to, attempt=alert.attempt)
        await asyncio.gather(
            *(
                self._post(
                    watch,
                    each.word,
                    key=each.key,
                    to=each.to,
                    waited=each.since - watch.raised_at,
                    attempt=each.attempt,
                )
                for each in left
                if each.word is not Word.ALERT
            )
        )
        said = [each for each in left if each.key in self._journal.posted]
        if said:
            log.warning("emergency.said", watch=watch.key, count=len(said))
        unsaid = [each for each in owed if each not in said and not each.has_email]
        for each in unsaid[:1]:
            await _for_a_while(self._mail(_Taken(watch, (), by=each.key), each.word, key=each.key))

    async def _was_acknowledged(self, watch: Watch) -> bool:
        """Whether a 👀 is there; then it is noted."""
        if not await self._is_acknowledged(watch):
            return False
        await self._book.keep(replace(self._journal, acknowledged=self._journal.acknowledged | {watch.key}))
        log.info("emergency.acknowledged", watch=watch.key)
        return True

    async def _escalate(self, watch: Watch, rung: Rung, skipped: tuple[Rung, ...]) -> None:
        if await self._was_acknowledged(watch):
            return
        key, waited = watch.step_key(rung), rung.due_at - watch.raised_at
        step = _Taken(watch, (*skipped, rung), by=f"{key}:", skipped=skipped)
        mailing = self._mail(step, Word.ESCALATION, key=f"{key}:channel")
        await asyncio.gather(
            self._post(watch, Word.ESCALATION, key=f"{key}:channel", to=watch.to, waited=waited),
            *(
                self._post(watch, Word.PAGE, key=page, to=f"person:{place}", waited=waited)
                for page, place in self._pages(watch, rung).items()
            ),
        )
        log.warning("emergency.escalated", watch=watch.key, step=rung.index)
        await self._take(step)
        await _for_a_while(mailing)

    def _pages(self, watch: Watch, rung: Rung) -> dict[str, str]:
        """The places that a step tells by DM, by the keys of those; one person at two of them has one."""
        called = self._oncall.places_without_asking(watch.guild_id, rung.dm)
        return {f"{watch.step_key(rung)}:dm:{place}": place for place in called}

    async def _is_acknowledged(self, watch: Watch) -> bool:
        """Whether somebody who may has put a 👀 on it. When Discord cannot be asked, nothing is assumed."""
        own = [where for key, where in self._journal.posted.items() if key.startswith(f"{watch.key}:")]
        places = [*watch.places, *((where.channel_id, where.message_id) for where in own)]
        try:
            async with asyncio.timeout(READ_WITHIN_S):
                async for person, _ in self._discord.acknowledgers(places, guild_id=watch.guild_id):
                    if self._access.allows(person, "acknowledge"):
                        return True
        except (BotError, TimeoutError) as error:
            log.warning("reconciliation.skipped", watch=watch.key, reason=type(error).__name__)
        return False

    async def _post(
        self,
        watch: Watch,
        word: Word,
        *,
        key: str,
        to: str | None,
        waited: timedelta = timedelta(),
        attempt: Attempt | None = None,
    ) -> Posted | None:
        if key in self._journal.posted or to is None:
            return self._journal.posted.get(key)
        nonce = self._nonce(key)
        try:
            posted = await self._means.siren.post(
                watch, word, to=to, waited=waited, nonce=nonce, attempt=attempt
            )
        except BotError as error:
            log.warning("emergency.not_posted", word=word, reason=type(error).__name__)
            if isinstance(error, DeliveryRefused):
                self._refused.add(key)
            return None
        self._means.meanwhile[key] = Told(nonce, posted)
        await self._book.keep(replace(self._journal, posted={**self._journal.posted, key: posted}))
        return posted

    def _mail(self, step: _Taken, word: Word, *, key: str) -> list[asyncio.Task[None]]:
        """To everyone on call whom an email reaches; each once, under the Message-ID that a retry has too.

        A server that takes long keeps nobody else from being told.
        """
        if self._means.mailer is None:
            return []
        first = self._nonce(f"{step.watch.key}:alert")
        for who in self._oncall.reachable_without_asking(step.watch.guild_id):
            mark = f"{key}:mail:{who.mailbox}"
            if mark not in self._journal.mailed and mark not in self._mailing:
                mail = self._means.siren.mail(step.watch, word, to=who, nonce=self._nonce(key), first=first)
                sending = self._send(self._means.mailer, mail, step, mark=mark)
                self._mailing[mark] = asyncio.create_task(sending, name="email")
        return [task for mark, task in self._mailing.items() if mark.startswith(f"{key}:mail:")]

    async def _send(self, mailer: Mailer, mail: Mail, step: _Taken, *, mark: str) -> None:
        try:
            await mailer.send(mail)
        except UpstreamUnavailable as away:
            log.warning("email.attempt_failed", watch=step.watch.key, reason=away.reason)
        except Exception:
            log.exception("email.attempt_broken", watch=step.watch.key)
        else:
            log.info("email.sent", watch=step.watch.key)
            if step.watch.key in self._journal.watches:  # else the database has it by now
                await self._book.keep(replace(self._journal, mailed=self._journal.mailed | {mark}))
                await self._take(step)
        finally:
            del self._mailing[mark]

    def told(self, watch: Watch) -> int:
        """How many people a DM or an email about *watch* has reached; somebody with both is one."""
        begin = f"{watch.key}:"
        mailed = {key.rpartition(":mail:")[2] for key in self._journal.mailed if key.startswith(begin)}
        posted = (key.rpartition(":dm:") for key in self._journal.posted if key.startswith(begin))
        places = {place for _, is_page, place in posted if is_page}
        return len(mailed | {self._mailbox_at(place, watch.guild_id) for place in places})

    def _mailbox_at(self, place: str, guild_id: int) -> str:
        who = self._oncall.reachable_without_asking(guild_id, place)
        return who[0].mailbox if who else place

    async def _take(self, step: _Taken) -> None:
        """Note the steps as taken, if anybody was reached: else they are tried again at the next look."""
        if not any(key.startswith(step.by) for key in (*self._journal.posted, *self._journal.mailed)):
            return
        taken = dict.fromkeys(map(step.watch.step_key, step.rungs), self._book.now())
        await self._book.keep(
            replace(
                self._journal,
                taken={**taken, **self._journal.taken},
                skipped=self._journal.skipped | set(map(step.watch.step_key, step.skipped)),
            )
        )

    def _nonce(self, key: str) -> str:
        return nonce_of(self._journal.installation_id, key)


async def _for_a_while(mailing: Collection[asyncio.Task[None]]) -> None:
    """Until the emails are out, or take long: they go on."""
    if mailing:
        await asyncio.wait(mailing, timeout=_MAIL_S)
