"""The JSON of a hook's body, read tolerantly: what is missing, or is of another type, is empty."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bot.domain.hooks.hook import HookRequest, HookUnreadable
from bot.integrations.hooks.charset import text_of

#: Years of a moment that is believed: Go writes year 1 for "none".
_YEARS: Final = range(2000, 2200)


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object in a hook's body, read by the names of its fields."""

    values: Mapping[str, object]

    def text(self, *names: str) -> str:
        """Return the first text or number under *names* that is not blank, else an empty text."""
        return next((found for name in names if (found := plain_text(self.values.get(name)))), "")

    def fields(self, name: str) -> "Fields":
        """Return the object under *name*; without any fields if there is none."""
        found = self.values.get(name)
        return Fields(found if isinstance(found, dict) else {})

    def each(self, name: str) -> tuple["Fields", ...]:
        """Return the objects of the list under *name*."""
        found = self.values.get(name)
        items = found if isinstance(found, list) else []
        return tuple(Fields(item) for item in items if isinstance(item, dict))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the texts of the list under *name*."""
        found = self.values.get(name)
        items = found if isinstance(found, list) else []
        return tuple(text for item in items if (text := plain_text(item)))

    def moment(self, *names: str) -> datetime | None:
        """Return the first moment under *names*, aware: ISO 8601, or Unix seconds."""
        return next((found for name in names if (found := moment_of(self.values.get(name)))), None)


def json_of(request: HookRequest) -> object:
    """Return the JSON of a body, whatever its charset.

    Raises:
        HookUnreadable.
    """
    return json_in(text_of(request))


def json_in(text: str) -> object:
    """Return the JSON that *text* is.

    Raises:
        HookUnreadable.
    """
    if not text.strip():
        raise HookUnreadable("the body is empty")
    try:
        found: object = json.loads(text)
    except RecursionError:
        raise HookUnreadable("the body is nested too deeply") from None
    except ValueError:
        raise HookUnreadable("the body is not JSON") from None
    return found


def fields_of(request: HookRequest) -> Fields:
    """Return the JSON object of a body.

    Raises:
        HookUnreadable.
    """
    return fields_in(text_of(request))


def fields_in(text: str) -> Fields:
    """Return the JSON object that *text* is.

    Raises:
        HookUnreadable.
    """
    found = json_in(text)
    if not isinstance(found, dict):
        raise HookUnreadable("the body is not a JSON object")
    return Fields(found)


def plain_text(value: object) -> str:
    """Return a text or a number as a text that PostgreSQL can store; anything else is empty."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return storable(str(value)).strip()


def storable(text: str) -> str:
    """Return *text* without NULs and lone surrogates, which JSON can hold and PostgreSQL cannot."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def moment_of(value: object) -> datetime | None:
    """Return the moment that *value* names, aware; None if it names none that is to be believed."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            found = datetime.fromtimestamp(value, UTC)
        else:
            found = datetime.fromisoformat(str(value).strip())
    except (ValueError, OverflowError, OSError):
        return None
    if found.year not in _YEARS:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
