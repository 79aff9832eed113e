"""The use cases in one value: what the client hands to its cogs."""

from dataclasses import dataclass

from bot.runbook.model import Policy
from bot.services.access import Access
from bot.services.acknowledging import Acknowledger
from bot.services.digests import Digests
from bot.services.dlq import Dlq
from bot.services.escalations import Escalations
from bot.services.incidents import Incidents
from bot.services.reconciler import Reconciler
from bot.services.triages import Triages


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a person in Discord can ask for."""

    policy: Policy
    access: Access
    incidents: Incidents
    triages: Triages
    acknowledger: Acknowledger
    escalations: Escalations
    reconciler: Reconciler
    dlq: Dlq
    digests: Digests
