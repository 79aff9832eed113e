"""`/stats show`: the figures of a period on one screen, short enough for a phone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from discord import ui

from bot.domain.charts import DrawnChart
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.statistics.alert_quality import AlertCounts, AlertQuality, NoisyAlert
from bot.domain.statistics.figures import ALL, Durations, IncidentFigures, SeverityFigures
from bot.domain.statistics.period import Period
from bot.services.statistics.views import StatisticsQuestion, StatsView
from bot.ui.components import Row, Screen, button, row, text
from bot.ui.pictures import gallery
from bot.ui.screens.statistics.load import load_lines
from bot.ui.words.inert import inert, joined
from bot.ui.words.links import linked_label
from bot.ui.words.voice import Voice

#: The custom ids of the buttons: another period within the same scope, and the comparison of people.
SHOW: Final = r"sta:v1:show:(?P<period>[0-9A-Z-]{7,8}):(?P<severity>-|[A-Z0-9_-]{1,16}):(?P<target>.{0,60})"
SHOW_PERSON: Final = (
    r"sta:v1:person:(?P<period>[0-9A-Z-]{7,8}):(?P<severity>-|[A-Z0-9_-]{1,16})"
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
        [*_deadlines(voice, view), *_targets(voice, view.figures)],
        load_lines(voice, view),
        [*_alerts(voice, view.alerts), *_drills(voice, view.figures)] if view.alerts else [],
    ]
    parts: list[ui.Item[Any]] = [text(*_heading(voice, view))]
    for lines in sections:
        if lines:
            parts += [ui.Separator(), text(*lines)]
    if pictures:
        parts.append(gallery(pictures))
    return Screen(*parts, rows=[_buttons(voice, view)])


def asked_of(period: Period, fields: Mapping[str, str]) -> StatisticsQuestion:
    """Read the groups of `SHOW` or `SHOW_PERSON`."""
    severity, person = fields["severity"], fields.get("person")
    return StatisticsQuestion(
        period,
        None if severity == _NONE else severity,
        fields["target"] or None,
        None if person is None else Person(int(person), name="", username=fields["username"]),
    )


def period_said(voice: Voice, period: Period) -> str:
    """Name a period with its days: "2026-W48 (11/23 – 11/29)"."""
    return voice.say("stats.period", period=period, first=_day(period.first), last=_day(period.last))


def _day(day: date) -> str:
    return f"{day:%m/%d}"


def _heading(voice: Voice, view: StatsView) -> Iterator[str]:
    period = view.asked.period
    yield voice.say("stats.title", period=period_said(voice, period))
    before = voice.say(f"stats.before.{period.kind.value}")
    yield voice.say(
        "stats.goes_on" if view.goes_on else "stats.whole", before=before, now=voice.moment(view.now)
    )
    if what := list(_scope(voice, view.asked)):
        yield voice.say("stats.only", what=" · ".join(what))


def _scope(voice: Voice, asked: StatisticsQuestion) -> Iterator[str]:
    if asked.severity is not None:
        yield inert(asked.severity, limit=_SEVERITY_LIMIT)
    if asked.target is not None:
        yield inert(asked.target, limit=_NAME_LIMIT)
    if asked.person is not None:
        yield voice.say("stats.only_person", who=f"<@{asked.person.id}>")


def _incidents(voice: Voice, view: StatsView) -> list[str]:
    now, before = view.figures, view.before
    counts = [
        voice.say("digest.incidents.count", severity=_name(one), count=one.incidents)
        for one in now.severities
        if one.incidents or one.severity in voice.policy.severities
    ]
    changed = _change(voice, now.incidents, before.incidents)
    return [
        voice.say("stats.incidents", count=now.incidents, change=changed),
        joined(counts, separator=" · ", limit=_BUDGET, more=" …"),
        *_took(voice, "stats.acknowledge", _pairs(view, lambda one: one.acknowledge)),
        *_took(voice, "stats.resolve", _pairs(view, lambda one: one.resolve)),
        _aside(voice, now) if view.asked.scope == ALL else "",
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
            before=_before(voice, before),
        )
        for one, took, before in pairs
        if took.count
    ]
    if lines:
        yield voice.say(heading)
        yield _lines(voice, lines)


def _before(voice: Voice, took: Durations) -> str:
    return voice.say("stats.took_before", before=_span(voice, took.median_s)) if took.count else ""


def _aside(voice: Voice, figures: IncidentFigures) -> str:
    """Count what is no incident of its own, as the digest does."""
    aside = figures.set_aside
    kinds = {"false_alarms": aside.false_alarms, "duplicates": aside.duplicates, "alerts": aside.alerts}
    said = [voice.say(f"digest.aside.{kind}", count=count) for kind, count in kinds.items() if count]
    return voice.say("digest.aside.line", what=" · ".join(said)) if said else ""


def _deadlines(voice: Voice, view: StatsView) -> Iterator[str]:
    kinds = {"ack": view.figures.ack_deadlines, "update": view.figures.updates}
    kept = [
        voice.say(f"stats.deadlines_{kind}", met=found.met, total=found.total)
        for kind, found in kinds.items()
        if found.total
    ]
    if kept:
        yield voice.say("stats.deadlines", kept=" · ".join(kept))
    if view.late:
        yield voice.say("stats.late")
        yield _listed(voice, view.late)


def _listed(voice: Voice, incidents: Sequence[Incident]) -> str:
    """Link incidents; a private one is counted, because the screen may be shown around."""
    lines = [_late(voice, one) for one in incidents if not one.is_private]
    private = len(incidents) - len(lines)
    if private:
        lines.append(voice.say("stats.late_private", count=private))
    return _lines(voice, lines)


def _late(voice: Voice, incident: Incident) -> str:
    return voice.say(
        "stats.late_one",
        name=linked_label(incident),
        severity=inert(incident.severity, limit=_SEVERITY_LIMIT),
        title=inert(incident.title, limit=_TITLE_LIMIT),
    )


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
        voice.say("stats.source", source=inert(one.name, limit=_NAME_LIMIT), **_counts(one.counts))
        for one in quality.sources
    ]
    if not lines:
        return
    yield voice.say("stats.alerts")
    yield _lines(voice, lines)
    if quality.noisiest:
        yield voice.say("stats.noisiest")
        yield _lines(voice, [_noisy(voice, one) for one in quality.noisiest])


def _noisy(voice: Voice, alert: NoisyAlert) -> str:
    return voice.say(
        "stats.noisy",
        name=linked_label(alert.latest),
        title=inert(alert.latest.title, limit=_TITLE_LIMIT),
        messages=alert.counts.messages,
    )


def _drills(voice: Voice, figures: IncidentFigures) -> Iterator[str]:
    held, took = figures.drills.held, figures.drills.acknowledge
    if held:
        key = "stats.drills_took" if took.count else "stats.drills"
        yield voice.say(key, count=held, median=_span(voice, took.median_s))


def _buttons(voice: Voice, view: StatsView) -> Row | None:
    """Return the buttons: other periods, where a custom id has room for the scope; fairness; the list."""
    asked, period = view.asked, view.asked.period
    before, after = _id(asked, period.previous), _id(asked, Period(period.kind, period.after))
    is_movable = max(len(before), len(after)) <= _ID_LIMIT
    return row(
        button(voice.say("stats.to_before"), before, emoji="◀️") if is_movable else None,
        button(voice.say("stats.to_after"), after, emoji="▶️") if is_movable and not view.goes_on else None,
        button(voice.say("stats.to_fairness"), "sta:v1:fairness", emoji="⚖️"),
        button(voice.say("stats.to_list"), _LIST, emoji="📋"),
    )


def _id(asked: StatisticsQuestion, period: Period) -> str:
    severity, target = asked.severity or _NONE, asked.target or ""
    if asked.person is None:
        return f"sta:v1:show:{period}:{severity}:{target}"
    username = asked.person.username.replace(":", "")  # by which the policy may know them
    return f"sta:v1:person:{period}:{severity}:{asked.person.id}:{username}:{target}"


def _counts(counts: AlertCounts) -> dict[str, object]:
    return {name: getattr(counts, name) for name in counts.__slots__}


def _change(voice: Voice, count: int, before: int) -> str:
    if count == before:
        return voice.say("stats.same")
    return voice.say("stats.more" if count > before else "stats.fewer", count=abs(count - before))


def _name(figures: SeverityFigures) -> str:
    return inert(figures.severity, limit=_SEVERITY_LIMIT)


def _span(voice: Voice, seconds: float | None) -> str:
    return _NOTHING if seconds is None else voice.span(seconds)
