"""`/dlq`: what was not delivered, in three views, narrowed, as files, and sent again.

Source: the runbook, DLQ 確認.
"""

import asyncio
import io
from contextlib import suppress
from functools import partial
from typing import Final

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.domain.charts import DrawnChart
from bot.domain.dlq import USUAL_HOURS, DlqFilter, DlqPage, DlqView, StatusCounts
from bot.domain.errors import BotError
from bot.domain.people import Person
from bot.i18n.translator import described
from bot.services.registry import Services
from bot.ui.answers import Pressed, control
from bot.ui.choices import OFFERED, choices_of, named_choices
from bot.ui.components import Screen
from bot.ui.discord_api.places import may_view
from bot.ui.forms.fields import Submitted, ask
from bot.ui.interaction import (
    Interaction,
    follow,
    keep,
    person_from,
    redraw,
    reply,
    services_of,
    soon,
    voice_of,
    wait,
)
from bot.ui.pictures import as_files, drawn
from bot.ui.words.wording import Voice
from cogs.dlq.entries import EntryView
from cogs.dlq.policy import DlqRules
from cogs.dlq.replay_screens import batch_question, batch_screen, preview_screen, replayed_screen, target_from
from cogs.dlq.rules import ReplayBatch, ReplayTarget, Via, written_view
from cogs.dlq.screens import (
    HANDLE_ROOM,
    PRESSABLE,
    CsvFile,
    EntryFile,
    JsonFile,
    PageLinks,
    entry_choice,
    entry_screen,
    filter_form,
    p0_screen,
    raw_json,
    recent_screen,
    status_picture,
    status_screen,
    typed_filter,
)
from cogs.dlq.use_cases import DlqUseCases

#: How long a picture may take, seconds: the words are shown without waiting for it.
_PICTURE_S: Final = 15.0


class DlqPresenter:
    """Asks the use cases of the DLQ on behalf of one person, and draws what they return.

    Each method that reads raises what `DlqConsole` and `Dlq` raise.
    """

    def __init__(self, services: Services, voice: Voice, *, by: Person) -> None:
        dlq = services.of(DlqUseCases)
        self._dlq = dlq.entries
        self._console = dlq.console
        self._charts = services.charts
        self._voice = voice
        self._by = by
        self._guild_id = services.guild_id

    async def recent(self, view: DlqView) -> Screen:
        """Show 直近で配信失敗した通知."""
        return await self._page(await self._console.recent(view, by=self._by, guild_id=self._guild_id))

    async def filtered(self, criteria: DlqFilter, *, period: str, status: str) -> Screen:
        """Show the first page of a filter, with a period and a status as they were typed."""
        return await self._page(
            await self._console.filter(
                criteria, period=period, status=status, by=self._by, guild_id=self._guild_id
            )
        )

    async def turned(self, handle: str) -> Screen:
        """Show the page that a button carries."""
        return await self.recent(await self.view(handle))

    async def view(self, handle: str) -> DlqView:
        """Return the view that a button carries."""
        return await self._console.view(handle, guild_id=self._guild_id)

    async def most_severe(self, *, window: str | None = None) -> Screen:
        """Show P0 で email backup が送られたか; *window* as `p0_screen` takes it."""
        page = await self._console.most_severe(by=self._by, guild_id=self._guild_id)
        return p0_screen(self._voice, page, window=window or written_view(DlqView()))

    async def hours(self, handle: str) -> int:
        """Return how many hours back the view that a button carries reaches."""
        return await self._console.hours(await self.view(handle))

    async def http_statuses(self, *, hours: int) -> StatusCounts:
        """Count the failures by HTTP status: Discord 自体の障害を疑うとき."""
        return await self._console.http_statuses(hours=hours, by=self._by, guild_id=self._guild_id)

    def statuses(self, counts: StatusCounts, picture: DrawnChart | None = None) -> Screen:
        """Show the counts by HTTP status, with their chart if it is drawn."""
        return status_screen(self._voice, counts, picture)

    async def picture(self, counts: StatusCounts) -> DrawnChart | None:
        """Draw the chart of the counts; None if there is nothing to compare, or no chart in time."""
        wanted = status_picture(self._voice, counts)
        made = await drawn(self._charts, [] if wanted is None else [wanted], within_s=_PICTURE_S)
        return made[0] if made else None

    async def file(self, handle: str, into: EntryFile) -> tuple[str, discord.File | None]:
        """Fill a file with what a filter matches, and say how much of it there is."""
        criteria = (await self.view(handle)).filter
        has_all = await self._fill(criteria, into)
        if into.count == 0:
            return self._voice.say("consoles.dlq.export_none"), None
        key = "consoles.dlq.exported" if has_all else "consoles.dlq.exported_cut"
        made = discord.File(io.BytesIO(into.content()), filename=into.name)
        return self._voice.say(key, count=f"{into.count:,}"), made

    async def entry(self, entry_id: str) -> Screen:
        """Show one failure, as it would have looked."""
        return entry_screen(self._voice, await self._read(entry_id), guild_id=self._guild_id)

    async def raw(self, entry_id: str) -> tuple[str, discord.File | None]:
        """Return the entry's payload as stored: a text, and a file when it is long."""
        return raw_json(self._voice, (await self._read(entry_id)).entry)

    async def _page(self, page: DlqPage) -> Screen:
        views = [DlqView(page.filter), *(DlqView(page.filter, at) for at in (page.newer, page.older) if at)]
        handles = await self._console.handles(views, guild_id=self._guild_id, longest=HANDLE_ROOM)
        of = dict(zip(views, handles, strict=True))
        links = PageLinks(
            of[DlqView(page.filter)],
            newer=of.get(DlqView(page.filter, page.newer)) if page.newer else None,
            older=of.get(DlqView(page.filter, page.older)) if page.older else None,
        )
        return recent_screen(self._voice, page, links)

    async def _fill(self, criteria: DlqFilter, into: EntryFile) -> bool:
        """Add entries until there are no more; False if the file is full, or the policy allows no more."""
        async for some in self._console.export(criteria, by=self._by, guild_id=self._guild_id):
            for entry in some:
                if not into.add(entry):
                    return False
        return into.count < self._voice.policy.of(DlqRules).export_at_most

    async def _read(self, entry_id: str) -> EntryView:
        return await self._dlq.entry(entry_id, by=self._by, guild_id=self._guild_id)


class ReplayPresenter:
    """Asks the use cases of replays on behalf of one person, and draws what they return.

    Each method that reads or replays raises what `Replays` and `ReplayBatches` raise.
    """

    def __init__(self, services: Services, voice: Voice, *, by: Person) -> None:
        dlq = services.of(DlqUseCases)
        self._one = dlq.replays
        self._many = dlq.batches
        self._dlq = dlq.entries
        self._console = dlq.console
        self._voice = voice
        self._by = by
        self._guild_id = services.guild_id

    async def preview(self, entry_id: str, target: ReplayTarget) -> Screen:
        """Show what a replay would send."""
        preview = await self._one.preview(entry_id, by=self._by, guild_id=self._guild_id, target=target)
        return preview_screen(self._voice, preview, guild_id=self._guild_id)

    async def replay(self, entry_id: str, target: ReplayTarget) -> Screen:
        """Send the entry's message again."""
        record = await self._one.replay(entry_id, by=self._by, guild_id=self._guild_id, target=target)
        return replayed_screen(self._voice, record, guild_id=self._guild_id)

    async def ended(self, entry_id: str) -> Screen | None:
        """Show where the replay arrived, or why it failed; None when that is not known within moments."""
        entry = await soon(
            partial(self._dlq.entry, entry_id, by=self._by, guild_id=self._guild_id),
            done=lambda known: known.replay is not None and known.replay.has_ended,
        )
        if entry is None or entry.replay is None:
            return None
        return replayed_screen(self._voice, entry.replay, guild_id=self._guild_id)

    async def preview_all(
        self, criteria: DlqFilter, target: ReplayTarget, *, period: str = "", status: str = ""
    ) -> Screen:
        """Show what a replay of a filter's failures would send, with a period and a status as typed."""
        criteria = await self._console.narrowed(criteria, period=period, status=status)
        preview = await self._many.preview(criteria, target, by=self._by, guild_id=self._guild_id)
        return batch_question(self._voice, preview)

    async def start(self, batch_id: int, *, channel_id: int) -> ReplayBatch:
        """Start a batch, whose progress is posted in a channel."""
        return await self._many.start(batch_id, by=self._by, guild_id=self._guild_id, channel_id=channel_id)

    async def stop(self, batch_id: int) -> ReplayBatch:
        """Stop a batch of replays before its next entry."""
        return await self._many.stop(batch_id, by=self._by, guild_id=self._guild_id)

    async def batch(self, batch_id: int) -> ReplayBatch:
        """Return a batch as it is now."""
        return await self._many.view(batch_id, by=self._by, guild_id=self._guild_id)

    def results(self, batch: ReplayBatch, *, page: int = 1) -> Screen:
        """Show how a batch goes, and a page of its results."""
        return batch_screen(self._voice, batch, page=page)


dlq_group: Final = app_commands.guild_only(
    app_commands.Group(
        name="dlq",
        description=locale_str("Look into undelivered notifications, and replay them", key="commands.dlq"),
    )
)


def presenter_of(interaction: Interaction) -> DlqPresenter:
    """Return the presenter of the DLQ for the person of *interaction*."""
    by = person_from(interaction.user)
    return DlqPresenter(services_of(interaction), voice_of(interaction), by=by)


async def offer_channels(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the channels that both the person and the bot see, by name."""
    guild, member = interaction.guild, interaction.user
    if guild is None or not isinstance(member, discord.Member):
        return []
    known = [one for one in guild.text_channels if may_view(one)]
    seen = [one.name for one in known if one.permissions_for(member).send_messages]
    return choices_of({name: f"#{name}" for name in seen}, typed.strip().removeprefix("#"))


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
    criteria = filter_of(hours, severity, channel, text)
    screen = await presenter_of(interaction).filtered(criteria, period=period, status=status)
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
async def http_status(interaction: Interaction, hours: Hours = USUAL_HOURS) -> None:
    """Show the failures by HTTP status: Discord 自体の障害を疑うとき."""
    await wait(interaction)
    presenter = presenter_of(interaction)
    counts = await presenter.http_statuses(hours=hours)
    await reply(interaction, view=presenter.statuses(counts))
    await _add_picture(interaction, counts)


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
    criteria = DlqFilter(int(at["hours"]), at["severity"] or None, at["channel"] or None)
    await redraw(interaction, await presenter_of(interaction).recent(DlqView(criteria)), files=list)


@control(rf"dlq:v2:filter:{HANDLE}")
async def press_filter(interaction: Interaction, pressed: Pressed) -> None:
    """[🔎 絞り込み]: ask what to list, with what is listed now if that is known in time."""
    criteria = DlqFilter()
    with suppress(TimeoutError, BotError):
        async with asyncio.timeout(_KNOWN_WITHIN_S):
            criteria = (await presenter_of(interaction).view(pressed.fields["handle"])).filter
    await ask(interaction, filter_form(voice_of(interaction), criteria))


async def send_filter(interaction: Interaction, form: Submitted) -> None:
    """Show what the form asks for, in the place of the list that it was opened from."""
    await keep(interaction)
    typed = typed_filter(form)
    screen = await presenter_of(interaction).filtered(typed.filter, period=typed.period, status=typed.status)
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


@control(rf"dlq:(?:v1:p0|v2:p0:{HANDLE})")
async def press_p0_email(interaction: Interaction, pressed: Pressed) -> None:
    """[P0 メール]: show whether the emails went out. A button of a version before carries no view."""
    await keep(interaction)
    screen = await presenter_of(interaction).most_severe(window=pressed.fields["handle"])
    await redraw(interaction, screen, files=list)


@control(rf"dlq:(?:v1:http:(?P<hours>\d{{1,3}})|v2:http:{HANDLE})")
async def press_http_status(interaction: Interaction, pressed: Pressed) -> None:
    """[HTTP 別]: show the counts per HTTP status, in the time of the list that the button carries."""
    await keep(interaction)
    presenter = presenter_of(interaction)
    hours = pressed.fields["hours"] or await presenter.hours(pressed.fields["handle"])
    counts = await presenter.http_statuses(hours=int(hours))
    await redraw(interaction, presenter.statuses(counts))
    await _add_picture(interaction, counts)


async def _add_picture(interaction: Interaction, counts: StatusCounts) -> None:
    """Show the counts again with their picture, once it is drawn: the words do not wait for it."""
    presenter = presenter_of(interaction)
    if (picture := await presenter.picture(counts)) is not None:
        await redraw(interaction, presenter.statuses(counts, picture), files=lambda: as_files([picture]))


EntryId = app_commands.Range[str, 1, 100]

ENTRY: Final = rf"(?P<entry>{PRESSABLE.pattern})"
_OFFERED_WITHIN_S: Final = 2.5  # Discord: an autocomplete's answer is due within 3 s
_VALUE_LIMIT: Final = 100  # Discord: the value of a choice
ID_OPTION: Final = locale_str("The entry's id; the list's six digits are enough", key="commands.dlq_id")


async def offer_entries(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the latest failures by short id and title; none while the table cannot be read in time."""
    services, voice = services_of(interaction), voice_of(interaction)
    by = person_from(interaction.user)
    try:
        async with asyncio.timeout(_OFFERED_WITHIN_S):
            console = services.of(DlqUseCases).console
            entries = await console.offered(typed, by=by, guild_id=services.guild_id, limit=OFFERED)
    except (BotError, TimeoutError):
        return []
    fitting = [entry for entry in entries if len(entry.id) <= _VALUE_LIMIT]
    return [Choice(name=entry_choice(voice, entry), value=entry.id) for entry in fitting]


@dlq_group.command(name="show", description=locale_str("Look at one entry", key="commands.dlq_show"))
@described(id_=ID_OPTION)
@app_commands.autocomplete(id_=offer_entries)
async def show(interaction: Interaction, id_: EntryId) -> None:
    """Show one failure, as it would have looked."""
    await wait(interaction)
    await reply(interaction, view=await presenter_of(interaction).entry(id_))


@control(r"dlq:v1:open")
async def choose_entry(interaction: Interaction, pressed: Pressed) -> None:
    """Show the chosen entry below the list."""
    await wait(interaction)
    await reply(interaction, view=await presenter_of(interaction).entry(pressed.chosen))


@control(rf"dlq:v1:json:{ENTRY}")
async def press_json(interaction: Interaction, pressed: Pressed) -> None:
    """[生の JSON]: send the payload as it is stored."""
    await wait(interaction)
    text, file = await presenter_of(interaction).raw(pressed.fields["entry"])
    await reply(interaction, text, file=file)


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
    criteria = filter_of(hours, severity, channel, text)
    target = _target(send_to, via)
    view = await _replays(interaction).preview_all(criteria, target, period=period, status=status)
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
