"""Screens of `/stats`: the figures of a period, short enough for a phone, and how fair the load is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from discord import ui

from bot.domain.charts import DrawnChart
from bot.domain.oncall.people import OnCallPerson
from bot.domain.people import Person
from bot.domain.statistics.figures import ALL, AlertQuality, Durations, IncidentFigures, SeverityFigures
from bot.domain.statistics.load import Fairness, Overload, PersonLoad, PlannedShift, Relief
from bot.domain.statistics.period import Period
from bot.ui.components import Screen, button, row, text
from bot.ui.pictures import gallery
from bot.ui.words.inert import inert, joined
from bot.ui.words.wording import Voice, linked_label
from cogs.stats.use_cases import StatisticsQuestion, StatsView

#: The custom ids of the buttons: another period within the same scope, and the comparison of people.
_SCOPE: Final = r"(?P<period>[0-9A-Z-]{7,8}):(?P<severity>-|[A-Z0-9_-]{1,16})(?P<team>(?:@[a-z0-9_]{1,24})?)"
SHOW: Final = rf"sta:v1:show:{_SCOPE}:(?P<target>.{{0,60}})"
SHOW_PERSON: Final = (
    rf"sta:v1:person:{_SCOPE}"
    r":(?P<person>\d{1,20}):(?P<username>[^:]{0,32}):(?P<target>.{0,70})"
)
FAIRNESS: Final = r"sta:v1:fairness"

_NONE: Final = "-"
_ID_LIMIT: Final = 100  # Discord: characters of a custom id
_LIST: Final = "inc:v1:list:any:-:-:0:0:"  # what `bot.ui.screens.incident_list.PAGE` answers
_NOTHING: Final = "–"

#: Characters of each list; all texts of a screen may have 4,000.
_BUDGET: Final = 350
_NAME_LIMIT: Final = 60
_TITLE_LIMIT: Final = 60
_SEVERITY_LIMIT: Final = 40


def stats_screen(voice: Voice, view: StatsView, pictures: Sequence[DrawnChart] = ()) -> Screen:
    """Show the figures beside those of the period before; sections without any are left out.

    Args:
        pictures: The charts of the weeks that end with the period.
    """
    sections = [
        _incidents(voice, view),
        [*_deadlines(voice, view), *_unowned(voice, view), *_targets(voice, view.figures)],
        load_lines(voice, view),
        [*_alerts(voice, view.alerts), *_drills(voice, view.figures)] if view.alerts else [],
    ]
    parts: list[ui.Item[Any]] = [text(*_heading(voice, view))]
    for lines in sections:
        if lines:
            parts += [ui.Separator(), text(*lines)]
    if pictures:
        parts.append(gallery(pictures))
    question, period = view.question, view.question.period
    before, after = _id(question, period.previous), _id(question, Period(period.kind, period.after))
    is_movable = max(len(before), len(after)) <= _ID_LIMIT
    return Screen(
        *parts,
        rows=[
            row(
                button(voice.say("stats.to_before"), before, emoji="◀️") if is_movable else None,
                button(voice.say("stats.to_after"), after, emoji="▶️")
                if is_movable and not view.goes_on
                else None,
                button(voice.say("stats.to_fairness"), "sta:v1:fairness", emoji="⚖️"),
                button(voice.say("stats.to_list"), _LIST, emoji="📋"),
            )
        ],
    )


def asked_of(period: Period, fields: Mapping[str, str]) -> StatisticsQuestion:
    """Read the groups of `SHOW` or `SHOW_PERSON`."""
    severity, person = fields["severity"], fields.get("person")
    return StatisticsQuestion(
        period,
        None if severity == _NONE else severity,
        fields["target"] or None,
        None if person is None else Person(int(person), name="", username=fields["username"]),
        fields["team"].removeprefix("@") or None,
    )


def period_said(voice: Voice, period: Period) -> str:
    """Name a period with its days: "2026-W48 (11/23 – 11/29)"."""
    return voice.say("stats.period", period=period, first=_day(period.first), last=_day(period.last))


def _day(day: date) -> str:
    return f"{day:%m/%d}"


def _heading(voice: Voice, view: StatsView) -> Iterator[str]:
    period = view.question.period
    yield voice.say("stats.title", period=period_said(voice, period))
    before = voice.say(f"stats.before.{period.kind.value}")
    yield voice.say(
        "stats.goes_on" if view.goes_on else "stats.whole", before=before, now=voice.moment(view.now)
    )
    question, scope = view.question, list[str]()
    if question.severity is not None:
        scope.append(inert(question.severity, limit=_SEVERITY_LIMIT))
    if question.team is not None:
        scope.append(voice.say("whose.mark", team=voice.team(question.team)))
    if question.target is not None:
        scope.append(inert(question.target, limit=_NAME_LIMIT))
    if question.person is not None:
        scope.append(voice.say("stats.only_person", who=f"<@{question.person.id}>"))
    if scope:
        yield voice.say("stats.only", what=" · ".join(scope))


def _incidents(voice: Voice, view: StatsView) -> list[str]:
    now, before = view.figures, view.before
    counts = [
        voice.say("figures.incidents.count", severity=_name(one), count=one.incidents)
        for one in now.severities
        if one.incidents or one.severity in voice.policy.severities
    ]
    more = now.incidents - before.incidents
    key = "stats.more" if more > 0 else "stats.fewer"
    changed = voice.say(key, count=abs(more)) if more else voice.say("stats.same")
    return [
        voice.say("stats.incidents", count=now.incidents, change=changed),
        joined(counts, separator=" · ", limit=_BUDGET, more=" …"),
        *_took(voice, "stats.acknowledge", _pairs(view, lambda one: one.acknowledge)),
        *_took(voice, "stats.resolve", _pairs(view, lambda one: one.resolve)),
        _aside(voice, now) if view.question.scope == ALL else "",
    ]


def _pairs(
    view: StatsView, times: Callable[[SeverityFigures], Durations]
) -> list[tuple[SeverityFigures, Durations, Durations]]:
    """Return each severity with its *times* and those of the period before."""
    before = {one.severity: times(one) for one in view.before.severities}
    return [(one, times(one), before.get(one.severity, Durations())) for one in view.figures.severities]


def _took(
    voice: Voice, heading: str, pairs: Sequence[tuple[SeverityFigures, Durations, Durations]]
) -> Iterator[str]:
    lines = [
        voice.say(
            "stats.took_one" if took.count == 1 else "stats.took",
            severity=_name(one),
            median=_span(voice, took.median_s),
            p90=_span(voice, took.p90_s),
            before=voice.say("stats.took_before", before=_span(voice, before.median_s))
            if before.count
            else "",
        )
        for one, took, before in pairs
        if took.count
    ]
    if lines:
        yield voice.say(heading)
        yield _lines(voice, lines)


def _aside(voice: Voice, figures: IncidentFigures) -> str:
    """Count what is no incident of its own, as the digest does."""
    aside = figures.set_aside
    kinds = {"false_alarms": aside.false_alarms, "duplicates": aside.duplicates}
    counts = [voice.say(f"figures.aside.{kind}", count=count) for kind, count in kinds.items() if count]
    return voice.say("figures.aside.line", what=" · ".join(counts)) if counts else ""


def _deadlines(voice: Voice, view: StatsView) -> Iterator[str]:
    kinds = {"ack": view.figures.ack_deadlines, "update": view.figures.updates}
    met = [
        voice.say(f"stats.deadlines_{kind}", met=deadlines.met, total=deadlines.total)
        for kind, deadlines in kinds.items()
        if deadlines.total
    ]
    if met:
        yield voice.say("stats.deadlines", kept=" · ".join(met))
    if view.late:
        yield voice.say("stats.late")
        lines = [
            voice.say(
                "stats.late_one",
                name=linked_label(one),
                severity=inert(one.severity, limit=_SEVERITY_LIMIT),
                title=inert(one.title, limit=_TITLE_LIMIT),
            )
            for one in view.late
            if not one.is_private
        ]
        private = len(view.late) - len(lines)  # counted only: the screen may be shown around
        if private:
            lines.append(voice.say("stats.late_private", count=private))
        yield _lines(voice, lines)


def _unowned(voice: Voice, view: StatsView) -> Iterator[str]:
    """Say how long open incidents had no owner, and which one for longest."""
    now, before = view.figures.unowned, view.before.unowned
    if not now.total_s:
        return
    compared = voice.say("stats.took_before", before=voice.span(before.total_s)) if before.total_s else ""
    yield voice.say("stats.unowned", total=voice.span(now.total_s), before=compared)
    lines = [
        voice.say(
            "stats.unowned_one",
            name=linked_label(one.incident),
            title=inert(one.incident.title, limit=_TITLE_LIMIT),
            span=voice.span(one.seconds),
        )
        for one in now.longest
    ]
    if lines:
        yield _lines(voice, lines)


def _lines(voice: Voice, lines: Sequence[str]) -> str:
    """Return as many *lines* as there is room for, and how many more there are."""
    more = "\n" + voice.say("state.more", count="{count}")
    return joined(lines, separator="\n", limit=_BUDGET, more=more)


def _targets(voice: Voice, figures: IncidentFigures) -> Iterator[str]:
    shown = [
        voice.say("stats.target", target=inert(one.target, limit=_NAME_LIMIT), count=one.incidents)
        for one in figures.targets
    ]
    if shown:
        yield voice.say("stats.targets", targets=joined(shown, separator=" · ", limit=_BUDGET, more=" …"))


def _alerts(voice: Voice, quality: AlertQuality) -> Iterator[str]:
    lines = [
        voice.say(
            "stats.source",
            source=inert(one.name, limit=_NAME_LIMIT),
            **{name: getattr(one.counts, name) for name in one.counts.__slots__},
        )
        for one in quality.sources
    ]
    if not lines:
        return
    yield voice.say("stats.alerts", count=quality.alerts)
    yield _lines(voice, lines)
    if quality.noisiest:
        yield voice.say("stats.noisiest")
        noisy = [
            voice.say(
                "stats.noisy",
                name=linked_label(one.latest),
                title=inert(one.latest.title, limit=_TITLE_LIMIT),
                messages=one.counts.messages,
            )
            for one in quality.noisiest
        ]
        yield _lines(voice, noisy)


def _drills(voice: Voice, figures: IncidentFigures) -> Iterator[str]:
    held, took = figures.drills.held, figures.drills.acknowledge
    if held:
        key = "stats.drills_took" if took.count else "stats.drills"
        yield voice.say(key, count=held, median=_span(voice, took.median_s))


def _id(question: StatisticsQuestion, period: Period) -> str:
    severity, target = question.severity or _NONE, question.target or ""
    if question.team is not None:
        severity = f"{severity}@{question.team}"
    if question.person is None:
        return f"sta:v1:show:{period}:{severity}:{target}"
    username = question.person.username.replace(":", "")  # by which the policy may know them
    return f"sta:v1:person:{period}:{severity}:{question.person.id}:{username}:{target}"


def _name(figures: SeverityFigures) -> str:
    return inert(figures.severity, limit=_SEVERITY_LIMIT)


def _span(voice: Voice, seconds: float | None) -> str:
    return _NOTHING if seconds is None else voice.span(seconds)


_HOUR_S: Final = 3_600
_SORTS: Final = ("day", "night", "weekend", "holiday", "asleep")
_LOAD_BUDGET: Final = 800
_PLACE_LIMIT: Final = 40
_MOST: Final = 3  # of those who have too much, the ones with the most


def load_lines(voice: Voice, view: StatsView) -> list[str]:
    """Say what the period cost each person; nothing for a scope without people."""
    if view.load is None:
        return []
    lines = [_person(voice, one) for one in view.load]
    heading = voice.say("stats.load_own" if view.hides_load else "stats.load")
    shown = joined(
        lines, separator="\n", limit=_LOAD_BUDGET, more="\n" + voice.say("state.more", count="{count}")
    )
    hidden = voice.say("stats.hidden") if view.hides_load else ""
    return [heading, shown or voice.say("stats.load_none"), hidden]


def fairness_screen(voice: Voice, fairness: Fairness, *, now: datetime) -> Screen:
    """Show the load of three months, who has too much of it, and a change that would help."""
    title = voice.say("stats.fairness.title", since=_date(voice, fairness.since), now=_date(voice, now))
    mean = voice.say("stats.fairness.mean", pages=_count(fairness.mean_pages), hours=_hours(fairness.mean_s))
    lines = [_person(voice, one) for one in fairness.loads]
    shown = joined(
        lines, separator="\n", limit=2 * _LOAD_BUDGET, more="\n" + voice.say("state.more", count="{count}")
    )
    verdict = "stats.fairness.fair" if len(fairness.loads) > 1 else "stats.fairness.alone"
    return Screen(
        text(title, shown or voice.say("stats.fairness.nobody"), mean if lines else ""),
        *(text(*_overload(voice, fairness, one)) for one in fairness.overloads[:_MOST]),
        *([text(voice.say(verdict))] if lines and not fairness.overloads else []),
    )


def _overload(voice: Voice, fairness: Fairness, one: Overload) -> Iterator[str]:
    what, times = [], []
    if one.in_pages:
        what.append(voice.say("stats.fairness.in_pages"))
        times.append(one.load.pages.total / fairness.mean_pages)
    if one.in_hours:
        what.append(voice.say("stats.fairness.in_hours"))
        times.append(one.load.oncall_s / fairness.mean_s)
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


def _date(voice: Voice, at: datetime) -> str:
    return f"{at.astimezone(voice.policy.timezone):%m/%d}"
