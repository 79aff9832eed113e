"""`incident-bot import-schedule`: another system's schedule takes the place of the one here, shown first."""

import json
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import structlog
import typer

from bot.domain.errors import ConfigError
from bot.domain.oncall.book import Book, Content, NewOverride, Rosters, StoredOverride, StoredSchedule
from bot.domain.oncall.people import OnCallPerson, Who, id_of
from bot.domain.people import Person
from bot.runbook.model import Policy
from bot.services.core import Core
from bot.services.shared.roster import OnCall
from bot.storage.store import Store
from bot.storage.tables.oncall import OnCallRows
from cogs.oncall.changes import ScheduleChanges
from cogs.oncall.exports import grafana_oncall, opsgenie, pagerduty, table
from cogs.oncall.rules import CarriedOver, LeftOut, SourcePerson, SourceSchedule, carry_over, compared
from cogs.oncall.store import OnCallEntries

log = structlog.get_logger(__name__)

#: How far the difference is shown.
COMPARED: Final = timedelta(weeks=8)

#: Recorded as the author: an import comes from the command line, where Discord knows no one.
IMPORTER: Final = Person(0, "import-schedule")


@dataclass(frozen=True, slots=True)
class Difference:
    """A stretch of time in which the import changes the person on call."""

    starts: datetime
    ends: datetime
    before: OnCallPerson
    after: OnCallPerson


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """The changes that an import would make.

    Attributes:
        unknown: People without a Discord user; while there are any, nothing can be imported.
        people: By their key in the export.
        overrides: Those that are not recorded yet.
        replaced: Numbers of the place's schedules, which end.
        differences: Within `COMPARED`.
        is_new: False if the place has this very schedule.
    """

    place: str
    carried: CarriedOver
    people: Mapping[str, OnCallPerson]
    unknown: tuple[SourcePerson, ...] = ()
    content: Content | None = None
    overrides: tuple[NewOverride, ...] = ()
    replaced: frozenset[int] = frozenset()
    differences: tuple[Difference, ...] = ()
    is_new: bool = False


class ScheduleImports:
    """Shows what an import would change, and puts it into force."""

    def __init__(self, store: Store, policy: Policy, oncall: OnCall) -> None:
        self._store = store
        self._policy = policy
        self._oncall = oncall

    async def plan(
        self, guild_id: int, source: SourceSchedule, *, place: str, named: Mapping[str, str]
    ) -> ImportPlan:
        """Return the changes that *source* would make at *place*; nothing is stored.

        Args:
            named: Emails, names or keys of the export, to a Discord id or a username that the policy names.

        Raises:
            ConfigError: there is no such place, the source says nothing that can be kept, or *named* names a
                person whom the policy does not.
        """
        if place not in self._policy.oncall:
            raise ConfigError(f"--place: {place!r} is none; the policy has: {', '.join(self._policy.oncall)}")
        now = await self._store.now()
        carried = carry_over(source, now=now)
        book = await OnCallRows(self._store.sql).oncall_book(guild_id, since=now)
        rosters = self._oncall.combined(book)
        matched = {key: _match(source.people[key], rosters, named) for key in carried.keys}
        people = {key: person for key, person in matched.items() if person is not None}
        unknown = tuple(source.people[key] for key, person in matched.items() if person is None)
        plan = ImportPlan(place, carried, people, unknown)
        return plan if unknown else self._completed(plan, book, now)

    async def put_into_force(self, guild_id: int, plan: ImportPlan) -> None:
        """Store the plan: end the place's schedules, add the imported one and its overrides, in one commit.

        Raises:
            ConfigError: the place's schedules have changed since the plan was made.
        """
        assert plan.content is not None, plan.unknown
        async with ScheduleChanges(self._store).begin(guild_id, "import_schedule", by=IMPORTER) as change:
            entries = OnCallEntries(change.tx.sql)
            ended = await entries.end_schedules(guild_id, plan.place, by=IMPORTER)
            if ended != plan.replaced:
                raise ConfigError(f"the schedule of {plan.place} has changed meanwhile: look at it again")
            number = await entries.add_schedule(guild_id, plan.place, plan.content, by=IMPORTER)
            for override in plan.overrides:
                await entries.add_override(guild_id, override, by=IMPORTER)
            change.facts = {
                "place": plan.place,
                "schedule": number,
                "ended": sorted(ended),
                "people": list(plan.content.people),
                "overrides": len(plan.overrides),
            }

    def _completed(self, plan: ImportPlan, book: Book, now: datetime) -> ImportPlan:
        content = _content(plan)
        recorded = [each for each in book.overrides if each.place == plan.place and each.ended_at is None]
        overrides = tuple(
            new for new in _overrides(plan, now) if not any(_is_same(new, old) for old in recorded)
        )
        set_before = book.set_for(plan.place)
        changed = replace(
            book.without_schedules(plan.place),
            overrides=[
                *book.overrides,
                *(
                    StoredOverride(
                        0, new.place, new.who, new.starts, new.ends, "", False, 0, IMPORTER.name, now
                    )
                    for new in overrides
                ),
            ],
            schedules=[
                *book.without_schedules(plan.place).schedules,
                StoredSchedule(0, plan.place, content, IMPORTER.name, now),
            ],
        )
        before, after = self._oncall.combined(book), self._oncall.combined(changed)
        return replace(
            plan,
            content=content,
            overrides=overrides,
            replaced=frozenset(each.id for each in set_before),
            differences=tuple(
                Difference(each.starts, each.ends, before.people[each.before], after.people[each.after])
                for each in compared(plan.place, before, after, start=now, end=now + COMPARED)
                if each.before != each.after
            ),
            is_new=bool(overrides) or [each.content for each in set_before] != [content],
        )


def _match(source: SourcePerson, rosters: Rosters, named: Mapping[str, str]) -> OnCallPerson | None:
    """Return the person here: by the map, else the one whom the policy or the book knows by email or name."""
    for word in source.names:
        if word in named:
            return _by_handle(named[word], source, rosters)
    for word in source.names:
        for person in rosters.people.values():
            if word in {name.lower() for name in (person.email, person.handle, person.name) if name}:
                return person
    return None


def _by_handle(handle: str, source: SourcePerson, rosters: Rosters) -> OnCallPerson:
    user_id = id_of(handle)
    if user_id is not None:
        return rosters.person(Who(user_id, "", source.name))
    for person in rosters.people.values():
        if person.handle.lower() == handle.lower():
            return person
    raise ConfigError(f"--people: the policy names no {handle!r}: give the Discord id of {source.name}")


def _content(plan: ImportPlan) -> Content:
    handles = {key: person.who.handle for key, person in plan.people.items()}
    carried = plan.carried
    kept = [*(carried.rotation.people if carried.rotation else ()), *(each.person for each in carried.shifts)]
    people = {key: plan.people[key].who for key in dict.fromkeys(kept)}
    return Content(people, rotation=carried.rotation, shifts=carried.shifts).renamed(handles)


def _overrides(plan: ImportPlan, now: datetime) -> Iterable[NewOverride]:
    """Yield the overrides from *now* on: who was on call before is a fact of this place's own past."""
    for shift in plan.carried.overrides:
        who, starts = plan.people[shift.person].who, max(shift.starts, now)
        yield NewOverride(plan.place, who, starts, shift.ends, reason=IMPORTER.name)


def _is_same(new: NewOverride, old: StoredOverride) -> bool:
    """Return True if *old* is *new* from an earlier import, which may have begun before this one."""
    return (new.who.handle, new.ends) == (old.who.handle, old.ends) and old.starts <= new.starts


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
