"""`/incident`: what people ask of an incident by name. One module per subject, one group for all."""

from bot.client import IncidentBot
from cogs.incidents import card, editing, lifecycle, looking, private, timeline
from cogs.incidents.group import incident_group

#: The commands of each module join the group as it is imported; `register` adds its controls and forms.
_SUBJECTS = (looking, editing, card, timeline, lifecycle, private)


async def setup(bot: IncidentBot) -> None:
    for subject in _SUBJECTS:
        subject.register(bot)
    bot.tree.add_command(incident_group)
