"""`/incident audit`: who did what, when, refused or not; for admins."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.audit import AuditQuestion
from bot.i18n.options import described
from bot.ui.answers import Pressed, control
from bot.ui.components import Screen
from bot.ui.interaction import Interaction, keep, redraw, reply, services_of, voice_of, wait
from bot.ui.named_incidents import Number, offer_incidents
from bot.ui.people import person_of
from bot.ui.screens.audit import PAGE, audit_screen, question_of
from cogs.incidents.group import incident_group


def register(bot: IncidentBot) -> None:
    bot.add_controls(turn_page)


@incident_group.command(
    name="audit", description=locale_str("Who did what, when, refused or not", key="commands.incident_audit")
)
@described(
    number=locale_str("Only about this incident", key="commands.incident_audit_number"),
    refused=locale_str("Only what was refused", key="commands.incident_audit_refused"),
)
@app_commands.autocomplete(number=offer_incidents)
async def audit(
    interaction: Interaction,
    number: Number | None = None,
    refused: bool = False,  # noqa: FBT001, FBT002  # an option of the command
) -> None:
    """Show the latest rows of the audit log."""
    await wait(interaction)
    await reply(interaction, view=await _page(interaction, AuditQuestion(number, refused=refused)))


@control(PAGE)
async def turn_page(interaction: Interaction, pressed: Pressed) -> None:
    """[次のページ ▶]: show older rows."""
    await keep(interaction)
    await redraw(interaction, await _page(interaction, question_of(pressed.fields)))


async def _page(interaction: Interaction, asked: AuditQuestion) -> Screen:
    services, by = services_of(interaction), await person_of(interaction)
    page = await services.auditing.page(asked, by=by, guild_id=services.guild_id)
    return audit_screen(voice_of(interaction), page)
