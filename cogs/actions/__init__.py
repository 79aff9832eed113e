"""`/action`: what is to be done after an incident. One module per subject, one group for all."""

from bot.client import IncidentBot
from cogs.actions import adding, changing, looking
from cogs.actions.group import action_group


async def setup(bot: IncidentBot) -> None:
    for subject in (adding, changing, looking):
        subject.register(bot)
    bot.tree.add_command(action_group)
