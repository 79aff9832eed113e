"""An alert counts on an open incident, or opens one, unless a rule, a mute or a capability stops it."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from bot.domain.alerts.decisions import (
    AlertDecision,
    AlertOutcome,
    DecisionDetail,
    HeldAlert,
    HoldReason,
)
from bot.domain.alerts.events import Occurrence
from bot.domain.alerts.questions import FiresAgainNotice, RepeatedEntry
from bot.domain.alerts.recognition import Says
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, NewIncident, Status
from bot.domain.incident.parts import AlertWait
from bot.domain.jobs import Job, JobName
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.runbook.model import Policy
from bot.services.incidents.opening import Incidents
from bot.services.shared.postings import notice
from bot.storage.tables.alerts import AlertDecisionRows, AlertRows
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
        after = min(_SHOWN_AFTER * incident.tracked.occurrences, _SHOWN_WITHIN)
        await tx.enqueue(Job(JobName.SHOW_COUNT, str(incident.id), f"count:{incident.id}", after=after))
        return incident


@dataclass(frozen=True, slots=True)
class Decided:
    """What becomes of an occurrence.

    Attributes:
        incident: On which it counts.
        detail, window_id, held_by, held: As in `AlertDecision`.
    """

    outcome: AlertOutcome
    incident: Incident | None = None
    detail: DecisionDetail = field(default_factory=DecisionDetail)
    window_id: int | None = None
    held_by: int | None = None
    held: HeldAlert | None = None

    def about(self, said: Occurrence, *, says: Says | None) -> AlertDecision:
        """Build the record of this decision about *said*."""
        on = AlertDecision.on(said, self.outcome, says=says, incident=self.incident)
        return replace(
            on,
            detail=replace(self.detail, clues=on.detail.clues, lesson=on.detail.lesson),
            window_id=self.window_id,
            held_by=self.held_by,
            held=None if self.held is None else self.held.to_json(),
        )


class AlertStops:
    """What may stop an alert that counts on no open incident: rules, mutes, thresholds, capabilities."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._holds = [hold for capability in policy.capabilities for hold in capability.holds]

    async def passed_over(self, tx: Transaction, said: Occurrence) -> Decided | None:
        """Return why the alert opens nothing, whatever it says: a rule or a mute; None without one."""
        if said.rule is not None and said.rule.ignores:
            return Decided(AlertOutcome.IGNORED, detail=DecisionDetail(rule=said.rule.number))
        severer = [one.name for one in self._policy.severities.values() if one.rank <= said.severity.rank]
        is_muted = await AlertRows(tx.sql).pass_over_alert(  # which counts it
            said.guild_id, said.fingerprint, severities=severer
        )
        return Decided(AlertOutcome.MUTED) if is_muted else None

    async def kept_back(self, tx: Transaction, said: Occurrence, new: NewIncident) -> Decided:
        """Return why it does not open yet (BELOW, or held), else TRACKED, so far without an incident."""
        detail, rule = DecisionDetail(), said.rule
        if rule is not None:
            detail = DecisionDetail(rule=rule.number)
            if (threshold := rule.only_after) is not None:
                times = (
                    await AlertDecisionRows(tx.sql).times_below(said, since=said.at - threshold.within) + 1
                )
                detail = replace(
                    detail, count=times, needed=threshold.count, within_s=threshold.within.total_seconds()
                )
                if times < threshold.count:
                    return Decided(AlertOutcome.BELOW, detail=detail)
        if (back := await self.held_back(tx, said)) is None:
            return Decided(AlertOutcome.TRACKED, detail=detail)
        return Decided(
            back.outcome,
            detail=detail,
            window_id=back.window_id,
            held_by=back.incident_id,
            held=HeldAlert.of(new),
        )

    async def held_back(self, tx: Transaction, said: Occurrence) -> HoldReason | None:
        """Return why the first capability that holds the alert back does so; None if none does."""
        for hold in self._holds:
            if (reason := await hold.holds(tx, self._policy, said)) is not None:
                return reason
        return None


class AlertOpening:
    """Decides in the caller's transaction, which has locked the alert's fingerprint."""

    def __init__(self, policy: Policy, incidents: Incidents) -> None:
        self._stops = AlertStops(policy)
        self._incidents = incidents

    async def passed_over(self, tx: Transaction, said: Occurrence) -> Decided | None:
        """See `AlertStops.passed_over`."""
        return await self._stops.passed_over(tx, said)

    async def kept_back(self, tx: Transaction, said: Occurrence, new: NewIncident) -> Decided:
        """See `AlertStops.kept_back`."""
        return await self._stops.kept_back(tx, said, new)

    async def open(self, tx: Transaction, said: Occurrence, new: NewIncident) -> Decided:
        """Open the alert, or count it towards its threshold, or let a capability hold it back."""
        decided = await self._stops.kept_back(tx, said, new)
        if decided.outcome is not AlertOutcome.TRACKED:
            return decided
        count, within_s = decided.detail.count, decided.detail.within_s
        waited = None if count is None else AlertWait(count=count, within_s=within_s)
        incident = await self._incidents.open_within(tx, replace(new, waited=waited), by=None)
        return replace(decided, incident=incident)
