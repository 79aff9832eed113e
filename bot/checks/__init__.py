"""Whether everything that the bot needs is there: for `doctor`, and once after each start."""

from bot.checks.finding import Finding, State

__all__ = ["Finding", "State"]
