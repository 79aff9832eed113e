"""``[teams]``, without which the commands between teams are not there."""

from bot.capability import PolicyPart
from bot.runbook.teams import TeamsTable

POLICY = PolicyPart(table=TeamsTable, opt_in=True)
