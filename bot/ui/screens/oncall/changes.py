"""`/oncall`: what changes say, and the question before a schedule is cleared."""

from collections.abc import Sequence
from typing import Final

from discord import ButtonStyle

from bot.domain.oncall.book import NewOverride
from bot.services.oncall.change_checks import Doubled, OverrideCheck
from bot.services.oncall.clearing import ScheduleClearing, SetSchedule
from bot.services.oncall.schedules import OnCallNow, Swapped
from bot.ui.components import Screen, button, or_quit, text
from bot.ui.posts.paging.handovers import gap_lines, until
from bot.ui.screens.oncall.console import doubled_said, holder_said, who_said
from bot.ui.words.voice import Voice
from bot.ui.words.wording import relative

#: The custom id of [消す]: the place, and the mark of what was shown.
CLEAR: Final = r"onc:v1:clear:(?P<place>[a-z0-9_]{1,24}):(?P<mark>[0-9a-f]{8})"

_BUDGET: Final = 1_250
_PEOPLE_BUDGET: Final = 400


def clear_screen(voice: Voice, clearing: ScheduleClearing, *, is_changed: bool = False) -> Screen:
    """Ask before clearing: what goes, which stand-ins lose their meaning, and who is on call then.

    Args:
        is_changed: It was confirmed, but something else had been shown.
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
        _listed(voice, gone),
        voice.say("oncall.clear.pointless") if pointless else "",
        _listed(voice, pointless),
        _follows(voice, clearing),
    ]
    confirm = button(
        voice.say("oncall.clear.confirm"), f"onc:v1:clear:{place}:{clearing.mark}", style=ButtonStyle.danger
    )
    return Screen(text(*lines), rows=[or_quit(voice, confirm)])


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


def _listed(voice: Voice, lines: Sequence[str]) -> str:
    return voice.joined(lines, separator="\n", limit=_BUDGET)


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)
