"""``[suspects]``: whose incidents get the card of what changed before they began."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from bot.capability import PolicyPart
from bot.domain.severity import SeverityPolicy
from bot.runbook.fields import moments, values
from bot.runbook.fields.rules import CapabilityTable
from cogs.suspects.rules import SuspectRules


class SuspectsTable(CapabilityTable):
    """``[suspects]``; left out: for the two highest severities, two hours before the start."""

    severities: tuple[values.OfSeverity, ...] | None = None
    within: moments.Duration = timedelta(hours=2)
    rollback: Annotated[str, values.string_up_to(500, "commands", "scripts/deploy/rollback.sh")] = ""

    def rules(self, severities: Mapping[str, SeverityPolicy]) -> SuspectRules:
        """Return the rules; by default they are for the two highest *severities*."""
        named = tuple(severities)[:2] if self.severities is None else self.severities
        return SuspectRules(named, self.within, self.rollback)


POLICY = PolicyPart(table=SuspectsTable)
