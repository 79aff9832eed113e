"""The use cases, put together from the parts that they are given: one set of them per guild."""

from dataclasses import dataclass
from typing import Final

import structlog

from bot.domain.delivery.delivery import DeliveryKind
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.services.acknowledging.acknowledge import Acknowledger
from bot.services.acknowledging.email_links import AckLinks
from bot.services.acknowledging.reading_ahead import ReadingAhead
from bot.services.acknowledging.reconciliation import Reconciler
from bot.services.alerts.missed import MissedAlerts
from bot.services.alerts.questions import Questions
from bot.services.alerts.recoveries import Recoveries
from bot.services.alerts.tracking import AlertTracking
from bot.services.delivery.deliveries import Deliveries
from bot.services.delivery.emails import Letters
from bot.services.delivery.failures import Failures
from bot.services.delivery.handling import DeliveryHandler, DeliveryKinds
from bot.services.delivery.sent import Arrivals
from bot.services.digest.digests import DigestDeliveries, Digests
from bot.services.dlq.dlq import Dlq
from bot.services.drills.drills import Drills
from bot.services.escalation.bundles import Bundles
from bot.services.escalation.decisions import Escalations
from bot.services.escalation.deliveries import BundleDeliveries, EscalationDeliveries, PageDeliveries
from bot.services.escalation.passing_on import PassingOn
from bot.services.escalation.release import Releasing
from bot.services.escalation.sweeps import Sweeps
from bot.services.incidents.checklists import Checklists
from bot.services.incidents.commands import Incidents
from bot.services.incidents.deliveries import NoticeDeliveries, PostingDeliveries, RoleDeliveries
from bot.services.incidents.faces import Faces
from bot.services.incidents.lifecycle import Lifecycle
from bot.services.incidents.merging import Merging
from bot.services.incidents.queries import IncidentQueries
from bot.services.incidents.refreshing import Hooks, Refreshing
from bot.services.incidents.reposting import Reposting
from bot.services.incidents.roles import Roles
from bot.services.incidents.severity_change import Regrading
from bot.services.incidents.title_and_start import Details
from bot.services.incidents.updates import Updates
from bot.services.morning.mornings import MorningDeliveries, Mornings
from bot.services.oncall.calendars import CalendarFiles
from bot.services.oncall.handovers import Handovers
from bot.services.oncall.readiness import OnCallDeliveries
from bot.services.oncall.schedules import Schedules
from bot.services.outage.alarm import Alarm
from bot.services.outage.emergency import Emergency
from bot.services.outage.logbook import Logbook
from bot.services.outage.taking_in import RecordingUseCases, TakingIn
from bot.services.outage.telling import OutageChannels
from bot.services.ports import (
    Discord,
    DlqStore,
    Mailer,
    MailWriter,
    Siren,
    Spool,
    Store,
)
from bot.services.ports.oncall import Calendars, Reach
from bot.services.privacy.deliveries import MemberDeliveries
from bot.services.privacy.privacy import Privacy
from bot.services.privacy.redactions import Redactions
from bot.services.privacy.removals import Removals
from bot.services.registry import Services
from bot.services.shared.access import Access
from bot.services.shared.already_told import AlreadyTold
from bot.services.shared.changes import Changes
from bot.services.shared.reminder_recipients import ReminderRecipients
from bot.services.shared.roster import OnCall
from bot.services.timeline.pins import Pins
from bot.services.timeline.timelines import Timelines
from bot.services.triage.answers import Triages
from bot.services.triage.deliveries import TriageDeliveries
from bot.services.triage.raising import Raising
from bot.services.triage.reevaluations import Reevaluations
from bot.services.triage.unfinished import Unfinished
from bot.services.walks.posts import TriagePosts
from bot.services.watchdogs.queue_watch import QueueWatch

log = structlog.get_logger(__name__)

#: Kinds of delivery that need no behaviour of their own.
_PLAIN: Final = (
    DeliveryKind.ALERT_QUESTION,
    DeliveryKind.ALERTS_SKIPPED,
    DeliveryKind.PIN_SEEN,
    DeliveryKind.REPLAY,
)


@dataclass(frozen=True, slots=True)
class GuildDependencies:
    """The dependencies of one guild's use cases.

    Attributes:
        store: Sees the rows of this guild only.
        queue: The process's.
    """

    guild_id: int
    store: Store
    dlq: DlqStore
    policy: Policy
    texts: Texts
    writer: MailWriter
    mailer: Mailer | None
    calendars: Calendars
    spool: Spool
    queue: QueueWatch
    public_url: str | None = None


@dataclass(frozen=True, slots=True)
class UseCases:
    """The use cases: those that people ask for (`services`), and those that the bot runs by itself."""

    services: Services
    sweeps: Sweeps
    deliveries: Deliveries
    refreshing: Refreshing
    triage_posts: TriagePosts
    failures: Failures
    links: AckLinks


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


def wire(parts: GuildDependencies, outward: Outward, oncall: OnCall) -> UseCases:
    """Every use case of one guild, each given only what it needs."""
    store, policy = parts.store, parts.policy
    discord, reach = outward.discord, outward.reach
    access = Access(store, policy, oncall)
    acknowledger = Acknowledger(store, policy, access)
    reconciler = Reconciler(store, discord, acknowledger, access)
    ahead, comeback = ReadingAhead(store, reconciler), AlreadyTold(store)
    escalations = Escalations(store, policy, ahead, oncall)
    passing_on = PassingOn(store, policy, access, oncall, escalations)
    incidents = Incidents(store, policy, access, escalations)
    changes = Changes(store, policy, access)
    reposting = Reposting(store, policy)
    raising = Raising(policy, access, incidents, escalations)
    reevaluations = Reevaluations(store, policy, access, raising)
    means = OutageChannels(outward.siren, Logbook(parts.spool), parts.mailer, comeback.meanwhile)
    bundles = Bundles(store, discord, policy, acknowledger, meanwhile=comeback.meanwhile)
    digests = Digests(store, parts.dlq, policy)
    mornings = Mornings(store, discord, policy)
    faces = Faces(store)
    kinds = DeliveryKinds(
        faces,
        [
            PostingDeliveries(reposting),
            NoticeDeliveries(reposting),
            RoleDeliveries(policy),
            MemberDeliveries(policy, reposting),
            PageDeliveries(bundles, passing_on),
            EscalationDeliveries(bundles, reposting.lost_its_room),
            BundleDeliveries(store, policy, passing_on),
            TriageDeliveries(store, policy),
            MorningDeliveries(mornings, policy),
            OnCallDeliveries(policy, oncall),
            DigestDeliveries(digests),
            DeliveryHandler(*_PLAIN),
        ],
    )
    releasing = Releasing(store, discord, policy, access, passing_on)
    lifecycle = Lifecycle(store, discord, policy, changes, escalations, faces)
    questions = Questions(store, discord, policy, access, incidents)
    alerts = AlertTracking(store, policy, incidents, Recoveries(store, policy, lifecycle), questions)
    schedules = Schedules(store, policy, access, oncall)
    links = AckLinks(store, discord, acknowledger, public_url=parts.public_url)
    letters = Letters(store, links, writer=parts.writer, mailer=parts.mailer)
    recording = RecordingUseCases(incidents, escalations, acknowledger, Arrivals(policy, kinds))
    services = Services(
        guild_id=parts.guild_id,
        policy=policy,
        access=access,
        incidents=incidents,
        alerts=alerts,
        missed_alerts=MissedAlerts(store, discord, policy, alerts, reconciler),
        questions=questions,
        lifecycle=lifecycle,
        merging=Merging(access, changes, acknowledger, lifecycle, Regrading(policy, escalations)),
        drills=Drills(store, policy, access, incidents, lifecycle),
        looking=IncidentQueries(store, policy, access),
        reposting=reposting,
        roles=Roles(access, changes, acknowledger),
        checklists=Checklists(policy, changes),
        privacy=Privacy(store, discord, policy, access, changes),
        removals=Removals(store, discord, policy, access, changes),
        updates=Updates(store, policy, changes, ReminderRecipients(discord, oncall, access), releasing),
        details=Details(policy, changes),
        timelines=Timelines(store, policy, access, changes),
        pins=Pins(store, discord, policy, access, changes),
        triages=Triages(store, policy, access, raising, reevaluations),
        reevaluations=reevaluations,
        unfinished=Unfinished(store, policy, access, raising),
        acknowledger=acknowledger,
        escalations=escalations,
        passing_on=passing_on,
        releasing=releasing,
        oncall=oncall,
        handovers=Handovers(store, policy, oncall, reach),
        schedules=schedules,
        calendars=CalendarFiles(store, policy, schedules, oncall, reach=reach, calendars=parts.calendars),
        bundles=bundles,
        reconciler=reconciler,
        dlq=Dlq(store, parts.dlq, policy, access),
        digests=digests,
        mornings=mornings,
        emergency=Emergency(
            store,
            policy,
            means.book,
            alarm=Alarm(discord, policy, access, oncall, means),
            taking_in=TakingIn(store, discord, policy, access, recording),
            queue=parts.queue,
        ),
    )
    hooks = Hooks(changed=mornings.touched, redact=Redactions(store, discord, policy).empty)
    return UseCases(
        services=services,
        sweeps=Sweeps(store, policy, ahead, escalations, oncall, comeback=comeback, queue=parts.queue),
        deliveries=Deliveries(store, discord, policy, kinds, comeback),
        refreshing=Refreshing(store, discord, faces, reposting, hooks),
        triage_posts=TriagePosts(store, discord),
        failures=Failures(store, parts.dlq, policy, oncall, kinds, letters=letters, draft=discord.draft),
        links=links,
    )
