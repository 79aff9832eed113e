"""The card's buttons, and [判定に加わる] under the line that says who is triaging."""

from typing import Final, TypeAlias

import discord

from bot.client import IncidentBot
from bot.domain.errors import StorageUnavailable
from bot.domain.incident.incident import NewIncident
from bot.services.triage.views import TriageView
from bot.ui.buttons import TriageVerb, template
from bot.ui.components import Control
from bot.ui.interaction import keep, redraw, reply, wait
from bot.ui.people import person_of
from bot.ui.screens.emergency import raise_anyway, recorded
from bot.ui.screens.outcome import show_sent
from bot.ui.screens.triage_card import triage_card

Press: TypeAlias = discord.Interaction[IncidentBot]

ANSWER: Final = (
    r"tri:v1:answer:(?P<number>\d{1,18}):(?P<question>[a-z0-9_]{1,24}):(?P<answer>[a-z0-9_]{1,24})"
)
#: The end says what the screen promised to open; screens of older versions have none.
CONFIRM: Final = r"tri:v1:confirm:(?P<number>\d{1,18})(?::(?P<shown>[A-Za-z0-9_-]{1,16}))?"


def register(bot: IncidentBot) -> None:
    """The controls."""
    bot.add_controls(AnswerButton, ChooseAnswer, LeaveTriage, Revise, TriageSeverityButton, Confirm, Show)


class AnswerButton(Control, template=ANSWER):
    """An answer of the decision tree, わからない included."""

    async def press(self, interaction: Press) -> None:
        """Answer, and show what comes next."""
        await _answer(interaction, self, self.fields["answer"])


class ChooseAnswer(Control, template=r"tri:v1:choose:(?P<number>\d{1,18}):(?P<question>[a-z0-9_]{1,24})"):
    """The same where there are more than two: one of a select."""

    async def press(self, interaction: Press) -> None:
        """Answer, and show what comes next."""
        await _answer(interaction, self, self.chosen)


class LeaveTriage(Control, template=r"tri:v1:(?P<way>back|cancel):(?P<number>\d{1,18})"):
    """[戻る] [やめる]."""

    async def press(self, interaction: Press) -> None:
        """Withdraw the last answer, or stop without an incident."""
        await keep(interaction)
        triages = interaction.client.services(interaction).triages
        leave = triages.back if self.fields["way"] == "back" else triages.cancel
        await _redraw(interaction, await leave(self.number, by=await person_of(interaction)))


class Revise(Control, template=r"tri:v1:revise:(?P<number>\d{1,18})"):
    """[前の答えを変える]."""

    async def press(self, interaction: Press) -> None:
        """Back to the question that was chosen."""
        await keep(interaction)
        triages, by = interaction.client.services(interaction).triages, await person_of(interaction)
        await _redraw(interaction, await triages.revise(self.number, question=self.chosen, by=by))


class TriageSeverityButton(Control, template=r"tri:v1:severity:(?P<number>\d{1,18})"):
    """[重大度を変える]."""

    async def press(self, interaction: Press) -> None:
        """Overrule the tree."""
        await keep(interaction)
        triages, by = interaction.client.services(interaction).triages, await person_of(interaction)
        await _redraw(interaction, await triages.choose_severity(self.number, severity=self.chosen, by=by))


class Confirm(Control, template=CONFIRM):
    """[🚨 発報する] [⏲️ 再評価に回す]."""

    async def press(self, interaction: Press) -> None:
        """Open the incident, or put it on the clock of re-evaluation."""
        await keep(interaction)
        triages, by = interaction.client.services(interaction).triages, await person_of(interaction)
        try:
            view = await triages.confirm(self.number, by=by, shown=self.fields["shown"])
        except StorageUnavailable:
            if not await _raised_without_database(interaction, self.number, severity=self.fields["shown"]):
                raise
            return
        interaction.client.services(interaction).emergency.remember(view.triage)
        if view.incident is None or view.incident.is_private:  # an old card: it was made private meanwhile
            await _redraw(interaction, view)
        else:
            read = interaction.client.services(interaction).incidents.opening
            await show_sent(interaction, view.incident, read=read)


class Show(Control, template=template(TriageVerb.SHOW)):
    """[判定に加わる]: the same card for another person."""

    async def press(self, interaction: Press) -> None:
        """Show the current card of the triage."""
        await wait(interaction)
        view = await interaction.client.services(interaction).triages.view(
            self.number, by=await person_of(interaction)
        )
        await reply(interaction, view=triage_card(interaction.client.voice(interaction), view))


async def _answer(interaction: Press, control: Control, answer: str) -> None:
    await keep(interaction)
    triages, by = interaction.client.services(interaction).triages, await person_of(interaction)
    question = control.fields["question"]
    await _redraw(interaction, await triages.answer(control.number, question=question, answer=answer, by=by))


async def _redraw(interaction: Press, view: TriageView) -> None:
    interaction.client.services(interaction).emergency.remember(view.triage)
    await redraw(interaction, triage_card(interaction.client.voice(interaction), view))


async def _raised_without_database(interaction: Press, number: int, *, severity: str | None) -> bool:
    """Raise what the card promises although nothing can be recorded; return whether that was done."""
    services = interaction.client.services(interaction)
    emergency = services.emergency
    triage = emergency.walk(number)
    known = severity in services.policy.severities
    if triage is None or severity is None or not known or not emergency.covers(severity):
        return False
    new = NewIncident(
        guild_id=triage.guild_id,
        severity=severity,
        title=triage.title,
        targets=triage.targets,
        symptoms=triage.symptoms,
        started_at=triage.started_at,
        reported_by=await person_of(interaction),
        path=triage.path_to(severity),
        key=f"triage:{number}",  # as `Raising` has it: confirmed once more, it is the same one
    )
    if incident := await recorded(new.key, incidents=services.incidents):
        await show_sent(interaction, incident, read=services.incidents.opening)
        return True
    await raise_anyway(interaction, new, emergency=emergency, voice=interaction.client.voice(interaction))
    return True
