"""Sending undelivered notifications again: one, or all that a filter matches."""

from functools import partial
from typing import Final

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.client import IncidentBot
from bot.domain.dlq.batches import ReplayBatch, ReplayTarget, Via
from bot.domain.dlq.views import USUAL_HOURS
from bot.i18n.options import described
from bot.ui.answers import Pressed, control
from bot.ui.interaction import Interaction, keep, redraw, reply, services_of, voice_of, wait
from bot.ui.live import follow
from bot.ui.people import person_from
from bot.ui.screens.dlq.replay import target_from
from bot.ui.screens.dlq.replay_presenter import ReplayPresenter
from cogs.dlq.entries import ENTRY, ID_OPTION, EntryId, offer_entries
from cogs.dlq.group import dlq_group, offer_channels, presenter_of
from cogs.dlq.listing import (
    FILTER_OPTIONS,
    HANDLE,
    Channel,
    Hours,
    Severity,
    Word,
    filter_of,
    offer_priorities,
)

TARGET: Final = rf"(?P<how>[bw][mq]):(?P<channel>[^:]{{0,100}}):{ENTRY}"
BATCH: Final = r"(?P<number>\d{1,18})"

TO_OPTION: Final = locale_str("Send it to this channel instead", key="commands.dlq_to")
BY_OPTION: Final = locale_str("Who sends it", key="commands.dlq_by")
BY_CHOICES: Final = [
    Choice(name=locale_str("the bot", key="commands.dlq_by_bot"), value=Via.BOT.value),
    Choice(name=locale_str("the channel's webhook", key="commands.dlq_by_webhook"), value=Via.WEBHOOK.value),
]


@dlq_group.command(
    name="replay",
    description=locale_str("Send one entry again, after a preview", key="commands.dlq_replay"),
)
@described(id_=ID_OPTION, send_to=TO_OPTION, via=BY_OPTION)
@app_commands.autocomplete(id_=offer_entries, send_to=offer_channels)
@app_commands.choices(via=BY_CHOICES)
async def replay(
    interaction: Interaction, id_: EntryId, send_to: Channel | None = None, via: str = Via.BOT.value
) -> None:
    """Preview first; nothing is sent yet."""
    await wait(interaction)
    await reply(interaction, view=await _replays(interaction).preview(id_, _target(send_to, via)))


@dlq_group.command(
    name="replay-all",
    description=locale_str("Send all matching entries again, after a preview", key="commands.dlq_replay_all"),
)
@described(**FILTER_OPTIONS, send_to=TO_OPTION, via=BY_OPTION)
@app_commands.autocomplete(severity=offer_priorities, channel=offer_channels, send_to=offer_channels)
@app_commands.choices(via=BY_CHOICES)
async def replay_all(  # noqa: PLR0913, PLR0917  # Discord's options are parameters
    interaction: Interaction,
    hours: Hours = USUAL_HOURS,
    severity: Severity | None = None,
    channel: Channel | None = None,
    status: Word = "",
    text: Word | None = None,
    period: Word = "",
    send_to: Channel | None = None,
    via: str = Via.BOT.value,
) -> None:
    """Preview first; nothing is sent yet."""
    await wait(interaction)
    asked = filter_of(hours, severity, channel, text)
    target = _target(send_to, via)
    view = await _replays(interaction).preview_all(asked, target, period=period, status=status)
    await reply(interaction, view=view)


@control(rf"dlq:v2:all:{HANDLE}")
async def press_all(interaction: Interaction, pressed: Pressed) -> None:
    """[まとめて再送] below a list: show what would be sent of all that its filter matches."""
    await wait(interaction)
    view = await presenter_of(interaction).view(pressed.fields["handle"])
    await reply(interaction, view=await _replays(interaction).preview_all(view.filter, ReplayTarget()))


@control(rf"dlq:v1:preview:{ENTRY}")
async def press_preview(interaction: Interaction, pressed: Pressed) -> None:
    """[再送]: show what would be sent; nothing is sent yet."""
    await wait(interaction)
    await reply(
        interaction, view=await _replays(interaction).preview(pressed.fields["entry"], ReplayTarget())
    )


@control(rf"dlq:v2:ask:{TARGET}")
async def press_other_target(interaction: Interaction, pressed: Pressed) -> None:
    """[メンションも鳴らす] [webhook で送る]: show the preview anew."""
    await keep(interaction)
    target = target_from(pressed.fields)
    await redraw(interaction, await _replays(interaction).preview(pressed.fields["entry"], target))


@control(rf"dlq:v1:replay:{ENTRY}")
async def press_replay(interaction: Interaction, pressed: Pressed) -> None:
    """[再送する]: send it, and say where it arrived if that is known within moments."""
    await _send(interaction, pressed.fields["entry"], ReplayTarget())


@control(rf"dlq:v2:send:{TARGET}")
async def press_replay_to(interaction: Interaction, pressed: Pressed) -> None:
    """[再送する]: replay the entry to another channel, by a webhook, or with its mentions."""
    await _send(interaction, pressed.fields["entry"], target_from(pressed.fields))


@control(rf"dlq:v1:batch:start:{BATCH}")
async def press_start(interaction: Interaction, pressed: Pressed) -> None:
    """[再送する] of a batch: begin to send; this screen and a message for all show how it goes."""
    await keep(interaction)
    channel_id = interaction.channel_id
    assert channel_id is not None  # the group is for servers
    await _follow(interaction, await _replays(interaction).start(pressed.number, channel_id=channel_id))


@control(rf"dlq:v1:batch:stop:{BATCH}")
async def press_stop(interaction: Interaction, pressed: Pressed) -> None:
    """[止める]: stop the batch; entries that are not sent yet can be replayed again.

    On a person's own screen, that screen shows it.
    """
    message = interaction.message
    await (keep if message is not None and message.flags.ephemeral else wait)(interaction)
    await _follow(interaction, await _replays(interaction).stop(pressed.number))


@control(rf"dlq:v1:batch:result:{BATCH}:(?P<page>\d{{1,3}})")
async def press_results(interaction: Interaction, pressed: Pressed) -> None:
    """[結果]: show what became of each entry."""
    await wait(interaction)
    await _show_results(interaction, pressed)


@control(rf"dlq:v1:batch:(?:turn|again):{BATCH}:(?P<page>\d{{1,3}})")
async def press_turn(interaction: Interaction, pressed: Pressed) -> None:
    """[◀] [▶] [更新]: show another page, or the current state, on the screen that was pressed on."""
    await keep(interaction)
    await _show_results(interaction, pressed)


async def _show_results(interaction: Interaction, pressed: Pressed) -> None:
    batch = await _replays(interaction).batch(pressed.number)
    await _follow(interaction, batch, page=int(pressed.fields["page"]))


async def _follow(interaction: Interaction, batch: ReplayBatch, *, page: int = 1) -> None:
    """Show a batch on the person's screen, until it has ended."""
    replays = _replays(interaction)
    await follow(
        interaction,
        batch,
        read=partial(replays.batch, batch.id),
        draw=partial(replays.results, page=page),
        has_ended=lambda shown: shown.has_ended,
    )


async def _send(interaction: Interaction, entry: str, target: ReplayTarget) -> None:
    await keep(interaction)
    replays = _replays(interaction)
    await redraw(interaction, await replays.replay(entry, target))
    if ended := await replays.ended(entry):
        await redraw(interaction, ended)


def _target(send_to: str | None, via: str) -> ReplayTarget:
    return ReplayTarget(Via(via), (send_to or "").strip().removeprefix("#") or None)


def _replays(interaction: Interaction) -> ReplayPresenter:
    return ReplayPresenter(services_of(interaction), voice_of(interaction), by=person_from(interaction.user))


def register(bot: IncidentBot) -> None:
    """Let *bot* answer the buttons."""
    bot.add_controls(
        press_all,
        press_preview,
        press_other_target,
        press_replay,
        press_replay_to,
        press_start,
        press_stop,
        press_results,
        press_turn,
    )
