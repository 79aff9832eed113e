"""Reading the 👀 of incidents from Discord, whose events may be lost or late.

This is done when the gateway was away, and before steps are due, so that no deadline waits for
Discord's answer. Old 👀, from an acknowledgement that has ended, stay under their messages, and count no
more.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import structlog

from bot.domain.delivery.kinds import ACK_KINDS
from bot.domain.errors import DeliveryRefused, StorageUnavailable, Superseded, UnavailableError
from bot.domain.incident.incident import Incident, Status
from bot.domain.jobs import BACKGROUND, urgency
from bot.services.acknowledging.acknowledge import Acknowledger
from bot.services.ports import Discord
from bot.services.shared.access import Access
from bot.services.shared.jobs import READ_AHEAD
from bot.storage.store import Store
from bot.storage.tables.acknowledgements import AcknowledgementRows
from bot.storage.tables.alerts import AlertRows
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.escalation import EscalationRows
from bot.storage.tables.incidents import IncidentRows

log = structlog.get_logger(__name__)

#: How long Discord is asked who has a 👀 where, seconds: at the end of an acknowledgement, and for incidents
#: that come due together. Their steps are decided afterwards, even without an answer.
READ_WITHIN_S: Final = 1.5

#: The same for incidents that were not read in that time: a storm must not take that time twice.
READ_ON_S: Final = 0.2

_AT_ONCE: Final = 8  # requests to Discord

#: The id of a user, and of a message on which their 👀 acknowledges.
UserOnMessage: TypeAlias = tuple[int, int]

#: How long the partial pass of each minute may take, seconds.
SOME_WITHIN_S: Final = 45.0

_PAGE: Final = 100  # incidents in memory at a time

_PAUSE_S: Final = 0.2  # before Discord is asked again for what it has not answered

#: How many incidents without an answer, the most severe, may take the whole time once more. The others get
#: `READ_ON_S`.
_MOST_AGAIN: Final = 20

_MOST: Final = 500  # incidents of one reading, the most severe

#: A step that comes due this much later than `READ_AHEAD` is read as well: its own job does nothing if it
#: runs while another one chooses.
_SLACK: Final = timedelta(seconds=0.5)


class OldReactions:
    """Tells the 👀 of ended acknowledgements from new ones. See docs/internals/escalation.md.

    Of a responder who leaves, every earlier message is suspected to have an old 👀, until it is seen without
    one.
    """

    def __init__(self, store: Store, discord: Discord) -> None:
        self._store = store
        self._discord = discord

    async def old(self, incident: Incident) -> frozenset[UserOnMessage]:
        """Return the users and messages whose 👀 may belong to an acknowledgement that has ended.

        A 👀 under a message posted since then is new, and one of any other responder counts under every
        message.
        """
        ended = incident.ack_ended
        if ended is None:
            return frozenset()
        former, posts = (
            await AcknowledgementRows(self._store.sql).who_left(incident.id),
            await DeliveryRows(self._store.sql).posts(incident.id),
        )
        since = {
            post.message_id
            for post in posts
            if post.first_sent_at is not None and post.first_sent_at >= ended.at
        }
        earlier = {post.message_id for post in posts if post.message_id is not None} - since
        earlier |= {
            message_id for _, message_id in await AlertRows(self._store.sql).alert_messages(incident.id)
        }
        return frozenset((user_id, one) for user_id, has in former.items() for one in earlier - has.unmarked)

    async def places(self, incident: Incident) -> list[tuple[int, int]]:
        """Return the messages on which a 👀 acknowledges the incident, by channel and message."""
        posts = await DeliveryRows(self._store.sql).posts(incident.id)
        places = [(p.channel_id, p.message_id) for p in posts if p.kind in ACK_KINDS]
        known = [(c, m) for c, m in places if c is not None and m is not None]
        return known + list(await AlertRows(self._store.sql).alert_messages(incident.id))

    async def unmarked(self, incident: Incident) -> list[UserOnMessage]:
        """Return the responders and the messages that have no 👀 of theirs, before some of them leave.

        Messages that Discord does not show within `READ_WITHIN_S` are left out, and so remain suspected.
        """
        if not (
            people := [one.id for one in await AcknowledgementRows(self._store.sql).responders(incident.id)]
        ):
            return []
        marks: dict[int, frozenset[int]] = {}
        waiting = iter(sorted(await self.places(incident), key=lambda place: place[1], reverse=True))

        async def work() -> None:
            for channel_id, message_id in waiting:
                users = await self._users(channel_id, message_id)
                if users is not None:
                    marks[message_id] = users

        try:
            async with asyncio.timeout(READ_WITHIN_S), asyncio.TaskGroup() as group:
                for _ in range(_AT_ONCE):
                    group.create_task(work())
        except TimeoutError:
            log.warning("reactions.cut_short", incident_id=incident.id, after_s=READ_WITHIN_S)
        return [(user_id, one) for one, users in marks.items() for user_id in people if user_id not in users]

    async def look_again(self, incident: Incident) -> None:
        """Clear the suspicion of messages that have no 👀 of the former responder: the next one is new."""
        if not (old := await self.old(incident)):
            return
        former, gone = await AcknowledgementRows(self._store.sql).who_left(incident.id), list[UserOnMessage]()
        suspected = {message_id for _, message_id in old}
        for channel_id, message_id in await self.places(incident):
            if message_id in suspected:
                users = await self._users(channel_id, message_id)
                gone += [(u, m) for u, m in old if users is not None and m == message_id and u not in users]
        if gone:
            await AcknowledgementRows(self._store.sql).note_unmarked(incident.id, gone, former=former)

    async def removed(self, incident: Incident, *, user_id: int, message_id: int) -> None:
        """Note that a former responder has removed a 👀: the next one on that message is new."""
        former = await AcknowledgementRows(self._store.sql).who_left(incident.id)
        if user_id in former:
            await AcknowledgementRows(self._store.sql).note_unmarked(
                incident.id, [(user_id, message_id)], former=former
            )

    async def _users(self, channel_id: int, message_id: int) -> frozenset[int] | None:
        """Return the ids of those who have a 👀 on a message; None if Discord does not say."""
        try:
            return await self._discord.acknowledging_users(channel_id, message_id)
        except (UnavailableError, DeliveryRefused) as error:
            log.warning("reactions.not_read", message_id=message_id, reason=str(error))
        except Exception:  # an acknowledgement must end all the same
            log.exception("reactions.failed", message_id=message_id)
        return None


@dataclass(slots=True)
class ReadProgress:
    """The progress of reading the 👀 of several incidents, by their numbers.

    Attributes:
        begun: Discord was asked about them.
        read: Discord has said who reacted.
    """

    begun: set[int] = field(default_factory=set)
    read: set[int] = field(default_factory=set)


class Reconciler:
    """Reads the 👀 under what was posted. See docs/internals/acknowledging.md."""

    def __init__(self, store: Store, discord: Discord, acknowledger: Acknowledger, access: Access) -> None:
        self._store = store
        self._access = access
        self._discord = discord
        self._old = OldReactions(store, discord)
        self._acknowledger = acknowledger
        self._pass = asyncio.Lock()
        self._after = 0  # the number of the last incident that the current pass has checked
        self._again = False

    async def reconcile_all(self) -> int:
        """Look at every unacknowledged incident; after a (re)connection, for instance.

        It asks Discord page by page, behind everything else, and waits for a pass that is under way. If that
        is a whole one, it starts again from the first incident, for all calls that came meanwhile.

        Returns:
            How many turned out to be acknowledged.
        """
        self._again = True
        found = 0
        async with self._pass:
            with urgency(BACKGROUND):
                while self._again:
                    self._after, self._again = 0, False
                    found += await self._scan(None)
        return found

    async def reconcile_some(self) -> int:
        """Check further incidents for `SOME_WITHIN_S`, from where the last pass stopped.

        After the last incident, the next call starts from the first.

        Returns:
            As `reconcile_all`; 0 while another pass is under way.
        """
        if self._pass.locked():
            return 0
        async with self._pass:
            with urgency(BACKGROUND):
                return await self._scan(SOME_WITHIN_S)

    async def _scan(self, within_s: float | None) -> int:
        found = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while page := await IncidentRows(self._store.sql).unacknowledged(
                    after=self._after, limit=_PAGE
                ):
                    for incident in page:
                        found += await self.reconcile(incident)
                        await self._old.look_again(incident)
                        self._after = incident.id
                self._after = 0
        return found

    async def reconcile_within(self, incidents: Sequence[Incident], seconds: float) -> ReadProgress:
        """Look at *incidents*, several at a time and in their order, for *seconds* at most.

        What Discord did not answer is asked for once more after the others, if there is time.

        Raises:
            StorageUnavailable: then nothing can be decided either.
        """
        progress, until = ReadProgress(), asyncio.get_running_loop().time() + seconds
        await self._check_each(incidents, seconds, progress)
        missed = [one for one in incidents if one.id in progress.begun - progress.read]
        left_s = until - asyncio.get_running_loop().time() - _PAUSE_S
        if missed and left_s > 0:
            await asyncio.sleep(_PAUSE_S)
            await self._check_each(missed, left_s, progress)
        return progress

    async def _check_each(
        self, incidents: Sequence[Incident], seconds: float, progress: ReadProgress
    ) -> None:
        """Check each once, for *seconds* at most, and note it in *progress*."""
        waiting = iter(incidents)

        async def work() -> None:
            for incident in waiting:
                progress.begun.add(incident.id)
                if await self._check(incident) is not None:
                    progress.read.add(incident.id)

        workers = [asyncio.create_task(work()) for _ in range(min(_AT_ONCE, len(incidents)))]
        if not workers:
            return
        try:
            done, late = await asyncio.wait(workers, timeout=seconds)
        finally:
            for worker in workers:
                worker.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        if late:
            log.warning("reconciliation.cut_short", incidents=len(incidents), after_s=seconds)
        for worker in done:
            worker.result()

    async def reconcile(self, incident: Incident) -> bool:
        """Find a 👀 for which no event came. When Discord cannot be asked, nothing is assumed.

        A failure, even a bug, holds up neither the decision that waits for the answer nor the other
        incidents: an escalation too many is better than one too few.

        Returns:
            True if the incident is acknowledged now.

        Raises:
            StorageUnavailable: then nothing can be decided either. Superseded: another process listens now,
                and looks for itself.
        """
        return bool(await self._check(incident))

    async def _check(self, incident: Incident) -> bool | None:
        """Do the same as `reconcile`; return None if Discord has not said who reacted."""
        try:
            while incident.status is Status.TRIGGERED:
                if (now := await self._read(incident)) is None:
                    return False
                incident = now
        except (StorageUnavailable, Superseded):
            raise
        except (UnavailableError, DeliveryRefused) as error:
            log.warning("reconciliation.skipped", incident_id=incident.id, reason=str(error))
        except Exception:
            log.exception("reconciliation.failed", incident_id=incident.id)
        else:
            return True
        return None

    async def _read(self, incident: Incident) -> Incident | None:
        """Record the first 👀 that counts and return *incident* as it is then; None if there is none."""
        old, places = await self._old.old(incident), await self._old.places(incident)
        async for person, message_id in self._discord.acknowledgers(places, guild_id=incident.guild_id):
            if (person.id, message_id) in old:
                continue
            may = self._access.allows(person, "acknowledge", about=incident)
            if may and await self._access.sees(person, incident):
                return await self._acknowledger.acknowledge_as_read(incident, by=person)
        return None


class ReadingAhead:
    """Reads the 👀 of incidents, and remembers which were read just now. Each process has its own."""

    def __init__(self, store: Store, reconciler: Reconciler) -> None:
        self._store = store
        self._reconciler = reconciler
        self._is_choosing = False
        self._begun: set[int] = set()
        self._read_at: dict[int, datetime] = {}  # on the database's clock, by incident
        self._missed_at: dict[int, datetime] = {}  # the same: once, Discord did not answer in time
        self._tried_at: dict[int, datetime] = {}  # the same: not read in time, so only `READ_ON_S` is left
        self._readings: dict[int, asyncio.Event] = {}  # what is being read, and the end of that

    async def read(self) -> None:
        """Read the 👀 of incidents with a step due within `READ_AHEAD` that are not being read.

        Raises:
            StorageUnavailable. Superseded: see `Reconciler.reconcile`.
        """
        if self._is_choosing:
            return  # the other call chooses these incidents, too: see `_SLACK`
        self._is_choosing = True
        try:
            mine = await self._choose()
        finally:
            self._is_choosing = False
        try:
            await self.read_within(mine, READ_WITHIN_S)
        finally:
            self._begun.difference_update(one.id for one in mine)

    async def _choose(self) -> list[Incident]:
        """Return the incidents with a step due soon that are not being read, and mark them as being read."""
        await EscalationRows(self._store.sql).put_off_until_due()
        now = await self._store.now()
        self._forget(now)
        soon = await EscalationRows(self._store.sql).due_incidents(
            now + READ_AHEAD + _SLACK, since=now, limit=_MOST
        )
        had = self._begun | self._read_at.keys() | self._missed_at.keys() | self._tried_at.keys()
        mine = [one for one in soon if one.id not in had]
        self._begun.update(one.id for one in mine)
        return mine

    async def read_within(
        self, incidents: Sequence[Incident], seconds: float, *, now: datetime | None = None
    ) -> None:
        """Read the 👀 of *incidents*, for *seconds* at most, except where they have just been read.

        An incident counts as read once Discord has answered; without an answer it is asked for once again
        within the same time. An incident that an earlier call could not read in its time gets only
        `READ_ON_S`, after the others. One that another call is reading is waited for; if that call ends
        without an answer, it gets `READ_ON_S` as well.

        Args:
            now: The database's time, where it was asked for already.

        Raises:
            As `read`.
        """
        now = now or await self._store.now()
        self._forget(now)
        unread = [one for one in incidents if one.id not in self._read_at]
        others = [one for one in unread if one.id in self._readings]
        mine, on_s = [one for one in unread if one.id not in self._readings], min(seconds, READ_ON_S)
        ends = {self._readings[one.id] for one in others}
        await asyncio.gather(self._read_each(mine, seconds, now=now), _wait_for(ends, within_s=seconds))
        left = [one for one in others if one.id not in self._read_at]
        await self._read_each([one for one in left if one.id not in self._readings], on_s, now=now)
        if late := [one.id for one in left if one.id in self._readings]:
            log.warning("reconciliation.cut_short", incidents=len(late), after_s=seconds)

    def _forget(self, now: datetime) -> None:
        self._read_at = _lately(self._read_at, now)
        self._missed_at = _lately(self._missed_at, now)
        self._tried_at = _lately(self._tried_at, now)

    async def _read_each(self, incidents: Sequence[Incident], seconds: float, *, now: datetime) -> None:
        again = [one for one in incidents if one.id in self._tried_at]
        first, end = [one for one in incidents if one.id not in self._tried_at], asyncio.Event()
        self._readings |= dict.fromkeys((one.id for one in incidents), end)
        try:
            for some, within_s in ((first, seconds), (again, min(seconds, READ_ON_S))):
                progress = await self._reconciler.reconcile_within(some, within_s)
                self._read_at |= dict.fromkeys(progress.read, now)
                left = [one.id for one in some if one.id not in progress.read]
                missed = [one for one in left if one in progress.begun and one not in self._missed_at]
                self._missed_at |= dict.fromkeys(missed[:_MOST_AGAIN], now)
                self._tried_at |= dict.fromkeys(set(left).difference(missed[:_MOST_AGAIN]), now)
        finally:
            end.set()
            self._readings = {number: other for number, other in self._readings.items() if other is not end}


async def _wait_for(ends: Iterable[asyncio.Event], *, within_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            for end in ends:
                await end.wait()


def _lately(times: dict[int, datetime], now: datetime) -> dict[int, datetime]:
    return {number: at for number, at in times.items() if now - at < 2 * READ_AHEAD}
