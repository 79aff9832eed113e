"""`/oncall`: who is on call, and changing it."""

import asyncio
from calendar import day_name
from contextlib import suppress
from datetime import UTC, datetime, time
from typing import Final

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.domain.calendar.typed_times import plain_line
from bot.domain.errors import BotError, UserError
from bot.domain.oncall.book import NewOverride
from bot.domain.oncall.moments import parse_later
from bot.domain.oncall.people import NotifySettings, Who
from bot.domain.oncall.rotation import parse_turn
from bot.i18n.translator import described
from bot.ui.answers import Pressed, control
from bot.ui.choices import choices_of, named_choices
from bot.ui.components import Screen, text
from bot.ui.forms.fields import Submitted, ask
from bot.ui.interaction import (
    Interaction,
    keep,
    person_from,
    person_of,
    redraw,
    reply,
    services_of,
    voice_of,
    wait,
)
from bot.ui.pictures import as_files, drawn
from bot.ui.words.wording import Voice
from cogs.oncall.calendars import BIGGEST
from cogs.oncall.rules import WantedTurns, months_later, parse_month
from cogs.oncall.schedules import RotationPreview
from cogs.oncall.screens import (
    CLEAR,
    END,
    END_CHOSEN,
    END_CONFIRMED,
    IMPORT,
    LEAVE,
    MONTH,
    ROTATE,
    UNDO,
    calendar_file,
    changed_screen,
    clear_screen,
    cleared_said,
    end_asked_screen,
    ended_said,
    imported_said,
    left_screen,
    month_name,
    month_pictures,
    month_screen,
    notify_form,
    notify_said,
    notify_typed,
    overridden_said,
    preview_screen,
    rotate_screen,
    rotated_said,
    set_said,
    show_screen,
    swapped_said,
    turn_choice,
    undone_said,
    with_away,
)
from cogs.oncall.use_cases import OnCallUseCases

Place = app_commands.Range[str, 1, 24]
Moment = app_commands.Range[str, 1, 60]


PLACE_OPTION: Final = locale_str("Such as primary", key="commands.oncall_place")
USER_OPTION: Final = locale_str("Who", key="commands.oncall_user")

oncall_group: Final = app_commands.Group(
    name="oncall",
    description=locale_str("See and change who is on call", key="commands.oncall"),
    guild_only=True,
)
schedule_group: Final = app_commands.Group(
    name="schedule",
    description=locale_str("Set, export and import the schedule", key="commands.oncall_schedule"),
    parent=oncall_group,
)


async def offer_places(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the policy's places, in the order of asking."""
    return named_choices(services_of(interaction).policy.oncall, typed)


def first_place(interaction: Interaction) -> str:
    """Return the place that is meant when none is named."""
    return next(iter(services_of(interaction).policy.oncall))


def chosen(user: discord.User | discord.Member) -> Who:
    """Return the chosen person, who must be a member: Discord also offers bots and people who have left.

    Raises:
        UserError: a bot, or no member.
    """
    if user.bot:
        raise UserError("oncall_for_bot", who=user.display_name)
    if not isinstance(user, discord.Member):
        raise UserError("oncall_not_member", who=user.display_name)
    return Who(user.id, user.name, user.display_name)


def _own(interaction: Interaction) -> OnCallUseCases:
    return services_of(interaction).of(OnCallUseCases)


async def now_here(interaction: Interaction) -> datetime:
    """Return the database's time in the team's zone."""
    services, own = services_of(interaction), _own(interaction)
    return (await own.schedules.now()).astimezone(services.policy.timezone)


def moment(text: str | None, *, now: datetime, base: datetime | None = None) -> datetime:
    """Return the moment that was typed; *now* when nothing was. Raises as `parse_later`."""
    return now if text is None else parse_later(text, now=now, base=base)


Words = app_commands.Range[str, 1, 16]

#: The shifts are listed at once, and nothing waits for the calendar in their place.
_DRAWN_WITHIN_S: Final = 15.0


async def offer_months(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer this month and the following ones; none while the time is not known."""
    try:
        today = (await now_here(interaction)).date()
    except BotError:
        return []
    months = [months_later(today, count) for count in range(_MONTHS_OFFERED)]
    return choices_of({f"{month:%Y-%m}": month_name(voice_of(interaction), month) for month in months}, typed)


_MONTHS_OFFERED: Final = 6


@oncall_group.command(
    name="show",
    description=locale_str("Who is on call now, and who comes next", key="commands.oncall_show"),
)
@described(
    month=locale_str("A month as a calendar: 2026-12, this month, next month", key="commands.oncall_month"),
    place=PLACE_OPTION,
)
@app_commands.autocomplete(month=offer_months, place=offer_places)
async def show(interaction: Interaction, month: Words | None = None, place: Place | None = None) -> None:
    """Show who is on call and until when, the next two weeks, and the overrides; or a month."""
    await wait(interaction)
    own = _own(interaction)
    if month is None and place is None:
        view = await own.schedules.view(own.guild_id)
        voice = voice_of(interaction)
        await reply(interaction, view=show_screen(voice, view, await _own_lines(interaction, voice)))
    else:
        await _show_month(interaction, month or "今月", place)


async def _own_lines(interaction: Interaction, voice: Voice) -> list[str]:
    """Return what other capabilities say of those on call."""
    services = services_of(interaction)
    says = [(one.oncall_lines, services.built[one.name]) for one in services.policy.capabilities]
    return [line for say, own in says if say is not None for line in await say(own, voice)]


@control(MONTH)
async def press_month(interaction: Interaction, pressed: Pressed) -> None:
    """[◀ 11 月] [1 月 ▶]: show another month."""
    await keep(interaction)
    await _show_month(interaction, pressed.fields["month"], pressed.fields["place"] or None)


async def _show_month(interaction: Interaction, typed: str, place: str | None) -> None:
    own, voice = _own(interaction), voice_of(interaction)
    month = parse_month(typed, today=(await now_here(interaction)).date())
    months = await own.schedules.month(own.guild_id, month, place)
    await redraw(interaction, month_screen(voice, months, (), place=place), files=list)
    pictures = await drawn(own.charts, month_pictures(voice, months), within_s=_DRAWN_WITHIN_S)
    if pictures:
        screen = month_screen(voice, months, pictures, place=place)
        await redraw(interaction, screen, files=lambda: as_files(pictures))


@control(END)
async def press_end(interaction: Interaction, pressed: Pressed) -> None:
    """[#3 を終える]: ask once before ending an override."""
    await _ask_to_end(interaction, pressed.number)


@control(END_CHOSEN)
async def choose_end(interaction: Interaction, pressed: Pressed) -> None:
    """[終える代理を選ぶ]: ask once before ending an override of many."""
    await _ask_to_end(interaction, int(pressed.chosen))


async def _ask_to_end(interaction: Interaction, number: int) -> None:
    await wait(interaction)
    own = _own(interaction)
    view = await own.schedules.view(own.guild_id)
    found = view.ended_by(number)
    if not found:
        raise UserError("oncall_override_over")
    await reply(interaction, view=end_asked_screen(voice_of(interaction), found))


@control(END_CONFIRMED)
async def press_end_confirmed(interaction: Interaction, pressed: Pressed) -> None:
    """[いま終える]: end the override; the schedule applies again."""
    await keep(interaction)
    services, own = services_of(interaction), _own(interaction)
    by = await person_of(interaction)
    ended = await own.schedules.end_override(own.guild_id, pressed.number, by=by)
    stand_ins = [(one, await services.oncall.person(own.guild_id, one.who)) for one in ended.value]
    voice = voice_of(interaction)
    await redraw(interaction, changed_screen(voice, ended_said(voice, stand_ins), ended.number))


Shift = app_commands.Range[str, 1, 60]
Reason = app_commands.Range[str, 1, 200]


@oncall_group.command(
    name="set",
    description=locale_str(
        "Put a person on call from now on, until further notice", key="commands.oncall_set"
    ),
)
@described(user=USER_OPTION, place=PLACE_OPTION)
@app_commands.autocomplete(place=offer_places)
async def set_person(interaction: Interaction, user: discord.User, place: Place | None = None) -> None:
    """Put a person on call from now on."""
    await wait(interaction)
    own = _own(interaction)
    done = await own.schedules.set_person(
        own.guild_id, place or first_place(interaction), chosen(user), by=person_from(interaction.user)
    )
    doubled = await own.checks.of_places(own.guild_id, done.value.place)
    voice = voice_of(interaction)
    await reply(interaction, view=changed_screen(voice, set_said(voice, done.value, doubled), done.number))


@oncall_group.command(
    name="override",
    description=locale_str("Have another person on call for a set time", key="commands.oncall_override"),
)
@described(
    user=USER_OPTION,
    until=locale_str("Until when: 18:00, 8h, 11/24 10:00", key="commands.oncall_until"),
    from_=locale_str(
        "From when: 18:00, tomorrow 9:00, 11/24 10:00. Now if left out", key="commands.oncall_from"
    ),
    place=PLACE_OPTION,
    reason=locale_str("Why, in one line", key="commands.incident_reason"),
)
@app_commands.autocomplete(place=offer_places)
async def override(  # Discord's options
    interaction: Interaction,
    user: discord.User,
    until: Moment,
    from_: Moment | None = None,
    place: Place | None = None,
    reason: Reason = "",
) -> None:
    """Put a person on call from one moment to another, in place of the schedule."""
    await wait(interaction)
    now = await now_here(interaction)
    own = _own(interaction)
    starts = moment(from_, now=now)
    new = NewOverride(
        place=place or first_place(interaction),
        who=chosen(user),
        starts=starts,
        ends=moment(until, now=now, base=max(starts, now)),
        reason=reason,
    )
    made = await own.schedules.override(own.guild_id, new, by=person_from(interaction.user))
    check = await own.checks.of_override(own.guild_id, made.value)
    away = await own.checks.away(own.guild_id, (made.value.who, made.value.starts, made.value.ends))
    voice = voice_of(interaction)
    said = with_away(voice, overridden_said(voice, made.value, check), away)
    await reply(interaction, view=changed_screen(voice, said, made.number))


async def offer_shifts(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the current and coming shifts, in order; none while the schedule cannot be read."""
    own = _own(interaction)
    try:
        turns = await own.schedules.turns(own.guild_id)
    except BotError:
        return []
    voice, last = voice_of(interaction), max(turn.shift.ends for turn in turns)
    # An option carries a shift as its place, and a second that lies within it.
    values = {f"{turn.place}@{int(turn.shift.starts.timestamp()) + 1}": turn for turn in turns}
    return choices_of(
        {value: turn_choice(voice, turn, until_at=last) for value, turn in values.items()}, typed
    )


@oncall_group.command(name="swap", description=locale_str("Swap two shifts", key="commands.oncall_swap"))
@described(
    shift=locale_str("The first of the two shifts", key="commands.oncall_shift"),
    with_=locale_str("The second of the two shifts", key="commands.oncall_with"),
)
@app_commands.autocomplete(shift=offer_shifts, with_=offer_shifts)
async def swap(interaction: Interaction, shift: Shift, with_: Shift) -> None:
    """Exchange the shifts of two people."""
    await wait(interaction)
    own = _own(interaction)
    done = await own.schedules.swap(
        own.guild_id, _named(shift), _named(with_), by=person_from(interaction.user)
    )
    places = dict.fromkeys([done.value.first.place, done.value.second.place])
    doubled = await own.checks.of_places(own.guild_id, *places)
    first, second = done.value.first, done.value.second
    away = await own.checks.away(
        own.guild_id,
        (second.person.who, first.shift.starts, first.shift.ends),
        (first.person.who, second.shift.starts, second.shift.ends),
    )
    voice = voice_of(interaction)
    said = with_away(voice, swapped_said(voice, done.value, doubled), away)
    await reply(interaction, view=changed_screen(voice, said, done.number))


def _named(value: str) -> tuple[str, datetime]:
    place, _, second = value.rpartition("@")
    if not place or not second.isdecimal() or len(second) > len("1790000000"):
        raise UserError("oncall_shift_unknown")
    return place, datetime.fromtimestamp(int(second), UTC)


WEEKDAYS: Final = [
    Choice(name=locale_str(name, key=f"oncall.weekday.{number}"), value=number)
    for number, name in enumerate(day_name)
]
_NEXT = locale_str("Who comes next", key="commands.oncall_next")


@schedule_group.command(
    name="rotate",
    description=locale_str(
        "Set up a rotation: people take turns. Shows first what changes", key="commands.oncall_rotate"
    ),
)
@described(
    every=locale_str("How long a turn is: 1w, 1d, 12h", key="commands.oncall_every"),
    first=locale_str("Who is on call first", key="commands.oncall_first"),
    second=_NEXT,
    third=_NEXT,
    fourth=_NEXT,
    fifth=_NEXT,
    handover=locale_str("When turns begin. As now if left out, else 10:00", key="commands.oncall_handover"),
    weekday=locale_str("On which day turns of weeks begin", key="commands.oncall_weekday"),
    place=PLACE_OPTION,
)
@app_commands.choices(weekday=WEEKDAYS)
@app_commands.autocomplete(place=offer_places)
async def rotate(  # noqa: PLR0913, PLR0917  # Discord's options
    interaction: Interaction,
    every: Words,
    first: discord.User,
    second: discord.User,
    third: discord.User | None = None,
    fourth: discord.User | None = None,
    fifth: discord.User | None = None,
    handover: Words | None = None,
    weekday: Choice[int] | None = None,
    place: Place | None = None,
) -> None:
    """Show who would be on call by a rotation; its first turn is the current one. Nothing changes yet."""
    await wait(interaction)
    own = _own(interaction)
    try:
        length = parse_turn(plain_line(every))
    except ValueError:
        raise UserError("oncall_turn_unreadable", value=every) from None
    turns = WantedTurns(
        tuple(chosen(user) for user in (first, second, third, fourth, fifth) if user is not None),
        *length,
        handover=None if handover is None else _time(handover),
        weekday=None if weekday is None else weekday.value,
    )
    preview = await own.rotating.preview(
        own.guild_id, place or first_place(interaction), turns, by=person_from(interaction.user)
    )
    await reply(interaction, view=rotate_screen(voice_of(interaction), preview))


@control(ROTATE)
async def press_rotate(interaction: Interaction, pressed: Pressed) -> None:
    """[設定する]: put the rotation into force. If the schedule has changed since, show and ask again."""
    await keep(interaction)
    own, voice = _own(interaction), voice_of(interaction)
    done = await own.rotating.confirm(
        own.guild_id,
        pressed.fields["place"],
        pressed.number,
        seen=pressed.fields["mark"],
        by=await person_of(interaction),
    )
    if isinstance(done, RotationPreview):
        await redraw(interaction, rotate_screen(voice, done, is_changed=True))
    else:
        await redraw(interaction, changed_screen(voice, rotated_said(voice, done.value), done.number))


def _time(typed: str) -> time:
    try:
        return datetime.strptime(plain_line(typed), "%H:%M").time()  # noqa: DTZ007  # a time of day
    except ValueError:
        raise UserError("oncall_time_unreadable", value=typed) from None


@schedule_group.command(
    name="clear",
    description=locale_str("Go back to what the policy file says", key="commands.oncall_clear"),
)
@described(place=PLACE_OPTION)
@app_commands.autocomplete(place=offer_places)
async def clear(interaction: Interaction, place: Place | None = None) -> None:
    """Ask before clearing the schedule, and show what it would remove."""
    await wait(interaction)
    own = _own(interaction)
    clearing = await own.clearing.preview(
        own.guild_id, place or first_place(interaction), by=person_from(interaction.user)
    )
    await reply(interaction, view=clear_screen(voice_of(interaction), clearing))


@control(CLEAR)
async def press_clear(interaction: Interaction, pressed: Pressed) -> None:
    """[消す]: drop the schedule that was set for a place. If it has changed since, show and ask again."""
    await keep(interaction)
    own, voice = _own(interaction), voice_of(interaction)
    by, place = await person_of(interaction), pressed.fields["place"]
    cleared = await own.clearing.clear(own.guild_id, place, seen=pressed.fields["mark"], by=by)
    if cleared is None:
        clearing = await own.clearing.preview(own.guild_id, place, by=by)
        await redraw(interaction, clear_screen(voice, clearing, is_changed=True))
    else:
        said = cleared_said(voice, cleared.value)
        await redraw(interaction, changed_screen(voice, said, cleared.number))


@control(UNDO)
async def press_undo(interaction: Interaction, pressed: Pressed) -> None:
    """[元に戻す]: restore what was there before a change, and say who is on call now."""
    await keep(interaction)
    own = _own(interaction)
    holders = await own.undoing.undo(own.guild_id, pressed.number, by=await person_of(interaction))
    await redraw(interaction, Screen(text(undone_said(voice_of(interaction), holders))))


@schedule_group.command(
    name="export", description=locale_str("Export an iCalendar file", key="commands.oncall_export")
)
async def export(interaction: Interaction) -> None:
    """Export the next 90 days."""
    await wait(interaction)
    own = _own(interaction)
    data = await own.calendars.export(own.guild_id, by=person_from(interaction.user))
    await reply(interaction, voice_of(interaction).say("oncall.exported"), file=calendar_file(data))


@schedule_group.command(
    name="import",
    description=locale_str(
        "Import an iCalendar file; shows first what changes", key="commands.oncall_import"
    ),
)
@described(file=locale_str("An .ics file", key="commands.oncall_file"), place=PLACE_OPTION)
@app_commands.autocomplete(place=offer_places)
async def import_file(interaction: Interaction, file: discord.Attachment, place: Place | None = None) -> None:
    """Preview the import; nothing changes yet."""
    await wait(interaction)
    own = _own(interaction)
    if file.size > BIGGEST:  # as Discord says: it is not fetched at all
        raise UserError("oncall_file_too_big", most=BIGGEST // 1024)
    by = person_from(interaction.user)
    preview = await own.calendars.preview(own.guild_id, await file.read(), place=place, by=by)
    drafts = [(draft.place, draft.content) for draft in preview.drafts]
    doubled = await own.checks.of_import(own.guild_id, drafts)
    await reply(interaction, view=preview_screen(voice_of(interaction), preview, doubled))


@control(IMPORT)
async def press_import(interaction: Interaction, pressed: Pressed) -> None:
    """[取り込む]: apply the import."""
    await keep(interaction)
    by = await person_of(interaction)
    own = _own(interaction)
    numbers = [int(number) for number in pressed.fields["drafts"].split("-")]
    done = await own.calendars.confirm(own.guild_id, numbers, by=by)
    doubled = await own.checks.of_places(own.guild_id, *done.value)
    voice = voice_of(interaction)
    await redraw(interaction, changed_screen(voice, imported_said(voice, done.value, doubled), done.number))


@control(LEAVE)
async def press_leave_import(interaction: Interaction, _pressed: Pressed) -> None:
    """[やめる]: drop the import, and say that nothing has changed."""
    await keep(interaction)
    await redraw(interaction, left_screen(voice_of(interaction)))


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
    own, by = _own(interaction), person_from(interaction.user)
    settings = NotifySettings(by.id, by.username)
    with suppress(TimeoutError, BotError):
        async with asyncio.timeout(_KNOWN_WITHIN_S):
            settings = await own.notifying.settings(own.guild_id, by=by)
    await ask(interaction, notify_form(voice_of(interaction), settings))


async def send_notify(interaction: Interaction, form: Submitted) -> None:
    """Store the person's settings; an empty form removes them."""
    await wait(interaction)
    own, by = _own(interaction), person_from(interaction.user)
    new = notify_typed(form, by=by)
    await own.notifying.save(own.guild_id, new, by=by)
    unusable = own.notifying.unusable(new)
    await reply(interaction, notify_said(voice_of(interaction), new, unusable=unusable))
