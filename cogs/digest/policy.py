"""``[digest]``: when and where the digest is posted."""

from collections.abc import Iterator, Mapping
from datetime import time

from bot.capability import PolicyPart
from bot.domain.calendar.business_time import Weekday
from bot.domain.severity import SeverityPolicy
from bot.runbook.fields import moments, values
from bot.runbook.fields.rules import CapabilityTable
from bot.runbook.model import Policy
from cogs.digest.rules import DigestSchedule


class DigestTable(CapabilityTable):
    """``[digest]``, which a file has to have while the digest is on."""

    channel: values.Channel
    day: values.Day = Weekday.MON
    time: moments.Time = time(18)

    def rules(self, _severities: Mapping[str, SeverityPolicy]) -> DigestSchedule:
        """Return when and where it is posted."""
        return self.into(DigestSchedule)


def channels(policy: Policy) -> Iterator[str]:
    """Yield the channel of the digest."""
    yield policy.of(DigestSchedule).channel


def summary(policy: Policy) -> Iterator[str]:
    """Say when and where it is posted."""
    rule = policy.of(DigestSchedule)
    yield f"digest: #{rule.channel}, {rule.day.value} {rule.time:%H:%M} {policy.timezone.key}"


POLICY = PolicyPart(table=DigestTable, channels=channels, summary=summary)
