"""Opens an alert that counts on no open incident, unless a rule, a mute or a capability stops it."""

from dataclasses import dataclass, field, replace

from bot.domain.alerts.decisions import AlertDecision, AlertOutcome, DecisionDetail, HeldAlert, HoldReason
from bot.domain.alerts.events import Occurrence, Threshold
from bot.domain.alerts.recognition import Says
from bot.domain.incident.incident import Incident, NewIncident
from bot.domain.incident.parts import AlertWait
from bot.runbook.model import Policy
from bot.services.incidents.opening import Incidents
from bot.storage.tables.alerts import AlertDecisionRows, AlertRows
from bot.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Decided:
    """What becomes of an occurrence.

    Attributes:
        incident: On which it counts.
        detail, window_id, held: As in `AlertDecision`.
    """

    outcome: AlertOutcome
    incident: Incident | None = None
    detail: DecisionDetail = field(default_factory=DecisionDetail)
    window_id: int | None = None
    held: HeldAlert | None = None

    def about(self, said: Occurrence, *, says: Says | None) -> AlertDecision:
        """Build the record of this decision about *said*."""
        on = AlertDecision.on(said, self.outcome, says=says, incident=self.incident)
        return replace(
            on,
            detail=replace(self.detail, clues=on.detail.clues, lesson=on.detail.lesson),
            window_id=self.window_id,
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
        return Decided(AlertOutcome.MUTED) if await self._is_muted(tx, said) else None

    async def kept_back(self, tx: Transaction, said: Occurrence, new: NewIncident) -> Decided:
        """Return why the alert does not open yet (BELOW, HELD), else TRACKED, without an incident so far."""
        detail, rule = DecisionDetail(), said.rule
        if rule is not None:
            detail = DecisionDetail(rule=rule.number)
            if (threshold := rule.only_after) is not None:
                times = (
                    await AlertDecisionRows(tx.sql).times_below(said, since=said.at - threshold.within) + 1
                )
                detail = _counted(detail, threshold, times)
                if times < threshold.count:
                    return Decided(AlertOutcome.BELOW, detail=detail)
        if (back := await self._held_back(tx, said)) is not None:
            held = HeldAlert.of(new)
            return Decided(back.outcome, detail=detail, window_id=back.window_id, held=held)
        return Decided(AlertOutcome.TRACKED, detail=detail)

    async def _is_muted(self, tx: Transaction, said: Occurrence) -> bool:
        """Return True if the team has muted the alert, and count that."""
        severer = [one.name for one in self._policy.severities.values() if one.rank <= said.severity.rank]
        return await AlertRows(tx.sql).pass_over_alert(
            said.guild_id, said.fingerprint, message_id=said.id, severities=severer
        )

    async def _held_back(self, tx: Transaction, said: Occurrence) -> HoldReason | None:
        """Return why a capability holds the alert back, or None."""
        for hold in self._holds:
            if (back := await hold.holds(tx, self._policy, said)) is not None:
                return back
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


def _counted(detail: DecisionDetail, threshold: Threshold, times: int) -> DecisionDetail:
    return replace(detail, count=times, needed=threshold.count, within_s=threshold.within.total_seconds())
