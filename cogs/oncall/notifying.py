"""`/oncall notify`: the ways outside Discord by which a person wants to be paged."""

import asyncio
from contextlib import suppress
from typing import Final

from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.errors import BotError
from bot.domain.oncall.notify import NotifySettings
from bot.ui.forms.base import Submitted
from bot.ui.forms.fields import ask
from bot.ui.forms.notify import NOTIFY_FORM, notify_form, notify_said, notify_typed
from bot.ui.interaction import Interaction, reply, services_of, voice_of, wait
from bot.ui.people import person_from
from cogs.oncall.group import oncall_group

#: Discord takes a form within 3 s of the command.
_KNOWN_WITHIN_S: Final = 1.5


@oncall_group.command(
    name="notify",
    description=locale_str(
        "How you are paged outside Discord: push, email, quiet hours", key="commands.oncall_notify"
    ),
)
async def notify(interaction: Interaction) -> None:
    """Open the form with what the person has set, if that is known in time."""
    services, by = services_of(interaction), person_from(interaction.user)
    own = NotifySettings(by.id, by.username)
    with suppress(TimeoutError, BotError):
        async with asyncio.timeout(_KNOWN_WITHIN_S):
            own = await services.notifying.settings(services.guild_id, by=by)
    await ask(interaction, notify_form(voice_of(interaction), own))


async def send_notify(interaction: Interaction, form: Submitted) -> None:
    """Store the person's settings; an empty form removes them."""
    await wait(interaction)
    services, by = services_of(interaction), person_from(interaction.user)
    new = notify_typed(form, by=by)
    await services.notifying.save(services.guild_id, new, by=by)
    unusable = services.notifying.unusable(new)
    await reply(interaction, notify_said(voice_of(interaction), new, unusable=unusable))


def register(bot: IncidentBot) -> None:
    """Add the form's handler."""
    bot.add_form(NOTIFY_FORM, send_notify)
