"""`/oncall`: who is on call, who comes next, and the answers to changes."""

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypeAlias

import discord
from discord import ButtonStyle, ui

from bot.domain.oncall.book import StoredOverride
from bot.domain.oncall.people import OnCallPerson
from bot.domain.oncall.rotation import Shift
from bot.services.oncall.calendars import ImportPreview, ScheduleDraft
from bot.services.oncall.change_checks import Doubled
from bot.services.oncall.schedules import DutyView, OnCallNow, Turn
from bot.ui.components import Row, Screen, button, row, text
from bot.ui.posts.paging.handovers import until
from bot.ui.words.inert import inert, joined, plain
from bot.ui.words.voice import Voice
from bot.ui.words.wording import relative

#: The custom ids of the buttons: the number of an override, the numbers of an import's drafts.
END: Final = r"onc:v1:end:(?P<number>\d{1,18})"
END_CONFIRMED: Final = r"onc:v1:ended:(?P<number>\d{1,18})"
IMPORT: Final = r"onc:v1:import:(?P<drafts>\d{1,10}(-\d{1,10}){0,6})"
LEAVE: Final = r"onc:v1:leave"

StandIn: TypeAlias = tuple[StoredOverride, OnCallPerson]

#: Discord: buttons in a row. More stand-ins than that are rare; the next ones come up when these are over.
_BUTTONS: Final = 5
#: Of the 4,000 characters that all texts of a screen may have: for each of its three lists, for all that an
#: import would change, and for one place of it.
_BUDGET: Final = 1_250
_DRAFTS_BUDGET: Final = 2_700
_DRAFT_BUDGET: Final = 1_000
_DOUBLED_BUDGET: Final = 500
_CHOICE_LIMIT: Final = 100


def show_screen(voice: Voice, view: DutyView) -> Screen:
    """Show who is on call and until when, the next two weeks, and the overrides with a button to end each."""
    now = [holder_said(voice, "oncall.show.now", each) for each in view.holders]
    ahead = [_turn(voice, turn) for turn in view.ahead] or [voice.say("oncall.show.none_ahead")]
    parts: list[ui.Item[ui.LayoutView]] = [
        text(voice.say("oncall.show.title"), _listed(voice, now)),
        ui.Separator(),
        text(voice.say("oncall.show.ahead"), _listed(voice, ahead)),
    ]
    stand_ins = [_override(voice, override, person) for override, person in view.overrides]
    if stand_ins:
        parts += [ui.Separator(), text(voice.say("oncall.show.overrides"), _listed(voice, stand_ins))]
    return Screen(*parts, rows=[_ends(voice, [override for override, _ in view.overrides])])


def end_asked_screen(voice: Voice, ending: Sequence[StandIn]) -> Screen:
    """Ask once before ending stand-ins, which cannot be undone.

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


def imported_screen(voice: Voice, places: Sequence[str], doubled: Sequence[Doubled] = ()) -> Screen:
    """Say that the import is in force, and who is at two places at once by that."""
    return Screen(
        text(voice.say("oncall.imported", places=voice.listed(places)), doubled_said(voice, doubled))
    )


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


def _turn(voice: Voice, turn: Turn) -> str:
    at = turn.shift.starts
    return voice.say(
        "oncall.show.turn",
        at=voice.moment(at),
        relative=relative(at),
        place=turn.place,
        who=who_said(voice, turn.person),
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


def _ends(voice: Voice, overrides: Sequence[StoredOverride]) -> Row | None:
    return row(
        *(
            button(voice.say("oncall.show.end", number=f"#{override.id}"), f"onc:v1:end:{override.id}")
            for override in overrides[:_BUTTONS]
        )
    )


def _draft(voice: Voice, draft: ScheduleDraft, *, budget: int) -> str:
    """Return a place and the first of its shifts, as many as there is room for."""
    last = max(shift.ends for shift in draft.shifts)
    place = voice.say(
        "oncall.preview.place", place=draft.place, count=len(draft.shifts), until=voice.moment(last)
    )
    shifts = (
        _shift(voice, shift, draft.people[shift.person], former=former)
        for shift, former in zip(draft.shifts, draft.formers, strict=True)
    )
    more = "\n" + voice.say("oncall.preview.more", count="{count}")
    return joined([place, *shifts], separator="\n", limit=budget, more=more)


def _shift(voice: Voice, shift: Shift, person: OnCallPerson, *, former: OnCallPerson) -> str:
    return voice.say(
        "oncall.preview.same" if former.handle == person.handle else "oncall.preview.shift",
        starts=voice.moment(shift.starts),
        ends=voice.moment(shift.ends),
        former=who_said(voice, former),
        who=who_said(voice, person),
    )
