"""Opsgenie: a schedule with its rotations, and its timeline.

The file holds two answers of the API: `GET /v2/schedules/{id}` under `schedule` and
`GET /v2/schedules/{id}/timeline` under `timeline`. The timeline's final part is the system's own answer to
who is on call. Source: the Schedule API's reference, and the types of Opsgenie's Go SDK.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.domain.oncall.rotation import Rotation, Shift
from cogs.oncall.exports import moment, rotation_from, rows, table, zone
from cogs.oncall.rules import ImportFinding, LeftOut, SourcePerson, SourceSchedule

_TURNS: Final = {"hourly": timedelta(hours=1), "daily": timedelta(days=1), "weekly": timedelta(days=7)}


def read(file: Mapping[str, Any], *, now: datetime) -> SourceSchedule:
    """Return the schedule of *file*.

    Args:
        now: Rotations that have ended by then are no part of it.

    Raises:
        ConfigError: it is no such pair of answers.
    """
    schedule = table(table(file.get("schedule"), "schedule").get("data"), "schedule.data")
    timeline = table(table(file.get("timeline") or {}, "timeline").get("data") or {}, "timeline.data")
    rotations = [
        each
        for each in rows(schedule.get("rotations"), "rotations")
        if each.get("endDate") is None or moment(each["endDate"], "rotations.endDate") > now
    ]
    obstacles = list(_obstacles(rotations, now))
    timezone = zone(schedule.get("timezone"))
    if timezone is None:
        obstacles.append(ImportFinding(LeftOut.TIME_ZONE, str(schedule.get("timezone"))))
    rotation = None
    if timezone is not None and rotations and not obstacles:
        rotation = _rotation(rotations[0], timezone)
        obstacles += [] if rotation else [ImportFinding(LeftOut.TURN, _named(rotations[0]))]
    final, overrides = (_periods(timeline, part) for part in ("finalTimeline", "overrideTimeline"))
    skipped = sorted({name for name in (_other(period) for period in final) if name})
    named = [each for rotated in rotations for each in rows(rotated.get("participants"), "participants")]
    people = [*named, *(_recipient(period) for period in (*final, *overrides))]
    return SourceSchedule(
        name=str(schedule.get("name") or "Opsgenie"),
        people={person.key: person for person in map(_person, filter(_is_user, people))},
        rotation=rotation,
        overrides=_shifts(overrides),
        rendered=_shifts(final),
        findings=(*obstacles, *(ImportFinding(LeftOut.NO_PERSON, name) for name in skipped)),
    )


def _obstacles(rotations: list[Mapping[str, Any]], now: datetime) -> Iterator[ImportFinding]:
    """Yield what keeps the rotations from being one of ours."""
    if len(rotations) > 1:
        yield ImportFinding(LeftOut.LAYERS, ", ".join(map(_named, rotations)))
    for each in rotations:
        if each.get("timeRestriction"):
            yield ImportFinding(LeftOut.RESTRICTIONS, _named(each))
        if each.get("endDate") is not None or moment(each.get("startDate"), "rotations.startDate") > now:
            yield ImportFinding(LeftOut.BOUNDS, _named(each))
        if not all(map(_is_user, rows(each.get("participants"), "participants"))):
            yield ImportFinding(LeftOut.NO_PERSON, _named(each))


def _rotation(rotation: Mapping[str, Any], timezone: ZoneInfo) -> Rotation | None:
    people = [str(each["id"]) for each in rows(rotation.get("participants"), "participants")]
    length = rotation.get("length", 1)
    turn = _TURNS.get(str(rotation.get("type")), timedelta()) * (length if isinstance(length, int) else 0)
    starts = moment(rotation.get("startDate"), "rotations.startDate")
    return rotation_from(people, turn, starts=starts, timezone=timezone)


def _periods(timeline: Mapping[str, Any], part: str) -> list[Mapping[str, Any]]:
    rotations = rows(table(timeline.get(part) or {}, part).get("rotations"), part)
    return [period for each in rotations for period in rows(each.get("periods"), f"{part}.periods")]


def _shifts(periods: list[Mapping[str, Any]]) -> tuple[Shift, ...]:
    made = [_shift(period) for period in periods if _is_user(_recipient(period))]
    return tuple(sorted(made, key=lambda shift: shift.starts))


def _shift(period: Mapping[str, Any]) -> Shift:
    starts, ends = (moment(period.get(key), f"periods.{key}") for key in ("startDate", "endDate"))
    return Shift(str(_recipient(period)["id"]), starts, ends)


def _recipient(period: Mapping[str, Any]) -> Mapping[str, Any]:
    return table(period.get("recipient") or {"type": "none"}, "periods.recipient")


def _other(period: Mapping[str, Any]) -> str | None:
    """Return the name of a team or an escalation whose turn it is; None for a person, and for no one."""
    recipient = _recipient(period)
    return None if _is_user(recipient) or recipient.get("type") == "none" else _named(recipient)


def _is_user(participant: Mapping[str, Any]) -> bool:
    return participant.get("type") == "user" and participant.get("id") is not None


def _person(user: Mapping[str, Any]) -> SourcePerson:
    """Return a person; Opsgenie's usernames are emails."""
    email = str(user.get("username") or user.get("name") or "")
    return SourcePerson(str(user["id"]), email or str(user["id"]), email if "@" in email else None)


def _named(thing: Mapping[str, Any]) -> str:
    return str(thing.get("name") or thing.get("username") or thing.get("id"))
