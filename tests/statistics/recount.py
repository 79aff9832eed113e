"""The figures of a history in plain Python, from their definitions and from nothing else of the bot's code.

Only who had an incident is asked of `bot.domain.incident.ownership`, whose meaning the queries share. It
counts what the values of `bot.domain.statistics` are said to mean, one incident at a time.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from statistics import median, quantiles
from typing import TypeAlias, TypeVar

from bot.domain.incident.ownership import acked_in_time, spells, unowned
from bot.domain.statistics.figures import AlertCounts, Deadlines, Durations, Scope, SeverityFigures
from bot.domain.statistics.load import PageCounts
from bot.domain.statistics.period import Span
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from tests.statistics.history import GUILD, HOLIDAYS, NOW, PROMISING, RINGING, History, MadeIncident

_Key = TypeVar("_Key")

#: What an example is of, its name, and the place of a reader who was not kept.
ExampleKey: TypeAlias = tuple[str, str | None, str | None]
Rank: TypeAlias = float


def counted(history: History, span: Span, scope: Scope) -> list[MadeIncident]:
    """Return the incidents that count."""
    return [one for one in needing_owner(history, span, scope) if one.kind == "incident"]


def needing_owner(history: History, span: Span, scope: Scope) -> list[MadeIncident]:
    """Return those, and the alerts that ring."""
    return [
        one
        for one in _triggered(history, span)
        if (one.kind == "incident" or one.severity in RINGING)
        if one.status not in ("cancelled", "merged") and not one.is_drill
        if scope.severity in (None, one.severity)
        if scope.target is None or (scope.target in one.targets and not one.is_private)
        if scope.person_id is None or scope.person_id in one.responders
    ]


def severities(found: Iterable[MadeIncident]) -> dict[str, SeverityFigures]:
    """Return the figures of *found* by severity."""
    sorted_ = _grouped(found, lambda one: one.severity)
    return {name: _severity(name, incidents) for name, incidents in sorted_.items()}


def weeks(history: History, found: Iterable[MadeIncident]) -> dict[date, dict[str, SeverityFigures]]:
    """Return the same by the Monday of the local week."""
    sorted_ = _grouped(found, lambda one: _monday(one.triggered_at.astimezone(history.zone)))
    return {monday: severities(incidents) for monday, incidents in sorted_.items()}


def updates(found: Iterable[MadeIncident]) -> Deadlines:
    """Return the status updates in time, and the promises that the bot had to remind of."""
    outcomes = Counter(outcome for one in found for outcome in _updates(one))
    return Deadlines(outcomes["met"], outcomes["missed"])


def _updates(one: MadeIncident) -> Iterator[str]:
    is_promised, is_late, is_first = one.severity in PROMISING, False, True
    for entry in one.entries:
        if entry.reminder is not None:
            if entry.reminder == 1:
                yield "missed"
            is_late = True
        else:
            acknowledged = one.acknowledged_at is not None and one.acknowledged_at <= entry.at
            is_owed = is_promised and (acknowledged or not is_first)
            if entry.has_words and is_owed and not is_late:
                yield "met"
            is_promised, is_late = entry.is_promise, False
        is_first = False


def examples(history: History, span: Span) -> dict[ExampleKey, int]:
    """Return the incident that each line of figures leads to, by what it is of."""
    found: dict[ExampleKey, tuple[Rank, MadeIncident]] = {}
    for key, rank, one in (*_of_figures(history, span), *_of_pages(history, span)):
        kept = found.get(key)
        if kept is None or (rank, one.id) > (kept[0], kept[1].id):
            found[key] = (rank, one)
    return {key: one.id for key, (_, one) in found.items() if not one.is_private}


def _of_figures(history: History, span: Span) -> Iterator[tuple[ExampleKey, Rank, MadeIncident]]:
    for one in counted(history, span, Scope()):
        if one.ended_at is not None:
            yield ("severity", one.severity, None), (one.ended_at - one.triggered_at).total_seconds(), one
        if not one.is_private:
            at = one.triggered_at.timestamp()
            yield from ((("target", target, None), at, one) for target in one.targets)
            late = (entry.at.timestamp() for entry in one.entries if entry.reminder is not None)
            yield from ((("late_update", None, None), moment, one) for moment in late)
    for one in _triggered(history, span):
        if one.is_drill and not one.is_private:
            yield ("drill", None, None), one.triggered_at.timestamp(), one
        elif one.fingerprint is not None and not one.is_private:
            yield ("sender", one.sender, None), one.triggered_at.timestamp(), one


def _of_pages(history: History, span: Span) -> Iterator[tuple[ExampleKey, Rank, MadeIncident]]:
    known = {one.id: one for one in history.incidents if not one.is_drill and not one.is_private}
    for page in history.deliveries:
        about = known.get(page.incident_id or 0)
        is_page = (page.guild_id, page.kind, page.status, page.bundle_id) == (GUILD, "page", "sent", None)
        if about is not None and is_page and page.finished_at and span.start <= page.finished_at < span.end:
            place = page.place if page.reader is None else None
            yield ("reader", page.reader, place), page.finished_at.timestamp(), about


def set_aside(history: History, span: Span) -> tuple[int, int]:
    """Return false alarms and duplicates."""
    rest = [one for one in _triggered(history, span) if not one.is_drill]
    declared = Counter(one.status for one in rest if one.kind == "incident")
    return declared["cancelled"], declared["merged"]


def targets(found: Iterable[MadeIncident]) -> list[tuple[str, int]]:
    """Return targets and their incidents, the busiest first."""
    counts = Counter(target for one in found if not one.is_private for target in set(one.targets))
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def drills(history: History, span: Span) -> tuple[int, Durations]:
    """Return the number of drills and the time to their first acknowledge."""
    held = [one for one in _triggered(history, span) if one.is_drill]
    return len(held), _durations(_acknowledge_s(held))


def pages(history: History, span: Span) -> dict[tuple[str | None, str | None], PageCounts]:
    """Return the pages by reader, or by place without a reader."""
    drills_ = {one.id for one in history.incidents if one.is_drill}
    found: dict[tuple[str | None, str | None], PageCounts] = {}
    for one in history.deliveries:
        is_page = one.kind == "page" or (one.kind, one.of) == ("bundle", "page")
        if one.guild_id != GUILD or not is_page or one.bundle_id or one.incident_id in drills_:
            continue
        if one.status != "sent" or one.finished_at is None or not span.start <= one.finished_at < span.end:
            continue
        who = (one.reader, one.place if one.reader is None else None)
        counts = found.get(who, PageCounts())
        found[who] = counts + _page(one.finished_at.astimezone(history.zone))
    return found


def _page(local: datetime) -> PageCounts:
    is_asleep = local.time() >= time(22) or local.time() < time(7)
    if local.date() in HOLIDAYS:
        return PageCounts(holiday=1, asleep=is_asleep)
    if local.isoweekday() in (6, 7):
        return PageCounts(weekend=1, asleep=is_asleep)
    return PageCounts(night=1, asleep=1) if is_asleep else PageCounts(day=1)


def alerts(history: History, span: Span, by: Callable[[MadeIncident], str]) -> dict[str, AlertCounts]:
    """Return what became of the alerts, by sender or by fingerprint."""
    began = [one for one in _triggered(history, span) if one.fingerprint and not one.is_drill]
    return {key: _alerts(history, group) for key, group in _grouped(began, by).items()}


def _alerts(history: History, group: list[MadeIncident]) -> AlertCounts:
    kinds = {one.id: one.kind for one in history.incidents}
    return AlertCounts(
        alerts=len(group),
        messages=sum(one.occurrences for one in group),
        acknowledged=sum(one.acknowledged_at is not None for one in group),
        acted_on=sum(
            (one.kind == "incident" and one.status != "cancelled")
            or kinds.get(one.merged_into_id or 0) == "incident"
            for one in group
        ),
        false=sum(one.status == "cancelled" for one in group),
        again=sum(_fired_again(history, one) for one in group),
    )


def _fired_again(history: History, one: MadeIncident) -> bool:
    if one.status not in ("resolved", "cancelled") or one.ended_at is None:
        return False
    return any(
        other.guild_id == GUILD
        and other.fingerprint == one.fingerprint
        and timedelta() < other.triggered_at - one.ended_at <= timedelta(hours=24)
        for other in history.incidents
    )


def _triggered(history: History, span: Span) -> list[MadeIncident]:
    return [
        one
        for one in history.incidents
        if one.guild_id == GUILD and span.start <= one.triggered_at < span.end
    ]


def _severity(name: str, found: list[MadeIncident]) -> SeverityFigures:
    declared = [one for one in found if one.kind == "incident"]
    resolved = [one for one in declared if one.status == "resolved"]
    return SeverityFigures(
        name,
        len(declared),
        acknowledge=_durations(_acknowledge_s(declared)),
        resolve=_durations(
            [(one.ended_at - one.triggered_at).total_seconds() for one in resolved if one.ended_at]
        ),
        ack_deadlines=Deadlines(
            met=sum(_in_time(one) is True for one in found),
            missed=sum(_in_time(one) is False for one in found),
        ),
    )


def _timeline(one: MadeIncident) -> list[TimelineEntry]:
    named = ((turn, None if turn.actor_id is None else f"person {turn.actor_id}") for turn in one.turns)
    return [
        TimelineEntry(TimelineKind(turn.kind), turn.at, turn.actor_id, name, dict(turn.data))
        for turn, name in named
    ]


def _in_time(one: MadeIncident) -> bool | None:
    return acked_in_time(_timeline(one), triggered_at=one.triggered_at, due_at=one.ack_due_at, now=NOW)


def unowned_s(history: History, span: Span, scope: Scope) -> dict[int, float]:
    """Return for how many seconds of *span* nobody had what needs an owner, whenever it was triggered."""
    ever = Span(datetime.min.replace(tzinfo=UTC), span.end)
    found = {
        one.id: unowned(
            spells(_timeline(one), triggered_at=one.triggered_at), since=span.start, until=min(span.end, NOW)
        )
        for one in needing_owner(history, ever, scope)
    }
    return {number: spent.total_seconds() for number, spent in found.items() if spent}


def _acknowledge_s(found: Iterable[MadeIncident]) -> list[float]:
    return [(one.acknowledged_at - one.triggered_at).total_seconds() for one in found if one.acknowledged_at]


def _durations(seconds: list[float]) -> Durations:
    if not seconds:
        return Durations()
    p90_s = seconds[0] if len(seconds) == 1 else quantiles(seconds, n=10, method="inclusive")[-1]
    return Durations(len(seconds), median(seconds), p90_s)


def _monday(local: datetime) -> date:
    return local.date() - timedelta(days=local.weekday())


def _grouped(
    found: Iterable[MadeIncident], by: Callable[[MadeIncident], _Key]
) -> dict[_Key, list[MadeIncident]]:
    groups: dict[_Key, list[MadeIncident]] = {}
    for one in found:
        groups.setdefault(by(one), []).append(one)
    return groups
