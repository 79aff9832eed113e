"""Exports of other on-call systems, a module for each; here what their readers share: JSON and times."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.domain.errors import ConfigError
from bot.domain.oncall.rotation import Rotation, Unit

_UNITS: Final = {Unit.WEEKS: timedelta(days=7), Unit.DAYS: timedelta(days=1), Unit.HOURS: timedelta(hours=1)}


def table(value: object, what: str) -> Mapping[str, Any]:
    """Return *value* if it is a JSON object.

    Raises:
        ConfigError: it is something else; *what* names it.
    """
    if not isinstance(value, Mapping):
        raise ConfigError(f"{what}: is missing or no JSON object")
    return value


def rows(value: object, what: str) -> list[Mapping[str, Any]]:
    """Return a list of JSON objects; null is an empty one. Raises as `table`."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise ConfigError(f"{what}: is no list")
    return [table(each, f"{what}[{number}]") for number, each in enumerate(value)]


def moment(value: object, what: str) -> datetime:
    """Return an ISO 8601 time with its offset, in UTC.

    Raises:
        ConfigError: it is none.
    """
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        raise ConfigError(f"{what}: {value!r} is no time in ISO 8601") from None
    if at.tzinfo is None:
        raise ConfigError(f"{what}: {value!r} has no offset from UTC")
    return at.astimezone(UTC)


def zone(name: object) -> ZoneInfo | None:
    """Return the time zone of an IANA name; None if it is something else."""
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def rotation_from(
    people: list[str], length: timedelta, *, starts: datetime, timezone: ZoneInfo
) -> Rotation | None:
    """Return the rotation of turns of *length* since *starts*; None if the bot has no such rotation."""
    local = starts.astimezone(timezone)
    if not people or length <= timedelta() or local.second or local.microsecond:
        return None
    for unit, one in _UNITS.items():
        if length % one == timedelta():
            return Rotation(tuple(people), length // one, unit, local.date(), local.time(), timezone)
    return None
