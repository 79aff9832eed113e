"""`/dlq`: what was not delivered, and sending it again. Source: the runbook, DLQ 確認."""

from typing import Final

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.client import IncidentBot
from bot.domain.dlq import DlqFilter
from bot.domain.errors import BotError
from bot.i18n.options import described
from bot.ui.answers import Pressed, control
from bot.ui.interaction import Interaction, keep, redraw, reply, services_of, voice_of, wait
from bot.ui.people import person_from
from bot.ui.screens.dlq_console import CHANNEL_LIMIT, LAST_PAGE, SEVERITY_LIMIT, entry_choice
from bot.ui.screens.dlq_desk import DlqDesk

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
_OFFERED: Final = 25  # Discord: choices of an autocomplete
ID_OPTION: Final = locale_str("The entry's id; the list's six digits are enough", key="commands.dlq_id")

dlq_group: Final = app_commands.guild_only(
    app_commands.Group(
        name="dlq",
        description=locale_str("Look into undelivered notifications, and replay them", key="commands.dlq"),
    )
)


@dlq_group.command(
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
    interaction: Interaction,
    hours: Hours = 24,
    severity: Severity | None = None,
    channel: Channel | None = None,
    page: PageNumber = 1,
) -> None:
    """Show 直近で配信失敗した通知."""
    await wait(interaction)
    name = channel.lstrip("#") if channel else None
    asked = DlqFilter(hours=hours, severity=severity, channel=name or None)
    await reply(interaction, view=await _desk(interaction).recent(asked, page=page))


@recent.autocomplete("severity")
async def _priorities(interaction: Interaction, typed: str) -> list[Choice[str]]:
    policy = services_of(interaction).policy
    known = [severity.priority for severity in policy.severities.values()]
    return [Choice(name=name, value=name) for name in known if typed.casefold() in name.casefold()]


@dlq_group.command(
    name="p0-email",
    description=locale_str(
        "Failed P0 notifications, and whether the email went out", key="commands.dlq_p0_email"
    ),
)
async def p0_email(interaction: Interaction) -> None:
    """Show P0 で email backup が送られたか."""
    await wait(interaction)
    await reply(interaction, view=await _desk(interaction).p0_email())


@dlq_group.command(
    name="http-status", description=locale_str("Failures by HTTP status", key="commands.dlq_http_status")
)
@described(hours=HOURS_OPTION)
async def http_status(interaction: Interaction, hours: Hours = 1) -> None:
    """Show the failures by HTTP status: Discord 自体の障害を疑うとき."""
    await wait(interaction)
    await reply(interaction, view=await _desk(interaction).http_status(hours=hours))


async def offer_entries(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the latest failures by short id and title; none while the table cannot be read."""
    dlq, voice = services_of(interaction).dlq, voice_of(interaction)
    try:
        found = await dlq.offered(typed, by=person_from(interaction.user), limit=_OFFERED)
    except BotError:
        return []
    return [Choice(name=entry_choice(voice, entry), value=str(entry.id)) for entry in found]


@dlq_group.command(name="show", description=locale_str("Look at one entry", key="commands.dlq_show"))
@described(id_=ID_OPTION)
@app_commands.autocomplete(id_=offer_entries)
async def show(interaction: Interaction, id_: EntryId) -> None:
    """Show one failure, as it would have looked."""
    await wait(interaction)
    await reply(interaction, view=await _desk(interaction).entry(id_))


@dlq_group.command(
    name="replay",
    description=locale_str("Send one entry again, after a preview", key="commands.dlq_replay"),
)
@described(id_=ID_OPTION)
@app_commands.autocomplete(id_=offer_entries)
async def replay(interaction: Interaction, id_: EntryId) -> None:
    """Preview first; nothing is sent yet."""
    await wait(interaction)
    await reply(interaction, view=await _desk(interaction).preview(id_))


@control(RECENT)
async def press_recent(interaction: Interaction, pressed: Pressed) -> None:
    """[直近] [◀] [▶]: show the page that the custom id names."""
    await keep(interaction)
    at = pressed.fields
    asked = DlqFilter(int(at["hours"]), at["severity"] or None, at["channel"] or None)
    await redraw(interaction, await _desk(interaction).recent(asked, page=int(at["page"])))


@control(r"dlq:v1:p0")
async def press_p0_email(interaction: Interaction, _pressed: Pressed) -> None:
    """[P0 メール]: show whether the emails went out."""
    await keep(interaction)
    await redraw(interaction, await _desk(interaction).p0_email())


@control(r"dlq:v1:http:(?P<hours>\d{1,3})")
async def press_http_status(interaction: Interaction, pressed: Pressed) -> None:
    """[HTTP 別]: show the counts per HTTP status."""
    await keep(interaction)
    await redraw(interaction, await _desk(interaction).http_status(hours=int(pressed.fields["hours"])))


@control(r"dlq:v1:open")
async def choose_entry(interaction: Interaction, pressed: Pressed) -> None:
    """Show the chosen entry below the list."""
    await wait(interaction)
    await reply(interaction, view=await _desk(interaction).entry(pressed.chosen))


@control(rf"dlq:v1:json:{UUID}")
async def press_json(interaction: Interaction, pressed: Pressed) -> None:
    """[生の JSON]: send the payload as it is stored."""
    await wait(interaction)
    text, file = await _desk(interaction).raw(pressed.fields["entry"])
    await reply(interaction, text, file=file)


@control(rf"dlq:v1:preview:{UUID}")
async def press_preview(interaction: Interaction, pressed: Pressed) -> None:
    """[再送]: show what would be sent; nothing is sent yet."""
    await wait(interaction)
    await reply(interaction, view=await _desk(interaction).preview(pressed.fields["entry"]))


@control(rf"dlq:v1:replay:{UUID}")
async def press_replay(interaction: Interaction, pressed: Pressed) -> None:
    """[再送する]: send it, and say where it arrived if that is known within moments."""
    await keep(interaction)
    desk, entry = _desk(interaction), pressed.fields["entry"]
    await redraw(interaction, await desk.replay(entry))
    if ended := await desk.ended(entry):
        await redraw(interaction, ended)


def _desk(interaction: Interaction) -> DlqDesk:
    by = person_from(interaction.user)
    services = services_of(interaction)
    return DlqDesk(services.dlq, voice_of(interaction), by=by, guild_id=services.guild_id)


async def setup(bot: IncidentBot) -> None:
    bot.add_controls(
        press_recent, press_p0_email, press_http_status, choose_entry, press_json, press_preview, press_replay
    )
    bot.tree.add_command(dlq_group)
