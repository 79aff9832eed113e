"""The use cases of one guild that people ask for, by what they are about."""

from dataclasses import dataclass

from bot.domain.paging.ways import Way
from bot.services.acknowledging.acknowledge import Acknowledger
from bot.services.acknowledging.reconciliation import Reconciler
from bot.services.alerts.answers import AlertAnswers
from bot.services.alerts.events import AlertEvents
from bot.services.alerts.history import AlertHistory
from bot.services.alerts.live import LiveAlerts
from bot.services.alerts.missed import MissedAlerts
from bot.services.alerts.questions import MessageQuestions
from bot.services.alerts.tracking import AlertTracking
from bot.services.audit import Auditing
from bot.services.escalation.bundles import Bundles
from bot.services.escalation.decisions import Escalations
from bot.services.escalation.explaining import Explaining
from bot.services.escalation.passing_on import PassingOn
from bot.services.escalation.release import Releasing
from bot.services.incidents.checklists import Checklists
from bot.services.incidents.lifecycle import Lifecycle
from bot.services.incidents.merging import Merging
from bot.services.incidents.opening import Incidents
from bot.services.incidents.promises import Promises
from bot.services.incidents.queries import IncidentQueries
from bot.services.incidents.reposting import Reposting
from bot.services.incidents.resolutions import Resolutions
from bot.services.incidents.roles import Roles
from bot.services.incidents.title_and_start import Details
from bot.services.incidents.updates import Updates
from bot.services.ports.charts import Charts
from bot.services.privacy import Privacy, Removals
from bot.services.shared.roster import OnCall
from bot.services.sheets import Pasting
from bot.services.statistics import Statistics
from bot.services.timeline.pins import Pins
from bot.services.timeline.timelines import Timelines
from bot.services.triage.alert_titles import AlertTitles
from bot.services.triage.answers import Triages
from bot.services.triage.joining import Joining
from bot.services.triage.reevaluations import Reevaluations
from bot.services.triage.similar import SimilarIncidents
from bot.services.triage.unfinished import Unfinished


@dataclass(frozen=True)
class IncidentUseCases:
    """Incidents: opened, changed, shown, ended."""

    incidents: Incidents
    lifecycle: Lifecycle
    resolutions: Resolutions
    merging: Merging
    looking: IncidentQueries
    reposting: Reposting
    roles: Roles
    checklists: Checklists
    privacy: Privacy
    removals: Removals
    updates: Updates
    promises: Promises
    details: Details
    timelines: Timelines
    pasting: Pasting
    pins: Pins


@dataclass(frozen=True)
class AlertUseCases:
    """Alerts of monitors, and the team's word on them."""

    alerts: AlertTracking
    live_alerts: LiveAlerts
    alert_events: AlertEvents
    missed_alerts: MissedAlerts
    questions: MessageQuestions
    alert_answers: AlertAnswers
    alert_history: AlertHistory


@dataclass(frozen=True)
class TriageUseCases:
    """Reports that walk through the decision tree."""

    triages: Triages
    reevaluations: Reevaluations
    unfinished: Unfinished
    joining: Joining
    similar: SimilarIncidents
    alert_titles: AlertTitles


@dataclass(frozen=True)
class ResponseUseCases:
    """Who answers an alert, and what happens while no one does.

    Attributes:
        ways: The systems outside Discord that the bot is set up for.
    """

    ways: frozenset[Way]
    oncall: OnCall
    acknowledger: Acknowledger
    escalations: Escalations
    passing_on: PassingOn
    explaining: Explaining
    releasing: Releasing
    bundles: Bundles
    reconciler: Reconciler


@dataclass(frozen=True)
class ReportUseCases:
    """Figures, the posts that show them at set times, and the state of the systems."""

    statistics: Statistics
    charts: Charts
    auditing: Auditing
