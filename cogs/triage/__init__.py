"""`/triage`: from "something is wrong" to an alert, or to a second look. And `/sev1 件名`, the short way."""

from bot.client import IncidentBot
from cogs.triage import answering, form, starting

#: Each offers `register(bot)`: its commands, controls and forms.
_SUBJECTS = (starting, form, answering)


async def setup(bot: IncidentBot) -> None:
    for subject in _SUBJECTS:
        subject.register(bot)
