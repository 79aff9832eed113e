"""The posts about a shift whose person is away, and the list of absences."""

from collections.abc import Sequence
from typing import Final

import discord
from discord import ui

from bot.domain.delivery.delivery import Delivery
from bot.domain.oncall.absences import TimeAway
from bot.services.ports import Subject
from bot.ui.buttons import OwnVerb, row
from bot.ui.components import Screen, select_row, text
from bot.ui.posts.bodies import Body, Renderers, about, message
from bot.ui.words.inert import inert, plain
from bot.ui.words.wording import Voice, Wording
from cogs.absence.rules import AbsenceDelivery, AwayShift

#: [引き受ける]: take the shift.
TAKE: Final = OwnVerb("take_shift", "🙋", is_primary=True, of="away")

#: The custom id of the select that withdraws an absence.
END: Final = "absence:v1:end"
_SHOWN: Final = 20  # in 4,000 characters
_REASON_LIMIT: Final = 80
_NAME_LIMIT: Final = 40


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


def absences_screen(voice: Voice, absences: Sequence[TimeAway], *, said: str = "") -> Screen:
    """Show who is away when, the next ones first, with a select to withdraw one of them."""
    lines = [absence_line(voice, one) for one in absences[:_SHOWN]] or [voice.say("absence.screen.none")]
    if len(absences) > _SHOWN:
        lines.append(voice.say("absence.screen.more", count=len(absences) - _SHOWN))
    options = [
        discord.SelectOption(
            label=plain(one.who.name, limit=_NAME_LIMIT),
            value=str(one.id),
            description=voice.say(
                "absence.screen.span", starts=voice.dated(one.starts), ends=voice.dated(one.ends)
            ),
        )
        for one in absences[:_SHOWN]
    ]
    said_before = [text(said), ui.Separator()] if said else []
    return Screen(
        *said_before,
        text(voice.say("absence.screen.title")),
        ui.Separator(),
        text(*lines),
        rows=[select_row(END, voice.say("absence.screen.end"), options)],
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


RENDERERS: Final[Renderers] = {AbsenceDelivery.AWAY_SHIFT: post, AbsenceDelivery.AWAY_SHIFT_DM: post}
