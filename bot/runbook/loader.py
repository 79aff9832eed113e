"""Loading a policy file: a `Policy`, or one line per problem."""

import re
import tomllib
from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from bot.capability import capability_names
from bot.domain.errors import ConfigError
from bot.runbook.checks import check_policy
from bot.runbook.fields.problems import lines
from bot.runbook.fields.rules import Names, Section
from bot.runbook.file import whole_file
from bot.runbook.model import Policy

DEFAULT_NAME = "parky.toml"


def load_policy(path: Path | None) -> Policy:
    """Read and check a policy file; None means the one that comes with the package.

    Raises:
        ConfigError: the file cannot be read, is no TOML, or has problems: one line each, which names
            the key, the value and what is allowed. The same for the template that it names.
    """
    if path is None:
        return _default_policy()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f"{path}: cannot be read: {reason}") from error
    policy = parse_policy(text, name=str(path))
    for part in policy.parts.values():
        if part.files is not None:
            policy = part.files.read(policy, path.parent)
    return policy


@cache
def _default_policy() -> Policy:
    return parse_policy(default_policy_text(), name=DEFAULT_NAME)


def default_policy_text() -> str:
    """Return the text of the policy file that comes with the package, a template for other teams.

    The table of a capability is in its folder.
    """
    parts = [files("bot.runbook").joinpath(DEFAULT_NAME)]
    parts += [files("cogs").joinpath(name, "policy.toml") for name in capability_names()]
    return "\n".join(part.read_text(encoding="utf-8") for part in parts if part.is_file())


def parse_policy(text: str, *, name: str) -> Policy:
    """Check the text of a policy file.

    Args:
        text: TOML.
        name: The file, for the place of a syntax error.

    Raises:
        ConfigError: as `load_policy`.
    """
    given = _toml(text, name)
    off = _switched_off(given)
    file = whole_file(off)
    # What the file has for a capability that is switched off and not installed has no model.
    raw = _without(given, off.difference(capability_names()), file)
    names = Names(_keys(raw, "severity"), _keys(raw, "people"))
    try:
        policy = file.model_validate(raw, context=names).value()
    except ValidationError as error:
        raise ConfigError("\n".join(lines(error, file, names))) from None
    # These checks compare keys, so they need every key to be valid.
    if problems := check_policy(policy):
        raise ConfigError("\n".join(problems))
    return policy


def _switched_off(raw: Mapping[str, object]) -> frozenset[str]:
    """Return the capabilities that a file switches off: their tables may be left out, or be unknown here."""
    table = raw.get("capabilities")
    off = table.get("off") if isinstance(table, dict) else None
    is_list = isinstance(off, list) and all(isinstance(name, str) for name in off)
    return frozenset(off) if is_list and off else frozenset()


def _without(
    table: Mapping[str, object], absent: Collection[str], section: type[Section]
) -> dict[str, object]:
    """Return *table*, of the file or within one, without what is *absent*; *section* is its model."""
    left: dict[str, object] = {}
    for key, value in table.items():
        field = section.model_fields.get(key)
        kind = None if field is None else field.annotation
        if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, Section):
            inner = _without(value, absent, kind)
            left[key] = {
                name: inner[name] for name in inner if key not in absent or name in kind.model_fields
            }
        elif field is not None or key not in absent:
            left[key] = value
    return left


def _keys(raw: Mapping[str, object], table: str) -> tuple[str, ...]:
    names = raw.get(table)
    return tuple(names) if isinstance(names, dict) else ()


def _toml(text: str, name: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.fullmatch(
            r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", str(error), re.ASCII | re.DOTALL
        )
        said, line, column = found.groups() if found else (str(error), None, None)
        place = f"{line}:{column}" if line else f"{len(text.splitlines())}"
        raise ConfigError(f"{name}:{place}: is not TOML: {said}") from error
