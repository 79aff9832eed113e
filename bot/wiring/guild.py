"""All use cases of one guild: those that people ask for, and those that the bot runs by itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from bot.capability import installed
from bot.domain.delivery.kinds import DeliveryKind
from bot.services.acknowledging.email_links import AckLinks
from bot.services.alerts.answers import AlertAnswers
from bot.services.alerts.arrivals import LiveAlerts, MissedAlerts
from bot.services.alerts.decisions import AlertHistory
from bot.services.alerts.questions import MessageQuestions, QuestionDeliveries
from bot.services.alerts.tracking import AlertTracking
from bot.services.core import Core, GuildDependencies
from bot.services.delivery.deliveries import Arrivals, Deliveries
from bot.services.delivery.emails import EmailBackup
from bot.services.delivery.failures import Failures
from bot.services.delivery.handling import DeliveryHandler, DeliveryKinds, SwitchedOff
from bot.services.escalation.deliveries import BundleDeliveries, EscalationDeliveries, PageDeliveries
from bot.services.escalation.due_steps import DueSteps
from bot.services.escalation.passing_on import Explaining
from bot.services.incidents.deliveries import NoticeDeliveries, PostingDeliveries, RoleDeliveries
from bot.services.incidents.details import Checklists, Details, Resolutions
from bot.services.incidents.lifecycle import Merging
from bot.services.incidents.posts import RefreshFollowUps, Refreshing
from bot.services.incidents.queries import IncidentQueries
from bot.services.incidents.roles import Roles
from bot.services.incidents.updates import Promises, Updates
from bot.services.outage.alarm import Alarm, OutageChannels
from bot.services.outage.emergency import Emergency
from bot.services.outage.journal import Logbook, Mirror
from bot.services.outage.recording import JournalRecorder, RecordingUseCases
from bot.services.paging import OutsideDeliveries, OutsideSending, PageSync, SendingByKind
from bot.services.ports import Discord, OfflineAlerter
from bot.services.ports.discord import Reachability
from bot.services.ports.paging import synced_systems
from bot.services.privacy import MemberDeliveries, Privacy, Redactions, Removals
from bot.services.registry import Services
from bot.services.running_triages import TriagePosts
from bot.services.shared.access import Auditing
from bot.services.shared.roster import OnCall
from bot.services.sheets import OutputDeliveries, Pasting
from bot.services.timeline.pins import Pins
from bot.services.timeline.timelines import Timelines
from bot.services.triage.clocks import TriageDeliveries, Unfinished
from bot.services.triage.joining import Joining
from bot.services.triage.sources import AlertTitles
from bot.services.triage.walk import SimilarIncidents

#: Kinds of delivery that need no behaviour of their own.
_PLAIN: Final = (
    DeliveryKind.ALERTS_SKIPPED,
    DeliveryKind.PIN_SEEN,
)


@dataclass(frozen=True, slots=True)
class UseCases:
    """The use cases: those that people ask for (`services`), and those that the bot runs by itself."""

    services: Services
    due_steps: DueSteps
    deliveries: Deliveries
    refreshing: Refreshing
    triage_posts: TriagePosts
    failures: Failures
    email_backup: EmailBackup
    links: AckLinks
    page_sync: PageSync


def wire(
    parts: GuildDependencies,
    oncall: OnCall,
    *,
    discord: Discord,
    offline_alerter: OfflineAlerter,
    reach: Reachability,
) -> UseCases:
    """Return every use case of one guild, each given only what it needs.

    Args:
        discord: Reaches people on Discord.
        offline_alerter: Reaches them while the database is away.
        reach: Checks that they can be reached.
    """
    core = Core(parts, discord=discord, reach=reach, oncall=oncall)
    store, policy, told = core.store, core.policy, core.sent_during_outage
    built = {
        one.name: one.build(core.given(parts.opened.get(one.name)))
        for one in policy.capabilities
        if one.build is not None
    }
    sending = SendingByKind(discord, OutsideSending(store, oncall, core.outside))
    kinds = delivery_kinds(core, built)
    emergency = _emergency(core, parts, offline_alerter, Arrivals(policy, kinds))
    email_backup = EmailBackup(store, policy, oncall, kinds, core.emails)
    redactions = Redactions(store, discord, policy)
    services = _services(core, parts, emergency, built)
    shown = [partial(one.shown, built.get(one.name)) for one in policy.capabilities if one.shown is not None]
    edits = [partial(one.edits, built.get(one.name)) for one in policy.capabilities if one.edits is not None]
    follow_ups = RefreshFollowUps(shown, edits, redactions.empty)
    return UseCases(
        services=services,
        due_steps=DueSteps(
            store, policy, core.ahead, core.escalations, oncall, sent_during_outage=told, queue=parts.queue
        ),
        deliveries=Deliveries(store, sending, policy, kinds, told),
        refreshing=Refreshing(store, discord, core.shown_incidents, core.reposting, follow_ups),
        triage_posts=TriagePosts(store, discord),
        failures=Failures(store, parts.dlq, policy, emails=email_backup, draft=sending.draft),
        email_backup=email_backup,
        links=core.links,
        page_sync=PageSync(store, discord, core.acknowledger, oncall, systems=synced_systems(parts.paging)),
    )


def _services(
    core: Core, parts: GuildDependencies, emergency: Emergency, built: Mapping[str, object]
) -> Services:
    """Return the use cases that people ask for."""
    store, policy, discord, access = core.store, core.policy, core.discord, core.access
    changes, acknowledger, lifecycle = core.changes, core.acknowledger, core.lifecycle
    recoveries, escalations = core.recoveries, core.escalations
    questions = MessageQuestions(store, discord, policy, access, core.incidents)
    replaying = parts.webhooks.values()
    alerts = AlertTracking(store, policy, core.alert_opening, recoveries, questions, replaying=replaying)
    missed = MissedAlerts(store, discord, policy, alerts, core.reconciler, emergency=emergency)
    return Services(
        guild_id=parts.guild_id,
        policy=policy,
        access=access,
        emergency=emergency,
        built=built,
        # incidents: opened, changed, shown, ended
        incidents=core.incidents,
        lifecycle=lifecycle,
        resolutions=Resolutions(changes, core.shown_incidents),
        merging=Merging(access, changes, acknowledger, lifecycle, core.regrading),
        looking=IncidentQueries(store, policy, access),
        reposting=core.reposting,
        roles=Roles(access, changes, acknowledger),
        checklists=Checklists(policy, changes),
        privacy=Privacy(store, discord, policy, access, changes),
        removals=Removals(discord, policy, access, changes, core.releasing),
        updates=Updates(store, policy, changes, core.recipients, core.releasing),
        promises=Promises(policy, changes),
        details=Details(policy, changes),
        timelines=Timelines(store, policy, access, changes),
        pasting=Pasting(store, policy, changes),
        pins=Pins(store, discord, policy, access, changes),
        # alerts of monitors, and the team's word on them
        alerts=alerts,
        live_alerts=LiveAlerts(alerts, missed, emergency),
        alert_events=core.alert_events,
        missed_alerts=missed,
        questions=questions,
        alert_answers=AlertAnswers(store, policy, access, questions, recoveries, lifecycle),
        alert_history=AlertHistory(store, access),
        # reports that walk through the decision tree
        triages=core.triages,
        alert_titles=AlertTitles(store, core.shown_incidents),
        reevaluations=core.reevaluations,
        unfinished=Unfinished(store, policy, access, core.raising),
        similar=SimilarIncidents(store),
        joining=Joining(store, policy, access, core.regrading),
        # who answers an alert, and what happens while no one does
        ways=parts.ways,
        oncall=core.oncall,
        acknowledger=core.acknowledger,
        escalations=escalations,
        passing_on=core.passing_on,
        explaining=Explaining(store, discord, access, core.oncall),
        releasing=core.releasing,
        bundles=core.bundles,
        reconciler=core.reconciler,
        # figures, and the audit log
        statistics=core.statistics,
        charts=parts.charts,
        auditing=Auditing(store, access),
    )


def _emergency(
    core: Core, parts: GuildDependencies, offline_alerter: OfflineAlerter, arrivals: Arrivals
) -> Emergency:
    """Return the use case that goes on without a database and records it later."""
    store, policy, discord, access = core.store, core.policy, core.discord, core.access
    told = core.sent_during_outage
    channels = OutageChannels(
        offline_alerter, Logbook(parts.spool), parts.email_sender, told.meanwhile, told.begun
    )
    recording = RecordingUseCases(core.incidents, core.escalations, core.acknowledger, arrivals)
    return Emergency(
        store,
        policy,
        Mirror(store, policy, channels.book, guild_id=parts.guild_id),
        alarm=Alarm(discord, policy, access, core.oncall, channels),
        recorder=JournalRecorder(store, discord, policy, access, recording),
        queue=parts.queue,
    )


def delivery_kinds(core: Core, built: Mapping[str, object]) -> DeliveryKinds:
    """Return what each kind of delivery needs beside being sent.

    Args:
        built: The use cases of the capabilities, by name.
    """
    policy, reposting = core.policy, core.reposting
    bundles, passing_on = core.bundles, core.passing_on
    lines = NoticeDeliveries(policy, reposting)
    follow = [
        partial(one.card_posted, built.get(one.name))
        for one in policy.capabilities
        if one.card_posted is not None
    ]
    return DeliveryKinds(
        core.shown_incidents,
        [
            PostingDeliveries(policy, reposting, follow),
            lines,
            OutputDeliveries(move=lines.move),
            RoleDeliveries(policy),
            MemberDeliveries(policy, reposting),
            PageDeliveries(bundles, passing_on),
            OutsideDeliveries(policy, core.oncall, core.outside),
            EscalationDeliveries(bundles, reposting.lost_its_private_thread),
            BundleDeliveries(core.store, policy, passing_on),
            TriageDeliveries(core.store, policy),
            QuestionDeliveries(),
            DeliveryHandler(*_PLAIN),
            *_of_capabilities(core, built),
        ],
    )


def _of_capabilities(core: Core, built: Mapping[str, object]) -> Iterator[DeliveryHandler]:
    for capability in installed():
        if capability.name in core.policy.off:
            yield SwitchedOff(*capability.renderers)
        elif capability.deliveries is not None:
            yield from capability.deliveries(built.get(capability.name), core)
