"""PagerDuty: the answer of `GET /schedules/{id}`, with `since` and `until`.

Source: the REST API's description, Schedule. The answer names people without their emails; the list that
`GET /users` returns may stand beside it in the same file (`jq -s add schedule.json users.json`).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from bot.domain.oncall.rotation import Rotation, Shift
from cogs.oncall.exports import moment, rotation_from, rows, table, zone
from cogs.oncall.rules import ImportFinding, LeftOut, SourcePerson, SourceSchedule

#: An entry without an end goes on; an import keeps a year of it.
_YEAR: Final = timedelta(days=365)


def read(file: Mapping[str, Any], *, now: datetime) -> SourceSchedule:
    """Return the schedule of *file*.

    Args:
        now: Layers that have ended by then are no part of it.

    Raises:
        ConfigError: it is no such answer.
    """
    schedule = table(file.get("schedule"), "schedule")
    layers = [
        each
        for each in rows(schedule.get("schedule_layers"), "schedule_layers")
        if each.get("end") is None or moment(each["end"], "schedule_layers.end") > now
    ]
    overrides = _entries(schedule, "overrides_subschedule")
    rendered = _entries(schedule, "final_schedule")
    findings = list(_about(layers, now))
    policies = [_named(policy) for policy in rows(schedule.get("escalation_policies"), "escalation_policies")]
    if policies:
        findings.append(ImportFinding(LeftOut.ESCALATION, ", ".join(policies)))
    timezone = zone(schedule.get("time_zone"))
    if timezone is None:
        findings.append(ImportFinding(LeftOut.TIME_ZONE, str(schedule.get("time_zone"))))
    rotation = None
    if timezone is not None and layers and not list(_about(layers, now)):
        rotation = _rotation(layers[0], timezone)
        findings += [] if rotation else [ImportFinding(LeftOut.TURN, _named(layers[0]))]
    return SourceSchedule(
        name=str(schedule.get("name") or "PagerDuty"),
        people=_people(file, schedule, layers),
        rotation=rotation,
        overrides=overrides,
        rendered=rendered,
        findings=tuple(findings),
    )


def _about(layers: list[Mapping[str, Any]], now: datetime) -> Iterator[ImportFinding]:
    """Yield what keeps the layers from being one rotation."""
    if len(layers) > 1:
        yield ImportFinding(LeftOut.LAYERS, ", ".join(map(_named, layers)))
    for layer in layers:
        if layer.get("restrictions"):
            yield ImportFinding(LeftOut.RESTRICTIONS, _named(layer))
        if layer.get("end") is not None or moment(layer.get("start"), "schedule_layers.start") > now:
            yield ImportFinding(LeftOut.BOUNDS, _named(layer))


def _rotation(layer: Mapping[str, Any], timezone: ZoneInfo) -> Rotation | None:
    people = [str(table(each.get("user"), "user").get("id")) for each in rows(layer.get("users"), "users")]
    seconds = layer.get("rotation_turn_length_seconds")
    length = timedelta(seconds=seconds if isinstance(seconds, int) else 0)
    starts = moment(layer.get("rotation_virtual_start"), "rotation_virtual_start")
    return rotation_from(people, length, starts=starts, timezone=timezone)


def _entries(schedule: Mapping[str, Any], part: str) -> tuple[Shift, ...]:
    """Return the shifts of a subschedule, in order; there are none unless the export has a time range."""
    entries = rows(table(schedule.get(part) or {}, part).get("rendered_schedule_entries"), part)
    return tuple(sorted((_shift(entry, part) for entry in entries), key=lambda shift: shift.starts))


def _shift(entry: Mapping[str, Any], part: str) -> Shift:
    starts = moment(entry.get("start"), f"{part}.start")
    ends = starts + _YEAR if entry.get("end") is None else moment(entry["end"], f"{part}.end")
    return Shift(str(table(entry.get("user"), f"{part}.user").get("id")), starts, ends)


def _people(
    file: Mapping[str, Any], schedule: Mapping[str, Any], layers: list[Mapping[str, Any]]
) -> dict[str, SourcePerson]:
    """Return everybody that the file names, by id; a user of its list knows their email."""
    inner = [user for layer in layers for user in rows(layer.get("users"), "users")]
    for part in ("final_schedule", "overrides_subschedule"):
        inner += rows(table(schedule.get(part) or {}, part).get("rendered_schedule_entries"), part)
    references = [table(each.get("user"), "user") for each in inner]
    full = rows(file.get("users"), "users")
    return {person.key: person for person in map(_person, (*references, *full))}


def _person(user: Mapping[str, Any]) -> SourcePerson:
    key = str(user.get("id"))
    return SourcePerson(key, str(user.get("name") or user.get("summary") or key), user.get("email"))


def _named(thing: Mapping[str, Any]) -> str:
    return str(thing.get("name") or thing.get("summary") or thing.get("id"))
