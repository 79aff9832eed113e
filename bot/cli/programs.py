"""Commands of `incident-bot` whose work a capability does: `Capability.programs`."""

from bot.capability import installed
from bot.cli.outcome import EXIT_FOUND, EXIT_OK
from bot.configured.outbound import outbound_of
from bot.domain.errors import ConfigError
from bot.runbook import Policy
from bot.settings import Settings


def run_program(words: str, settings: Settings, policy: Policy, *given: object) -> int:
    """Do what the command *words* does, by *policy*, with what it was *given*; return the exit code.

    Raises:
        ConfigError: the capability is not installed, or the policy switches it off.
    """
    owner = next((one for one in installed() if words in one.programs), None)
    if owner is None:
        raise ConfigError(f"{words}: the folder of its capability is not in cogs")
    if owner not in policy.capabilities:
        raise ConfigError(f"{words}: the policy switches {owner.name} off")
    opened = None if owner.opens is None else owner.opens(settings, outbound_of(settings))
    return EXIT_OK if owner.programs[words](opened, policy, *given) else EXIT_FOUND
