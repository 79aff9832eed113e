"""`/incident`: what people ask of an incident by name. One module per subject, one group for all."""

from bot.client import IncidentBot
from cogs.incidents import (
    audit,
    card,
    editing,
    lifecycle,
    linking,
    looking,
    private,
    resolving,
    severity,
    timeline,
    updates,
    why,
)
from cogs.incidents.group import incident_group

#: The commands of each module join the group as it is imported; these also `register` controls and forms.
_WITH_CONTROLS = (
    looking,
    updates,
    editing,
    card,
    severity,
    timeline,
    lifecycle,
    resolving,
    private,
    why,
    audit,
)
_COMMANDS_ALONE = (linking,)


async def setup(bot: IncidentBot) -> None:
    for subject in _WITH_CONTROLS:
        subject.register(bot)
    bot.tree.add_command(incident_group)
