"""Collects what is wrong with a request body, as one 50035 with nested ``errors``.

Source: Discord's docs, Reference > Error Messages.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from local_discord.errors import ApiError
from local_discord.world.kinds import JSON

Path: TypeAlias = tuple[str | int, ...]
_SNOWFLAKE = re.compile(r"[0-9]{1,20}")
_INTEGER = re.compile(r"-?[0-9]{1,30}")
_LAST_SNOWFLAKE = (1 << 64) - 1


def is_snowflake(value: object) -> bool:
    """True for an id: an unsigned 64-bit number, as a string or (as some libraries send it) as an integer."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return False
    return bool(_SNOWFLAKE.fullmatch(str(value))) and int(value) <= _LAST_SNOWFLAKE


class Form:
    """One request body under validation; `finish` raises when anything was added."""

    def __init__(self) -> None:
        self._errors: JSON = {}

    @property
    def failed(self) -> bool:
        """True once an error was added: what follows may not rely on the body's types."""
        return bool(self._errors)

    def add(self, path: Path, code: str, message: str) -> None:
        """Record *message* at *path*, e.g. ``("embeds", 0, "title")``.

        A place has errors of its own or errors further in, not both: the first kind found stays.
        """
        node = self._errors
        for step in path:
            if "_errors" in node:
                return
            node = node.setdefault(str(step), {})
        if not node or "_errors" in node:
            node.setdefault("_errors", []).append({"code": code, "message": message})

    def finish(self) -> None:
        """Raise 50035 when anything is wrong.

        Raises:
            ApiError: 400, code 50035, with the nested errors.
        """
        if self._errors:
            raise ApiError(400, 50035, "Invalid Form Body", errors=self._errors)

    def text(self, path: Path, value: object, *, most: int, least: int = 0) -> str:
        """*value* as a string of *least* to *most* characters; an error is recorded otherwise.

        None counts as absent: an error only when *least* > 0.
        """
        if value is None:
            if least:
                self.add(path, "BASE_TYPE_REQUIRED", "This field is required")
            return ""
        if not isinstance(value, str):
            self.add(path, "STRING_TYPE_CONVERT", "Could not interpret value as string.")
            return ""
        if not least <= len(value) <= most:
            self._bad_length(path, least, most)
        return value

    def _bad_length(self, path: Path, least: int, most: int) -> None:
        if least:
            message = f"Must be between {least} and {most} in length."
            self.add(path, "BASE_TYPE_BAD_LENGTH", message)
        else:
            self.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")

    def items(self, path: Path, value: object, *, most: int, least: int = 0) -> list[JSON]:
        """*value* as a list of *least* to *most* objects; [] when absent or wrong."""
        if value is None and not least:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return []
        if not least <= len(value) <= most:
            self._bad_length(path, least, most)
        return value

    def mapping(self, path: Path, value: object) -> JSON:
        """*value* as an object; {} when absent, an error when something else."""
        if value is None or isinstance(value, dict):
            return value or {}
        self.add(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return {}

    def snowflake(self, path: Path, value: object) -> str | None:
        """*value* as an id; None when absent, an error when something else."""
        if value is None:
            return None
        if not is_snowflake(value):
            self.add(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')
            return None
        return str(value)

    def snowflakes(self, path: Path, value: object, *, most: int = 1000) -> list[str]:
        """*value* as a list of up to *most* ids; [] when absent, an error when something else."""
        if value is not None and not isinstance(value, list):
            self.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        listed = value if isinstance(value, list) else []
        if len(listed) > most:
            self._bad_length(path, 0, most)
        ids = [
            self.snowflake((*path, at), "None" if item is None else item) for at, item in enumerate(listed)
        ]
        return [item for item in ids if item is not None]

    def unique(self, path: Path, items: Sequence[str]) -> None:
        """Record an error for every one of *items* that came before."""
        for at, item in enumerate(items):
            if item in items[:at]:
                self.add(
                    (*path, at), "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value"
                )

    def words(self, path: Path, value: object, *, most: int) -> list[str]:
        """*value* as a list of up to *most* strings; [] when absent, an error when something else."""
        if value is not None and not isinstance(value, list):
            self.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        listed = value if isinstance(value, list) else []
        if len(listed) > most:
            self._bad_length(path, 0, most)
        return [self.text((*path, at), item, most=2048) for at, item in enumerate(listed)]

    def boolean(self, path: Path, value: object, *, default: bool = False) -> bool:
        """*value* as a boolean; *default* when absent, an error when something else."""
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.add(path, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
        return default

    def number(self, path: Path, value: object, *, least: float, most: float) -> None:
        """Record an error unless *value* is absent, or a JSON number within [*least*, *most*]."""
        if value is None:
            return
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.add(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not a number.')
        elif not least <= value <= most:
            self.add(path, "NUMBER_TYPE_MAX", f"Value should be between {least} and {most}.")

    def integer(self, path: Path, value: object, default: int, *, least: int, most: int) -> int:
        """*value* as an integer within [*least*, *most*]; *default* when absent."""
        if value is None:
            return default
        if isinstance(value, (bool, list, dict)) or not _INTEGER.fullmatch(str(value)):
            self.add(path, "NUMBER_TYPE_COERCE", f'Value "{str(value)[:100]}" is not int.')
            return default
        number = int(str(value))
        if number > most:
            self.add(path, "NUMBER_TYPE_MAX", f"int value should be less than or equal to {most}.")
        if number < least:
            self.add(path, "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {least}.")
        return number

    def time(self, path: Path, value: object) -> datetime | None:
        """*value* as a time (UTC when it names no zone); None when absent, an error when something else."""
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(str(value))
            aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return aware.astimezone(UTC)
        except (ValueError, OverflowError):
            text = f"Could not parse {str(value)[:100]}. Should be ISO8601."
            self.add(path, "DATE_TIME_TYPE_PARSE", text)
            return None

    def choice(self, path: Path, value: object, allowed: Sequence[Any]) -> None:
        """Record an error unless *value* is one of *allowed*."""
        if isinstance(value, (bool, float)) or value not in allowed:
            self.add(path, "BASE_TYPE_CHOICES", f"Value must be one of {{{', '.join(map(repr, allowed))}}}.")


def body_object(body: object) -> JSON:
    """*body* as an object, {} when empty.

    Raises:
        ApiError: 50035 when the body is something else.
    """
    if body is None:
        return {}
    if isinstance(body, dict):
        return body
    form = Form()
    form.add((), "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
    form.finish()
    return {}
