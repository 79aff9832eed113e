"""`/dlq`: what was not delivered, and sending it again. Source: the runbook, DLQ 確認."""

import asyncio
import contextlib
from typing import Final

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str
from discord.ext import commands

from bot.client import IncidentBot
from bot.domain.dlq import DlqFilter
from bot.ui.components import Control
from bot.ui.dlq_console import CHANNEL_LIMIT, SEVERITY_LIMIT, p0_screen, recent_screen, status_screen
from bot.ui.dlq_entry import entry_screen, preview_screen, raw_json, replayed_screen
from bot.ui.interaction import redraw, reply, wait
from bot.ui.people import person_from

Press = discord.Interaction[IncidentBot]
Hours = app_commands.Range[int, 1, 720]
PageNumber = app_commands.Range[int, 1, 9_999]
Severity = app_commands.Range[str, 1, SEVERITY_LIMIT]
Channel = app_commands.Range[str, 1, CHANNEL_LIMIT]
EntryId = app_commands.Range[str, 1, 64]

UUID: Final = r"(?P<entry>[0-9a-f-]{36})"
RECENT: Final = (
    r"dlq:v1:recent:(?P<hours>\d{1,3}):(?P<severity>[^:]{0,16}):(?P<channel>.{0,60}):(?P<page>\d{1,4})"
)
HOURS_OPTION: Final = locale_str("How many hours back (1 to 720)", key="commands.dlq_hours")
ID_OPTION: Final = locale_str("The entry's id", key="commands.dlq_id")

_SENT_WITHIN_S: Final = 2.0
_LOOK_EVERY_S: Final = 0.25


@app_commands.guild_only()
class DlqCommands(
    commands.GroupCog,
    name="dlq",
    description=locale_str("Look into undelivered notifications, and replay them", key="commands.dlq"),
):
    """The runbook's three questions, one entry, one replay."""

    def __init__(self, bot: IncidentBot) -> None:
        self.bot = bot

    async def cog_load(self) -> None:
        """Register the controls of the screens."""
        self.bot.add_controls(Recent, P0Email, HttpStatus, Open, RawJson, Preview, Replay)

    @app_commands.command(
        name="recent",
        description=locale_str("Notifications that failed lately", key="commands.dlq_recent"),
    )
    @app_commands.describe(
        hours=HOURS_OPTION,
        severity=locale_str("Only this priority, such as P0", key="commands.dlq_severity"),
        channel=locale_str("Only this channel, by name", key="commands.dlq_channel"),
        page=locale_str("Page", key="commands.dlq_page"),
    )
    async def recent(
        self,
        interaction: Press,
        hours: Hours = 24,
        severity: Severity | None = None,
        channel: Channel | None = None,
        page: PageNumber = 1,
    ) -> None:
        """直近で配信失敗した通知."""
        await wait(interaction)
        name = channel.lstrip("#") if channel else None
        asked = DlqFilter(hours=hours, severity=severity, channel=name or None)
        await reply(interaction, view=await _recent(interaction, asked, page=page))

    @recent.autocomplete("severity")
    async def _priorities(self, _interaction: Press, typed: str) -> list[Choice[str]]:
        known = [severity.priority for severity in self.bot.services.policy.severities.values()]
        return [Choice(name=name, value=name) for name in known if typed.casefold() in name.casefold()]

    @app_commands.command(
        name="p0-email",
        description=locale_str(
            "Failed P0 notifications, and whether the email went out", key="commands.dlq_p0_email"
        ),
    )
    async def p0_email(self, interaction: Press) -> None:
        """P0 で email backup が送られたか."""
        await wait(interaction)
        await reply(interaction, view=await _p0(interaction))

    @app_commands.command(
        name="http-status", description=locale_str("Failures by HTTP status", key="commands.dlq_http_status")
    )
    @app_commands.describe(hours=HOURS_OPTION)
    async def http_status(self, interaction: Press, hours: Hours = 1) -> None:
        """Discord 自体の障害を疑うとき."""
        await wait(interaction)
        await reply(interaction, view=await _statuses(interaction, hours=hours))

    @app_commands.command(name="show", description=locale_str("Look at one entry", key="commands.dlq_show"))
    @app_commands.rename(entry="id")
    @app_commands.describe(entry=ID_OPTION)
    async def show(self, interaction: Press, entry: EntryId) -> None:
        """One failure, as it would have looked."""
        await wait(interaction)
        await reply(interaction, view=await _entry(interaction, entry))

    @app_commands.command(
        name="replay",
        description=locale_str("Send one entry again, after a preview", key="commands.dlq_replay"),
    )
    @app_commands.rename(entry="id")
    @app_commands.describe(entry=ID_OPTION)
    async def replay(self, interaction: Press, entry: EntryId) -> None:
        """Preview first; nothing is sent yet."""
        await wait(interaction)
        await reply(interaction, view=await _preview(interaction, entry))


class Recent(Control, template=RECENT):
    """[直近] [◀] [▶]."""

    async def press(self, interaction: Press) -> None:
        """The page that the custom id names."""
        await interaction.response.defer()
        at = self.fields
        asked = DlqFilter(int(at["hours"]), at["severity"] or None, at["channel"] or None)
        await redraw(interaction, await _recent(interaction, asked, page=int(at["page"])))


class P0Email(Control, template=r"dlq:v1:p0"):
    """[P0 メール]."""

    async def press(self, interaction: Press) -> None:
        """Whether the emails went out."""
        await interaction.response.defer()
        await redraw(interaction, await _p0(interaction))


class HttpStatus(Control, template=r"dlq:v1:http:(?P<hours>\d{1,3})"):
    """[HTTP 別]."""

    async def press(self, interaction: Press) -> None:
        """Counts per status."""
        await interaction.response.defer()
        await redraw(interaction, await _statuses(interaction, hours=int(self.fields["hours"])))


class Open(Control, template=r"dlq:v1:open"):
    """One of the list."""

    async def press(self, interaction: Press) -> None:
        """Show it below the list."""
        await wait(interaction)
        await reply(interaction, view=await _entry(interaction, self.chosen))


class RawJson(Control, template=rf"dlq:v1:json:{UUID}"):
    """[生の JSON]."""

    async def press(self, interaction: Press) -> None:
        """The payload as stored."""
        await wait(interaction)
        bot, by = interaction.client, person_from(interaction.user)
        view = await bot.services.dlq.entry(self.fields["entry"], by=by, guild_id=bot.guild_id)
        text, file = raw_json(bot.voice(interaction), view.entry)
        await reply(interaction, text, file=file)


class Preview(Control, template=rf"dlq:v1:preview:{UUID}"):
    """[再送]: what would be sent."""

    async def press(self, interaction: Press) -> None:
        """Nothing is sent yet."""
        await wait(interaction)
        await reply(interaction, view=await _preview(interaction, self.fields["entry"]))


class Replay(Control, template=rf"dlq:v1:replay:{UUID}"):
    """[再送する]."""

    async def press(self, interaction: Press) -> None:
        """Send it, and say where it arrived if that is known within moments."""
        await interaction.response.defer()
        bot, by, voice = (
            interaction.client,
            person_from(interaction.user),
            interaction.client.voice(interaction),
        )
        dlq, entry = bot.services.dlq, self.fields["entry"]
        record = await dlq.replay(entry, by=by, guild_id=bot.guild_id)
        await redraw(interaction, replayed_screen(voice, record, guild_id=bot.guild_id))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SENT_WITHIN_S):
                while record.message_id is None:
                    await asyncio.sleep(_LOOK_EVERY_S)
                    record = (await dlq.entry(entry, by=by, guild_id=bot.guild_id)).replay or record
        await redraw(interaction, replayed_screen(voice, record, guild_id=bot.guild_id))


async def _recent(interaction: Press, asked: DlqFilter, *, page: int) -> discord.ui.LayoutView:
    bot, by = interaction.client, person_from(interaction.user)
    found = await bot.services.dlq.recent(asked, number=page, by=by, guild_id=bot.guild_id)
    return recent_screen(bot.voice(interaction), found)


async def _p0(interaction: Press) -> discord.ui.LayoutView:
    bot, by = interaction.client, person_from(interaction.user)
    return p0_screen(bot.voice(interaction), await bot.services.dlq.p0_email(by=by, guild_id=bot.guild_id))


async def _statuses(interaction: Press, *, hours: int) -> discord.ui.LayoutView:
    bot, by = interaction.client, person_from(interaction.user)
    counts = await bot.services.dlq.http_status(hours=hours, by=by, guild_id=bot.guild_id)
    return status_screen(bot.voice(interaction), counts, hours=hours)


async def _entry(interaction: Press, entry: str) -> discord.ui.LayoutView:
    bot, by = interaction.client, person_from(interaction.user)
    view = await bot.services.dlq.entry(entry, by=by, guild_id=bot.guild_id)
    return entry_screen(bot.voice(interaction), view, guild_id=bot.guild_id)


async def _preview(interaction: Press, entry: str) -> discord.ui.LayoutView:
    bot, by = interaction.client, person_from(interaction.user)
    preview = await bot.services.dlq.preview_replay(entry, by=by, guild_id=bot.guild_id)
    return preview_screen(bot.voice(interaction), preview, guild_id=bot.guild_id)


async def setup(bot: IncidentBot) -> None:
    """Called by discord.py when the extension is loaded."""
    await bot.add_cog(DlqCommands(bot))
