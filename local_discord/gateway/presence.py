"""An app's presence: accepted and checked, but not shown to anyone.

Source: Discord's docs, Events > Gateway Events > Identify, Update Presence.
"""

from typing import Final

from local_discord.gateway.opcodes import Close, Closing
from local_discord.world.kinds import JSON

_STATUSES: Final = ("online", "dnd", "idle", "invisible", "offline")
_THRESHOLDS: Final = range(50, 251)


def check_presence(data: object) -> None:
    """Raise 4002 unless *data* is a presence. Libraries leave out what they do not set, or set it to null."""
    if not isinstance(data, dict):
        raise Closing(Close.DECODE_ERROR)
    activities, status = data.get("activities"), data.get("status")
    fits = (
        status is None or (isinstance(status, str) and status in _STATUSES),
        activities is None or (isinstance(activities, list) and all(map(_is_activity, activities))),
        isinstance(data.get("afk"), bool | None),
        _is_time(data.get("since")),
    )
    if not all(fits):
        raise Closing(Close.DECODE_ERROR)


def check_identify(data: JSON) -> None:
    """Raise 4002 unless the fields of an IDENTIFY beside token, intents and shard are what they should be."""
    threshold = data.get("large_threshold", 50)
    fits = (
        isinstance(data.get("properties"), dict),
        isinstance(data.get("compress"), bool | None),
        type(threshold) is int and threshold in _THRESHOLDS,
    )
    if not all(fits):
        raise Closing(Close.DECODE_ERROR)
    if data.get("presence") is not None:
        check_presence(data["presence"])


def _is_activity(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("name"), str) and type(value.get("type")) is int


def _is_time(value: object) -> bool:
    """Milliseconds, which discord.py sends as a float, or null."""
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0)
