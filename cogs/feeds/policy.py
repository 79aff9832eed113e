"""``[feeds]``: private addresses of calendars with on-call shifts. The table has no keys."""

from collections.abc import Mapping

from bot.capability import PolicyPart
from bot.domain.severity import SeverityPolicy
from bot.runbook.fields.rules import CapabilityTable
from cogs.feeds.rules import FeedRules


class FeedsTable(CapabilityTable):
    """``[feeds]``."""

    def rules(self, severities: Mapping[str, SeverityPolicy]) -> FeedRules:  # noqa: ARG002 -- as all tables
        """Return the table as rules."""
        return FeedRules()


POLICY = PolicyPart(table=FeedsTable, opt_in=True)
