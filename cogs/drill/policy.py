"""``[drill]``: what `/drill start` plays."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Final

from bot.capability import PolicyPart
from bot.domain.severity import SeverityPolicy
from bot.domain.triage.tree import Text
from bot.runbook.fields import moments, values
from bot.runbook.fields.rules import AtMost, CapabilityTable, Section
from bot.runbook.model import Policy
from cogs.drill.rules import Inject, Script

MOST_INJECTS: Final = 20  # the bot's own limit: a drill that one person can follow


class InjectTable(Section):
    """``[[drill.injects]]``."""

    after: moments.Duration
    text: Annotated[Text, values.text_up_to(500)]


class DrillTable(CapabilityTable):
    """``[drill]``; without one a drill has a title and half an hour, and nothing happens in it."""

    injects: Annotated[tuple[InjectTable, ...], AtMost(MOST_INJECTS)] = ()
    title: Annotated[Text, values.text_up_to(150)] = Text("訓練のシナリオ", "Exercise")
    targets: tuple[values.Target, ...] = ()
    symptoms: tuple[values.Id, ...] = ()
    ends_after: moments.Duration = timedelta(minutes=30)

    def rules(self, _severities: Mapping[str, SeverityPolicy]) -> Script:
        """Return the script that a drill plays."""
        return self.into(Script, injects=tuple(each.into(Inject) for each in self.injects))


def problems(policy: Policy) -> Iterator[str]:
    """Check that each inject comes later than the one before, and before the end."""
    before, script = timedelta(0), policy.of(Script)
    for n, inject in enumerate(script.injects, 1):
        if not before < inject.after < script.ends_after:
            said = "is not between the one before and ends_after"
            yield f"drill.injects[{n}].after: {said}; allowed: in order of time, all before the end"
        before = inject.after


POLICY = PolicyPart(table=DrillTable, problems=problems)
