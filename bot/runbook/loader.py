"""Loading policies: a `Policy` from one file, or from each file of a folder; or one line per problem."""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Final

from pydantic import ValidationError

from bot.capability import capability_names
from bot.domain.errors import ConfigError
from bot.runbook.checks import check_policy
from bot.runbook.fields.problems import lines
from bot.runbook.fields.rules import Names, Section
from bot.runbook.file import whole_file
from bot.runbook.model import Policy
from bot.runbook.sections import FollowsDlqTable

_NO_GUILD: Final = 'guild: is missing; allowed: the server\'s id in quotes ("123456789012345678")'
_NO_HOME: Final = (
    "DISCORD_GUILD_ID: is not set, in the environment or in .env; allowed: the server's id, unless "
    "RUNBOOK_FILE is a folder whose files name theirs"
)


@dataclass(frozen=True, slots=True)
class Served:
    """The guilds that the bot serves, each with its policy.

    Attributes:
        home: Whose words are used where no guild can be told: DISCORD_GUILD_ID, else the first file's.
        policies: By guild; `home` is among them.
    """

    home: int
    policies: Mapping[int, Policy]

    @property
    def home_policy(self) -> Policy:
        """Return the policy of `home`."""
        return self.policies[self.home]


def load_served(path: Path | None, *, home: int | None) -> Served:
    """Load RUNBOOK_FILE: one guild for a file or the default policy, one guild per file for a folder.

    Args:
        home: DISCORD_GUILD_ID.

    Raises:
        ConfigError: one line per problem; of a folder each begins with the file's name.
    """
    if path is not None and path.is_dir():
        return _of_folder(path, home)
    policy = load_policy(path)
    if home is None:
        raise ConfigError(_NO_HOME)
    if policy.guild_id not in (None, home):
        raise ConfigError(f'{path}: guild: "{policy.guild_id}" is not DISCORD_GUILD_ID; allowed: "{home}"')
    return Served(home, {home: replace(policy, guild_id=home)})


def check_folder(folder: Path) -> dict[Path, Policy]:
    """Return the policy of each ``*.toml`` of *folder*, in order of file names.

    Raises:
        ConfigError: one line per problem, which begins with the file's name.
    """
    policies, problems = _read_all(folder)
    problems += _twice(policies)
    if problems:
        raise ConfigError("\n".join(problems))
    return policies


def _of_folder(folder: Path, home: int | None) -> Served:
    policies = {policy.guild_id: policy for policy in check_folder(folder).values()}
    served = {guild_id: policy for guild_id, policy in policies.items() if guild_id is not None}
    if home is not None and home not in served:
        raise ConfigError(
            f'DISCORD_GUILD_ID: no file of {folder} has guild = "{home}"; allowed: one of theirs'
        )
    first = next(iter(served)) if home is None else home
    return Served(first, _one_table(served, served[first]))


def _one_table(served: Mapping[int, Policy], home: Policy) -> dict[int, Policy]:
    """Let every guild write into the table that the home guild's file names, unless its own names one."""
    return {
        guild_id: policy if policy.names_dlq_table else _with_table_of(home, policy)
        for guild_id, policy in served.items()
    }


def _with_table_of(home: Policy, policy: Policy) -> Policy:
    own = {
        kind: home.own.get(kind, rules) if issubclass(kind, FollowsDlqTable) else rules
        for kind, rules in policy.own.items()
    }
    return replace(policy, dlq_table=home.dlq_table, own=MappingProxyType(own))


def _read_all(folder: Path) -> tuple[dict[Path, Policy], list[str]]:
    policies: dict[Path, Policy] = {}
    problems: list[str] = []
    files = sorted(folder.glob("*.toml"))
    if not files:
        problems.append(f"{folder}: holds no policy; allowed: a .toml file per server")
    for file in files:
        try:
            policy = load_policy(file)
        except ConfigError as error:
            problems += [_named(file, line) for line in str(error).splitlines()]
            continue
        if policy.guild_id is None:
            problems.append(f"{file.name}: {_NO_GUILD}")
        # Several organisations may share a folder: its DLQ is closed to a guild whose file does not open it.
        policies[file] = policy if policy.names_dlq else replace(policy, sees_dlq=False)
    return policies, problems


def _named(file: Path, line: str) -> str:
    """Return a problem with the file's name in front; a syntax error has it already, with line and column."""
    return line.replace(str(file), file.name, 1) if line.startswith(str(file)) else f"{file.name}: {line}"


def _twice(policies: Mapping[Path, Policy]) -> Iterator[str]:
    first: dict[int, Path] = {}
    for file, policy in policies.items():
        if policy.guild_id is None:
            continue
        before = first.setdefault(policy.guild_id, file)
        if before is not file:
            said = f'"{policy.guild_id}" is the guild of {before.name} too'
            yield f"{file.name}: guild: {said}; allowed: one file per server"


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
        match = re.fullmatch(
            r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", str(error), re.ASCII | re.DOTALL
        )
        reason, line, column = match.groups() if match else (str(error), None, None)
        place = f"{line}:{column}" if line else f"{len(text.splitlines())}"
        raise ConfigError(f"{name}:{place}: is not TOML: {reason}") from error
