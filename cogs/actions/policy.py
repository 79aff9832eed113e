"""``[actions]``: when an action item counts as verified."""

from collections.abc import Mapping
from datetime import timedelta

from bot.capability import PolicyPart
from bot.domain.severity import SeverityPolicy
from bot.runbook.fields import moments
from bot.runbook.fields.rules import CapabilityTable
from cogs.actions.rules import ActionRules


class ActionsTable(CapabilityTable):
    """``[actions]``."""

    verify_after: moments.Duration = timedelta(days=14)

    def rules(self, _severities: Mapping[str, SeverityPolicy]) -> ActionRules:
        """Return the rules."""
        return ActionRules(self.verify_after)


POLICY = PolicyPart(table=ActionsTable)
