"""`/triage`: from "something is wrong" to an alert. And `/sev1 件名`, the short way."""

from functools import partial
from operator import attrgetter
from typing import Final, cast

import discord
from discord import app_commands
from discord.app_commands import locale_str
from discord.ext import commands

from bot.client import IncidentBot
from bot.domain.errors import UserError
from bot.domain.incident import Incident, NewIncident
from bot.domain.start_time import parse_start_time
from bot.domain.triage_session import NewTriage
from bot.services.incidents import TITLE_LIMIT
from bot.services.triages import TriageView
from bot.ui.components import Control
from bot.ui.forms import TRIAGE_FORM, Submitted, Typed, started_now, triage_form
from bot.ui.interaction import redraw, reply, soon, wait
from bot.ui.people import person_from
from bot.ui.triage_card import retry_message, sent_card, triage_card, typed_before

Press = discord.Interaction[IncidentBot]
Title = app_commands.Range[str, 1, TITLE_LIMIT]

ANSWER: Final = (
    r"tri:v1:answer:(?P<number>\d{1,18}):(?P<question>[a-z0-9_]{1,24}):(?P<answer>[a-z0-9_]{1,24})"
)


class TriageCommands(commands.Cog):
    """Starts a triage, or an incident at once."""

    def __init__(self, bot: IncidentBot) -> None:
        self.bot = bot

    async def cog_load(self) -> None:
        """Register the form, the card's controls, and one short command per severity of the policy."""
        self.bot.add_form(TRIAGE_FORM, send_triage)
        self.bot.add_controls(Answer, Leave, ChooseSeverity, Confirm, Retry)
        for name in self.bot.services.policy.severities:
            self.bot.tree.add_command(short_command(name))

    @app_commands.command(
        name="triage",
        description=locale_str("Report trouble: a few questions decide the severity", key="commands.triage"),
    )
    @app_commands.guild_only()
    async def triage(self, interaction: Press) -> None:
        """Open the form. Discord takes a modal only as the first response, so nothing is awaited before."""
        services, by = self.bot.services, person_from(interaction.user)
        if not services.access.allows(by, "triage"):
            await wait(interaction)
            await services.access.require(by, "triage", guild_id=self.bot.guild_id)
        voice = self.bot.voice(interaction)
        typed = Typed(started=started_now(voice, interaction.created_at))
        await interaction.response.send_modal(triage_form(voice, typed))


def short_command(severity: str) -> app_commands.Command[commands.Cog, ..., None]:
    """`/sev1 件名` for the severity of this name."""

    @app_commands.command(
        name=severity.lower(),
        description=locale_str("Raise an alert of this severity at once", key="commands.short"),
    )
    @app_commands.describe(title=locale_str("What is happening", key="commands.title"))
    @app_commands.guild_only()
    async def declare(interaction: Press, title: Title) -> None:
        await wait(interaction)
        incident = await interaction.client.services.incidents.open(
            NewIncident(
                guild_id=interaction.client.guild_id,
                severity=severity,
                title=title,
                targets=(),
                symptoms=(),
                started_at=interaction.created_at,
                reported_by=person_from(interaction.user),
                path=(),
                key=f"interaction:{interaction.id}",
            )
        )
        await _show_sent(interaction, incident)

    return declare


async def send_triage(interaction: Press, form: Submitted) -> None:
    """The form came back: begin the walk, or say what is wrong with the start time."""
    await wait(interaction)
    bot, policy = interaction.client, interaction.client.services.policy
    voice = bot.voice(interaction)
    typed = form.typed(policy)
    try:
        started_at = parse_start_time(typed.started, now=interaction.created_at, timezone=policy.timezone)
    except UserError as refused:
        text, embed, view = retry_message(voice, typed, refused)
        await reply(interaction, text, embed=embed, view=view)
        return
    started = await bot.services.triages.start(
        NewTriage(
            guild_id=bot.guild_id,
            by=person_from(interaction.user),
            title=typed.title,
            targets=typed.targets,
            symptoms=typed.symptoms,
            started_at=started_at,
            key=f"interaction:{interaction.id}",
        )
    )
    await reply(interaction, view=triage_card(voice, started))


class Retry(Control, template=r"tri:v1:retry:(?P<targets>\d{1,8}):(?P<symptoms>\d{1,8})"):
    """[直して送る]: the form again, with what was typed."""

    async def press(self, interaction: Press) -> None:
        """Read it from the message that was pressed on."""
        voice = interaction.client.voice(interaction)
        chosen = {name: int(bits) for name, bits in self.fields.items()}
        typed = typed_before(voice, cast("discord.Message", interaction.message), **chosen)
        await interaction.response.send_modal(triage_form(voice, typed))


class Answer(Control, template=ANSWER):
    """An answer of the decision tree, わからない included."""

    async def press(self, interaction: Press) -> None:
        """Answer, and show what comes next."""
        await interaction.response.defer()
        question, answer = self.fields["question"], self.fields["answer"]
        by = person_from(interaction.user)
        triages = interaction.client.services.triages
        await _redraw(interaction, await triages.answer(self.number, question=question, answer=answer, by=by))


class Leave(Control, template=r"tri:v1:(?P<way>back|cancel):(?P<number>\d{1,18})"):
    """[戻る] [やめる]."""

    async def press(self, interaction: Press) -> None:
        """Withdraw the last answer, or stop without an incident."""
        await interaction.response.defer()
        triages = interaction.client.services.triages
        leave = triages.back if self.fields["way"] == "back" else triages.cancel
        await _redraw(interaction, await leave(self.number))


class ChooseSeverity(Control, template=r"tri:v1:severity:(?P<number>\d{1,18})"):
    """[重大度を変える]."""

    async def press(self, interaction: Press) -> None:
        """Overrule the tree."""
        await interaction.response.defer()
        triages = interaction.client.services.triages
        await _redraw(interaction, await triages.choose_severity(self.number, severity=self.chosen))


class Confirm(Control, template=r"tri:v1:confirm:(?P<number>\d{1,18})"):
    """[🚨 発報する]."""

    async def press(self, interaction: Press) -> None:
        """Open the incident, or put it on the clock of re-evaluation."""
        await interaction.response.defer()
        by = person_from(interaction.user)
        view = await interaction.client.services.triages.confirm(self.number, by=by)
        if view.incident is None:
            await _redraw(interaction, view)
        else:
            await _show_sent(interaction, view.incident)


async def _redraw(interaction: Press, view: TriageView) -> None:
    await redraw(interaction, triage_card(interaction.client.voice(interaction), view))


async def _show_sent(interaction: Press, incident: Incident) -> None:
    """発報しました at once, and again when Discord has the posts or has refused them."""
    await redraw(interaction, sent_card(interaction.client.voice(interaction), incident))
    if not await _show_outcome(interaction, incident.id, within_s=2.0):
        outcome = _show_outcome(interaction, incident.id, within_s=180.0)
        interaction.client.spawn(outcome, name="outcome of an alert")


async def _show_outcome(interaction: Press, incident_id: int, *, within_s: float) -> bool:
    """Redraw the card once it is known what became of the alert; False when that took too long."""
    read = partial(interaction.client.services.incidents.opening, incident_id)
    opening = await soon(read, done=attrgetter("is_settled"), within_s=within_s)
    if opening is not None:
        voice = interaction.client.voice(interaction)
        await redraw(interaction, sent_card(voice, opening.incident, opening))
    return opening is not None


async def setup(bot: IncidentBot) -> None:
    """Called by discord.py when the extension is loaded."""
    await bot.add_cog(TriageCommands(bot))
