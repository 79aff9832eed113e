"""`/oncall`: who is on call, and changing it. One module per subject, one group for all."""

from bot.client import IncidentBot
from cogs.oncall import changing, files, looking, turns
from cogs.oncall.group import oncall_group

#: Each offers `register(bot)`: its controls. Its commands join the group as it is imported.
_SUBJECTS = (looking, changing, turns, files)


async def setup(bot: IncidentBot) -> None:
    """Called by discord.py when the extension is loaded."""
    for subject in _SUBJECTS:
        subject.register(bot)
    bot.tree.add_command(oncall_group)
