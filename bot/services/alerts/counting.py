"""Which open incident an alert counts on when it comes again, and how it is counted there."""

from datetime import timedelta
from typing import Final

from bot.domain.alerts.events import Occurrence
from bot.domain.alerts.questions import FiresAgainNotice, RepeatedEntry
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, Status
from bot.domain.jobs import Job, JobName
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.runbook.model import Policy
from bot.services.shared.postings import notice
from bot.storage.tables.alerts import AlertRows
from bot.storage.tables.deliveries import DeliveryWrites
from bot.storage.tables.incidents import IncidentWrites
from bot.storage.tables.timeline import TimelineRows, TimelineWrites
from bot.storage.transaction import Transaction

#: The timeline tells of an alert that comes again and again at most once in this time.
TOLD_EVERY: Final = timedelta(minutes=5)

# An alert that fires every second must not cost an edit every second: a higher count means a longer wait.
_SHOWN_AFTER: Final = timedelta(seconds=5)
_SHOWN_WITHIN: Final = timedelta(minutes=1)


class AlertCounting:
    """Decides in the caller's transaction, which has locked the alert's fingerprint."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    async def same(self, tx: Transaction, said: Occurrence, *, or_lesser: bool = False) -> Incident | None:
        """Return the open incident on which *said* counts, locked; None if it is another alert.

        Args:
            or_lesser: The incident may be less severe than what was said.
        """
        known, usual = self._policy.severities.values(), self._policy.alerts.same_within
        lesser = [] if or_lesser else [one.name for one in known if one.rank > said.severity.rank]
        since = await tx.now() - max(usual, said.same_within or usual)
        found = await AlertRows(tx.sql).same_alert(
            said.guild_id, said.fingerprint, since=since, lesser=lesser
        )
        if found is None:
            return None
        seen = found.tracked.last_seen_at or found.triggered_at
        if seen < await tx.now() - usual and await AlertRows(tx.sql).has_recovered(found.id):
            return None  # it was over meanwhile: this is another trouble
        if found.status is Status.ACKNOWLEDGED and not said.is_readable:
            return None  # it may not be the trouble that was acknowledged
        return found

    async def count(self, tx: Transaction, same: Incident, said: Occurrence) -> Incident:
        """Count *said* on the incident, and say so as often as people want to know."""
        now, is_back = await tx.now(), await AlertRows(tx.sql).has_recovered(same.id)
        incident = transitions.count_occurrence(same, at=now)
        await IncidentWrites(tx.sql).save(incident)
        told = [
            entry.at
            for entry in await TimelineRows(tx.sql).timeline(same.id)
            if entry.kind is TimelineKind.REPEATED
        ]
        data = RepeatedEntry(count=incident.tracked.occurrences, url=said.url)
        if is_back or not told or now - max(told) >= TOLD_EVERY:
            await TimelineWrites(tx.sql).add_timeline(same.id, TimelineEntry.of(data, now))
        if is_back:  # its responders have been told that it was over
            news = FiresAgainNotice(by=said.by.name, url=said.url, count=incident.tracked.occurrences)
            line = notice(incident, self._policy, news, key=f"fires_again:{said.id}")
            await DeliveryWrites(tx.sql).insert_deliveries([line])
        await tx.enqueue(_count_job(incident))
        return incident


def _count_job(incident: Incident) -> Job:
    after = min(_SHOWN_AFTER * incident.tracked.occurrences, _SHOWN_WITHIN)
    return Job(JobName.SHOW_COUNT, str(incident.id), f"count:{incident.id}", after=after)
