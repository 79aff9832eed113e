"""A report joins an open incident about the same trouble, instead of being raised as one of its own.

Nothing of it is lost: the thread gets a line with the report, the timeline all its answers. The
reporter does not acknowledge the incident by it, since they are no responder.
"""

from dataclasses import dataclass

from bot.domain.errors import IncidentNotFound, UserError
from bot.domain.incident.incident import Incident, IncidentKind
from bot.domain.people import Person
from bot.domain.severity import SeverityPolicy
from bot.domain.timeline.entries import TimelineEntry
from bot.domain.timeline.recorded import EvidenceEntry
from bot.domain.triage.session import JoinedReport, PathStep, ReportJoinedNotice, Triage
from bot.runbook.model import Policy
from bot.services.incidents.severity_change import Cause, Regrading
from bot.services.running_triages import end_in
from bot.services.shared.access import Access, Act
from bot.services.shared.changes import Change
from bot.services.triage.clocks import admit
from bot.services.triage.sources import TriageSources, require_open
from bot.services.triage.walk import PressResult, TriageView, Walk, rises
from bot.storage.store import Store
from bot.storage.tables.alerts import AlertRows
from bot.storage.tables.incidents import IncidentWrites
from bot.storage.tables.timeline import TimelineWrites
from bot.storage.tables.triages import TriageRows
from bot.storage.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Offer:
    """What the pressed button promised.

    Attributes:
        incident: The number of the incident to join.
        severity: The name of the triage's result.
        rises: The incident gets that severity, which is higher than its own.
    """

    incident: int
    severity: str
    rises: bool


class _JoinMayNotRaise(Exception):  # a signal to the caller: the refusal is recorded once the locks are gone
    """Joining would raise the incident's severity, and the person who joins may not do that."""

    def __init__(self, incident: Incident) -> None:
        super().__init__()
        self.incident = incident


class Joining:
    """Ends a triage in an incident that others have raised."""

    def __init__(self, store: Store, policy: Policy, access: Access, regrading: Regrading) -> None:
        self._store = store
        self._policy = policy
        self._access = access
        self._regrading = regrading
        self._sources = TriageSources(store)

    async def join(self, triage_id: int, offer: Offer, *, by: Person) -> TriageView:
        """Let the report of a triage join the incident of *offer*; twice is once.

        If the triage's result is a higher severity, the incident gets it in the same commit, with all effects
        of that: otherwise joining would silence it. If anything has changed so that the button promised
        something else, nothing is done, and the view says why.

        Raises:
            NotPermitted; UserError: the incident's severity would rise, which *by* may not cause.
            SourceRefused: as in `bot.services.triage.answers.Triages.start`.
        """
        await admit(self._store, self._access, triage_id, by=by, act="triage.join")
        try:
            async with (
                self._sources.recording(by=by, act="triage.join"),
                self._store.transaction() as tx,
            ):
                incident = await _locked(tx, offer.incident)  # before the walk, as everywhere
                walk = Walk(tx, self._policy, await TriageRows(tx.sql).triage(triage_id, lock=True), by)
                await walk.settle()
                return await self._join(walk, incident, offer, by=by)
        except _JoinMayNotRaise as refused:
            raise await self._refusal(refused.incident, offer, by=by) from None

    async def _join(self, walk: Walk, incident: Incident | None, offer: Offer, *, by: Person) -> TriageView:
        if not walk.is_open or walk.notice is not None:
            return await walk.view()
        about = walk.triage
        await require_open(walk.tx, about.guild_id, about.channel_id, about.source_message_id)
        if not walk.has_result:
            return await walk.view(notice=PressResult.REOPENED)
        severity = walk.severity
        if severity is None or severity.name != offer.severity or await _is_about_another(walk.tx, about):
            return await walk.view(notice=PressResult.CHANGED)
        if incident is None:
            return await walk.view(notice=PressResult.GONE, gone=offer.incident)
        if rises(self._policy, incident, severity):
            if not offer.rises:  # its severity was lowered since the card was drawn: ask
                return await walk.view(notice=PressResult.CHANGED)
            if not self._access.allows(by, Act.CHANGE_SEVERITY.permission):
                raise _JoinMayNotRaise(incident)
        await self._report(walk, incident, severity, by=by)
        await walk.audit("triage.raised", incident=incident.id, joined=True)
        return await walk.read_again()

    async def _report(self, walk: Walk, incident: Incident, severity: SeverityPolicy, *, by: Person) -> None:
        """Write the report to the thread and the timeline of a locked incident, and end the walk in it."""
        tx, triage = walk.tx, walk.triage
        change = Change(tx, self._policy, incident, by, await tx.now())
        if rises(self._policy, incident, severity):  # first: the thread may be another one from then on
            await self._regrading.regrade(change, severity, why=Cause(reason=""))
        if triage.evidence is not None:
            evidence = TimelineEntry.of(EvidenceEntry.of(triage.evidence), change.now)
            await TimelineWrites(tx.sql).add_timeline(incident.id, evidence)
        report = JoinedReport(
            title=triage.title,
            targets=triage.targets,
            symptoms=triage.symptoms,
            started_at=triage.started_at,
            by=triage.reported_by.name,
            severity=severity.name,
            path=tuple(PathStep(*step) for step in triage.path_to(None)),
            url=None if triage.evidence is None else triage.evidence.url,
        )
        await change.say(ReportJoinedNotice(report=report), key=f"report_joined:{triage.id}")
        await end_in(tx, self._policy, triage, change.incident, by=by, joined=report)

    async def _refusal(self, incident: Incident, offer: Offer, *, by: Person) -> UserError:
        """Return the error to show *by*, and record the refusal."""
        permission = Act.CHANGE_SEVERITY.permission
        await self._access.note_refused(
            by, permission, guild_id=incident.guild_id, act="triage.join", incident_id=incident.id
        )
        return UserError(
            "triage_join_raises",
            incident=incident.label,
            severity=offer.severity,
            roles=self._access.roles(permission),
        )


async def _locked(tx: Transaction, number: int) -> Incident | None:
    """Lock and return the incident that is to be joined; None if no report may join it (any more)."""
    try:
        found = await IncidentWrites(tx.sql).incident(number, lock=True)
    except IncidentNotFound:
        return None
    is_told = found.kind is IncidentKind.INCIDENT and found.is_open and not found.is_private
    return found if is_told and not found.is_drill else None


async def _is_about_another(tx: Transaction, triage: Triage) -> bool:
    """Return True if the triage's message is an alert, or has become an incident: it is about that one.

    Neither is locked: a second incident would have to be locked in the order of their numbers.
    """
    if triage.source_message_id is None:
        return False
    if await AlertRows(tx.sql).alert_of_message(triage.source_message_id) is not None:
        return True
    if triage.channel_id is None:
        return False
    return (
        await TriageRows(tx.sql).known_message(triage.channel_id, triage.source_message_id)
    ).raised is not None
