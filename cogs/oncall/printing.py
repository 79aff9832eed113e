"""`incident-bot import-schedule`: read an export, show what it would change, and put it into force."""

import json
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import typer

from bot.domain.errors import ConfigError
from bot.services.core import Core
from cogs.oncall.exports import grafana_oncall, opsgenie, pagerduty
from cogs.oncall.exports.reading import table
from cogs.oncall.importing import COMPARED, ImportPlan, ScheduleImports
from cogs.oncall.rules import LeftOut, SourceSchedule

READERS: Final[Mapping[str, Callable[..., SourceSchedule]]] = {
    "pagerduty": pagerduty.read,
    "opsgenie": opsgenie.read,
    "grafana-oncall": grafana_oncall.read,
}

#: Lines of differences that are printed; the rest is counted.
_SHOWN: Final = 30

_WORDS: Final = {
    LeftOut.LAYERS: "several layers become the shifts that come of them: {}",
    LeftOut.RESTRICTIONS: "a restriction to some hours becomes the shifts that come of it: {}",
    LeftOut.BOUNDS: "a rotation that begins later or ends becomes the shifts that come of it: {}",
    LeftOut.TURN: "turns of this length, or at this time, become shifts: {}",
    LeftOut.TIME_ZONE: "the time zone is no IANA name, so turns become shifts: {}",
    LeftOut.DIFFERS: "the export names another person than the rotation, first at {}, so it becomes shifts",
    LeftOut.NOT_COMPARED: "the file does not say who is on call, so the rotation was not compared with that",
    LeftOut.GROUPS: "turns of several people at once become shifts of one person at a time: {}",
    LeftOut.OVERLAPS: "several people are on call at once, first at {}; here the latest shift counts",
    LeftOut.GAPS: "no one is on call there, first at {}; here it is the policy's person or layer then",
    LeftOut.TOO_MANY: "there are more shifts than a schedule keeps; those that begin after {} are left out",
    LeftOut.NO_PERSON: "a turn that is not a person's is left out: {}",
    LeftOut.ESCALATION: "escalation rules stay in the policy file (ladder, [oncall]): {}",
}


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What to import, from which system, and where to.

    Attributes:
        place: None for the policy's first.
        people: The file that maps people of the export.
        dry_run, yes: Change nothing; do not ask.
    """

    file: Path
    source: str
    place: str | None = None
    people: Path | None = None
    dry_run: bool = False
    yes: bool = False


@dataclass(frozen=True, slots=True)
class ImportFiles:
    """What the files of an import say: the schedule, and the people of the export."""

    source: SourceSchedule
    named: Mapping[str, str]


def read_files(request: ImportRequest) -> ImportFiles:
    """Read the files.

    Raises:
        ConfigError: one cannot be read.
    """
    try:
        export = table(json.loads(_text(request.file)), str(request.file))
    except (ValueError, RecursionError):
        raise ConfigError(f"{request.file}: is not JSON") from None
    return ImportFiles(READERS[request.source](export, now=datetime.now(UTC)), _named(request.people))


async def import_into(core: Core, request: ImportRequest, read: ImportFiles) -> bool:
    """Print what the import would change, and put it into force if wanted.

    Returns:
        False if something is left to do.

    Raises:
        ConfigError: the files say nothing that can be kept.
    """
    source = read.source
    imports = ScheduleImports(core.store, core.policy, core.oncall)
    place = request.place or next(iter(core.policy.oncall))
    plan = await imports.plan(core.guild_id, source, place=place, named=read.named)
    for line in _report(source, plan, core.policy.timezone):
        typer.echo(line)
    refusal = _refusal(plan, dry_run=request.dry_run, yes=request.yes)
    if refusal is None:
        await imports.put_into_force(core.guild_id, plan)
    typer.echo(refusal or f"{place} follows this schedule from now on")
    return refusal is None or not (plan.unknown or plan.is_new) or request.dry_run


def _refusal(plan: ImportPlan, *, dry_run: bool, yes: bool) -> str | None:
    """Return why nothing is changed; None if the plan goes into force."""
    if plan.unknown:
        return "nothing was changed: give the people without a Discord user in --people"
    if not plan.is_new:
        return "nothing to change: the place has this schedule"
    if dry_run:
        return "nothing was changed: --dry-run"
    if yes or (sys.stdin.isatty() and typer.confirm("Put it into force?")):
        return None
    return "nothing was changed: --yes puts it into force"


def _report(source: SourceSchedule, plan: ImportPlan, timezone: ZoneInfo) -> Iterator[str]:
    carried = plan.carried
    yield f"{source.name} -> {plan.place}"
    yield "carried over"
    if (rotation := carried.rotation) is not None:
        people = ", ".join((plan.people.get(key) or source.people[key]).name for key in rotation.people)
        since = f"{rotation.starts_on} {rotation.handover:%H:%M} {rotation.timezone.key}"
        yield f"  turns of {_counted(rotation.every, rotation.unit)} since {since}: {people}"
        yield f"  {_counted(len(carried.overrides), 'overrides')}"
    elif carried.until is not None:
        yield f"  {_counted(len(carried.shifts), 'shifts')}"
        yield f"  they end at {_at(carried.until, timezone)}: import again before then"
    if carried.findings:
        yield "not carried over as it is"
        yield from (f"  {_WORDS[finding.what].format(finding.detail)}" for finding in carried.findings)
    if plan.unknown:
        yield "people without a Discord user"
        yield from (f'  "{person.email or person.name}" = ""' for person in plan.unknown)
        return
    yield f"who is on call instead, in the next {COMPARED.days // 7} weeks ({timezone.key})"
    for one in plan.differences[:_SHOWN]:
        stretch = f"{_at(one.starts, timezone)} - {_at(one.ends, timezone)}"
        yield f"  {stretch}  {one.after.name}, not {one.before.name}"
    if not plan.differences:
        yield "  no one: the same people as now"
    if len(plan.differences) > _SHOWN:
        yield f"  and {len(plan.differences) - _SHOWN} more"


def _counted(count: int, many: str) -> str:
    """Return "2 weeks", or "1 week"."""
    return f"{count} {many.removesuffix('s') if count == 1 else many}"


def _at(at: datetime, timezone: ZoneInfo) -> str:
    return f"{at.astimezone(timezone):%Y-%m-%d %H:%M}"


def _named(file: Path | None) -> dict[str, str]:
    """Return the map of people, its keys in small letters."""
    if file is None:
        return {}
    try:
        handles = tomllib.loads(_text(file))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: {error}") from None
    for name, handle in handles.items():
        if not isinstance(handle, str | int) or not str(handle).strip():
            raise ConfigError(f"{file}: {name}: expected a username of the policy, or a Discord id")
    return {name.strip().lower(): str(handle).strip().removeprefix("@") for name, handle in handles.items()}


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: cannot be read: {error}") from None
