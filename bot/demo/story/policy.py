"""The policy of the demo's team: Parky's with the story's people, and with each capability switched on."""

from collections.abc import Mapping
from typing import Final

from bot.capability import capability_names
from bot.demo.story.cast import with_cast
from bot.runbook import default_policy_text

#: What each capability needs. Payments are a team of their own, and two systems need the database.
_TABLES: Final[Mapping[str, str]] = {
    "roles": """
[oncall.roles]
on-call = ["primary", "secondary", "payments"]
""",
    "teams": """
[teams.payments]
channel = "payments"
schedule = ["payments"]

[targets."pay.parky.co.jp"]
team = "payments"
""",
    "dependencies": """
[targets."db.parky.co.jp"]

[targets."store.parky.co.jp"]
depends_on = ["db.parky.co.jp"]

[targets."report.parky.co.jp"]
depends_on = ["db.parky.co.jp"]
""",
    "maintenance": """
[[maintenance]]
targets = ["db.parky.co.jp"]
every = "sunday 02:00"
for = "2h"
reason = "backup"
""",
    "heartbeats": """
[heartbeats.receipt-sync]
every = "30m"
grace = "5m"
severity = "SEV2"
""",
    "absence": """
[absence]
channel = "p1-ops"
""",
    "feeds": """
[feeds]
""",
    "hours": """
[hours]
""",
}


def storys_policy() -> str:
    """Return the text of the policy file, with the tables of those capabilities that are there."""
    tables = [table for name, table in _TABLES.items() if name in capability_names()]
    return "".join([with_cast(default_policy_text()), *tables])
