"""The use cases in one value: what the client hands to its cogs."""

from dataclasses import dataclass

from bot.runbook.model import Policy
from bot.services.access import Access
from bot.services.acknowledging import Acknowledger
from bot.services.alerts import Alerts
from bot.services.digests import Digests
from bot.services.dlq import Dlq
from bot.services.drills import Drills
from bot.services.escalations import Escalations
from bot.services.incidents import Incidents
from bot.services.lifecycle import Lifecycle
from bot.services.looking import Looking
from bot.services.mending import Mending
from bot.services.mornings import Mornings
from bot.services.pins import Pins
from bot.services.privacy import Privacy
from bot.services.reconciler import Reconciler
from bot.services.reevaluations import Reevaluations
from bot.services.roles import Roles
from bot.services.timelines import Timelines
from bot.services.triages import Triages
from bot.services.updates import Updates


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a person in Discord can ask for."""

    policy: Policy
    access: Access
    incidents: Incidents
    alerts: Alerts
    lifecycle: Lifecycle
    drills: Drills
    looking: Looking
    mending: Mending
    mornings: Mornings
    roles: Roles
    privacy: Privacy
    updates: Updates
    timelines: Timelines
    pins: Pins
    triages: Triages
    reevaluations: Reevaluations
    acknowledger: Acknowledger
    escalations: Escalations
    reconciler: Reconciler
    dlq: Dlq
    digests: Digests
