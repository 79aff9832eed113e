"""Serving several guilds: a folder of policy files, one per guild."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from bot.domain.errors import ConfigError
from bot.runbook.dlq import FollowsDlqTable
from bot.runbook.loader import load_policy
from bot.runbook.model import Policy

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
