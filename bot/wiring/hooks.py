"""The sources of hooks: each is a table of one guild's policy, with its secrets in the environment."""

from collections.abc import Mapping

import structlog

from bot.domain.delivery.delivery import priority_of
from bot.domain.errors import ConfigError
from bot.domain.hooks.hook import HookFormat, HookKeys, in_environment
from bot.integrations.hooks.readers import READERS
from bot.runbook.model import Policy
from bot.services.hooks.intake import HookSource

log = structlog.get_logger(__name__)


def hook_sources(keys: Mapping[str, HookKeys], policies: Mapping[int, Policy]) -> dict[str, HookSource]:
    """Return the sources that may send, by name.

    A table without a secret is no source. A secret without a table is logged.

    Args:
        keys: By the source's name in the environment.
        policies: By guild.

    Raises:
        ConfigError: two guilds name the same source, only one of which could have its alerts; or a source
            could never prove itself by its signing key.
    """
    sources: dict[str, HookSource] = {}
    for guild_id, policy in policies.items():
        for name, rules in policy.hooks.items():
            found = keys.get(in_environment(name))
            if found is None or rules.format not in READERS:
                continue
            if name in sources:
                raise ConfigError(_twice(name, sources[name].guild_id, guild_id))
            if not all(map(READERS[rules.format].is_key, found.signing)):
                raise ConfigError(_no_key(name, rules.format))
            rank = policy.rules(rules.sender.severity).rank
            sources[name] = HookSource(guild_id, rules, found, READERS[rules.format], priority_of(rank))
    for name in sorted(unknown_sources(keys, policies)):
        log.warning("hooks.source_unknown", key=f"HOOKS_{name}_SECRET")
    return sources


def unknown_sources(keys: Mapping[str, HookKeys], policies: Mapping[int, Policy]) -> set[str]:
    """Return the names in the environment for which no policy has a table."""
    return set(keys) - {in_environment(name) for policy in policies.values() for name in policy.hooks}


def _no_key(name: str, read_as: HookFormat) -> str:
    return f"HOOKS_{in_environment(name)}_SIGNING_KEY: is no key of {read_as}; allowed: whsec_ and base64"


def _twice(name: str, first: int, second: int) -> str:
    said = f"hooks.{name}: is in the policies of two servers, {first} and {second}"
    return f"{said}; allowed: one of them, the other under a name of its own with its own secret"
