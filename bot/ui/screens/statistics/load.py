"""The load of people in words: what a period cost each, and what would make it fairer."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from bot.domain.oncall.people import OnCallPerson
from bot.domain.statistics.fairness import Fairness, Overload, PlannedShift, Relief
from bot.domain.statistics.load import PersonLoad
from bot.services.statistics.views import StatsView
from bot.ui.components import Screen, text
from bot.ui.words.inert import inert, joined
from bot.ui.words.voice import Voice

_HOUR_S: Final = 3_600
_SORTS: Final = ("day", "night", "weekend", "holiday", "asleep")
_BUDGET: Final = 800
_PLACE_LIMIT: Final = 40
_MOST: Final = 3  # of those who have too much, the ones with the most


def load_lines(voice: Voice, view: StatsView) -> list[str]:
    """Say what the period cost each person; nothing for a scope without people."""
    if view.load is None:
        return []
    lines = [_person(voice, one) for one in view.load]
    heading = voice.say("stats.load_own" if view.hides_load else "stats.load")
    shown = joined(lines, separator="\n", limit=_BUDGET, more="\n" + voice.say("state.more", count="{count}"))
    hidden = voice.say("stats.hidden") if view.hides_load else ""
    return [heading, shown or voice.say("stats.load_none"), hidden]


def fairness_screen(voice: Voice, found: Fairness, *, now: datetime) -> Screen:
    """Show the load of three months, who has too much of it, and a change that would help."""
    title = voice.say("stats.fairness.title", since=_day(voice, found.since), now=_day(voice, now))
    mean = voice.say("stats.fairness.mean", pages=_count(found.mean_pages), hours=_hours(found.mean_s))
    lines = [_person(voice, one) for one in found.loads]
    shown = joined(
        lines, separator="\n", limit=2 * _BUDGET, more="\n" + voice.say("state.more", count="{count}")
    )
    return Screen(
        text(title, shown or voice.say("stats.fairness.nobody"), mean if lines else ""),
        *(text(*_overload(voice, found, one)) for one in found.overloads[:_MOST]),
        *([text(voice.say(f"stats.fairness.{_verdict(found)}"))] if lines and not found.overloads else []),
    )


def _verdict(found: Fairness) -> str:
    return "fair" if len(found.loads) > 1 else "alone"


def _overload(voice: Voice, found: Fairness, one: Overload) -> Iterator[str]:
    what, times = [], []
    if one.in_pages:
        what.append(voice.say("stats.fairness.in_pages"))
        times.append(one.load.pages.total / found.mean_pages)
    if one.in_hours:
        what.append(voice.say("stats.fairness.in_hours"))
        times.append(one.load.oncall_s / found.mean_s)
    yield voice.say(
        "stats.fairness.too_much",
        who=who(voice, one.load.person),
        times=_count(max(times)),
        what=voice.listed(what),
    )
    yield voice.say("stats.fairness.no_shift") if one.relief is None else _relief(voice, one.relief)


def _relief(voice: Voice, relief: Relief) -> str:
    gives = relief.gives
    if relief.takes is not None:
        return voice.say(
            "stats.fairness.swap",
            to=who(voice, relief.to),
            gives=_shift(voice, gives),
            takes=_shift(voice, relief.takes),
        )
    return voice.say(
        "stats.fairness.stand_in",
        to=who(voice, relief.to),
        gives=_shift(voice, gives),
        username=f"@{inert(relief.to.name, limit=_PLACE_LIMIT)}",
        place=inert(gives.place, limit=_PLACE_LIMIT),
        starts=_typed(voice, gives.starts),
        ends=_typed(voice, gives.ends),
    )


def _shift(voice: Voice, shift: PlannedShift) -> str:
    """Name a shift as the choices of `/oncall swap` do."""
    return voice.say(
        "oncall.choice",
        place=inert(shift.place, limit=_PLACE_LIMIT),
        who=who(voice, shift.person),
        starts=voice.moment(shift.starts),
        ends=voice.moment(shift.ends),
    )


def _typed(voice: Voice, at: datetime) -> str:
    """Return a moment as `/oncall override` reads it."""
    return f"{at.astimezone(voice.policy.timezone):%m/%d %H:%M}"


def who(voice: Voice, person: OnCallPerson) -> str:
    """Name a person: a mention, which pings no one here, or the name that the team uses."""
    return voice.who(person.name) if person.user_id is None else f"<@{person.user_id}>"


def _person(voice: Voice, one: PersonLoad) -> str:
    counts = ((sort, getattr(one.pages, sort)) for sort in _SORTS)
    sorts = [voice.say(f"stats.sort.{sort}", count=count) for sort, count in counts if count]
    return voice.say(
        "stats.person_once" if one.pages.total == 1 else "stats.person",
        who=who(voice, one.person),
        pages=one.pages.total,
        sorts=voice.say("stats.sorts", sorts=" · ".join(sorts)) if sorts else "",
        hours=_hours(one.oncall_s),
    )


def _hours(seconds: float) -> str:
    return f"{seconds / _HOUR_S:,.0f}"


def _count(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _day(voice: Voice, at: datetime) -> str:
    return f"{at.astimezone(voice.policy.timezone):%m/%d}"
