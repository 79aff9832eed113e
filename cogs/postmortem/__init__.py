"""`/postmortem`: the document, and who writes it. One module per subject, one group for all."""

from bot.client import IncidentBot
from cogs.postmortem import drafting, owing
from cogs.postmortem.group import postmortem_group

#: The commands of each module join the group as it is imported; these also `register` controls.
_WITH_CONTROLS = (owing,)
_COMMANDS_ALONE = (drafting,)


async def setup(bot: IncidentBot) -> None:
    for subject in _WITH_CONTROLS:
        subject.register(bot)
    bot.tree.add_command(postmortem_group)
