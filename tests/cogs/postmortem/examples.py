"""An incident that ends, and the hours of its team."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.calendar.business_time import WORKING_WEEK, BusinessHours
from bot.domain.incident.incident import ByPerson, Incident, PersonRef, Status
from bot.domain.incident.parts import Postmortem
from cogs.postmortem.rules import PostmortemTerms, owed_at_resolve

TOKYO = ZoneInfo("Asia/Tokyo")

#: A Tuesday, 14:50 in Tokyo.
NOW = datetime(2026, 11, 24, 5, 50, tzinfo=UTC)

HOURS = BusinessHours(
    timezone=TOKYO,
    starts=time(10),
    ends=time(19),
    triage_by=time(11),
    days=WORKING_WEEK,
    holidays={date(2026, 11, 23), date(2026, 12, 2)},
)
TERMS = PostmortemTerms(is_required=True, due_days=5, hours=HOURS)


def resolved(**changes: object) -> Incident:
    """A SEV1 that the person with the id 1 has acknowledged and the one with the id 2 resolved at `NOW`."""
    values: dict[str, object] = {
        "id": 42,
        "guild_id": 7,
        "severity": "SEV1",
        "priority": "P0",
        "status": Status.RESOLVED,
        "title": "決済 API が 5xx",
        "targets": (),
        "symptoms": (),
        "path": (),
        "started_at": NOW - timedelta(hours=1),
        "triggered_at": NOW - timedelta(hours=1),
        "ack_due_at": NOW,
        "reported_by": PersonRef(3, "responder"),
        "acknowledged": ByPerson(1, "primary", NOW - timedelta(minutes=50)),
        "ended": ByPerson(2, "secondary", NOW),
    }
    return Incident(**{**values, **changes})  # type: ignore[arg-type]


def owed(**changes: object) -> Postmortem:
    """Return the incident's required postmortem, due by default on Wednesday, 2 December 2026."""
    found = owed_at_resolve(resolved(**changes), None, TERMS, now=NOW)
    assert found is not None
    return found


def tokyo(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """A local time of 2026, in UTC."""
    return datetime(2026, month, day, hour, minute, tzinfo=TOKYO).astimezone(UTC)
