"""``[morning_triage]``: where and when the post of a business day gathers what is due."""

from collections.abc import Iterator, Mapping
from datetime import time, timedelta

from bot.capability import PolicyPart
from bot.domain.severity import NEXT_BUSINESS_DAY, SeverityPolicy
from bot.runbook.fields import moments, values
from bot.runbook.fields.rules import CapabilityTable
from bot.runbook.model import Policy
from cogs.morning_triage.rules import MorningRules, MorningTriage


class MorningTriageTable(CapabilityTable):
    """``[morning_triage]``; left out: there is no morning triage."""

    channel: values.Channel = ""
    time: moments.Time = time(10)
    nag_every: moments.DurationOrNone = timedelta(hours=1)
    mention: values.PlaceOrNone = None

    def rules(self, severities: Mapping[str, SeverityPolicy]) -> MorningRules:
        """Return the rules; by default the post goes to the channel of what it gathers."""
        # `problems` holds that there is something to gather.
        gathered = (one.channel for one in severities.values() if one.ack_within is NEXT_BUSINESS_DAY)
        return MorningRules(self.into(MorningTriage, channel=self.channel or next(gathered, "")))

    @classmethod
    def left_out(cls, _severities: Mapping[str, SeverityPolicy]) -> MorningRules:
        """Return that there is none."""
        return MorningRules(None)


def problems(policy: Policy) -> Iterator[str]:
    """Check that there is something to gather, in time, and that a reminder asks a place that there is."""
    rule, hours = policy.of(MorningRules).triage, policy.business_hours
    if rule is None or not hours.starts <= hours.triage_by:
        return
    if all(one.ack_within is not NEXT_BUSINESS_DAY for one in policy.severities.values()):
        allowed = 'with a severity whose ack_within is "next_business_day"'
        yield f"morning_triage: gathers nothing; allowed: {allowed}"
    if not hours.starts <= rule.time <= hours.triage_by:
        allowed = f'"{hours.starts:%H:%M}" to "{hours.triage_by:%H:%M}" (business_hours.triage_by)'
        yield f'morning_triage.time: "{rule.time:%H:%M}" is not before the triage is over; allowed: {allowed}'
    if rule.mention is not None and rule.mention not in policy.oncall:
        names = ", ".join(f'"{name}"' for name in policy.oncall)
        yield f'morning_triage.mention: "{rule.mention}" is not an on-call place; allowed: {names}, "none"'


def channels(policy: Policy) -> list[str]:
    """Return the channel of the post."""
    rule = policy.of(MorningRules).triage
    return [] if rule is None else [rule.channel]


POLICY = PolicyPart(table=MorningTriageTable, problems=problems, channels=channels)
