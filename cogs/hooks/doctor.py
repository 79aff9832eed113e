"""The doctor's checks of hooks: which sources may send, and whether what never arrived can be fetched."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from bot.configured import open_code_hosts
from bot.doctor.finding import Finding, fail, ok, warn
from bot.domain.errors import CodeHostRefused, ConfigError, UpstreamUnavailable
from bot.runbook.model import Policy
from cogs.hooks.deliveries import github_records
from cogs.hooks.intake import hook_sources, unknown_sources
from cogs.hooks.rules import HookSenders, in_environment
from cogs.hooks.use_cases import HookDeliveries

if TYPE_CHECKING:
    from bot.settings import Settings
    from bot.settings.sources import HookKeys

_NAME: Final = "hooks"
_WHAT: Final = "missed hooks"
_DAY: Final = timedelta(days=1)


def check_sources(settings: "Settings", policies: Mapping[int, Policy]) -> Iterator[Finding]:
    """Yield which sources may send, and what is missing for the others."""
    return check_hooks(settings.hook_keys, policies, port=settings.hooks_port)


async def check_missed(settings: "Settings", policy: Policy) -> list[Finding]:
    """Return whether what never arrived can be fetched from GitHub."""
    async with open_code_hosts(settings) as hosts:
        host = hosts.repository(policy)
        usual = None if host is None else host.repository
        return await check_hook_records(github_records(hosts.connection, policy, usual=usual), policy)


def check_hooks(
    keys: "Mapping[str, HookKeys]", policies: Mapping[int, Policy], *, port: int | None
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
        if source.keys.signing:
            yield ok(_NAME, f"{name} may send, and proves that it is {name}")
        else:
            todo = f"set HOOKS_{in_environment(name)}_SIGNING_KEY if the source can sign"
            yield warn(_NAME, f"{name} may send; its address is the only secret", todo)


async def check_hook_records(records: Mapping[str, HookDeliveries], policy: Policy) -> list[Finding]:
    """Look at the record of each webhook that the policy names; none without any.

    Args:
        records: Those that can be read, by the name of their source.
    """
    named = [source for source, rules in policy.of(HookSenders).by_name.items() if rules.sent_by is not None]
    return [await _check(source, records.get(source)) for source in named]


async def _check(source: str, record: HookDeliveries | None) -> Finding:
    if record is None:
        todo = "set GITHUB_TOKEN, and repository beside the webhook in the policy"
        return warn(_WHAT, f"[hooks.{source}] names a webhook that cannot be read", todo)
    try:
        attempts = await record.attempts(datetime.now(UTC) - _DAY)
    except CodeHostRefused as refused:
        todo = f"give the token Webhooks: read, or correct webhook and repository of [hooks.{source}]"
        return fail(_WHAT, f"{source}: {refused.reason}", todo)
    except UpstreamUnavailable as away:
        return fail(_WHAT, f"{source}: {away.reason}", "try again; see https://www.githubstatus.com")
    failed = sum(not attempt.has_arrived for attempt in attempts)
    return ok(_WHAT, f"{source}: {len(attempts)} deliveries within a day, {failed} did not arrive")
