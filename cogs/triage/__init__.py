"""`/triage`: from "something is wrong" to an alert, or to a second look. And `/sev1 件名`, the short way."""

from bot.client import IncidentBot
from cogs.triage import answering, message, reevaluating, starting, unfinished

#: Each offers `register(bot)`: its commands, controls and forms.
_SUBJECTS = (starting, message, answering, unfinished, reevaluating)


async def setup(bot: IncidentBot) -> None:
    for subject in _SUBJECTS:
        subject.register(bot)
