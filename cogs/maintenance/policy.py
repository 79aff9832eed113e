"""``[alerts.maintenance]``: how long a maintenance window may be, and what it does not hold."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from pydantic import model_validator

from bot.capability import PolicyPart
from bot.domain.severity import SeverityPolicy
from bot.runbook.fields import moments, values
from bot.runbook.fields.rules import CapabilityTable, Problem
from bot.runbook.model import Policy
from cogs.maintenance.rules import WindowRules

_LONGEST: Final = timedelta(days=7)


class MaintenanceTable(CapabilityTable):
    """``[alerts.maintenance]``."""

    at_most: moments.Duration = timedelta(hours=24)
    spares: tuple[values.OfSeverity, ...] = ()
    channel: values.Channel | None = None

    @model_validator(mode="after")
    def _ends(self) -> "MaintenanceTable":
        if self.at_most > _LONGEST:
            raise Problem("is too long; allowed: up to 7d", key="at_most")
        return self

    def rules(self, severities: Mapping[str, SeverityPolicy]) -> WindowRules:  # noqa: ARG002 -- as all tables
        """Return the table as rules for maintenance windows."""
        return self.into(WindowRules)


def channels(policy: Policy) -> list[str]:
    """Return the channel in which windows are announced."""
    return [policy.of(WindowRules).channel or policy.most_severe.channel]


POLICY = PolicyPart(table=MaintenanceTable, within="alerts", channels=channels)
