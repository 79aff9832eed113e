"""Three answers of Grafana OnCall, by the same rules as the export of PagerDuty."""

from typing import Any

from tests.standins.schedules.pagerduty import USERS, Schedule
from tests.standins.schedules.rules import Turns, stretches


def export(made: Schedule) -> dict[str, Any]:
    """Return the answers in one file."""
    shifts = [_shift(number, turns) for number, turns in enumerate(made.layers, start=1)]
    final = [
        {
            "user_pk": key,
            "user_email": USERS[key][1],
            "user_username": USERS[key][0],
            "shift_start": f"{starts:%Y-%m-%dT%H:%M:%S}Z",
            "shift_end": f"{ends:%Y-%m-%dT%H:%M:%S}Z",
        }
        for key, starts, ends in stretches(made.at, made.since, made.until)
    ]
    zone = made.layers[0].timezone.key
    schedule = {"id": "SBM7DV7BKFUYU", "name": "Demo", "type": "calendar", "time_zone": zone}
    return {"schedule": schedule, "shifts": _page(shifts), "final_shifts": _page(final)}


def _page(results: list[dict[str, Any]]) -> dict[str, Any]:
    return {"count": len(results), "next": None, "previous": None, "results": results}


def _shift(number: int, turns: Turns) -> dict[str, Any]:
    """Return turns whose first one is the second person's: the index says so."""
    weeks, rest = divmod(turns.days, 7)
    length = turns.days * 24 if turns.hours is None else (turns.hours[1] - turns.hours[0]) % 24
    return {
        "id": f"OSHIFT{number}",
        "name": f"Shift {number}",
        "type": "rolling_users",
        "level": number,
        "time_zone": None,
        "start": turns.first.isoformat(),
        "duration": length * 3600,
        "frequency": "daily" if rest else "weekly",
        "interval": turns.days if rest else weeks,
        "week_start": "MO",
        "by_day": None,
        "rolling_users": [[key] for key in (turns.people[-1], *turns.people[:-1])],
        "start_rotation_from_user_index": 1,
    }
