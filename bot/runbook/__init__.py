"""The policy as data: a TOML file per guild, checked once, then a frozen value that everything else reads."""

from bot.runbook.folder import Served, check_folder, load_served
from bot.runbook.loader import default_policy_text, load_policy, parse_policy
from bot.runbook.model import Policy

__all__ = [
    "Policy",
    "Served",
    "check_folder",
    "default_policy_text",
    "load_policy",
    "load_served",
    "parse_policy",
]
