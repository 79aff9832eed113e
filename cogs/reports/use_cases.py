"""Reports of people who lack the role: they are made, taken up as a triage, and follow what that becomes."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from bot.domain.audit import AuditData
from bot.domain.delivery.delivery import Delivery, NewDelivery, priority_of
from bot.domain.delivery.kinds import AnyDeliveryKind
from bot.domain.errors import UserError
from bot.domain.escalation.pages import asked_of, next_place
from bot.domain.jobs import Job
from bot.domain.people import Person
from bot.domain.text import cut
from bot.domain.triage.session import Evidence, NewTriage
from bot.runbook.model import Policy
from bot.services.core import Core
from bot.services.delivery.handling import DeliveryHandler
from bot.services.incidents.opening import clean_title
from bot.services.ports import Discord
from bot.services.shared.access import Access
from bot.services.shared.changes import Change
from bot.services.shared.jobs import refresh_job
from bot.services.shared.roster import OnCall
from bot.services.triage.answers import Triages
from bot.services.triage.sources import AlreadyRaised, require_open
from bot.services.triage.walk import TriageView, Walk, view_of
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryRows, DeliveryWrites
from bot.storage.tables.incidents import IncidentRows, IncidentWrites
from bot.storage.tables.timeline import AuditWrites
from bot.storage.tables.triages import TriageRows
from bot.storage.transaction import Transaction
from bot.ui.words.wording import place_url
from cogs.reports import rules
from cogs.reports.policy import channel_of
from cogs.reports.rules import NewReport, Report, ReportData, ReportDelivery, ReportRules, ReportView
from cogs.reports.store import Reports

log = structlog.get_logger(__name__)

#: The name of the job, as the queue stores it. Its payload: "<guild>:<report>".
SHOW_REPORT: Final = "show_report"

#: How often it looks what triages have become, seconds.
LOOK_S: Final = 2.0

DETAILS_LIMIT: Final = 1_000

_PRIORITY: Final = priority_of(1)

#: How many people are asked by DM, one after the other, while Discord refuses it; the query has as many keys.
_MOST_ASKED: Final = 5


class Reporting:
    """Takes the reports of one guild."""

    def __init__(
        self, store: Store, policy: Policy, access: Access, triages: Triages, discord: Discord, guild_id: int
    ) -> None:
        self._store = store
        self._policy = policy
        self._rules = policy.of(ReportRules)
        self._access = access
        self._triages = triages
        self._discord = discord
        self.guild_id = guild_id

    @property
    def is_allowed(self) -> bool:
        """Return True if people without the role may report at all."""
        return self._rules.allowed

    async def report(self, new: NewReport) -> ReportView:
        """Record a report, and tell the channel and the person on call, in one commit.

        The same one again returns the first.

        Raises:
            UserError: the title is empty, or the person has reported too often.
            AlreadyRaised: its message has become an incident that is still open, or shows one.
            SourceRefused: its message is a drill's, or from the thread of a private incident; on record.
        """
        new = replace(
            new, title=clean_title(new.title), details=cut(new.details.strip(), limit=DETAILS_LIMIT)
        )
        async with (
            self._triages.sources.recording(by=new.by, act="report"),
            self._store.transaction() as tx,
        ):
            await self._require_message(tx, new)
            reports = Reports(tx.sql)
            await reports.lock_making(self.guild_id)
            known = await reports.by_key(new.key)
            latest = await reports.latest(self.guild_id, within=self._rules.within)
            if known := known or rules.repeated(new, latest):
                return await self._view(tx, known, is_repeated=True)
            rules.require_room(self._rules, new.by, latest)
            number = await reports.add(new)
            assert number is not None  # making is locked
            await DeliveryWrites(tx.sql).insert_deliveries(self._posts(number, new))
            await _audit(tx, new.guild_id, number, by=new.by, action="report_made")
            report = await reports.find(number)
            assert report is not None
        log.info("report.made", report_id=number, user_id=new.by.id)
        return ReportView(report)

    async def view(self, number: int) -> ReportView:
        """Return what has become of a report.

        Raises:
            UserError: there is none.
        """
        async with self._store.transaction() as tx:
            return await self._view(tx, await _found(tx, number))

    async def take_up(self, number: int, *, by: Person) -> TriageView:
        """Begin the triage of a report, or return the one that goes on; one commit.

        Of a report with a severity, the triage has that as its result.

        Raises:
            NotPermitted: *by* may not triage; on record. UserError: there is no such report.
            AlreadyRaised, SourceRefused: as `report`.
        """
        await self._access.require(by, "triage", guild_id=self.guild_id, act="report.take_up", report=number)
        try:
            async with (
                self._triages.sources.recording(by=by, act="report.take_up"),
                self._store.transaction() as tx,
            ):
                report = await _found(tx, number, lock=True)
                if not report.waits and report.triage_id is not None:
                    triage = await TriageRows(tx.sql).triage(report.triage_id)
                    return await view_of(tx, self._policy, triage)
                view = await self._triages.start_within(tx, await self._triage(tx, report, by=by))
                if report.severity in self._policy.severities and view.triage.severity is None:
                    reporter = Person(id=report.by_id, name=report.by_name)
                    walk = Walk(tx, self._policy, view.triage, by)
                    view = await walk.choose(str(report.severity), said_by=reporter)
                await Reports(tx.sql).take(report.id, by=by.name, triage_id=view.triage.id)
                await _audit(tx, report.guild_id, report.id, by=by, action="report_taken")
                await tx.enqueue(show_job(report))
        except AlreadyRaised as raised:
            await self._give(report, raised.incident.id)
            raise
        log.info("report.taken", report_id=number, triage_id=view.triage.id, user_id=by.id)
        return view

    async def look(self) -> None:
        """Let the posts of reports follow their triages."""
        for report in await Reports(self._store.sql).moved(self.guild_id):
            assert report.triage_status is not None
            if report.raised_id is not None:
                await self._give(report, report.raised_id)
                continue
            async with self._store.transaction() as tx:
                if await Reports(tx.sql).note_shown(report.id, report.triage_status):
                    await tx.enqueue(show_job(report))

    async def show(self, number: int) -> None:
        """Edit the posts of a report; once it is an incident, the incident's refresh edits them.

        Raises:
            UpstreamUnavailable: the queue tries again.
        """
        report = await Reports(self._store.sql).find(number)
        if report is None or report.incident_id is not None:
            return
        for key in post_keys(report.id):
            post = await DeliveryRows(self._store.sql).delivery_by_key(key)
            if post is not None and post.message_id is not None:
                await self._discord.redraw(post, report)

    async def _require_message(self, tx: Transaction, new: NewReport) -> None:
        await require_open(tx, new.guild_id, new.channel_id, new.message_id)
        if new.channel_id is None or new.message_id is None:
            return
        known = await TriageRows(tx.sql).known_message(new.channel_id, new.message_id)
        if known.raised is not None:
            raise AlreadyRaised(known.raised)

    async def _triage(self, tx: Transaction, report: Report, *, by: Person) -> NewTriage:
        post = await DeliveryRows(tx.sql).delivery_by_key(post_keys(report.id)[0])
        url = ""
        if post is not None and post.channel_id is not None and post.message_id is not None:
            url = place_url(report.guild_id, post.channel_id, post.message_id)
        said = Evidence(
            text=report.details or report.title,
            author_id=report.by_id,
            author_name=report.by_name,
            url=url,
            at=report.reported_at,
        )
        return NewTriage(
            guild_id=report.guild_id,
            by=by,
            title=report.title,
            targets=(),
            symptoms=(),
            started_at=report.reported_at if report.evidence is None else report.evidence.at,
            key=f"report:{report.id}:{report.rounds + 1}",
            channel_id=report.channel_id,
            source_message_id=report.message_id,
            evidence=report.evidence or said,
            reporter=Person(id=report.by_id, name=report.by_name),
        )

    async def _give(self, report: Report, incident_id: int) -> None:
        """Give the posts of a report to its incident, and tell the person who reported."""
        async with self._store.transaction() as tx:
            incident = await IncidentWrites(tx.sql).incident(incident_id, lock=True)
            if not await give_posts(tx, report, incident_id=incident_id):
                return
            if not incident.is_private:
                to = f"user:{report.by_id}"
                told = _post(report, ReportDelivery.REPORT_ANSWER, to=to, key=f"report:{report.id}:answer")
                await DeliveryWrites(tx.sql).insert_deliveries([replace(told, incident_id=incident_id)])
            await tx.enqueue(refresh_job(incident, severity=self._policy.rules_of(incident)))
        log.info("report.raised", report_id=report.id, incident_id=incident_id)

    async def _view(self, tx: Transaction, report: Report, *, is_repeated: bool = False) -> ReportView:
        number = report.incident_id or report.raised_id
        incident = None if number is None else await IncidentRows(tx.sql).incident(number)
        shown = None if incident is None or incident.is_private else incident
        return ReportView(report, shown, is_repeated=is_repeated)

    def _posts(self, number: int, new: NewReport) -> list[NewDelivery]:
        """Return the quiet post in the channel, and the DM to the first place of the on-call order."""
        post = NewDelivery(
            ReportDelivery.REPORT,
            to=f"channel:{channel_of(self._policy)}",
            key=post_keys(number)[0],
            guild_id=new.guild_id,
            data=ReportData(report=number, by=new.by.name).to_json(),
            priority=_PRIORITY,
        )
        place = f"person:{next(iter(self._policy.oncall))}"
        return [post, replace(post, kind=ReportDelivery.REPORT_DM, to=place, key=dm_keys(number)[0])]


def post_keys(number: int) -> tuple[str, ...]:
    """Return the keys of the post in the channel, of the one that rings, and of the DMs."""
    return (f"report:{number}", f"report:{number}:loud", *dm_keys(number))


def dm_keys(number: int) -> tuple[str, ...]:
    """Return the keys of the DMs: one to each person who is asked, in that order."""
    return tuple(f"report:{number}:dm{'' if nth == 1 else nth}" for nth in range(1, _MOST_ASKED + 1))


async def give_posts(tx: Transaction, report: Report, *, incident_id: int) -> bool:
    """Give a report and its posts to an incident, which is locked; return False if that was done before."""
    if not await Reports(tx.sql).give(report.id, incident_id=incident_id):
        return False
    await DeliveryWrites(tx.sql).adopt_deliveries(post_keys(report.id), incident_id=incident_id)
    return True


async def hand_over(change: Change) -> None:
    """Give an incident that is made private the posts of its reports: they are emptied with its own."""
    for report in await Reports(change.tx.sql).raised_as(change.incident.id):
        await give_posts(change.tx, report, incident_id=change.incident.id)


class ReportDeliveries(DeliveryHandler):
    """The posts of reports."""

    def __init__(self, store: Store, policy: Policy, oncall: OnCall) -> None:
        super().__init__(*ReportDelivery)
        self._store = store
        self._policy = policy
        self._oncall = oncall

    async def load(self, delivery: Delivery) -> Report:
        """Read the report that a post is about, as it is now."""
        report = await Reports(self._store.sql).find(ReportData.from_json(delivery.data).report)
        assert report is not None  # it is stored with its posts, and never deleted
        return report

    async def is_obsolete(self, tx: Transaction, delivery: Delivery) -> bool:
        """Return True for a DM about a report that was taken up before it went out."""
        if delivery.kind is not ReportDelivery.REPORT_DM:
            return False
        report = await Reports(tx.sql).find(ReportData.from_json(delivery.data).report)
        return report is None or not report.waits

    async def sent(self, tx: Transaction, delivery: Delivery) -> None:
        """Edit a post once more if the report was taken up while it was sent."""
        report = await Reports(tx.sql).find(ReportData.from_json(delivery.data).report)
        if report is not None and report.rounds:
            await tx.enqueue(show_job(report))

    async def give_up(self, tx: Transaction, delivery: Delivery, *, reason: str, code: int) -> None:
        """Give up a post. In place of a DM, ask the next person on call, or else ring in the channel."""
        await super().give_up(tx, delivery, reason=reason, code=code)
        if delivery.kind is not ReportDelivery.REPORT_DM:
            return
        report = await Reports(tx.sql).find(ReportData.from_json(delivery.data).report)
        if report is None or not report.waits or report.dm_sent or report.dm_owed:
            return
        holders = await self._oncall.holders(report.guild_id, source=tx)
        keys, rows = dm_keys(report.id), DeliveryRows(tx.sql)
        found = [await rows.delivery_by_key(key) for key in keys]
        asked = [one for one in found if one is not None]
        place = next_place(holders, {asked_of(one, holders) for one in asked})
        if place is not None and len(asked) < len(keys):
            kind, to, key = ReportDelivery.REPORT_DM, f"person:{place}", keys[len(asked)]
        else:
            kind, to, key = (
                ReportDelivery.REPORT,
                f"channel:{channel_of(self._policy)}",
                post_keys(report.id)[1],
            )
        following = _post(report, kind, to=to, key=key, rings=kind is ReportDelivery.REPORT)
        await DeliveryWrites(tx.sql).insert_deliveries([replace(following, priority=_PRIORITY)])
        await tx.enqueue(show_job(report))
        log.info("report.dm_passed_on", report_id=report.id, delivery_id=delivery.id, to=to)


def show_job(report: Report) -> Job:
    """Return the job that edits the posts of a report."""
    payload = f"{report.guild_id}:{report.id}"
    return Job(SHOW_REPORT, payload, f"show_report:{payload}", sooner=True)


def _post(report: Report, kind: AnyDeliveryKind, *, to: str, key: str, rings: bool = False) -> NewDelivery:
    data = ReportData(report=report.id, by=report.by_name, rings=rings).to_json()
    return NewDelivery(kind=kind, to=to, key=key, guild_id=report.guild_id, data=data)


async def _found(tx: Transaction, number: int, *, lock: bool = False) -> Report:
    report = await Reports(tx.sql).find(number, lock=lock)
    if report is None:
        raise UserError("report_not_found")
    return report


async def _audit(tx: Transaction, guild_id: int, number: int, *, by: Person, action: str) -> None:
    about = AuditData(facts={"report": number})
    await AuditWrites(tx.sql).audit(guild_id=guild_id, by=by, action=action, data=about)


def build(core: Core) -> Reporting:
    """Put the use cases of one guild together."""
    return Reporting(core.store, core.policy, core.access, core.triages, core.discord, core.guild_id)


def deliveries(_reporting: Reporting, core: Core) -> list[DeliveryHandler]:
    """Return the handler of the posts."""
    return [ReportDeliveries(core.store, core.policy, core.oncall)]


async def look(reporting: Reporting) -> None:
    """Let the posts of reports follow their triages."""
    await reporting.look()


async def show(reporting: Reporting, payload: str) -> timedelta | None:
    """Edit the posts of a report."""
    await reporting.show(int(payload.partition(":")[2]))
    return None
