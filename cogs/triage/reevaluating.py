"""The buttons under what asks for a re-evaluation."""

from typing import TypeAlias

import discord

from bot.client import IncidentBot
from bot.ui.buttons import TriageVerb, template
from bot.ui.components import Control
from bot.ui.interaction import reply, wait
from bot.ui.people import person_of
from bot.ui.screens.triage_card import TITLE_ROOM, answered_before, triage_card
from bot.ui.words.inert import inert

Press: TypeAlias = discord.Interaction[IncidentBot]


def register(bot: IncidentBot) -> None:
    """The controls."""
    bot.add_controls(Promote, Dismiss, Again)


class Promote(Control, template=template(TriageVerb.PROMOTE)):
    """[🚨 発報する]."""

    async def press(self, interaction: Press) -> None:
        """Raise the incident after all."""
        await wait(interaction)
        by, voice = await person_of(interaction), interaction.client.voice(interaction)
        view = await interaction.client.services(interaction).reevaluations.promote(self.number, by=by)
        if view.incident is None or view.notice is not None:
            await reply(interaction, answered_before(voice, view))
            return
        label, severity = view.incident.label, view.incident.severity
        await reply(interaction, voice.say("consoles.triage.promoted", label=label, severity=severity))


class Dismiss(Control, template=template(TriageVerb.DISMISS)):
    """[🟢 問題なし]."""

    async def press(self, interaction: Press) -> None:
        """Nothing is wrong: no alert."""
        await wait(interaction)
        by, voice = await person_of(interaction), interaction.client.voice(interaction)
        view = await interaction.client.services(interaction).reevaluations.dismiss(self.number, by=by)
        title = inert(view.triage.title, limit=TITLE_ROOM)
        done = voice.say("consoles.triage.dismissed_by", title=title)
        await reply(interaction, done if view.notice is None else answered_before(voice, view))


class Again(Control, template=template(TriageVerb.AGAIN)):
    """[🔎 もう一度見る]."""

    async def press(self, interaction: Press) -> None:
        """The questions from the start."""
        await wait(interaction)
        by, voice = await person_of(interaction), interaction.client.voice(interaction)
        view = await interaction.client.services(interaction).reevaluations.look_again(self.number, by=by)
        if view.notice is not None:
            await reply(interaction, answered_before(voice, view))
            return
        await reply(interaction, view=triage_card(voice, view))
