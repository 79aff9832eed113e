"""``[reports]``: who hears of the report of a person who lacks the role, and how many a person may make."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final

from bot.capability import PolicyPart
from bot.domain.severity import SeverityPolicy
from bot.runbook.fields import moments, values
from bot.runbook.fields.rules import CapabilityTable
from bot.runbook.model import Policy
from cogs.reports.rules import ReportRules

_MOST: Final = 100


class ReportsTable(CapabilityTable):
    """``[reports]``."""

    allowed: values.Bool = True
    channel: values.Channel | None = None
    at_most: Annotated[int, values.whole(1, _MOST, "a number")] = 3
    within: moments.Duration = timedelta(minutes=10)

    def rules(self, severities: Mapping[str, SeverityPolicy]) -> ReportRules:  # noqa: ARG002 -- as all tables
        """Return the table as rules."""
        return self.into(ReportRules)


def channel_of(policy: Policy) -> str:
    """Return the channel that reports are posted to."""
    return policy.of(ReportRules).channel or policy.unfinished.channel


def channels(policy: Policy) -> list[str]:
    """Return that channel, unless no report is taken."""
    return [channel_of(policy)] if policy.of(ReportRules).allowed else []


POLICY = PolicyPart(table=ReportsTable, channels=channels)
