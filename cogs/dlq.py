"""`/dlq`: what was not delivered, and sending it again. Source: the runbook, DLQ 確認."""

from typing import Final

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str
from discord.ext import commands

from bot.client import IncidentBot
from bot.domain.dlq import DlqFilter
from bot.i18n.options import described
from bot.ui.components import Control
from bot.ui.interaction import keep, redraw, reply, wait
from bot.ui.people import person_from
from bot.ui.screens.dlq_console import CHANNEL_LIMIT, LAST_PAGE, SEVERITY_LIMIT
from bot.ui.screens.dlq_desk import DlqDesk

Press = discord.Interaction[IncidentBot]
Hours = app_commands.Range[int, 1, 720]
PageNumber = app_commands.Range[int, 1, LAST_PAGE]
Severity = app_commands.Range[str, 1, SEVERITY_LIMIT]
Channel = app_commands.Range[str, 1, CHANNEL_LIMIT]
EntryId = app_commands.Range[str, 1, 64]

UUID: Final = r"(?P<entry>[0-9a-f-]{36})"
RECENT: Final = (
    r"dlq:v1:(?:recent|turn):(?P<hours>\d{1,3}):(?P<severity>[^:]{0,16})"
    r":(?P<channel>.{0,60}):(?P<page>\d{1,4})"
)
HOURS_OPTION: Final = locale_str("How many hours back (1 to 720)", key="commands.dlq_hours")
ID_OPTION: Final = locale_str("The entry's id", key="commands.dlq_id")


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
        self.bot.add_controls(Recent, P0Email, HttpStatus, OpenEntrySelect, RawJson, PreviewReplay, Replay)

    @app_commands.command(
        name="recent",
        description=locale_str("Notifications that failed lately", key="commands.dlq_recent"),
    )
    @described(
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
        await reply(interaction, view=await _desk(interaction).recent(asked, page=page))

    @recent.autocomplete("severity")
    async def _priorities(self, interaction: Press, typed: str) -> list[Choice[str]]:
        policy = self.bot.services(interaction).policy
        known = [severity.priority for severity in policy.severities.values()]
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
        await reply(interaction, view=await _desk(interaction).p0_email())

    @app_commands.command(
        name="http-status", description=locale_str("Failures by HTTP status", key="commands.dlq_http_status")
    )
    @described(hours=HOURS_OPTION)
    async def http_status(self, interaction: Press, hours: Hours = 1) -> None:
        """Discord 自体の障害を疑うとき."""
        await wait(interaction)
        await reply(interaction, view=await _desk(interaction).http_status(hours=hours))

    @app_commands.command(name="show", description=locale_str("Look at one entry", key="commands.dlq_show"))
    @described(id_=ID_OPTION)
    async def show(self, interaction: Press, id_: EntryId) -> None:
        """One failure, as it would have looked."""
        await wait(interaction)
        await reply(interaction, view=await _desk(interaction).entry(id_))

    @app_commands.command(
        name="replay",
        description=locale_str("Send one entry again, after a preview", key="commands.dlq_replay"),
    )
    @described(id_=ID_OPTION)
    async def replay(self, interaction: Press, id_: EntryId) -> None:
        """Preview first; nothing is sent yet."""
        await wait(interaction)
        await reply(interaction, view=await _desk(interaction).preview(id_))


class Recent(Control, template=RECENT):
    """[直近] [◀] [▶]."""

    async def press(self, interaction: Press) -> None:
        """The page that the custom id names."""
        await keep(interaction)
        at = self.fields
        asked = DlqFilter(int(at["hours"]), at["severity"] or None, at["channel"] or None)
        await redraw(interaction, await _desk(interaction).recent(asked, page=int(at["page"])))


class P0Email(Control, template=r"dlq:v1:p0"):
    """[P0 メール]."""

    async def press(self, interaction: Press) -> None:
        """Show whether the emails went out."""
        await keep(interaction)
        await redraw(interaction, await _desk(interaction).p0_email())


class HttpStatus(Control, template=r"dlq:v1:http:(?P<hours>\d{1,3})"):
    """[HTTP 別]."""

    async def press(self, interaction: Press) -> None:
        """Show the counts per HTTP status."""
        await keep(interaction)
        await redraw(interaction, await _desk(interaction).http_status(hours=int(self.fields["hours"])))


class OpenEntrySelect(Control, template=r"dlq:v1:open"):
    """One of the list."""

    async def press(self, interaction: Press) -> None:
        """Show it below the list."""
        await wait(interaction)
        await reply(interaction, view=await _desk(interaction).entry(self.chosen))


class RawJson(Control, template=rf"dlq:v1:json:{UUID}"):
    """[生の JSON]."""

    async def press(self, interaction: Press) -> None:
        """The payload as stored."""
        await wait(interaction)
        text, file = await _desk(interaction).raw(self.fields["entry"])
        await reply(interaction, text, file=file)


class PreviewReplay(Control, template=rf"dlq:v1:preview:{UUID}"):
    """[再送]: what would be sent."""

    async def press(self, interaction: Press) -> None:
        """Nothing is sent yet."""
        await wait(interaction)
        await reply(interaction, view=await _desk(interaction).preview(self.fields["entry"]))


class Replay(Control, template=rf"dlq:v1:replay:{UUID}"):
    """[再送する]."""

    async def press(self, interaction: Press) -> None:
        """Send it, and say where it arrived if that is known within moments."""
        await keep(interaction)
        desk, entry = _desk(interaction), self.fields["entry"]
        await redraw(interaction, await desk.replay(entry))
        if ended := await desk.ended(entry):
            await redraw(interaction, ended)


def _desk(interaction: Press) -> DlqDesk:
    bot, by = interaction.client, person_from(interaction.user)
    services = bot.services(interaction)
    return DlqDesk(services.dlq, bot.voice(interaction), by=by, guild_id=services.guild_id)


async def setup(bot: IncidentBot) -> None:
    """Called by discord.py when the extension is loaded."""
    await bot.add_cog(DlqCommands(bot))
