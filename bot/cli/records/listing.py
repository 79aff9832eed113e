"""`incident-bot incidents`, `audit`, and `export` for people: incidents as lists, tables and pages."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import typer

from bot.cli.database import with_stores
from bot.cli.outcome import server_named
from bot.cli.records.transfer import destination, say_what_is_missing
from bot.domain.audit import AuditQuestion, AuditRow
from bot.domain.errors import ConfigError, IncidentNotFound
from bot.domain.incident import relations
from bot.domain.incident.incident import Incident
from bot.domain.incident.ownership import acked_in_time, spells, unowned
from bot.domain.timeline.lines import lines_of
from bot.resources import SharedResources
from bot.services.timeline.timelines import History
from bot.settings import Settings
from bot.storage.records.store import RecordsFilter
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import AuditRows, TimelineRows
from bot.ui.screens.audit import deed
from bot.ui.screens.timeline import markdown
from bot.ui.words.inert import BYTE_ORDER_MARK, csv_line, plain
from bot.ui.words.wording import Wording, home_url

_AUDIT_PAGE: Final = 500
_BEGINNING: Final = datetime(2015, 1, 1, tzinfo=UTC)  # Discord did not exist before
#: How much of the past is read at once.
_STRETCH: Final = timedelta(days=28)
_TITLE_LIMIT: Final = 80


def list_incidents(settings: Settings, choice: RecordsFilter, *, is_open: bool, as_json: bool) -> None:
    """Print a line for each incident, the oldest first."""

    async def run(shared: SharedResources) -> None:
        async for incident in _incidents(shared, choice):
            if is_open and not incident.is_open:
                continue
            if as_json:
                typer.echo(_json(await _object(shared, incident)))
                continue
            where, began = server_named(shared.served, incident.guild_id), incident.triggered_at
            parts = (incident.label, incident.severity, incident.status, f"{began:%Y-%m-%d %H:%M}Z")
            typer.echo(f"{where}{'  '.join((*parts, plain(incident.title, limit=_TITLE_LIMIT)))}")

    with_stores(settings, run)


def show_incident(settings: Settings, number: int, *, as_json: bool, lang: str | None) -> None:
    """Print an incident with its timeline.

    Args:
        lang: "ja" or "en"; None for the language of the incident's server.

    Raises:
        ConfigError: there is no such incident.
    """

    async def run(shared: SharedResources) -> None:
        try:
            incident = await IncidentRows(shared.store.sql).incident(number)
        except IncidentNotFound:
            raise ConfigError(f"there is no incident {number}") from None
        history = await _history(shared, incident)
        if as_json:
            timeline = [asdict(line.entry) for line in history.lines]
            typer.echo(_json({**await _object(shared, incident), "timeline": timeline}))
        else:
            typer.echo(markdown(_words(shared, incident.guild_id, lang), history, whole=True))

    with_stores(settings, run)


def print_audit(settings: Settings, question: AuditQuestion, *, as_json: bool, lang: str | None) -> None:
    """Print who did what, when, refused or not: the latest first. *lang* as in `show_incident`."""

    async def run(shared: SharedResources) -> None:
        for guild_id in shared.served.policies:
            where, words = server_named(shared.served, guild_id), _words(shared, guild_id, lang)
            async for row in _audit_rows(shared, guild_id, question):
                typer.echo(
                    _json({**asdict(row), "data": row.data.to_json()})
                    if as_json
                    else f"{where}{_audit_line(words, row)}"
                )

    with_stores(settings, run)


def export_csv(settings: Settings, choice: RecordsFilter, out: Path | None) -> None:
    """Write a row for each incident: RFC 4180, in UTF-8 with the mark by which Excel knows it.

    Raises:
        ConfigError: the file exists, or cannot be written.
    """

    async def rows(shared: SharedResources) -> AsyncIterator[str]:
        heading = BYTE_ORDER_MARK
        async for incident in _incidents(shared, choice):
            row = await _object(shared, incident)
            if heading:
                yield f"{heading}{csv_line(row)}"
                heading = ""
            yield csv_line(map(_cell, row.values()))

    _export(settings, choice, out, rows)


def export_markdown(settings: Settings, choice: RecordsFilter, out: Path | None) -> None:
    """Write each incident with its timeline, in its server's language. Raises as `export_csv`."""

    async def pages(shared: SharedResources) -> AsyncIterator[str]:
        async for incident in _incidents(shared, choice):
            words = _words(shared, incident.guild_id)
            history = await _history(shared, incident, private=choice.private)
            yield f"{markdown(words, history, whole=True)}\n"

    _export(settings, choice, out, pages)


def _export(
    settings: Settings,
    choice: RecordsFilter,
    out: Path | None,
    parts: Callable[[SharedResources], AsyncIterator[str]],
) -> None:
    """Write *parts* to a file or to stdout, and say how many private incidents are not among them."""

    async def run(shared: SharedResources) -> None:
        with destination(out) as file:
            async for part in parts(shared):
                file.write(part)
        left_out = 0
        if not choice.private:
            everything = RecordsFilter(choice.since, choice.until, private=True)
            left_out = sum([one.is_private async for one in _incidents(shared, everything)])
        say_what_is_missing(left_out)

    with_stores(settings, run)


async def _incidents(shared: SharedResources, choice: RecordsFilter) -> AsyncIterator[Incident]:
    """Yield the chosen incidents of all servers, each server's oldest first, some weeks at a time."""
    until = choice.until or await shared.store.now() + _STRETCH
    for guild_id in shared.served.policies:
        start = choice.since or _BEGINNING
        while start < until:
            end = min(start + _STRETCH, until)
            for incident in await IncidentRows(shared.store.sql).incidents_between(guild_id, start, end):
                if choice.private or not incident.is_private:
                    yield await IncidentRows(shared.store.sql).shown_incident(incident.id)
            start = end


async def _history(shared: SharedResources, incident: Incident, *, private: bool = True) -> History:
    """Return the history of *incident*. Only if *private* has it the numbers of private ones."""
    entries = await TimelineRows(shared.store.sql).timeline(incident.id)
    if not private:
        others = [
            await IncidentRows(shared.store.sql).incident(number)
            for number in sorted(relations.others_in(entries))
        ]
        hidden = {other.id for other in others if other.is_private}
        entries = [relations.readable(entry, hidden) for entry in entries]
    return History(incident, lines_of(entries, await DeliveryRows(shared.store.sql).posts(incident.id)))


async def _audit_rows(
    shared: SharedResources, guild_id: int, question: AuditQuestion
) -> AsyncIterator[AuditRow]:
    page = question
    while rows := await AuditRows(shared.store.sql).audit_rows(guild_id, page, limit=_AUDIT_PAGE):
        for row in rows:
            yield row
        page = replace(question, before=rows[-1].id)


def _words(shared: SharedResources, guild_id: int, lang: str | None = None) -> Wording:
    policy = shared.served.policies[guild_id]
    return Wording(shared.texts, replace(policy, language=lang or policy.language))


async def _object(shared: SharedResources, incident: Incident) -> dict[str, object]:
    """Return an incident under names that stay, for programs and tables."""
    entries, now = await TimelineRows(shared.store.sql).timeline(incident.id), await shared.store.now()
    raised, due_at = incident.triggered_at, incident.ack_due_at
    without = unowned(spells(entries, triggered_at=raised), since=raised, until=now)
    resolution, postmortem = incident.aftermath.resolution, incident.aftermath.postmortem
    acknowledged, ended = incident.acknowledged, incident.ended
    return {
        "number": incident.id,
        "guild_id": incident.guild_id,
        "severity": incident.severity,
        "priority": incident.priority,
        "status": incident.status,
        "kind": incident.kind,
        "is_drill": incident.is_drill,
        "is_private": incident.is_private,
        "title": incident.title,
        "targets": list(incident.targets),
        "symptoms": list(incident.symptoms),
        "started_at": incident.started_at,
        "triggered_at": incident.triggered_at,
        "reported_by": incident.reported_by.name,
        "acknowledged_at": acknowledged and acknowledged.at,
        "acknowledged_by": acknowledged and acknowledged.name,
        "ack_in_time": acked_in_time(entries, triggered_at=raised, due_at=due_at, now=now),
        "unowned_s": without.total_seconds(),
        "ended_at": ended and ended.at,
        "ended_by": ended and ended.name,
        "cause": resolution and resolution.cause,
        "fix": resolution and resolution.fix,
        "impact": resolution and resolution.impact,
        "people": resolution and resolution.people,
        "duration_s": resolution and resolution.duration_s,
        "postmortem": postmortem and postmortem.state,
        "postmortem_owner": postmortem and postmortem.owner_name,
        "postmortem_due_on": postmortem and postmortem.due_on,
        "pull_request": postmortem and postmortem.pull_request,
        "url": home_url(incident),
    }


def _json(value: Mapping[str, object]) -> str:
    """Return one line; times as ISO 8601 with their offset."""
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _cell(value: object) -> object:
    """Return a value as a table's cell has it."""
    if isinstance(value, list):
        return " ".join(value)
    return value.isoformat() if isinstance(value, datetime | date) else value


def _audit_line(words: Wording, row: AuditRow) -> str:
    who = f"{plain(row.actor_name, limit=_TITLE_LIMIT)} ({row.actor_id})"
    refused = [] if row.allowed else [words.say("audit.refused_mark")]
    data = _json(row.data.to_json())
    return "  ".join((f"{row.at:%Y-%m-%d %H:%M:%S}Z", who, deed(words, row), *refused, data))
