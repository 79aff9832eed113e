"""Two answers of Opsgenie, a schedule and its timeline, by the same rules as the export of PagerDuty."""

from datetime import datetime
from typing import Any

from tests.standins.schedules.pagerduty import USERS, Schedule
from tests.standins.schedules.rules import Turns, stretches


def export(made: Schedule, *, expanded: bool = True) -> dict[str, Any]:
    """Return the answers in one file.

    Args:
        expanded: The timeline was asked for with `expand=override`.
    """
    rotations = [_rotation(number, turns) for number, turns in enumerate(made.layers, start=1)]
    final = [("Rot1", who, starts, ends) for who, starts, ends in stretches(made.at, made.since, made.until)]
    overrides = [("Rot1", *cover) for cover in made.overrides] if expanded else []
    timeline = {"finalTimeline": _timeline(final), "overrideTimeline": _timeline(overrides)}
    schedule = {"id": "d875", "name": "ops", "timezone": made.layers[0].timezone.key, "rotations": rotations}
    return {
        "schedule": {"data": {**schedule, "enabled": True}, "took": 0.1, "requestId": "4ca4"},
        "timeline": {"data": {"_parent": {"id": "d875", "name": "ops"}, **timeline}, "took": 0.1},
    }


def _rotation(number: int, turns: Turns) -> dict[str, Any]:
    weeks, rest = divmod(turns.days, 7)
    restriction = {} if turns.hours is None else {"timeRestriction": _restriction(turns.hours)}
    return {
        "id": f"r{number}",
        "name": f"Rot{number}",
        "startDate": turns.begins.isoformat(),
        "type": "daily" if rest else "weekly",
        "length": turns.days if rest else weeks,
        "participants": [{"type": "user", "id": key, "username": USERS[key][1]} for key in turns.people],
        **restriction,
    }


def _restriction(hours: tuple[int, int]) -> dict[str, Any]:
    starts, ends = hours
    restriction = {"startHour": starts, "startMin": 0, "endHour": ends, "endMin": 0}
    return {"type": "time-of-day", "restriction": restriction}


def _timeline(periods: list[tuple[str, str, datetime, datetime]]) -> dict[str, Any]:
    found = [
        {
            "startDate": f"{starts:%Y-%m-%dT%H:%M:%S}Z",
            "endDate": f"{ends:%Y-%m-%dT%H:%M:%S}Z",
            "type": "default",
            "recipient": {"type": "user", "id": key, "name": USERS[key][1]},
        }
        for _, key, starts, ends in periods
    ]
    return {"rotations": [{"id": "r1", "name": "Rot1", "order": 1.0, "periods": found}]}
