"""The posts about a shift whose person is away and about a calendar file, and the list of absences."""

from collections.abc import Sequence
from typing import Final

from discord import SelectOption, ui

from bot.domain.delivery.delivery import Delivery
from bot.domain.oncall.absences import TimeAway
from bot.domain.oncall.rotation import Shift
from bot.services.ports import Subject
from bot.ui.buttons import OwnVerb, row
from bot.ui.components import Screen, button, select_row, text
from bot.ui.components import row as screen_row
from bot.ui.posts.bodies import Body, Renderers, about, alone, message
from bot.ui.words.inert import inert, plain
from bot.ui.words.wording import Voice, Wording
from cogs.absence.rules import (
    BIGGEST,
    MOST_EVENTS,
    AbsenceDelivery,
    AwayShift,
    CalendarData,
    CalendarProblem,
)

#: [引き受ける]: take the shift.
TAKE: Final = OwnVerb("take_shift", "🙋", is_primary=True, of="away")

#: The custom ids of a page of the list, and of the select on it that withdraws an absence.
PAGE: Final = r"absence:v1:list:(?P<number>\d{1,6})"
WITHDRAW: Final = r"absence:v1:withdraw:(?P<number>\d{1,6})"
_SHOWN: Final = 10
_REASON_LIMIT: Final = 200
_NAME_LIMIT: Final = 80
_MIB: Final = 1024 * 1024


def post(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    """Compose the post about a shift. After a person has taken it, the post names them and has no button."""
    shift = about(AwayShift, delivery, subject)
    is_dm = delivery.kind is AbsenceDelivery.AWAY_SHIFT_DM
    if shift.is_merged:
        merged = {"place": inert(shift.place, limit=60), "starts": words.moment(shift.starts)}
        return message(words.say("absence.post.merged", **merged), components=row([None]))
    fields = {
        "who": words.handle(shift.handle),
        "place": inert(shift.place, limit=60),
        "starts": words.moment(shift.starts),
        "ends": words.moment(shift.ends),
    }
    lines = [words.say("absence.post.dm" if is_dm else "absence.post.line", **fields)]
    if shift.taken_by_name is not None:
        lines.append(words.say("absence.post.taken", who=words.who(shift.taken_by_name)))
    elif shift.is_void:
        lines.append(words.say("absence.post.void"))
    elif shift.suggested is None:
        lines.append(words.say("absence.post.none_free"))
    else:
        lines.append(words.say("absence.post.suggested", who=words.handle(shift.suggested)))
    has_button = shift.waits and not is_dm
    return message(
        "\n".join(lines), components=row([words.buttons.make(TAKE, shift.id) if has_button else None])
    )


def absences_screen(voice: Voice, absences: Sequence[TimeAway], *, page: int = 0, said: str = "") -> Screen:
    """Show a page of absences; a select withdraws one that was recorded in chat.

    Args:
        page: From 0; one that is no longer there is the last one.
        said: What was done just now.
    """
    page = min(page, max(len(absences) - 1, 0) // _SHOWN)
    shown = absences[page * _SHOWN : (page + 1) * _SHOWN]
    lines = [absence_line(voice, one) for one in shown] or [voice.say("absence.screen.none")]
    options = [
        SelectOption(
            label=voice.say(
                "absence.screen.option", who=plain(one.who.name, limit=32), starts=voice.moment(one.starts)
            ),
            value=str(one.id),
        )
        for one in shown
        if one.calendar is None
    ]
    has_more = len(absences) > (page + 1) * _SHOWN
    return Screen(
        text(said, voice.say("absence.screen.title")),
        ui.Separator(),
        text(*lines),
        rows=[
            select_row(f"absence:v1:withdraw:{page}", voice.say("absence.screen.withdraw"), options),
            screen_row(
                button(voice.say("consoles.previous"), _page_id(page - 1), emoji="◀") if page else None,
                button(voice.say("consoles.next"), _page_id(page + 1), emoji="▶") if has_more else None,
            ),
        ],
    )


def _page_id(page: int) -> str:
    return f"absence:v1:list:{page}"


def absence_line(voice: Voice, absence: TimeAway) -> str:
    """Return the line of an absence: the person, the time, the reason, and the calendar file it is from."""
    said = voice.say(
        "absence.screen.line",
        who=inert(absence.who.name, limit=_NAME_LIMIT),
        starts=voice.moment(absence.starts),
        ends=voice.moment(absence.ends),
    )
    if absence.calendar is not None:
        said += f" · 📅 {inert(absence.by_name, limit=_NAME_LIMIT)}"
    return f"{said}\n-# {inert(absence.reason, limit=_REASON_LIMIT)}" if absence.reason else said


def took_said(voice: Voice, shift: AwayShift, elsewhere: Sequence[tuple[str, Shift]]) -> str:
    """Return what a person has taken, with a warning for each other place where they are on call as well."""
    took = voice.say(
        "absence.screen.took",
        place=shift.place,
        starts=voice.moment(shift.starts),
        ends=voice.moment(shift.ends),
    )
    doubled = (
        voice.say(
            "absence.screen.doubled",
            place=shift.place,
            other=other,
            starts=voice.moment(each.starts),
            ends=voice.moment(each.ends),
        )
        for other, each in elsewhere
    )
    return "\n".join([took, *doubled])


def calendar_post(words: Wording, delivery: Delivery) -> Body:
    """Say why a person's calendar file is not used."""
    data = CalendarData.from_json(delivery.data)
    problem = data.problem if data.problem in set(CalendarProblem) else CalendarProblem.UNREADABLE
    why = words.say(
        f"absence.calendar.{problem}",
        size=f"{data.size / _MIB:.1f}",
        most=BIGGEST // _MIB,
        events=MOST_EVENTS,
    )
    said = words.say(
        "absence.calendar.post",
        who=words.handle(data.handle),
        file=inert(data.file, limit=_REASON_LIMIT),
        why=why,
    )
    return message(said)


RENDERERS: Final[Renderers] = {
    AbsenceDelivery.AWAY_SHIFT: post,
    AbsenceDelivery.AWAY_SHIFT_DM: post,
    AbsenceDelivery.AWAY_CALENDAR: alone(calendar_post),
}
