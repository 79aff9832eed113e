"""`/digest preview`: the week as it will be told on Monday, to the person who asks alone."""

from typing import Final

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import IncidentBot
from bot.domain.calendar.iso_week import IsoWeek
from bot.domain.errors import UserError
from bot.i18n.options import described
from bot.ui.interaction import Interaction, reply, services_of, voice_of, wait
from bot.ui.posts.digests import digest
from bot.ui.words.wording import Wording

Week = app_commands.Range[str, 1, 16]

digest_group: Final = app_commands.guild_only(
    app_commands.Group(
        name="digest",
        description=locale_str("The weekly digest", key="commands.digest"),
    )
)


@digest_group.command(
    name="preview",
    description=locale_str("Show a draft of the digest to you alone", key="commands.digest_preview"),
)
@described(week=locale_str("ISO week such as 2026-W47; last week if left out", key="commands.digest_week"))
async def preview(interaction: Interaction, week: Week | None = None) -> None:
    """Show the week in the team's words, because that is what would be posted."""
    await wait(interaction)
    services = services_of(interaction)
    digests = services.digests
    asked = _week(week) if week else await digests.last_week()
    figures = await digests.figures(services.guild_id, asked)
    body = digest(Wording(interaction.client.texts, services.policy), figures)
    told = voice_of(interaction).say("consoles.digest.preview", week=asked)
    await reply(interaction, told)
    await reply(interaction, str(body["content"]), embed=_embed(body))


def _week(text: str) -> IsoWeek:
    try:
        return IsoWeek.parse(text)
    except ValueError:
        raise UserError("week_unreadable", value=text) from None


def _embed(body: dict[str, object]) -> discord.Embed | None:
    embeds = body["embeds"]
    assert isinstance(embeds, list)
    return discord.Embed.from_dict(embeds[0]) if embeds else None


async def setup(bot: IncidentBot) -> None:
    bot.tree.add_command(digest_group)
