"""`/dlq`: what was not delivered, and sending it again. One module per subject, one group for all."""

from bot.client import IncidentBot
from cogs.dlq import entries, listing, replays
from cogs.dlq.group import dlq_group


async def setup(bot: IncidentBot) -> None:
    for subject in (listing, entries, replays):
        subject.register(bot)
    bot.tree.add_command(dlq_group)
