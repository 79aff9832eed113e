"""`/oncall`: who is on call, and changing it. One module per subject, one group for all."""

from bot.client import IncidentBot
from cogs.oncall import changing, files, looking, notifying, turns
from cogs.oncall.group import oncall_group

#: The commands of each module join the group as it is imported; these also `register` controls.
_WITH_CONTROLS = (looking, files, turns, notifying)
_COMMANDS_ALONE = (changing,)


async def setup(bot: IncidentBot) -> None:
    for subject in _WITH_CONTROLS:
        subject.register(bot)
    bot.tree.add_command(oncall_group)
