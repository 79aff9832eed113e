"""`incident-bot probes try`: whose probes it asks."""

from dataclasses import replace

from bot.cli.programs import run_program
from bot.runbook import Policy, load_policy, load_served
from bot.settings import Settings


def try_probes(settings: Settings, name: str | None, *, language: str | None) -> int:
    """Ask the targets of the policy once; return the exit code.

    Args:
        name: The one probe to try; None for all.
        language: "ja" or "en"; None for the policy's.
    """
    policy = _policy_of(settings)
    policy = replace(policy, language=language or policy.language)
    return run_program("probes try", settings, policy, name)


def _policy_of(settings: Settings) -> Policy:
    """Return the policy; one file can be tried before the server's id is known."""
    if settings.has_policies or settings.discord_guild_id is not None:
        return load_served(settings.runbook_file, home=settings.discord_guild_id).home_policy
    return load_policy(settings.runbook_file)
