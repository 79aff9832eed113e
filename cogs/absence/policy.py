"""``[absence]``: when and where the team is told of shifts whose people are away."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from pydantic import model_validator

from bot.capability import PolicyPart
from bot.domain.severity import SeverityPolicy
from bot.runbook.fields import moments, values
from bot.runbook.fields.rules import CapabilityTable, Problem
from bot.runbook.model import Policy
from cogs.absence.rules import AbsenceRules

_FURTHEST: Final = timedelta(days=30)


class AbsenceTable(CapabilityTable):
    """``[absence]``."""

    ahead: moments.Duration = timedelta(days=7)
    channel: values.Channel | None = None

    @model_validator(mode="after")
    def _is_near(self) -> "AbsenceTable":
        if self.ahead > _FURTHEST:
            raise Problem("is too long; allowed: up to 30d", key="ahead")
        return self

    def rules(self, severities: Mapping[str, SeverityPolicy]) -> AbsenceRules:  # noqa: ARG002 -- as all tables
        """Return the table as rules."""
        return self.into(AbsenceRules)


def channel_of(policy: Policy) -> str:
    """Return the channel in which the team is told."""
    own = policy.of(AbsenceRules).channel
    return own or policy.handover.channel or policy.most_severe.channel


def channels(policy: Policy) -> list[str]:
    """Return that channel."""
    return [channel_of(policy)]


POLICY = PolicyPart(table=AbsenceTable, opt_in=True, channels=channels)
