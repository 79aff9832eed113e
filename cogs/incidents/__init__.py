"""`/incident`: what people ask of an incident by name. One module per subject, one group for all."""

from bot.client import IncidentBot
from cogs.incidents import (
    checking,
    declaring,
    editing,
    ending,
    linking,
    looking,
    private,
    roles,
    severity,
    timeline,
    updates,
)
from cogs.incidents.group import incident_group

#: Each offers `register(bot)`: its controls and forms. Its commands join the group as it is imported.
_SUBJECTS = (
    declaring,
    looking,
    updates,
    editing,
    roles,
    checking,
    severity,
    timeline,
    ending,
    linking,
    private,
)


async def setup(bot: IncidentBot) -> None:
    """Called by discord.py when the extension is loaded."""
    for subject in _SUBJECTS:
        subject.register(bot)
    bot.tree.add_command(incident_group)
