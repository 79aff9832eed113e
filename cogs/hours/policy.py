"""``[hours]``: which hours on call count as night."""

from collections.abc import Mapping

from bot.capability import PolicyPart
from bot.domain.severity import SeverityPolicy
from bot.runbook.fields import moments
from bot.runbook.fields.rules import CapabilityTable
from cogs.hours.rules import NIGHT, HourRules


class HoursOnCallTable(CapabilityTable):
    """``[hours]``."""

    night: moments.Sleep = NIGHT

    def rules(self, severities: Mapping[str, SeverityPolicy]) -> HourRules:  # noqa: ARG002 -- as all tables
        """Return the table as rules."""
        return self.into(HourRules)


POLICY = PolicyPart(table=HoursOnCallTable, opt_in=True)
