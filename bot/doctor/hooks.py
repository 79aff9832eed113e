"""The sources of hooks: which of them may send, and what is missing for the others."""

from collections.abc import Iterator, Mapping

from bot.doctor.finding import Finding, ok, warn
from bot.domain.errors import ConfigError
from bot.domain.hooks.hook import HookKeys, in_environment
from bot.runbook.model import Policy
from bot.wiring.hooks import hook_sources, unknown_sources

_NAME = "hooks"


def check_hooks(
    keys: Mapping[str, HookKeys], policies: Mapping[int, Policy], *, port: int | None
) -> Iterator[Finding]:
    """Yield what is to say about hooks; nothing if none are set up.

    Args:
        keys: By the source's name in the environment.
        policies: By guild.
        port: HOOKS_PORT.
    """
    if not keys:
        return
    if port is None:
        yield warn(_NAME, "secrets are set, but no port", "set HOOKS_PORT: alerts come to it by HTTP")
    for name in sorted(unknown_sources(keys, policies)):
        todo = f"add [hooks.{name.lower().replace('_', '-')}] to the policy file, or remove the key"
        yield warn(_NAME, f"HOOKS_{name}_SECRET is set, but no policy has such a source", todo)
    try:
        sources = hook_sources(keys, policies)
    except ConfigError as error:
        yield warn(_NAME, str(error), "correct that: the bot does not start like this")
        return
    for name, source in sources.items():
        yield _source(name, signs=bool(source.keys.signing))


def _source(name: str, *, signs: bool) -> Finding:
    if signs:
        return ok(_NAME, f"{name} may send, and proves that it is {name}")
    key = f"HOOKS_{in_environment(name)}_SIGNING_KEY"
    return warn(
        _NAME, f"{name} may send; its address is the only secret", f"set {key} if the source can sign"
    )
