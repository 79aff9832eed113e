"""The policy as data: a TOML file per guild, checked once, then a frozen value that everything else reads.

Pydantic reads the whole file as one model, `bot.runbook.file.File`. The tables of `bot.runbook.tables` are
values of the policy as they are read. Where the policy's value differs, a class named ``...Table`` makes it.
`bot.runbook.fields.problems` turns what pydantic finds wrong into error lines.
"""

from bot.runbook.loader import (
    Served,
    check_folder,
    default_policy_text,
    load_policy,
    load_served,
    parse_policy,
)
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
