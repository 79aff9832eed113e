"""The moment by which an alert must have been acknowledged, and the rule that all spans of a policy follow.

Source: the runbook, 15分以内 / 4時間以内 / 翌営業日.
"""

from datetime import datetime, timedelta

from bot.domain.calendar.business_time import BusinessHours
from bot.domain.severity import Deadline, SeverityPolicy


def ack_deadline(severity: SeverityPolicy, hours: BusinessHours, *, at: datetime) -> datetime:
    """Return when an alert of *severity* posted at *at* (aware) must have been acknowledged, aware."""
    return moment_after(at, severity.ack_within, hours)


def moment_after(at: datetime, span: Deadline, hours: BusinessHours, *, times: int = 1) -> datetime:
    """Return the end of *span* counted from *at* (aware), aware; a duration may count several times."""
    return at + times * span if isinstance(span, timedelta) else hours.next_triage(at)
