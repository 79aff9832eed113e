"""`/incident resolve`, `cancel` and `reopen`, and the buttons [✅ 解決] and [🔄 再開]."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.i18n.options import described
from bot.services.incidents.lifecycle import REASON_LIMIT
from bot.services.shared.access import Act
from bot.ui.buttons import IncidentVerb, template
from bot.ui.components import Control
from bot.ui.interaction import keep, redraw, reply, wait
from bot.ui.people import person_from, person_of
from bot.ui.screens.incident_answers import ended_screen, reopened_screen, resolve_question
from cogs.incidents.group import (
    NUMBER_OPTION,
    REASON_OPTION,
    Number,
    Press,
    incident_group,
    named,
    offer_ended,
    offer_open,
)

Reason = app_commands.Range[str, 1, REASON_LIMIT]


def register(bot: IncidentBot) -> None:
    """The buttons, and the question's."""
    bot.add_controls(Resolve, ResolveNow, Reopen)


@incident_group.command(
    name="resolve", description=locale_str("Resolve an incident", key="commands.incident_resolve")
)
@described(number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_open)
async def resolve(interaction: Press, number: Number | None = None) -> None:
    """Ask before resolving, because everybody is notified."""
    await wait(interaction)
    await _ask(interaction, (await named(interaction, number)).id)


@incident_group.command(
    name="cancel", description=locale_str("It was a false alarm", key="commands.incident_cancel")
)
@described(reason=REASON_OPTION, number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_open)
async def cancel(interaction: Press, reason: Reason | None = None, number: Number | None = None) -> None:
    """End it as a false alarm; the answer has the way back."""
    await wait(interaction)
    bot, by = interaction.client, person_from(interaction.user)
    incident = await named(interaction, number)
    ended = await bot.services(interaction).lifecycle.cancel(incident.id, by=by, reason=reason or "")
    await reply(interaction, view=ended_screen(bot.voice(interaction), ended))


@incident_group.command(
    name="reopen", description=locale_str("It is not over", key="commands.incident_reopen")
)
@described(reason=REASON_OPTION, number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_ended)
async def reopen(interaction: Press, reason: Reason | None = None, number: Number | None = None) -> None:
    """Reopen the incident; the person who does so becomes its responder."""
    await wait(interaction)
    await _reopen(interaction, (await named(interaction, number)).id, reason=reason or "")


class Resolve(Control, template=template(IncidentVerb.RESOLVE)):
    """[✅ 解決]."""

    async def press(self, interaction: Press) -> None:
        """Ask before resolving, because everybody is notified."""
        await wait(interaction)
        await _ask(interaction, self.number)


class ResolveNow(Control, template=r"inc:v1:resolve-now:(?P<number>\d{1,18})"):
    """[✅ 解決にする], after the question."""

    async def press(self, interaction: Press) -> None:
        """End the incident."""
        await keep(interaction)
        by = await person_of(interaction)
        incident = await interaction.client.services(interaction).lifecycle.resolve(self.number, by=by)
        await redraw(interaction, ended_screen(interaction.client.voice(interaction), incident))


class Reopen(Control, template=template(IncidentVerb.REOPEN)):
    """[🔄 再開]."""

    async def press(self, interaction: Press) -> None:
        """Reopen the incident; the person who presses becomes its responder."""
        await wait(interaction)
        await _reopen(interaction, self.number)


async def _ask(interaction: Press, number: int) -> None:
    bot, by = interaction.client, await person_of(interaction)
    incident = await bot.services(interaction).lifecycle.require_open(number, by=by, act=Act.RESOLVE)
    await reply(interaction, view=resolve_question(bot.voice(interaction), incident))


async def _reopen(interaction: Press, number: int, *, reason: str = "") -> None:
    bot, by = interaction.client, await person_of(interaction)
    incident = await bot.services(interaction).lifecycle.reopen(number, by=by, reason=reason)
    await reply(interaction, view=reopened_screen(bot.voice(interaction), incident))
