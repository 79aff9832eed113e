"""``[teams]``: without this table there are no commands for teams."""

from bot.capability import PolicyPart
from bot.runbook.teams import TeamsTable

POLICY = PolicyPart(table=TeamsTable, opt_in=True)
