"""The use cases that people ask for, put together."""

from collections.abc import Mapping
from dataclasses import replace

from bot.services.alerts.answers import AlertAnswers
from bot.services.alerts.history import AlertHistory
from bot.services.alerts.live import LiveAlerts
from bot.services.alerts.missed import MissedAlerts
from bot.services.alerts.questions import MessageQuestions
from bot.services.alerts.tracking import AlertTracking
from bot.services.audit import Auditing
from bot.services.escalation.explaining import Explaining
from bot.services.incidents.checklists import Checklists
from bot.services.incidents.merging import Merging
from bot.services.incidents.promises import Promises
from bot.services.incidents.queries import IncidentQueries
from bot.services.incidents.resolutions import Resolutions
from bot.services.incidents.roles import Roles
from bot.services.incidents.title_and_start import Details
from bot.services.incidents.updates import Updates
from bot.services.outage.emergency import Emergency
from bot.services.privacy import Privacy, Removals
from bot.services.registry import Services
from bot.services.sheets import Pasting
from bot.services.timeline.pins import Pins
from bot.services.timeline.timelines import Timelines
from bot.services.triage.alert_titles import AlertTitles
from bot.services.triage.answers import Triages
from bot.services.triage.joining import Joining
from bot.services.triage.raising import Raising
from bot.services.triage.reevaluations import Reevaluations
from bot.services.triage.similar import SimilarIncidents
from bot.services.triage.unfinished import Unfinished
from bot.services.use_cases import (
    AlertUseCases,
    IncidentUseCases,
    ReportUseCases,
    ResponseUseCases,
    TriageUseCases,
)
from bot.wiring.dependencies import GuildDependencies
from bot.wiring.shared import Shared


def services_of(
    shared: Shared,
    parts: GuildDependencies,
    emergency: Emergency,
    built: Mapping[str, object],
) -> Services:
    """Return the use cases that people can ask for."""
    return Services(
        guild_id=parts.guild_id,
        policy=shared.policy,
        access=shared.access,
        emergency=emergency,
        built=built,
        **vars(_incidents(shared)),
        **vars(_alerts(shared, parts, emergency)),
        **vars(_triages(shared)),
        **vars(_responses(shared, parts)),
        **vars(_reports(shared, parts)),
    )


def built_capabilities(shared: Shared, parts: GuildDependencies) -> dict[str, object]:
    """Return the use cases of the capabilities that the guild has switched on, by name."""
    return {
        capability.name: capability.build(replace(shared.core, opened=parts.opened.get(capability.name)))
        for capability in shared.policy.capabilities
        if capability.build is not None
    }


def _incidents(shared: Shared) -> IncidentUseCases:
    store, policy, discord = shared.store, shared.policy, shared.discord
    access, changes, acknowledger = shared.access, shared.changes, shared.acknowledger
    lifecycle = shared.lifecycle
    return IncidentUseCases(
        incidents=shared.incidents,
        lifecycle=lifecycle,
        resolutions=Resolutions(changes, shared.shown_incidents),
        merging=Merging(access, changes, acknowledger, lifecycle, shared.regrading),
        looking=IncidentQueries(store, policy, access),
        reposting=shared.reposting,
        roles=Roles(access, changes, acknowledger),
        checklists=Checklists(policy, changes),
        privacy=Privacy(store, discord, policy, access, changes),
        removals=Removals(discord, policy, access, changes),
        updates=Updates(store, policy, changes, shared.recipients, shared.releasing),
        promises=Promises(policy, changes),
        details=Details(policy, changes),
        timelines=Timelines(store, policy, access, changes),
        pasting=Pasting(store, policy, changes),
        pins=Pins(store, discord, policy, access, changes),
    )


def _alerts(shared: Shared, parts: GuildDependencies, emergency: Emergency) -> AlertUseCases:
    store, policy, discord, access = shared.store, shared.policy, shared.discord, shared.access
    questions = MessageQuestions(store, discord, policy, access, shared.incidents)
    recoveries, lifecycle = shared.recoveries, shared.lifecycle
    replaying = parts.webhooks.values()
    alerts = AlertTracking(store, policy, shared.alert_opening, recoveries, questions, replaying=replaying)
    missed = MissedAlerts(store, discord, policy, alerts, shared.reconciler, emergency=emergency)
    return AlertUseCases(
        alerts=alerts,
        live_alerts=LiveAlerts(alerts, missed, emergency),
        alert_events=shared.alert_events,
        missed_alerts=missed,
        questions=questions,
        alert_answers=AlertAnswers(store, policy, access, questions, recoveries, lifecycle),
        alert_history=AlertHistory(store, access),
    )


def _triages(shared: Shared) -> TriageUseCases:
    store, policy, access, escalations = shared.store, shared.policy, shared.access, shared.escalations
    raising = Raising(policy, access, shared.incidents, escalations)
    reevaluations = Reevaluations(store, policy, access, raising)
    return TriageUseCases(
        triages=Triages(store, policy, access, raising, reevaluations),
        alert_titles=AlertTitles(store, shared.shown_incidents),
        reevaluations=reevaluations,
        unfinished=Unfinished(store, policy, access, raising),
        similar=SimilarIncidents(store),
        joining=Joining(store, policy, access, shared.regrading),
    )


def _responses(shared: Shared, parts: GuildDependencies) -> ResponseUseCases:
    return ResponseUseCases(
        ways=parts.ways,
        oncall=shared.oncall,
        acknowledger=shared.acknowledger,
        escalations=shared.escalations,
        passing_on=shared.passing_on,
        explaining=Explaining(shared.store, shared.discord, shared.access, shared.oncall),
        releasing=shared.releasing,
        bundles=shared.bundles,
        reconciler=shared.reconciler,
    )


def _reports(shared: Shared, parts: GuildDependencies) -> ReportUseCases:
    return ReportUseCases(
        statistics=shared.statistics,
        charts=parts.charts,
        auditing=Auditing(shared.store, shared.access),
    )
