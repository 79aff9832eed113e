"""``[absence]``: when and where the team is told of shifts whose people are away."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, model_validator

from bot.capability import PolicyFiles, PolicyPart
from bot.domain.severity import SeverityPolicy
from bot.runbook.fields import moments, values
from bot.runbook.fields.rules import AtMost, CapabilityTable, Problem
from bot.runbook.model import Policy
from cogs.absence.rules import AbsenceRules

_FURTHEST: Final = timedelta(days=30)
_MOST_CALENDARS: Final = 200

_File = Annotated[str, values.string_up_to(200, "a file", "absence/ken.ics")]


class AbsenceTable(CapabilityTable):
    """``[absence]``."""

    ahead: moments.Duration = timedelta(days=7)
    channel: values.Channel | None = None
    calendars: Annotated[dict[values.Person, _File], AtMost(_MOST_CALENDARS)] = Field(default_factory=dict)

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


def files_named(policy: Policy) -> Iterable[str]:
    """Return the calendar files."""
    return policy.of(AbsenceRules).calendars.values()


def read_files(policy: Policy, folder: Path) -> Policy:
    """Return *policy* with the folder of the calendar files, which are read while the bot runs."""
    return policy.with_rules(replace(policy.of(AbsenceRules), folder=folder))


POLICY = PolicyPart(
    table=AbsenceTable, opt_in=True, channels=channels, files=PolicyFiles(files_named, read_files)
)
