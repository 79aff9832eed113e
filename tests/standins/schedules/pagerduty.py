"""The answer of PagerDuty's `GET /schedules/{id}` with a time range, and the judge of such answers."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from tests.standins.paging.description import wrong_schedule
from tests.standins.schedules.rules import Turns, stretches

#: By id, as the list of users has them.
USERS: Final = {
    "PUSER01": ("Earline Greenholt", "primary@example.com"),
    "PUSER02": ("Regina Phalange", "regina@example.com"),
    "PUSER03": ("Alan Shepard", "alan@example.com"),
}

Cover = tuple[str, datetime, datetime]


class Schedule:
    """A schedule of layers, the last of which counts most, and overrides, which count more.

    Args:
        since, until: The range of the export.
    """

    def __init__(
        self, layers: Sequence[Turns], since: datetime, until: datetime, *, overrides: Sequence[Cover] = ()
    ) -> None:
        self.layers = layers
        self.since = since
        self.until = until
        self.overrides = overrides

    def at(self, moment: datetime) -> str | None:
        """Return the person on call by the system's rules."""
        for person, starts, ends in self.overrides:
            if starts <= moment < ends:
                return person
        answers = (layer.at(moment) for layer in reversed(self.layers))
        return next((person for person in answers if person is not None), None)

    def export(self, *, users: bool = True, time_zone: str | None = None) -> dict[str, Any]:
        """Return the answer, with the list of users beside it if *users*; it agrees with the description."""
        zone = time_zone or self.layers[0].timezone.key
        schedule = {
            "id": "PI7DH85",
            "type": "schedule",
            "summary": "Daily Engineering Rotation",
            "self": "https://api.pagerduty.com/schedules/PI7DH85",
            "html_url": "https://subdomain.pagerduty.com/schedules/PI7DH85",
            "name": "Daily Engineering Rotation",
            "time_zone": zone,
            "description": "Rotation schedule for engineering",
            "escalation_policies": [
                {"id": "PT20YPA", "type": "escalation_policy_reference", "summary": "Another Policy"}
            ],
            "users": [_user(key) for key in USERS],
            "schedule_layers": [_layer(number, layer) for number, layer in enumerate(self.layers, start=1)],
            "overrides_subschedule": _subschedule("Overrides", self.overrides),
            "final_schedule": _subschedule("Final Schedule", stretches(self.at, self.since, self.until)),
        }
        assert wrong_schedule({"schedule": schedule}) == []
        listed = [{"id": key, "type": "user", "name": n, "email": e} for key, (n, e) in USERS.items()]
        return {"schedule": schedule, **({"users": listed} if users else {})}

    def text(self, **options: Any) -> str:
        return json.dumps(self.export(**options))


def _user(key: str) -> dict[str, str]:
    return {"id": key, "type": "user_reference", "summary": USERS[key][0]}


def _layer(number: int, turns: Turns) -> dict[str, Any]:
    return {
        "id": f"PLAYER{number}",
        "name": f"Layer {number}",
        "start": turns.begins.isoformat(),
        "rotation_virtual_start": turns.begins.isoformat(),
        "rotation_turn_length_seconds": int(timedelta(days=turns.days).total_seconds()),
        "users": [{"user": _user(key)} for key in turns.people],
        "restrictions": [] if turns.hours is None else [_restriction(turns)],
    }


def _restriction(turns: Turns) -> dict[str, Any]:
    assert turns.hours is not None
    length = (turns.hours[1] - turns.hours[0]) % 24
    return {
        "type": "daily_restriction",
        "start_time_of_day": f"{turns.opens:%H:%M:%S}",
        "duration_seconds": length * 3600,
    }


def _subschedule(name: str, entries: Sequence[Cover]) -> dict[str, Any]:
    rendered = [
        {"start": starts.isoformat(), "end": ends.isoformat(), "user": _user(key)}
        for key, starts, ends in entries
    ]
    return {"name": name, "rendered_schedule_entries": rendered}
