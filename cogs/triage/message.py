"""A triage that starts from a message: by its menu, or by a button under an alert."""

import asyncio
from collections.abc import Mapping
from typing import Final, TypeAlias

import discord
import structlog
from discord import app_commands
from discord.app_commands import locale_str
from discord.http import Route

from bot.client import IncidentBot
from bot.domain.errors import DeliveryRefused, UnavailableError
from bot.domain.evidence import Evidence
from bot.ui.components import Control
from bot.ui.forms.base import Source
from bot.ui.posts.triage_posts import FROM
from bot.ui.rest.client import Rest
from bot.ui.words.evidence import evidence_from, evidence_of, suggested_title
from cogs.triage.form import admit, open_form, source_of

log = structlog.get_logger(__name__)

Press: TypeAlias = discord.Interaction[IncidentBot]

# Discord takes a modal only as the first response, so it comes at once, even when a read is slow: what is
# not read by then is read when the form has come back, which leaves time for it.
_READ_BEFORE_FORM_S: Final = 0.4
_READ_AFTER_FORM_S: Final = 5.0


def register(bot: IncidentBot) -> None:
    """The menu and the button."""
    bot.add_controls(From)
    bot.tree.add_command(triage_message)


@app_commands.context_menu(name=locale_str("Triage this message", key="commands.triage_message"))
@app_commands.guild_only()
async def triage_message(interaction: Press, message: discord.Message) -> None:
    """The form about a message, whose words only this interaction carries: they are kept beside it."""
    await admit(interaction)
    await _require_public(interaction)
    evidence, source = evidence_of(message), Source(message.channel.id, message.id)
    names = {user.id: user.display_name for user in message.mentions}
    await _open_about(interaction, source, evidence, names)


class From(Control, template=FROM):
    """[🔎 triage] under an alert: the form about the message that its custom id names."""

    async def press(self, interaction: Press) -> None:
        """With the message's words: as they were heard, or read; when that takes too long, without."""
        await admit(interaction)
        source = source_of(self.fields)
        if source is None:
            await open_form(interaction)
            return
        heard = interaction.client.heard.get(source.message_id)
        evidence = heard or await _read(interaction, source, within_s=_READ_BEFORE_FORM_S)
        if evidence is None:
            await open_form(interaction, source=source)
            return
        await _open_about(interaction, source, evidence, {})


async def _require_public(interaction: Press) -> None:
    """Refuse what is said in a private incident's thread; not known in time, it is asked with the form.

    Of a public thread nothing is asked here: its incident may have become private since, and the form that is
    sent is refused then.
    """
    if not isinstance(interaction.channel, discord.Thread) or not interaction.channel.is_private():
        return
    triages = interaction.client.services(interaction).triages
    try:
        async with asyncio.timeout(_READ_BEFORE_FORM_S):
            await triages.require_public(interaction.channel.id)
    except (TimeoutError, UnavailableError) as error:
        log.info("triage.thread_not_looked_up", reason=str(error))


async def _open_about(
    interaction: Press, source: Source, evidence: Evidence, names: Mapping[int, str]
) -> None:
    """The form, and beside it the words for when it comes back."""
    triages = interaction.client.services(interaction).triages
    triages.remember_message(source.channel_id, source.message_id, evidence)
    await open_form(interaction, title=suggested_title(evidence.text, names), source=source)
    interaction.client.spawn(_keep(interaction, source, evidence), name="a message kept")


async def _keep(interaction: Press, source: Source, evidence: Evidence) -> None:
    """Beside everything else: a database that is slow or away must not keep the form from the person."""
    await interaction.client.has_responded()
    triages = interaction.client.services(interaction).triages
    await triages.note_message(source.channel_id, source.message_id, evidence)


async def evidence_for(interaction: Press, source: Source) -> Evidence | None:
    """What was kept when the form was opened; else the message as it can be read now, if it can."""
    triages = interaction.client.services(interaction).triages
    kept = await triages.noted_message(source.channel_id, source.message_id)
    if kept is not None:
        return kept
    return await _read(interaction, source, within_s=_READ_AFTER_FORM_S)


async def _read(interaction: Press, source: Source, *, within_s: float) -> Evidence | None:
    route = Route(
        "GET",
        "/channels/{channel_id}/messages/{message_id}",
        channel_id=source.channel_id,
        message_id=source.message_id,
    )
    try:
        payload = await Rest(interaction.client, deadline_s=within_s).one(route)
    except (DeliveryRefused, UnavailableError) as error:
        log.info("triage.message_not_read", reason=str(error))
        return None
    return evidence_from(payload, guild_id=interaction.client.services(interaction).guild_id)
