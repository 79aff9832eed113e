"""Alerts of others: a message in a watched channel becomes a tracked alert, or counts on one."""

from datetime import timedelta
from typing import Final

import structlog

from bot.domain import life
from bot.domain.alerts import AlertMessage, fingerprint_of, severity_at_start
from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.domain.incident import Incident, IncidentKind, NewIncident, Source, Status
from bot.domain.people import Person
from bot.domain.severity import SeverityPolicy
from bot.domain.timeline import TimelineEntry, TimelineKind
from bot.runbook.model import Policy
from bot.services.incidents import Incidents
from bot.services.opening import refresh_job
from bot.services.ports import Discord, Job, JobName, Store, Transaction
from bot.services.ports.urgency import BACKGROUND, urgency
from bot.services.reconciler import Reconciler

log = structlog.get_logger(__name__)

#: The timeline tells of an alert that comes again and again at most once in this time.
TOLD_EVERY: Final = timedelta(minutes=5)

#: What came while the bot was away is tracked if it is not older, or its severity gives more time than this.
MISSED_WITHIN: Final = timedelta(hours=24)

# An alert that comes by the second must not be an edit by the second: the more often, the later it is shown.
_SHOWN_AFTER: Final = timedelta(seconds=5)
_SHOWN_WITHIN: Final = timedelta(minutes=1)


class Alerts:
    """Tracks what monitors post."""

    def __init__(
        self, store: Store, discord: Discord, policy: Policy, incidents: Incidents, reconciler: Reconciler
    ) -> None:
        self._store = store
        self._discord = discord
        self._policy = policy
        self._incidents = incidents
        self._reconciler = reconciler

    def watches(self, message: AlertMessage) -> bool:
        """Whether it is an alert: by a webhook or an allowed bot, in a watched channel, and not our own."""
        is_allowed = message.is_bot and not {
            message.username,
            str(message.evidence.author_id),
        }.isdisjoint(self._policy.alerts.bots)
        is_watched = self._severity(message) is not None
        return is_watched and not message.is_ours and (message.is_webhook or is_allowed)

    async def receive(self, message: AlertMessage) -> Incident | None:
        """Track an alert; the same message twice, on whichever instance, changes nothing.

        The same alert within the policy's ``same_within`` is counted on the first, unless it is a graver one.

        Returns:
            The incident that it is or counts on; None when the message is none that is watched for.
        """
        severity = self._severity(message)
        if severity is None or not self.watches(message):
            return None
        target = message.target(self._policy.targets)
        fingerprint = fingerprint_of(message, self._policy.alerts.fingerprint, target=target)
        async with self._store.transaction() as tx:
            await tx.lock_fingerprint(message.guild_id, fingerprint)
            known = await tx.alert_of_message(message.id)
            if known is not None:
                return await tx.incident(known)
            same = await self._same(tx, message, severity, fingerprint)
            if same is None:
                new = _new_incident(message, severity, target=target, fingerprint=fingerprint)
                incident = await self._incidents.open_within(tx, new, by=None)
            else:
                incident = await self._count(tx, same, message)
            await tx.note_alert(incident.id, channel_id=message.channel_id, message_id=message.id)
        log.info("alert.tracked" if same is None else "alert.repeated", incident_id=incident.id)
        return incident

    async def show_count(self, incident_id: int) -> None:
        """Let the posts say how often it came: one edit for all that came meanwhile."""
        async with self._store.transaction() as tx:
            incident = await tx.incident(incident_id)
            await tx.enqueue(refresh_job(incident, severity=self._policy.rules(incident.severity)))

    async def catch_up(self, guild_id: int) -> None:
        """Read what was posted in the watched channels while no event reached us.

        A channel that is watched for the first time is read from now on. A channel that cannot be read now is
        read the next time.

        Raises:
            StorageUnavailable.
        """
        for channel in self._policy.alerts.watch:
            try:
                await self._read(guild_id, channel)
            except (UpstreamUnavailable, DeliveryRefused) as error:
                log.warning("alerts.not_read", channel=channel, reason=error.reason)

    async def _read(self, guild_id: int, channel: str) -> None:
        page = await self._discord.watched(guild_id, channel)
        cursor = await self._store.alert_cursor(guild_id, page.channel_id)
        now = await self._store.now()
        newest = max((message.id for message in page.messages), default=0)
        late: dict[int, Incident] = {}
        for message in page.messages:
            if cursor is None or message.id <= cursor or not self.watches(message):
                continue
            if now - message.evidence.at <= self._patience(message) and (
                found := await self.receive(message)
            ):
                late[found.id] = found
        with urgency(BACKGROUND):  # a storm of them is not to hold up what rings
            for incident in late.values():  # somebody may have put a 👀 under one of its messages meanwhile
                await self._reconciler.reconcile(incident)
        if cursor is None or newest > cursor:
            await self._store.move_alert_cursor(guild_id, page.channel_id, newest)

    def _severity(self, message: AlertMessage) -> SeverityPolicy | None:
        """The one that its title begins with, else its channel's; None when the channel is not watched."""
        watch, known = self._policy.alerts.watch, self._policy.severities
        name = watch.get(message.channel) or watch.get(str(message.channel_id))
        if name is None:
            return None
        words = {word: found for found in known.values() for word in (found.name, found.priority)}
        said = severity_at_start(message.title, words)
        return known[name] if said is None else words[said]

    def _patience(self, message: AlertMessage) -> timedelta:
        """How old a missed alert may be."""
        severity = self._severity(message)
        if severity is None:
            return MISSED_WITHIN
        at = message.evidence.at
        return max(MISSED_WITHIN, self._policy.ack_due(severity, at=at) - at)

    async def _same(
        self, tx: Transaction, message: AlertMessage, severity: SeverityPolicy, fingerprint: str
    ) -> Incident | None:
        lesser = [known.name for known in self._policy.severities.values() if known.rank > severity.rank]
        since = await tx.now() - self._policy.alerts.same_within
        found = await tx.same_alert(message.guild_id, fingerprint, since=since, lesser=lesser)
        if found is not None and found.status is Status.ACKNOWLEDGED and not message.title:
            return None  # nobody can read it: it may be another trouble than the one that somebody is on
        return found

    async def _count(self, tx: Transaction, same: Incident, message: AlertMessage) -> Incident:
        now = await tx.now()
        incident = life.see_again(same, at=now)
        await tx.save(incident)
        told = [entry.at for entry in await tx.timeline(same.id) if entry.kind is TimelineKind.REPEATED]
        if not told or now - max(told) >= TOLD_EVERY:
            data = {"count": incident.occurrences, "url": message.evidence.url}
            await tx.add_timeline(same.id, TimelineEntry(TimelineKind.REPEATED, now, data=data))
        await tx.enqueue(_count_job(incident))
        return incident


def _count_job(incident: Incident) -> Job:
    after = min(_SHOWN_AFTER * incident.occurrences, _SHOWN_WITHIN)
    return Job(JobName.SHOW_COUNT, str(incident.id), f"count:{incident.id}", after=after)


def _new_incident(
    message: AlertMessage, severity: SeverityPolicy, *, target: str | None, fingerprint: str
) -> NewIncident:
    author = Person(id=message.evidence.author_id, name=message.evidence.author_name, is_bot=True)
    return NewIncident(
        guild_id=message.guild_id,
        severity=severity.name,
        title=message.title or message.stand_in,
        targets=() if target is None else (target,),
        symptoms=(),
        started_at=message.evidence.at,
        reported_by=author,
        path=(),
        key=f"alert:{message.id}",
        evidence=message.evidence,
        kind=IncidentKind.ALERT,
        source=Source(message.channel_id, message.id, author.name),
        fingerprint=fingerprint,
    )
