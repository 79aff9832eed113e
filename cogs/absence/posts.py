"""The posts about a shift whose person is away, and the list of absences."""

from collections.abc import Sequence
from typing import Final

from discord import ui

from bot.domain.delivery.delivery import Delivery
from bot.domain.oncall.absences import TimeAway
from bot.services.ports import Subject
from bot.ui.buttons import OwnVerb, row
from bot.ui.components import Screen, button, text
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

#: The custom id of the button that withdraws an absence.
END: Final = r"absence:v1:end:(?P<number>\d{1,18})"
_BUTTONS: Final = 5  # Discord: buttons in a row
_SHOWN: Final = 20
_REASON_LIMIT: Final = 200
_NAME_LIMIT: Final = 80
_MIB: Final = 1024 * 1024


def post(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    """Compose the post about a shift; once somebody has it, it says who and has no button."""
    shift = about(AwayShift, delivery, subject)
    is_dm = delivery.kind is AbsenceDelivery.AWAY_SHIFT_DM
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


def absences_screen(voice: Voice, absences: Sequence[TimeAway]) -> Screen:
    """Show who is away when, with a button to withdraw each of the first ones."""
    lines = [absence_line(voice, one) for one in absences[:_SHOWN]] or [voice.say("absence.screen.none")]
    ends = [
        button(
            voice.say(
                "absence.screen.end",
                who=plain(one.who.name, limit=32),
                starts=voice.moment(one.starts),
            ),
            f"absence:v1:end:{one.id}",
        )
        for one in absences[:_BUTTONS]
    ]
    return Screen(
        text(voice.say("absence.screen.title")), ui.Separator(), text(*lines), rows=[screen_row(*ends)]
    )


def absence_line(voice: Voice, absence: TimeAway) -> str:
    """Return who is away from when to when, and why."""
    said = voice.say(
        "absence.screen.line",
        who=inert(absence.who.name, limit=_NAME_LIMIT),
        starts=voice.moment(absence.starts),
        ends=voice.moment(absence.ends),
    )
    return f"{said}\n-# {inert(absence.reason, limit=_REASON_LIMIT)}" if absence.reason else said


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
