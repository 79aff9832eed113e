"""`/dlq`: what was not delivered, in three views, narrowed, and as files. Source: the runbook, DLQ 確認."""

import asyncio
from contextlib import suppress
from typing import Final

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.client import IncidentBot
from bot.domain.dlq.failures import StatusCounts
from bot.domain.dlq.views import USUAL_HOURS, DlqFilter, DlqView
from bot.domain.errors import BotError
from bot.i18n.options import described
from bot.ui.answers import Pressed, control
from bot.ui.choices import named_choices
from bot.ui.forms.base import Submitted
from bot.ui.forms.dlq_filter import FILTER_FORM, asked_in, filter_form
from bot.ui.forms.fields import ask
from bot.ui.interaction import Interaction, keep, redraw, reply, services_of, voice_of, wait
from bot.ui.pictures import as_files
from bot.ui.screens.dlq.file import CsvFile, JsonFile
from cogs.dlq.group import dlq_group, offer_channels, presenter_of

Hours = app_commands.Range[int, 1, 720]
Severity = app_commands.Range[str, 1, 40]
Channel = app_commands.Range[str, 1, 100]
Word = app_commands.Range[str, 0, 100]

HANDLE: Final = r"(?P<handle>[^\r\n]{1,80})"
#: Buttons of versions whose pages had numbers: they lead to the first page of their filter.
NUMBERED: Final = (
    r"dlq:v1:(?:recent|turn):(?P<hours>\d{1,3}):(?P<severity>[^:]{0,16})"
    r":(?P<channel>.{0,60}):(?P<page>\d{1,4})"
)
HOURS_OPTION: Final = locale_str("How many hours back (1 to 720)", key="commands.dlq_hours")
#: The options that narrow a list.
FILTER_OPTIONS: Final = {
    "hours": HOURS_OPTION,
    "severity": locale_str("Only this priority, such as P0", key="commands.dlq_severity"),
    "channel": locale_str("Only this channel, by name", key="commands.dlq_channel"),
    "status": locale_str("Only this HTTP status or state, such as 503", key="commands.dlq_status"),
    "text": locale_str("Only what has this in its title or error", key="commands.dlq_text"),
    "period": locale_str("From when, perhaps until when, instead of hours", key="commands.dlq_period"),
}
#: How long a form waits for the filter that it begins with, seconds: it is due within 3.
_KNOWN_WITHIN_S: Final = 1.0


def filter_of(hours: int, severity: str | None, channel: str | None, text: str | None) -> DlqFilter:
    """Return the filter that a command's options mean, without the period and the status."""
    name = channel.lstrip("#") if channel else None
    return DlqFilter(hours=hours, severity=severity, channel=name or None, text=text)


async def offer_priorities(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the policy's priorities."""
    known = services_of(interaction).policy.severities.values()
    return named_choices([severity.priority for severity in known], typed)


@dlq_group.command(
    name="recent",
    description=locale_str("Notifications that failed lately", key="commands.dlq_recent"),
)
@described(**FILTER_OPTIONS)
@app_commands.autocomplete(severity=offer_priorities, channel=offer_channels)
async def recent(  # noqa: PLR0913, PLR0917  # Discord's options are parameters
    interaction: Interaction,
    hours: Hours = USUAL_HOURS,
    severity: Severity | None = None,
    channel: Channel | None = None,
    status: Word = "",
    text: Word | None = None,
    period: Word = "",
) -> None:
    """Show 直近で配信失敗した通知."""
    await wait(interaction)
    asked = filter_of(hours, severity, channel, text)
    screen = await presenter_of(interaction).filtered(asked, period=period, status=status)
    await reply(interaction, view=screen)


@dlq_group.command(
    name="p0-email",
    description=locale_str(
        "Failed P0 notifications, and whether the email went out", key="commands.dlq_p0_email"
    ),
)
async def p0_email(interaction: Interaction) -> None:
    """Show P0 で email backup が送られたか."""
    await wait(interaction)
    await reply(interaction, view=await presenter_of(interaction).most_severe())


@dlq_group.command(
    name="http-status", description=locale_str("Failures by HTTP status", key="commands.dlq_http_status")
)
@described(hours=HOURS_OPTION)
async def http_status(interaction: Interaction, hours: Hours = 1) -> None:
    """Show the failures by HTTP status: Discord 自体の障害を疑うとき."""
    await wait(interaction)
    presenter = presenter_of(interaction)
    found = await presenter.http_statuses(hours=hours)
    await reply(interaction, view=presenter.statuses(found))
    await _add_picture(interaction, found)


@control(rf"dlq:v2:page:{HANDLE}")
async def press_page(interaction: Interaction, pressed: Pressed) -> None:
    """[直近] [◀] [▶]: show the page that the button carries."""
    await keep(interaction)
    await redraw(interaction, await presenter_of(interaction).turned(pressed.fields["handle"]), files=list)


@control(NUMBERED)
async def press_numbered(interaction: Interaction, pressed: Pressed) -> None:
    """[直近] [◀] [▶] of a version before: show the first page of its filter."""
    await keep(interaction)
    at = pressed.fields
    asked = DlqFilter(int(at["hours"]), at["severity"] or None, at["channel"] or None)
    await redraw(interaction, await presenter_of(interaction).recent(DlqView(asked)), files=list)


@control(rf"dlq:v2:filter:{HANDLE}")
async def press_filter(interaction: Interaction, pressed: Pressed) -> None:
    """[🔎 絞り込み]: ask what to list, with what is listed now if that is known in time."""
    asked = DlqFilter()
    with suppress(TimeoutError, BotError):
        async with asyncio.timeout(_KNOWN_WITHIN_S):
            asked = (await presenter_of(interaction).view(pressed.fields["handle"])).filter
    await ask(interaction, filter_form(voice_of(interaction), asked))


async def send_filter(interaction: Interaction, form: Submitted) -> None:
    """Show what the form asks for, in the place of the list that it was opened from."""
    await keep(interaction)
    asked = asked_in(form)
    screen = await presenter_of(interaction).filtered(asked.filter, period=asked.period, status=asked.status)
    await redraw(interaction, screen, files=list)


@control(rf"dlq:v2:csv:{HANDLE}")
async def press_csv(interaction: Interaction, pressed: Pressed) -> None:
    """[⬇ CSV]: send what the filter matches as a table."""
    await wait(interaction)
    text, file = await presenter_of(interaction).file(pressed.fields["handle"], CsvFile())
    await reply(interaction, text, file=file)


@control(rf"dlq:v2:json:{HANDLE}")
async def press_json_file(interaction: Interaction, pressed: Pressed) -> None:
    """[⬇ JSON]: send what the filter matches, payloads included."""
    await wait(interaction)
    text, file = await presenter_of(interaction).file(pressed.fields["handle"], JsonFile())
    await reply(interaction, text, file=file)


@control(r"dlq:v1:p0")
async def press_p0_email(interaction: Interaction, _pressed: Pressed) -> None:
    """[P0 メール]: show whether the emails went out."""
    await keep(interaction)
    await redraw(interaction, await presenter_of(interaction).most_severe(), files=list)


@control(r"dlq:v1:http:(?P<hours>\d{1,3})")
async def press_http_status(interaction: Interaction, pressed: Pressed) -> None:
    """[HTTP 別]: show the counts per HTTP status."""
    await keep(interaction)
    presenter = presenter_of(interaction)
    found = await presenter.http_statuses(hours=int(pressed.fields["hours"]))
    await redraw(interaction, presenter.statuses(found))
    await _add_picture(interaction, found)


async def _add_picture(interaction: Interaction, found: StatusCounts) -> None:
    """Show the counts again with their picture, once it is drawn: the words do not wait for it."""
    presenter = presenter_of(interaction)
    if (picture := await presenter.picture(found)) is not None:
        await redraw(interaction, presenter.statuses(found, picture), files=lambda: as_files([picture]))


def register(bot: IncidentBot) -> None:
    """Let *bot* answer the buttons and the form of this module."""
    bot.add_controls(
        press_page,
        press_numbered,
        press_filter,
        press_csv,
        press_json_file,
        press_p0_email,
        press_http_status,
    )
    bot.add_form(FILTER_FORM, send_filter)
