"""`/oncall`: who is on call and who comes next, the answers to changes, the form of one's own ways."""

import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final, TypeAlias

import discord
from discord import ButtonStyle, ui

from bot.domain.calendar.business_time import local_moment
from bot.domain.calendar.typed_times import format_duration, parse_duration
from bot.domain.charts import DayShift, DrawnChart, MonthChart, MonthDay
from bot.domain.errors import UserError
from bot.domain.oncall.absences import TimeAway
from bot.domain.oncall.book import NewOverride, StoredOverride
from bot.domain.oncall.people import (
    LONGEST_WAIT,
    NotifySettings,
    OnCallPerson,
    QuietHours,
    is_ntfy,
    is_pushover,
)
from bot.domain.oncall.rotation import Rotation
from bot.domain.paging import Also, Way
from bot.domain.people import Person
from bot.domain.text import half_width
from bot.ui.buttons import Option
from bot.ui.components import Row, Screen, button, or_quit, row, select_row, text
from bot.ui.forms.fields import Form, Submitted, choice, label, text_input
from bot.ui.pictures import Picture, gallery
from bot.ui.words.inert import inert, joined, plain
from bot.ui.words.wording import Voice, relative
from cogs.oncall.calendars import ImportPreview, ScheduleDraft
from cogs.oncall.changes import UNDONE_WITHIN
from cogs.oncall.posts import gap_lines, until
from cogs.oncall.rules import OnCallNow, Stretch, months_later
from cogs.oncall.schedules import (
    Doubled,
    DutyView,
    OverrideCheck,
    PlaceMonth,
    RotationPreview,
    RotationSet,
    ScheduleClearing,
    SetSchedule,
    Swapped,
    Turn,
)

#: The custom ids of the buttons: the number of an override, the numbers of an import's drafts.
END: Final = r"onc:v1:end:(?P<number>\d{1,18})"
END_CHOSEN: Final = r"onc:v1:end"
END_CONFIRMED: Final = r"onc:v1:ended:(?P<number>\d{1,18})"
IMPORT: Final = r"onc:v1:import:(?P<drafts>\d{1,10}(-\d{1,10}){0,6})"
LEAVE: Final = r"onc:v1:leave"

StandIn: TypeAlias = tuple[StoredOverride, OnCallPerson]

#: Discord: buttons in a row, and options of a select, which takes the place of more buttons.
_BUTTONS: Final = 5
_OPTIONS: Final = 25
#: Of the 4,000 characters that all texts of a screen may have: for each of its three lists, for all that an
#: import would change, and for one place of it.
_BUDGET: Final = 1_250
_DRAFTS_BUDGET: Final = 2_700
_DRAFT_BUDGET: Final = 1_000
_DOUBLED_BUDGET: Final = 500
_CHOICE_LIMIT: Final = 100


def show_screen(voice: Voice, view: DutyView, own: Sequence[str] = ()) -> Screen:
    """Show who is on call and until when, the next two weeks, and the overrides with what ends each.

    Args:
        own: What other capabilities say of those on call.
    """
    now = [*_now(voice, view), *own]
    ahead = [
        voice.say(
            "oncall.show.turn",
            at=voice.moment(turn.shift.starts),
            relative=relative(turn.shift.starts),
            place=turn.place,
            who=who_said(voice, turn.person),
        )
        for turn in view.ahead
    ]
    parts: list[ui.Item[ui.LayoutView]] = [
        text(voice.say("oncall.show.title"), _listed(voice, now)),
        ui.Separator(),
        text(voice.say("oncall.show.ahead"), _listed(voice, ahead or [voice.say("oncall.show.none_ahead")])),
    ]
    stand_ins = [_override(voice, override, person) for override, person in view.overrides]
    if stand_ins:
        parts += [ui.Separator(), text(voice.say("oncall.show.overrides"), _listed(voice, stand_ins))]
    undoable = view.undoable
    if undoable is not None:
        line = voice.say(
            "oncall.undo.last",
            at=voice.clock(undoable.at, on=view.now),
            who=voice.who(undoable.by_name),
            action=voice.say(f"audit.act.{undoable.action}"),
        )
        parts += [ui.Separator(), text(line)]
    undo = None if undoable is None else _undo_button(voice, undoable.id)
    return Screen(*parts, rows=[_ends(voice, view.overrides), row(undo)])


def _ends(voice: Voice, overrides: Sequence[StandIn]) -> Row | None:
    """Return a button to end each override, or a select of them if there are more than fit a row."""
    if len(overrides) <= _BUTTONS:
        return row(
            *(
                button(voice.say("oncall.show.end", number=f"#{override.id}"), f"onc:v1:end:{override.id}")
                for override, _ in overrides
            )
        )
    options = [
        discord.SelectOption(
            label=voice.say(
                "oncall.show.end_option",
                number=f"#{override.id}",
                place=override.place,
                who=plain(person.name, limit=_NAME_LIMIT),
                starts=voice.moment(override.starts),
            ),
            value=str(override.id),
        )
        for override, person in overrides[:_OPTIONS]
    ]
    return select_row("onc:v1:end", voice.say("oncall.show.end_choice"), options)


def _now(voice: Voice, view: DutyView) -> Iterator[str]:
    """Yield who is on call at each place; where the policy has teams, below the name of each team."""
    said = {each.place: holder_said(voice, "oncall.show.now", each) for each in view.holders}
    policy = voice.policy
    if not policy.teams:
        yield from said.values()
        return
    for team in (None, *(name for name, one in policy.teams.items() if one.schedule)):
        yield f"**{voice.say('whose.mark', team=voice.team(team))}**"
        yield from (said[place] for place in policy.places_of_team(team) if place in said)


#: The custom id of [◀ 11 月] and [1 月 ▶]: the place, empty for the first ones, and the month.
MONTH: Final = r"onc:v1:month:(?P<place>[a-z0-9_]{0,24}):(?P<month>\d{4}-\d{2})"

_NAME_LIMIT: Final = 24
_MONTH_BUDGET: Final = 3_300


def month_pictures(voice: Voice, months: Sequence[PlaceMonth]) -> list[Picture]:
    """Return a calendar of each place's month, and what it shows in words."""
    return [
        Picture(_month_file(each), _month_chart(voice, each), "\n".join(_month_lines(voice, each)))
        for each in months
    ]


def month_screen(
    voice: Voice, months: Sequence[PlaceMonth], pictures: Sequence[DrawnChart], *, place: str | None
) -> Screen:
    """Show a month: the picture of each place, or its shifts as a list where there is no picture.

    Args:
        place: The one that was asked for; None for the first ones.
    """
    drawn = {picture.filename: picture for picture in pictures}
    budget = _MONTH_BUDGET // len(months)
    parts: list[ui.Item[ui.LayoutView]] = []
    for each in months:
        if (picture := drawn.get(_month_file(each))) is not None:
            parts += [text(_month_title(voice, each)), gallery([picture])]
        else:
            lines = [inert(line, limit=200) for line in _month_lines(voice, each)]
            parts.append(text(_month_title(voice, each), voice.joined(lines, separator="\n", limit=budget)))
    month = months[0].month
    turns = [(sign, months_later(month, count)) for sign, count in (("◀️", -1), ("▶️", 1))]
    buttons = [
        button(
            voice.say(f"oncall.month.name.{other.month}"),
            f"onc:v1:month:{place or ''}:{other:%Y-%m}",
            emoji=sign,
        )
        for sign, other in turns
    ]
    return Screen(*parts, rows=[row(*buttons)])


def month_name(voice: Voice, month: date) -> str:
    """Return "2026 年 12 月", "December 2026"."""
    return voice.say(
        "oncall.month.whole", year=month.year, name=voice.say(f"oncall.month.name.{month.month}")
    )


def _month_title(voice: Voice, one: PlaceMonth) -> str:
    return voice.say("oncall.month.title", place=one.place, month=month_name(voice, one.month))


def _month_file(one: PlaceMonth) -> str:
    return f"on-call-{one.place}-{one.month:%Y-%m}.png"


def _month_chart(voice: Voice, one: PlaceMonth) -> MonthChart:
    zone, hours = voice.policy.timezone, voice.policy.business_hours
    # In an order that no stand-in changes, so that people mostly keep their colours.
    handles = sorted({each.person for each in one.shifts}, key=lambda each: (one.people[each].name, each))
    days: list[MonthDay] = []
    for ahead in range((months_later(one.month, 1) - one.month).days):
        day = one.month + timedelta(days=ahead)
        start, end = (local_moment(each, time(), timezone=zone) for each in (day, day + timedelta(days=1)))
        shifts = [each for each in one.shifts if each.starts < end and start < each.ends]
        days.append(
            MonthDay(
                shifts=tuple(
                    DayShift(
                        person=handles.index(each.person),
                        at=f"{each.starts.astimezone(zone):%H:%M}" if each.starts > start else "",
                        is_override=each.is_override,
                        is_gap=each.is_gap,
                    )
                    for each in shifts
                ),
                note="" if hours.is_business_day(day) else voice.say("oncall.month.off"),
                is_today=day == one.today,
            )
        )
    has_override = any(each.is_override for each in one.shifts)
    return MonthChart(
        title=voice.say(
            "oncall.month.heading",
            place=one.place,
            month=month_name(voice, one.month),
            zone=f"{one.shifts[0].starts.astimezone(zone):%Z}",
        ),
        weekdays=tuple(voice.say(f"time.weekday.{day}") for day in range(7)),
        first=one.month.weekday(),
        days=tuple(days),
        people=tuple(plain(one.people[handle].name, limit=_NAME_LIMIT) for handle in handles),
        override=voice.say("oncall.month.override") if has_override else "",
        gap=voice.say("oncall.month.gap") if any(each.is_gap for each in one.shifts) else "",
    )


def _month_lines(voice: Voice, one: PlaceMonth) -> list[str]:
    """Return the shifts of the month in plain words, in order."""
    return [
        voice.say(
            "oncall.month.shift",
            starts=voice.moment(each.starts),
            who=plain(one.people[each.person].name, limit=_NAME_LIMIT),
            mark=voice.say("oncall.month.mark_override")
            if each.is_override
            else voice.say("oncall.month.mark_gap")
            if each.is_gap
            else "",
        ).rstrip()
        for each in one.shifts
    ]


def end_asked_screen(voice: Voice, ending: Sequence[StandIn]) -> Screen:
    """Ask once before ending stand-ins.

    Args:
        ending: The one that was named, and the other half of a swap that does not yet lie in the past.
    """
    override, person = ending[0]
    if len(ending) > 1:
        asked = voice.say("oncall.end_asked_swap", shifts=_halves(voice, ending))
    else:
        asked = voice.say(
            "oncall.end_asked_half" if override.is_swap else "oncall.end_asked",
            place=override.place,
            who=who_said(voice, person),
            ends=voice.moment(override.ends),
        )
    confirm = button(voice.say("oncall.end_confirm"), f"onc:v1:ended:{override.id}", style=ButtonStyle.danger)
    return Screen(text(asked), rows=[row(confirm)])


def ended_said(voice: Voice, ended: Sequence[StandIn]) -> str:
    """Say which stand-in was ended; for a swap, both."""
    if len(ended) > 1:
        return voice.say("oncall.ended_swap", shifts=_halves(voice, ended))
    override, person = ended[0]
    return voice.say("oncall.ended", place=override.place, who=who_said(voice, person))


def turn_choice(voice: Voice, turn: Turn, *, until_at: datetime) -> str:
    """Return a shift for a list of choices, in plain words.

    Args:
        until_at: A shift that lasts until then has no planned end.
    """
    key = "oncall.choice" if turn.shift.ends < until_at else "oncall.choice_open"
    line = voice.say(
        key,
        place=turn.place,
        who=f"@{turn.person.name}",
        starts=voice.moment(turn.shift.starts),
        ends=voice.moment(turn.shift.ends),
    )
    return plain(line, limit=_CHOICE_LIMIT)


def preview_screen(voice: Voice, preview: ImportPreview, doubled: Sequence[Doubled] = ()) -> Screen:
    """Show what an import would change, and who would be at two places, with the button to confirm it."""
    budget = min(_DRAFTS_BUDGET // max(len(preview.drafts), 1), _DRAFT_BUDGET)
    parts = [
        text(voice.say("oncall.preview.title")),
        *(text(_draft(voice, draft, budget=budget)) for draft in preview.drafts),
    ]
    if preview.unknown:
        names = joined(
            [inert(name, limit=60) for name in preview.unknown], separator=", ", limit=400, more=" …"
        )
        parts.append(text(voice.say("oncall.preview.unknown", names=names)))
    parts += [text(line) for line in [doubled_said(voice, doubled)] if line]
    numbers = "-".join(str(draft.number) for draft in preview.drafts)
    confirm = button(
        voice.say("oncall.preview.confirm"), f"onc:v1:import:{numbers}", style=ButtonStyle.primary
    )
    leave = button(voice.say("oncall.preview.cancel"), "onc:v1:leave")
    return Screen(*parts, text(voice.say("oncall.preview.rule")), rows=[row(leave, confirm)])


def imported_said(voice: Voice, places: Sequence[str], doubled: Sequence[Doubled] = ()) -> str:
    """Say that the import is in force, and who is at two places at once by that."""
    return _lines(voice.say("oncall.imported", places=voice.listed(places)), doubled_said(voice, doubled))


def left_screen(voice: Voice) -> Screen:
    """Say that a cancelled import has changed nothing."""
    return Screen(text(voice.say("oncall.not_imported")))


def doubled_said(voice: Voice, doubled: Sequence[Doubled]) -> str:
    """Warn of people who are on call at two places at once, which is allowed; empty if there are none."""
    lines = [
        voice.say(
            "oncall.doubled",
            who=who_said(voice, person),
            place=duty.place,
            other=duty.other,
            starts=voice.moment(duty.starts),
            ends=voice.moment(duty.ends),
        )
        for duty, person in doubled
    ]
    more = "\n" + voice.say("state.more", count="{count}")
    return joined(lines, separator="\n", limit=_DOUBLED_BUDGET, more=more)


def with_away(voice: Voice, said: str, away: Sequence[tuple[OnCallPerson, TimeAway]]) -> str:
    """Return *said* with a warning for each person who is away when they are to be on call."""
    warnings = (
        voice.say(
            "oncall.away",
            who=who_said(voice, person),
            starts=voice.moment(absence.starts),
            ends=voice.moment(absence.ends),
        )
        for person, absence in away
    )
    return _lines(said, *warnings)


def calendar_file(data: bytes) -> discord.File:
    """Return the calendar as the file on-call.ics."""
    return discord.File(io.BytesIO(data), filename="on-call.ics")


def _listed(voice: Voice, lines: Sequence[str]) -> str:
    """Return as many *lines* as there is room for, one below the other."""
    more = "\n" + voice.say("state.more", count="{count}")
    return joined(lines, separator="\n", limit=_BUDGET, more=more)


def who_said(voice: Voice, person: OnCallPerson) -> str:
    """Name a person, as a mention if their id is known."""
    return voice.handle(person.handle)


def holder_said(voice: Voice, key: str, holder: OnCallNow) -> str:
    """Say who is on call at a place, and until when."""
    return voice.say(
        key,
        place=holder.place,
        who=who_said(voice, holder.person),
        until=until(voice, holder.until),
    )


def _override(voice: Voice, override: StoredOverride, person: OnCallPerson) -> str:
    line = voice.say(
        "oncall.show.override",
        number=f"#{override.id}",
        place=override.place,
        who=who_said(voice, person),
        starts=voice.moment(override.starts),
        ends=voice.moment(override.ends),
        by=voice.who(override.by_name),
    )
    if override.is_swap:
        line += voice.say("oncall.show.swap")
    if override.reason:
        line += voice.say("oncall.show.reason", reason=inert(override.reason, limit=200))
    return line


def _halves(voice: Voice, halves: Sequence[StandIn]) -> str:
    """Return both, one below the other."""
    return "\n".join(
        voice.say(
            "oncall.end_half",
            number=f"#{override.id}",
            place=override.place,
            who=who_said(voice, person),
            starts=voice.moment(override.starts),
            ends=voice.moment(override.ends),
        )
        for override, person in halves
    )


def _draft(voice: Voice, draft: ScheduleDraft, *, budget: int) -> str:
    """Return a place and the first of its shifts, as many as there is room for."""
    last = max(shift.ends for shift in draft.shifts)
    place = voice.say(
        "oncall.preview.place", place=draft.place, count=len(draft.shifts), until=voice.moment(last)
    )
    shifts = (
        voice.say(
            "oncall.preview.same"
            if former.handle == draft.people[shift.person].handle
            else "oncall.preview.shift",
            starts=voice.moment(shift.starts),
            ends=voice.moment(shift.ends),
            former=who_said(voice, former),
            who=who_said(voice, draft.people[shift.person]),
        )
        for shift, former in zip(draft.shifts, draft.formers, strict=True)
    )
    more = "\n" + voice.say("oncall.preview.more", count="{count}")
    return joined([place, *shifts], separator="\n", limit=budget, more=more)


#: The custom id of [消す]: the place, and the mark of what was shown.
CLEAR: Final = r"onc:v1:clear:(?P<place>[a-z0-9_]{1,24}):(?P<mark>[0-9a-f]{8})"

_PEOPLE_BUDGET: Final = 400


def clear_screen(voice: Voice, clearing: ScheduleClearing, *, is_changed: bool = False) -> Screen:
    """Ask before clearing: what goes, which stand-ins lose their meaning, and who is on call then.

    Args:
        is_changed: The schedule changed after the preview that was confirmed.
    """
    place = clearing.place
    gone = [_schedule(voice, each) for each in clearing.schedules]
    pointless = [
        voice.say(
            "oncall.clear.override",
            number=f"#{override.id}",
            who=who_said(voice, person),
            starts=voice.moment(override.starts),
            ends=voice.moment(override.ends),
        )
        for override, person in clearing.pointless
    ]
    lines = [
        voice.say("oncall.clear.changed") if is_changed else "",
        voice.say("oncall.clear.question", place=place),
        voice.say("oncall.clear.gone"),
        voice.joined(gone, separator="\n", limit=_BUDGET),
        voice.say("oncall.clear.pointless") if pointless else "",
        voice.joined(pointless, separator="\n", limit=_BUDGET),
        _follows(voice, clearing),
    ]
    confirm = button(
        voice.say("oncall.clear.confirm"), f"onc:v1:clear:{place}:{clearing.mark}", style=ButtonStyle.danger
    )
    return Screen(text(*lines), rows=[or_quit(voice, confirm)])


#: The custom id of [設定する] of a rotation: the place, the draft, and the mark of what was shown.
ROTATE: Final = r"onc:v1:rotate:(?P<place>[a-z0-9_]{1,24}):(?P<number>\d{1,18}):(?P<mark>[0-9a-f]{8})"

_STRETCHES_BUDGET: Final = 2_200


def rotate_screen(voice: Voice, preview: RotationPreview, *, is_changed: bool = False) -> Screen:
    """Show who would be on call by a rotation in the next weeks, and who drops out, and ask.

    Args:
        is_changed: The schedule changed after the preview that was confirmed.
    """
    stretches = [_stretch(voice, preview, each) for each in preview.stretches]
    until_at = voice.moment(preview.stretches[-1].ends)
    dropped = voice.joined([who_said(voice, person) for person in preview.dropped], limit=_PEOPLE_BUDGET)
    count = len(preview.dropped)
    confirm = button(
        voice.say("oncall.rotate.confirm_dropping", count=count)
        if count
        else voice.say("oncall.rotate.confirm"),
        f"onc:v1:rotate:{preview.place}:{preview.number}:{preview.mark}",
        style=ButtonStyle.danger if count else ButtonStyle.primary,
    )
    return Screen(
        text(
            voice.say("oncall.rotate.changed") if is_changed else "",
            voice.say("oncall.rotate.title", place=preview.place),
            _rotation_said(voice, preview.rotation, preview.people),
            voice.say("oncall.rotate.drops", who=dropped) if count else "",
        ),
        ui.Separator(),
        text(
            voice.say("oncall.rotate.ahead", until=until_at),
            voice.joined(stretches, separator="\n", limit=_STRETCHES_BUDGET),
        ),
        *(text(line) for line in [doubled_said(voice, preview.doubled)] if line),
        rows=[or_quit(voice, confirm)],
    )


def _stretch(voice: Voice, preview: RotationPreview, one: Stretch) -> str:
    return voice.say(
        "oncall.rotate.same" if one.before == one.after else "oncall.rotate.other",
        starts=voice.moment(one.starts),
        former=who_said(voice, preview.people[one.before]),
        who=who_said(voice, preview.people[one.after]),
    )


def rotated_said(voice: Voice, done: RotationSet) -> str:
    """Say which rotation was stored, who is on call now, and when who comes next."""
    following = done.following
    return _lines(
        voice.say("oncall.rotate.done", place=done.holder.place),
        _rotation_said(voice, done.rotation, done.people),
        holder_said(voice, "oncall.rotate.now", done.holder),
        ""
        if following is None
        else voice.say(
            "oncall.rotate.next",
            at=voice.moment(following.shift.starts),
            relative=relative(following.shift.starts),
            who=who_said(voice, following.person),
        ),
    )


def _rotation_said(voice: Voice, rotation: Rotation, people: Mapping[str, OnCallPerson]) -> str:
    """Say how long turns are, when they begin, and who takes them in which order."""
    named = [who_said(voice, people[handle]) for handle in rotation.people]
    return voice.say(
        f"oncall.rotate.turns.{rotation.unit.value}",
        count=rotation.every,
        weekday=voice.say(f"oncall.weekday.{rotation.starts_on.weekday()}"),
        time=f"{rotation.handover:%H:%M}",
        people=voice.joined(named, separator=" → ", limit=_PEOPLE_BUDGET),
    )


#: The custom id of [元に戻す]: the number of the change.
UNDO: Final = r"onc:v1:undo:(?P<number>\d{1,18})"


def changed_screen(voice: Voice, said: str, number: int) -> Screen:
    """Answer a change, with the button that takes it back."""
    minutes = UNDONE_WITHIN // timedelta(minutes=1)
    hint = voice.say("oncall.undo.hint", minutes=minutes)
    return Screen(text(said, hint), rows=[row(_undo_button(voice, number))])


def _undo_button(voice: Voice, number: int) -> ui.Button[ui.LayoutView]:
    return button(voice.say("oncall.undo.button"), f"onc:v1:undo:{number}", emoji="↩️")


def undone_said(voice: Voice, holders: Sequence[OnCallNow]) -> str:
    """Say that a change was undone, and who is on call now where it was."""
    now = [holder_said(voice, "oncall.show.now", each) for each in holders]
    return _lines(voice.say("oncall.undo.done"), _listed(voice, now))


def set_said(voice: Voice, holder: OnCallNow, doubled: Sequence[Doubled] = ()) -> str:
    """Say who is on call from now on, and who is at two places at once by that."""
    return _lines(holder_said(voice, "oncall.set", holder), doubled_said(voice, doubled))


def cleared_said(voice: Voice, clearing: ScheduleClearing) -> str:
    """Say that the policy file decides again, and who is on call by it; or by an override before it."""
    if clearing.is_override:
        return _lines(voice.say("oncall.cleared_kept", place=clearing.place), _kept(voice, clearing))
    return holder_said(voice, "oncall.cleared", clearing.after)


def _follows(voice: Voice, clearing: ScheduleClearing) -> str:
    """Say who is on call once the schedule is cleared, and by what."""
    if clearing.is_override:
        return _kept(voice, clearing)
    is_same = clearing.after.person.handle == clearing.holder.person.handle
    return voice.say(
        f"oncall.clear.{'same' if is_same else 'then'}",
        former=who_said(voice, clearing.holder.person),
        who=who_said(voice, clearing.after.person),
    )


def _kept(voice: Voice, clearing: ScheduleClearing) -> str:
    """Say until when the override goes on, and who comes after it by the policy file."""
    after, following = clearing.after, clearing.following
    kept = voice.say("oncall.clear.kept", who=who_said(voice, after.person), until=until(voice, after.until))
    if following is None:
        return kept
    return _lines(kept, voice.say("oncall.clear.kept_then", who=who_said(voice, following.person)))


def overridden_said(voice: Voice, new: NewOverride, check: OverrideCheck) -> str:
    """Say who is the stand-in and for how long, and whether they can be reached."""
    said = voice.say(
        "oncall.overridden",
        place=new.place,
        who=who_said(voice, check.person),
        starts=voice.moment(new.starts),
        ends=voice.moment(new.ends),
        relative=relative(new.ends),
    )
    return _lines(said, *_readiness(voice, check), doubled_said(voice, check.doubled))


def _readiness(voice: Voice, check: OverrideCheck) -> list[str]:
    if check.gaps is None:
        return [voice.say("oncall.override_unchecked")]
    if not check.gaps:
        return [voice.say("oncall.override_ready")]
    return [voice.say("oncall.override_gaps"), *gap_lines(voice, check.gaps)]


def swapped_said(voice: Voice, swapped: Swapped, doubled: Sequence[Doubled] = ()) -> str:
    """Say for both swapped shifts who gives them to whom, and who is at two places at once by that."""
    pairs = ((swapped.first, swapped.second.person), (swapped.second, swapped.first.person))
    first, second = (
        voice.say(
            "oncall.swapped_turn",
            place=turn.place,
            starts=voice.moment(turn.shift.starts),
            ends=voice.moment(turn.shift.ends),
            former=who_said(voice, turn.person),
            who=who_said(voice, person),
        )
        for turn, person in pairs
    )
    said = voice.say("oncall.swapped", first=first, second=second)
    return _lines(said, doubled_said(voice, doubled))


def _schedule(voice: Voice, schedule: SetSchedule) -> str:
    """Return a schedule in one line: what kind it is, and its people."""
    content, rotation = schedule.content, schedule.content.rotation
    if content.person is not None:
        return voice.say("oncall.clear.person", who=who_said(voice, schedule.people[content.person]))
    if rotation is not None:
        every = voice.say(f"oncall.clear.every.{rotation.unit.value}", count=rotation.every)
        people = _people(voice, schedule, rotation.people, separator=" → ")
        return voice.say("oncall.clear.rotation", every=every, people=people)
    handles = list(dict.fromkeys(each.person for each in content.shifts))
    people = _people(voice, schedule, handles, separator=voice.comma)
    return voice.say("oncall.clear.shifts", count=len(content.shifts), people=people)


def _people(voice: Voice, schedule: SetSchedule, handles: Sequence[str], *, separator: str) -> str:
    named = [who_said(voice, schedule.people[handle]) for handle in handles]
    return voice.joined(named, separator=separator, limit=_PEOPLE_BUDGET)


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)


NOTIFY_FORM: Final = r"onc:v1:notify"

_WAYS, _WAIT, _QUIET, _NTFY, _PUSHOVER = "ways", "wait", "quiet", "ntfy", "pushover"
_LIMITS: Final = {_WAIT: 10, _QUIET: 20, _NTFY: 200, _PUSHOVER: 40}
_PERSONAL: Final = (Also.PUSH, Also.EMAIL)


def notify_form(voice: Voice, own: NotifySettings) -> Form:
    """Build the form with what the person has set."""
    ways = [
        Option(way.value, voice.say(f"oncall.notify.way.{way}"), chosen=way in own.ways) for way in _PERSONAL
    ]
    quiet = "" if own.quiet is None else f"{own.quiet.start:%H:%M}-{own.quiet.end:%H:%M}"
    shown = {
        _WAIT: format_duration(own.wait) if own.wait else "",
        _QUIET: quiet,
        _NTFY: own.ntfy or "",
        _PUSHOVER: own.pushover or "",
    }
    fields = [
        label(
            voice.say(f"oncall.notify.form.{name}"),
            text_input(name, limit=_LIMITS[name], required=False, value=value),
            hint=voice.say(f"oncall.notify.form.{name}_hint"),
        )
        for name, value in shown.items()
    ]
    several = voice.say("consoles.form.several")
    chosen = label(
        voice.say("oncall.notify.form.ways"),
        choice(_WAYS, ways, several=True, placeholder=several),
        hint=voice.say("oncall.notify.form.ways_hint"),
    )
    return Form(voice.say("oncall.notify.form.title"), "onc:v1:notify", [chosen, *fields])


def notify_typed(form: Submitted, *, by: Person) -> NotifySettings:
    """Return the settings that a person has typed.

    Raises:
        UserError: a field cannot be read; the person is told which one, without its content.
    """
    ntfy, pushover = form.text(_NTFY).strip(), form.text(_PUSHOVER).strip()
    if ntfy and not is_ntfy(ntfy):
        raise UserError("notify_ntfy")
    if pushover and not is_pushover(pushover):
        raise UserError("notify_pushover")
    return NotifySettings(
        by.id,
        by.username,
        ways=tuple(way for way in _PERSONAL if way.value in form.values.get(_WAYS, ())),
        wait=_wait(half_width(form.text(_WAIT)).strip()),
        quiet=_quiet(half_width(form.text(_QUIET)).strip()),
        ntfy=ntfy or None,
        pushover=pushover or None,
    )


def _wait(text: str) -> timedelta:
    try:
        wait = parse_duration(text) if text else timedelta()
    except ValueError:
        wait = LONGEST_WAIT * 2
    if wait > LONGEST_WAIT:
        raise UserError("notify_wait")
    return wait


def _quiet(text: str) -> QuietHours | None:
    """Read "22:00-07:00", with any of the dashes that people type."""
    if not text:
        return None
    start, _, end = text.replace("〜", "-").replace("~", "-").replace("–", "-").partition("-")
    try:
        quiet = QuietHours(time.fromisoformat(start.strip()), time.fromisoformat(end.strip()))
    except ValueError:
        raise UserError("notify_quiet") from None
    if quiet.start == quiet.end:
        raise UserError("notify_quiet")
    return quiet


def notify_said(voice: Voice, own: NotifySettings, *, unusable: Sequence[Way]) -> str:
    """Return what is set now, for the person alone; addresses are not repeated.

    Args:
        unusable: The push services that the bot is not set up for.
    """
    if own.is_empty:
        return voice.say("oncall.notify.nothing")
    lines = [voice.say("oncall.notify.saved")]
    if own.ways:
        ways = voice.listed(voice.say(f"oncall.notify.way.{way}") for way in own.ways)
        key = "later" if own.wait else "at_once"
        lines.append(voice.say(f"oncall.notify.{key}", ways=ways, wait=voice.span(own.wait)))
    if own.quiet is not None:
        lines.append(
            voice.say("oncall.notify.quiet", start=f"{own.quiet.start:%H:%M}", end=f"{own.quiet.end:%H:%M}")
        )
    if Also.PUSH in own.ways and not (own.ntfy or own.pushover):
        lines.append(voice.say("oncall.notify.no_address"))
    if unusable:
        ways = voice.listed(voice.say(f"outside.way.{way}") for way in unusable)
        lines.append(voice.say("oncall.notify.unusable", ways=ways))
    return "\n".join(lines)
