"""The picture of an incident's course: its severity, who had it, notifications, updates, the ack deadline."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from bot.domain.charts import ChartBand, ChartLane, IncidentChart, LaneLook, Mark
from bot.domain.incident.ownership import Spell
from bot.domain.incident.records import SeverityChangedEntry
from bot.domain.timeline.entries import TimelineKind
from bot.ui.pictures import Picture
from bot.ui.words.inert import plain
from cogs.postmortem.facts import CallOutcome, PostmortemFacts, picture_name
from cogs.postmortem.wording import DocumentWording

#: People with a lane of their own; those who had it later share one.
_LANES: Final = 5
_NAME: Final = 40
_TICKS: Final = 5
_STEPS: Final = tuple(
    timedelta(minutes=minutes)
    for minutes in (
        *(1, 2, 5, 10, 15, 30),
        *(60, 120, 180, 360, 720),
        *(1_440, 2_880, 10_080, 43_200, 525_600),
    )
)
_SHORTEST: Final = timedelta(minutes=1)


def picture_of(words: DocumentWording, facts: PostmortemFacts) -> Picture:
    """Return the picture of an incident's course, with its description in words."""
    incident = facts.incident
    lanes = tuple(
        chain(
            [_severities(words, facts)], _owners(words, facts), _calls(words, facts), _updates(words, facts)
        )
    )
    lines = tuple(_lines(words, facts))
    chart = IncidentChart(
        title=words.say("document.picture.title", label=incident.label, zone=_zone(words, facts)),
        span_s=_span(facts).total_seconds(),
        lanes=lanes,
        ticks=tuple(_ticks(words, facts)),
        lines=lines,
    )
    told = words.say(
        "document.picture.told",
        label=incident.label,
        start=words.dated(incident.started_at),
        end=words.hour(facts.until, on=incident.started_at),
        facts=words.listed([*(lane.label for lane in lanes), *(line.label for line in lines)]),
    )
    return Picture(picture_name(incident.id), chart, told)


def _zone(words: DocumentWording, facts: PostmortemFacts) -> str:
    return words.whole_day(facts.incident.started_at).rpartition(" ")[2]


def _span(facts: PostmortemFacts) -> timedelta:
    return max(facts.until - facts.incident.started_at, _SHORTEST)


def _seconds(facts: PostmortemFacts, at: datetime) -> float:
    """Return the seconds from the start to *at*, within the picture."""
    since = at - facts.incident.started_at
    return min(max(since, timedelta()), _span(facts)).total_seconds()


def _severities(words: DocumentWording, facts: PostmortemFacts) -> ChartLane:
    changes = [
        (line.entry.at, SeverityChangedEntry.from_json(line.entry.data or {}))
        for line in facts.lines
        if line.entry.kind is TimelineKind.SEVERITY_CHANGED
    ]
    first = changes[0][1].before if changes else facts.incident.severity
    steps = [(facts.incident.triggered_at, first), *((at, change.after) for at, change in changes)]
    ends = [*(at for at, _ in steps[1:]), facts.until]
    bands = tuple(
        ChartBand(
            start_s=_seconds(facts, at), end_s=_seconds(facts, end), rank=words.policy.rules(severity).rank
        )
        for (at, severity), end in zip(steps, ends, strict=True)
    )
    shown = " → ".join(plain(severity, limit=_NAME) for _, severity in steps)
    return ChartLane(
        label=words.say("document.picture.severity", severities=shown), look=LaneLook.SEVERITY, bands=bands
    )


def _owners(words: DocumentWording, facts: PostmortemFacts) -> Iterator[ChartLane]:
    """Yield a lane for each person who had it, in that order, then one for the time without an owner."""
    found: dict[str, list[Spell]] = {}
    nobody = []
    for spell in facts.spells:
        if spell.name is None:
            nobody.append(spell)
        else:
            found.setdefault(words.plainly(spell.name, limit=_NAME), []).append(spell)
    people = list(found.items())
    for name, spells in people[: _LANES if len(people) <= _LANES else _LANES - 1]:
        yield _lane(words, facts, spells, name="owner", who=name)
    if len(people) > _LANES:
        others = [spell for _, spells in people[_LANES - 1 :] for spell in spells]
        yield _lane(words, facts, others, name="others", count=len(people) - _LANES + 1)
    if any(spell.start < (spell.end or facts.until) for spell in nobody):
        yield _lane(words, facts, nobody, name="nobody")


def _lane(
    words: DocumentWording, facts: PostmortemFacts, spells: list[Spell], *, name: str, **fields: object
) -> ChartLane:
    took = sum((max((one.end or facts.until) - one.start, timedelta()) for one in spells), timedelta())
    return ChartLane(
        label=words.say(f"document.picture.{name}", took=words.span(took), **fields),
        look=LaneLook.NOBODY if name == "nobody" else LaneLook.OWNER,
        bands=tuple(
            ChartBand(start_s=_seconds(facts, one.start), end_s=_seconds(facts, one.end or facts.until))
            for one in spells
        ),
    )


def _calls(words: DocumentWording, facts: PostmortemFacts) -> Iterator[ChartLane]:
    sent = [called for called in facts.called if called.was_sent]
    failed = [called for called in sent if called.outcome is CallOutcome.FAILED]
    if sent:
        key = "calls_failed" if failed else "calls"
        yield ChartLane(
            label=words.say(f"document.picture.{key}", count=len(sent), failed=len(failed)),
            look=LaneLook.CALLS,
            moments=tuple(_seconds(facts, one.asked_at) for one in sent if one not in failed),
            failed=tuple(_seconds(facts, one.asked_at) for one in failed),
        )


def _updates(words: DocumentWording, facts: PostmortemFacts) -> Iterator[ChartLane]:
    moments = tuple(_seconds(facts, line.at) for line in facts.lines if line.entry.is_update)
    if moments:
        label = words.say("document.picture.updates", count=len(moments))
        yield ChartLane(label=label, look=LaneLook.UPDATES, moments=moments)


def _lines(words: DocumentWording, facts: PostmortemFacts) -> Iterator[Mark]:
    """Yield the alert, unless the trouble began with it, and the deadline of the ack if that was reached."""
    incident = facts.incident
    moments = (
        ("triggered", incident.triggered_at, facts.took_to_notice >= _SHORTEST),
        ("ack_due", incident.ack_due_at, incident.ack_due_at <= facts.until),
    )
    for name, at, is_shown in moments:
        if is_shown:
            label = words.say(f"document.picture.{name}", at=words.hour(at, on=incident.started_at))
            yield Mark(at_s=_seconds(facts, at), label=label)


def _ticks(words: DocumentWording, facts: PostmortemFacts) -> Iterator[Mark]:
    """Yield round times of day, so few that their words do not touch."""
    start, span = facts.incident.started_at, _span(facts)
    step = next((step for step in _STEPS if span / step <= _TICKS), span)
    local = start.astimezone(words.policy.timezone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    at = midnight + step * -(-(local - midnight) // step)
    while at <= start + span:
        yield Mark(at_s=(at - start).total_seconds(), label=words.hour(at, on=start))
        at += step
