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

#: The commands of each module join the group as it is imported; these also `register` controls and forms.
_WITH_CONTROLS = (
    looking,
    updates,
    editing,
    roles,
    checking,
    severity,
    timeline,
    ending,
    private,
)
_COMMANDS_ALONE = (declaring, linking)


async def setup(bot: IncidentBot) -> None:
    for subject in _WITH_CONTROLS:
        subject.register(bot)
    bot.tree.add_command(incident_group)
