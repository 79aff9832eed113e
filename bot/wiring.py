"""The use cases, put together from the parts that they are given: one set of them per guild."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bot.domain.delivery.delivery import DeliveryKind
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.services.acknowledging.acknowledge import Acknowledger
from bot.services.acknowledging.email_links import AckLinks
from bot.services.acknowledging.reading_ahead import ReadingAhead
from bot.services.acknowledging.reconciliation import Reconciler
from bot.services.actions.changing import ActionChanges
from bot.services.actions.checking import ActionChecks
from bot.services.actions.deliveries import ActionDeliveries
from bot.services.actions.issue_writing import Logins
from bot.services.actions.issues import ActionIssues
from bot.services.actions.items import ActionItems
from bot.services.actions.listing import ActionQueries
from bot.services.actions.times import ActionReaders, ActionTimes
from bot.services.alerts.missed import MissedAlerts
from bot.services.alerts.questions import Questions
from bot.services.alerts.recoveries import Recoveries
from bot.services.alerts.tracking import AlertTracking
from bot.services.delivery.arrivals import Arrivals
from bot.services.delivery.deliveries import Deliveries
from bot.services.delivery.email_backup import EmailBackup
from bot.services.delivery.emails import DeliveryEmails
from bot.services.delivery.failures import Failures
from bot.services.delivery.handling import DeliveryHandler, DeliveryKinds
from bot.services.digest.counting import DigestCounting
from bot.services.digest.digests import DigestDeliveries, Digests
from bot.services.digest.verdicts import AlertVerdicts
from bot.services.dlq.batch_runs import BatchRuns
from bot.services.dlq.console import DlqConsole
from bot.services.dlq.deliveries import ProgressDeliveries, ReplayDeliveries
from bot.services.dlq.dlq import Dlq
from bot.services.dlq.reading import DlqReading
from bot.services.dlq.replay_batches import ReplayBatches
from bot.services.dlq.replay_checks import ReplayChecks
from bot.services.dlq.replays import Replays
from bot.services.dlq.watch import BurstDeliveries, DlqWatching
from bot.services.drills.drills import Drills
from bot.services.escalation.bundles import Bundles
from bot.services.escalation.decisions import Escalations
from bot.services.escalation.deliveries import BundleDeliveries, EscalationDeliveries, PageDeliveries
from bot.services.escalation.explaining import Explaining
from bot.services.escalation.passing_on import PassingOn
from bot.services.escalation.release import Releasing
from bot.services.escalation.sweeps import Sweeps
from bot.services.incidents.checklists import Checklists
from bot.services.incidents.commands import Incidents
from bot.services.incidents.deliveries import NoticeDeliveries, PostingDeliveries, RoleDeliveries
from bot.services.incidents.lifecycle import Lifecycle
from bot.services.incidents.merging import Merging
from bot.services.incidents.promises import Promises
from bot.services.incidents.queries import IncidentQueries
from bot.services.incidents.refreshing import Hooks, Refreshing
from bot.services.incidents.reposting import Reposting
from bot.services.incidents.roles import Roles
from bot.services.incidents.severity_change import Regrading
from bot.services.incidents.title_and_start import Details
from bot.services.incidents.updates import Updates
from bot.services.morning.mornings import MorningDeliveries, Mornings
from bot.services.oncall.calendars import CalendarFiles
from bot.services.oncall.change_checks import ChangeChecks
from bot.services.oncall.clearing import Clearing
from bot.services.oncall.handovers import Handovers
from bot.services.oncall.readiness import OnCallDeliveries
from bot.services.oncall.schedules import Schedules
from bot.services.outage.alarm import Alarm
from bot.services.outage.emergency import Emergency
from bot.services.outage.logbook import Logbook
from bot.services.outage.messenger import OutageChannels
from bot.services.outage.recording import JournalRecorder, RecordingUseCases
from bot.services.ports import (
    CodeHost,
    Discord,
    DlqStore,
    EmailSender,
    EmailWriter,
    Siren,
    Spool,
    Store,
)
from bot.services.ports.charts import Charts, DigestPictures
from bot.services.ports.documents import PostmortemWriter
from bot.services.ports.export_writer import ExportWriter
from bot.services.ports.oncall import Calendars, Reach
from bot.services.postmortems.attaching import Attaching
from bot.services.postmortems.deliveries import DocumentDeliveries
from bot.services.postmortems.documents import Documents
from bot.services.postmortems.finishing import Postmortems
from bot.services.postmortems.pull_requests import PullRequests
from bot.services.postmortems.reminders import PostmortemDeliveries, PostmortemReminders
from bot.services.postmortems.resolutions import Resolutions
from bot.services.privacy.deliveries import MemberDeliveries
from bot.services.privacy.privacy import Privacy
from bot.services.privacy.redactions import Redactions
from bot.services.privacy.removals import Removals
from bot.services.records.auditing import Auditing
from bot.services.registry import Services
from bot.services.shared.access import Access
from bot.services.shared.already_told import AlreadyTold
from bot.services.shared.changes import Changes
from bot.services.shared.reminder_recipients import ReminderRecipients
from bot.services.shared.roster import OnCall
from bot.services.shared.shown_incidents import ShownIncidents
from bot.services.statistics.statistics import Statistics
from bot.services.statistics.views import StatsViews
from bot.services.timeline.pins import Pins
from bot.services.timeline.timelines import Timelines
from bot.services.triage.answers import Triages
from bot.services.triage.deliveries import TriageDeliveries
from bot.services.triage.joining import Joining
from bot.services.triage.raising import Raising
from bot.services.triage.reevaluations import Reevaluations
from bot.services.triage.similar import SimilarIncidents
from bot.services.triage.unfinished import Unfinished
from bot.services.walks.posts import TriagePosts
from bot.services.watchdogs.queue_watch import QueueWatch

#: Kinds of delivery that need no behaviour of their own.
_PLAIN: Final = (
    DeliveryKind.ALERT_QUESTION,
    DeliveryKind.ALERT_VERDICT,
    DeliveryKind.ALERTS_SKIPPED,
    DeliveryKind.PIN_SEEN,
)


@dataclass(frozen=True, slots=True)
class GuildDependencies:
    """The dependencies of one guild's use cases.

    Attributes:
        store: Sees the rows of this guild only.
        queue: The process's.
        webhooks: The ids of the webhooks that can send undelivered notifications again, by channel.
    """

    guild_id: int
    store: Store
    dlq: DlqStore
    policy: Policy
    texts: Texts
    writer: EmailWriter
    export_writer: ExportWriter
    email_sender: EmailSender | None
    calendars: Calendars
    charts: Charts
    postmortem_writer: PostmortemWriter
    digest_pictures: DigestPictures
    spool: Spool
    queue: QueueWatch
    public_url: str | None = None
    code_host: CodeHost | None = None
    webhooks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UseCases:
    """The use cases: those that people ask for (`services`), and those that the bot runs by itself."""

    services: Services
    sweeps: Sweeps
    deliveries: Deliveries
    refreshing: Refreshing
    triage_posts: TriagePosts
    failures: Failures
    email_backup: EmailBackup
    links: AckLinks
    action_times: ActionTimes
    action_issues: ActionIssues
    pull_requests: PullRequests
    postmortem_reminders: PostmortemReminders
    batch_runs: BatchRuns


@dataclass(frozen=True, slots=True)
class Outward:
    """How the use cases of one guild reach people.

    Attributes:
        siren: Without a database.
        reach: Checks that they can be reached.
    """

    discord: Discord
    siren: Siren
    reach: Reach


class _Shared:
    """The use cases of one guild that those of several capabilities need."""

    def __init__(self, parts: GuildDependencies, discord: Discord, oncall: OnCall) -> None:
        store, policy = parts.store, parts.policy
        self.store, self.policy, self.discord, self.oncall = store, policy, discord, oncall
        self.access = Access(store, policy, oncall)
        self.changes = Changes(store, policy, self.access)
        self.action_changes = ActionChanges(store, policy, self.access, tracker=_tracker(parts))
        self.recipients = ReminderRecipients(discord, oncall, self.access)
        self.documents = Documents(
            store, policy, self.access, parts.postmortem_writer, repository=_reviews(parts)
        )
        self.acknowledger = Acknowledger(store, policy, self.access)
        self.reconciler = Reconciler(store, discord, self.acknowledger, self.access)
        self.ahead = ReadingAhead(store, self.reconciler)
        self.already_told = AlreadyTold(store)
        self.escalations = Escalations(store, policy, self.ahead, oncall)
        self.passing_on = PassingOn(store, policy, self.access, oncall, self.escalations)
        self.incidents = Incidents(store, policy, self.access, self.escalations)
        self.reposting = Reposting(store, policy)
        self.shown_incidents = ShownIncidents(store)
        self.bundles = Bundles(
            store, discord, policy, self.acknowledger, meanwhile=self.already_told.meanwhile
        )
        self.statistics = Statistics(store, policy, oncall)
        self.digests = make_digests(parts, self.access, self.statistics)
        self.mornings = Mornings(store, discord, policy)
        self.dlq_reading = DlqReading(store, parts.dlq, policy, self.access)
        self.replay_checks = ReplayChecks(store, self.dlq_reading, parts.webhooks)
        self.webhooks = parts.webhooks
        self.attaching = Attaching(store, discord, policy)


def make_digests(parts: GuildDependencies, access: Access, statistics: Statistics) -> Digests:
    """Return the digests of one guild; the command line needs no other use case."""
    counting = DigestCounting(parts.store, parts.dlq, parts.policy, statistics=statistics)
    return Digests(parts.store, parts.policy, access, counting=counting, pictures=parts.digest_pictures)


def wire(parts: GuildDependencies, outward: Outward, oncall: OnCall) -> UseCases:
    """Return every use case of one guild, each given only what it needs."""
    discord, shared = outward.discord, _Shared(parts, outward.discord, oncall)
    store, policy, told = shared.store, shared.policy, shared.already_told
    kinds = _delivery_kinds(shared)
    emergency = _emergency(shared, parts, outward.siren, Arrivals(policy, kinds))
    links = AckLinks(store, discord, shared.acknowledger, public_url=parts.public_url)
    emails = DeliveryEmails(store, links, writer=parts.writer, sender=parts.email_sender)
    email_backup = EmailBackup(store, policy, oncall, kinds, emails)
    redactions = Redactions(store, discord, policy)
    hooks = Hooks(changed=shared.mornings.touched, attach=shared.attaching.attach, redact=redactions.empty)
    return UseCases(
        services=_services(shared, parts, outward.reach, emergency),
        sweeps=Sweeps(
            store, policy, shared.ahead, shared.escalations, oncall, already_told=told, queue=parts.queue
        ),
        deliveries=Deliveries(store, discord, policy, kinds, told),
        refreshing=Refreshing(store, discord, shared.shown_incidents, shared.reposting, hooks),
        triage_posts=TriagePosts(store, discord),
        failures=Failures(store, parts.dlq, policy, emails=email_backup, draft=discord.draft),
        email_backup=email_backup,
        links=links,
        action_times=ActionTimes(
            store,
            policy,
            shared.action_changes,
            ActionReaders(discord, shared.access, oncall, shared.recipients),
        ),
        action_issues=ActionIssues(
            store,
            policy,
            parts.code_host,
            parts.export_writer,
            Logins(policy, discord),
            shared.action_changes,
        ),
        pull_requests=PullRequests(store, policy, parts.code_host, parts.export_writer, shared.documents),
        postmortem_reminders=PostmortemReminders(store, policy, shared.recipients),
        batch_runs=BatchRuns(store, parts.dlq, discord, policy, shared.replay_checks),
    )


def _reviews(parts: GuildDependencies) -> str | None:
    """Return the repository where postmortems are reviewed as pull requests; None for nowhere."""
    host = parts.code_host
    return host.repository if host is not None and parts.policy.github.pull_requests else None


def _tracker(parts: GuildDependencies) -> str | None:
    """Return the repository where action items are tracked as issues; None for nowhere."""
    host = parts.code_host
    return host.repository if host is not None and parts.policy.github.issues else None


def _delivery_kinds(shared: _Shared) -> DeliveryKinds:
    """Return what each kind of delivery needs beside being sent."""
    policy, reposting = shared.policy, shared.reposting
    bundles, passing_on = shared.bundles, shared.passing_on
    lines = NoticeDeliveries(reposting)
    return DeliveryKinds(
        shared.shown_incidents,
        [
            PostingDeliveries(reposting),
            lines,
            DocumentDeliveries(shared.attaching, move=lines.move),
            RoleDeliveries(policy),
            MemberDeliveries(policy, reposting),
            PageDeliveries(bundles, passing_on),
            EscalationDeliveries(bundles, reposting.lost_its_private_thread),
            BundleDeliveries(shared.store, policy, passing_on),
            TriageDeliveries(shared.store, policy),
            MorningDeliveries(shared.mornings, policy),
            OnCallDeliveries(policy, shared.oncall),
            DigestDeliveries(shared.digests),
            ActionDeliveries(policy, shared.oncall),
            PostmortemDeliveries(policy),
            ReplayDeliveries(shared.webhooks),
            ProgressDeliveries(shared.store),
            BurstDeliveries(shared.store),
            DeliveryHandler(*_PLAIN),
        ],
    )


def _emergency(shared: _Shared, parts: GuildDependencies, siren: Siren, arrivals: Arrivals) -> Emergency:
    """Return the use case that goes on without a database and records it later."""
    store, policy, discord, access = shared.store, shared.policy, shared.discord, shared.access
    channels = OutageChannels(siren, Logbook(parts.spool), parts.email_sender, shared.already_told.meanwhile)
    recording = RecordingUseCases(shared.incidents, shared.escalations, shared.acknowledger, arrivals)
    return Emergency(
        store,
        policy,
        channels.book,
        alarm=Alarm(discord, policy, access, shared.oncall, channels),
        recorder=JournalRecorder(store, discord, policy, access, recording),
        queue=parts.queue,
    )


def _services(shared: _Shared, parts: GuildDependencies, reach: Reach, emergency: Emergency) -> Services:
    """Return the use cases that people can ask for."""
    store, policy, discord, oncall = shared.store, shared.policy, shared.discord, shared.oncall
    access, changes, acknowledger = shared.access, shared.changes, shared.acknowledger
    incidents, escalations = shared.incidents, shared.escalations
    releasing = Releasing(store, discord, policy, access, shared.passing_on)
    lifecycle = Lifecycle(store, discord, policy, changes, escalations, shared.shown_incidents)
    questions = Questions(store, discord, policy, access, incidents)
    recoveries = Recoveries(store, policy, lifecycle)
    replaying = parts.webhooks.values()
    alerts = AlertTracking(store, policy, incidents, recoveries, questions, replaying=replaying)
    schedules = Schedules(store, policy, access, oncall)
    raising = Raising(policy, access, incidents, escalations)
    reevaluations = Reevaluations(store, policy, access, raising)
    return Services(
        guild_id=parts.guild_id,
        policy=policy,
        access=access,
        incidents=incidents,
        alerts=alerts,
        missed_alerts=MissedAlerts(store, discord, policy, alerts, shared.reconciler),
        questions=questions,
        alert_verdicts=AlertVerdicts(store, discord, policy, access),
        lifecycle=lifecycle,
        merging=Merging(access, changes, acknowledger, lifecycle, Regrading(policy, escalations)),
        drills=Drills(store, policy, access, incidents, lifecycle),
        looking=IncidentQueries(store, policy, access),
        reposting=shared.reposting,
        roles=Roles(access, changes, acknowledger),
        checklists=Checklists(policy, changes),
        privacy=Privacy(store, discord, policy, access, changes),
        removals=Removals(discord, policy, access, changes),
        updates=Updates(store, policy, changes, shared.recipients, releasing),
        promises=Promises(policy, changes),
        resolutions=Resolutions(changes, shared.shown_incidents),
        postmortems=Postmortems(store, policy, access, changes),
        details=Details(policy, changes),
        documents=shared.documents,
        timelines=Timelines(store, policy, access, changes),
        pins=Pins(store, discord, policy, access, changes),
        triages=Triages(store, policy, access, raising, reevaluations),
        reevaluations=reevaluations,
        unfinished=Unfinished(store, policy, access, raising),
        similar=SimilarIncidents(store),
        joining=Joining(store, policy, access, Regrading(policy, escalations)),
        acknowledger=acknowledger,
        escalations=escalations,
        passing_on=shared.passing_on,
        explaining=Explaining(store, discord, access, oncall),
        releasing=releasing,
        oncall=oncall,
        handovers=Handovers(store, policy, oncall, reach),
        schedules=schedules,
        clearing=Clearing(store, oncall, schedules),
        oncall_checks=ChangeChecks(store, oncall, reach),
        calendars=CalendarFiles(store, policy, schedules, oncall, reach=reach, calendars=parts.calendars),
        bundles=shared.bundles,
        reconciler=shared.reconciler,
        dlq=Dlq(store, shared.dlq_reading),
        dlq_console=DlqConsole(store, parts.dlq, policy, shared.dlq_reading),
        replays=Replays(store, shared.dlq_reading, shared.replay_checks),
        replay_batches=ReplayBatches(store, parts.dlq, policy, shared.dlq_reading, shared.replay_checks),
        dlq_watch=DlqWatching(store, parts.dlq, discord, policy, shared.dlq_reading),
        digests=shared.digests,
        auditing=Auditing(store, access),
        charts=parts.charts,
        statistics=shared.statistics,
        stats=StatsViews(shared.statistics, policy, access, oncall),
        mornings=shared.mornings,
        emergency=emergency,
        actions=ActionItems(store, policy, ActionChecks(store, policy, access), shared.action_changes),
        action_lists=ActionQueries(store, policy, access, shared.action_changes),
    )
