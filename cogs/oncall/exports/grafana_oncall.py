"""Grafana OnCall: a schedule, its shifts, and its final shifts.

The file holds three answers of the API: `GET /api/v1/schedules/{id}/` under `schedule`,
`GET /api/v1/on_call_shifts/?schedule_id={id}` under `shifts`, and under `final_shifts` that of
`GET /api/v1/schedules/{id}/final_shifts`, the system's own answer to who is on call. An answer of several
pages, of fifty each, is the list of them.
Source: the API reference in Grafana's documentation.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.domain.errors import ConfigError
from bot.domain.oncall.rotation import Rotation, Shift
from cogs.oncall.exports import moment, rotation_from, rows, table, zone
from cogs.oncall.rules import ImportFinding, LeftOut, SourcePerson, SourceSchedule

_TURNS: Final = {"hourly": timedelta(hours=1), "daily": timedelta(days=1), "weekly": timedelta(days=7)}
_RULES: Final = ("rolling_users", "recurrent_event")
_CHOSEN: Final = ("by_day", "by_month", "by_monthday")


def read(file: Mapping[str, Any], *, now: datetime) -> SourceSchedule:
    """Return the schedule of *file*.

    Args:
        now: Shifts whose recurrence has ended by then are no part of it.

    Raises:
        ConfigError: these are no such answers, or pages are missing.
    """
    schedule = table(file.get("schedule"), "schedule")
    rules = [each for each in _page(file, "shifts") if each.get("type") in _RULES and not _is_over(each, now)]
    final = _page(file, "final_shifts")
    obstacles = list(_obstacles(rules))
    rotation = None
    if len(rules) == 1 and not obstacles:
        timezone = zone(rules[0].get("time_zone") or schedule.get("time_zone") or "UTC")
        rotation = None if timezone is None else _rotation(rules[0], timezone)
        obstacles += [] if rotation else [ImportFinding(LeftOut.TURN, _named(rules[0]))]
    # Of the people of the rules only the key is known.
    bare = [SourcePerson(key, key) for rule in rules for group in _groups(rule) for key in group]
    return SourceSchedule(
        name=str(schedule.get("name") or "Grafana OnCall"),
        people={person.key: person for person in (*bare, *map(_person, final))},
        rotation=rotation,
        overrides=(),
        rendered=tuple(sorted(map(_shift, final), key=lambda shift: shift.starts)),
        findings=tuple(obstacles),
    )


def _page(file: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return the results of an answer, or of the list of its pages; the last one must be there."""
    given = file.get(name)
    pages = rows(given, name) if isinstance(given, list) else [table(given or {}, name)]
    if pages and pages[-1].get("next"):
        raise ConfigError(f"{name}: there is a next page: ask for the rest, or for a shorter time")
    return [each for page in pages for each in rows(page.get("results"), f"{name}.results")]


def _is_over(shift: Mapping[str, Any], now: datetime) -> bool:
    until = shift.get("until")
    return until is not None and _local(until, ZoneInfo("UTC")) < now


def _obstacles(rules: list[Mapping[str, Any]]) -> Iterator[ImportFinding]:
    """Yield what keeps the shifts from being one rotation."""
    if len(rules) > 1:
        yield ImportFinding(LeftOut.LAYERS, ", ".join(map(_named, rules)))
    for each in rules:
        if each.get("until") is not None or each.get("rotation_start") not in (None, each.get("start")):
            yield ImportFinding(LeftOut.BOUNDS, _named(each))
        if any(each.get(key) for key in _CHOSEN) or timedelta(seconds=_number(each, "duration")) != _turn(
            each
        ):
            yield ImportFinding(LeftOut.RESTRICTIONS, _named(each))
        if any(len(group) != 1 for group in _groups(each)):
            yield ImportFinding(LeftOut.GROUPS, _named(each))


def _groups(rule: Mapping[str, Any]) -> list[list[str]]:
    """Return the people of each turn, in order."""
    groups = rule.get("rolling_users") or [rule.get("users") or []]
    if not all(isinstance(group, list) for group in groups):
        raise ConfigError(f"shifts: {_named(rule)}: rolling_users is no list of lists")
    return [[str(key) for key in group] for group in groups]


def _rotation(rule: Mapping[str, Any], timezone: ZoneInfo) -> Rotation | None:
    people, first = [group[0] for group in _groups(rule)], _number(rule, "start_rotation_from_user_index")
    starts = _local(rule.get("start"), timezone)
    return rotation_from(people[first:] + people[:first], _turn(rule), starts=starts, timezone=timezone)


def _turn(rule: Mapping[str, Any]) -> timedelta:
    return _TURNS.get(str(rule.get("frequency")), timedelta()) * max(_number(rule, "interval"), 1)


def _number(rule: Mapping[str, Any], key: str) -> int:
    value = rule.get(key)
    return value if isinstance(value, int) else 0


def _local(value: object, timezone: ZoneInfo) -> datetime:
    """Return a time that the API writes without an offset, as it is in *timezone*."""
    try:
        return datetime.fromisoformat(str(value)).replace(tzinfo=timezone)
    except ValueError:
        raise ConfigError(f"shifts: {value!r} is no time in ISO 8601") from None


def _shift(final: Mapping[str, Any]) -> Shift:
    starts, ends = (moment(final.get(key), f"final_shifts.{key}") for key in ("shift_start", "shift_end"))
    return Shift(str(final.get("user_pk")), starts, ends)


def _person(final: Mapping[str, Any]) -> SourcePerson:
    key = str(final.get("user_pk"))
    return SourcePerson(key, str(final.get("user_username") or key), final.get("user_email") or None)


def _named(shift: Mapping[str, Any]) -> str:
    return str(shift.get("name") or shift.get("id"))
