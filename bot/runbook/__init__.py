"""The policy as data: one TOML file, checked once, then a frozen value that everything else reads."""

from bot.runbook.loader import default_policy_text, load_policy, parse_policy
from bot.runbook.model import Policy

__all__ = ["Policy", "default_policy_text", "load_policy", "parse_policy"]
